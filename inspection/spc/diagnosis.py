"""Is it the process or the camera? What moved with a change, ranked, and what that says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inspection.spc.arrays import Floats, Mask, open_share, truth_values
from inspection.spc.changepoint import ChangePoint
from inspection.spc.errors import SpcError
from inspection.spc.evidence import Evidence, Kind, moved_mean, ranked, rejected_of, risen_share

_NEAR = 10
"""How well one row dates a change: to a tenth of the rows on either side."""

_LOOK_AT: Mapping[tuple[str, bool], str] = {
    ("brightness", False): "look at the lamp",
    ("brightness", True): "look at the lamp and for stray light",
    ("saturated", True): "look at the lamp and the exposure",
    ("sharpness", False): "look at the lens: dirt or focus",
    ("noise", True): "look at gain and lamp",
    ("vignetting", True): "look at the lens and the lamp's position",
}


class Origin(StrEnum):
    """Where a change came from, as far as the evidence goes."""

    CAMERA = "camera"
    PROCESS = "process"
    SETTINGS = "settings"
    UNCLEAR = "unclear"
    NOTHING = "nothing moved"


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What is known of each picture around a change, in order; every column of shape (n,).

    defective: whether it was rejected. views: labels by column that exist side by side, such as
    the camera. classes: by defect class, whether the row has it. health, scores, sensors: numbers,
    NaN where none was measured. settings: labels of what people change at the station (model,
    recipe, limits, camera settings). material: labels of what changes before it (lot, shift, tool).
    """

    defective: ArrayLike
    views: Mapping[str, ArrayLike] = field(default_factory=dict[str, ArrayLike])
    classes: Mapping[str, ArrayLike] = field(default_factory=dict[str, ArrayLike])
    health: Mapping[str, ArrayLike] = field(default_factory=dict[str, ArrayLike])
    scores: Mapping[str, ArrayLike] = field(default_factory=dict[str, ArrayLike])
    sensors: Mapping[str, ArrayLike] = field(default_factory=dict[str, ArrayLike])
    settings: Mapping[str, ArrayLike] = field(default_factory=dict[str, ArrayLike])
    material: Mapping[str, ArrayLike] = field(default_factory=dict[str, ArrayLike])


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The answer: where the change came from, why, and all evidence, the clearest first."""

    origin: Origin
    reasons: tuple[str, ...]
    evidence: tuple[Evidence, ...]

    @property
    def sentence(self) -> str:
        """Camera or process, and the reasons, as one line for the screen."""
        return f"{self.origin.capitalize()}: {'; '.join(self.reasons)}."


def diagnose(rows: Rows, change: ChangePoint | int, *, significance: float = 0.01) -> Diagnosis:
    """Hold the rows before a change against those after it, column by column.

    change: the first row of the change, or its `change_point`; the rows between its earliest and
        its start belong to neither side, where there are rows before its earliest. A setting or a
        lot is blamed if it changed between its earliest and its latest; of a row alone, within a
        tenth of the rows on either side.
    significance: the chance that anything at all counts as moved where nothing did.
    Health is compared view by view. Scores are compared on rows that passed: a worse process moves
    the scores of the parts it spoils, a worse picture those of all.
    Raises SpcError for columns of different lengths, and where a side has no rows.
    """
    open_share(significance, "significance")
    defective = truth_values(rows.defective, "defective")
    span = _Span.of(change, len(defective))
    found = [one for one in _all_evidence(rows, defective, span) if one is not None]
    evidence = ranked(found, significance)
    origin, reasons = _judged(evidence)
    return Diagnosis(origin, tuple(reasons), evidence)


@dataclass(frozen=True, slots=True, eq=False)
class _Span:
    """Rows before and after the change, and between which rows it began."""

    before: Mask
    after: Mask
    earliest: int
    latest: int

    @staticmethod
    def of(change: ChangePoint | int, rows: int) -> "_Span":
        start = change.start if isinstance(change, ChangePoint) else change
        if not 0 < start < rows:
            raise SpcError(f"change: expected from 1 to {rows - 1}, the last row; got {start}")
        at = np.arange(rows)
        if isinstance(change, ChangePoint):
            before = at < (change.earliest or start)
            return _Span(before, at >= start, change.earliest, change.latest)
        near = start - start // _NEAR, start + (rows - start) // _NEAR
        return _Span(at < start, at >= start, *near)


def _all_evidence(rows: Rows, defective: Mask, span: _Span) -> Iterator[Evidence | None]:
    yield _share(Kind.REJECTS, "rejects", "", defective, np.ones(len(defective), np.bool_), span)
    for name, column in rows.classes.items():
        has = truth_values(column, name)
        _check_length(name, has, len(defective))
        yield _share(Kind.DEFECT_CLASS, name, "", has, np.ones(len(has), np.bool_), span)
    for name, column in rows.views.items():
        labels = _labels(name, column, len(defective))
        for label in np.unique(labels).tolist():
            yield _share(Kind.VIEW, name, label, defective, labels == label, span)
    everywhere = np.ones(len(defective), np.bool_)
    for view, seen in _views(rows, everywhere):
        for name, column in rows.health.items():
            yield _mean(Kind.HEALTH, name, view, _numbers(name, column, len(defective)), seen, span)
    for name, column in rows.sensors.items():
        numbers = _numbers(name, column, len(defective))
        yield _mean(Kind.SENSOR, name, "", numbers, everywhere, span)
    for name, column in rows.scores.items():
        numbers = _numbers(name, column, len(defective))
        yield _mean(Kind.SCORE, name, "passed parts", numbers, ~defective, span)
    for kind, columns in ((Kind.SETTING, rows.settings), (Kind.MATERIAL, rows.material)):
        for name, column in columns.items():
            yield from _events(kind, name, _labels(name, column, len(defective)), defective, span)


def _views(rows: Rows, everywhere: Mask) -> Iterator[tuple[str, Mask]]:
    """Each label of each view column and the rows that it saw; all rows where there is no view."""
    if not rows.views:
        yield "", everywhere
    for name, column in rows.views.items():
        labels = _labels(name, column, len(everywhere))
        for label in np.unique(labels).tolist():
            yield f"{name} {label}", labels == label


def _events(
    kind: Kind, name: str, labels: NDArray[Any], defective: Mask, span: _Span
) -> Iterator[Evidence | None]:
    """Changes of a label that lie where the rise may have begun, each against the rows before."""
    for at in (np.flatnonzero(labels[1:] != labels[:-1]) + 1).tolist():
        if span.earliest <= at <= span.latest:
            later = np.arange(len(labels)) >= at
            sides = rejected_of(defective, ~later), rejected_of(defective, later)
            yield risen_share(kind, name, str(labels[at]), *sides, at=at)


def _share(
    kind: Kind, name: str, label: str, defective: Mask, rows: Mask, span: _Span
) -> Evidence | None:
    before, after = (rejected_of(defective, rows & side) for side in (span.before, span.after))
    return risen_share(kind, name, label, before, after)


def _mean(
    kind: Kind, name: str, label: str, numbers: Floats, rows: Mask, span: _Span
) -> Evidence | None:
    before, after = (numbers[rows & side] for side in (span.before, span.after))
    return moved_mean(kind, name, label, before, after)


def _judged(evidence: tuple[Evidence, ...]) -> tuple[Origin, list[str]]:
    of = {kind: [one for one in evidence if one.kind is kind] for kind in Kind}
    moved = {kind: [one for one in found if one.moved] for kind, found in of.items()}
    said = {kind: [one.sentence for one in found] for kind, found in moved.items()}
    lone_view, lone_class = _alone(of[Kind.VIEW]), _alone(of[Kind.DEFECT_CLASS])
    picture = [_with_advice(one) for one in moved[Kind.HEALTH]]
    if lone_view is not None:
        picture.append(f"one {lone_view.name} alone: {lone_view.sentence}")
    if moved[Kind.SETTING]:
        return Origin.SETTINGS, [*said[Kind.SETTING], *picture, *said[Kind.SCORE]]
    around = [*said[Kind.SENSOR], *said[Kind.MATERIAL]]
    if moved[Kind.HEALTH] or (lone_view is not None and lone_class is None):
        return Origin.CAMERA, [*picture, *said[Kind.SCORE], *around]
    if lone_class is not None:
        around.insert(0, f"one defect class alone: {lone_class.sentence}")
    if around:
        steady = ["the pictures' health did not move"] if of[Kind.HEALTH] else []
        return Origin.PROCESS, [*around, *picture, *said[Kind.SCORE], *steady]
    rest = [sentence for sentences in said.values() for sentence in sentences]
    if rest:
        return Origin.UNCLEAR, [*rest, "nothing else that is measured moved with it"]
    return Origin.NOTHING, ["no column differs by more than chance and enough to matter"]


def _alone(side_by_side: list[Evidence]) -> Evidence | None:
    """The one of several whose rejects rose, where those of all others rose clearly less."""
    risen = [one for one in side_by_side if one.moved and one.rose]
    if len(risen) != 1 or len(side_by_side) < 2:
        return None
    others = (one for one in side_by_side if one is not risen[0])
    return risen[0] if all(one.upper < risen[0].effect for one in others) else None


def _with_advice(one: Evidence) -> str:
    advice = _LOOK_AT.get((one.name, one.rose), "look at the picture")
    return f"{one.sentence}: {advice}"


def _labels(name: str, column: ArrayLike, rows: int) -> NDArray[Any]:
    labels = np.asarray(column).astype(np.str_)
    _check_length(name, labels, rows)
    return labels


def _numbers(name: str, column: ArrayLike, rows: int) -> Floats:
    given = np.asarray(column)
    if given.dtype.kind not in "biuf":
        raise SpcError(f"{name}: expected numbers, NaN where there is none; got {given.dtype}")
    _check_length(name, given, rows)
    numbers = given.astype(np.float64)
    if np.isinf(numbers).any():
        at = int(np.argmax(np.isinf(numbers)))
        raise SpcError(f"{name}[{at}]: expected a finite number or NaN, got {numbers[at]}")
    return numbers


def _check_length(name: str, column: NDArray[Any], rows: int) -> None:
    if column.shape != (rows,):
        raise SpcError(
            f"{name}: expected one per row of defective, {rows}; got shape {column.shape}"
        )
