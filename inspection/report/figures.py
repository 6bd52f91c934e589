"""Figures as reports write them: with n and a 95 % interval, times with their zone."""

from datetime import UTC, datetime

from inspection.spc.intervals import clopper_pearson


def share(events: int, n: int) -> str:
    """A share with its exact interval and what it is of: `1.20 % (0.33 to 3.04 %), 4 of 334`."""
    if n == 0:
        return "none of 0"
    lower, upper = clopper_pearson(events, n)
    interval = f"{_percent(lower)} to {_percent(upper)} %"
    return f"{_percent(events / n)} % ({interval}), {count(events)} of {count(n)}"


def count(many: int) -> str:
    """A whole number with thin groups of thousands."""
    return f"{many:,}".replace(",", "\u202f")


def moment(utc_ns: int) -> str:
    """A moment on this station's clock, to the minute."""
    return _local(utc_ns).strftime("%Y-%m-%d %H:%M")


def time_of_day(utc_ns: int) -> str:
    """Hours and minutes on this station's clock."""
    return _local(utc_ns).strftime("%H:%M")


def zone(utc_ns: int) -> str:
    """The clock's distance from UTC at a moment, as `UTC+01:00`."""
    offset = _local(utc_ns).strftime("%z")
    return f"UTC{offset[:3]}:{offset[3:]}"


def _local(utc_ns: int) -> datetime:
    return datetime.fromtimestamp(utc_ns / 1e9, UTC).astimezone()


def _percent(of_one: float) -> str:
    return f"{100 * of_one:.2f}"
