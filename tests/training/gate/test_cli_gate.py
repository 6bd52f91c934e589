import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from inspection.cli import KNOWN_FAULTS, app
from models.bundle import Bundle
from models.keys import new_key
from models.registry import Registry, station_registry
from models.stages import Stage
from training.gate.report import GateReport

for _topic in ("gate", "promote", "models"):
    importlib.import_module(f"inspection.cli.{_topic}")  # registers the commands
RUNNER = CliRunner()
MakeModel = Callable[..., Bundle]

RECIPE = """
product = "cap"
[camera]
id = "cam1"
device = { source = "rendered" }
[model]
name = "spot"
trusted_keys = ["%s"]
[gate]
kind = "simulated"
"""


@pytest.fixture
def registry(make_model: MakeModel, tmp_path: Path) -> Registry:
    """A station whose champion misses every dark spot."""
    registry = station_registry(tmp_path / "data")
    blind = make_model("1", dark=1.0)
    registry.add(blind.folder, "test", "first")
    registry.promote(blind.label, "test", "first", {})
    return registry


def test_promote_puts_a_better_challenger_on_the_line_without_torch(
    make_model: MakeModel, registry: Registry, spots_folder: Path
) -> None:
    code = "import sys; sys.modules['torch'] = None; from inspection.cli import main; main()"
    options = ["--registry", str(registry.folder), "--parts", str(spots_folder), "--who", "ada"]
    arguments = ["promote", str(make_model("2").folder), *options, "--slower", "100"]
    command = [sys.executable, "-c", code, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "promoted: spot-2 is champion" in ran.stdout
    assert registry.stages() == {"spot-1": Stage.RETIRED, "spot-2": Stage.CHAMPION}
    event = registry.history()[-1]
    evidence = dict(event.evidence)
    report_sha256 = evidence.pop("report_sha256")
    assert event.who == "ada"
    assert GateReport.model_validate_json(json.dumps(evidence)).sha256() == report_sha256
    history = RUNNER.invoke(app, ["models", "history", str(registry.folder.parent)])
    assert report_sha256[:12] in history.output
    listed = RUNNER.invoke(app, ["models", "list", str(registry.folder.parent)])
    assert "champion" in listed.output


def test_the_gate_judges_by_the_recipe_as_the_line_would(
    make_model: MakeModel, registry: Registry, spots_folder: Path, tmp_path: Path
) -> None:
    """On its card the challenger is as blind as the champion; the recipe lowers that limit."""
    blind_too = make_model("2", dark=1.0).folder
    own = (
        RECIPE % new_key(tmp_path / "plant") + "[limits.dark]\nscore = 0.5\n"
    )  # signed after the gate
    (tmp_path / "cap.toml").write_text(own)
    options = ["--registry", str(registry.folder), "--parts", str(spots_folder)]
    options += ["--slower", "100", "--recipe", str(tmp_path / "cap.toml")]
    report = tmp_path / "gate.json"
    result = RUNNER.invoke(app, ["gate", str(blind_too), *options, "--json", str(report)])
    assert result.exit_code == 1, result.output
    found = GateReport.model_validate_json(report.read_text())
    (escapes,) = found.check("escapes").rates
    assert escapes.champion is not None
    assert (escapes.champion.events, escapes.challenger.events) == (0, 0)
    assert found.against == (
        "better: neither fewer escapes nor fewer false rejects than the champion",
    )
    assert found.judged_by == "the recipe for cap, which sets limits of dark"
    assert {used.class_name: used.score for used in found.challenger.limits} == {
        "bright": 0.5, "dark": 0.5,
    }  # fmt: skip
    assert "Held against the recipe for cap" in " ".join(result.output.split())


def test_the_gate_says_no_with_a_report_and_changes_nothing(
    make_model: MakeModel, registry: Registry, spots_folder: Path, tmp_path: Path
) -> None:
    before = registry.history()
    some = [f"good/Imgs/{number:04d}.png" for number in range(12)]
    some += [f"dark/Imgs/{number:04d}.png" for number in range(160, 172)]
    (tmp_path / "list.txt").write_text("\n".join(some))
    files = ["--html", str(tmp_path / "gate.html"), "--json", str(tmp_path / "gate.json")]
    options = ["--registry", str(registry.folder), "--parts", str(spots_folder)]
    options += ["--list", str(tmp_path / "list.txt"), "--slower", "100"]
    blind_too = make_model("2", dark=1.0).folder
    result = RUNNER.invoke(app, ["gate", str(blind_too), *options, *files])
    assert result.exit_code == 1, result.output
    assert "no: better: neither fewer escapes" in " ".join(result.output.split())
    report = GateReport.model_validate_json((tmp_path / "gate.json").read_text())
    assert (report.data.good, report.data.defective) == (12, 12)  # those listed, locked or not
    assert report.sha256() in (tmp_path / "gate.html").read_text()
    assert registry.history() == before


def test_a_bundle_that_the_recipe_does_not_trust_never_reaches_the_gate(
    make_model: MakeModel, registry: Registry, spots_folder: Path, tmp_path: Path
) -> None:
    recipe = tmp_path / "cap.toml"
    recipe.write_text(RECIPE % new_key(tmp_path / "plant"))
    options = ["--registry", str(registry.folder), "--parts", str(spots_folder)]
    command = ["promote", str(make_model("2").folder), *options, "--recipe", str(recipe)]
    result = RUNNER.invoke(app, command)
    assert isinstance(result.exception, KNOWN_FAULTS)
    assert "spot-2 is not signed" in str(result.exception)
    assert registry.stages() == {"spot-1": Stage.CHAMPION}


def test_the_champion_has_to_be_named_once(make_model: MakeModel, registry: Registry) -> None:
    folder = str(make_model("2").folder)
    for options in ([], ["--registry", str(registry.folder), "--against", folder]):
        result = RUNNER.invoke(app, ["gate", folder, *options])
        assert result.exit_code == 2
        assert "name the champion" in result.output


def test_a_model_is_retired_by_hand(make_model: MakeModel, registry: Registry) -> None:
    registry.add(make_model("2").folder, "ada", "trained")
    data = str(registry.folder.parent)
    options = ["--who", "ada", "--why", "learnt from wrong labels"]
    assert RUNNER.invoke(app, ["models", "retire", data, "spot-2", *options]).exit_code == 0
    assert registry.stages()["spot-2"] is Stage.RETIRED
    assert "learnt from wrong labels" in RUNNER.invoke(app, ["models", "history", data]).output
