"""A camera that is set up by hand: it runs free, and can be set while it does."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from camera.discovery import open_for_settings
from camera.features import FeatureValue, set_features, snapshot
from camera.frame import CameraLost, Frame
from camera.genicam import GenicamSource
from camera.triggers import FreeRun, TriggerPlan
from inspection.commissioning.choice import ChosenCamera

TRIGGERS = "TriggerMode"
STALE_PICTURES = 2
"""Pictures that were exposed, or were about to be, when a setting was written."""
PICTURE_WITHIN_S = 10.0
BUFFERS = 16
"""More than the line has: losses shown shall be the link's, not those of a page that is drawn."""


@dataclass(frozen=True, slots=True)
class LiveCamera:
    """A running camera and its settings; one thread only."""

    source: GenicamSource

    @property
    def node_map(self) -> Any:
        return self.source.node_map

    def fresh_frame(self) -> Frame:
        """A picture that was exposed after this call. Raises CameraLost when none comes."""
        self._empty_buffers()
        frames = self.frames()
        for _ in range(STALE_PICTURES):
            next(frames)
        return next(frames)

    def _empty_buffers(self) -> None:
        """Take what waits; as many pictures as may wait, since one too fast never ends."""
        waiting = BUFFERS
        while waiting and (outcome := self.source.fetch(0.0)) is not None:
            waiting -= isinstance(outcome, Frame)

    def frames(self) -> Iterator[Frame]:
        """Whole pictures, one after the other; raises CameraLost when none comes any more."""
        while True:
            outcome = self.source.fetch(PICTURE_WITHIN_S)
            if outcome is None:
                raise CameraLost(
                    f"{self.source.camera_id}: no picture for {PICTURE_WITHIN_S:g} s: its exposure "
                    "may be longer, or a trigger holds it back"
                )
            if isinstance(outcome, Frame):
                yield outcome


@contextmanager
def open_live(chosen: ChosenCamera, plan: TriggerPlan | None = None) -> Generator[LiveCamera]:
    """The camera with the recipe's settings, running; its triggers go back at the end.

    plan: what starts its pictures; it runs free when left out.
    Raises CameraConfigError when it cannot be opened, as while the line holds it.
    """
    triggers = _triggers(chosen)
    source = GenicamSource(
        chosen.camera_id,
        chosen.producers,
        serial=chosen.wanted.get("serial_number"),
        device_id=chosen.wanted.get("id_"),
        model=chosen.wanted.get("model"),
        features=chosen.features,
        trigger=plan or FreeRun(),
        buffers=BUFFERS,
    )
    source.start()
    try:
        yield LiveCamera(source)
        set_features(source.node_map, triggers, chosen.camera_id)
    finally:
        source.stop()


def _triggers(chosen: ChosenCamera) -> dict[str, FeatureValue]:
    """What the recipe says of triggers, else what the camera has now."""
    with open_for_settings(chosen.producers, chosen.wanted, chosen.camera_id) as node_map:
        settings = snapshot(node_map)
    return {
        name: chosen.features.get(name, value)
        for name, value in settings.items()
        if name.startswith(TRIGGERS)
    }
