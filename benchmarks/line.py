"""The whole line beside a bare onnxruntime loop: throughput, start, memory, latency.

    python benchmarks/line.py                  all figures, some five minutes
    python benchmarks/line.py --rounds 9       more rounds, tighter medians
    python benchmarks/line.py --only shadow    what a shadow costs the line, alone

Each round runs the bare loop and the line in turn, each as a process of its own on one and the
same core, over the same rendered parts; ratios are taken round by round and their median is
reported, so that a machine that is busy with other things slows both alike. The line without and
with a shadow take turns in the same way, on all cores, as a station has them.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Set
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

PICTURES = 64
MODEL = "metal-cap"
CHALLENGER = "challenger"
PACE_HZ = 10.0
WARM_PARTS = 150
"""So many parts at most pass at that pace until a shadow has judged one and it is measured."""
ALL_CORES = frozenset(os.sched_getaffinity(0))


def main() -> None:
    parser = argparse.ArgumentParser(description="the line beside a bare onnxruntime loop")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--parts", type=int, default=400, help="parts a round")
    parser.add_argument("--bundle", type=Path, help="another model than the shipped one")
    parser.add_argument("--only", choices=("line", "shadow"), help="one half of the figures")
    parser.add_argument("--role", choices=sorted(ROLES), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.role:
        print(json.dumps(ROLES[arguments.role](arguments.folder, arguments.parts)))
        return
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), arguments.bundle)
        if arguments.only != "shadow":
            throughput(Path(folder), arguments.rounds, arguments.parts)
            start_and_memory(Path(folder), arguments.rounds)
            latency(Path(folder))
        if arguments.only != "line":
            beside_a_shadow(Path(folder), arguments.rounds, arguments.parts)


def throughput(folder: Path, rounds: int, parts: int) -> None:
    figures: dict[str, list[dict[str, Any]]] = {role: [] for role in ("bare", "line")}
    for _ in range(rounds):
        for role, results in figures.items():
            results.append(in_process(role, folder, parts, {0}))
    ratios = [
        line["hz"] / bare["hz"] for bare, line in zip(figures["bare"], figures["line"], strict=True)
    ]
    print(f"\nThroughput, {parts} parts a round, one core")
    for role, results in figures.items():
        hz = statistics.median(result["hz"] for result in results)
        peak = statistics.median(result["peak_mib"] for result in results)
        print(f"  {role:5} {hz:7.1f} parts/s   peak memory {peak:6.1f} MiB")
    print(
        f"  line / bare: median {statistics.median(ratios):.3f}, "
        f"{min(ratios):.3f} to {max(ratios):.3f}, {rounds} rounds (at least 0.80 wanted)"
    )


def start_and_memory(folder: Path, rounds: int) -> None:
    bare_s = [start_of(["--role", "first", "--folder", str(folder)]) for _ in range(rounds)]
    starts = [start_of_line(folder) for _ in range(rounds)]
    line_s = [first_s for first_s, _ in starts]
    peak_mib = [peak for _, peak in starts]
    print(f"\nStart of the process to the first verdict, {rounds} rounds")
    print(f"  bare  {statistics.median(bare_s):.2f} s")
    print(f"  line  {statistics.median(line_s):.2f} s (1.0 s wanted)")
    print(f"  peak memory of `passline run` {max(peak_mib):.0f} MiB (at most 250 wanted)")


def latency(folder: Path) -> None:
    print("\nFrame to pass signal at 10 parts/s (with the record on disk before the signal)")
    for name, busy in (("quiet", 0), ("both cores busy", os.cpu_count() or 1)):
        with spinning(busy):
            took = paced_run(folder)
        print(
            f"  {name:16} p50 {took['p50_ms']:6.1f} ms   p99 {took['p99_ms']:6.1f} ms"
            f"   n {took['n']}"
        )


def beside_a_shadow(folder: Path, rounds: int, parts: int) -> None:
    """The line at a pace and at full speed, alone and with a shadow, on all cores in turn."""
    for name, role, of_round in (
        ("10 parts/s", "paced", parts // 4),
        ("full speed", "line", parts),
    ):
        alone: list[dict[str, Any]] = []
        beside: list[dict[str, Any]] = []
        for _ in range(rounds):
            alone.append(in_process(role, folder, of_round, ALL_CORES))
            beside.append(in_process(f"{role}-beside", folder, of_round, ALL_CORES))
        judged = statistics.median(result["shadowed"] / of_round for result in beside)
        print(f"\nA shadow beside the line at {name}, {of_round} parts a round, {rounds} rounds")
        print(f"  it judged {judged:.0%} of the parts; beside it / alone:")
        for what, figure in (("parts/s", "hz"), ("p50 ms", "p50_ms"), ("p99 ms", "p99_ms")):
            compare(what, [each[figure] for each in beside], [each[figure] for each in alone])


def compare(what: str, beside: list[float], alone: list[float]) -> None:
    ratios = [one / other for one, other in zip(beside, alone, strict=True)]
    print(
        f"  {what:8} {statistics.median(beside):6.1f} / {statistics.median(alone):6.1f}   ratio "
        f"{statistics.median(ratios):.3f}, {min(ratios):.3f} to {max(ratios):.3f}"
    )


def prepare(folder: Path, bundle: Path | None) -> None:
    """Render the parts once, and copy the model beside them, with one to be its shadow."""
    import cv2

    from camera.belt import Belt
    from camera.renderer import PartRenderer
    from models.library import library_bundle

    renderer, mix = PartRenderer(seed=5), Belt().mix_at(0)
    shutil.copytree(bundle or library_bundle(MODEL), folder / "bundle")
    shutil.copytree(folder / "bundle", folder / CHALLENGER)
    card = folder / CHALLENGER / "card.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"version": CHALLENGER}))
    (folder / "pictures").mkdir()
    for number in range(PICTURES):
        picture = renderer.render(number, mix).pixels
        cv2.imwrite(str(folder / f"pictures/{number:04d}.png"), picture)


def bare_loop(folder: Path, parts: int) -> dict[str, Any]:
    """What any program must at least do: run the graph on arrays that are ready for it."""
    import onnxruntime as ort

    from models.bundle import open_bundle
    from models.preprocess import prepare as prepare_picture

    bundle = open_bundle(folder / "bundle")
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(bundle.model_path, options, providers=["CPUExecutionProvider"])
    name, output = bundle.card.input.name, bundle.card.output.name
    ready = [prepare_picture(picture, bundle.card.input)[0] for picture in pictures(folder)]
    for planes in ready[:3]:
        session.run([output], {name: planes})
    begin = time.perf_counter()
    for number in range(parts):
        session.run([output], {name: ready[number % PICTURES]})
    return figures(parts, time.perf_counter() - begin)


def whole_line(
    folder: Path, parts: int, pace_hz: float | None = None, beside: bool = False
) -> dict[str, Any]:
    """The line as it is: judge, gate, records on disk; only the camera is an array in memory.

    beside: with a shadow in a process of its own, which has begun before anything is measured.
    """
    from inspection.compose import open_line
    from inspection.line.latency import Latencies
    from inspection.recipe import load_recipe

    with tempfile.TemporaryDirectory(dir=folder) as data_folder, ExitStack() as stack:
        data = Path(data_folder)
        source = MemorySource(pictures(folder), parts, pace_hz)
        line = stack.enter_context(
            open_line(load_recipe(commissioned(data, folder)), data, [source])
        )
        if not beside:
            line.run(lambda: False)
            return figures(parts, source.took_s()) | line.latencies.summary()["pass"]
        seen = 0

        def begins() -> bool:
            nonlocal seen
            seen, line.latencies = shadowed(data), Latencies()
            return seen > 0 or source.triggers >= WARM_PARTS

        take_on_shadow(data, folder / CHALLENGER)
        source.begins = begins
        with passline("shadow", str(data)):
            line.run(lambda: False)
        took = figures(parts, source.took_s()) | line.latencies.summary()["pass"]
        return took | {"shadowed": shadowed(data) - seen}


class MemorySource:
    """Frames from memory, at a pace or each as soon as it is asked for.

    Measures from the first to the last of its parts. These come once it `begins`; until then others
    do, at the pace of a calm belt.
    """

    camera_id = "cam1"

    def __init__(self, frames: list[Any], parts: int, pace_hz: float | None = None) -> None:
        self.begins: Callable[[], bool] = lambda: True
        self.triggers = 0
        self._frames = frames
        self._left = parts
        self._pace_s = 0.0 if pace_hz is None else 1.0 / pace_hz
        self._due_s = self._begin_s = self._end_s = 0.0

    def start(self) -> None:
        self._due_s = time.perf_counter()

    def fetch(self, timeout_s: float) -> Any:
        from camera.frame import Frame, SourceEnded

        if not self._begin_s and self.begins():
            self._begin_s = self._due_s = time.perf_counter()
        if self._left == 0:
            self._end_s = time.perf_counter()
            raise SourceEnded
        time.sleep(max(0.0, self._due_s - time.perf_counter()))
        self._due_s += self._pace_s if self._begin_s else 1.0 / PACE_HZ
        self._left -= self._begin_s > 0.0
        pixels = self._frames[self.triggers % len(self._frames)]
        self.triggers += 1
        now_ns, now_utc_ns = time.monotonic_ns(), time.time_ns()
        return Frame(pixels, "Mono8", self.camera_id, self.triggers - 1, now_ns, now_utc_ns)

    def stop(self) -> None:
        pass

    def took_s(self) -> float:
        return self._end_s - self._begin_s


def take_on_shadow(data: Path, challenger: Path) -> None:
    from models.registry import station_registry

    registry = station_registry(data)
    registry.shadow(registry.add(challenger, "benchmark", "trained").label, "benchmark", "measured")


def shadowed(data: Path) -> int:
    """How many parts the shadow has judged, as far as that is on disk."""
    from inspection.records.shadow_reader import ShadowReader
    from models.registry import station_registry

    of_label = {event.label: event.digest for event in station_registry(data).history()}
    reader = ShadowReader(data)
    counts = reader.counts(of_label[f"{MODEL}-{CHALLENGER}"], of_label[f"{MODEL}-1"])
    reader.close()
    return 0 if counts is None else counts.parts


def first_verdict(folder: Path, parts: int) -> dict[str, Any]:
    """The bare program's start: open the graph, run one picture."""
    bare_loop(folder, 1)
    return {"utc_ns": time.time_ns()}


