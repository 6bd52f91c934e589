"""What can go wrong at the station, by what the line must do about it."""


class PasslineError(Exception):
    """A fault with one message for the person at the station: what, where, expected and got."""


class RecipeError(PasslineError):
    """The recipe cannot be used: the line does not start, or keeps the recipe it has."""


class LineStop(PasslineError):
    """The line cannot go on safely: it stops with the gate in its safe state."""


class GateError(LineStop):
    """The gate did not do, or did not confirm, what it was told."""


class RecordsError(LineStop):
    """Records cannot be read or written: database locked, newer, damaged, or the disk is full."""


class DataFolderInUse(PasslineError):
    """Another station is running on this data folder."""
