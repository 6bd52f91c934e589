"""An attribute agreement study: what is asked next, and what came of it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from inspection.records.studies import STATION, Call, Study
from inspection.spc.agreement import AgreementStudy, agreement_study
from inspection.spc.rates import StudyCounts


@dataclass(frozen=True, slots=True)
class Question:
    """A part to judge. asked: how many questions came before, `of` how many in all."""

    part_number: int
    trial: int
    asked: int
    of: int


@dataclass(frozen=True, slots=True)
class StudyResult:
    """What a study says.

    agreement: of those who judged every part in every trial, the station last. unfinished: names
    and calls of those who did not, and who are left out. station: its counts against the truth.
    """

    agreement: AgreementStudy
    unfinished: tuple[tuple[str, int], ...]
    station: StudyCounts


def order(study: Study, appraiser: str, trial: int) -> list[int]:
    """The parts in the random order of one appraiser and trial; from the seed on record."""
    numbers = sorted(part.part_number for part in study.parts)
    random.Random(f"{study.seed}/{appraiser}/{trial}").shuffle(numbers)
    return numbers


def next_question(study: Study, calls: Sequence[Call], appraiser: str) -> Question | None:
    """What to ask next, wherever the study was interrupted; None when all is answered."""
    made = {(call.trial, call.part_number) for call in calls if call.appraiser == appraiser}
    of = study.trials * len(study.parts)
    for trial in range(1, study.trials + 1):
        for part_number in order(study, appraiser, trial):
            if (trial, part_number) not in made:
                return Question(part_number, trial, len(made), of)
    return None


def progress(study: Study, calls: Sequence[Call]) -> dict[str, int]:
    """How many calls each appraiser has made, in order of their first."""
    made: dict[str, int] = {}
    for call in calls:
        made[call.appraiser] = made.get(call.appraiser, 0) + 1
    return made


def station_counts(study: Study) -> StudyCounts:
    """The station's verdicts of the study's parts against the truth."""
    bad = [part for part in study.parts if part.bad]
    good = [part for part in study.parts if not part.bad]
    return StudyCounts(
        bad=len(bad),
        bad_rejected=sum(part.station_bad for part in bad),
        good=len(good),
        good_passed=sum(not part.station_bad for part in good),
    )


def study_result(study: Study, calls: Sequence[Call]) -> StudyResult:
    """The whole study: kappas, effectiveness, miss and false-alarm rates, with intervals."""
    numbers = [part.part_number for part in study.parts]
    of = study.trials * len(numbers)
    made = progress(study, calls)
    word = {(call.appraiser, call.trial, call.part_number): int(call.bad) for call in calls}
    trials = range(1, study.trials + 1)
    tables = {
        name: [[word[name, trial, number] for trial in trials] for number in numbers]
        for name, count in made.items()
        if count == of
    }
    stations = {STATION: [[int(part.station_bad)] for part in study.parts]}
    truth = [int(part.bad) for part in study.parts]
    unfinished = tuple((name, count) for name, count in made.items() if count < of)
    return StudyResult(
        agreement_study({**tables, **stations}, truth), unfinished, station_counts(study)
    )
