import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from camera.picture import read_picture
from models.bundle import file_sha256, open_bundle
from models.familiar import Unfamiliar
from models.session import ModelSession
from training.data.dataset import Dataset, open_dataset
from training.data.lineage import read_lineage
from training.data.sides import Side
from training.data.split import is_locked, split
from training.errors import TrainingError
from training.fitting.fit import Plan
from training.fitting.following import Following
from training.making import Making, rehearsed_s
from training.measuring.evaluate import measure
from training.network.export import check_parity
from training.network.segmentation import SegmentationNetwork
from training.network.weights import WEIGHTS_FILE, continue_from
from training.tasks.segment import Segment
from training.train import Order, Trained, train

SIZE_HW = (64, 64)
SHORT = Plan(seed=3, epochs=1, batch=8, crop_px=64)


def order(plan: Plan = SHORT, version: str = "1") -> Order:
    return Order("plate", version, plan, SIZE_HW, command="pytest")


def test_a_trained_bundle_finds_the_defects_it_was_shown(trained: Trained) -> None:
    locked = trained.locked
    assert locked is not None
    assert locked.auroc is not None
    assert locked.auroc > 0.95
    assert locked.escapes.rate < 0.2
    assert locked.false_rejects.rate < 0.2


def test_the_card_says_where_the_bundle_came_from(trained: Trained, parts: Dataset) -> None:
    card = trained.bundle.card
    assert card.classes == ("line", "spot")
    assert card.origin.data_sha256 == parts.digest()
    assert card.origin.command == "pytest"
    assert card.origin.seed == 3
    assert 0.0 < card.metrics.parity_max_abs < 1e-3
    assert card.metrics.escapes.n > 0


def test_a_picture_unlike_all_that_it_learnt_from_has_no_answer(
    trained: Trained, parts: Dataset
) -> None:
    known = trained.bundle.card.familiar
    assert known is not None
    shown = [sample.pixels() for sample in (*trained.split.train, *trained.split.validation)]
    assert known.darkest == pytest.approx(min(each.mean() for each in shown) / 255, abs=1e-3)
    assert known.flattest == pytest.approx(min(each.std() for each in shown) / 255, abs=1e-3)
    session = ModelSession(trained.bundle)
    with pytest.raises(Unfamiliar, match="blank"):
        session.predict(np.zeros_like(parts.samples[0].pixels()))


def test_a_bundle_never_learns_from_a_locked_part(trained: Trained, parts: Dataset) -> None:
    learnt = read_lineage(trained.bundle).learnt_from
    assert learnt
    assert not any(is_locked(part) for part in learnt)
    assert {s.part for s in trained.split.locked}.isdisjoint(learnt)


def test_the_same_seed_gives_the_same_model_to_the_last_bit(parts: Dataset, tmp_path: Path) -> None:
    twins = [train(parts, order(), tmp_path / name).bundle for name in ("one", "two")]
    other = train(parts, order(replace(SHORT, seed=4)), tmp_path / "three").bundle
    hashes = [file_sha256(bundle.model_path) for bundle in (*twins, other)]
    assert hashes[0] == hashes[1]
    assert twins[0].card.hashes == twins[1].card.hashes
    assert hashes[0] != hashes[2]


def test_a_fine_tuned_bundle_keeps_its_classes_and_adds_the_new_one(
    spots_only: tuple[Trained, Path], parts: Dataset, tmp_path: Path
) -> None:
    parent = spots_only[0].bundle
    tuned = train(parts, replace(order(version="2"), parent=parent), tmp_path / "tuned").bundle
    assert tuned.card.classes == ("spot", "line")
    assert tuned.card.origin.parent == parent.digest
    assert set(read_lineage(parent).learnt_from) < set(read_lineage(tuned).learnt_from)


def test_fine_tuning_starts_from_what_the_bundle_knows(spots_only: tuple[Trained, Path]) -> None:
    parent = spots_only[0].bundle
    same = continue_from(SegmentationNetwork(1), parent, ("spot",)).eval()
    more = continue_from(SegmentationNetwork(2), parent, ("spot", "line")).eval()
    picture = torch.from_numpy(np.random.default_rng(0).normal(0, 0.1, (1, 1, *SIZE_HW)))
    with torch.no_grad():
        known, extended = same(picture.float()), more(picture.float())
    assert torch.allclose(known[:, 0], extended[:, 0], atol=1e-5)


def test_an_escape_of_a_class_that_nobody_else_has_seen_does_not_stop_the_training(
    parts: Dataset, tmp_path: Path
) -> None:
    """It is held against the model on locked parts, under a name that the model does not know."""
    lines = [sample for sample in parts.samples if "line" in sample.classes]
    others = [sample for sample in parts.samples if "line" not in sample.classes]
    escapes = [replace(sample, side=Side.LOCKED) for sample in lines]
    trained = train(Dataset((*others, *escapes), "test"), order(SHORT), tmp_path / "b")
    assert trained.bundle.card.classes == ("spot",)
    assert trained.unlearnt == ("line",)
    assert trained.locked is not None
    assert trained.locked.escapes_by_class["line"].n == len(lines)


