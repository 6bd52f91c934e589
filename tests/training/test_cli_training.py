import csv
import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from inspection.cli import KNOWN_FAULTS, app
from models.bundle import open_bundle
from training.train import Trained

for _topic in ("train", "evaluate", "promote"):
    importlib.import_module(f"inspection.cli.{_topic}")  # registers the commands
RUNNER = CliRunner()
# Whether 8 bits are faster is measured, and may come out otherwise the next time.
SMALL = ["--size", "64", "64", "--epochs", "1", "--name", "plate", "--precision", "fp32"]


def test_train_writes_a_bundle_whose_card_says_how_to_make_it_again(
    parts_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "b"
    result = RUNNER.invoke(app, ["train", str(parts_folder), "--out", str(out), *SMALL])
    assert result.exit_code == 0, result.output
    command = open_bundle(out).card.origin.command
    assert command.startswith(f"passline train {parts_folder} --out {out} ")
    again = command.replace(str(out), str(tmp_path / "again")).split()[1:]
    assert RUNNER.invoke(app, again).exit_code == 0
    assert open_bundle(out).card.hashes == open_bundle(tmp_path / "again").card.hashes


def test_evaluate_prints_the_figures_as_json(trained: Trained, parts_folder: Path) -> None:
    folder = str(trained.bundle.folder)
    result = RUNNER.invoke(app, ["evaluate", folder, str(parts_folder), "--json"])
    found = json.loads(result.stdout)
    assert found["escapes"]["n"] == trained.bundle.card.metrics.escapes.n
    assert found["escapes"]["events"] == trained.bundle.card.metrics.escapes.events


def test_inspect_judges_every_picture_and_rejects_what_cannot_be_read(
    trained: Trained, parts_folder: Path, tmp_path: Path
) -> None:
    for kind in ("good", "spot"):
        source = sorted((parts_folder / kind / "Imgs").glob("*.png"))[0]
        (tmp_path / f"{kind}.png").write_bytes(source.read_bytes())
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    result = RUNNER.invoke(app, ["inspect", str(trained.bundle.folder), str(tmp_path), "--csv"])
    assert result.exit_code == 0, result.output
    rows = {row["picture"]: row for row in csv.DictReader(result.stdout.splitlines())}
    assert rows["good.png"]["verdict"] == "pass"
    assert rows["spot.png"]["verdict"] == "reject"
    assert rows["spot.png"]["findings"].startswith("spot:")
    assert rows["broken.png"]["verdict"] == "reject"
    assert "cut short" in rows["broken.png"]["reason"]


def test_inspect_runs_where_torch_is_not_installed(trained: Trained, parts_folder: Path) -> None:
    code = "import sys; sys.modules['torch'] = None; from inspection.cli import main; main()"
    arguments = ["inspect", str(trained.bundle.folder), str(parts_folder)]
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert len(ran.stdout.splitlines()) == 180


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--out", "b"], "no pictures to work on"),
        (["train", "gone", "--out", "b"], "gone: no such folder"),
        (["inspect", "gone", "gone"], "no readable card"),
        (["promote", "gone", "--registry", "r"], "no readable card"),
    ],
)
def test_a_wrong_call_is_a_known_fault(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = RUNNER.invoke(app, arguments)
    assert isinstance(result.exception, KNOWN_FAULTS)
    assert message in str(result.exception)


def slice_of_tiles(source: Path, target: Path, tiles_per_class: int) -> None:
    """Links to the pictures of a few tiles of each class, in the layout of the whole set."""
    rows = list(csv.reader((source / "tiles.csv").read_text().splitlines()))
    target.mkdir()
    (target / "tiles.csv").write_bytes((source / "tiles.csv").read_bytes())
    for name in ("MT_Free", "MT_Blowhole", "MT_Break"):
        tiles = sorted({tile for image, tile in rows[1:] if image.startswith(f"{name}/")})
        (target / name / "Imgs").mkdir(parents=True)
        for image, tile in rows[1:]:
            if image.startswith(f"{name}/") and tile in tiles[:tiles_per_class]:
                for path in (Path(image), Path(image).with_suffix(".png")):
                    (target / path).symlink_to((source / path).resolve())


@pytest.mark.realdata
def test_real_tiles_are_trained_on_and_inspected_as_they_lie(
    magnetic_tiles: Path, tmp_path: Path
) -> None:
    tiles, out = tmp_path / "tiles", tmp_path / "b"
    slice_of_tiles(magnetic_tiles, tiles, tiles_per_class=12)
    options = ["--out", str(out), "--size", "96", "96", "--epochs", "2", "--name", "tile"]
    result = RUNNER.invoke(app, ["train", str(tiles), *options])
    assert result.exit_code == 0, result.output
    card = open_bundle(out).card
    assert card.classes == ("MT_Blowhole", "MT_Break")
    assert card.metrics.parity_max_abs < 1e-3
    result = RUNNER.invoke(app, ["inspect", str(out), str(tiles), "--csv"])
    rows = list(csv.DictReader(result.stdout.splitlines()))
    assert len(rows) == len(list(tiles.rglob("*.jpg"))) > 50
    assert {row["verdict"] for row in rows} <= {"pass", "reject"}
    assert np.isfinite([float(row["score"]) for row in rows]).all()
