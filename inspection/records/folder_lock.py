"""One line, watch, shadow and retraining per data folder: each holds a lock for its process."""

import fcntl
import json
import os
import socket
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from inspection.errors import DataFolderInUse, RecordsError

LOCK_FILE = "station.lock"
WATCH_LOCK_FILE = "watch.lock"
SHADOW_LOCK_FILE = "shadow.lock"
RETRAIN_LOCK_FILE = "retrain.lock"


@contextmanager
def hold_data_folder(folder: Path) -> Generator[None]:
    """Hold `folder` (made when missing) for this station's process until the block ends.

    The lock is the kernel's (flock): it is freed however the process ends, and the file that
    stays behind means nothing. Raises DataFolderInUse naming the holder, RecordsError when the
    folder cannot be used.
    """
    with _hold(folder / LOCK_FILE, "station"):
        yield


@contextmanager
def hold_watch(folder: Path) -> Generator[None]:
    """Hold the watch of `folder` in the same way: a line and one watch go together."""
    with _hold(folder / WATCH_LOCK_FILE, "watch"):
        yield


@contextmanager
def hold_shadow(folder: Path) -> Generator[None]:
    """Hold the shadow of `folder` in the same way: one challenger judges beside a line."""
    with _hold(folder / SHADOW_LOCK_FILE, "shadow"):
        yield


@contextmanager
def hold_retraining(folder: Path) -> Generator[None]:
    """Hold the retraining of `folder` in the same way: one at a time."""
    with _hold(folder / RETRAIN_LOCK_FILE, "retraining"):
        yield


@contextmanager
def _hold(path: Path, what: str) -> Generator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise RecordsError(f"{path}: cannot be opened: {error}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read() or "a process that has just started"
            raise DataFolderInUse(
                f"{path.parent}: another {what} runs on this data folder ({holder}); "
                "stop it, or give this one a folder of its own"
            ) from error
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
        file.flush()
        yield
