from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from camera.picture import read_picture
from inspection.errors import RecordsError
from inspection.judge import judge
from inspection.records.answers import AnswerDesk
from inspection.records.desk import Desk
from inspection.records.entries import DeskError, Label
from inspection.records.images import picture_sha256
from inspection.records.record import (
    Judgement,
    LedgerEntry,
    PartRecord,
    RunStart,
    ViewRecord,
)
from inspection.records.writer import RecordWriter
from models.registry import Registry
from models.session import ModelSession
from training.data.authors import Author, Authority
from training.data.dataset import Sample
from training.data.from_records import collect
from training.data.sides import Side
from training.measuring.evaluate import in_force
from training.train import Trained

RECIPE = """
product = "plate"
[camera]
id = "cam0"
{region}
[camera.device]
source = "rendered"
[model]
name = "plate"
[gate]
kind = "simulated"
"""
CORNERS = ((10.0, 10.0), (30.0, 10.0), (30.0, 30.0), (10.0, 30.0))


@dataclass
class Station:
    """A station that judged with a real bundle; its parts are those of the training set."""

    folder: Path
    writer: RecordWriter
    registry: Registry
    session: ModelSession
    desk: Desk
    run_id: int

    def judge(self, picture: Path, keep: bool = True, views: tuple[str, ...] = ("cam0",)) -> int:
        """One part through the station; returns its number."""
        pixels, pixel_format = read_picture(picture)
        found = self.session.predict(pixels).findings
        limits = in_force(self.session.bundle.card.limits)
        number = self.writer.next_part_number
        records = tuple(
            ViewRecord(
                view, "cam0", number, None, 1_000 + number, LedgerEntry.JUDGED,
                image_sha256=picture_sha256(pixels, pixel_format),
                pixel_format=pixel_format,
                limits=limits,
                findings=found,
                score=max((each.score for each in found), default=0.0),
            )
            for view in views
        )  # fmt: skip
        bundle = self.session.bundle
        record = PartRecord(
            number, f"s-{number:07d}", "lot", "day", 0, self.run_id, 1_000 + number,
            LedgerEntry.JUDGED, judge(found, limits),
            Judgement(bundle.digest, bundle.label, self.session.provider, 1), records, 5_000,
        )  # fmt: skip
        self.writer.submit(record, dict.fromkeys(views, pixels) if keep else {})
        self.writer.flush()
        return number

    def samples(self) -> dict[str, Sample]:
        """What training takes, by serial."""
        return {each.part: each for each in collect(self.folder, self.registry).dataset.samples}


@pytest.fixture
def station(trained: Trained, tmp_path: Path) -> Generator[Station]:
    yield from open_station(trained, tmp_path, "")


def open_station(trained: Trained, folder: Path, region: str) -> Generator[Station]:
    registry = Registry(folder / "registry")
    bundle = registry.add(trained.bundle.folder, "test", "judges")
    writer = RecordWriter(folder)
    toml = RECIPE.format(region=region)
    run_id = writer.begin_run(RunStart("s", "d" * 64, toml, ("cam0",), "passline", 1_000))
    desk = Desk(folder)
    yield Station(folder, writer, registry, ModelSession(bundle), desk, run_id)
    desk.close()
    writer.close()


def a_part(trained: Trained, kind: str) -> Path:
    """The picture of a locked part of this kind that the bundle judges rightly."""
    return next(s.picture for s in trained.split.locked if s.picture.parent.parent.name == kind)


def test_what_nobody_looked_at_teaches_nothing(station: Station, trained: Trained) -> None:
    station.judge(a_part(trained, "good"))
    station.judge(a_part(trained, "spot"))
    assert station.samples() == {}


def test_an_overruled_reject_is_a_good_part(station: Station, trained: Trained) -> None:
    number = station.judge(a_part(trained, "spot"))
    station.desk.review(number, False, "a shadow", "ada")
    (sample,) = station.samples().values()
    assert sample.is_good
    assert sample.part == f"s-{number:07d}"


def test_a_confirmed_pass_is_a_good_part(station: Station, trained: Trained) -> None:
    number = station.judge(a_part(trained, "good"))
    station.desk.review(number, True, "", "ada")
    (sample,) = station.samples().values()
    assert sample.is_good


def test_a_confirmed_reject_is_defective_where_the_model_saw_it(
    station: Station, trained: Trained
) -> None:
    picture = a_part(trained, "spot")
    number = station.judge(picture)
    station.desk.review(number, True, "", "ada")
    (sample,) = station.samples().values()
    ((name, seen),) = sample.masks()
    truth = cv2.imread(str(picture.with_stem(picture.stem + "_mask")), cv2.IMREAD_GRAYSCALE)
    assert truth is not None
    overlap = np.logical_and(seen, truth > 0).sum() / np.logical_or(seen, truth > 0).sum()
    assert name == "spot"
    assert overlap > 0.3


