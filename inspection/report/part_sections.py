"""The sections of a report that are about parts: counts, ledger, causes, reviews, changes."""

from collections import Counter
from collections.abc import Iterator, Mapping

from inspection.errors import RecipeError
from inspection.recipe import parse_recipe
from inspection.records.desk import Desk
from inspection.records.period import PartRange, PeriodReader, Reject, classes_of
from inspection.records.query import AccountLedger, RecordReader
from inspection.records.signal_desk import SignalDesk
from inspection.records.words import class_in_words, event_in_words
from inspection.report.document import Section, Table
from inspection.report.figures import count, moment, share
from inspection.report.period import Period
from inspection.spc.capability import pareto

_EVENTS_A_PAGE = 1000
_ENTRIES = ("triggers", "judged", "late", "incomplete", "lost", "waiting")


def header_section(records: RecordReader, period: PeriodReader, parts: PartRange) -> Section:
    """Which product, recipe, model and lots."""
    lines: list[str] = []
    for run_id in period.runs(parts):
        run = records.run(run_id)
        if run is not None:
            digest = run.start.recipe_digest[:12]
            product = _product(run.start.recipe_toml)
            lines.append(
                f"Run {run_id}: product {product}, recipe {digest}, cameras "
                f"{', '.join(run.start.cameras)}, since {moment(run.start.started_utc_ns)}, "
                f"Passline {run.start.software}"
            )
    models = [f"{label} ({count(many)} parts)" for label, many in period.models(parts)]
    lines.append(f"Model: {', '.join(models) or 'no part was judged'}")
    lines.append(f"Lot: {', '.join(lot or 'without a name' for lot in period.lots(parts))}")
    lines.append(f"Parts {parts.first_part} to {parts.last_part}")
    return Section("What was inspected", tuple(lines))


def count_section(period: PeriodReader, parts: PartRange) -> Section:
    """Parts by verdict, each share with n and its exact 95 % interval."""
    found = period.counts(parts)
    rows = (
        ("Parts", count(found.parts)),
        ("Passed", share(found.parts - found.rejected, found.parts)),
        ("Rejected", share(found.rejected, found.parts)),
        ("of these inspected", share(found.rejected_inspected, found.inspected)),
        ("Not inspected", share(found.parts - found.inspected, found.parts)),
        ("Passed on doubt, to be looked at", share(found.review, found.parts)),
    )
    about = "Shares with exact 95 % intervals (Clopper-Pearson)."
    return Section("Parts", (about,), Table(("", "share (95 % interval), of"), rows))


def ledger_section(
    records: RecordReader, period: PeriodReader, asked: Period, parts: PartRange | None
) -> Iterator[Section]:
    """The frame ledger of the shift, camera by camera; of other periods what parts can say."""
    shift = asked.shift
    if shift is None:
        if parts is not None:
            yield _entries_section(period, parts)
        return
    accounts = [
        one
        for one in records.accounts()
        if (one.account.shift, one.account.shift_began_utc_ns) == (shift.name, shift.began_utc_ns)
    ]
    by_camera = _by_camera(accounts)
    rows = [(camera, *map(count, sums), _balance(sums)) for camera, sums in by_camera.items()]
    off = [camera for camera, sums in by_camera.items() if _difference(sums) != 0]
    line = (
        f"The ledger does not balance: {', '.join(off)}. Find out before the parts are shipped."
        if off
        else "Every trigger is accounted for."
    )
    table = Table(("camera", *_ENTRIES, "balance"), tuple(rows))
    yield Section("Frame ledger", (line,), table, alarm=bool(off))


