import importlib
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from inspection.cli import app
from models.bundle import open_bundle
from models.session import ModelSession
from training.data.dataset import Dataset, open_dataset, open_good
from training.data.split import is_locked
from training.errors import TrainingError
from training.fitting.fit import Plan
from training.fitting.following import Following
from training.measuring.evaluate import auroc, measure
from training.network.size import LARGEST_SIDE_PX, usual_size
from training.painting.painters import PAINTERS, Canvas, choose, paint, texture_of
from training.train import ANY_DEFECT, Order, Trained, teach, train

for _topic in ("train", "evaluate", "promote"):
    importlib.import_module(f"inspection.cli.{_topic}")  # registers the commands
SIDE_PX = 64
PLAN = Plan(seed=3, epochs=20, batch=8, crop_px=64)


def order(**changes: object) -> Order:
    said = {"plan": PLAN, "size_hw": (SIDE_PX, SIDE_PX), "painters": choose("all")} | changes
    return Order("plate", "1", **said)  # pyright: ignore[reportArgumentType]


def surface(seed: int, side_px: int = 96) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.random.default_rng(seed).normal(0, 0.05, (side_px, side_px)).astype(np.float32)


@pytest.fixture(scope="module")
def good_only(parts_folder: Path) -> Dataset:
    return open_good(parts_folder / "good", parts_folder / "parts.csv")


@pytest.fixture(scope="module")
def taught(good_only: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return teach(good_only, order(), tmp_path_factory.mktemp("taught") / "plate-1")


def test_a_station_taught_with_good_parts_finds_defects_it_never_saw(
    taught: Trained, parts: Dataset
) -> None:
    """Spots and lines were not among the pictures that it learnt from."""
    measured = measure(ModelSession(taught.bundle), parts.samples)
    bad = [one.score for one in measured if not one.sample.is_good]
    good = [one.score for one in measured if one.sample.is_good]
    found = auroc(bad, good)
    assert found is not None
    assert found > 0.95


def test_the_card_of_a_taught_model_claims_nothing_of_escapes(taught: Trained) -> None:
    card = taught.bundle.card
    assert card.classes == (ANY_DEFECT,)
    assert (card.metrics.escapes.n, card.metrics.escapes.upper) == (0, 1.0)
    assert card.metrics.auroc is None
    assert card.metrics.false_rejects.n > 0


def test_labels_refine_what_painted_defects_taught(parts: Dataset, tmp_path: Path) -> None:
    short = Plan(seed=3, epochs=8, batch=8, crop_px=64)
    shares: list[float] = []
    following = Following(lambda progress: shares.append(progress.share))
    both = train(parts, order(plan=short), tmp_path / "both", following)
    labels = train(parts, order(plan=short, painters={}), tmp_path / "labels")
    assert both.bundle.card.hashes != labels.bundle.card.hashes
    assert both.bundle.card.classes == ("line", "spot")
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert both.locked is not None
    assert both.locked.auroc is not None
    assert both.locked.auroc > 0.95


@pytest.mark.parametrize("name", sorted(PAINTERS))
def test_every_painter_changes_what_it_covers_and_little_else(name: str) -> None:
    chance = np.random.default_rng(5)
    plane = surface(1)
    canvas = Canvas(plane, surface(2), texture_of(plane))
    seen = 0
    for _ in range(20):
        painted = paint(canvas, choose(name), chance)
        change = np.abs(painted.plane - plane)
        covered = cv2.dilate(painted.cover, np.ones((11, 11), np.uint8)) > 0.05
        assert np.isfinite(painted.plane).all()
        assert painted.plane.dtype == np.float32
        assert change[~covered].max(initial=0.0) <= 1.5 * canvas.texture
        seen += bool((painted.cover > 0.5).any())
    assert seen >= 15


def test_a_painted_defect_is_never_fainter_than_the_surface_hides() -> None:
    """Where the surface is rough, the same painters paint stronger."""
    chance = np.random.default_rng(5)
    for roughness in (0.2, 1.0, 5.0):
        plane = surface(1) * np.float32(roughness)
        canvas = Canvas(plane, surface(2) * np.float32(roughness), texture_of(plane))
        for _ in range(30):
            painted = paint(canvas, choose("all"), chance)
            covered = painted.cover > 0.5
            if covered.any():
                assert np.abs(painted.plane - plane)[covered].mean() > canvas.texture


def test_an_engineer_tunes_how_strong_a_painter_paints() -> None:
    plane = surface(1)
    canvas = Canvas(plane, surface(2), texture_of(plane))
    changes: list[float] = []
    for names in ("spot", "spot:3"):
        (painter,) = choose(names).values()
        painted = painter(canvas, np.random.default_rng(5))
        changes.append(float(np.abs(painted.plane - plane).max()))
    assert changes[1] == pytest.approx(3.0 * changes[0], rel=1e-3)


def test_a_painter_that_is_not_there_is_named() -> None:
    with pytest.raises(TrainingError, match="rust is not one; there are scratch, crack"):
        choose("scratch,rust")
    with pytest.raises(TrainingError, match="none is not one"):
        choose(" , ")


@pytest.mark.parametrize("strength", ["", "strong", "0", "-1", "inf", "nan"])
def test_a_strength_that_is_none_is_named(strength: str) -> None:
    with pytest.raises(TrainingError, match="expected a strength above 0, such as crack:"):
        choose(f"scratch,crack:{strength}")


def test_too_few_good_parts_are_refused(parts_folder: Path, tmp_path: Path) -> None:
    for number, picture in enumerate(sorted((parts_folder / "good/Imgs").glob("*[0-9].png"))[:9]):
        shutil.copy(picture, tmp_path / f"{number}.png")
    with pytest.raises(TrainingError, match="9 good parts; at least 10"):
        teach(open_good(tmp_path), order(), tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_labelled_defects_are_not_taught_as_good_parts(parts: Dataset, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="90 pictures show labelled defects"):
        teach(parts, order(), tmp_path / "bundle")


def test_a_folder_with_defects_beside_the_good_parts_is_refused(parts_folder: Path) -> None:
    with pytest.raises(TrainingError, match="name the folder of good parts"):
        open_good(parts_folder)


def test_pictures_of_one_part_stay_together_where_a_file_beside_the_folder_says_so(
    good_only: Dataset, parts_folder: Path
) -> None:
    assert {sample.part for sample in good_only.samples} == {str(n) for n in range(90)}
    alone = open_good(parts_folder / "good")
    assert len({sample.part for sample in alone.samples}) == 90
    assert not any(sample.part.isdigit() for sample in alone.samples)


def test_a_taught_model_has_not_seen_the_locked_parts(taught: Trained) -> None:
    locked = {sample.part for sample in taught.split.locked}
    assert locked
    assert all(is_locked(part) for part in locked)
    assert locked.isdisjoint(sample.part for sample in taught.split.train)


def test_the_network_is_as_large_as_the_pictures_within_reason(tmp_path: Path) -> None:
    for name, shape in {"small": (70, 50), "wide": (300, 1280)}.items():
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "a.png"), np.full(shape, 90, np.uint8))
    assert usual_size(open_good(tmp_path / "small").samples) == (64, 64)
    assert usual_size(open_good(tmp_path / "wide").samples) == (144, LARGEST_SIDE_PX)


