"""The health of every picture is on its record, by the reference where there is one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from camera.frame import Frame, MissedFrame, MissReason
from camera.health import PictureHealth, take_reference
from camera.renderer import PartMix, PartRenderer
from inspection.errors import RecipeError
from inspection.records.record import ViewRecord
from inspection.replay import replay_part

Bench = Any  # the fixture of conftest.py
Capture = Callable[[], Frame]
RENDERER = PartRenderer(256, 1)
PARTS = [RENDERER.render(number, PartMix()).pixels for number in range(6)]


def views(bench: Bench) -> list[ViewRecord]:
    return [part.record.views[0] for part in bench.parts()]


def health(bench: Bench) -> list[PictureHealth]:
    found = [view.health for view in views(bench)]
    assert None not in found
    return found  # pyright: ignore[reportReturnType]


def test_a_lamp_that_ages_is_seen_on_the_records(
    bench: Bench, capture: Callable[..., Capture]
) -> None:
    dim = (PARTS[0] * 0.7).astype(np.uint8)
    bench.run([capture(PARTS[0]), capture(dim)])
    before, after = health(bench)
    assert after.brightness == pytest.approx(0.7 * before.brightness, abs=0.005)


def test_a_trigger_without_a_picture_has_no_health(
    bench: Bench, miss: Callable[[MissReason], MissedFrame]
) -> None:
    bench.run([miss(MissReason.LOST)])
    assert views(bench)[0].health is None


def test_a_late_picture_is_measured_too(bench: Bench, capture: Callable[..., Capture]) -> None:
    bench.run([capture(PARTS[0], age_ns=6_000_000_000)])
    assert health(bench)[0].brightness > 0.1


def test_sharpness_is_in_units_of_the_reference(
    bench: Bench, recipe: str, tmp_path: Path, capture: Callable[..., Capture]
) -> None:
    path = tmp_path / "cam1.json"
    take_reference(PARTS, 255).save(path)
    bench.run(
        [capture(PARTS[0])],
        recipe=recipe.replace("[model]", f'light_reference = "{path}"\n[model]'),
    )
    assert 0.7 < health(bench)[0].sharpness < 1.4


def test_a_reference_that_cannot_be_read_keeps_the_line_from_starting(
    bench: Bench, recipe: str, good: Capture
) -> None:
    missing = recipe.replace("[model]", 'light_reference = "gone.json"\n[model]')
    with pytest.raises(RecipeError, match=r"camera cam1: gone\.json: not a light reference"):
        bench.run([good], recipe=missing)


@pytest.mark.parametrize(
    ("pixel_format", "white"), [("Mono10", 1023), ("Mono12", 4095), ("Mono16", 65535)]
)
def test_deep_pictures_are_judged_and_replayed_at_the_full_scale_of_their_format(
    bench: Bench, good: Capture, bad: Capture, pixel_format: str, white: int
) -> None:
    """The model has learnt on 8 bits: a spot is a spot, and grey is grey, at every depth."""

    def deep(shallow: Capture) -> Capture:
        def take() -> Frame:
            frame = shallow()
            pixels = (frame.pixels / 255 * white).astype(np.uint16)
            return replace(frame, pixels=pixels, pixel_format=pixel_format)

        return take

    bench.run([good, bad, deep(good), deep(bad)])
    verdicts = [part.record.verdict.outcome for part in bench.parts()]
    assert verdicts[2:] == verdicts[:2]
    assert views(bench)[2].full_scale == white
    assert health(bench)[2].brightness == pytest.approx(health(bench)[0].brightness, abs=0.005)
    assert replay_part(bench.folder, bench.parts()[3].record.serial).same
