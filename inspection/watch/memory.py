"""What holds at a part: run, recipe, model, limits, lot, shift, camera settings, and the clock.

What changes is noted for all charts; what ends a chart's limits counts its epoch up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from inspection.records.part_columns import LIMITS, LOT, MODEL, RUN, SHIFT, Change
from inspection.watch.observed import Observed
from inspection.watch.sheet import Noted, Sheet
from inspection.watch.stages import Epoch
from inspection.watch.takeover import Promoted, Recent

VERDICTS, SCORES, PICTURES = "verdicts", "scores", "pictures"

_IMAGING = (
    "PixelFormat", "Width", "Height", "OffsetX", "OffsetY", "BinningHorizontal",
    "BinningVertical", "ReverseX", "ReverseY", "ExposureMode", "ExposureTime", "ExposureAuto",
    "Gain", "GainAuto", "BlackLevel", "Gamma", "GammaEnable", "BalanceWhiteAuto",
    "AcquisitionFrameRate",
)  # fmt: skip
"""SFNC features that change pictures; others, as a temperature, change by themselves."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of a run: settings are those of each camera, by its id."""

    recipe_digest: str
    product: str
    settings: Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class EpochState:
    """An epoch and where it began; inspected: parts since then."""

    number: int = 1
    because: str = "first parts"
    inspected: int = 0
    first_part: int | None = None
    first_utc_ns: int = 0
    first_running_ns: int = 0


@dataclass(slots=True)
class Memory:
    """What held at the last part watched; written as JSON. held_ns: its time on the held clock."""

    run: int | None = None
    recipe_digest: str | None = None
    product: str | None = None
    lot: str | None = None
    shift: str | None = None
    shift_began_ns: int = 0
    model: str | None = None
    model_label: str = ""
    limits: dict[str, str] = field(default_factory=dict[str, str])
    settings: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    held_ns: int | None = None
    running_ns: int = 0
    recent: dict[str, Recent] = field(default_factory=dict[str, Recent])
    epochs: dict[str, EpochState] = field(
        default_factory=lambda: {name: EpochState() for name in (VERDICTS, SCORES, PICTURES)}
    )

    def epoch(self, name: str) -> Epoch:
        """The present epoch of charts of verdicts, of scores or of pictures."""
        state = self.epochs[name]
        return Epoch(state.number, state.because)

    def recently(self, measure: str, utc_ns: int, promoted: Promoted) -> Recent:
        """What the present champion was seen to do, and the one before it, by a measure.

        utc_ns: of the first part of those that are watched now.
        """
        epoch = self.epochs[VERDICTS].number
        recent = self.recent.get(measure, Recent())
        if recent.epoch != epoch:
            won = self.model is not None and promoted(self.model, utc_ns)
            recent = recent.followed_by(epoch, self.model, self.product, promoted=won)
            self.recent[measure] = recent
        return recent

    def first_of_epoch(self) -> Observed | None:
        """The first inspected part of the present epoch of verdicts, once it has come."""
        epoch = self.epochs[VERDICTS]
        if epoch.first_part is None:
            return None
        facts = (epoch.first_part, epoch.first_utc_ns, epoch.first_running_ns)
        part, utc_ns, running_ns = (np.array([fact], np.int64) for fact in facts)
        return Observed(part, utc_ns, running_ns, np.zeros(1))

    def count_inspected(self, inspected: int, first: Observed) -> None:
        """So many more parts were inspected, the first of them this one."""
        epoch = self.epochs[VERDICTS]
        epoch.inspected += inspected
        if epoch.first_part is None and len(first):
            epoch.first_part = int(first.part_number[0])
            epoch.first_utc_ns = int(first.utc_ns[0])
            epoch.first_running_ns = int(first.running_ns[0])

    def differs(self, change: Change) -> bool:
        """Whether this is another thing than what held until now."""
        return self._known(change.what) != self._value(change)

    def apply(self, change: Change, noted: "Place", facts: RunFacts | None, sheet: Sheet) -> None:
        """From this part on, this holds. facts: of the run, where the change is one of run."""
        what = change.what
        if what == RUN and facts is not None:
            self._enter_run(int(change.value), facts, noted, sheet)
        elif what == LOT:
            noted.say("lot", _from_to("lot", self.lot, change.value), self.lot, sheet)
            self.lot = change.value
        elif what == SHIFT:
            name, began_ns = change.value
            noted.say("shift", _from_to("shift", self.shift, name), self.shift, sheet)
            self.shift, self.shift_began_ns = name, began_ns
        elif what == MODEL:
            digest, label = change.value
            text = _from_to("model", self.model_label, label)
            noted.say("model", text, self.model, sheet)
            self._end(text, self.model, VERDICTS, SCORES)
            self.model, self.model_label = digest, label
        elif what.startswith(LIMITS):
            view = what.removeprefix(f"{LIMITS} ")
            text = f"other limits of view {view}"
            known = self.limits.get(view)
            noted.say("limits", text, known, sheet)
            self._end(text, known, VERDICTS)
            self.limits[view] = change.value

    def _enter_run(self, run: int, facts: RunFacts, noted: "Place", sheet: Sheet) -> None:
        noted.say("run", f"run {run} begins", "a start", sheet)
        if self.recipe_digest != facts.recipe_digest:
            noted.say("recipe", "another recipe", self.recipe_digest, sheet)
        if self.product != facts.product:
            text = _from_to("product", self.product, facts.product)
            noted.say("product", text, self.product, sheet)
            self._end(text, self.product, VERDICTS, SCORES, PICTURES)
        for camera, settings in sorted(facts.settings.items()):
            known = self.settings.get(camera)
            imaging = {name: settings[name] for name in _IMAGING if name in settings}
            if imaging and known != imaging:
                text = f"settings of {camera}: {_differences(known or {}, imaging)}"
                noted.say("settings", text, known, sheet)
                self._end(text, known, PICTURES)
            if imaging:
                self.settings[camera] = imaging
        self.run, self.recipe_digest, self.product = run, facts.recipe_digest, facts.product

    def _end(self, because: str, known: object, *epochs: str) -> None:
        """Limits of these epochs end, unless there was nothing before."""
        if known is not None:
            for name in epochs:
                self.epochs[name] = EpochState(self.epochs[name].number + 1, because)

    def _known(self, what: str) -> object:
        known: dict[str, object] = {
            RUN: self.run,
            LOT: self.lot,
            SHIFT: (self.shift, self.shift_began_ns),
            MODEL: self.model,
        }
        return known[what] if what in known else self.limits.get(what.removeprefix(f"{LIMITS} "))

    def _value(self, change: Change) -> object:
        return change.value[0] if change.what == MODEL else change.value


@dataclass(frozen=True, slots=True)
class Place:
    """Where a change is noted."""

    part_number: int
    utc_ns: int

    def say(self, kind: str, text: str, known: object, sheet: Sheet) -> None:
        """Note a change, unless nothing was known before: then it is the beginning."""
        if known is not None:
            sheet.noted.append(Noted(self.utc_ns, self.part_number, kind, text))


def _from_to(what: str, old: object, new: object) -> str:
    return f"{what} {old or 'none'} to {new or 'none'}"


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    names = [name for name in new if old.get(name) != new[name]] + [n for n in old if n not in new]
    return ", ".join(f"{name} {old.get(name)} to {new.get(name)}" for name in names)
