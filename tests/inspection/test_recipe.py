from collections.abc import Callable
from pathlib import Path

import pytest

from inspection.errors import RecipeError
from inspection.judge import Fusion, Limits, OnDoubt
from inspection.recipe import Recipe, load_recipe, parse_recipe, resolve_limits
from models.bundle import open_bundle
from models.card import Card

BundleMaker = Callable[..., Path]

RECIPE = """
product = "cap"
[camera]
id = "cam1"
device = { source = "rendered" }
[model]
name = "spot"
[gate]
kind = "simulated"
"""


def recipe(more: str = "", swap: tuple[str, str] = ("", "")) -> Recipe:
    return parse_recipe(RECIPE.replace(*swap) + more, "cap.toml")


def limits_of(recipe: Recipe, card: Card) -> Limits:
    return resolve_limits(recipe, card, recipe.cameras[0])


@pytest.fixture
def card(spot_bundle: Path) -> Card:
    return open_bundle(spot_bundle).card


def test_the_commented_example_is_a_recipe() -> None:
    example = Path(__file__).parents[2] / "examples/metal-cap.toml"
    assert load_recipe(example).recipe.product == "metal-cap"


def test_the_digest_is_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "cap.toml"
    path.write_text(RECIPE)
    before = load_recipe(path).digest
    path.write_text(RECIPE + "# a note\n")
    assert load_recipe(path).digest != before


GENICAM = 'source = "genicam", producers = ["a.cti"], serial = "1", '

BAD_RECIPES = {
    "a pixel format that nobody can read is refused before a camera is opened": (
        ('source = "rendered"', GENICAM + 'features = { PixelFormat = "Mono12packed" }'),
        "features: .* format Mono12packed is not known; did you mean 'Mono12Packed'.* known are",
    ),
    "an unknown key is named with the nearest known one": (
        ("[gate]", "[keep]\npasses_onein = 3\n[gate]"),
        "keep.passes_onein: no such key; did you mean 'passes_one_in'",
    ),
    "an unknown section": (("[gate]", "[lighting]\nlevel = 3\n[gate]"), "lighting: no such key"),
    "a limit over one": (
        ("[gate]", "[limits.dark]\nscore = 1.5\n[gate]"),
        r"limits.dark.score: .*less than or equal to 1 \(got 1.5\)",
    ),
    "a negative area": (
        ("[gate]", "[limits.dark]\narea_px = -1.0\n[gate]"),
        "limits.dark.area_px: .*greater than or equal to 0",
    ),
    "an area in both units": (
        ("[gate]", "[limits.dark]\narea_px = 1.0\narea_mm2 = 1.0\n[gate]"),
        "not in both",
    ),
    "a word where a number is wanted": (
        ("[camera]", "verdict_deadline_ms = 'soon'\n[camera]"),
        "verdict_deadline_ms: Input should be a valid number",
    ),
    "a limit that is not a number": (
        ("[gate]", "[limits.dark]\nscore = nan\n[gate]"),
        "limits.dark.score",
    ),
    "an unknown kind of camera": (('"rendered"', '"webcam"'), "camera.device"),
    "a camera that nothing names": (
        ('source = "rendered"', 'source = "genicam", producers = ["x.cti"]'),
        "name the camera by serial, id or model",
    ),
    "a missing key": (('product = "cap"', ""), "product: Field required"),
    "a gate of no kind": (('kind = "simulated"', ""), "gate"),
    "text that is not TOML": (("[gate]", "[gate"), "not TOML"),
}


@pytest.mark.parametrize(("swap", "says"), BAD_RECIPES.values(), ids=BAD_RECIPES.keys())
def test_a_recipe_is_refused_for(swap: tuple[str, str], says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        recipe(swap=swap)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"nowhere\.toml: cannot be read"):
        load_recipe(tmp_path / "nowhere.toml")


def test_the_card_gives_the_limits_that_the_recipe_does_not(card: Card) -> None:
    limits = limits_of(recipe("[limits.dark]\nscore = 0.8\narea_px = 20.0\n"), card)
    assert (limits.by_class["dark"].score, limits.by_class["dark"].area_px) == (0.8, 20.0)
    assert (limits.by_class["bright"].score, limits.by_class["bright"].area_px) == (0.5, 0.0)


def test_square_millimetres_become_pixels_by_the_scale(card: Card) -> None:
    scaled = recipe(
        "[limits.dark]\narea_mm2 = 1.0\n", swap=('id = "cam1"', 'id = "cam1"\nmm_per_px = 0.1')
    )
    assert limits_of(scaled, card).by_class["dark"].area_px == pytest.approx(100.0)


def test_square_millimetres_without_a_scale_are_refused(card: Card) -> None:
    with pytest.raises(RecipeError, match=r"needs camera\.mm_per_px"):
        limits_of(recipe("[limits.dark]\narea_mm2 = 1.0\n"), card)


def test_a_limit_for_a_class_the_model_lacks_is_refused(card: Card) -> None:
    with pytest.raises(RecipeError, match=r"no such class; it has bright, dark"):
        limits_of(recipe("[limits.crack]\nscore = 0.5\n"), card)


def test_a_limit_below_the_floor_of_the_model_is_refused(card: Card) -> None:
    with pytest.raises(RecipeError, match=r"below spot's floor of 0\.3"):
        limits_of(recipe("[limits.dark]\nscore = 0.2\n"), card)


def test_a_mean_over_views_may_have_a_limit_below_the_floor_of_one(card: Card) -> None:
    lights = ('id = "cam1"', 'id = "cam1"\nframes = ["dark", "bright"]')
    mean = '[limits.dark]\nscore = 0.2\n[fusion]\nviews = "mean"\n'
    limits = limits_of(recipe(mean, swap=lights), card)
    assert limits.fusion is Fusion.MEAN
    assert limits.by_class["dark"].score == 0.2
    with pytest.raises(RecipeError, match=r"below spot's floor of 0\.15"):
        limits_of(recipe(mean.replace("0.2", "0.1"), swap=lights), card)


def test_a_class_may_have_a_doubt_score_of_its_own(card: Card) -> None:
    limits = limits_of(recipe("[limits.dark]\ndoubt_score = 0.35\n[doubt]\nband = 0.1\n"), card)
    assert limits.by_class["dark"].doubt_score == 0.35
    assert limits.by_class["bright"].doubt_score == 0.4


def test_the_doubt_band_ends_at_the_floor(card: Card) -> None:
    doubtful = recipe('[doubt]\nband = 0.1\naction = "review"\n')
    limits = limits_of(doubtful, card)
    assert limits.on_doubt is OnDoubt.REVIEW
    assert limits.by_class["dark"].doubt_score == pytest.approx(0.4)
    wide = limits_of(recipe("[doubt]\nband = 0.4\n"), card)
    assert wide.by_class["dark"].doubt_score == 0.3