def start_of(arguments: list[str]) -> float:
    begin_ns = time.time_ns()
    result = subprocess.run(
        [sys.executable, __file__, *arguments], check=True, capture_output=True, text=True
    )
    return (json.loads(result.stdout)["utc_ns"] - begin_ns) / 1e9


def start_of_line(folder: Path) -> tuple[float, float]:
    """Seconds from the start of `passline run` to its first verdict, and its peak memory in MiB."""
    from inspection.records.query import RecordReader

    with tempfile.TemporaryDirectory(dir=folder) as data:
        recipe = commissioned(Path(data), folder, pace_hz=50.0)
        begin_ns = time.time_ns()
        with passline("run", str(recipe), data) as process:
            reader = RecordReader(Path(data))
            while reader.counts().parts < PICTURES:
                time.sleep(0.02)
            peak_mib = peak_of(process.pid)
        record = reader.parts_with_pictures(-1, 1)[0].record
        reader.close()
        return (record.captured_utc_ns + record.judge_ns - begin_ns) / 1e9, peak_mib


def paced_run(folder: Path) -> dict[str, Any]:
    from inspection.records.query import RecordReader

    with tempfile.TemporaryDirectory(dir=folder) as data:
        recipe = commissioned(Path(data), folder, pace_hz=10.0)
        with passline("run", str(recipe), data) as process:
            process.wait()
        reader = RecordReader(Path(data))
        ended = [e for e in reader.events_after(0, 1000) if e.kind == "run_ended"]
        reader.close()
        return dict(ended[0].detail["pass"])


