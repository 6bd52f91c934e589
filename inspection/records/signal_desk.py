"""What people do about signals, and their notes: appended to the desk, each with who and when."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from inspection.records import schema
from inspection.records.charts import Annotation, ChartKind, ChartSignal, SignalState
from inspection.records.database import Database
from inspection.records.entries import DeskError
from inspection.records.store import DESK_FILE
from inspection.records.watch_reader import WatchReader

STEP = "step"
_ORDER = tuple(SignalState)


@dataclass(frozen=True, slots=True)
class SignalAct:
    """What a person did about a signal.

    act: the state that was entered, or `step`. step: of the signal's action plan, from 0; its
    answer is the text.
    """

    signal_id: int
    act: str
    step: int | None
    who: str
    text: str
    at_utc_ns: int


class SignalDesk:
    """Appends and reads what people do about signals; many processes may do so at once.

    Every method raises RecordsError when a database cannot be used, and DeskError when an entry
    makes no sense: an unknown signal, a state out of order, a missing name or reason.
    """

    def __init__(
        self,
        folder: Path,
        *,
        busy_timeout_s: float = 5.0,
        utc_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._utc_ns = utc_ns
        self._database = Database(folder, DESK_FILE, busy_timeout_s)
        self._watch = WatchReader(folder, busy_timeout_s=busy_timeout_s)

    def close(self) -> None:
        self._watch.close()
        self._database.close()

    def acknowledge(self, signal_id: int, who: str, text: str = "") -> None:
        """Somebody has seen the signal and takes it on."""
        self._enter(signal_id, SignalState.ACKNOWLEDGED, who, text)

    def explain(self, signal_id: int, who: str, text: str) -> None:
        """Somebody says what the cause was; a better explanation may follow."""
        self._enter(signal_id, SignalState.EXPLAINED, who, text)

    def close_signal(self, signal_id: int, who: str, text: str) -> None:
        """Somebody says what was done about it; then the signal is dealt with."""
        self._enter(signal_id, SignalState.CLOSED, who, text)

    def answer_step(self, signal_id: int, step: int, who: str, text: str) -> None:
        """Somebody did, or did not do, a step of the signal's action plan, from 0."""
        plan = self._signal(signal_id).chart.plan
        if not 0 <= step < len(plan):
            raise DeskError(f"signal {signal_id}: its plan has {len(plan)} steps, none of {step}")
        _named(f"signal {signal_id}, step {step}", who, text)
        self._add(schema.signal_acts, _act(signal_id, STEP, step, text), who)

    def exclude(self, chart: str, point: int, who: str, reason: str) -> None:
        """Leave a point out of the limits of its stage; the watch then estimates them anew."""
        _named(f"chart {chart!r}, point {point}", who, reason)
        found = self._watch.chart(chart)
        if found is None:
            names = ", ".join(known.name for known in self._watch.charts())
            raise DeskError(f"there is no chart {chart!r}; there are {names or 'none yet'}")
        if found.kind in (ChartKind.BERNOULLI, ChartKind.G, ChartKind.GUARD, ChartKind.KS):
            raise DeskError(f"chart {chart!r}: single points of a {found.kind} chart stay in")
        self._add(schema.exclusions, {"chart": chart, "point": point, "reason": reason}, who)

    def note(self, text: str, who: str, part_number: int | None = None) -> None:
        """Write a note that annotates all charts from now on, or from a part on."""
        _named("a note", who, text)
        self._add(schema.notes, {"text": text, "part_number": part_number}, who)

    def acts(self, signal_id: int | None = None) -> list[SignalAct]:
        """What was done about one signal or about all, in order of entry."""
        columns = schema.signal_acts.c
        query = select(schema.signal_acts).order_by(columns.id)
        if signal_id is not None:
            query = query.where(columns.signal_id == signal_id)
        with self._database.reading() as connection:
            return [
                SignalAct(row.signal_id, row.act, row.step, row.who, row.text, row.at_utc_ns)
                for row in connection.execute(query)
            ]

    def states(self) -> dict[int, SignalState]:
        """The state of each signal that anybody did something about; the others are raised."""
        return {act.signal_id: SignalState(act.act) for act in self.acts() if act.act != STEP}

    def state(self, signal_id: int) -> SignalState:
        """The state of a signal."""
        with self._database.reading() as connection:
            return _state(connection, signal_id)

    def notes(self) -> list[Annotation]:
        """The notes of the staff, in order of entry."""
        with self._database.reading() as connection:
            rows = list(connection.execute(select(schema.notes).order_by(schema.notes.c.id)))
        return [
            Annotation(row.at_utc_ns, row.part_number, "note", f"{row.who}: {row.text}")
            for row in rows
        ]

    def _enter(self, signal_id: int, state: SignalState, who: str, text: str) -> None:
        """Enter a state; it follows the state before, or is explained once more."""
        self._signal(signal_id)
        silent = state is SignalState.ACKNOWLEDGED
        _named(f"signal {signal_id}", who, "seen" if silent else text)
        with self._database.writing() as connection:
            now = _state(connection, signal_id)
            again = now is state is SignalState.EXPLAINED
            if not again and _ORDER.index(state) != _ORDER.index(now) + 1:
                raise DeskError(f"signal {signal_id} is {now}: {_next(now)}")
            row = _act(signal_id, state.value, None, text)
            connection.execute(insert(schema.signal_acts), row | self._signed(who))

    def _signal(self, signal_id: int) -> ChartSignal:
        found = self._watch.signal(signal_id)
        if found is None:
            raise DeskError(f"there is no signal {signal_id}; `passline signals` lists them")
        return found

    def _add(self, table: Table, row: dict[str, Any], who: str) -> None:
        with self._database.writing() as connection:
            connection.execute(insert(table), row | self._signed(who))

    def _signed(self, who: str) -> dict[str, Any]:
        return {"who": who, "at_utc_ns": self._utc_ns()}


def _act(signal_id: int, act: str, step: int | None, text: str) -> dict[str, Any]:
    return {"signal_id": signal_id, "act": act, "step": step, "text": text}


def _state(connection: Connection, signal_id: int) -> SignalState:
    acts = schema.signal_acts.c
    query = select(acts.act).where((acts.signal_id == signal_id) & (acts.act != STEP))
    act = connection.scalar(query.order_by(acts.id.desc()).limit(1))
    return SignalState.RAISED if act is None else SignalState(act)


def _next(state: SignalState) -> str:
    if state is SignalState.CLOSED:
        return "nothing follows"
    return f"it can next be {_ORDER[_ORDER.index(state) + 1]}"


def _named(what: str, who: str, text: str) -> None:
    if not who.strip():
        raise DeskError(f"{what}: an entry needs the name of who makes it")
    if not text.strip():
        raise DeskError(f"{what}: an entry needs a text")
