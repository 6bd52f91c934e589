"""Random faults of a camera, one after another: every trigger must be accounted for.

    python benchmarks/camera_faults.py                       500 faults, a camera in its own process
    python benchmarks/camera_faults.py --in-process --faults 50 --seed 7

Each round opens the simulator with a random fault, something that starts its pictures, and what it
counts of them; takes the outcomes; and opens the camera again when it was lost. It fails when a
trigger comes out twice, not at all or out of order, when a frame shows another part than its
trigger's, when nothing comes for ten seconds, or when the camera does not come back. One silence
is allowed, as nothing can tell it from a belt without parts: a camera triggered by a line that
counts no triggers, and is frozen or obeys none.
"""

import argparse
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from camera.features import FeatureValue
from camera.frame import CameraConfigError, CameraLost, Frame, FrameSource, MissedFrame
from camera.genicam import GenicamSource
from camera.simulator import power_cycle, producer_path
from camera.simulator.frames import write_frames
from camera.triggers import FreeRun, LineTrigger, SoftwareTrigger, TriggerPlan
from camera.worker import WorkerSource
from camera.worker_spec import CameraSpec

Features = dict[str, FeatureValue]
Opener = Callable[[Features, TriggerPlan | None, float], FrameSource]

PARTS = 250
RATE_HZ = 100.0
HANG_S, SILENT_S = 10.0, 0.3
SIDE_PX = 8


class Unbalanced(Exception):
    """A round in which triggers and outcomes do not fit; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """name: what befalls the camera; features: how the simulator is told, from a chance."""

    name: str
    features: Callable[[random.Random], Features]
    shifts_ids: bool = False  # frame ids leap though no part was missed
    hides_losses: bool = False  # a trigger is gone that frame ids know nothing of


FAULTS = (
    Fault("none", lambda chance: {}),
    Fault("drop", lambda chance: {"FaultDropEveryNth": chance.randint(2, 9)}),
    Fault("incomplete", lambda chance: {"FaultIncompleteEveryNth": chance.randint(1, 9)}),
    Fault("torn", lambda chance: {"FaultTornEveryNth": chance.randint(2, 9)}),
    Fault(
        "no picture",
        lambda chance: {"FaultTriggerLostEveryNth": chance.randint(1, 9)},
        hides_losses=True,
    ),
    Fault(
        "late",
        lambda chance: {
            "FaultLateEveryNth": chance.randint(2, 9),
            "FaultLateMs": chance.choice((5, 50, 200)),
        },
    ),
    Fault(
        "id jump",
        lambda chance: {
            "FaultFrameIdJump": chance.choice((-3, 1, 2, 40)),
            "FaultFrameIdJumpAfter": chance.randint(1, 9),
        },
        shifts_ids=True,
    ),
    Fault("payload size", lambda chance: {"FaultPayloadSize": chance.choice((1, 40, 4096))}),
    Fault("height 0", lambda chance: {"FaultHeightZero": True}),
    Fault("padding", lambda chance: {"FaultLinePadding": chance.randint(1, 40)}),
    Fault("freeze", lambda chance: {"FaultFreezeAfter": chance.randint(1, 9)}),
    Fault("gone", lambda chance: {"FaultGoneAfter": chance.randint(1, 9), "FaultGoneMs": 20}),
    Fault("access denied", lambda chance: {"FaultAccessDenied": chance.randint(1, 3)}),
    Fault("slow event", lambda chance: {"FaultSlowEventMs": chance.randint(1, 30)}),
    Fault(
        "ids go round",
        lambda chance: {
            "ReplayFrameIds": "Bits16",
            "ReplayFirstFrameId": chance.randint(65_525, 65_535),
            "FaultDropEveryNth": chance.choice((0, 3)),
        },
    ),
)

COUNTS: tuple[Features, ...] = (
    {},
    {"ReplayChunks": False},
    {"ReplayChunks": False, "ReplayCounters": False},
)


@dataclass(slots=True)
class Tally:
    """What came out of all rounds."""

    triggers: int = 0
    outcomes: Counter[str] = field(default_factory=Counter[str])
    faults: Counter[str] = field(default_factory=Counter[str])
    lost_cameras: int = 0


def main() -> int:
    parser = argparse.ArgumentParser(description="random faults of a camera, one after another")
    parser.add_argument("--faults", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="number of the first fault")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--in-process", action="store_true", help="no process per camera")
    arguments = parser.parse_args()
    logging.getLogger("passline").setLevel(logging.CRITICAL)  # losses are what is asked for here
    with tempfile.TemporaryDirectory() as folder:
        parts = Path(folder) / "parts.frames"
        pictures = [np.full((SIDE_PX, SIDE_PX), part, np.uint8) for part in range(PARTS)]
        write_frames(parts, pictures, "Mono8")
        opener = _opener(parts, in_process=arguments.in_process)
        tally = Tally()
        started = time.perf_counter()
        for number in range(arguments.first, arguments.first + arguments.faults):
            try:
                round_of(random.Random(f"{arguments.seed}:{number}"), opener, tally)
            except Unbalanced as fault:
                print(f"fault {number} of seed {arguments.seed}: {fault}", file=sys.stderr)
                return 1
            if arguments.in_process:
                power_cycle()
    _report(tally, arguments.faults, time.perf_counter() - started)
    return 0


def round_of(chance: random.Random, opener: Opener, tally: Tally) -> None:
    """One fault. Raises Unbalanced."""
    fault, counts = chance.choice(FAULTS), chance.choice(COUNTS)
    plan = chance.choice((FreeRun(RATE_HZ), SoftwareTrigger(RATE_HZ), LineTrigger()))
    features = counts | fault.features(chance) | {"ReplayPartRate": RATE_HZ / 2}
    described = f"{fault.name} {features} {plan}"
    frame_ids_only = isinstance(plan, FreeRun) or (
        isinstance(plan, LineTrigger) and "ReplayCounters" in counts
    )
    gives_nothing = fault.name == "freeze" or features.get("FaultTriggerLostEveryNth") == 1
    may_be_silent = gives_nothing and plan == LineTrigger() and frame_ids_only
    source = opener(features, plan, chance.choice((0.05, 0.2)))
    outcomes: list[Frame | MissedFrame] = []
    is_lost = False
    try:
        source.start()
        is_lost = take(source, chance.randint(5, 30), outcomes, described, may_be_silent)
        waiting = source.triggers - len(outcomes)
        if is_lost or fault.name == "access denied":
            come_back(source, described)
    finally:
        source.stop()
    check(outcomes, described)
    if not (frame_ids_only and (fault.shifts_ids or fault.hides_losses)):
        check_parts(outcomes, described, exact=not frame_ids_only)
    if is_lost and waiting:
        raise Unbalanced(f"{described}: {waiting} triggers had no outcome before CameraLost")
    if waiting < 0:
        raise Unbalanced(f"{described}: {-waiting} outcomes more than triggers")
    tally.triggers += len(outcomes)
    tally.lost_cameras += is_lost
    tally.faults[fault.name] += 1
    tally.outcomes.update(
        "judged" if isinstance(one, Frame) else one.reason.value for one in outcomes
    )


def take(
    source: FrameSource,
    count: int,
    outcomes: list[Frame | MissedFrame],
    described: str,
    may_be_silent: bool,
) -> bool:
    """Take so many outcomes; whether the camera was lost before."""
    last_s = time.monotonic()
    try:
        while len(outcomes) < count:
            outcome = source.fetch(0.05)
            if outcome is not None:
                outcomes.append(_kept(outcome))
                last_s = time.monotonic()
            elif may_be_silent and time.monotonic() - last_s > SILENT_S:
                return False
            elif time.monotonic() - last_s > HANG_S:
                raise Unbalanced(f"{described}: nothing for {HANG_S} s after {len(outcomes)}")
    except CameraLost:
        return True
    return False


def check(outcomes: list[Frame | MissedFrame], described: str) -> None:
    """Every trigger once, and in order."""
    ids = [outcome.trigger_id for outcome in outcomes]
    if ids != list(range(len(ids))):
        raise Unbalanced(f"{described}: triggers came out as {ids}")


def check_parts(outcomes: list[Frame | MissedFrame], described: str, *, exact: bool) -> None:
    """No frame shows another part than its trigger's; without counts, but for the first ones."""
    shown = [(o.trigger_id, int(o.pixels[0, 0])) for o in outcomes if isinstance(o, Frame)]
    first = 0 if exact or not shown else (shown[0][1] - shown[0][0]) % PARTS
    wrong = [(part, at) for part, at in shown if at != (part + first) % PARTS]
    if wrong:
        raise Unbalanced(f"{described}: trigger and the part that its frame shows: {wrong}")


