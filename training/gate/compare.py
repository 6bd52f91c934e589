"""The gate as a whole: two bundles, one set of parts, all checks."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

from inspection.recipe import Recipe
from models.bundle import Bundle
from models.session import ModelSession
from training.data.dataset import Dataset, Sample
from training.data.lineage import read_lineage
from training.data.split import locked
from training.errors import TrainingError
from training.gate.accuracy import accuracy_checks, past_escapes
from training.gate.conditions import Judges, robustness, strangers
from training.gate.cost import USUAL, Allowance, latency, memory
from training.gate.judging import (
    JudgedPicture,
    Part,
    by_part,
    judge_pictures,
    parts_of,
    rejected_parts,
)
from training.gate.on_the_line import Judge, as_its_champion_runs, limits_on_the_line
from training.gate.promises import int8_loss, parity
from training.gate.report import (
    Check,
    Contender,
    DataUsed,
    Difference,
    GateReport,
    contender,
    passes,
)


@dataclass(frozen=True, slots=True)
class Exam:
    """What two bundles are compared on, and by.

    dataset: its locked parts judge. escaped: names of parts that once escaped; those of them in the
    data set are judged too, locked or not. strangers: pictures of other products.
    recipe: the station's, whose limits override those on the cards, as on the line; None for none.
    """

    dataset: Dataset
    escaped: frozenset[str] = frozenset()
    strangers: Sequence[Sample] = ()
    allowed: Allowance = USUAL
    recipe: Recipe | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A part that one model got wrong and the other right, with what each saw on its picture.

    champion: None where there is none.
    """

    difference: Difference
    champion: JudgedPicture | None
    challenger: JudgedPicture


@dataclass(frozen=True, slots=True)
class Comparison:
    """The gate's report, and the pictures that its page shows."""

    report: GateReport
    shown: tuple[Shown, ...]


