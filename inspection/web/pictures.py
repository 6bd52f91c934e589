"""Live pictures for the screens: asks the line for them while somebody watches."""

import time
from pathlib import Path

from inspection.live import LiveReader, pack

WANT_EVERY_S = 1.0


class LivePictures:
    """The newest live picture, packed for the WebSocket. Called by one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._reader = LiveReader(folder)
        self._want_at_s = 0.0

    def read(self) -> bytes | None:
        """The picture, or None when none has come since the last call.

        Being called means that somebody watches, and the line is told so.
        """
        now_s = time.monotonic()
        if now_s >= self._want_at_s:
            self._want_at_s = now_s + WANT_EVERY_S
            self._reader.want()
        picture = self._reader.latest()
        return None if picture is None else pack(picture)
