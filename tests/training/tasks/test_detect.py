import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from camera.picture import read_picture
from models.bundle import open_bundle
from models.card import Precision
from models.decode import decode
from models.preprocess import prepared
from models.session import ModelSession
from training.data.dataset import Dataset, open_dataset
from training.data.split import is_locked
from training.errors import TrainingError
from training.measuring.average_precision import average_precision, pooled
from training.measuring.boxes import as_located
from training.measuring.evaluate import measure
from training.measuring.healed import healed, measure_healed
from training.network.detection import DetectionNetwork
from training.network.int8 import choose_precision, decide
from training.network.weights import continue_from
from training.order import Order, Task
from training.tasks.choice import usual_task
from training.tasks.detect import PLAN
from training.train import Trained, train

SIDE_PX = 96
SHORT = replace(PLAN, seed=3, epochs=1, batch=4, crop_px=64)
LEARNING = replace(SHORT, epochs=15, learning_rate=3e-3)


def draw_board(number: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8], str]:
    """A board with traces, its template, and its one label: spurious copper or a pin-hole."""
    chance = np.random.default_rng(number)
    golden = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    for _ in range(5):
        x, y = (int(value) for value in chance.integers(4, SIDE_PX - 30, 2))
        wide, high = (int(value) for value in chance.integers(12, 26, 2))
        golden[y : y + high, x : x + wide] = 230
    board = golden.copy()
    is_hole = number % 2 == 1
    ys, xs = np.nonzero(cv2.erode(golden, np.ones((9, 9), np.uint8)) if is_hole else golden == 0)
    at = int(chance.integers(len(xs)))
    x, y = int(np.clip(xs[at], 6, SIDE_PX - 7)), int(np.clip(ys[at], 6, SIDE_PX - 7))
    cv2.circle(board, (x, y), 4, 0 if is_hole else 230, -1)
    return board, golden, f"{x - 5} {y - 5} {x + 6} {y + 6} {6 if is_hole else 5}\n"


@pytest.fixture(scope="session")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Fifty boards in DeepPCB's layout."""
    folder = tmp_path_factory.mktemp("boards")
    pictures, labels = folder / "group00001/00001", folder / "group00001/00001_not"
    pictures.mkdir(parents=True)
    labels.mkdir()
    for number in range(50):
        board, golden, label = draw_board(number)
        cv2.imwrite(str(pictures / f"{number:08d}_test.jpg"), board)
        cv2.imwrite(str(pictures / f"{number:08d}_temp.jpg"), golden)
        (labels / f"{number:08d}.txt").write_text(label)
    return open_dataset(folder)


