"""A line that records without a camera, and a web that is a process of its own."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy import insert

from inspection.judge import (
    Limit,
    Limits,
    OnDoubt,
    ReasonKind,
    Verdict,
    judge,
    not_inspected,
    union,
)
from inspection.live import LiveWriter
from inspection.records import watch_schema
from inspection.records.images import picture_sha256
from inspection.records.record import (
    Account,
    Judgement,
    LedgerEntry,
    PartRecord,
    RunStart,
    TriggerCount,
    ViewRecord,
)
from inspection.records.store import WATCH_FILE, open_writer
from inspection.records.writer import NO_PICTURES, Pictures, RecordWriter
from inspection.web.app import create_app
from inspection.web.serve import listening
from models.findings import Finding, part_score

RECIPE_TOML = """
product = "ring"
[camera]
id = "cam1"
device = { source = "rendered" }
[model]
name = "rings"
[gate]
kind = "simulated"
[[chart]]
name = "rejects"
kind = "p"
subgroup = 20
baseline_subgroups = 3
"""
SIZE_PX = 128
HOUR_NS = 3_600_000_000_000
CHROMIUM = Path("/usr/bin/chromium")
WITHIN_MS = 30_000

expect.set_options(timeout=WITHIN_MS)
SCRATCH = Finding("scratch", 0.93, (40.0, 56.0, 72.0, 64.0), 180.0)
LIMITS = Limits({"scratch": Limit(0.5, 8.0, 0.4)}, OnDoubt.REJECT)


class RecordedLine:
    """Records parts as the line does, one at a time, on disk when the call returns."""

    def __init__(self, folder: Path) -> None:
        self.writer = RecordWriter(folder)
        self.live = LiveWriter(folder, max_hz=1000.0)
        start = RunStart("press-4", "d" * 64, RECIPE_TOML, ("cam1",), "test", time.time_ns())
        self.run_id = self.writer.begin_run(start)
        self.triggers: Counter[str] = Counter()

    def part(
        self,
        *findings: Finding,
        serial: str | None = None,
        lot: str = "L7",
        pixels: np.ndarray[Any, Any] | None = None,
        model: str = "rings-1",
        keep: bool = True,
    ) -> PartRecord:
        """Judge a part that has these findings."""
        number = self.writer.next_part_number
        pixels = metal(number) if pixels is None else pixels
        pixel_format = "Mono8" if pixels.dtype == np.uint8 else "Mono12"
        record = self._record(number, serial, lot, judge(findings, LIMITS))
        view = replace(
            record.views[0],
            image_sha256=picture_sha256(pixels, pixel_format),
            pixel_format=pixel_format,
            limits=LIMITS,
            findings=findings,
            score=part_score(findings),
        )
        record = replace(record, judgement=judged_by(model), views=(view,))
        self._enter(record, {"cam1": pixels} if keep else {})
        self.live.offer(pixels, record, view)
        return record

    def two_views(self, top: Finding, side: Finding) -> PartRecord:
        """Judge a part that two cameras took a picture of, each with one finding."""
        number = self.writer.next_part_number
        verdict = union({"top": judge([top], LIMITS), "side": judge([side], LIMITS)})
        record = self._record(number, None, "L7", verdict)
        pictures = {"top": metal(number), "side": metal(number + 1000)}
        views = tuple(
            replace(
                record.views[0],
                view=name,
                image_sha256=picture_sha256(pictures[name], "Mono8"),
                pixel_format="Mono8",
                limits=LIMITS,
                findings=(finding,),
                score=finding.score,
            )
            for name, finding in (("top", top), ("side", side))
        )
        record = replace(record, judgement=judged_by("rings-1"), views=views)
        self.triggers["L7"] += 1  # two of the one camera, and `_submit` counts one
        self._enter(record, pictures)
        return record

    def lost(self, detail: str = "no picture within 100 ms") -> PartRecord:
        """A trigger for which no picture came."""
        number = self.writer.next_part_number
        record = self._record(number, None, "L7", not_inspected(ReasonKind.LOST, detail))
        lost = replace(record.views[0], ledger=LedgerEntry.LOST)
        record = replace(record, ledger=LedgerEntry.LOST, views=(lost,))
        self._enter(record, {})
        return record

    def good_parts(self, many: int) -> None:
        for _ in range(many):
            self._submit(self._good())
        self._settle()

    def close(self) -> None:
        self.live.close()
        self.writer.close()

    def _good(self) -> PartRecord:
        number = self.writer.next_part_number
        record = self._record(number, None, "L7", judge((), LIMITS))
        view = replace(
            record.views[0], image_sha256="a" * 64, pixel_format="Mono8", limits=LIMITS, score=0.0
        )
        return replace(record, judgement=judged_by("rings-1"), views=(view,))

    def _record(self, number: int, serial: str | None, lot: str, verdict: Verdict) -> PartRecord:
        now_utc_ns = time.time_ns()
        return PartRecord(
            part_number=number,
            serial=f"press-4-{number:07d}" if serial is None else serial,
            lot=lot,
            shift="day",
            shift_began_utc_ns=0,
            run_id=self.run_id,
            captured_utc_ns=now_utc_ns,
            ledger=LedgerEntry.JUDGED,
            verdict=verdict,
            judgement=None,
            views=(ViewRecord("cam1", "cam1", number, None, now_utc_ns, LedgerEntry.JUDGED),),
            judge_ns=12_000_000,
        )

    def _enter(self, record: PartRecord, pictures: Pictures) -> None:
        self._submit(record, pictures)
        self._settle()

    def _submit(self, record: PartRecord, pictures: Pictures = NO_PICTURES) -> None:
        """The triggers are counted in the same commit: no screen may see one without the other."""
        self.triggers[record.lot] += 1
        account = Account(self.run_id, "cam1", record.lot, "day", 0)
        counts = {account: TriggerCount(self.triggers[record.lot])}
        self.writer.submit(record, pictures, counts=counts)

    def _settle(self) -> None:
        self.writer.flush()


def judged_by(model: str) -> Judgement:
    return Judgement("b" * 64, model, "CPUExecutionProvider", 1)


def metal(number: int) -> np.ndarray[Any, Any]:
    """A grey plate of its own for each part, with a bright scratch where SCRATCH says."""
    pixels = np.random.default_rng(number).integers(90, 110, (SIZE_PX, SIZE_PX), np.uint8)
    pixels[58:62, 42:70] = 220
    return pixels


class WebProcess:
    """`passline web` in a process of its own, on a loopback port that stays the same."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Returns once it listens."""
        command = [sys.executable, "-m", "inspection", "web", str(self.folder)]
        self._process = subprocess.Popen(
            [*command, "--port", str(self.port)], stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        said = self._process.stderr.readline()
        assert self.url in said, said + self._process.stderr.read()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def end(self, number: signal.Signals = signal.SIGTERM, within_s: float = 20.0) -> int:
        """Send a signal and wait for the exit code; what it still said is in `last_words`."""
        assert self._process is not None
        process, self._process = self._process, None
        process.send_signal(number)
        try:
            _, self.last_words = process.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        return process.returncode

    def stop(self) -> None:
        if self._process is not None:
            self.end(signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def line(tmp_path: Path) -> Generator[RecordedLine]:
    recorded = RecordedLine(tmp_path)
    yield recorded
    recorded.close()


@pytest.fixture
def web(tmp_path: Path) -> Generator[WebProcess]:
    process = WebProcess(tmp_path)
    process.start()
    yield process
    process.stop()


class WebThread:
    """The same web in a thread of the test, where nobody kills it: starts in no time."""

    def __init__(self, folder: Path) -> None:
        self._app = create_app(folder)
        self._listening = listening("127.0.0.1", 0)
        self._socket = self._listening.__enter__()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(uvicorn.Config(self._app, log_level="warning"))
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))
        self._thread.start()

    def stop(self) -> None:
        self._app.state.station.close_feeds()
        self._server.should_exit = True
        self._thread.join()
        self._listening.__exit__(None, None, None)


