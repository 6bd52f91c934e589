"""What the cameras of a run really had: on record, and again whenever it is something else."""

from collections.abc import Iterable
from typing import Any

from camera.frame import FrameSource, HasSettings
from inspection.records.writer import RecordWriter

_DEVICE = ("DeviceVendorName", "DeviceModelName", "DeviceSerialNumber", "DeviceUserID")


class CameraSettings:
    """Follows the settings of a run's cameras; each is asked after every start."""

    def __init__(self, writer: RecordWriter, run_id: int) -> None:
        self._writer = writer
        self._run_id = run_id
        self._known: dict[str, dict[str, Any]] = {}

    def note_all(self, sources: Iterable[FrameSource]) -> None:
        """Record what each camera has, or what differs from its start before in this run."""
        for source in sources:
            self._note(source)

    def _note(self, source: FrameSource) -> None:
        if not isinstance(source, HasSettings):
            return
        found, camera_id = dict(source.settings), source.camera_id
        known = self._known.get(camera_id)
        if found == known or not found:
            return
        self._known[camera_id] = found
        if known is None:
            device = " ".join(str(found[name]) for name in _DEVICE if found.get(name))
            self._writer.record_camera(self._run_id, camera_id, device, found)
            return
        names = sorted(name for name in {*known, *found} if known.get(name) != found.get(name))
        changed = {name: [known.get(name), found.get(name)] for name in names}
        self._writer.log_event("settings_changed", {"camera": camera_id, "changed": changed})
