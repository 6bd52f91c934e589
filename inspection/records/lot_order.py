"""The lot that comes next: said by a person, in a file of its own that the line looks at."""

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from inspection.errors import PasslineError

LOT_FILE = "lot.json"
LONGEST = 64


class LotError(PasslineError):
    """A lot that cannot be taken up; the message says why."""


@dataclass(frozen=True, slots=True)
class LotOrder:
    """From `from_utc_ns` on parts belong to this lot."""

    lot: str
    who: str
    from_utc_ns: int


def order_lot(folder: Path, lot: str, who: str) -> LotOrder:
    """Let parts whose pictures are taken from now on belong to `lot`. Raises LotError."""
    order = LotOrder(_checked(lot), who, time.time_ns())
    if not folder.is_dir():
        raise LotError(f"{folder}: no data folder; start the station there first")
    path = folder / LOT_FILE
    unfinished = path.with_name(f".{LOT_FILE}.{os.getpid()}")
    try:
        unfinished.write_text(json.dumps(asdict(order)), encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise LotError(f"{path}: the order cannot be written: {error}") from error
    return order


def read_order(folder: Path) -> LotOrder | None:
    """The last order, or None when there is none. Raises LotError for a file that is none."""
    path = folder / LOT_FILE
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return LotOrder(_checked(str(said["lot"])), str(said["who"]), int(said["from_utc_ns"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LotError(f"{path}: no order of a lot: {error!r}; order it again") from error


def _checked(lot: str) -> str:
    if not lot.strip() or len(lot) > LONGEST or not lot.isprintable():
        raise LotError(f"a lot's name has 1 to {LONGEST} characters that can be seen, got {lot!r}")
    return lot
