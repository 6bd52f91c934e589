"""A study on the screen: what is asked when, and what it says of people and station."""

import dataclasses

import pytest
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

from inspection.quality.study import next_question, order, station_counts, study_result
from inspection.records.studies import Call, Study, StudyPart

BAD = tuple(StudyPart(number, True, "Ada", number != 2) for number in range(5))
GOOD = tuple(StudyPart(number, False, "Ada", number == 7) for number in range(5, 11))
STUDY = Study(1, "caps", 2, 99, "Ada", 0, BAD + GOOD, None)
TRUTH = {part.part_number: part.bad for part in STUDY.parts}


def answers(appraiser: str, *wrong: tuple[int, int]) -> list[Call]:
    """All of an appraiser's calls, right but for these trials and parts."""
    return [
        Call(appraiser, trial, number, TRUTH[number] != ((trial, number) in wrong))
        for trial in (1, 2)
        for number in order(STUDY, appraiser, trial)
    ]


def test_a_study_can_be_interrupted_anywhere_and_goes_on_with_what_is_missing() -> None:
    asked: list[tuple[int, int]] = []
    calls: list[Call] = []
    while (question := next_question(STUDY, calls, "Mia")) is not None:
        assert (question.asked, question.of) == (len(calls), 22)
        asked.append((question.trial, question.part_number))
        calls.append(Call("Mia", question.trial, question.part_number, False))
    assert asked == [(trial, n) for trial in (1, 2) for n in order(STUDY, "Mia", trial)]
    without_one = calls[:6] + calls[7:]
    question = next_question(STUDY, without_one, "Mia")
    assert question is not None
    assert (question.trial, question.part_number) == asked[6]


def test_every_trial_has_an_order_of_its_own_that_the_seed_on_record_gives_again() -> None:
    orders = [order(STUDY, who, trial) for who in ("Mia", "Ben") for trial in (1, 2)]
    assert len({tuple(one) for one in orders}) == 4
    assert all(sorted(one) == sorted(TRUTH) for one in orders)
    assert order(STUDY, "Mia", 1) == orders[0]
    assert order(dataclasses.replace(STUDY, seed=100), "Mia", 1) != orders[0]


def test_the_answers_of_others_are_not_taken_for_mine() -> None:
    question = next_question(STUDY, answers("Ben"), "Mia")
    assert question is not None
    assert question.asked == 0


def test_who_has_not_finished_is_named_and_left_out() -> None:
    result = study_result(STUDY, answers("Mia") + answers("Ben")[:9])
    assert result.agreement.names == ("Mia", "station")
    assert result.unfinished == (("Ben", 9),)


def test_kappas_are_those_of_another_package() -> None:
    mia = answers("Mia", (1, 0), (2, 3), (2, 8))
    ben = answers("Ben", (1, 9))
    result = study_result(STUDY, mia + ben)
    table = [[0, 0], [0, 0]]
    for call in mia:
        table[call.bad][TRUTH[call.part_number]] += 1
    assert result.agreement.kappas[0].kappa == pytest.approx(
        cohens_kappa(table, return_results=False)
    )
    station = {part.part_number: part.station_bad for part in STUDY.parts}
    bad_calls = {number: int(station[number]) for number in TRUTH}
    for call in mia + ben:
        bad_calls[call.part_number] += call.bad
    rated = [[5 - bad, bad] for bad in bad_calls.values()]
    between = result.agreement.between
    assert between is not None
    assert between.kappa == pytest.approx(fleiss_kappa(rated))


def test_misses_and_false_alarms_are_counted_per_call() -> None:
    result = study_result(STUDY, answers("Mia", (1, 0), (2, 8)))
    mia, station = result.agreement.against_truth
    assert mia.miss == pytest.approx(1 / 10)
    assert mia.false_alarm == pytest.approx(1 / 12)
    assert mia.effectiveness == pytest.approx(9 / 11)
    assert station.miss == pytest.approx(1 / 5)
    assert station.false_alarm == pytest.approx(1 / 6)


def test_the_stations_verdicts_correct_its_rates() -> None:
    counts = station_counts(STUDY)
    assert (counts.bad, counts.bad_rejected, counts.good, counts.good_passed) == (5, 4, 6, 5)
    assert study_result(STUDY, []).station == counts
