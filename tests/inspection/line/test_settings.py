"""What cameras really had, on record."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from camera.frame import CameraLost, Frame

Bench = Any
Capture = Callable[[], Frame]


def test_a_camera_that_comes_back_with_other_settings_is_an_event(
    bench: Bench, good: Capture
) -> None:
    source = bench.source([good, CameraLost("cam1: unplugged"), good])
    had = {"ExposureTime": 800.0, "Gain": 1.0, "DeviceModelName": "eye", "DeviceUserID": ""}
    source.settings = had
    start = source.start

    def start_with_defaults_after_the_first() -> None:
        start()
        if source.starts > 1:
            source.settings = had | {"ExposureTime": 5000.0}

    source.start = start_with_defaults_after_the_first
    with ExitStack() as stack:
        bench.line(stack, source).run(lambda: False)
    (camera,) = bench.reader.run_cameras(1)
    assert (camera.device, camera.settings["ExposureTime"]) == ("eye", 800.0)
    assert bench.events("settings_changed") == [
        {"camera": "cam1", "changed": {"ExposureTime": [800.0, 5000.0]}}
    ]
