from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from inspection.errors import RecordsError
from inspection.judge import Outcome
from inspection.quality.label_order import in_order
from inspection.quality.label_reasons import disputed, disputed_by_shadow, disputed_in_study
from inspection.quality.novelty import FEWEST_PARTS, novelty
from inspection.records.candidates import Candidate, CandidateFile, Why, proposed
from inspection.records.entries import Review
from inspection.records.shadow_reader import Disagreement
from inspection.records.studies import Call, Study


def candidate(part: int, why: Why, strength: float = 0.5, since: int = 10) -> Candidate:
    return Candidate(part, why, strength, f"{why} {strength}", since)


QUEUE = (
    candidate(1, Why.ESCAPE, 0.1),
    candidate(2, Why.DISAGREEMENT, 0.9),
    candidate(9, Why.DISAGREEMENT, 0.4),
    candidate(3, Why.DISAGREEMENT, 0.4),
    candidate(6, Why.SHADOW, 1.0),
    candidate(4, Why.NEAR_LIMIT, 1.0),
    candidate(5, Why.NOVEL, 1.0),
)


def test_escapes_come_first_then_disagreements_the_shadows_the_limit_and_what_is_novel() -> None:
    for shuffled in permutations(QUEUE):
        assert [each.part_number for each in in_order(shuffled, {})] == [1, 2, 9, 3, 6, 4, 5]


def test_several_reasons_put_a_part_before_its_like() -> None:
    both = (candidate(3, Why.NOVEL, 0.5), candidate(4, Why.NEAR_LIMIT, 0.5))
    queue = in_order((*both, candidate(3, Why.NEAR_LIMIT, 0.5)), {})
    assert [(each.part_number, each.strength) for each in queue] == [(3, 0.75), (4, 0.5)]
    assert [reason.why for reason in queue[0].reasons] == [Why.NEAR_LIMIT, Why.NOVEL]


def test_what_was_answered_since_is_left_out_and_what_arose_later_is_not() -> None:
    assert in_order([candidate(1, Why.NOVEL, since=10)], {1: 10}) == ()
    assert in_order([candidate(1, Why.NOVEL, since=11)], {1: 10}) != ()


def test_the_same_candidate_twice_counts_once() -> None:
    (part,) = in_order([QUEUE[0], QUEUE[0]], {})
    assert len(part.reasons) == 1


def words(*said: tuple[str, bool]) -> list[Review]:
    return [Review(7, agrees, "", who, at) for at, (who, agrees) in enumerate(said)]


@pytest.mark.parametrize(
    ("said", "since"),
    [
        ((), None),
        ((("ada", True),), None),
        ((("ada", True), ("ben", True)), None),
        ((("ada", True), ("ben", False)), 2),
        ((("ada", True), ("ada", False)), None),  # a person may think again
        ((("ada", True), ("ben", False), ("kim", True)), None),  # a third word settles it
        ((("ada", True), ("ben", False), ("kim", True), ("lee", False)), 4),
    ],
)
def test_two_people_who_do_not_agree_are_a_dispute_until_a_third_word(
    said: tuple[tuple[str, bool], ...], since: int | None
) -> None:
    dispute = disputed(words(*said))
    assert (None if dispute is None else dispute.since_utc_ns) == since


def test_a_part_that_a_study_calls_both_bad_and_good_is_disputed() -> None:
    study = Study(1, "caps", 2, 0, "kim", 5, (), None)
    calls = [
        Call(who, trial, part, bad)
        for who, trial, part, bad in (
            ("ada", 1, 1, True), ("ada", 2, 1, False), ("ada", 1, 2, True), ("ada", 2, 2, True),
        )
    ]  # fmt: skip
    (found,) = disputed_in_study(study, calls)
    assert (found.part_number, found.strength) == (1, 1.0)


def test_a_part_unlike_all_others_is_novel_in_whatever_units() -> None:
    chance = np.random.default_rng(1)
    features = chance.normal(0, 1, (200, 6)) * [1, 1e-3, 1e4, 1, 1, 0]
    features[17] = [0, 8e-3, 0, 0, 0, 0]
    strengths = novelty(features)
    assert int(strengths.argmax()) == 17
    assert strengths[17] > 0.2
    assert (strengths == 0).mean() > 0.9


def test_nothing_is_novel_among_a_few_or_among_the_same() -> None:
    assert novelty(np.eye(FEWEST_PARTS - 1)).max() == 0.0
    assert novelty(np.ones((100, 3))).max() == 0.0


def test_candidates_of_all_sources_are_read_and_a_torn_line_waits(tmp_path: Path) -> None:
    shadow, checked = CandidateFile(tmp_path, "shadow"), CandidateFile(tmp_path, "checked")
    shadow.append(QUEUE[0])
    shadow.append(QUEUE[1])
    checked.replace(QUEUE)
    checked.replace(QUEUE[2:3])
    with (tmp_path / "candidates" / "shadow.jsonl").open("a") as file:
        file.write('{"part_number": 3')
    assert proposed(tmp_path) == [QUEUE[2], QUEUE[0], QUEUE[1]]
    assert proposed(tmp_path / "elsewhere") == []


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"why": "fun"}', '{"part_number": 1}'])
def test_a_damaged_candidate_is_named_by_file_and_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "candidates").mkdir()
    (tmp_path / "candidates" / "x.jsonl").write_text(f"{line}\n")
    with pytest.raises(RecordsError, match=r"x\.jsonl, line 1: no candidate"):
        proposed(tmp_path)


def disagreement(part: int, champion: Outcome, scores: tuple[float | None, float]) -> Disagreement:
    other = Outcome.REJECT if champion is Outcome.PASS else Outcome.PASS
    return Disagreement(part, f"s-{part}", "b", "a", champion, scores[0], other, scores[1], (), 10)


def test_of_the_shadows_disagreements_passed_parts_come_first_then_those_far_apart() -> None:
    found = (
        disagreement(1, Outcome.REJECT, (0.9, 0.1)),
        disagreement(2, Outcome.PASS, (0.4, 0.6)),
        disagreement(3, Outcome.PASS, (None, 0.8)),
        disagreement(4, Outcome.REJECT, (0.6, 0.4)),
    )
    queue = in_order((disputed_by_shadow(each, "ring-1", "ring-2") for each in found), {})
    assert [each.part_number for each in queue] == [3, 2, 1, 4]
    assert queue[2].reasons[0].said == "ring-1 says reject, its shadow ring-2 says pass"


def test_any_answer_settles_what_the_shadow_says_later() -> None:
    late = disputed_by_shadow(disagreement(1, Outcome.PASS, (0.1, 0.9)), "ring-1", "ring-2")
    assert in_order([late], {1: 5}) == ()
