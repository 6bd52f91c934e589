"""`passline limits` on a small product, as a person calls it."""

import importlib
import json
import tomllib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from inspection.cli import KNOWN_FAULTS, app
from inspection.judge import Fusion
from models.bundle import open_bundle
from training.data.dataset import Dataset
from training.data.lineage import read_lineage
from training.data.split import locked_parts
from training.errors import TrainingError
from training.limits.costs import Costs
from training.limits.honest import honest
from training.limits.report import know_parts, report_limits
from training.train import Trained

for _topic in ("evaluate", "limits"):  # of one command alone typer would make no commands
    importlib.import_module(f"inspection.cli.{_topic}")
RUNNER = CliRunner()
USUAL = ["--escape-cost", "100", "--reject-cost", "1", "--defect-rate", "1%"]


def limits(trained: Trained, folder: Path, *options: str) -> Result:
    return RUNNER.invoke(app, ["limits", str(trained.bundle.folder), str(folder), *options])


def test_limits_are_chosen_on_parts_that_taught_nothing_and_counted_on_locked_ones(
    trained: Trained, parts: Dataset, parts_folder: Path
) -> None:
    result = limits(trained, parts_folder, *USUAL, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    locked = locked_parts(parts.samples)
    assert told["now"]["parts"] == len({s.part for s in trained.split.validation})
    assert told["locked_now"]["parts"] == len(locked)
    assert told["proposed"]["expected_cost_per_part"] <= told["now"]["expected_cost_per_part"]
    assert set(tomllib.loads(told["toml"])["limits"]) == {"line", "spot"}
    assert told["curve"]["shift"] == sorted(told["curve"]["shift"])


def test_a_new_version_carries_the_limits_and_names_its_parent(
    trained: Trained, parts_folder: Path, tmp_path: Path
) -> None:
    out, page = tmp_path / "b", tmp_path / "limits.html"
    options = ["--out", str(out), "--version", "1.limits", "--report", str(page)]
    result = limits(trained, parts_folder, *USUAL, "--look-cost", "0.2", *options)
    assert result.exit_code == 0, result.output
    card, before = open_bundle(out).card, trained.bundle.card
    proposed = tomllib.loads(result.stdout[result.stdout.index("[limits.") :])
    assert {name: limit.score for name, limit in card.limits.items()} == {
        name: each["score"] for name, each in proposed["limits"].items()
    }
    assert proposed["doubt"]["action"] == "review"
    assert card.hashes["model.onnx"] == before.hashes["model.onnx"]
    assert (card.version, card.origin.parent) == ("1.limits", trained.bundle.digest)
    assert read_lineage(open_bundle(out)).taught_by == read_lineage(trained.bundle).taught_by
    assert "data:image/svg+xml" in page.read_text()


def test_a_promise_that_cannot_be_borne_out_says_what_is_missing_and_writes_no_bundle(
    trained: Trained, parts_folder: Path, tmp_path: Path
) -> None:
    options = ["--escapes-at-most", "1%", "--out", str(tmp_path / "b"), "--version", "2"]
    result = limits(trained, parts_folder, *USUAL, *options)
    assert result.exit_code == 1
    said = " ".join(result.stdout.split())
    assert "further defective parts without an escape are needed to say so" in said
    assert not (tmp_path / "b").exists()


def test_a_promise_that_holds_is_said_with_what_bears_it_out(
    trained: Trained, parts_folder: Path
) -> None:
    options = ["--escapes-at-most", "40%", "--confidence", "90%", "--choose-on-locked"]
    result = limits(trained, parts_folder, *USUAL, *options, "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert told["guarantee"]["holds"]
    assert told["locked_now"] is None
    assert any("flatter" in caution for caution in told["cautions"])
    assert any("have set the card's limits" in caution for caution in told["cautions"])


def test_a_picture_without_an_answer_sets_no_limit_and_is_named(
    trained: Trained, parts: Dataset, tmp_path: Path
) -> None:
    dark = tmp_path / "lamp-off.png"
    cv2.imwrite(str(dark), np.zeros((96, 96), np.uint8))
    found = honest(trained.bundle, parts)
    first = replace(found.choosing[0], picture=dark, part="unlit", labels=())
    known = know_parts(
        trained.bundle, replace(found, choosing=(first, *found.choosing)), Fusion.ANY
    )
    assert "unlit" not in known.choosing.parts
    report = report_limits(trained.bundle, known, Costs(1.0, 1.0, defect_rate=0.1), None)
    assert any(
        "get no answer from the model" in told and str(dark) in told for told in report.cautions
    )


def test_costs_and_fusion_come_from_the_recipe_where_no_option_says_otherwise(
    trained: Trained, parts_folder: Path, tmp_path: Path
) -> None:
    recipe = (Path(__file__).parents[3] / "examples/metal-cap.toml").read_text()
    path = tmp_path / "part.toml"
    extra = "[fusion]\nviews = 'mean'\n[costs]\nescape = 10.0\nlook = 0.1\ndefect_rate = 0.03\n"
    path.write_text(recipe + extra)
    result = limits(trained, parts_folder, "--recipe", str(path), "--json")
    told = json.loads(result.stdout)
    assert told["defect_rate"] == 0.03
    assert told["fusion"] == "mean"
    assert told["doubt"] is not None
    assert tomllib.loads(told["toml"])["fusion"]["views"] == "mean"


def test_without_a_defect_rate_the_data_s_is_taken_with_a_warning(
    trained: Trained, parts_folder: Path
) -> None:
    result = limits(trained, parts_folder)
    assert result.exit_code == 0
    assert "no --defect-rate: taken from the data" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--class-cost", "rust=5", *USUAL], "'rust', of which neither model nor data know"),
        (["--escapes-at-most", "1%", "--confidence", "40%"], "between 0.5 and 1"),
        (["--report", "curve.svg"], "expected a name that ends in"),
    ],
)
def test_a_wrong_wish_is_a_known_fault(
    options: list[str], message: str, trained: Trained, parts_folder: Path
) -> None:
    result = limits(trained, parts_folder, *options)
    assert isinstance(result.exception, KNOWN_FAULTS)
    assert message in str(result.exception)


@pytest.mark.parametrize(
    "options",
    [
        ["--class-cost", "crack"],
        ["--defect-rate", "many"],
        ["--fuse", "product"],
        ["--out", "b"],
        ["--on-average"],
    ],
)
def test_a_wrong_option_is_refused_before_any_work(
    options: list[str], trained: Trained, parts_folder: Path
) -> None:
    assert limits(trained, parts_folder, *options).exit_code == 2


def test_a_data_set_of_parts_that_all_taught_the_model_chooses_nothing(
    trained: Trained, parts: Dataset
) -> None:
    taught = Dataset(trained.split.train, "taught")
    with pytest.raises(TrainingError, match="no part to choose limits on: of 1"):
        honest(trained.bundle, taught)


def test_parts_never_seen_are_there_to_choose_on_and_locked_ones_are_not(
    trained: Trained, spots_only: tuple[Trained, Path]
) -> None:
    from training.data.dataset import open_dataset

    strange = open_dataset(spots_only[1])
    found = honest(trained.bundle, strange)
    assert (found.taught, found.set_limits) == (0, 0)
    chosen, reported = ({s.part for s in each} for each in (found.choosing, found.reporting))
    assert reported == locked_parts(strange.samples)
    assert chosen | reported == {s.part for s in strange.samples}
    assert not chosen & reported
