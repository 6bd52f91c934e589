"""Records parts without end and prints the number of each part once it may pass.

python line_process.py DATA [--largest-file BYTES]: with a largest file size, which the kernel
enforces, the disk is 'full' soon; the error is printed then, and the process ends with 3.
"""

import os
import resource
import sys
from pathlib import Path

import numpy as np

from inspection.errors import RecordsError
from inspection.judge import Limit, Limits, OnDoubt, Outcome, Verdict
from inspection.records.images import picture_sha256
from inspection.records.record import (
    Judgement,
    LedgerEntry,
    PartRecord,
    RunStart,
    ViewRecord,
)
from inspection.records.writer import RecordWriter

LIMITS = Limits({"scratch": Limit(0.5, 4.0, 0.4)}, OnDoubt.REJECT)
PICTURE = np.arange(64 * 64, dtype=np.uint8).reshape(64, 64)
PICTURE_EVERY = 5


def main(folder: Path, largest_file: int | None) -> None:
    writer = RecordWriter(folder, batch=16)
    run_id = writer.begin_run(RunStart("station1", "d", "toml", ("cam0",), "test", 0))
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    while True:
        number = writer.next_part_number
        pictures = {"cam0": PICTURE} if number % PICTURE_EVERY == 0 else {}
        writer.submit(record(number, run_id), pictures, may_pass)


def may_pass(record: PartRecord) -> None:
    os.write(1, f"{record.part_number}\n".encode())


def record(number: int, run_id: int) -> PartRecord:
    view = ViewRecord(
        view="cam0",
        camera_id="cam0",
        trigger_id=number,
        frame_id=None,
        captured_utc_ns=number,
        ledger=LedgerEntry.JUDGED,
        image_sha256=picture_sha256(PICTURE, "Mono8"),
        pixel_format="Mono8",
        limits=LIMITS,
        score=0.0,
    )
    return PartRecord(
        part_number=number,
        serial=f"station1-{number:07d}",
        lot="",
        shift="day",
        shift_began_utc_ns=0,
        run_id=run_id,
        captured_utc_ns=number,
        ledger=LedgerEntry.JUDGED,
        verdict=Verdict(Outcome.PASS),
        judgement=Judgement("b", "ring-1", "CPU", 1),
        views=(view,),
        judge_ns=0,
    )


if __name__ == "__main__":
    limit = int(sys.argv[3]) if sys.argv[2:3] == ["--largest-file"] else None
    try:
        main(Path(sys.argv[1]), limit)
    except RecordsError as error:
        os.write(1, f"stopped: {error}\n".encode())
        sys.exit(3)