def test_a_part_that_came_back_is_defective_where_it_was_outlined(
    station: Station, trained: Trained
) -> None:
    number = station.judge(a_part(trained, "good"))
    station.desk.review(number, True, "", "ada")  # the operator had thought it good
    station.desk.register_return(number, "customer", labels=(Label("rust", CORNERS),))
    (sample,) = station.samples().values()
    ((name, mask),) = sample.masks()
    assert name == "rust"
    assert mask.sum() == 21 * 21


def test_an_outline_belongs_to_the_view_that_it_names(station: Station, trained: Trained) -> None:
    number = station.judge(a_part(trained, "good"), views=("cam0.dark", "cam0.bright"))
    outline = Label("rust", CORNERS, view="cam0.bright")
    station.desk.register_return(number, "customer", labels=(outline,))
    (sample,) = collect(station.folder, station.registry).dataset.samples
    assert sample.picture.name == f"{number}-s-{number:07d}.1.png"
    assert sample.classes == {"rust"}
    with pytest.raises(DeskError, match=r"has no view 'cam9'; it has cam0\.dark, cam0\.bright"):
        station.desk.register_return(number, "x", labels=(Label("rust", CORNERS, view="cam9"),))


def test_every_view_of_a_good_part_is_a_picture_of_it(station: Station, trained: Trained) -> None:
    number = station.judge(a_part(trained, "good"), views=("cam0.dark", "cam0.bright"))
    station.desk.review(number, True, "", "ada")
    samples = collect(station.folder, station.registry).dataset.samples
    assert [sample.is_good for sample in samples] == [True, True]
    assert {sample.part for sample in samples} == {f"s-{number:07d}"}


def test_what_cannot_be_used_is_counted_with_its_reason(station: Station, trained: Trained) -> None:
    good = a_part(trained, "good")
    unseen, returned, missed = (station.judge(good, keep=keep) for keep in (False, True, True))
    station.desk.review(unseen, True, "", "ada")
    station.desk.register_return(returned, "customer")
    station.desk.review(missed, False, "a spot there", "ada")
    collected = collect(station.folder, station.registry)
    assert collected.dataset.samples == ()
    assert collected.left_out == {
        "no picture was kept": 1,
        "came back, and nobody outlined the defect": 1,
        "passed wrongly, and nobody outlined the defect": 1,
    }


def test_a_reject_by_a_bundle_that_is_gone_is_left_out(
    station: Station, trained: Trained, tmp_path: Path
) -> None:
    number = station.judge(a_part(trained, "spot"))
    station.desk.review(number, True, "", "ada")
    collected = collect(station.folder, Registry(tmp_path / "another"))
    assert collected.left_out == {"the bundle that judged it is not in the registry": 1}


def test_a_picture_that_was_altered_is_refused(station: Station, trained: Trained) -> None:
    number = station.judge(a_part(trained, "good"))
    station.desk.review(number, True, "", "ada")
    (kept,) = (station.folder / "images").rglob("*.png")
    pixels, _ = read_picture(kept)
    assert cv2.imwrite(str(kept), pixels + np.uint8(1))
    with pytest.raises(RecordsError, match="the record says"):
        station.samples()


def test_only_the_inspected_region_is_learnt_from(trained: Trained, tmp_path: Path) -> None:
    region = "region = {left = 8, top = 0, width = 48, height = 64}"
    for station in open_station(trained, tmp_path, region):
        number = station.judge(a_part(trained, "good"))
        station.desk.register_return(number, "customer", labels=(Label("rust", CORNERS),))
        (sample,) = station.samples().values()
        ((_, mask),) = sample.masks()
        assert sample.pixels().shape == mask.shape == (64, 48)
        assert mask[10:31, 2:23].all()


def test_an_escape_is_locked_and_says_whose_word_it_is(station: Station, trained: Trained) -> None:
    number = station.judge(a_part(trained, "good"))
    station.desk.register_return(number, "customer", labels=(Label("rust", CORNERS),))
    (sample,) = station.samples().values()
    assert sample.side is Side.LOCKED
    assert sample.author == Author(Authority.RETURN, "customer")
    assert sample.lot == "lot"


def test_a_reject_outlined_at_the_label_queue_is_learnt_from_as_it_was_outlined(
    station: Station, trained: Trained
) -> None:
    number = station.judge(a_part(trained, "spot"))
    answers = AnswerDesk(station.folder)
    answers.answer(number, "ada", (Label("rust", CORNERS, "cam0"),))
    answers.close()
    (sample,) = station.samples().values()
    ((name, mask),) = sample.masks()
    assert (name, int(mask.sum())) == ("rust", 21 * 21)
    assert sample.side is None
    assert sample.author == Author(Authority.OPERATOR, "ada")


def test_a_model_is_the_author_of_an_outline_that_a_person_only_confirmed(
    station: Station, trained: Trained
) -> None:
    number = station.judge(a_part(trained, "spot"))
    station.desk.review(number, True, "", "ada")
    (sample,) = station.samples().values()
    assert sample.author == Author(Authority.MODEL, "ada")
