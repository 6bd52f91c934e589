"""The checks on pictures of worse days, and on pictures of what is no part of the product."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from training.data.dataset import Sample
from training.gate.changed_pictures import STRANGERS, WORSE_DAYS, Change, changed
from training.gate.judging import Part, Rejected, judge_pictures, pair, parts_of, rejected_parts
from training.gate.on_the_line import Judge
from training.gate.report import Answer, Check, Paired
from training.gate.rules import SIGNIFICANT, is_surely_worse
from training.measuring.evaluate import rate

MOST_PARTS = 60
"""Of each kind, good and defective, that are judged under each condition."""
MOST_STRANGERS = 20
TOLERANCE = 0.05
_NO_CHAMPION = "there is no champion to hold them against"


@dataclass(frozen=True, slots=True)
class Judges:
    """The two models at work; champion: None for a station that has none."""

    champion: Judge | None
    challenger: Judge

    @property
    def channels(self) -> int:
        """As many as either model sees: pictures are changed in colour for a model that sees it."""
        models = (self.challenger, self.champion or self.challenger)
        return max(model.session.bundle.card.input.channels for model in models)

    def reject(self, samples: Sequence[Sample]) -> tuple[Rejected | None, Rejected]:
        """Which parts champion and challenger reject."""
        champion = None
        if self.champion is not None:
            champion = rejected_parts(judge_pictures(self.champion, samples))
        return champion, rejected_parts(judge_pictures(self.challenger, samples))


def robustness(judges: Judges, samples: Sequence[Sample], undisturbed: Rejected) -> Check:
    """How both models bear worse pictures of the same parts.

    samples: pictures of whole parts. undisturbed: the challenger's verdicts on them as they are.
    """
    chosen = _some_of_each(samples)
    rates: list[Paired] = []
    for name, change in WORSE_DAYS.items():
        rates += _under(name, change, judges, chosen, undisturbed)
    errors = [paired for paired in rates if paired.what.startswith(("escapes", "false"))]
    worse = [paired for paired in errors if is_surely_worse(paired, TOLERANCE, len(errors))]
    found = "; ".join(f"{paired.more} more {paired.what}" for paired in worse)
    return Check(
        name="robustness",
        rule=_rule("Under no disturbance may the challenger make", "errors", len(errors)),
        answer=_answer(judges, worse),
        found=found or _figures_of("no disturbance", judges),
        rates=tuple(rates),
    )


def strangers(judges: Judges, samples: Sequence[Sample], folder: Sequence[Sample] = ()) -> Check:
    """What share of pictures that are not the product passes: an unknown thing should not.

    samples: of the product, that the strangers are made from. folder: pictures of other products.
    """
    source = [sample for sample in samples if sample.is_good][:MOST_STRANGERS]
    rates: list[Paired] = []
    for name, change in STRANGERS.items():
        with TemporaryDirectory(prefix="passline-gate-") as scratch:
            made = changed(source, change, Path(scratch), judges.channels)
            rates.append(_passing(name, made, judges))
    if folder:
        rates.append(_passing("other products", folder, judges))
    worse = [paired for paired in rates if is_surely_worse(paired, TOLERANCE, len(rates))]
    passing = ", ".join(
        f"{paired.what} {paired.challenger.rate:.0%}"
        for paired in rates
        if paired.challenger.events
    )
    found = f"the challenger passes {passing}" if passing else "the challenger passes none"
    if worse:
        found += f"; surely more than the champion: {', '.join(each.what for each in worse)}"
    return Check(
        name="strangers",
        rule=_rule(
            "Of no kind of picture that is not the product may it pass", "pictures", len(rates)
        ),
        answer=_answer(judges, worse),
        found=found if judges.champion else f"{found}; {_NO_CHAMPION}",
        rates=tuple(rates),
    )


def _under(
    name: str, change: Change, judges: Judges, samples: Sequence[Sample], undisturbed: Rejected
) -> list[Paired]:
    with TemporaryDirectory(prefix="passline-gate-") as folder:
        worse = changed(samples, change, Path(folder), judges.channels)
        champion, challenger = judges.reject(worse)
    parts = parts_of(samples)
    flips = sum(challenger[part.name] != undisturbed[part.name] for part in parts)
    good = [part for part in parts if part.is_good]
    defective = [part for part in parts if not part.is_good]
    return [
        pair(f"escapes, {name}", defective, champion, challenger),
        pair(f"false rejects, {name}", good, champion, challenger),
        Paired(what=f"changed verdicts, {name}", champion=None, challenger=rate(flips, len(parts))),
    ]


def _passing(what: str, samples: Sequence[Sample], judges: Judges) -> Paired:
    """How many of these pass; every one of them should be rejected."""
    champion, challenger = judges.reject(samples)
    unknown = [Part(part.name, frozenset({"stranger"})) for part in parts_of(samples)]
    return pair(what, unknown, champion, challenger)


def _some_of_each(samples: Sequence[Sample]) -> list[Sample]:
    """All pictures of so many good and so many defective parts, spread over the list."""
    parts = parts_of(samples)
    chosen: set[str] = set()
    for kind in (True, False):
        names = [part.name for part in parts if part.is_good is kind]
        step = max(1, -(-len(names) // MOST_PARTS))
        chosen.update(names[::step])
    return [sample for sample in samples if sample.part in chosen]


def _answer(judges: Judges, worse: Sequence[Paired]) -> Answer:
    if judges.champion is None:
        return Answer.NOT_MEASURED
    return Answer.NO if worse else Answer.YES


def _figures_of(what: str, judges: Judges) -> str:
    if judges.champion is None:
        return _NO_CHAMPION
    return f"{what} finds it surely worse than the champion"


def _rule(begin: str, errors: str, tests: int) -> str:
    return (
        f"{begin} surely more {errors} than the champion: more than {TOLERANCE:.0%} of them (at "
        f"least one) in addition, with p < {SIGNIFICANT} / {tests} (exact McNemar, Bonferroni)."
    )
