"""Records of made-up parts, and a real line process that can be killed."""

import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from inspection.judge import Limit, Limits, OnDoubt, Outcome, Reason, ReasonKind, Verdict
from inspection.records.query import RecordReader
from inspection.records.record import (
    Account,
    Judgement,
    LedgerEntry,
    PartRecord,
    RunStart,
    ViewRecord,
)
from inspection.records.writer import RecordWriter
from models.findings import Finding

LIMITS = Limits({"scratch": Limit(0.5, 4.0, 0.4), "dent": Limit(0.6, 9.0, 0.6)}, OnDoubt.REVIEW)
PASS = Verdict(Outcome.PASS)
REJECT = Verdict(Outcome.REJECT, (Reason(ReasonKind.DEFECT, "scratch"),))
LATE = Verdict(Outcome.REJECT, (Reason(ReasonKind.LATE, "412 ms"),))
DOUBT = Verdict(Outcome.PASS, (Reason(ReasonKind.DOUBT, "scratch"),), review=True)
VERDICTS = {"pass": PASS, "reject": REJECT, "late": LATE, "doubt": DOUBT}

MakeRecord = Callable[..., PartRecord]


@pytest.fixture(scope="session")
def run_start() -> RunStart:
    return RunStart("station1", "d" * 64, 'product = "ring"', ("cam0",), "passline 0.1", 1_000)


@pytest.fixture(scope="session")
def make_record() -> MakeRecord:
    """`make_record(7, "reject", run_id=1, image_sha256=...)`: a part with a verdict by name.

    `views=("cam0", "cam1")` gives it one view for each of these cameras.
    """

    def make(
        part_number: int,
        verdict: str = "pass",
        run_id: int = 1,
        views: tuple[str, ...] = ("cam0",),
        **judged: Any,
    ) -> PartRecord:
        late = verdict == "late"
        entry = LedgerEntry.LATE if late else LedgerEntry.JUDGED
        captured_utc_ns = 1_795_372_555_385_782_660 + part_number
        picture: dict[str, Any] = {
            "age_ns": 2_000_000,
            "image_sha256": "a" * 64,
            "pixel_format": "Mono8",
            "limits": LIMITS,
            "findings": (Finding("scratch", 0.7, (1.0, 2.0, 3.5, 4.5), 12.25),),
            "score": 0.7,
        }
        return PartRecord(
            part_number=part_number,
            serial=f"station1-{part_number:07d}",
            lot="lot7",
            shift="night",
            shift_began_utc_ns=1_795_370_000_000_000_000,
            run_id=run_id,
            captured_utc_ns=captured_utc_ns,
            ledger=entry,
            verdict=VERDICTS[verdict],
            judgement=None if late else Judgement("b" * 64, "ring-1", "CPUExecutionProvider", 1),
            views=tuple(
                ViewRecord(
                    view=camera_id,
                    camera_id=camera_id,
                    trigger_id=part_number,
                    frame_id=None,
                    captured_utc_ns=captured_utc_ns,
                    ledger=entry,
                    **({} if late else picture | judged),
                )
                for camera_id in views
            ),
            judge_ns=4_000_000,
        )

    return make


@pytest.fixture(scope="session")
def account() -> Account:
    """Whose triggers the parts of `make_record` are."""
    return Account(1, "cam0", "lot7", "night", 1_795_370_000_000_000_000)


@pytest.fixture
def writer(tmp_path: Path, run_start: RunStart) -> Generator[RecordWriter]:
    """A writer with run 1 begun; a test that breaks it closes it itself."""
    writer = RecordWriter(tmp_path)
    writer.begin_run(run_start)
    yield writer
    writer.close()


@pytest.fixture
def reader(tmp_path: Path) -> Generator[RecordReader]:
    reader = RecordReader(tmp_path)
    yield reader
    reader.close()


@pytest.fixture
def line_process(tmp_path: Path) -> Generator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts a process that records as fast as it can and prints each part that may pass."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("line_process.py")), *arguments],
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
