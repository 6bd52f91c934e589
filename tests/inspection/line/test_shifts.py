"""Shifts by the clock on the wall."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from inspection.line.shifts import Shifts
from inspection.recipe import ShiftStart

VIENNA = ZoneInfo("Europe/Vienna")
THREE = [
    ShiftStart(name="early", start="06:00"),
    ShiftStart(name="late", start="14:00"),
    ShiftStart(name="night", start="22:00"),
]


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=VIENNA).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("moment", "name", "began", "ends"),
    [
        ("2026-11-22T06:00", "early", "2026-11-22T06:00", "2026-11-22T14:00"),
        ("2026-11-22T13:59:59", "early", "2026-11-22T06:00", "2026-11-22T14:00"),
        ("2026-11-22T23:30", "night", "2026-11-22T22:00", "2026-11-23T06:00"),
        ("2026-11-23T01:00", "night", "2026-11-22T22:00", "2026-11-23T06:00"),
        # Summer time began at 2 and ended at 3: a night of 7 hours, and one of 9.
        ("2026-03-29T05:00", "night", "2026-03-28T22:00", "2026-03-29T06:00"),
        ("2026-10-25T05:00", "night", "2026-10-24T22:00", "2026-10-25T06:00"),
    ],
)
def test_a_moment_belongs_to_the_shift_that_began_last(
    moment: str, name: str, began: str, ends: str
) -> None:
    shift = Shifts(THREE, "Europe/Vienna").at(at(moment))
    assert (shift.name, shift.began_utc_ns, shift.ends_utc_ns) == (name, at(began), at(ends))


def test_the_night_when_summer_time_begins_is_an_hour_shorter() -> None:
    shift = Shifts(THREE, "Europe/Vienna").at(at("2026-03-29T01:00"))
    assert (shift.ends_utc_ns - shift.began_utc_ns) / 3600e9 == 7


def test_without_shifts_every_day_is_one() -> None:
    day = Shifts([ShiftStart(name="day", start="00:00")], "Europe/Vienna").at(
        at("2026-11-22T12:00")
    )
    assert (day.name, day.began_utc_ns) == ("day", at("2026-11-22T00:00"))
    assert day.ends_utc_ns == at("2026-11-23T00:00")


def test_the_machines_own_zone_is_taken_where_none_is_named() -> None:
    now_ns = at("2026-11-22T12:34:56")
    shift = Shifts(THREE, None).at(now_ns)
    assert shift.began_utc_ns <= now_ns < shift.ends_utc_ns