def test_minutes_end_the_fit_on_time(parts: Dataset, tmp_path: Path) -> None:
    shares: list[float] = []
    plan = replace(SHORT, minutes=0.01)
    following = Following(lambda progress: shares.append(progress.share))
    train(parts, order(plan), tmp_path / "b", following)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_time_is_left_for_what_comes_after_the_fit(trained: Trained, parts: Dataset) -> None:
    """The rehearsal judges a few pictures and expects as much of all the others."""
    few = Making(
        Segment(), parts, "0" * 64, trained.split, order(), trained.bundle.card.input, ("a", "b")
    )
    many = replace(few, divided=replace(few.divided, locked=20 * few.divided.locked))
    assert 0.0 < rehearsed_s(few) < rehearsed_s(many)


def test_a_loss_that_is_no_number_ends_the_training(parts: Dataset, tmp_path: Path) -> None:
    plan = replace(SHORT, epochs=5, learning_rate=1e30)
    with pytest.raises(TrainingError, match=r"the loss is nan .* try a lower --learning-rate"):
        train(parts, order(plan), tmp_path / "b")
    assert list(tmp_path.iterdir()) == []


def test_a_graph_that_is_not_the_network_is_refused(trained: Trained, parts: Dataset) -> None:
    session = ModelSession(trained.bundle)
    network = continue_from(SegmentationNetwork(2), trained.bundle, ("line", "spot")).eval()
    samples = [sample for sample in split(parts, 0).locked if not sample.is_good][:4]
    assert check_parity(network, session, samples) < 1e-3
    with torch.no_grad():
        network.head.weight.mul_(0.5)
    with pytest.raises(TrainingError, match="torch and onnxruntime differ by"):
        check_parity(network, session, samples)


def test_a_bundle_is_not_overwritten(trained: Trained, parts: Dataset) -> None:
    with pytest.raises(TrainingError, match="exists already"):
        train(parts, order(), trained.bundle.folder)


def test_a_picture_that_breaks_half_way_leaves_no_bundle(
    parts_folder: Path, parts: Dataset, tmp_path: Path
) -> None:
    copy = tmp_path / "parts"
    shutil.copytree(parts_folder, copy)
    victim = split(parts, SHORT.seed).locked[0].picture.relative_to(parts_folder)
    (copy / victim).write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(TrainingError, match=victim.name):
        train(open_dataset(copy), order(), tmp_path / "bundle")
    assert [path.name for path in tmp_path.iterdir()] == ["parts"]


def test_defects_that_nobody_located_teach_nothing(parts_folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "parts"
    shutil.copytree(parts_folder, copy)
    empty = (parts_folder / "good/Imgs/part00000_mask.png").read_bytes()
    for mask in copy.rglob("*_mask.png"):
        mask.write_bytes(empty)
    with pytest.raises(TrainingError, match="every mask is empty"):
        train(open_dataset(copy), order(), tmp_path / "bundle")


@pytest.mark.parametrize("size_hw", [(60, 64), (16, 16)])
def test_a_size_that_the_network_cannot_take_is_refused(
    parts: Dataset, tmp_path: Path, size_hw: tuple[int, int]
) -> None:
    with pytest.raises(TrainingError, match="must be multiples of 16, at least 32"):
        train(parts, replace(order(), size_hw=size_hw), tmp_path / "b")


def test_a_bundle_without_weights_is_no_start(trained: Trained, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(trained.bundle.folder, bare)
    (bare / WEIGHTS_FILE).unlink()
    card = trained.bundle.card
    hashes = {name: sha for name, sha in card.hashes.items() if name != WEIGHTS_FILE}
    text = card.model_copy(update={"hashes": hashes}).model_dump_json()
    (bare / "card.json").write_text(text)
    with pytest.raises(TrainingError, match="no weights to continue from"):
        continue_from(SegmentationNetwork(2), open_bundle(bare), ("line", "spot"))


def test_weights_of_another_network_are_no_start(trained: Trained) -> None:
    other = SegmentationNetwork(2)
    other.fuse4 = torch.nn.Identity()  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(TrainingError, match="weights of another network"):
        continue_from(other, trained.bundle, ("line", "spot"))


def test_training_and_the_line_see_the_same(trained: Trained, parts: Dataset) -> None:
    session = ModelSession(trained.bundle)
    sample = split(parts, 0).locked[0]
    (measured,) = measure(session, [sample])
    pixels, _ = read_picture(sample.picture)
    assert measured.findings == session.predict(pixels).findings
