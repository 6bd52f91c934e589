"""What can go wrong with a report."""

from inspection.errors import PasslineError


class ReportError(PasslineError):
    """A report or picture cannot be made; the message says which and why."""
