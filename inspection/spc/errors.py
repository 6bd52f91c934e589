"""What the charts refuse."""

from inspection.errors import PasslineError


class SpcError(PasslineError, ValueError):
    """Data or options that no chart can be drawn of; names the argument and the index at fault."""
