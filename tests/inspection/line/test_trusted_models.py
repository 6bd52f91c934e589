"""A line that trusts keys judges with models that one of them signed, and with no other."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from camera.frame import Frame
from models.bundle import open_bundle
from models.errors import BundleError
from models.keys import new_key, read_private
from models.signature import write_signature

Bench = Any  # the fixture of conftest.py
Capture = Callable[[], Frame]
BundleMaker = Callable[..., Path]


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "plant"


@pytest.fixture
def trusting(recipe: str, key_file: Path) -> str:
    return recipe.replace("[model]", f'[model]\ntrusted_keys = ["{new_key(key_file)}"]')


def sign(folder: Path, key_file: Path) -> None:
    write_signature(folder, open_bundle(folder).digest, read_private(key_file))


def test_a_line_with_an_unsigned_champion_does_not_start(bench: Bench, trusting: str) -> None:
    with pytest.raises(BundleError, match="spot-1 is not signed"):
        bench.run([], recipe=trusting)


def test_a_line_whose_champion_lost_a_trusted_signature_does_not_start(
    bench: Bench, trusting: str, recipe: str, key_file: Path, tmp_path: Path, good: Capture
) -> None:
    sign(bench.registry.bundle("spot-1").folder, key_file)
    bench.run([good], recipe=trusting)
    assert len(bench.parts()) == 1
    revoked = recipe.replace("[model]", f'[model]\ntrusted_keys = ["{new_key(tmp_path / "new")}"]')
    with pytest.raises(BundleError, match="not among the 1 trusted keys"):
        bench.run([good], recipe=revoked)


def test_a_running_line_refuses_an_unsigned_model_and_keeps_its_champion(
    bench: Bench, good: Capture, trusting: str, key_file: Path, make_bundle: BundleMaker
) -> None:
    sign(bench.registry.bundle("spot-1").folder, key_file)
    newer = make_bundle(version="2")

    def promote() -> Frame:
        bench.promote(newer)
        return good()

    def later() -> Frame | None:
        if bench.events("model_refused"):
            return None
        time.sleep(0.002)
        return good()

    bench.run([good, promote, *[later] * 500, good], recipe=trusting)
    (refused,) = bench.events("model_refused")
    assert refused["kept"] == "spot-1"
    assert "spot-2 is not signed" in refused["fault"]
    assert {part.record.judgement.bundle_label for part in bench.parts()} == {"spot-1"}
