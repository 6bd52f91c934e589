"""The checks of what a model is for: escapes, false rejects, every class, and past escapes."""

from collections.abc import Sequence

from training.gate.judging import Part, Rejected, pair
from training.gate.report import Answer, Check, Paired
from training.gate.rules import SIGNIFICANT, is_worse, tolerated

MIN_GOOD = 10
MIN_DEFECTIVE = 10
FALSE_REJECT_TOLERANCE = 0.02
CLASS_TOLERANCE = 0.05


def accuracy_checks(
    parts: Sequence[Part], champion: Rejected | None, challenger: Rejected
) -> tuple[Check, ...]:
    """The checks on the locked parts.

    champion, challenger: whether each rejects a part. A station without a champion is held against
    passing everything. A defect of a class that a model does not know is a defect all the same.
    """
    against = champion if champion is not None else {part.name: False for part in parts}
    good = [part for part in parts if part.is_good]
    defective = [part for part in parts if not part.is_good]
    escapes = pair("escapes", defective, against, challenger)
    false_rejects = pair("false rejects", good, against, challenger)
    return (
        _enough(len(good), len(defective)),
        _escapes(escapes),
        _false_rejects(false_rejects),
        _better(escapes, false_rejects),
        _classes(defective, against, challenger),
    )


def past_escapes(
    parts: Sequence[Part], escaped: frozenset[str], champion: Rejected | None, challenger: Rejected
) -> Check:
    """The check on parts that once escaped, locked or not.

    parts: all that were judged. escaped: the names of those that came back or were found later.
    """
    name = "past escapes"
    rule = "Of the parts that escaped before, none that the champion catches now may pass."
    known = [part for part in parts if part.name in escaped and not part.is_good]
    if not known:
        return Check(
            name=name,
            rule=rule,
            answer=Answer.NOT_MEASURED,
            found="no past escape is among the parts",
        )
    paired = pair("past escapes that pass again", known, champion, challenger)
    now = f"{paired.challenger.events} of {len(known)} pass"
    if champion is None:
        found = f"{now}; there is no champion to hold them against"
        answer = Answer.NOT_MEASURED
    else:
        lost = [part.name for part in known if champion[part.name] and not challenger[part.name]]
        answer = Answer.NO if lost else Answer.YES
        found = f"{now}, {len(lost)} of them caught by the champion" + _some(lost)
    return Check(name=name, rule=rule, answer=answer, found=found, rates=(paired,))


def _enough(good: int, defective: int) -> Check:
    enough = good >= MIN_GOOD and defective >= MIN_DEFECTIVE
    few = "" if enough else ": too few"
    return Check(
        name="enough parts",
        rule=f"At least {MIN_GOOD} good and {MIN_DEFECTIVE} defective locked parts judge.",
        answer=_answer(enough),
        found=f"{good} good and {defective} defective locked parts{few}",
    )


def _escapes(escapes: Paired) -> Check:
    return Check(
        name="escapes",
        rule="The challenger lets no more defective parts pass than the champion.",
        answer=_answer(escapes.more <= 0),
        found=_than(escapes.more, "escapes"),
        rates=(escapes,),
    )


def _false_rejects(false_rejects: Paired) -> Check:
    allowed = tolerated(FALSE_REJECT_TOLERANCE, false_rejects.challenger.n)
    return Check(
        name="false rejects",
        rule=(
            f"It rejects at most {FALSE_REJECT_TOLERANCE:.0%} of the good parts (at least one) "
            "more than the champion, and no surely larger number (exact McNemar, "
            f"p < {SIGNIFICANT})."
        ),
        answer=_answer(not is_worse(false_rejects, FALSE_REJECT_TOLERANCE)),
        found=f"{_than(false_rejects.more, 'false rejects')}, {allowed} more tolerated",
        rates=(false_rejects,),
    )


def _better(escapes: Paired, false_rejects: Paired) -> Check:
    fewer = [
        what
        for what, paired in (("escapes", escapes), ("false rejects", false_rejects))
        if paired.more < 0
    ]
    return Check(
        name="better",
        rule="It makes fewer errors of one of the two kinds.",
        answer=_answer(bool(fewer)),
        found=f"fewer {' and fewer '.join(fewer)}"
        if fewer
        else "neither fewer escapes nor fewer false rejects than the champion",
    )


def _classes(defective: Sequence[Part], champion: Rejected, challenger: Rejected) -> Check:
    names = sorted({name for part in defective for name in part.classes})
    by_class = [
        pair(
            f"escapes, {name}",
            [part for part in defective if name in part.classes],
            champion,
            challenger,
        )
        for name in names
    ]
    worse = [paired for paired in by_class if is_worse(paired, CLASS_TOLERANCE)]
    losses = [f"{paired.more} of {paired.challenger.n} more {paired.what}" for paired in worse]
    return Check(
        name="every class",
        rule=(
            f"Of no defect class may more than {CLASS_TOLERANCE:.0%} of the parts (at least one) "
            f"escape in addition, nor surely more (exact McNemar, p < {SIGNIFICANT}), whatever the "
            "sum over the classes."
        ),
        answer=_answer(not worse),
        found="; ".join(losses) or f"{len(names)} classes, none loses more than it may",
        rates=tuple(by_class),
    )


def _answer(holds: bool) -> Answer:
    return Answer.YES if holds else Answer.NO


def _than(more: int, what: str) -> str:
    if more == 0:
        return f"as many {what} as the champion"
    return f"{abs(more)} {what} {'more' if more > 0 else 'fewer'} than the champion"


def _some(names: Sequence[str]) -> str:
    if not names:
        return ""
    return f": {', '.join(names[:5])}" + (", ..." if len(names) > 5 else "")
