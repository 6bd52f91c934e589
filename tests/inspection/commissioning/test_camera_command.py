"""`passline camera`: a technician finds a camera and sets it, and what it kept is said."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera.discovery import installed_producers, open_for_settings
from camera.features import FeatureValue
from camera.frame import CameraLost
from inspection.commissioning.settings_file import HEADER, settings_toml
from inspection.recipe import load_recipe

Command = Callable[..., tuple[int, str, str]]
RecipeWriter = Callable[..., Path]

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXTS,
)
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,9}(\[[A-Za-z0-9]{1,5}\])?", fullmatch=True)


def test_cameras_are_listed_by_producer_with_what_they_are_chosen_by(
    passline: Command, simulator: Path, viky: Path
) -> None:
    code, said, _ = passline("camera", "list", "--simulator", "--producer", viky)
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert code == 0
    assert lines[:2] == [
        str(viky),
        "Viky serial 0 id VikyTL_DEV_red Machine Vision Games Ltd. Custom free",
    ]
    assert lines[4:] == [
        str(simulator),
        "Virtual Camera serial SIM0 id PasslineSimulator-0-0 Passline Custom free",
    ]


def test_producers_are_found_where_their_installers_put_them(
    passline: Command, viky: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = f"{tmp_path}:{viky.parent}:{viky.parent}:"
    assert installed_producers({"GENICAM_GENTL64_PATH": folders}) == [viky]
    monkeypatch.setenv("GENICAM_GENTL64_PATH", folders)
    code, said, _ = passline("camera", "list")
    assert (code, "VikyTL_DEV_blue" in said) == (0, True)


def test_without_any_producer_it_is_said_what_to_do(
    passline: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GENICAM_GENTL64_PATH", raising=False)
    code, _, fault = passline("camera", "list")
    assert code == 2
    assert "GENICAM_GENTL64_PATH names none; install the camera maker's driver" in fault


def test_a_producer_that_fails_hides_no_camera_of_another(
    passline: Command, viky: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.cti"
    broken.write_text("no library")
    code, said, _ = passline("camera", "list", "--producer", broken, "--producer", viky)
    assert code == 0
    assert f"producer {broken} cannot be loaded" in said
    assert "VikyTL_DEV_red" in said
    code, said, _ = passline("camera", "list", "--producer", broken)
    assert code == 1


def test_every_feature_is_shown_with_unit_range_entries_and_access(
    passline: Command, simulator: Path
) -> None:
    code, said, _ = passline("camera", "show", "--simulator")
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert code == 0
    assert lines[0] == "DeviceControl"
    assert "ExposureTime 1000 us rw 1 to 10000000" in lines
    assert "TriggerSource[FrameStart] Software rw Software, Line0" in lines
    assert "SensorWidth 400 px ro" in lines


def test_a_setting_is_written_and_read_back_with_its_unit(
    passline: Command, simulator: Path
) -> None:
    code, said, _ = passline(
        "camera", "set", "ExposureTime=2500", "LineInverter[Line2]=on", "Width=0x80", "--simulator"
    )
    assert code == 0
    assert said.splitlines() == [
        "ExposureTime = 2500 us",
        "LineInverter[Line2] = True",
        "Width = 128 px",
    ]
    asked = ("ExposureTime", "LineInverter[Line1]", "PixelFormat")
    _, said, _ = passline("camera", "get", *asked, "--simulator", "--camera", "SIM0")
    assert said.splitlines() == [
        "ExposureTime = 2500 us",
        "LineInverter[Line1] = False",
        "PixelFormat = Mono8",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["set", "ExposureTime=long"],
            "ExposureTime wanted 'long': expected a value of kind float",
        ),
        (["set", "PtpEnable=perhaps"], "expected a value of kind boolean"),
        (["set", "Shutter=3"], "the camera has no feature of this name"),
        (["set", "SensorWidth=3"], "it cannot be written now (access mode RO)"),
        (["set", "Gain=99"], "feature Gain wanted 99.0: OutOfRange"),
        (["get", "TriggerMode[Nothing]"], "feature TriggerMode[Nothing]: Invalid"),
        (["get", "Gain", "--camera", "77"], "expected one camera called '77', found 0; there is "),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    passline: Command, simulator: Path, arguments: list[str], message: str
) -> None:
    code, _, fault = passline("camera", *arguments, "--simulator")
    assert code == 2
    assert message in fault
    assert "Traceback" not in fault


def test_a_camera_held_by_another_program_is_said_to_be(passline: Command, simulator: Path) -> None:
    with open_for_settings([simulator], {}) as node_map:
        node_map.FaultAccessDenied.value = 1
    code, _, fault = passline("camera", "get", "Gain", "--simulator")
    assert code == 2
    assert "SIM0" in fault
    assert "another program holds it; stop the line, or close the maker's viewer" in fault
    assert passline("camera", "get", "Gain", "--simulator")[0] == 0


def test_a_snapshot_goes_into_a_recipe_as_it_is_and_comes_back_to_the_camera(
    passline: Command, write_recipe: RecipeWriter, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.toml"
    passline("camera", "set", "Width=200", "OffsetX=60", "LineInverter[Line1]=on", "--simulator")
    code, said, _ = passline("camera", "snapshot", kept, "--simulator")
    assert code == 0
    assert "settings of Passline Virtual Camera SIM0 in" in said
    passline("camera", "set", "Width=100", "OffsetX=300", "Gain=3", "--simulator")

    code, said, _ = passline("camera", "diff", kept, "--simulator")
    assert code == 1
    assert f"Width: {kept} wants 200, the camera has 100" in said
    assert f"Gain: {kept} wants 0.0, the camera has 3.0" in said

    recipe = write_recipe(*kept.read_text().split(HEADER)[1].splitlines())
    assert load_recipe(recipe).recipe.product == "ring"
    code, said, _ = passline("camera", "apply", recipe)
    assert (code, "written to Passline Virtual Camera SIM0" in said) == (0, True)
    for file in (recipe, kept):
        code, said, _ = passline("camera", "diff", file, "--simulator")
        assert (code, "has all" in said) == (0, True)


def test_a_camera_that_does_not_say_its_name_is_still_called_something(
    passline: Command, viky: Path, tmp_path: Path
) -> None:
    which = ("--producer", viky, "--camera", "1")
    kept = tmp_path / "kept.toml"
    _, said, _ = passline("camera", "snapshot", kept, *which)
    assert "settings of the camera in" in said
    assert "written to the camera and read back" in passline("camera", "apply", kept, *which)[1]


def test_a_snapshot_overwrites_nothing(passline: Command, simulator: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.toml"
    kept.write_text("mine")
    code, _, fault = passline("camera", "snapshot", kept, "--simulator")
    assert (code, kept.read_text()) == (2, "mine")
    assert f"{kept}: not written: File exists" in fault


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Width = ", "cannot be read as TOML"),
        ("Width = 3", "expected settings under [camera.device.features]"),
        (f"{HEADER}\nWidth = [1, 2]", "Width = [1, 2]: expected a number"),
        (f"{HEADER}\n'a b' = 1", "'a b' is no feature"),
        ('product = "ring"\ncamra = 1', "camra: no such key; did you mean 'camera'?"),
    ],
)
def test_a_file_that_holds_no_settings_is_refused(
    passline: Command, simulator: Path, tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    code, _, fault = passline("camera", "apply", file, "--simulator")
    assert (code, message in fault) == (2, True), fault


def test_a_recipe_without_a_genicam_camera_has_none_to_set(
    passline: Command, tmp_path: Path
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'product = "ring"\n[camera]\nid = "top"\ndevice = {source = "rendered"}\n'
        '[model]\nname = "rings"\n[gate]\nkind = "simulated"\n'
    )
    code, _, fault = passline("camera", "show", "--recipe", recipe)
    assert code == 2
    assert "found 0; the recipe has top (rendered): name one with --camera ID" in fault


@given(st.dictionaries(NAMES, VALUES, min_size=1))
def test_whatever_a_camera_holds_is_the_same_after_writing_and_reading_it(
    settings: dict[str, FeatureValue],
) -> None:
    features = tomllib.loads(settings_toml(settings, "a camera"))["camera"]["device"]["features"]
    assert features == settings
    assert list(features) == list(settings)
    assert [type(value) for value in features.values()] == [type(v) for v in settings.values()]


def test_a_camera_that_is_open_here_is_not_opened_twice(simulator: Path) -> None:
    with (
        open_for_settings([simulator], {}),
        pytest.raises(CameraLost, match="held by another program"),
        open_for_settings([simulator], {}),
    ):
        pass
