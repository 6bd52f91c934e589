"""Every error of the camera vendors' libraries, turned into one of ours where it is raised."""

import logging
from collections.abc import Generator
from contextlib import contextmanager

from genicam import genapi, gentl

from camera.frame import CameraError

VENDOR_ERRORS = (gentl.GenericException, genapi.GenericException)
"""The roots of all that GenTL and GenApi raise; Harvesters lets them through."""

# Harvesters prints a traceback of each error that it raises as well.
logging.getLogger("harvesters").setLevel(logging.CRITICAL)


@contextmanager
def vendor_errors(becomes: type[CameraError], doing: str) -> Generator[None]:
    """Raise `becomes`, saying what was being done, instead of any vendor's error in the block."""
    try:
        yield
    except VENDOR_ERRORS as error:
        raise becomes(f"{doing}: {type(error).__name__}: {error}") from error
