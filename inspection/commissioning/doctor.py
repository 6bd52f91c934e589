"""`passline doctor`: everything that can be wrong before the line starts, looked at once."""

import fcntl
from collections.abc import Iterator
from pathlib import Path

from inspection.commissioning.camera_checks import check_camera, check_installed
from inspection.commissioning.diagnosis import Diagnosis, ok
from inspection.commissioning.host_checks import (
    check_clock,
    check_disk,
    check_memory,
    check_rights,
)
from inspection.commissioning.station_checks import (
    bytes_per_day,
    check_champion,
    check_gate,
    check_model,
    check_records,
    check_shipped_model,
    check_templates,
    newest_record_utc_ns,
)
from inspection.recipe import Recipe
from inspection.records.folder_lock import LOCK_FILE

RING_PICTURES, RING_BYTES = 8, 64 << 20
"""What a camera's ring takes at least: so many pictures, and so much; `camera.worker`."""


def examine(recipe: Recipe | None, data: Path | None) -> Iterator[Diagnosis]:
    """What was found, each as soon as it is known.

    Without a recipe or a data folder, what can be looked at without. While the line runs on the
    data folder its cameras are left alone.
    """
    if recipe is None:
        yield from check_installed()
        yield check_memory(RING_BYTES)
    elif data is not None and line_runs_on(data):
        yield ok("cameras", f"not looked at: the line runs on {data} and holds them")
    else:
        yield from _examine_cameras(recipe)
    if recipe is not None:
        yield from _examine_model(recipe, data)
        yield check_gate(recipe)
    if data is not None:
        yield check_rights(data)
        yield check_records(data)
        yield check_disk(data, bytes_per_day(recipe, data) if recipe is not None else None)
    yield check_clock(newest_record_utc_ns(data) if data is not None else None)


def line_runs_on(data: Path) -> bool:
    """Whether a station holds the data folder; looks, and makes nothing."""
    try:
        with (data / LOCK_FILE).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _examine_cameras(recipe: Recipe) -> Iterator[Diagnosis]:
    needed_bytes = 0
    for view in recipe.cameras:
        report = check_camera(view)
        yield from report.diagnoses
        needed_bytes += max(RING_BYTES, RING_PICTURES * report.payload_bytes)
    yield check_memory(needed_bytes)


def _examine_model(recipe: Recipe, data: Path | None) -> Iterator[Diagnosis]:
    if data is None:
        diagnosis, bundle = check_shipped_model(recipe)
    else:
        diagnosis, bundle = check_champion(recipe, data)
    yield diagnosis
    if bundle is not None:
        yield check_model(recipe, bundle)
        yield from check_templates(recipe, bundle)
