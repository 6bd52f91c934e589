import json
from pathlib import Path

import pytest

from models.registry import Registry
from training.data.dataset import Dataset, join, open_dataset
from training.data.lineage import LINEAGE_FILE, Lineage
from training.data.split import is_locked
from training.errors import TrainingError
from training.measuring.gate import PASSES_EVERYTHING, compare
from training.train import Trained


def test_a_challenger_that_knows_the_new_defect_gets_a_yes(
    trained: Trained, spots_only: tuple[Trained, Path], parts: Dataset
) -> None:
    report = compare(trained.bundle, spots_only[0].bundle, parts)
    assert report.passed
    lines = report.escapes_by_class["line"]
    assert lines.champion.events > lines.challenger.events
    assert report.escapes.only_champion >= lines.only_champion > 0
    assert json.loads(json.dumps(report.to_dict()))["passed"] is True


def test_a_challenger_that_forgot_a_defect_gets_a_no_with_the_figures(
    trained: Trained, spots_only: tuple[Trained, Path], parts: Dataset
) -> None:
    report = compare(spots_only[0].bundle, trained.bundle, parts)
    assert not report.passed
    more = report.escapes.challenger.events - report.escapes.champion.events
    assert more > 0
    assert f"{more} escapes more than the champion" in report.against


def test_a_challenger_that_is_as_good_gets_a_no(trained: Trained, parts: Dataset) -> None:
    report = compare(trained.bundle, trained.bundle, parts)
    assert report.against == ("neither fewer escapes nor fewer false rejects than the champion",)
    assert report.escapes.p_value == 1.0


def test_the_first_model_is_measured_against_passing_everything(
    trained: Trained, parts: Dataset
) -> None:
    report = compare(trained.bundle, None, parts)
    assert report.champion == PASSES_EVERYTHING
    assert report.escapes.champion.rate == 1.0
    assert report.passed


def test_too_few_locked_parts_are_a_no(trained: Trained, parts: Dataset) -> None:
    locked = [sample for sample in parts.samples if is_locked(sample.part)]
    few = [s for s in locked if s.is_good][:9] + [s for s in locked if not s.is_good]
    report = compare(trained.bundle, None, Dataset(tuple(few), "few"))
    assert report.against[0].startswith("9 good and ")


def test_a_data_set_without_locked_parts_cannot_judge(trained: Trained, parts: Dataset) -> None:
    free = tuple(sample for sample in parts.samples if not is_locked(sample.part))
    with pytest.raises(TrainingError, match="pictures is of a locked part"):
        compare(trained.bundle, None, Dataset(free, "free"))


def test_a_challenger_is_not_judged_by_parts_it_learnt_from(
    trained: Trained, parts: Dataset, tmp_path: Path
) -> None:
    from training.network.export import hashes, write_card

    for path in trained.bundle.folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    cheat = next(sample.part for sample in parts.samples if is_locked(sample.part))
    Lineage(learnt_from=(cheat,)).write(tmp_path / LINEAGE_FILE)
    card = trained.bundle.card.model_copy(update={"hashes": hashes(tmp_path)})
    with pytest.raises(TrainingError, match="learnt from 1 of the parts that are to judge it"):
        compare(write_card(tmp_path, card), None, parts)


def test_only_locked_parts_judge(trained: Trained, parts: Dataset) -> None:
    report = compare(trained.bundle, None, parts)
    assert report.locked_parts == sum(is_locked(sample.part) for sample in parts.samples)


def test_locked_parts_of_two_sets_judge_together(
    trained: Trained, spots_only: tuple[Trained, Path], parts: Dataset
) -> None:
    both = join([parts, open_dataset(spots_only[1])])
    report = compare(trained.bundle, spots_only[0].bundle, both)
    assert report.locked_parts == sum(is_locked(sample.part) for sample in both.samples)


def test_the_evidence_lies_in_the_registry(
    trained: Trained, spots_only: tuple[Trained, Path], parts: Dataset, tmp_path: Path
) -> None:
    registry = Registry(tmp_path)
    registry.add(trained.bundle.folder, "ada", "knows lines")
    report = compare(trained.bundle, spots_only[0].bundle, parts)
    registry.promote(trained.bundle.label, "ada", "passed the gate", report.to_dict())
    (_, promoted) = registry.history()
    assert promoted.evidence["escapes"]["champion"]["events"] == report.escapes.champion.events
