"""Frame ids as cameras count them: from anywhere, with gaps, and round again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera.frame_ids import WRAP_WINDOW, FrameIds


def numbers(*ids: int) -> list[int]:
    counter = FrameIds()
    return [counter.number(frame_id) for frame_id in ids]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ((0, 1, 2), [0, 1, 2]),
        ((1, 2, 4), [0, 1, 3]),
        ((70_001, 70_002), [0, 1]),
    ],
)
def test_the_first_frame_is_0_and_what_is_left_out_is_counted(
    ids: tuple[int, ...], expected: list[int]
) -> None:
    assert numbers(*ids) == expected


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ((65_534, 65_535, 1, 2), [0, 1, 2, 3]),  # GigE Vision 1 leaves 0 out
        ((65_534, 65_535, 0, 1), [0, 1, 2, 3]),  # others do not
        ((65_534, 3), [0, 4]),  # 65535, 1 and 2 were lost
        ((0xFFFF_FFFF, 1), [0, 1]),
        ((0xFFFF_FFFF_FFFF_FFFF, 1), [0, 1]),
        ((65_535, 65_536), [0, 1]),  # wider than it seemed
    ],
)
def test_a_counter_that_goes_round_goes_on(ids: tuple[int, ...], expected: list[int]) -> None:
    assert numbers(*ids) == expected


@pytest.mark.parametrize("ids", [(500, 0), (500, 1), (40_000, 1), (65_535, 40_000), (7, 7)])
def test_a_camera_that_counts_anew_is_not_taken_for_one_that_goes_round(
    ids: tuple[int, int],
) -> None:
    first, second = numbers(*ids)
    assert second <= first


@given(
    first=st.integers(1, 65_535),
    steps=st.lists(st.integers(1, WRAP_WINDOW - 1), min_size=1, max_size=60),
)
def test_16_bits_count_as_far_as_a_count_without_an_end(first: int, steps: list[int]) -> None:
    true, expected = first - 1, [0]
    ids = [first]
    for step in steps:
        true += step
        ids.append(1 + true % 65_535)
        expected.append(true - (first - 1))
    assert numbers(*ids) == expected