def compare(
    challenger: Bundle,
    champion: Bundle | None,
    exam: Exam,
    report: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Let both bundles judge the same parts, and put every check to the challenger.

    report: called with what comes next, in words.
    Raises TrainingError when there are no locked parts, when the challenger does not say what it
    learnt from, or when it learnt from one of them; BundleError for a bundle that does not run;
    RecipeError for a challenger that does not fit the recipe.
    """
    held = locked_samples(challenger, exam.dataset)
    names = {sample.part for sample in held}
    past = [each for each in exam.dataset.samples if each.part in exam.escaped - names]
    judges = _judges(challenger, champion, exam.recipe)
    judged = _judged(judges, [*held, *past], report)
    checks = _checks(judges, judged, held, past, exam, report)
    shown = tuple(_differences(judged, held))
    return Comparison(
        GateReport(
            made_utc=datetime.now(UTC).isoformat(timespec="seconds"),
            software=f"passline {version('passline')}",
            challenger=_contender(judges.challenger),
            champion=None if judges.champion is None else _contender(judges.champion),
            judged_by=_in_words(exam.recipe),
            data=_data(held, exam.dataset.source),
            checks=checks,
            differences=tuple(each.difference for each in shown),
            passed=passes(checks),
        ),
        shown,
    )


def locked_samples(challenger: Bundle, dataset: Dataset) -> tuple[Sample, ...]:
    """The pictures of locked parts, none of which the challenger or its ancestors learnt from."""
    held = locked(dataset.samples)
    if not held:
        raise TrainingError(
            f"{dataset.source}: none of {len(dataset.samples)} pictures is of a locked part; "
            "about one part in five is: bring more parts"
        )
    learnt = {sample.part for sample in held} & set(read_lineage(challenger).learnt_from)
    if learnt:
        raise TrainingError(
            f"{challenger.label} learnt from {len(learnt)} of the parts that are to judge it, "
            f"such as {min(learnt)!r}: it cannot be promoted on them"
        )
    return held


@dataclass(frozen=True, slots=True)
class _JudgedByBoth:
    """What both models say of every picture; champion: None where there is none."""

    champion: tuple[JudgedPicture, ...] | None
    challenger: tuple[JudgedPicture, ...]


def _judges(challenger: Bundle, champion: Bundle | None, recipe: Recipe | None) -> Judges:
    own = Judge(ModelSession(challenger), limits_on_the_line(challenger.card, recipe))
    if champion is None:
        return Judges(None, own)
    known = None if recipe is None else as_its_champion_runs(recipe, champion.card)
    return Judges(Judge(ModelSession(champion), limits_on_the_line(champion.card, known)), own)


def _contender(judge: Judge) -> Contender:
    return contender(judge.session.bundle, judge.limits)


def _in_words(recipe: Recipe | None) -> str:
    if recipe is None:
        return "the limits on each model's card"
    views = "" if len(recipe.view_names) == 1 else f"; views of a part: {recipe.fusion.views}"
    own = ", ".join(sorted(recipe.limits)) or "no class"
    return f"the recipe for {recipe.product}, which sets limits of {own}{views}"


def _judged(
    judges: Judges, samples: Sequence[Sample], report: Callable[[str], None]
) -> _JudgedByBoth:
    report(f"judging {len(samples)} pictures")
    champion = judges.champion
    return _JudgedByBoth(
        None if champion is None else tuple(judge_pictures(champion, samples)),
        tuple(judge_pictures(judges.challenger, samples)),
    )


def _checks(
    judges: Judges,
    judged: _JudgedByBoth,
    held: Sequence[Sample],
    past: Sequence[Sample],
    exam: Exam,
    report: Callable[[str], None],
) -> tuple[Check, ...]:
    champion = None if judged.champion is None else rejected_parts(judged.champion)
    challenger = rejected_parts(judged.challenger)
    checks = list(accuracy_checks(parts_of(held), champion, challenger))
    checks.append(past_escapes(parts_of([*held, *past]), exam.escaped, champion, challenger))
    report("judging pictures of worse days")
    checks.append(robustness(judges, held, challenger))
    report("judging pictures of what is not the product")
    checks.append(strangers(judges, held, exam.strangers))
    report("measuring time and memory")
    champion_runs = None if judges.champion is None else judges.champion.session
    challenger_runs = judges.challenger.session
    checks.append(latency(champion_runs, challenger_runs, held, exam.allowed))
    checks.append(memory(champion_runs, challenger_runs, exam.allowed))
    bundle = challenger_runs.bundle
    return (*checks, parity(bundle), int8_loss(bundle))


def _differences(judged: _JudgedByBoth, held: Sequence[Sample]) -> Iterable[Shown]:
    """The locked parts that one model alone got wrong."""
    own, own_rejects = by_part(judged.challenger), rejected_parts(judged.challenger)
    other = None if judged.champion is None else by_part(judged.champion)
    other_rejects = {} if judged.champion is None else rejected_parts(judged.champion)
    for part in parts_of(held):
        rejects, before = own_rejects[part.name], other_rejects.get(part.name, False)
        if rejects != before:
            champion = None if other is None else other[part.name]
            yield _shown(part, own[part.name], champion, before, rejects)


def _shown(
    part: Part,
    own: Sequence[JudgedPicture],
    other: Sequence[JudgedPicture] | None,
    champion_rejects: bool,
    challenger_rejects: bool,
) -> Shown:
    """One picture stands for the part: one that was rejected for itself, where there is one."""
    rejecting = own if challenger_rejects or other is None else other
    at = next((at for at, one in enumerate(rejecting) if one.rejected), 0)
    difference = Difference(
        part=part.name,
        picture=own[at].sample.picture.name,
        defects=tuple(sorted(part.classes)),
        champion_rejects=champion_rejects,
        challenger_rejects=challenger_rejects,
    )
    return Shown(difference, None if other is None else other[at], own[at])


def _data(held: Sequence[Sample], source: str) -> DataUsed:
    parts = parts_of(held)
    good = sum(part.is_good for part in parts)
    return DataUsed(
        source=source,
        sha256=Dataset(tuple(held), source).digest(),
        pictures=len(held),
        parts=len(parts),
        good=good,
        defective=len(parts) - good,
    )
