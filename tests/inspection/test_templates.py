"""A golden template on the line: read before the first part, on record, and there for a replay."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from camera.frame import Frame
from inspection.commission import commission_station
from inspection.commissioning.diagnosis import State
from inspection.commissioning.station_checks import check_templates
from inspection.compose import open_line
from inspection.errors import RecipeError, RecordsError
from inspection.judge import Outcome, ReasonKind
from inspection.line.shadow_feed import ShadowFeed
from inspection.recipe import Recipe, load_recipe, load_templates, parse_recipe
from inspection.records.desk import Desk
from inspection.records.query import RecordReader, StoredPart
from inspection.replay import replay_part
from inspection.shadow.challenger import Challenger
from inspection.shadow.line_end import LineEnd
from models.bundle import file_sha256, open_bundle
from models.registry import station_registry
from training.data.from_records import collect

SIDE_PX = 128
Picture = NDArray[Any]
Write = Callable[..., Path]

RECIPE = """
product = "board"
station = "press4"
verdict_deadline_ms = 10000.0
[camera]
id = "cam1"
max_age_ms = 10000.0
{camera}
device = {{ source = "folder", path = {pictures} }}
[model]
name = "{model}"
[gate]
kind = "simulated"
travel_ms = 50.0
[keep]
passes_one_in = 1
"""


def board(seed: int = 1, x_px: int = 0, y_px: int = 0) -> Picture:
    """A board that lies so far to the right and down."""
    chance = np.random.default_rng(seed)
    plate = np.full((SIDE_PX + 40, SIDE_PX + 40), 90, np.uint8)
    for x, y in chance.integers(0, SIDE_PX + 40, (20, 2)).tolist():
        cv2.rectangle(plate, (x, y), (x + 14, y + 8), 140, -1)
    return plate[20 - y_px : 20 - y_px + SIDE_PX, 20 - x_px : 20 - x_px + SIDE_PX].copy()


def with_spot(picture: Picture) -> Picture:
    picture = picture.copy()
    picture[60:72, 64:76] = 250
    return picture


PARTS = {
    "0-as-the-template": board(),
    "1-shifted": board(x_px=7, y_px=-5),
    "2-shifted-with-a-spot": with_spot(board(x_px=-6, y_px=4)),
    "3-another-product": board(seed=2),
    "4-blank": np.full((SIDE_PX, SIDE_PX), 100, np.uint8),
}


class Site:
    """A station whose camera is a folder of boards, and whose model compares with a template."""

    def __init__(self, folder: Path, bundle: Path) -> None:
        self.data = folder / "data"
        self.bundle = bundle
        self.golden = folder / "golden.png"
        self.pictures = folder / "pictures"
        self.pictures.mkdir()
        cv2.imwrite(str(self.golden), board())
        for name, picture in PARTS.items():
            cv2.imwrite(str(self.pictures / f"{name}.png"), picture)
        self.recipe_file = folder / "recipe.toml"
        self.write_recipe(f"template = {json.dumps(str(self.golden))}")

    def write_recipe(self, camera: str, model: str = "pair") -> Recipe:
        pictures = json.dumps(str(self.pictures))
        text = RECIPE.format(camera=camera, pictures=pictures, model=model)
        self.recipe_file.write_text(text)
        return self.recipe

    @property
    def recipe(self) -> Recipe:
        return load_recipe(self.recipe_file).recipe

    def commission(self) -> None:
        commission_station(self.recipe, self.data, self.bundle, "ada")

    def run(self) -> list[StoredPart]:
        with open_line(load_recipe(self.recipe_file), self.data) as line:
            line.run(lambda: False)
        reader = RecordReader(self.data)
        parts = [reader.part_by_number(number) for number in range(len(PARTS))]
        reader.close()
        return [part for part in parts if part is not None]


@pytest.fixture
def site(tmp_path: Path, pair_bundle: Path) -> Site:
    return Site(tmp_path, pair_bundle)


def test_parts_are_judged_against_the_template_wherever_they_lie(site: Site) -> None:
    site.commission()
    verdicts = [part.record.verdict for part in site.run()]
    assert [verdict.outcome for verdict in verdicts] == [
        Outcome.PASS, Outcome.PASS, Outcome.REJECT, Outcome.REJECT, Outcome.REJECT,
    ]  # fmt: skip
    assert verdicts[2].reasons[0].detail == "bright"


def test_a_part_that_cannot_be_registered_is_rejected_with_what_was_measured(site: Site) -> None:
    site.commission()
    other, blank = (part.record.verdict.reasons[0] for part in site.run()[3:])
    assert other.kind is ReasonKind.NO_ANSWER
    assert "not like its template: correlation" in other.detail
    assert blank.kind is ReasonKind.NO_ANSWER
    assert "the picture is blank" in blank.detail


def test_the_templates_hash_is_on_record_and_every_part_replays_bit_for_bit(site: Site) -> None:
    site.commission()
    for part in site.run():
        limits = part.record.views[0].limits
        assert limits is not None
        assert limits.template == file_sha256(site.golden)
        replayed = replay_part(site.data, part.record.serial)
        assert replayed.same, replayed.summary()
        assert "was changed since" not in replayed.summary()


def test_a_template_changed_since_is_said_and_the_kept_one_judges(site: Site) -> None:
    site.commission()
    site.run()
    cv2.imwrite(str(site.golden), board(seed=3))
    replayed = replay_part(site.data, "press4-0000002")
    assert replayed.same
    assert f"{site.golden} was changed since: judged by the template kept" in replayed.summary()


def test_a_kept_template_that_was_altered_or_lost_is_no_replay(site: Site) -> None:
    site.commission()
    site.run()
    kept = next((site.data / "templates").iterdir())
    cv2.imwrite(str(kept), board(seed=3))
    with pytest.raises(RecordsError, match=r"SHA-256 of the template is .*, the record says"):
        replay_part(site.data, "press4-0000002")
    kept.unlink()
    with pytest.raises(RecordsError, match=r"the template with SHA-256 \w+ is not there"):
        replay_part(site.data, "press4-0000002")


def test_a_shadow_judges_by_the_template_that_judged_and_not_by_the_file_of_today(
    site: Site,
) -> None:
    site.commission()
    part = site.run()[2]
    cv2.imwrite(str(site.golden), board(seed=2))
    feed, shadow = ShadowFeed(site.data), LineEnd(site.data, 0.05)
    reader = RecordReader(site.data)
    pixels = reader.picture(part, "cam1")
    reader.close()
    while not feed.claim(part.record):
        assert shadow.next() is None  # it asks, and nothing has come
    feed.give(part.record, {"cam1": Frame(pixels, "Mono8", "cam1", 2, 0, 0)}, kept=True)
    while (offered := shadow.next()) is None:
        pass
    shadow.hang_up()
    feed.close()
    bundle = open_bundle(site.bundle)
    answer = Challenger(site.data, bundle, offered.run_id, offered.templates).judge(offered)
    assert answer.verdict == part.record.verdict
    assert answer.views[0].limits == part.record.views[0].limits
    shutil.rmtree(site.data / "templates")
    with pytest.raises(RecordsError, match=r"the template with SHA-256 \w+ is not there"):
        Challenger(site.data, bundle, offered.run_id, offered.templates)


def test_a_region_is_compared_with_the_same_region_of_the_template(site: Site) -> None:
    region = "region = { left = 24, top = 16, width = 96, height = 104 }"
    site.write_recipe(f"template = {json.dumps(str(site.golden))}\n{region}")
    site.commission()
    parts = site.run()
    assert [part.record.verdict.outcome for part in parts[:3]] == [
        Outcome.PASS, Outcome.PASS, Outcome.REJECT,
    ]  # fmt: skip
    left, top, right, bottom = parts[2].record.views[0].findings[0].box_xyxy_px
    assert (left, top) == pytest.approx((64, 60), abs=4)
    assert (right, bottom) == pytest.approx((76, 72), abs=4)


def test_training_learns_from_records_with_the_template_that_judged(site: Site) -> None:
    site.commission()
    site.run()
    site.golden.unlink()
    desk = Desk(site.data)
    desk.review(1, True, "", "ada")
    desk.review(2, True, "", "ada")
    desk.close()
    collected = collect(site.data, station_registry(site.data))
    (defective,) = (sample for sample in collected.dataset.samples if not sample.is_good)
    assert defective.classes == {"bright"}
    golden = defective.template_pixels()
    assert golden is not None
    assert np.array_equal(golden, board())


def test_a_model_of_pairs_without_a_template_is_refused_before_the_first_part(site: Site) -> None:
    site.commission()
    site.write_recipe("")
    with pytest.raises(RecipeError, match=r'compares each picture .* template = "golden.png"'):
        site.run()
    with pytest.raises(RecipeError, match="compares each picture"):
        commission_station(site.recipe, site.data / "other", site.bundle, "ada")
    assert [each.state for each in check_templates(site.recipe, open_bundle(site.bundle))] == [
        State.FAIL
    ]


def test_a_template_for_a_model_without_is_refused(site: Site, spot_bundle: Path) -> None:
    template = f"template = {json.dumps(str(site.golden))}"
    recipe = site.write_recipe(template, model="spot")
    with pytest.raises(RecipeError, match="the recipe names a template, and spot 1 uses none"):
        commission_station(recipe, site.data, spot_bundle, "ada")


def test_the_doctor_says_that_a_template_can_be_used(site: Site) -> None:
    (said,) = check_templates(site.recipe, open_bundle(site.bundle))
    assert said.state is State.OK
    assert "128x128" in said.found


def remove(path: Path) -> None:
    path.unlink()


def cut_to(size_bytes: int) -> Callable[[Path], None]:
    def cut(path: Path) -> None:
        path.write_bytes(path.read_bytes()[:size_bytes])

    return cut


def draw(picture: Picture) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        cv2.imwrite(str(path), picture)

    return write


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (remove, "cannot be read"),
        (cut_to(0), "the file is empty"),
        (cut_to(200), "cut short"),
        (draw(board()[:100]), "is 128x100, the camera's pictures are 128x128"),
        (draw(np.zeros((128, 128), np.uint8)), "blank"),
        (draw(np.dstack([board()] * 3)), "has 3 channel"),
    ],
    ids=["missing", "empty", "cut off", "another size", "blank", "colour"],
)
def test_a_template_that_cannot_be_used_stops_the_start(
    site: Site, write: Callable[[Path], None], said: str
) -> None:
    site.commission()
    write(site.golden)
    with pytest.raises(RecipeError, match=said):
        site.run()
    shutil.rmtree(site.data)
    with pytest.raises(RecipeError, match=said):
        site.commission()


def test_a_template_smaller_than_the_region_is_named(site: Site) -> None:
    region = "region = { left = 0, top = 0, width = 200, height = 100 }"
    recipe = site.write_recipe(f"template = {json.dumps(str(site.golden))}\n{region}")
    with pytest.raises(RecipeError, match="the region ends at 200, 100"):
        load_templates(recipe)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ('"golden.png"', r"each light has a template of its own: template = \{ dark = "),
        ('{ dark = "a.png" }', "templates are for dark; the frames are dark, bright"),
        ('{ dark = "a.png", glow = "b.png" }', "templates are for dark, glow"),
    ],
)
def test_each_light_of_a_camera_has_its_own_template(template: str, said: str) -> None:
    camera = f'frames = ["dark", "bright"]\ntemplate = {template}'
    with pytest.raises(RecipeError, match=said):
        parse_recipe(RECIPE.format(camera=camera, pictures='"p"', model="pair"), "recipe")


def test_views_find_their_templates_by_name() -> None:
    camera = 'frames = ["dark", "bright"]\ntemplate = { bright = "b.png", dark = "d.png" }'
    recipe = parse_recipe(RECIPE.format(camera=camera, pictures='"p"', model="pair"), "recipe")
    assert recipe.cameras[0].templates == {"cam1.dark": "d.png", "cam1.bright": "b.png"}