def pareto_sections(rejects: list[Reject]) -> Iterator[Section]:
    """Causes of rejects: by defect class, and by camera, lot and shift where there are several."""
    if not rejects:
        yield Section("Causes of rejects", ("No reject in this period.",))
        return
    classes = {class_in_words(name): many for name, many in classes_of(rejects).items()}
    about = f"{count(len(rejects))} rejects; a part counts in each of its defect classes."
    yield Section("Causes of rejects", (about,), _pareto("defect class", classes))
    for name, named in (
        ("camera of the worst view", [one.camera_id for one in rejects]),
        ("lot", [one.lot or "without a name" for one in rejects]),
        ("shift", [one.shift or "without a name" for one in rejects]),
    ):
        counts = Counter(named)
        if len(counts) > 1:
            yield Section(f"Rejects by {name}", (), _pareto(name, counts))


def review_section(desk: Desk, rejects: list[Reject], period: Period) -> Section:
    """What people said of the rejects, and what came back from the field."""
    numbers = {reject.part_number for reject in rejects}
    reviews = [review for number, review in desk.reviews().items() if number in numbers]
    overruled = [review for review in reviews if not review.agrees]
    lines = [f"Rejects reviewed: {share(len(reviews), len(rejects))}"]
    if reviews:
        lines.append(f"False rejects among the reviewed: {share(len(overruled), len(reviews))}")
    reasons = Counter(review.reason for review in overruled)
    came_back = [
        f"{entry.serial} came back, registered by {entry.who}"
        + (f": {entry.note}" if entry.note else "")
        for entry in desk.returns()
        if period.since_utc_ns <= entry.at_utc_ns < period.until_utc_ns
    ]
    table = _pareto("why a reject was overruled", reasons) if reasons else None
    return Section("Reviews and returns", (*lines, *came_back), table)


def change_section(records: RecordReader, signals: SignalDesk, period: Period) -> Section:
    """What changed or happened at the station, and the notes of the staff, by time."""
    told: list[tuple[int, str, str]] = []
    after = 0
    while page := records.events_after(after, _EVENTS_A_PAGE):
        after = page[-1].id
        told += [(event.at_utc_ns, "event", event_in_words(event)) for event in page]
    told += [(note.at_utc_ns, "note", note.text) for note in signals.notes()]
    rows = tuple(
        (moment(at), kind, text)
        for at, kind, text in sorted(told)
        if period.since_utc_ns <= at < period.until_utc_ns
    )
    if not rows:
        return Section("Changes and notes", ("Nothing is on record.",))
    return Section("Changes and notes", (), Table(("time", "", "what"), rows))


def _product(recipe_toml: str) -> str:
    try:
        return parse_recipe(recipe_toml, "the recipe on record").product
    except RecipeError:
        return "(recipe of another Passline)"


def _entries_section(period: PeriodReader, parts: PartRange) -> Section:
    rows = tuple(
        (one.camera_id, *map(count, (one.judged, one.late, one.incomplete, one.lost)))
        for one in period.entries(parts)
    )
    line = "Triggers are counted by shift; the report of a whole shift says whether they balance."
    return Section(
        "Frame ledger", (line,), Table(("camera", "judged", "late", "incomplete", "lost"), rows)
    )


def _by_camera(accounts: list[AccountLedger]) -> Mapping[str, list[int]]:
    sums: dict[str, list[int]] = {}
    for one in accounts:
        own = [getattr(one.ledger, entry) for entry in _ENTRIES]
        before = sums.get(one.account.camera_id, [0] * len(_ENTRIES))
        sums[one.account.camera_id] = [a + b for a, b in zip(before, own, strict=True)]
    return sums


def _difference(sums: list[int]) -> int:
    return sums[0] - sum(sums[1:])


def _balance(sums: list[int]) -> str:
    difference = _difference(sums)
    if difference == 0:
        return "balanced"
    return f"{count(abs(difference))} {'missing' if difference > 0 else 'too many'}"


def _pareto(name: str, counts: Mapping[str, int]) -> Table:
    rows = tuple(
        (row.name, count(row.count), f"{100 * row.share:.1f} %", f"{100 * row.cumulative:.1f} %")
        for row in pareto(counts)
    )
    return Table((name, "count", "share", "cumulative"), rows)