@pytest.fixture(scope="session")
def pair(boards: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A model that compares boards with their templates."""
    out = tmp_path_factory.mktemp("bundles") / "board-1"
    return train(boards, Order("board", "1", LEARNING, command="pytest"), out)


def test_boards_with_templates_teach_a_model_that_takes_one(pair: Trained) -> None:
    card = pair.bundle.card
    assert (card.task, card.input.template, card.output.kind) == ("detection", True, "centres")
    assert card.classes == ("copper", "pin-hole")
    assert 0.0 < card.metrics.parity_max_abs < 1e-3


def test_it_finds_the_defects_of_boards_it_never_saw(pair: Trained) -> None:
    measured = measure(ModelSession(pair.bundle), pair.split.locked)
    found = average_precision(pooled(as_located(measured)))
    assert found is not None
    assert found > 0.6


def test_a_pair_has_false_rejects_without_a_single_good_picture(pair: Trained) -> None:
    assert not any(sample.is_good for sample in pair.split.locked)
    assert pair.locked is not None
    assert pair.locked.false_rejects.n == len(pair.split.locked)
    assert pair.locked.escapes.n == len(pair.split.locked)


def test_a_healed_board_is_its_template_where_the_defect_was(boards: Dataset) -> None:
    sample = boards.samples[0]
    template = sample.template_pixels()
    assert template is not None
    apart = np.abs(sample.pixels().astype(int) - template)
    assert apart.max() > 200
    assert np.abs(healed(sample, template).astype(int) - template).max() < 60  # JPEG's own noise


def test_healed_boards_count_as_good(pair: Trained) -> None:
    measured = measure_healed(ModelSession(pair.bundle), pair.split.locked)
    assert all(one.sample.is_good for one in measured)


def test_training_and_the_line_find_the_same(pair: Trained) -> None:
    bundle, sample = pair.bundle, pair.split.locked[0]
    assert sample.template is not None
    pixels, golden = read_picture(sample.picture)[0], read_picture(sample.template)[0]
    line = ModelSession(bundle).predict(pixels, template=golden).findings
    (measured,) = measure(ModelSession(bundle), [sample])
    assert measured.findings == line
    network = continue_from(DetectionNetwork(2, 2), bundle, bundle.card.classes).eval()
    seen = prepared(pixels, bundle.card.input, template=golden)
    with torch.no_grad():
        maps = network.answer(torch.from_numpy(seen.planes)).numpy()
    taught = decode(maps, bundle.card, seen.placement)
    assert len(taught) == len(line) > 0
    for one, other in zip(taught, line, strict=True):
        assert one.class_name == other.class_name
        assert one.score == pytest.approx(other.score, abs=1e-3)
        assert one.box_xyxy_px == pytest.approx(other.box_xyxy_px, abs=0.1)


def test_a_detector_never_learns_from_a_locked_part(pair: Trained) -> None:
    learnt = (*pair.split.train, *pair.split.validation)
    assert not any(is_locked(sample.part) for sample in learnt)


def test_the_same_seed_gives_the_same_detector(boards: Dataset, tmp_path: Path) -> None:
    order = Order("board", "1", SHORT)
    twins = [train(boards, order, tmp_path / name).bundle for name in ("one", "two")]
    assert twins[0].card.hashes == twins[1].card.hashes


def test_a_detector_learns_further_from_its_bundle(
    pair: Trained, boards: Dataset, tmp_path: Path
) -> None:
    order = Order("board", "2", SHORT, parent=pair.bundle)
    card = train(boards, order, tmp_path / "tuned").bundle.card
    assert card.origin.parent == pair.bundle.digest
    assert card.input == pair.bundle.card.input
    with pytest.raises(TrainingError, match="was trained to pair"):
        train(boards, replace(order, task=Task.SEGMENT), tmp_path / "other")


def test_masks_can_teach_a_detector_too(parts: Dataset, tmp_path: Path) -> None:
    order = Order("plate", "1", SHORT, (64, 64), task=Task.DETECT)
    trained = train(parts, order, tmp_path / "plate")
    assert trained.bundle.card.input.template is False
    assert trained.locked is not None
    assert trained.locked.false_rejects.n > 0


def test_the_labels_say_which_task_they_can_teach(boards: Dataset, parts: Dataset) -> None:
    bare = Dataset(tuple(replace(sample, template=None) for sample in boards.samples), "bare")
    assert usual_task(boards) is Task.PAIR
    assert usual_task(bare) is Task.DETECT
    assert usual_task(parts) is Task.SEGMENT


def test_a_pair_without_a_template_is_named(boards: Dataset, tmp_path: Path) -> None:
    first, *others = boards.samples
    broken = Dataset((replace(first, template=None), *others), "boards")
    with pytest.raises(TrainingError, match=r"00000000_test\.jpg: no golden template"):
        train(broken, Order("board", "1", SHORT, task=Task.PAIR), tmp_path / "b")


def test_boards_without_a_single_box_teach_no_detector(boards: Dataset, tmp_path: Path) -> None:
    empty = Dataset(tuple(replace(sample, labels=()) for sample in boards.samples), "boards")
    with pytest.raises(TrainingError, match="none with a labelled defect"):
        train(empty, Order("board", "1", SHORT, task=Task.DETECT), tmp_path / "b")


MEASURED = Precision(
    kind="fp32",
    fp32_p99_ms=60.0,
    int8_p99_ms=40.0,
    figure="AP",
    fp32_figure=0.961,
    int8_figure=0.960,
)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({}, "int8"),
        ({"int8_figure": 0.767}, "fp32"),
        ({"int8_p99_ms": 58.0}, "fp32"),
        ({"int8_figure": None}, "fp32"),
        ({"fp32_figure": 0.0, "int8_figure": 0.0}, "fp32"),
    ],
    ids=["wins both", "loses accuracy", "is hardly faster", "is not proved", "proves nothing"],
)
def test_eight_bits_are_taken_only_when_they_win(change: dict[str, float], kind: str) -> None:
    assert decide(MEASURED.model_copy(update=change)).kind == kind


def test_a_graph_in_eight_bits_is_measured_beside_the_other(
    pair: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = open_bundle(Path(shutil.copytree(pair.bundle.folder, tmp_path / "b")))
    told: list[float | None] = []

    def figure(session: ModelSession) -> float | None:
        found = measure(session, pair.split.validation)
        told.append(average_precision(pooled(as_located(found))))
        return told[-1]

    as_it_is = choose_precision(bundle, pair.split.train, figure, "AP").card.precision
    assert as_it_is is not None
    assert as_it_is.kind == "fp32"
    assert "nothing to gain" in as_it_is.why
    monkeypatch.setattr("training.network.int8.WORTH_MS", 0.0)
    unproved = choose_precision(bundle, pair.split.train, lambda _: None, "AP").card.precision
    assert unproved is not None
    assert (unproved.kind, unproved.why) == ("fp32", "no AP to prove 8 bits on")
    chosen = choose_precision(bundle, pair.split.train, figure, "AP")
    precision = chosen.card.precision
    assert precision is not None
    assert (precision.fp32_figure, precision.int8_figure) == tuple(told)
    assert precision.int8_figure == pytest.approx(precision.fp32_figure, abs=0.15)
    assert open_bundle(bundle.folder).digest == chosen.digest
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
