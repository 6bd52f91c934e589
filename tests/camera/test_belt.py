"""The simulated belt: the file steers it, the truth can be had again, faults are loud."""

import json
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from camera.belt import Belt, RenderedSource, Stretch, read_belt, truth, write_belt
from camera.frame import CameraConfigError, CameraLost, Frame, MissedFrame, MissReason, SourceEnded
from camera.renderer import DefectKind

STAINS_FROM_3 = Belt(
    stretches=(
        Stretch(rates={}),
        Stretch(first_part=3, rates={DefectKind.STAIN: 1.0}, light=0.8),
    )
)


def belt_source(
    belt_file: Path | None = None, parts: int | None = None, first_part: int = 0
) -> RenderedSource:
    return RenderedSource(
        "cam", seed=5, size_px=64, belt_file=belt_file, parts=parts, first_part=first_part
    )


def take(source: RenderedSource, count: int) -> list[Frame | MissedFrame | None]:
    return [source.fetch(0.0) for _ in range(count)]


@pytest.fixture
def belt_file(tmp_path: Path) -> Path:
    return tmp_path / "belt.json"


def test_the_truth_of_a_part_is_the_part_that_came(belt_file: Path) -> None:
    write_belt(belt_file, STAINS_FROM_3)
    source = belt_source(belt_file, first_part=1)
    source.start()
    for number, outcome in enumerate(take(source, 5), start=1):
        assert isinstance(outcome, Frame)
        assert outcome.trigger_id == number - 1
        part = truth(STAINS_FROM_3, 5, number, size_px=64)
        assert np.array_equal(outcome.pixels, part.pixels)
        assert part.kinds == ((DefectKind.STAIN,) if number >= 3 else ())


def test_a_belt_file_comes_back_as_it_was_written(belt_file: Path) -> None:
    belt = STAINS_FROM_3.model_copy(update={"released": 7, "pace_hz": 10.0, "lost_one_in": 97})
    write_belt(belt_file, belt)
    assert read_belt(belt_file) == belt
    assert list(belt_file.parent.iterdir()) == [belt_file]


def test_a_hand_written_belt_file_is_read(belt_file: Path) -> None:
    belt_file.write_text(
        json.dumps(
            {
                "released": 250,
                "ended": False,
                "pace_hz": 10,
                "stretches": [{"first_part": 0, "rates": {"scratch": 0.03}, "light": 1.0}],
                "lost_one_in": 97,
                "incomplete_one_in": None,
            }
        )
    )
    assert read_belt(belt_file).mix_at(9).rates == {DefectKind.SCRATCH: 0.03}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "file: Invalid JSON"),
        ("{", "file: Invalid JSON"),
        ('{"realeased": 3}', "realeased: Extra inputs"),
        ('{"released": -1}', "released: "),
        ('{"released": "3"}', "released: "),
        ('{"pace_hz": 0}', "pace_hz: "),
        ('{"stretches": []}', "stretches: "),
        ('{"stretches": [{"first_part": 4}]}', "must begin at part 0"),
        ('{"stretches": [{"first_part": 0}, {"first_part": 0}]}', "must begin at part 0 and go up"),
        ('{"stretches": [{"rates": {"rust": 0.1}}]}', "stretches.0.rates.rust"),
        ('{"stretches": [{"rates": {"dent": 1.5}}]}', "stretches.0.rates.dent: "),
        ('{"stretches": [{"contrast": [0.9, 0.1]}]}', "contrast: expected 0 <= low <= high"),
    ],
)
def test_a_wrong_belt_file_is_refused_by_key(belt_file: Path, text: str, message: str) -> None:
    belt_file.write_text(text)
    with pytest.raises(CameraConfigError, match=r"belt\.json: ") as fault:
        read_belt(belt_file)
    assert message in str(fault.value)
    with pytest.raises(CameraConfigError, match=r"belt\.json"):
        belt_source(belt_file).start()


def test_a_missing_belt_file_is_refused(belt_file: Path) -> None:
    with pytest.raises(CameraConfigError, match=r"belt\.json"):
        belt_source(belt_file).start()


def test_parts_wait_until_they_are_released_and_end_when_the_belt_does(belt_file: Path) -> None:
    write_belt(belt_file, Belt(released=2))
    source = belt_source(belt_file)
    source.start()
    outcomes = take(source, 4)
    assert [outcome is None for outcome in outcomes] == [False, False, True, True]
    assert source.triggers == 2
    write_belt(belt_file, Belt(released=3, ended=True))
    outcome = source.fetch(0.0)
    assert outcome is not None
    assert outcome.trigger_id == 2
    with pytest.raises(SourceEnded, match="ended before part 3"):
        source.fetch(0.0)


def test_a_change_of_the_process_reaches_the_next_part(belt_file: Path) -> None:
    write_belt(belt_file, Belt(released=1, stretches=(Stretch(rates={}),)))
    source = belt_source(belt_file)
    source.start()
    take(source, 1)
    changed = Belt(stretches=(Stretch(rates={}), Stretch(first_part=1, light=0.5)))
    write_belt(belt_file, changed)
    outcome = source.fetch(0.0)
    assert isinstance(outcome, Frame)
    assert np.array_equal(outcome.pixels, truth(changed, 5, 1, size_px=64).pixels)


@pytest.mark.parametrize("fault", ["broken", "gone"])
def test_a_belt_file_that_breaks_stops_the_belt_until_it_is_mended(
    belt_file: Path, fault: str
) -> None:
    write_belt(belt_file, Belt())
    source = belt_source(belt_file)
    source.start()
    take(source, 1)
    if fault == "gone":
        belt_file.unlink()
    else:
        belt_file.write_text("{")
    for _ in range(2):
        with pytest.raises(CameraLost, match=r"the belt stands still: belt file .*belt\.json"):
            source.fetch(0.0)
    write_belt(belt_file, Belt())
    outcome = source.fetch(0.0)
    assert outcome is not None
    assert outcome.trigger_id == 1


def test_lost_and_torn_triggers_come_out_and_are_counted(belt_file: Path) -> None:
    write_belt(belt_file, Belt(lost_one_in=5, incomplete_one_in=3))
    source = belt_source(belt_file)
    source.start()
    outcomes = take(source, 10)
    missed = {out.trigger_id: out.reason for out in outcomes if isinstance(out, MissedFrame)}
    assert missed == {
        2: MissReason.INCOMPLETE,
        4: MissReason.LOST,
        5: MissReason.INCOMPLETE,
        8: MissReason.INCOMPLETE,
        9: MissReason.LOST,
    }
    assert source.triggers == 10


def test_a_source_ends_after_its_parts() -> None:
    source = belt_source(parts=2, first_part=40)
    source.start()
    assert [out.trigger_id for out in take(source, 2) if out] == [0, 1]
    with pytest.raises(SourceEnded, match="all 2 parts came"):
        source.fetch(0.0)


def test_a_stopped_belt_gives_nothing() -> None:
    source = belt_source()
    with pytest.raises(CameraLost, match="is not started"):
        source.fetch(0.0)


def test_a_belt_cannot_be_changed_in_memory() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        STAINS_FROM_3.ended = True  # pyright: ignore[reportAttributeAccessIssue]
