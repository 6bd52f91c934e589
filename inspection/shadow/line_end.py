"""The shadow's end of the hand-over: asks the line for one part at a time."""

import os
import socket
from pathlib import Path

from inspection.line.shadow_wire import LONGEST_MESSAGE, WANTS_ONE, OfferedPart, connect, unpack


class LineEnd:
    """Parts of the line that runs on a data folder, whenever there is one."""

    def __init__(self, folder: Path, timeout_s: float) -> None:
        self._folder = folder
        self._timeout_s = timeout_s
        self._line: socket.socket | None = None
        self._asked = False

    def next(self) -> OfferedPart | None:
        """The next part that comes within the timeout, or None; also None while no line runs.

        Raises ShadowWireError for a message of another Passline.
        """
        if self._line is None:
            self._line, self._asked = connect(self._folder, self._timeout_s), False
        if self._line is None:
            return None
        try:
            if not self._asked:
                self._line.sendall(WANTS_ONE)
                self._asked = True
            message, memories, _, _ = socket.recv_fds(self._line, LONGEST_MESSAGE, 1)
        except TimeoutError:
            return None
        except OSError:
            self.hang_up()
            return None
        if len(memories) != 1:
            self.hang_up()
            for memory in memories:
                os.close(memory)
            return None
        self._asked = False
        return unpack(message, memories[0])

    @property
    def connected(self) -> bool:
        return self._line is not None

    def hang_up(self) -> None:
        """Leave the line alone, until parts are asked for again."""
        if self._line is not None:
            self._line.close()
            self._line = None
