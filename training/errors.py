"""What can go wrong between pictures and a bundle."""

from inspection.errors import PasslineError


class TrainingError(PasslineError):
    """Data, options or a run that no bundle can come from; the message names file and remedy."""
