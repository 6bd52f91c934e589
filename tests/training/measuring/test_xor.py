"""The figure to beat: differences from a golden template, found by rules alone."""

import importlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from inspection.cli import app
from models.registration import NotRegistered
from training.data.dataset import Sample
from training.data.labels import Box
from training.errors import TrainingError
from training.measuring.xor import CLASS_NAME, differences, try_xor

importlib.import_module("inspection.cli.evaluate")  # registers the command
RUNNER = CliRunner()
SIDE_PX = 160


def board(x_px: int = 0, y_px: int = 0) -> NDArray[np.uint8]:
    """Tracks and pads, shifted so far to the right and down."""
    plate = np.full((SIDE_PX + 20, SIDE_PX + 20), 40, np.uint8)
    for at in range(15, SIDE_PX, 30):
        cv2.line(plate, (at, 0), (at, SIDE_PX + 20), 210, 10)
        cv2.circle(plate, (at, 20 + at // 2), 9, 210, -1)
    cv2.line(plate, (0, 120), (SIDE_PX + 20, 120), 210, 8)
    return plate[10 - y_px : 10 - y_px + SIDE_PX, 10 - x_px : 10 - x_px + SIDE_PX].copy()


def with_faults(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An open track on the left, and a splash of copper beside one."""
    picture = picture.copy()
    picture[60:74, 28:50] = 40
    cv2.circle(picture, (112, 90), 6, 210, -1)
    return picture


def centres(picture: NDArray[np.uint8], template: NDArray[np.uint8]) -> list[tuple[float, float]]:
    """Middles of what differs, but for the border, where a shifted part has no template."""
    found = differences(picture, template)
    assert {each.class_name for each in found} <= {CLASS_NAME}
    boxes = [each.box_xyxy_px for each in found]
    middles = (((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) for box in boxes)
    return sorted(at for at in middles if min(*at) > 15 and max(*at) < SIDE_PX - 15)


@pytest.mark.parametrize(("x_px", "y_px"), [(0, 0), (6, -4)])
def test_what_is_missing_and_what_is_too_much_is_found_wherever_the_part_lies(
    x_px: int, y_px: int
) -> None:
    found = centres(with_faults(board(x_px, y_px)), board())
    assert len(found) == 2
    assert found[0] == pytest.approx((35 + x_px, 67), abs=6)
    assert found[1] == pytest.approx((112, 90), abs=4)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_good_part_under_noise_shows_no_difference(dtype: type) -> None:
    noise = np.random.default_rng(0).normal(0, 6, (SIDE_PX, SIDE_PX))
    picture = np.clip(board(3, 2) + noise, 0, 255).astype(np.uint8)
    scale = 257 if dtype is np.uint16 else 1
    assert differences(picture.astype(dtype) * scale, board().astype(dtype) * scale) == ()


def test_a_larger_difference_scores_higher() -> None:
    picture = board()
    cv2.circle(picture, (50, 88), 5, 210, -1)
    cv2.circle(picture, (80, 90), 7, 210, -1)
    first, second = differences(picture, board())
    assert first.area_px > second.area_px
    assert 1.0 > first.score > second.score > 0.0


def test_another_product_is_not_compared() -> None:
    with pytest.raises(NotRegistered):
        differences(np.rot90(with_faults(board())).copy(), np.flipud(board(5, 5)).copy())


@pytest.fixture
def pairs(tmp_path: Path) -> list[Sample]:
    """Two faulty boards and a good one, with their template."""
    template = tmp_path / "golden.png"
    cv2.imwrite(str(template), board())
    samples: list[Sample] = []
    for number, shift in enumerate((0, 4)):
        picture = tmp_path / f"bad{number}.png"
        cv2.imwrite(str(picture), with_faults(board(shift, shift)))
        boxes = (Box("copper", (100, 78, 124, 102)), Box("open", (24, 54, 54, 80)))
        samples.append(Sample(picture, f"bad{number}", boxes, template=template))
    good = tmp_path / "good.png"
    cv2.imwrite(str(good), board(2, -3))
    return [*samples, Sample(good, "good", template=template)]


def test_the_baselines_figures_are_those_of_the_protocol_without_classes(
    pairs: list[Sample],
) -> None:
    found = try_xor(pairs)
    assert (found.pictures, found.boxes, found.unregistered) == (3, 4, 0)
    assert found.auroc == 1.0
    assert found.pooled_ap33 == pytest.approx(1.0)
    assert found.to_dict()["boxes"] == 4
    assert "AP at IoU 0.33 1.0000" in found.summary()
    assert "3 pictures, 4 defects" in found.summary()


def test_a_picture_that_cannot_be_registered_counts_as_seen(pairs: list[Sample]) -> None:
    cv2.imwrite(str(pairs[2].picture), np.full((SIDE_PX, SIDE_PX), 90, np.uint8))
    found = try_xor(pairs)
    assert found.unregistered == 1
    assert found.auroc == 0.0


def test_pictures_without_template_are_named(pairs: list[Sample]) -> None:
    with pytest.raises(TrainingError, match=r"good\.png: no template to compare with"):
        try_xor([Sample(pairs[2].picture, "good")])
    with pytest.raises(TrainingError, match="no pictures"):
        try_xor([])


def test_evaluate_prints_the_baseline_beside_the_model(tmp_path: Path, pair_bundle: Path) -> None:
    folder = tmp_path / "boards"
    pictures, texts = folder / "group00041/00041", folder / "group00041/00041_not"
    pictures.mkdir(parents=True)
    texts.mkdir()
    for name, picture in (("test", with_faults(board(2, 3))), ("temp", board())):
        cv2.imwrite(str(pictures / f"00041000_{name}.jpg"), picture)
    (texts / "00041000.txt").write_text("100 78 124 102 5\n26 54 56 80 1\n")
    command = ["evaluate", str(pair_bundle), str(folder), "--baseline", "xor"]
    said = json.loads(RUNNER.invoke(app, [*command, "--json"]).stdout)
    assert said["baseline"]["boxes"] == 2
    assert said["baseline"]["pooled_ap33"] == pytest.approx(1.0)
    printed = RUNNER.invoke(app, command).stdout
    assert "rules without a model: AP at IoU 0.33 1.0000" in printed