def commissioned(data: Path, folder: Path, pace_hz: float | None = None) -> Path:
    """A recipe over the rendered pictures, in a data folder with the shipped model as champion."""
    from inspection.commission import commission_station
    from inspection.recipe import load_recipe

    pace = "" if pace_hz is None else f"pace_hz = {pace_hz}"
    recipe = data / "recipe.toml"
    recipe.write_text(
        f"""
product = "metal-cap"
verdict_deadline_ms = 5000.0
[camera]
id = "cam1"
max_age_ms = 5000.0
[camera.device]
source = "folder"
path = {json.dumps(str(folder / "pictures"))}
{pace}
[model]
name = "{MODEL}"
[gate]
kind = "simulated"
travel_ms = 1000.0
[keep]
passes_one_in = 20
"""
    )
    commission_station(load_recipe(recipe).recipe, data, folder / "bundle", "benchmark")
    return recipe


def pictures(folder: Path) -> list[Any]:
    import cv2

    paths = sorted((folder / "pictures").iterdir())
    return [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths]


def in_process(role: str, folder: Path, parts: int, cores: Set[int]) -> dict[str, Any]:
    """Run a role in a process of its own, on these cores."""
    command = [sys.executable, __file__, "--role", role, "--folder", str(folder)]
    result = subprocess.run(
        [*command, "--parts", str(parts)],
        check=True,
        capture_output=True,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    return json.loads(result.stdout)


@contextmanager
def passline(*arguments: str) -> Generator[subprocess.Popen[bytes]]:
    """A `passline` process, until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "inspection", *arguments], stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@contextmanager
def spinning(processes: int) -> Generator[None]:
    """So many processes that do nothing but use a core each."""
    spinners = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)
    ]
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


def peak_of(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def figures(parts: int, took_s: float) -> dict[str, Any]:
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"hz": parts / took_s, "peak_mib": peak_mib}


ROLES: dict[str, Callable[[Path, int], dict[str, Any]]] = {
    "bare": bare_loop,
    "line": whole_line,
    "line-beside": partial(whole_line, beside=True),
    "paced": partial(whole_line, pace_hz=PACE_HZ),
    "paced-beside": partial(whole_line, pace_hz=PACE_HZ, beside=True),
    "first": first_verdict,
}

if __name__ == "__main__":
    main()
