"""The gate as a whole, on models whose faults are known."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from inspection.errors import RecipeError
from inspection.recipe import parse_recipe
from models.bundle import Bundle
from training.data.dataset import Dataset
from training.data.split import is_locked
from training.errors import TrainingError
from training.gate.compare import Exam, compare
from training.gate.page import gate_page
from training.gate.report import Answer, GateReport
from training.gate.write import write_json, write_page

MakeModel = Callable[..., Bundle]


def test_a_challenger_that_knows_the_missed_defect_gets_a_yes(
    make_model: MakeModel, exam: Exam, spots: Dataset, tmp_path: Path
) -> None:
    comparison = compare(make_model("2"), make_model("1", dark=1.0), exam)
    report = comparison.report
    assert report.passed, report.against
    (escapes,) = report.check("escapes").rates
    assert escapes.champion is not None
    assert escapes.champion.events == escapes.only_champion > 5
    assert (escapes.challenger.events, escapes.only_challenger) == (0, 0)
    assert report.check("better").found == "fewer escapes"
    locked = [sample for sample in spots.samples if is_locked(sample.part)]
    assert report.data.parts == len(locked) == report.data.good + report.data.defective
    differences = {each.part for each in report.differences}
    assert differences == {each.part for each in locked if "dark" in each.classes}
    _check_page_and_evidence(report, gate_page(comparison))
    write_json(comparison, tmp_path / "gate.json")
    assert GateReport.model_validate_json((tmp_path / "gate.json").read_text()) == report
    with pytest.raises(TrainingError, match="cannot be written"):
        write_page(comparison, tmp_path / "gone" / "gate.html")


def _check_page_and_evidence(report: GateReport, page: str) -> None:
    """The page shows every check and the registry's hash, and holds its pictures itself."""
    evidence = json.loads(json.dumps(report.evidence()))
    assert evidence["report_sha256"] == report.sha256()
    assert evidence["passed"] is True
    assert all(f"<h3>{check.name}: " in page for check in report.checks)
    assert report.sha256() in page
    assert page.count("data:image/jpeg;base64,") == 2 * min(12, len(report.differences))
    assert "http" not in page
    assert "<script" not in page


def test_a_challenger_that_forgot_a_defect_gets_a_no_for_every_reason(
    make_model: MakeModel, exam: Exam
) -> None:
    champion, challenger = make_model("1"), make_model("2", dark=1.0)
    escaped = frozenset(each.part for each in exam.dataset.samples if "dark" in each.classes)
    report = compare(challenger, champion, replace(exam, escaped=escaped)).report
    refused = {check.name for check in report.checks if check.answer is Answer.NO}
    assert refused == {
        "escapes", "better", "every class", "past escapes", "robustness", "strangers",
    }  # fmt: skip
    past = report.check("past escapes").rates[0]
    assert past.challenger.n == len(escaped)  # also those that are not locked
    assert "lamp off 100%" in report.check("strangers").found
    assert any(each.startswith("escapes: ") for each in report.against)


RECIPE = """
product = "cap"
join_timeout_ms = 20
[[camera]]
id = "left"
device = { source = "rendered" }
[[camera]]
id = "right"
device = { source = "rendered" }
[model]
name = "spot"
[gate]
kind = "simulated"
[fusion]
views = "%s"
"""


@pytest.mark.parametrize(("views", "escapes"), [("any", 0.0), ("mean", 1.0)])
def test_views_of_a_part_are_fused_as_the_recipe_fuses_them(
    make_model: MakeModel, spots: Dataset, exam: Exam, views: str, escapes: float
) -> None:
    """Each defect is seen by one camera alone, and the mean of two views is too low for it."""
    locked = [sample for sample in spots.samples if is_locked(sample.part)]
    good = next(sample for sample in locked if sample.is_good)
    other = tuple(replace(good, part=sample.part) for sample in locked)
    both = Dataset((*locked, *other), "two views")
    recipe = parse_recipe(RECIPE % views, "bench")
    strict = {"limits": {"bright": {"score": 0.9}, "dark": {"score": 0.9}}}
    challenger = make_model("2", card=strict)
    report = compare(challenger, None, replace(exam, dataset=both, recipe=recipe)).report
    assert report.check("escapes").rates[0].challenger.rate == escapes
    assert report.check("false rejects").rates[0].challenger.rate == 0.0
    assert report.judged_by.endswith(f"sets limits of no class; views of a part: {views}")


def test_a_recipe_with_a_class_that_only_the_challenger_knows_judges_the_champion_without(
    make_model: MakeModel, exam: Exam
) -> None:
    text = RECIPE.replace("%s", "any") + "[limits.chip]\nscore = 0.7\n"
    recipe = parse_recipe(text, "bench")
    known = {
        "classes": ["bright", "chip"],
        "limits": {name: {"score": 0.5} for name in ("bright", "chip")},
    }
    challenger = make_model("2", card=known)
    report = compare(challenger, make_model("1"), replace(exam, recipe=recipe)).report
    scores = {used.class_name: used.score for used in report.challenger.limits}
    assert scores["chip"] == 0.7
    assert report.champion is not None
    assert "chip" not in {used.class_name for used in report.champion.limits}
    with pytest.raises(RecipeError, match=r"limits\.chip: spot has no such class"):
        compare(make_model("3"), challenger, replace(exam, recipe=recipe))


def test_the_first_model_is_held_against_passing_everything(
    make_model: MakeModel, exam: Exam
) -> None:
    report = compare(make_model("1"), None, exam).report
    assert report.passed
    (escapes,) = report.check("escapes").rates
    assert escapes.champion is not None
    assert escapes.champion.rate == 1.0
    forged = report.model_dump(mode="json") | {"passed": False}
    with pytest.raises(ValueError, match="the checks say otherwise"):
        GateReport.model_validate(forged)
    unknown = {check.name for check in report.checks if check.answer is Answer.NOT_MEASURED}
    assert unknown == {"past escapes", "robustness", "strangers", "latency", "memory"}
    assert report.check("latency").measures[0].challenger > 0.0


def test_a_data_set_without_locked_parts_cannot_judge(
    make_model: MakeModel, spots: Dataset
) -> None:
    free = tuple(sample for sample in spots.samples if not is_locked(sample.part))
    with pytest.raises(TrainingError, match="pictures is of a locked part"):
        compare(make_model("1"), None, Exam(Dataset(free, "free")))


def test_a_challenger_is_not_judged_by_parts_it_learnt_from(
    make_model: MakeModel, spots: Dataset
) -> None:
    cheat = next(sample.part for sample in spots.samples if is_locked(sample.part))
    with pytest.raises(TrainingError, match="learnt from 1 of the parts that are to judge it"):
        compare(make_model("1", learnt_from=(cheat,)), None, Exam(spots))
