"""What moved with a signal: the pictures before it against those of its pattern."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

import numpy as np

from inspection.records.charts import HEALTH
from inspection.records.picture_rows import PictureReader, PictureRow
from inspection.spc.changepoint import change_point
from inspection.spc.diagnosis import Rows, diagnose
from inspection.spc.evidence import Evidence
from inspection.watch.memory import RunFacts
from inspection.watch.sheet import Raised

Json = dict[str, Any]

PARTS_A_SIDE = 2000
"""So many parts before the pattern, and of the pattern itself the latest so many."""

MOST_EVIDENCE = 12


class Diagnostician:
    """Reads the pictures around a signal and says what moved.

    It goes by records alone, so that a recomputation says the same. facts: what is known of a run.
    """

    def __init__(self, pictures: PictureReader, facts: Callable[[int], RunFacts]) -> None:
        self._pictures = pictures
        self._facts = facts

    def examine(self, raised: Raised) -> Json:
        """The diagnosis as JSON values; unclear where one side has no pictures.

        Raises RecordsError.
        """
        before = self._pictures.before(raised.first_part, PARTS_A_SIDE)
        after = self._pictures.between(raised.first_part, raised.last_part, PARTS_A_SIDE)
        if not before or not after:
            return _nothing("no pictures on one side of the change to compare with")
        found = diagnose(self._rows([*before, *after]), len(before))
        return {
            "origin": found.origin.value,
            "sentence": found.sentence,
            "reasons": list(found.reasons),
            "evidence": [_evidence(one) for one in found.evidence[:MOST_EVIDENCE]],
            "inspect_again": self._inspect_again(raised, before, after),
        }

    def _rows(self, pictures: list[PictureRow]) -> Rows:
        facts = {run: self._facts(run) for run in {row.run_id for row in pictures}}
        classes = sorted({name for row in pictures for name in row.classes})
        cameras = np.array([row.camera_id for row in pictures])
        return Rows(
            defective=np.array([row.rejected for row in pictures]),
            views={"camera": cameras} if len(np.unique(cameras)) > 1 else {},
            classes={name: np.array([name in row.classes for row in pictures]) for name in classes},
            health={
                measure.value: np.array([row.health[at] for row in pictures], np.float64)
                for at, measure in enumerate(HEALTH)
            },
            scores={"score": np.array([row.score for row in pictures], np.float64)},
            settings={
                "model": np.array([row.model for row in pictures]),
                "limits": np.array([row.limits[:8] for row in pictures]),
                "recipe": np.array([facts[row.run_id].recipe_digest[:8] for row in pictures]),
                "camera settings": np.array(
                    [
                        _settings(facts[row.run_id].settings.get(row.camera_id, {}))
                        for row in pictures
                    ]
                ),
            },
            material={
                "lot": np.array([row.lot for row in pictures]),
                "shift": np.array([row.shift for row in pictures]),
            },
        )

    def _inspect_again(
        self, raised: Raised, before: list[PictureRow], after: list[PictureRow]
    ) -> list[int]:
        """First and last part to inspect again: from the earliest that may have changed."""
        rate = raised.rate
        if rate is None:
            return [raised.first_part, raised.last_part]
        verdicts: dict[int, bool] = {}
        for row in [*before[-len(after) :], *after]:
            verdicts[row.part_number] = verdicts.get(row.part_number, False) or row.rejected
        numbers = list(verdicts)
        earliest = change_point(list(verdicts.values()), rate=rate).earliest
        return [min(numbers[earliest], raised.first_part), raised.last_part]


def _settings(settings: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in sorted(settings.items()))


def _evidence(one: Evidence) -> Json:
    values = asdict(one) | {"kind": one.kind.value, "sentence": one.sentence}
    return {
        name: None if isinstance(value, float) and not isfinite(value) else value
        for name, value in values.items()
    }


def _nothing(reason: str) -> Json:
    return {
        "origin": "unclear",
        "sentence": f"Unclear: {reason}.",
        "reasons": [reason],
        "evidence": [],
        "inspect_again": None,
    }