class Asker:
    """Asks the web application without a server in between: one request, one answer."""

    def __init__(self, folder: Path) -> None:
        self.app = create_app(folder, own_names=["Press-4.Plant"])

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._ask("GET", path, headers=headers)

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        return self._ask("POST", path, json=body, headers=headers)

    def send(self, path: str, content: bytes, **headers: str) -> httpx.Response:
        return self._ask("POST", path, content=content, headers=headers)

    def close(self) -> None:
        self.app.state.station.records.close()

    def _ask(self, method: str, path: str, headers: dict[str, str], **body: Any) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as web:
                return await web.request(method, path, headers=named, **body)

        return asyncio.run(ask())


@pytest.fixture
def web_thread(tmp_path: Path) -> Generator[WebThread]:
    thread = WebThread(tmp_path)
    yield thread
    thread.stop()


@pytest.fixture
def asker(tmp_path: Path) -> Generator[Asker]:
    asking = Asker(tmp_path)
    yield asking
    asking.close()


class WatchedStation:
    """What a watch has written: one hourly chart of rejects, and whatever a test adds."""

    PLAN = ({"do": "inform", "text": "the shift leader"}, {"do": "hold_lot", "text": ""})

    def __init__(self, folder: Path) -> None:
        self._engine = open_writer(folder, WATCH_FILE, 5.0)
        self.begun_utc_ns = 1_770_000_000_000_000_000
        settings = json.dumps({"subgroup": "hour", "plan": list(self.PLAN)})
        limits = {
            "center": 0.02, "sigma": 1.7, "subgroups": 10, "provisional": True,
            "parts_per_day": 2400.0, "false_alarm_parts": 24_000.0, "seen_after_parts": 900.0,
            "design": {},
        }  # fmt: skip
        self._add(
            watch_schema.charts,
            chart_id=1, name="rejects-by-hour", kind="laney_p", measure="rejects", class_name="",
            camera_id="", settings=settings, alarm=True, state="{}",
        )  # fmt: skip
        self._add(
            watch_schema.stages,
            chart_id=1, number=1, first_part=0, begun_utc_ns=self.begun_utc_ns,
            because="the first part", frozen_part=999, frozen_utc_ns=self.begun_utc_ns + 1,
            limits=json.dumps(limits),
        )  # fmt: skip

    def points(
        self, many: int, *, size: int = 100, signal_at: int | None = None, run_at: int | None = None
    ) -> None:
        """Hours of `size` parts with 1 to 3 % rejects; 9 % at a signal, and a run that ends."""
        for at in range(many):
            rejected = (9 if at == signal_at else 1 + at % 3) * size // 100
            self._add(
                watch_schema.points,
                chart_id=1, number=at, stage=1, label="", first_part=at * size,
                last_part=(at + 1) * size - 1, from_utc_ns=self.begun_utc_ns + at * HOUR_NS,
                to_utc_ns=self.begun_utc_ns + (at + 1) * HOUR_NS - 1, size=size,
                total=float(rejected), value=rejected / size, center=0.02, lower=0.0, upper=0.062,
                rules={signal_at: "nelson1", run_at: "nelson2"}.get(at, ""),
            )  # fmt: skip

    def signal(self, signal_id: int = 1, *, at: int = 0, **diagnosis: Any) -> None:
        """A signal of the hour `at`, with what the watch found that moved with it."""
        self._add(
            watch_schema.signals,
            signal_id=signal_id, chart_id=1, stage=1, rule="nelson1", side="above",
            first_part=at * 100, last_part=at * 100 + 99,
            at_utc_ns=self.begun_utc_ns + at * HOUR_NS, value=0.09, center=0.02, lower=0.0,
            upper=0.062, raised_utc_ns=self.begun_utc_ns + (at + 1) * HOUR_NS,
            diagnosis=json.dumps(diagnosis),
        )  # fmt: skip

    def change(self, text: str, *, at: int) -> None:
        """An annotation in the hour `at`."""
        self._add(
            watch_schema.annotations,
            at_utc_ns=self.begun_utc_ns + at * HOUR_NS + 1, part_number=None, kind="model",
            text=text,
        )  # fmt: skip

    def close(self) -> None:
        self._engine.dispose()

    def _add(self, table: Any, **row: Any) -> None:
        with self._engine.begin() as connection:
            connection.execute(insert(table), row)


@pytest.fixture
def watched(tmp_path: Path) -> Generator[WatchedStation]:
    station = WatchedStation(tmp_path)
    yield station
    station.close()


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("no chromium: apt-get install chromium, then make test")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox"],
        )
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser) -> Generator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1280, "height": 800})
    opened.set_default_timeout(WITHIN_MS)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Generator[Page]:
    """A page that may log no fault."""
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda fault: faults.append(str(fault)))
    opened.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    yield opened
    # What the browser itself notes of a request that failed is no fault of the page.
    notes = ("Failed to load resource", "WebSocket connection to")
    assert [fault for fault in faults if not fault.startswith(notes)] == []
