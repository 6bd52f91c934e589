"""Where a source puts the pixels of its next picture."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from camera.frame import CameraError


class NoRoom(CameraError):
    """No memory is free for a picture: those before it were not given back in time."""


class Allocate(Protocol):
    """Where the next picture is written to; what is not given on in a Frame is given out again.

    `np.empty` is one.
    """

    def __call__(self, shape: tuple[int, ...], dtype: "np.dtype[Any]", /) -> "NDArray[Any]":
        """Writable memory of this shape and type, C-contiguous. Raises NoRoom."""
        ...
