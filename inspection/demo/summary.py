"""The table at the end of the story, from the records and the renderer's truth."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.table import Table

from inspection.demo.plot import NEW_DEFECT
from inspection.demo.stage import Stage
from inspection.demo.truth import Truth
from inspection.judge import Outcome
from inspection.records.charts import ChartSignal
from inspection.records.query import StoredPart
from inspection.spc.intervals import clopper_pearson


@dataclass(frozen=True, slots=True)
class ChapterFigures:
    """One chapter: its parts that had a picture, counted against the truth."""

    name: str
    model: str
    parts: int
    rejected: int
    bad: int
    escapes: int
    new_bad: int
    new_escapes: int
    false_rejects: int

    @property
    def good(self) -> int:
        return self.parts - self.bad


def chapter_figures(name: str, parts: Iterable[StoredPart], truth: Truth) -> list[ChapterFigures]:
    """The figures of a chapter, apart for each model that judged in it."""
    by_model: dict[str, list[StoredPart]] = {}
    for part in parts:
        if part.record.judgement is not None and part.record.verdict.inspected:
            by_model.setdefault(part.record.judgement.bundle_label, []).append(part)
    return [_figures(name, model, judged, truth) for model, judged in by_model.items()]


def _figures(name: str, model: str, parts: list[StoredPart], truth: Truth) -> ChapterFigures:
    numbers = [part.record.part_number for part in parts]
    passed = {
        part.record.part_number for part in parts if part.record.verdict.outcome is Outcome.PASS
    }
    bad = {number for number in numbers if truth.is_bad(number)}
    new = {number for number in bad if NEW_DEFECT in truth.classes(number)}
    return ChapterFigures(
        name=name,
        model=model,
        parts=len(parts),
        rejected=len(parts) - len(passed),
        bad=len(bad),
        escapes=len(bad & passed),
        new_bad=len(new),
        new_escapes=len(new & passed),
        false_rejects=len(set(numbers) - bad - passed),
    )


def story_table(chapters: list[ChapterFigures]) -> Table:
    """Parts, verdicts, escapes and false rejects, chapter by chapter, with 95 % intervals."""
    title = "Verdicts against the truth (with 95 % intervals, in %)"
    table = Table(title=title, show_lines=True, padding=(0, 1, 0, 0))  # fits 80 columns
    table.add_column("chapter", no_wrap=True)
    table.add_column("model", no_wrap=True)
    for column in ("parts", "rejected", "escapes", f"of these\n{NEW_DEFECT}", "false rejects"):
        table.add_column(column, justify="right")
    for figures in chapters:
        table.add_row(
            figures.name,
            figures.model,
            str(figures.parts),
            str(figures.rejected),
            _cell(figures.escapes, figures.bad),
            _cell(figures.new_escapes, figures.new_bad),
            _cell(figures.false_rejects, figures.good),
        )
    return table


def station_table(stage: Stage) -> Table:
    """Ledger, chart, latencies, and where the records are."""
    table = Table(title="The station", show_header=False)
    table.add_column()
    table.add_column()
    counts, ledger = stage.reader.counts(), stage.reader.ledger()
    table.add_row("parts", f"{counts.parts}: {counts.passed} passed, {counts.rejected} rejected")
    balance = "balanced" if ledger.difference == 0 else f"NOT balanced: {ledger.difference}"
    table.add_row(
        "ledger",
        f"{ledger.triggers} triggers = {ledger.judged} judged + {ledger.late} late "
        f"+ {ledger.incomplete} incomplete + {ledger.lost} lost ({balance})",
    )
    table.add_row("signals", _signals(stage))
    for event in stage.reader.events_after(0, 1_000_000):
        if event.kind == "run_ended":
            for outcome in ("pass", "reject"):
                took = event.detail[outcome]
                if took["n"]:
                    table.add_row(
                        f"frame to {outcome} signal",
                        f"p50 {took['p50_ms']:.1f} ms, p99 {took['p99_ms']:.1f} ms, n {took['n']}",
                    )
        elif event.kind == "model_changed":
            table.add_row("model changed", f"{event.detail['from']} to {event.detail['to']}")
    table.add_row("records", str(stage.folder))
    return table


def share(events: int, n: int) -> str:
    """`2/19 10.5 % (1.3 to 33.1)`: a share with its exact interval."""
    if n == 0:
        return "0/0"
    lower, upper = clopper_pearson(events, n)
    return f"{events}/{n}  {events / n:.1%} ({lower:.1%} to {upper:.1%})"


def _cell(events: int, n: int) -> str:
    """A share over its exact interval, for a narrow column."""
    if n == 0:
        return "0/0"
    lower, upper = clopper_pearson(events, n)
    return f"{events}/{n}\n{100 * lower:.1f}-{100 * upper:.1f}"


def signal_in_words(raised: ChartSignal) -> str:
    """Which chart, which parts, and whether it is the process or the camera."""
    return (
        f"{raised.chart.name}: parts {raised.first_part} to {raised.last_part}. "
        f"{raised.diagnosis['sentence']}"
    )


def _signals(stage: Stage) -> str:
    raised = stage.watch.signals()
    if not raised:
        return "none"
    return "; ".join(
        f"{one.chart.name}: parts {one.first_part} to {one.last_part}, {one.diagnosis['origin']}"
        for one in raised
    )
