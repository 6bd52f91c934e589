"""Parts with time stamps that are unsorted, repeated, or of a clock that jumps back."""

import numpy as np
import pytest

from inspection.spc.errors import SpcError
from inspection.spc.times import subgroups_by_time, times_between

HOUR = 3_600_000_000_000
STAMPS = np.array([0, HOUR // 2, HOUR // 2, HOUR, 4 * HOUR, 4 * HOUR + 1])
BAD = [True, False, True, False, True, True]


def test_parts_are_counted_by_the_hour_and_hours_without_parts_are_left_out() -> None:
    found = subgroups_by_time(BAD, STAMPS, HOUR)
    assert found.defectives.tolist() == [2, 0, 2]
    assert found.sizes.tolist() == [3, 1, 2]
    assert (found.starts_ns // HOUR).tolist() == [0, 1, 4]


def test_a_clock_that_jumps_back_is_refused_by_the_part_and_the_seconds() -> None:
    stamps = STAMPS.copy()
    stamps[4] = HOUR // 2
    with pytest.raises(SpcError, match=r"stamps_ns\[4\]: the clock went back by 1800 s"):
        subgroups_by_time(BAD, stamps, HOUR)
    with pytest.raises(SpcError, match=r"stamps_ns\[1\]: the clock went back"):
        times_between(BAD, STAMPS[::-1])


def test_a_clock_that_jumps_back_holds_the_running_hour_where_asked() -> None:
    stamps = STAMPS.copy()
    stamps[4] = HOUR // 2
    found = subgroups_by_time(BAD, stamps, HOUR, back="hold")
    assert (found.starts_ns // HOUR).tolist() == [0, 1, 4]
    assert found.sizes.tolist() == [3, 2, 1]
    assert times_between(BAD, stamps, back="hold").tolist() == [HOUR // 2, HOUR // 2, 3 * HOUR + 1]


def test_defects_at_the_same_time_are_no_time_apart() -> None:
    assert times_between([True, True], [5, 5]).tolist() == [0]


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(SpcError, match="stamps_ns: expected one per part of defective, 1; got 2"):
        subgroups_by_time([True], [1, 2], HOUR)
    with pytest.raises(SpcError, match="stamps_ns: expected one per part of defective, 1; got 2"):
        times_between([True], [1, 2])
    with pytest.raises(SpcError, match="stamps_ns: expected whole nanoseconds"):
        subgroups_by_time([True], [0.5], HOUR)
    with pytest.raises(SpcError, match="stamps_ns: expected whole nanoseconds"):
        times_between([True], [])
    with pytest.raises(SpcError, match="every_ns: expected 1 ns or more"):
        subgroups_by_time([True], [1], 0)
    with pytest.raises(SpcError, match="expected 2 defective parts or more"):
        times_between([True, False], [1, 2])
    with pytest.raises(SpcError, match="back: expected refuse or hold"):
        times_between(BAD, STAMPS, back="sort")  # pyright: ignore[reportArgumentType]
