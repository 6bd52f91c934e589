"""Holds the camera while a technician sets lens and light, in a thread of its own."""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict
from typing import Any, Generic, TypeVar

from camera.feature_list import describe_feature
from camera.features import set_features
from camera.frame import CameraConfigError, CameraError, CameraLost, Frame
from camera.health import LightReference
from inspection.commissioning.choice import ChosenCamera
from inspection.commissioning.exposure import Exposure, Level, auto_expose, level_of
from inspection.commissioning.live_camera import LiveCamera, open_live
from inspection.commissioning.measures import Progress, Sight, measure, pack, picture_jpeg

TUNABLE = ("ExposureTime", "ExposureTimeAbs", "Gain", "AcquisitionFrameRate")
SHOW_EVERY_NS = 100_000_000
FETCH_S = 0.05
REOPEN_AFTER_S = 1.0
SILENT_AFTER_NS = 2_000_000_000
ANSWER_WITHIN_S = 30.0

Answer = TypeVar("Answer")


class _Wish(Generic[Answer]):
    """What is to be done with the camera, and where the answer goes."""

    def __init__(self, act: Callable[[LiveCamera], Answer]) -> None:
        self._act = act
        self.answer: Future[Answer] = Future()

    def grant(self, live: LiveCamera) -> None:
        """Do it. A camera that is lost meanwhile is lost for all: that is raised here too."""
        try:
            self.answer.set_result(self._act(live))
        except CameraError as fault:
            self.answer.set_exception(fault)
            if isinstance(fault, CameraLost):
                raise


class Tuner:
    """Shows a camera's pictures with their measures, and sets it, until it is stopped.

    A camera that is lost is opened again until it is back; meanwhile `latest` says why.

    Args:
        chosen: the camera; it runs free with the recipe's settings.
        reference: what evenness and focus are held against.
    """

    def __init__(self, chosen: ChosenCamera, reference: LightReference | None = None) -> None:
        self._chosen = chosen
        self._reference = reference
        self._wishes: queue.SimpleQueue[_Wish[Any]] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._progress = Progress()
        self._settings: list[dict[str, Any]] = []
        self._sight: Sight | None = None
        self._fault: str | None = "opening the camera"
        self._best_sharpness = 0.0
        self._is_open = False
        self._thread = threading.Thread(target=self._run, name="tuner", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let the camera go, with its triggers as they were."""
        self._stopping.set()
        self._thread.join()

    def latest(self) -> bytes:
        """The newest picture with its measures, packed; or the fault, without a picture.

        It is measured here, in the caller's thread: taking the pictures must not wait for that.
        Called by one thread at a time.
        """
        sight, fault = self._sight, self._fault
        if sight is None or fault is not None:
            return pack({"fault": fault, "settings": self._settings})
        full_scale = self._chosen.full_scale_of(sight.frame)
        said = measure(sight, full_scale, self._reference)
        self._best_sharpness = max(self._best_sharpness, said["health"]["sharpness"])
        named = {
            "fault": None,
            "camera": self._chosen.camera_id,
            "settings": self._settings,
            "best_sharpness": self._best_sharpness,
        }
        return pack(said | named, picture_jpeg(sight.frame, full_scale))

    def set_feature(self, name: str, value: float) -> list[dict[str, Any]]:
        """Set one of the features that the page offers; gives all of them as read back.

        Raises CameraConfigError when the camera refuses, CameraLost when it is away.
        """
        if name not in TUNABLE:
            raise CameraConfigError(f"{name}: the page sets {', '.join(TUNABLE)}")
        return self._ask(lambda live: self._set(live, name, value))

    def expose(self) -> Exposure:
        """Find the exposure. Raises CameraConfigError, or CameraLost when the camera is away."""
        return self._ask(self._expose)

    def start_over(self) -> None:
        """Forget the best focus so far, and the losses. Raises CameraLost."""
        self._ask(lambda live: self._progress.start_over())
        self._best_sharpness = 0.0

    def _ask(self, act: Callable[[LiveCamera], Answer]) -> Answer:
        if not self._is_open:
            raise CameraLost(f"{self._chosen.camera_id}: not there now")
        wish = _Wish(act)
        self._wishes.put(wish)
        try:
            return wish.answer.result(ANSWER_WITHIN_S)
        except TimeoutError as error:
            raise CameraLost(
                f"{self._chosen.camera_id}: no answer for {ANSWER_WITHIN_S:g} s"
            ) from error

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with open_live(self._chosen) as live:
                    self._is_open = True
                    self._tune(live)
            except CameraError as fault:
                self._fault = str(fault)
            self._is_open = False
            self._refuse_wishes()
            self._stopping.wait(REOPEN_AFTER_S)

    def _tune(self, live: LiveCamera) -> None:
        self._progress, self._settings = Progress(), _read_tunable(live)
        shown_ns, heard_ns = 0, time.monotonic_ns()
        while not self._stopping.is_set():
            self._grant_wishes(live)
            outcome = live.source.fetch(FETCH_S)
            now_ns = time.monotonic_ns()
            if outcome is not None:
                heard_ns = now_ns
                self._progress.count(outcome)
            if isinstance(outcome, Frame) and now_ns - shown_ns >= SHOW_EVERY_NS:
                shown_ns = now_ns
                self._sight, self._fault = self._progress.now(outcome), None
            elif now_ns - heard_ns >= SILENT_AFTER_NS:
                self._fault = f"no picture for {(now_ns - heard_ns) / 1e9:.0f} s"

    def _set(self, live: LiveCamera, name: str, value: float) -> list[dict[str, Any]]:
        set_features(live.node_map, {name: value}, self._chosen.camera_id)
        self._settings = _read_tunable(live)
        return self._settings

    def _expose(self, live: LiveCamera) -> Exposure:
        found = auto_expose(live.node_map, lambda: self._level(live.fresh_frame()))
        self._progress.pause()
        self._settings = _read_tunable(live)
        return found

    def _level(self, frame: Frame) -> Level:
        return level_of(frame.pixels, self._chosen.full_scale_of(frame))

    def _grant_wishes(self, live: LiveCamera) -> None:
        while not self._wishes.empty():
            self._wishes.get().grant(live)

    def _refuse_wishes(self) -> None:
        while not self._wishes.empty():
            gone = CameraLost(f"{self._chosen.camera_id}: went away")
            self._wishes.get().answer.set_exception(gone)


def _read_tunable(live: LiveCamera) -> list[dict[str, Any]]:
    there = [name for name in TUNABLE if live.node_map.has_node(name)]
    return [asdict(describe_feature(live.node_map, name)) for name in there]
