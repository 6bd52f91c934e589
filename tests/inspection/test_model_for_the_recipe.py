"""A model that is not one for the recipe is named before a part is judged."""

from collections.abc import Callable
from pathlib import Path

import pytest

from inspection.commission import commission_station
from inspection.errors import RecipeError
from inspection.recipe import Recipe, check_fits, parse_recipe
from models.bundle import open_bundle
from models.errors import BundleError
from models.keys import new_key, read_private
from models.registry import station_registry
from models.signature import write_signature

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
COLOUR = (
    'source = "rendered"',
    'source = "genicam", producers = ["a.cti"], serial = "1", features = { PixelFormat = "%s" }',
)


def recipe(more: str = "", model: str = "", device: str | None = None) -> Recipe:
    text = RECIPE.replace('name = "spot"', f'name = "spot"\n{model}') + more
    if device is not None:
        text = text.replace(COLOUR[0], COLOUR[1] % device)
    return parse_recipe(text, "cap.toml")


def trusting(*keys: str) -> Recipe:
    return recipe(model=f"trusted_keys = [{', '.join(repr(key) for key in keys)}]")


def test_a_model_of_another_name_is_refused(make_bundle: BundleMaker) -> None:
    other = open_bundle(make_bundle(card={"name": "plate"}))
    with pytest.raises(RecipeError, match=r"model\.name is 'spot', the bundle is 'plate'"):
        check_fits(recipe(), other)


def test_a_model_without_a_class_that_has_limits_is_refused(spot_bundle: Path) -> None:
    with pytest.raises(RecipeError, match=r"limits\.crack: spot has no such class"):
        check_fits(recipe("[limits.crack]\nscore = 0.5\n"), open_bundle(spot_bundle))


@pytest.mark.parametrize("sent", ["RGB8", "BayerRG12p", "YUV422_8"])
def test_a_model_of_grey_pictures_is_refused_for_a_camera_of_colour(
    sent: str, spot_bundle: Path
) -> None:
    with pytest.raises(RecipeError, match=rf"camera cam1: sends {sent}, 3 channel.*trained on 1"):
        check_fits(recipe(device=sent), open_bundle(spot_bundle))


def test_a_model_of_grey_pictures_fits_a_camera_of_grey(spot_bundle: Path) -> None:
    for sent in ("Mono8", "Mono12p"):
        check_fits(recipe(device=sent), open_bundle(spot_bundle))


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("[]", "at least 1 item"),
        ('["ed25519:AAAA"]', "'ed25519:AAAA' is no public key"),
        ('["keys/plant.pub"]', "no public key: expected ed25519: and 32 bytes"),
    ],
)
def test_a_recipe_with_no_usable_key_is_refused(keys: str, said: str) -> None:
    with pytest.raises(RecipeError, match=rf"model\.trusted_keys: .*{said}"):
        recipe(model=f"trusted_keys = {keys}")


def test_a_station_takes_its_first_model_only_from_a_key_that_it_trusts(
    spot_bundle: Path, tmp_path: Path
) -> None:
    plant, other = new_key(tmp_path / "plant"), new_key(tmp_path / "other")
    data = tmp_path / "data"
    with pytest.raises(BundleError, match="spot-1 is not signed"):
        commission_station(trusting(plant), data, spot_bundle, "ada")
    digest = open_bundle(spot_bundle).digest
    write_signature(spot_bundle, digest, read_private(tmp_path / "other"))
    with pytest.raises(BundleError, match="not among the 1 trusted keys"):
        commission_station(trusting(plant), data, spot_bundle, "ada")
    assert station_registry(data).champion("spot") is None
    champion = commission_station(trusting(plant, other), data, spot_bundle, "ada")
    assert champion.signed_by == (other,)
