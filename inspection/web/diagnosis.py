"""Process or camera? What moved with a signal, as the screens show it."""

from collections.abc import Mapping
from typing import Any

from inspection.spc.diagnosis import Origin

_HEADINGS = {
    Origin.CAMERA: "Look at the camera",
    Origin.PROCESS: "Look at the process",
    Origin.SETTINGS: "A setting was changed",
    Origin.UNCLEAR: "Process or camera: not clear",
    Origin.NOTHING: "Nothing else moved",
}


def diagnosis_in_words(diagnosis: Mapping[str, Any]) -> dict[str, Any] | None:
    """Where the change came from and why; None for a signal that could not be diagnosed."""
    if "origin" not in diagnosis:
        return None
    origin = Origin(diagnosis["origin"])
    return {
        "origin": origin.name.lower(),
        "heading": _HEADINGS[origin],
        "reasons": list(diagnosis["reasons"]),
    }
