"""Which shift a moment belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from inspection.recipe import ShiftStart


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift on one day, in nanoseconds since 1970 UTC; the next one begins at its end."""

    name: str
    began_utc_ns: int
    ends_utc_ns: int


class Shifts:
    """The recipe's shifts, day after day, by the clock on the wall: also where summer time begins.

    Args:
        starts: name and start of each.
        time_zone: an IANA name; the machine's own zone when None.
    """

    def __init__(self, starts: Sequence[ShiftStart], time_zone: str | None) -> None:
        self._starts = [(each.name, time.fromisoformat(each.start)) for each in starts]
        self._zone = None if time_zone is None else ZoneInfo(time_zone)

    def at(self, utc_ns: int) -> Shift:
        """The shift that this moment belongs to."""
        today = datetime.fromtimestamp(utc_ns / 1e9, UTC).astimezone(self._zone).date()
        begins = sorted(
            (self._utc_ns(datetime.combine(today + timedelta(days), start)), name)
            for days in (-1, 0, 1)
            for name, start in self._starts
        )
        began_utc_ns, name = max(each for each in begins if each[0] <= utc_ns)
        return Shift(name, began_utc_ns, min(ns for ns, _ in begins if ns > utc_ns))

    def _utc_ns(self, wall: datetime) -> int:
        at = wall.astimezone() if self._zone is None else wall.replace(tzinfo=self._zone)
        return int(at.timestamp()) * 1_000_000_000
