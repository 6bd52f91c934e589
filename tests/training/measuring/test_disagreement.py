from pathlib import Path

import cv2
import numpy as np
import pytest

from inspection.recipe import Region
from models.card import ClassLimit
from models.findings import Finding
from training.data.dataset import Sample
from training.data.labels import Box, Label, Somewhere
from training.measuring.disagreement import Kind, found_on
from training.measuring.evaluate import Measured

LIMITS = {"spot": ClassLimit(score=0.5, area_px=10)}
DENT = Box("dent", (10, 10, 20, 20))


def spot(score: float = 0.9, left: float = 12, top: float = 12, area_px: float = 16.0) -> Finding:
    return Finding("spot", score, (left, top, left + 4, top + 4), area_px)


@pytest.mark.parametrize(
    ("labels", "findings", "expected"),
    [
        ((), (), []),
        ((), (spot(),), [(Kind.FINDING_WITHOUT_LABEL, "spot", 0.9)]),
        ((), (spot(0.4),), []),  # below the limit
        ((), (spot(area_px=4.0),), []),  # too small to reject
        ((DENT,), (spot(),), []),  # the class is another question
        ((DENT,), (), [(Kind.LABEL_WITHOUT_FINDING, "dent", 1.0)]),
        ((DENT,), (spot(0.4),), [(Kind.LABEL_WITHOUT_FINDING, "dent", 0.6)]),
        (
            (DENT,),
            (spot(left=40, top=40),),
            [(Kind.FINDING_WITHOUT_LABEL, "spot", 0.9), (Kind.LABEL_WITHOUT_FINDING, "dent", 1.0)],
        ),
        ((Somewhere("dent"),), (spot(left=40),), []),  # any finding may be it
        ((Somewhere("dent"),), (), [(Kind.LABEL_WITHOUT_FINDING, "dent", 1.0)]),
    ],
)
def test_what_stands_alone_is_a_disagreement(
    tmp_path: Path,
    labels: tuple[Label, ...],
    findings: tuple[Finding, ...],
    expected: list[tuple[Kind, str, float]],
) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((64, 64), np.uint8))
    sample = Sample(tmp_path / "a.png", "a", labels)
    found = list(found_on(Measured(sample, findings, 0.0), LIMITS))
    assert [(each.kind, each.class_name, round(each.strength, 6)) for each in found] == expected


def test_findings_are_placed_in_the_region_and_labels_in_the_picture(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((64, 64), np.uint8))
    region = Region(left=30, top=0, width=32, height=64)
    label = Box("dent", (42, 12, 48, 18))
    sample = Sample(tmp_path / "a.png", "a", (label,), region)
    assert list(found_on(Measured(sample, (spot(),), 0.0), LIMITS)) == []
