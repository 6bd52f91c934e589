"""A line that records whatever a test wants, and a watch on its folder."""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from camera.health import PictureHealth
from inspection.judge import Limit, Limits, OnDoubt, Outcome, Reason, ReasonKind, Verdict
from inspection.records.record import Judgement, LedgerEntry, PartRecord, RunStart, ViewRecord
from inspection.records.rows import text_sha256
from inspection.records.writer import RecordWriter
from inspection.watch import Watch
from models.findings import Finding

START_NS = 1_795_000_000_000_000_000 // 3_600_000_000_000 * 3_600_000_000_000  # a full hour
SECOND_NS = 1_000_000_000
LIMITS = Limits({"scratch": Limit(0.5, 4.0, 0.4)}, OnDoubt.REJECT)

RECIPE = """
product = "{product}"
[camera]
id = "cam0"
device = {{ source = "rendered" }}
[model]
name = "ring"
[gate]
kind = "simulated"
{charts}
"""


@dataclass(slots=True)
class Line:
    """Records parts as the line does; a letter is a part.

    p passed, r rejected for a scratch, d rejected for a dent, - came late and was not inspected.
    What it sets here holds for the parts from now on.
    """

    folder: Path
    writer: RecordWriter
    run_id: int = 0
    lot: str = ""
    shift: str = ""
    shift_began_utc_ns: int = 0
    model: str = "ring-1"
    label: str = ""
    limits: Limits = LIMITS
    score: float = 0.1
    health: PictureHealth | None = None
    finding_px: tuple[float, ...] = ()
    now_ns: int = START_NS
    step_ns: int = SECOND_NS
    cameras: tuple[str, ...] = ("cam0",)
    health_of: dict[str, PictureHealth] = field(default_factory=dict[str, PictureHealth])

    def begin(self, charts: str, product: str = "ring") -> None:
        """Begin a run with a recipe."""
        toml = RECIPE.format(charts=charts, product=product)
        start = RunStart("s", text_sha256(toml), toml, self.cameras, "test", self.now_ns)
        self.run_id = self.writer.begin_run(start)

    def judge(
        self, letters: str, scores: Iterable[float] | None = None, *, flush: bool = True
    ) -> None:
        """Record parts; on disk when this returns, or at the next flush. scores: one each."""
        each = iter(scores) if scores is not None else None
        for letter in letters:
            score = self.score if each is None else next(each)
            self.writer.submit(self._record(self.writer.next_part_number, letter, score))
            self.now_ns += self.step_ns
        if flush:
            self.writer.flush()

    def _record(self, number: int, letter: str, score: float) -> PartRecord:
        entry = LedgerEntry.LATE if letter == "-" else LedgerEntry.JUDGED
        view = ViewRecord("cam0", "cam0", number, None, self.now_ns, entry)
        judged = replace(
            view,
            image_sha256="a" * 64,
            pixel_format="Mono8",
            limits=self.limits,
            score=score,
            findings=tuple(Finding("dent", 0.4, (0, 0, 9, 9), area) for area in self.finding_px),
            age_ns=1,
            health=self.health,
        )
        views = tuple(
            replace(
                judged,
                view=camera,
                camera_id=camera,
                health=self.health_of.get(camera, self.health),
            )
            for camera in self.cameras
        )
        return PartRecord(
            part_number=number,
            serial=f"s-{number}",
            lot=self.lot,
            shift=self.shift,
            shift_began_utc_ns=self.shift_began_utc_ns,
            run_id=self.run_id,
            captured_utc_ns=self.now_ns,
            ledger=entry,
            verdict=VERDICTS[letter],
            judgement=None
            if letter == "-"
            else Judgement(self.model, self.label or self.model, "CPU", 1),
            views=(view,) if letter == "-" else views,
            judge_ns=0,
        )


VERDICTS = {
    "p": Verdict(Outcome.PASS),
    "r": Verdict(Outcome.REJECT, (Reason(ReasonKind.DEFECT, "scratch"),)),
    "d": Verdict(Outcome.REJECT, (Reason(ReasonKind.DEFECT, "dent"),)),
    "-": Verdict(Outcome.REJECT, (Reason(ReasonKind.LATE, "412 ms"),)),
}

WatchAll = Callable[[], None]


@pytest.fixture
def line(tmp_path: Path) -> Generator[Line]:
    writer = RecordWriter(tmp_path)
    yield Line(tmp_path, writer)
    writer.close()


@pytest.fixture
def watch_all(tmp_path: Path) -> WatchAll:
    """Starts a watch, has it watch everything on record, and ends it."""

    def step() -> None:
        watch = Watch(tmp_path)
        watch.step()
        watch.close()

    return step
