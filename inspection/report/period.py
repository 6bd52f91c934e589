"""Which stretch of time a report is about: a shift by its name, or from a time to another."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from inspection.records.period import PeriodReader, Shift
from inspection.report.errors import ReportError
from inspection.report.figures import moment

LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Period:
    """From `since_utc_ns` to before `until_utc_ns`. shift: None for times that were asked for."""

    since_utc_ns: int
    until_utc_ns: int
    shift: Shift | None

    @property
    def name(self) -> str:
        """What the report is called by."""
        if self.shift is not None and self.shift.name:
            return f"Shift {self.shift.name}"
        return "Report"


def shift_period(
    reader: PeriodReader, name: str, now_utc_ns: int, on: date | None = None
) -> Period:
    """The latest shift of this name, or the latest of all; `on` the day (local) on which it began.

    Raises ReportError when there is none; the message names those that there are.
    """
    shifts = reader.shifts()
    for shift in shifts:
        began_on = datetime.fromtimestamp(shift.began_utc_ns / 1e9, UTC).astimezone().date()
        if name in (LATEST, shift.name) and on in (None, began_on):
            return period_of(shift, now_utc_ns)
    known = ", ".join(f"{one.name or 'no name'} ({moment(one.began_utc_ns)})" for one in shifts[:6])
    day = "" if on is None else f" that began on {on}"
    raise ReportError(f"no shift {name!r}{day} on record; there are: {known or 'none yet'}")


def period_of(shift: Shift, now_utc_ns: int) -> Period:
    """The time of a shift; until now where it still works."""
    until = now_utc_ns if shift.until_utc_ns is None else shift.until_utc_ns
    return Period(shift.began_utc_ns, until, shift)


def day_of(text: str) -> date:
    """A day in ISO form. Raises ReportError."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ReportError(f"--on: expected a day such as 2026-11-22, got {text!r}") from error


def times_period(since: str, until: str) -> Period:
    """From one time to another, in ISO form, on this station's clock where no zone is given.

    Raises ReportError.
    """
    ends = [_utc_ns(name, text) for name, text in (("--from", since), ("--to", until))]
    if ends[0] >= ends[1]:
        raise ReportError(f"--from {since} is not before --to {until}")
    return Period(ends[0], ends[1], None)


def _utc_ns(name: str, text: str) -> int:
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise ReportError(
            f"{name}: expected a time such as 2026-11-22T06:00, got {text!r}"
        ) from error
    return round(when.astimezone().timestamp() * 1e9)