def come_back(source: FrameSource, described: str) -> None:
    """The camera can be opened again, refused or away as it may be for a while."""
    deadline = time.monotonic() + HANG_S
    while True:
        source.stop()
        try:
            source.start()
        except (CameraConfigError, CameraLost) as error:
            if time.monotonic() > deadline:
                raise Unbalanced(f"{described}: did not come back: {error}") from error
            time.sleep(0.01)
            continue
        return


def _opener(parts: Path, *, in_process: bool) -> Opener:
    def in_this(features: Features, plan: TriggerPlan | None, wait_s: float) -> FrameSource:
        options: dict[str, Any] = {"serial": "SIM0", "trigger": plan, "max_wait_s": wait_s}
        given = {"ReplayFrames": str(parts)} | features
        return GenicamSource("camera", [producer_path()], features=given, silence_s=0.05, **options)

    def in_its_own(features: Features, plan: TriggerPlan | None, wait_s: float) -> FrameSource:
        return WorkerSource(
            CameraSpec(
                camera_id="camera",
                producers=(str(producer_path()),),
                serial="SIM0",
                features={"ReplayFrames": str(parts)} | features,
                trigger=plan,
                max_wait_s=wait_s,
            )
        )

    return in_this if in_process else in_its_own


def _kept(outcome: Frame | MissedFrame) -> Frame | MissedFrame:
    """The outcome, with pixels of its own where they were lent."""
    if isinstance(outcome, MissedFrame) or outcome.lease is None:
        return outcome
    kept = Frame(
        outcome.pixels.copy(),
        outcome.pixel_format,
        outcome.camera_id,
        outcome.trigger_id,
        outcome.captured_ns,
        outcome.captured_utc_ns,
    )
    if not outcome.intact():
        raise Unbalanced(f"frame {outcome.trigger_id} was torn in the ring")
    outcome.give_back()
    return kept


def _report(tally: Tally, faults: int, seconds: float) -> None:
    said = ", ".join(f"{count} {name}" for name, count in tally.outcomes.most_common())
    print(f"{faults} faults in {seconds:.0f} s: {tally.triggers} triggers = {said}")
    print(f"cameras lost and opened again: {tally.lost_cameras}")
    print(", ".join(f"{name} {count}" for name, count in tally.faults.most_common()))


if __name__ == "__main__":
    raise SystemExit(main())
