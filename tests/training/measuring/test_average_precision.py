import contextlib
import io
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from sklearn.metrics import average_precision_score

from models.findings import Finding
from training.data.labels import Box
from training.measuring.average_precision import (
    COCO_IOU,
    DEEP_PCB_IOU,
    Hits,
    Located,
    average_precision,
    best_f,
    box_iou,
    class_average_precision,
    mean_average_precision,
    pooled,
)

CLASSES = ("open", "short", "spur")


def finding(name: str, score: float, *box: float) -> Finding:
    left, top, right, bottom = box
    return Finding(name, score, (left, top, right, bottom), (right - left) * (bottom - top))


def boards(seed: int, pictures: int = 25) -> list[Located]:
    """Boards with labelled boxes; most are found, some twice, some as another class."""
    chance = np.random.default_rng(seed)
    located: list[Located] = []
    for _ in range(pictures):
        truth: list[Box] = []
        found: list[Finding] = []
        for _ in range(int(chance.integers(0, 9))):
            left, top = chance.uniform(0, 60, 2)
            width, height = chance.uniform(12, 30, 2)
            right, bottom = left + width, top + height
            name = str(chance.choice(CLASSES))
            truth.append(Box(name, (left, top, right, bottom)))
            for _ in range(int(chance.choice([0, 1, 1, 1, 2]))):
                box = np.array([left, top, right, bottom]) + chance.normal(0, 1.2, 4)
                said = name if chance.random() < 0.8 else str(chance.choice(CLASSES))
                found.append(finding(said, float(chance.random()), *box.tolist()))
        located.append(Located(tuple(found), tuple(truth)))
    return located


def by_pycocotools(pictures: Sequence[Located], least_iou: float) -> dict[str, float]:
    """AP of each class by COCO's own code."""
    truth: Any = COCO()
    number = itertools.count(1)
    truth.dataset = {
        "images": [{"id": index} for index in range(len(pictures))],
        "categories": [{"id": index, "name": name} for index, name in enumerate(CLASSES)],
        "annotations": [
            {"id": next(number), "iscrowd": 0} | as_coco(box.class_name, index, box.box_xyxy_px)
            for index, picture in enumerate(pictures)
            for box in picture.truth
        ],
    }
    found = [
        as_coco(one.class_name, index, one.box_xyxy_px) | {"score": one.score}
        for index, picture in enumerate(pictures)
        for one in picture.found
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(found), "bbox")
        evaluation.params.iouThrs = np.array([least_iou])
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][0, :, :, 0, 2]
    return {name: float(precision[:, index].mean()) for index, name in enumerate(CLASSES)}


def as_coco(name: str, picture: int, box: tuple[float, float, float, float]) -> dict[str, object]:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    return {
        "image_id": picture,
        "category_id": CLASSES.index(name),
        "bbox": [left, top, width, height],
        "area": width * height,
    }


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("least_iou", [COCO_IOU, 0.75])
def test_mean_ap_is_that_of_coco_s_own_code(seed: int, least_iou: float) -> None:
    pictures = boards(seed)
    expected = by_pycocotools(pictures, least_iou)
    assert class_average_precision(pictures, least_iou) == pytest.approx(expected)
    mean = mean_average_precision(pictures, least_iou)
    assert mean == pytest.approx(sum(expected.values()) / 3)
    assert 0.05 < sum(expected.values()) / 3 < 0.95


def test_ap_that_is_not_interpolated_is_that_of_scikit_learn() -> None:
    chance = np.random.default_rng(3)
    scores = np.sort(chance.integers(0, 40, 300) / 40)[::-1]  # with ties
    right = chance.random(300) < scores
    found = average_precision(Hits(scores, right, int(right.sum())))
    assert found == pytest.approx(average_precision_score(right, scores))


def test_a_box_that_nobody_found_costs_its_share_of_the_ap() -> None:
    hits = Hits(np.array([0.9, 0.8, 0.7]), np.array([True, False, True]), labelled=4)
    assert average_precision(hits) == pytest.approx((1 / 1 + 2 / 3) / 4)


def test_findings_of_all_classes_and_boards_are_pooled_by_their_scores() -> None:
    first = Located(
        (finding("open", 0.9, 0, 0, 10, 10), finding("short", 0.6, 20, 20, 30, 30)),
        (Box("open", (0, 0, 10, 10)), Box("spur", (20, 20, 30, 30))),
    )
    second = Located((finding("spur", 0.7, 0, 0, 10, 10),), (Box("spur", (1, 0, 11, 10)),))
    hits = pooled([first, second])
    assert hits.scores.tolist() == [0.9, 0.7, 0.6]
    assert hits.right.tolist() == [True, True, False]  # the last one took a spur for a short
    assert hits.labelled == 3
    assert average_precision(hits) == pytest.approx(2 / 3)


def test_a_box_is_found_once_and_by_the_surest_finding() -> None:
    twice = (finding("open", 0.5, 0, 0, 10, 10), finding("open", 0.8, 1, 0, 11, 10))
    hits = pooled([Located(twice, (Box("open", (0, 0, 10, 10)),))])
    assert hits.right.tolist() == [True, False]


def test_the_overlap_of_the_boards_protocol_must_be_above_a_third() -> None:
    def of_width(width: float) -> Hits:
        truth = Box("open", (0, 0, 100, 1))
        return pooled([Located((finding("open", 0.9, 0, 0, width, 1),), (truth,))], DEEP_PCB_IOU)

    assert not of_width(33).right.any()
    assert of_width(33.1).right.all()


def test_the_best_f_is_the_highest_of_all_limits() -> None:
    hits = pooled(boards(seed=9))
    found = best_f(hits)
    assert found is not None
    by_limit = {
        limit: 2.0 * hits.right[hits.scores >= limit].sum()
        / ((hits.scores >= limit).sum() + hits.labelled)
        for limit in hits.scores.tolist()
    }  # fmt: skip
    assert found.f == pytest.approx(max(by_limit.values()))
    assert by_limit[found.score] == pytest.approx(found.f)
    assert found.f == pytest.approx(
        2 * found.precision * found.recall / (found.precision + found.recall)
    )


def test_where_there_is_nothing_to_find_there_is_no_figure() -> None:
    only_found = [Located((finding("open", 0.9, 0, 0, 10, 10),), ())]
    assert average_precision(pooled(only_found)) is None
    assert mean_average_precision(only_found) is None
    assert best_f(pooled(only_found)) is None


def test_where_nothing_was_found_the_figure_is_zero() -> None:
    missed = [Located((), (Box("open", (0, 0, 10, 10)),))]
    assert average_precision(pooled(missed)) == 0.0
    assert mean_average_precision(missed) == 0.0
    assert best_f(pooled(missed)) is None


def test_boxes_without_area_overlap_nothing() -> None:
    point = np.array([[5.0, 5.0, 5.0, 5.0]])
    assert box_iou(point, point).tolist() == [[0.0]]
    assert box_iou(np.empty((0, 4)), point).shape == (0, 1)
