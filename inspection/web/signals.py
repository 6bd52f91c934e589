"""A chart's signals as the screens show them: what was seen, what moved with it, what was done."""

from collections.abc import Iterable, Mapping
from typing import Any

from inspection.quality.chart_words import (
    in_percent,
    origin_in_words,
    rule_in_words,
    step_in_words,
    title,
)
from inspection.records.charts import ChartSignal, PlanStep, SignalState
from inspection.records.signal_desk import STEP, SignalAct, SignalDesk
from inspection.records.watch_reader import WatchReader

Json = dict[str, Any]


class OpenSignals:
    """Keeps the signals read so far; reads only what is new. Called by one thread at a time."""

    def __init__(self) -> None:
        self._of: WatchReader | None = None
        self._signals: list[ChartSignal] = []

    def read(self, watch: WatchReader, desk: SignalDesk) -> Json:
        """How many signals nobody has closed, and the newest of them. Raises RecordsError."""
        if self._of is not watch:
            self._of, self._signals = watch, []
        after = self._signals[-1].signal_id if self._signals else 0
        self._signals += watch.signals(after=after)
        if not self._signals:
            return {"open": 0, "newest": None}
        states = desk.states()
        still = [
            one for one in self._signals if states.get(one.signal_id) is not SignalState.CLOSED
        ]
        newest = signal_json(still[-1], desk.acts(still[-1].signal_id)) if still else None
        return {"open": len(still), "newest": newest}


def signal_json(signal: ChartSignal, acts: Iterable[SignalAct]) -> Json:
    """A signal with its evidence, its plan and what people did. Times in ms since 1970 (UTC)."""
    done = [act for act in acts if act.signal_id == signal.signal_id]
    entered = [act.act for act in done if act.act != STEP]
    return {
        "signal_id": signal.signal_id,
        "chart_id": signal.chart.chart_id,
        "title": title(signal.chart),
        "rule": rule_in_words(signal.rule),
        "side": signal.side,
        "first_part": signal.first_part,
        "last_part": signal.last_part,
        "at_utc_ms": signal.at_utc_ns // 1_000_000,
        "raised_utc_ms": signal.raised_utc_ns // 1_000_000,
        "value": signal.value,
        "center": signal.center,
        "lower": signal.lower,
        "upper": signal.upper,
        "percent": in_percent(signal.chart),
        "state": entered[-1] if entered else SignalState.RAISED.value,
        "plan": [_step(at, step, done) for at, step in enumerate(signal.chart.plan)],
        "acts": [_act(act) for act in done if act.act != STEP],
        "diagnosis": diagnosis_json(signal.diagnosis),
    }


def diagnosis_json(diagnosis: Mapping[str, Any]) -> Json:
    """Where the change came from and why, as the watch found it."""
    return {
        "origin": diagnosis.get("origin", "unclear"),
        "heading": origin_in_words(diagnosis),
        "reasons": list(diagnosis.get("reasons", [])),
    }


def _step(at: int, step: PlanStep, acts: list[SignalAct]) -> Json:
    answers = [act for act in acts if act.act == STEP and act.step == at]
    return {
        "do": step_in_words(step),
        "answer": _act(answers[-1]) if answers else None,
    }


def _act(act: SignalAct) -> Json:
    return {
        "act": act.act,
        "who": act.who,
        "text": act.text,
        "at_utc_ms": act.at_utc_ns // 1_000_000,
    }
