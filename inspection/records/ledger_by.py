"""What the frame ledger may be shown by; apart, so that the command line loads nothing more."""

from enum import StrEnum


class LedgerBy(StrEnum):
    """What the ledger is shown by."""

    CAMERA = "camera"
    SHIFT = "shift"
    LOT = "lot"
    RUN = "run"