def test_teach_writes_a_bundle_that_judges_at_once(parts_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "first"
    runner = CliRunner()
    said = runner.invoke(
        app,
        ["teach", "--good", str(parts_folder / "good"), "--out", str(out), "--minutes", "0.05"],
    )
    assert said.exit_code == 0, said.output
    assert "how many of them it misses is not known" in said.output
    card = open_bundle(out).card
    assert card.input.size_hw == (SIDE_PX, SIDE_PX)
    assert card.origin.command.startswith("passline teach --good ")
    assert "--false-rejects 5%" in card.origin.command
    judged = runner.invoke(app, ["inspect", str(out), str(parts_folder / "good"), "--csv"])
    assert judged.exit_code == 0, judged.output
    assert len(judged.stdout.splitlines()) == 91


@pytest.mark.parametrize("share", ["few", "0", "100%"])
def test_a_share_of_false_rejects_that_cannot_be_is_refused(share: str, tmp_path: Path) -> None:
    options = ["--good", str(tmp_path), "--out", str(tmp_path / "b"), "--false-rejects", share]
    said = CliRunner().invoke(app, ["teach", *options])
    assert said.exit_code == 2
    assert f"'{share}'" in said.output


def test_evaluate_says_what_a_taught_model_misses(taught: Trained, parts_folder: Path) -> None:
    """Its one class stands for every kind of defect."""
    measured = measure(ModelSession(taught.bundle), open_dataset(parts_folder).samples)
    assert {finding.class_name for one in measured for finding in one.findings} == {ANY_DEFECT}
