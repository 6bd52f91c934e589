import importlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from inspection.cli import app
from models.bundle import open_bundle
from training.data.manifest import read_manifest
from training.errors import TrainingError

for _topic in ("data", "train"):
    importlib.import_module(f"inspection.cli.{_topic}")  # registers the commands
RUNNER = CliRunner()
WriteParts = Callable[..., Path]


def run(*words: object) -> Result:
    return RUNNER.invoke(app, [str(word) for word in words])


@pytest.fixture
def folder(write_parts: WriteParts, tmp_path: Path) -> Path:
    return write_parts(tmp_path / "set", good=24, spot=16)


def test_a_model_trained_on_a_manifest_names_it_and_keeps_its_sides(
    folder: Path, tmp_path: Path
) -> None:
    manifest, out = tmp_path / "v1.json", tmp_path / "b"
    assert run("data", "freeze", folder, "--out", manifest, "--who", "ada").exit_code == 0
    options = ("--out", out, "--size", 64, 64, "--epochs", 1, "--painters", "none", "--seed", 5)
    trained = run("train", manifest, *options)
    assert trained.exit_code == 0, trained.output
    frozen, bundle = read_manifest(manifest), open_bundle(out)
    assert bundle.card.origin.manifest == frozen.digest
    learnt = set(json.loads((out / "lineage.json").read_text())["learnt_from"])
    assert learnt == {part for part, side in frozen.sides().items() if side != "locked"}
    assert {picture.author() for picture in frozen.pictures} == {"engineer ada"}


def test_lots_in_the_grouping_file_are_frozen_with_the_parts(folder: Path, tmp_path: Path) -> None:
    groups = folder / "parts.csv"
    head, *rows = groups.read_text().splitlines()
    lots = [f"{row},L{number % 12}" for number, row in enumerate(rows)]
    groups.write_text("\n".join([f"{head},lot", *lots]) + "\n")
    assert run("data", "freeze", folder, "--out", tmp_path / "v1.json").exit_code == 0
    frozen = read_manifest(tmp_path / "v1.json")
    assert frozen.held_apart == "lot"
    assert len({(picture.lot, picture.side) for picture in frozen.pictures}) == 12


def test_a_relabelled_picture_is_told_and_the_old_manifest_refused(
    folder: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "v1.json", tmp_path / "v2.json"
    run("data", "freeze", folder, "--out", first)
    one, other = sorted((folder / "spot" / "Imgs").glob("*_mask.png"))[:2]
    one.write_bytes(other.read_bytes())
    refused = run("data", "check", first)
    assert isinstance(refused.exception, TrainingError)
    assert f"{one.name}: altered" in str(refused.exception)
    assert run("data", "freeze", folder, "--out", second, "--parent", first).exit_code == 0
    told = run("data", "diff", first, second)
    assert told.exit_code == 1
    assert "0 came, 0 went, 1 relabelled, 0 on another side" in told.stdout


def test_groups_that_were_found_can_be_given_back(folder: Path, tmp_path: Path) -> None:
    groups = tmp_path / "groups.csv"
    found = run("data", "duplicates", folder, "--write", groups)
    assert "0 pairs of one part by two names" in found.stdout
    assert len(groups.read_text().splitlines()) == 1 + 40
    frozen = run("data", "freeze", folder, "--out", tmp_path / "v.json", "--groups", groups)
    assert frozen.exit_code == 0, frozen.output
