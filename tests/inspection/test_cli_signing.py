import importlib
from collections.abc import Callable
from pathlib import Path

from typer.testing import CliRunner

from inspection.cli import KNOWN_FAULTS, app
from models.keys import read_public

importlib.import_module("inspection.cli.signing")  # registers the commands
RUNNER = CliRunner()


def test_a_model_is_signed_and_verified_from_the_command_line(
    spot_bundle: Path, tmp_path: Path
) -> None:
    key = tmp_path / "plant"
    made = RUNNER.invoke(app, ["keys", "new", str(key)])
    assert made.exit_code == 0, made.output
    (public,) = read_public(tmp_path / "plant.pub")
    assert f'trusted_keys = ["{public}"]' in made.output
    refused = RUNNER.invoke(app, ["verify", str(spot_bundle), "--keys", str(tmp_path)])
    assert isinstance(refused.exception, KNOWN_FAULTS)
    assert "spot-1 is not signed" in str(refused.exception)
    assert RUNNER.invoke(app, ["sign", str(spot_bundle), "--key", str(key)]).exit_code == 0
    said = RUNNER.invoke(app, ["verify", str(spot_bundle), "--keys", str(tmp_path)])
    assert said.output == f"spot-1 is as it was signed with {public}\n"


def test_a_key_that_others_may_read_signs_nothing(
    make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    bundle, key = make_bundle(), tmp_path / "plant"
    RUNNER.invoke(app, ["keys", "new", str(key)])
    key.chmod(0o644)
    result = RUNNER.invoke(app, ["sign", str(bundle), "--key", str(key)])
    assert isinstance(result.exception, KNOWN_FAULTS)
    assert "chmod 600" in str(result.exception)
    assert not (bundle / "signature.json").exists()
