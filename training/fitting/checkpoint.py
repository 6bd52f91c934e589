"""Checkpoints: a training that was killed goes on where it was, and ends as if it had not been.

A file per phase of the training. What is kept is everything that the next step depends on, so that
a training by epochs gives the same weights to the last bit, however often it was killed.
"""

import os
import shutil
import time
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from training.errors import TrainingError

_EVERY_S = 20.0
_IDENTITY_FILE = "training.txt"

State = Mapping[str, Any]
"""Tensors, numbers and strings, in dictionaries and lists."""


class Checkpoints:
    """A folder of checkpoints of one training.

    identity: says which training it is, such as its command and the hash of its data; the
        checkpoints of another one are not gone on from.
    every_s: how long may be lost. What comes out does not depend on it.
    """

    def __init__(self, folder: Path, identity: str, every_s: float = _EVERY_S) -> None:
        """Raises TrainingError where another training is under way."""
        self.folder = folder
        self._identity = identity
        self._every_s = every_s
        self._kept = time.monotonic()
        known = self._known()
        if known not in (None, identity):
            raise TrainingError(
                f"{folder}: holds the checkpoints of another training, begun as:\n  {known}\n"
                f"and not of:\n  {identity}\ngo on with that one, or delete the folder"
            )

    def load(self, phase: str) -> dict[str, Any] | None:
        """What was last kept of a phase, None when nothing was. Raises TrainingError."""
        path = self._path(phase)
        if not path.exists():
            return None
        try:
            return torch.load(path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, EOFError, UnpicklingError, zipfile.BadZipFile) as error:
            cause = str(error).partition("\n")[0]
            raise TrainingError(
                f"{path}: damaged: {cause}; delete {self.folder} to begin anew"
            ) from error

    @property
    def due(self) -> bool:
        """True when it is time to keep one."""
        return time.monotonic() - self._kept >= self._every_s

    def keep(self, phase: str, state: State) -> None:
        """Keep the state of a phase, durably. Raises TrainingError when the disk is full."""
        path = self._path(phase)
        try:
            if self._known() is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                _write(self.folder / _IDENTITY_FILE, self._identity.encode())
            _write(path, _packed(state))
        except OSError as error:
            raise TrainingError(
                f"{path}: the checkpoint cannot be written: {error}; make room and give the same "
                "command again: the training goes on from the checkpoint before"
            ) from error
        self._kept = time.monotonic()

    def drop(self) -> None:
        """Forget them: the training is done."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _known(self) -> str | None:
        """Which training the folder's checkpoints are of, None while there are none."""
        path = self.folder / _IDENTITY_FILE
        try:
            return path.read_text(encoding="utf-8") if path.exists() else None
        except (OSError, UnicodeDecodeError) as error:
            raise TrainingError(f"{path}: cannot be read: {error}") from error

    def _path(self, phase: str) -> Path:
        return self.folder / f"{phase}.pt"


def _packed(state: State) -> bytes:
    buffer = BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Replace the file as a whole, also when the power goes."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)
