"""Kept pictures on their way to the screen."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models.findings import Finding

SCRATCH = Finding("scratch", 0.93, (40.0, 56.0, 72.0, 64.0), 180.0)


def decoded(png: bytes) -> np.ndarray[Any, Any]:
    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    return pixels


def test_an_altered_picture_is_not_shown(asker: Any, line: Any, tmp_path: Path) -> None:
    line.part(SCRATCH)
    kept = next((tmp_path / "images").rglob("*.png"))
    cv2.imwrite(str(kept), np.zeros((128, 128), np.uint8))
    answer = asker.get("/pictures/0.png")
    assert answer.status_code == 503
    assert "the file was altered" in answer.json()["detail"]


def test_a_part_without_a_picture_has_none(asker: Any, line: Any) -> None:
    line.part(SCRATCH, keep=False)
    line.lost()
    for part_number in (0, 1, 2, 2**70, -1):
        assert asker.get(f"/pictures/{part_number}.png").status_code == 404
    assert asker.get("/pictures/one.png").status_code == 422


def test_the_picture_is_the_one_that_was_judged(asker: Any, line: Any) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (40, 60), np.uint8)
    line.part(SCRATCH, pixels=pixels)
    answer = asker.get("/pictures/0.png")
    assert answer.headers["content-type"] == "image/png"
    assert np.array_equal(decoded(answer.content), pixels)


def test_twelve_bits_are_shown_in_eight(asker: Any, line: Any) -> None:
    line.part(SCRATCH, pixels=np.full((40, 60), 4095, np.uint16))
    shown = decoded(asker.get("/pictures/0.png").content)
    assert shown.dtype == np.uint8
    assert shown.min() == 255


def test_a_browser_keeps_a_picture_for_ever_only_by_its_hash(asker: Any, line: Any) -> None:
    sha256 = line.part(SCRATCH).views[0].image_sha256
    by_hash = asker.get(f"/pictures/0.png?sha256={sha256}")
    assert "immutable" in by_hash.headers["cache-control"]
    by_number = asker.get("/pictures/0.png")
    assert by_number.headers["cache-control"] == "private, no-cache"
    again = asker.get("/pictures/0.png", if_none_match=by_number.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    other = asker.get(f"/pictures/0.png?sha256={'0' * 64}")
    assert other.status_code == 404, "part 0 of another data folder is another part"
