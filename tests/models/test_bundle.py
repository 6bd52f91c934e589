import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.bundle import open_bundle
from models.errors import BundleError

BundleMaker = Callable[..., Path]


def change_card(folder: Path, **changes: Any) -> None:
    path = folder / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_bundle_that_is_what_its_card_says_opens(spot_bundle: Path) -> None:
    bundle = open_bundle(spot_bundle)
    assert bundle.label == "spot-1"
    assert bundle.card.classes == ("bright", "dark")


def test_a_changed_card_changes_the_digest(spot_bundle: Path) -> None:
    before = open_bundle(spot_bundle).digest
    change_card(spot_bundle, licence="MIT")
    assert open_bundle(spot_bundle).digest != before


def test_an_altered_model_is_refused_naming_both_hashes(spot_bundle: Path) -> None:
    model = spot_bundle / "model.onnx"
    model.write_bytes(model.read_bytes() + b"\0")
    with pytest.raises(BundleError, match=r"model\.onnx: SHA-256 is [0-9a-f]{64}, the card says"):
        open_bundle(spot_bundle)


def test_a_truncated_model_is_refused(spot_bundle: Path) -> None:
    model = spot_bundle / "model.onnx"
    model.write_bytes(model.read_bytes()[:50])
    with pytest.raises(BundleError, match="altered or cut off"):
        open_bundle(spot_bundle)


def test_a_missing_model_is_refused(spot_bundle: Path) -> None:
    (spot_bundle / "model.onnx").unlink()
    with pytest.raises(BundleError, match=r"model\.onnx: cannot be read"):
        open_bundle(spot_bundle)


def test_a_file_the_card_does_not_name_is_refused(spot_bundle: Path) -> None:
    (spot_bundle / "extra.bin").write_bytes(b"x")
    with pytest.raises(BundleError, match=r"does not name: extra\.bin"):
        open_bundle(spot_bundle)


def test_a_card_cannot_point_out_of_its_folder(spot_bundle: Path) -> None:
    hashes = {"model.onnx": "0" * 64, "../secret": "0" * 64}
    change_card(spot_bundle, hashes=hashes)
    (spot_bundle.parent / "secret").write_bytes(b"x")
    with pytest.raises(BundleError):
        open_bundle(spot_bundle)


def test_no_folder_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"nowhere/card\.json: no readable card"):
        open_bundle(tmp_path / "nowhere")


BAD_CARDS: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown key": ({"colour": "red"}, "colour"),
    "a newer format": ({"format": 2}, "format"),
    "limits for a class it lacks": ({"limits": {"bright": {"score": 0.5}}}, "limits are for"),
    "a limit below the floor": (
        {"limits": {"bright": {"score": 0.1}, "dark": {"score": 0.5}}},
        "below the floor",
    ),
    "a limit over one": (
        {"limits": {"bright": {"score": 1.5}, "dark": {"score": 0.5}}},
        "limits.bright.score",
    ),
    "a class twice": ({"classes": ["bright", "bright"]}, "classes repeat"),
    "a size that no network takes": ({"input": {"size_hw": [63, 64]}}, "size_hw"),
    "a task with the wrong output": ({"task": "detection"}, "needs output centres"),
    "no hash of the model": ({"hashes": {}}, "do not name model.onnx"),
    "a name that leaves the folder": ({"name": "../spot"}, "name"),
}


@pytest.mark.parametrize(("change", "says"), BAD_CARDS.values(), ids=BAD_CARDS.keys())
def test_a_card_with(change: dict[str, Any], says: str, make_bundle: BundleMaker) -> None:
    with pytest.raises(BundleError, match=says):
        open_bundle(make_bundle(card=change))


def test_a_card_that_is_not_json_is_refused(spot_bundle: Path) -> None:
    (spot_bundle / "card.json").write_text("{")
    with pytest.raises(BundleError, match=r"card\.json"):
        open_bundle(spot_bundle)
