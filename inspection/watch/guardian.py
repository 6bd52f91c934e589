"""Acts on the guard's signals: rolls the champion back, at most once for each promotion."""

from collections.abc import Callable

from inspection.recipe import Recipe
from inspection.records.charts import ChartKind, ChartSignal
from inspection.records.query import RecordReader
from inspection.records.watch_reader import WatchReader
from inspection.watch.sheet import Noted
from inspection.watch.standing import Standing
from inspection.watch.takeover import Promotions
from models.errors import RegistryError
from models.registry import Registry
from models.stages import Action

WHO = "guard"
_SAID = {
    "rejects": "rejects",
    "false_rejects": "false rejects among the reviewed ones",
    "escapes": "known escapes",
}


class Guardian:
    """Follows the signals that the watch has raised, after they are on disk.

    A person's word counts for more: only the champion that the signal is about is rolled back, and
    not where it was promoted again, or another was, since.
    """

    def __init__(
        self,
        registry: Registry,
        promotions: Promotions,
        signals: WatchReader,
        records: RecordReader,
        recipe_of: Callable[[int], Recipe],
    ) -> None:
        self._registry = registry
        self._promotions = promotions
        self._signals = signals
        self._records = records
        self._recipe_of = recipe_of

    def act(self, standing: Standing) -> list[Noted]:
        """What was done about new signals, to be noted on the charts; moves `standing` on.

        Killed before the notes are on disk it acts again, which then changes nothing.
        Raises RecordsError.
        """
        noted: list[Noted] = []
        for signal in self._signals.signals(after=standing.last_guarded):
            standing.last_guarded = signal.signal_id
            if signal.chart.kind is ChartKind.GUARD:
                noted.append(Noted(signal.at_utc_ns, signal.last_part, WHO, self._answer(signal)))
        return noted

    def _answer(self, signal: ChartSignal) -> str:
        part = self._records.part_by_number(signal.last_part)
        if part is None or part.record.judgement is None:
            return f"guard: part {signal.last_part} is not on record any more; nothing is done"
        label = part.record.judgement.bundle_label
        why = _figures(signal)
        if signal.chart.settings["action"] != "roll_back":
            return f"guard proposes to roll back {label}: {why}"
        name = self._recipe_of(part.record.run_id).model.name
        event = self._promotions.last_change(signal.at_utc_ns, part.record.judgement.bundle_digest)
        if event is None or self._last_event(name) != event.at_utc:
            return f"guard: {label} would be rolled back, but its promotion is not the last word"
        try:
            back = self._registry.roll_back(name, WHO, why, _evidence(signal), from_label=label)
        except RegistryError as error:
            return f"guard: {label} is not rolled back: {error}"
        return f"guard rolled back {label} to {back.label}: {why}"

    def _last_event(self, name: str) -> str | None:
        """When the champion of this name last changed."""
        changes = [
            event.at_utc
            for event in self._registry.history()
            if event.name == name and event.action in (Action.PROMOTE, Action.ROLL_BACK)
        ]
        return changes[-1] if changes else None


def _figures(signal: ChartSignal) -> str:
    bound = signal.upper if signal.side == "above" else signal.lower
    parts = f"parts {signal.first_part} to {signal.last_part}"
    against = "" if bound is None else f", its bound there is {bound:.2%}"
    agreed = signal.chart.settings.get("bound") is not None
    held = "are agreed" if agreed else "with the champion before"
    return (
        f"{_SAID[signal.chart.measure]} at {signal.value:.2%} on {parts}; {signal.center:.2%} "
        f"{held}{against}"
    )


def _evidence(signal: ChartSignal) -> dict[str, float | int | str | None]:
    return {
        "signal": signal.signal_id,
        "measure": signal.chart.measure.value,
        "side": signal.side,
        "value": signal.value,
        "before": signal.center,
        "lower": signal.lower,
        "upper": signal.upper,
        "first_part": signal.first_part,
        "last_part": signal.last_part,
    }
