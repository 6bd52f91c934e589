"""The label queue of a station: which of its parts a person should look at next, and why."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from inspection.errors import RecordsError
from inspection.judge import Outcome
from inspection.live import for_screen
from inspection.quality.label_order import Queued, in_order
from inspection.quality.label_reasons import (
    disputed,
    disputed_by_shadow,
    disputed_in_study,
    near_limit,
)
from inspection.quality.novelty import Floats, novelty
from inspection.records.answers import AnswerDesk, Outlined
from inspection.records.candidates import Candidate, Why, proposed
from inspection.records.desk import Desk
from inspection.records.entries import Return, Review
from inspection.records.escapes import EscapeReader
from inspection.records.period import PeriodReader
from inspection.records.query import RecordReader, StoredPart
from inspection.records.record import ViewRecord
from inspection.records.seen_parts import part_to_see
from inspection.records.shadow_reader import ShadowReader
from inspection.records.studies import StudyDesk
from models.registry import station_registry

LOOK_BACK_PARTS = 300
"""So many of the newest rejects with pictures, and of the newest passes, are looked through; and
of the newest disagreements of each shadow."""
_THUMB_PX = 8
_THUMB_WEIGHT = 0.25
"""64 pixels are not to drown a handful of measures."""


@dataclass(frozen=True, slots=True)
class QueuedPart:
    """A part in the queue with its record."""

    queued: Queued
    part: StoredPart


@dataclass(frozen=True, slots=True)
class _Said:
    """All that people entered."""

    words: dict[int, list[Review]]
    returns: dict[int, Return]
    outlines: dict[int, Outlined]


class LabelQueue:
    """Reads the queue of a data folder; what it saw of pictures it keeps. For many threads.

    Every method raises RecordsError when records or desk cannot be used, and RegistryError where
    the registry's log is damaged.
    """

    def __init__(self, folder: Path, *, busy_timeout_s: float = 5.0) -> None:
        self._folder = folder
        self._reader = RecordReader(folder, busy_timeout_s=busy_timeout_s)
        self._period = PeriodReader(folder, busy_timeout_s=busy_timeout_s)
        self._escapes = EscapeReader(folder, busy_timeout_s=busy_timeout_s)
        self._desk = Desk(folder, busy_timeout_s=busy_timeout_s)
        self._answers = AnswerDesk(folder, busy_timeout_s=busy_timeout_s)
        self._studies = StudyDesk(folder, busy_timeout_s=busy_timeout_s)
        self._shadows = ShadowReader(folder, busy_timeout_s=busy_timeout_s)
        self._registry = station_registry(folder)
        self._features: dict[tuple[int, str], Floats | None] = {}

    def close(self) -> None:
        for opened in (
            self._shadows, self._studies, self._answers, self._desk, self._escapes, self._period,
            self._reader,
        ):  # fmt: skip
            opened.close()

    def read(self, limit: int) -> list[QueuedPart]:
        """The first parts of the queue, of which pictures are kept."""
        said = self._said()
        recent = self._recent()
        candidates = list(self._candidates(said, recent))
        parts = recent | self._others({each.part_number for each in candidates} - recent.keys())
        settled = {
            number: at_utc_ns
            for number, part in parts.items()
            if (at_utc_ns := _settled_utc_ns(part, said)) is not None
        }
        queue = in_order((each for each in candidates if each.part_number in parts), settled)
        return [QueuedPart(each, parts[each.part_number]) for each in queue[:limit]]

    def _candidates(self, said: _Said, recent: dict[int, StoredPart]) -> Iterator[Candidate]:
        for escape in self._escapes.escapes():
            found = f"escaped, found by {escape.found_by}; nobody outlined the defect"
            yield Candidate(escape.part_number, Why.ESCAPE, 1.0, found, escape.at_utc_ns)
        for words in said.words.values():
            if (dispute := disputed(words)) is not None:
                yield dispute
        for study in self._studies.studies():
            yield from disputed_in_study(study, self._studies.calls(study.study_id))
        yield from self._disputed_by_shadows()
        yield from proposed(self._folder)
        for part in recent.values():
            if (near := near_limit(part.record)) is not None:
                yield near
        yield from self._novel(recent.values())

    def _disputed_by_shadows(self) -> Iterator[Candidate]:
        """Parts on which a champion and its shadow disagree."""
        history = self._registry.history()
        digests = {event.label: event.digest for event in history}
        for name in {event.name for event in history}:
            standing = self._registry.standing(name)
            champion, shadow = standing.champion, standing.shadow
            if champion is None or shadow is None:
                continue
            for found in self._shadows.latest_disagreements(
                digests[shadow], digests[champion], LOOK_BACK_PARTS
            ):
                yield disputed_by_shadow(found, champion, shadow)

    def _novel(self, parts: Iterable[StoredPart]) -> Iterator[Candidate]:
        """Parts of which a picture is far from all others of its view."""
        by_view: dict[str, list[tuple[StoredPart, Floats]]] = {}
        for part in parts:
            for view in part.record.views:
                if (features := self._features_of(part, view)) is not None:
                    by_view.setdefault(view.view, []).append((part, features))
        for view, own in by_view.items():
            strengths = novelty(np.stack([features for _, features in own]))
            for (part, _), strength in zip(own, strengths.tolist(), strict=True):
                if strength > 0.0:
                    said = f"looks unlike the other parts in view {view}"
                    record = part.record
                    yield Candidate(
                        record.part_number, Why.NOVEL, strength, said, record.captured_utc_ns
                    )

    def _features_of(self, part: StoredPart, view: ViewRecord) -> Floats | None:
        key = (part.record.part_number, view.view)
        if key not in self._features:
            self._features[key] = self._measure(part, view)
        return self._features[key]

    def _measure(self, part: StoredPart, view: ViewRecord) -> Floats | None:
        """Health, score and a thumbnail without exposure; None without a usable picture."""
        if view.view not in part.pictures:
            return None
        try:
            pixels = for_screen(self._reader.picture(part, view.view), view)
        except RecordsError:
            return None  # a picture that was altered or lost teaches nothing
        grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
        size_wh = (_THUMB_PX, _THUMB_PX)
        small = cv2.resize(grey.astype(np.float32), size_wh, interpolation=cv2.INTER_AREA)
        log = np.log(small + 6.0)
        thumb = _THUMB_WEIGHT * (log - np.median(log)).ravel()
        health = view.health
        measures = [view.score or 0.0]
        if health is not None:
            measures += [health.brightness, health.sharpness, health.noise, health.vignetting]
        return np.concatenate([np.array(measures, np.float64), thumb.astype(np.float64)])

    def _recent(self) -> dict[int, StoredPart]:
        numbers = [
            number
            for rejected in (True, False)
            for number in self._period.recent_with_pictures(
                rejected=rejected, limit=LOOK_BACK_PARTS
            )
        ]
        return self._others(numbers)

    def _others(self, numbers: Iterable[int]) -> dict[int, StoredPart]:
        found = (part_to_see(number, self._reader, self._shadows) for number in sorted(numbers))
        return {part.record.part_number: part for part in found if part and part.pictures}

    def _said(self) -> _Said:
        returns = {entry.part_number: entry for entry in self._desk.returns()}
        return _Said(self._answers.words(), returns, self._answers.outlines())


def _settled_utc_ns(part: StoredPart, said: _Said) -> int | None:
    """When a part was last answered so that it can be learnt from; None where it was not.

    That a passed part is bad is no answer before somebody outlined where.
    """
    number = part.record.part_number
    rejected = part.record.verdict.outcome is Outcome.REJECT
    times = [word.at_utc_ns for word in said.words.get(number, ()) if word.agrees or rejected]
    if (outlined := said.outlines.get(number)) is not None:
        times.append(outlined.at_utc_ns)
    if (returned := said.returns.get(number)) is not None and returned.labels:
        times.append(returned.at_utc_ns)
    return max(times, default=None)
