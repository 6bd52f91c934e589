"""The frame ids of a camera, which begin anywhere and may begin again, as a count from 0."""

WRAP_WINDOW = 4096
"""How near its end an id must have been, and how near the beginning the next one, to be taken for
a counter that went round: 40 s at 100 Hz. Any other step back is a camera that counts anew."""

_WIDTHS = (16, 32, 64)


class FrameIds:
    """Counts frames by their ids: the first is 0, ids that were left out are counted too.

    GigE Vision 1 counts blocks from 1 to 65535 and then from 1 again, without a 0; version 2 and
    USB3 Vision count 64 bits, some producers 32. The width is known by where it goes round.
    """

    def __init__(self) -> None:
        self._last_id: int | None = None
        self._number = -1
        self._has_zero = False

    def number(self, frame_id: int) -> int:
        """How many ids came before this one; not more than before when the camera counts anew."""
        if self._last_id is None:
            self._last_id = frame_id - 1
        self._has_zero |= frame_id == 0
        self._number += self._step(self._last_id, frame_id)
        self._last_id = frame_id
        return self._number

    def _step(self, last_id: int, frame_id: int) -> int:
        for bits in _WIDTHS:
            end = 1 << bits
            if end - WRAP_WINDOW <= last_id < end and frame_id < WRAP_WINDOW:
                return frame_id + end - last_id - (0 if self._has_zero else 1)
        return frame_id - last_id
