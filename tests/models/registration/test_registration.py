"""A template is laid over a part wherever it lies, and not where it does not belong."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.errors import InferenceError
from models.registration import NotRegistered, Registered, register

SIDE_PX = 320
MARGIN_PX = 60
Picture = NDArray[Any]


def board(seed: int) -> Picture:
    """Tracks, pads and holes on a plate that is larger than the picture by a margin."""
    chance = np.random.default_rng(seed)
    side = SIDE_PX + 2 * MARGIN_PX
    plate = np.full((side, side), 60, np.uint8)
    for _ in range(25):
        x, y, length = (int(value) for value in chance.integers(0, side, 3))
        end = (x + length // 2, y) if chance.random() < 0.5 else (x, y + length // 2)
        cv2.line(plate, (x, y), end, 200, int(chance.integers(3, 12)))
    for _ in range(25):
        x, y = (int(value) for value in chance.integers(0, side, 2))
        cv2.circle(plate, (x, y), int(chance.integers(5, 14)), 230, -1)
        cv2.circle(plate, (x, y), 3, 20, -1)
    return plate


def template_of(plate: Picture) -> Picture:
    return plate[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX].copy()


def placed(x_px: float, y_px: float, turn_deg: float = 0.0) -> NDArray[np.float64]:
    """Where in the template each pixel of a part lies that is shifted, then turned clockwise."""
    middle = (SIDE_PX - 1) / 2
    turn = np.vstack([cv2.getRotationMatrix2D((middle, middle), turn_deg, 1.0), [0, 0, 1]])
    return turn @ np.array([[1, 0, -x_px], [0, 1, -y_px], [0, 0, 1]])


def picture_of(plate: Picture, to_template: NDArray[np.float64]) -> Picture:
    """The plate as the camera sees it where it lies."""
    to_plate = to_template.copy()
    to_plate[:2, 2] += MARGIN_PX
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(plate, to_plate[:2], (SIDE_PX, SIDE_PX), flags=flags)


def error_px(registered: Registered, to_template: NDArray[np.float64]) -> float:
    """The largest distance, over all pixels, between where one lies and where it was found."""
    found = np.stack(registered.motion.at((SIDE_PX, SIDE_PX)), axis=-1)
    y, x = np.mgrid[0:SIDE_PX, 0:SIDE_PX]
    true = np.stack([x, y, np.ones_like(x)], axis=-1) @ to_template[:2].T
    return float(np.linalg.norm(found - true, axis=-1).max())


def across_edges_px(picture: Picture, off_x: Picture, off_y: Picture) -> NDArray[np.float64]:
    """How far edges lie off, at right angles to them: along a straight one nobody can tell."""
    smooth = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 1.0)
    slope_x, slope_y = (cv2.Sobel(smooth, cv2.CV_32F, *axis) for axis in ((1, 0), (0, 1)))
    steep = np.hypot(slope_x, slope_y)
    on_edges = steep > steep.max() / 4
    return np.abs(off_x * slope_x + off_y * slope_y)[on_edges] / steep[on_edges]


def with_spots(picture: Picture, seed: int, spots: int = 4) -> Picture:
    """Round defects, dark and bright, of up to 28 px."""
    picture, chance = picture.copy(), np.random.default_rng(seed)
    for _ in range(spots):
        x, y, grey = (int(value) for value in chance.integers(20, SIDE_PX - 20, 3))
        cv2.circle(picture, (x, y), int(chance.integers(4, 14)), grey % 256, -1)
    return picture


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    shift=st.tuples(st.floats(-30, 30), st.floats(-30, 30)),
    turn_deg=st.floats(-3, 3),
    gain=st.floats(0.6, 1.3),
    noise=st.floats(0, 12),
)
def test_a_part_is_found_wherever_it_lies_under_whatever_lamp_with_whatever_defects(
    seed: int, shift: tuple[float, float], turn_deg: float, gain: float, noise: float
) -> None:
    plate, where = board(seed), placed(*shift, turn_deg)
    seen = gain * with_spots(picture_of(plate, where), seed).astype(np.float64)
    seen += np.random.default_rng(seed).normal(0, noise, seen.shape) + np.linspace(0, 20, SIDE_PX)
    picture = np.clip(seen, 0, 255).astype(np.uint8)
    assert error_px(register(template_of(plate), picture), where) < 1.5


@pytest.mark.parametrize("seed", range(6))
def test_without_noise_it_is_found_to_a_pixel_up_to_the_corners(seed: int) -> None:
    plate, where = board(seed), placed(11.3, -7.8, 1.0)
    registered = register(template_of(plate), picture_of(plate, where))
    assert error_px(registered, where) < 1.0
    assert registered.turn_deg == pytest.approx(1.0, abs=0.05)


def test_what_the_part_lies_off_is_said_in_pixels_to_the_right_and_down() -> None:
    registered = register(template_of(board(1)), picture_of(board(1), placed(12.0, -5.0)))
    assert registered.shift_xy_px == pytest.approx((12.0, -5.0), abs=0.2)


@pytest.mark.parametrize("seed", range(4))
def test_a_template_that_lies_well_is_left_as_it_is(seed: int) -> None:
    template = template_of(board(seed))
    registered = register(template, with_spots(template, seed))
    assert registered.template is template
    assert error_px(registered, np.eye(3)) == 0.0


def test_a_defect_does_not_pull_the_template_over_itself() -> None:
    """A track that lies 4 px beside its place: the template goes on saying where it belongs."""
    plate = np.full((SIDE_PX + 2 * MARGIN_PX, SIDE_PX + 2 * MARGIN_PX), 60, np.uint8)
    for at in range(40, plate.shape[0], 40):
        plate[at : at + 8] = 200
        plate[:, at : at + 6] = 180
    template = template_of(plate)
    picture = template.copy()
    picture[100:108, 110:170] = 60
    picture[104:112, 110:170] = 200
    assert register(template, picture).template is template


def test_a_part_that_is_bent_is_followed_tile_by_tile() -> None:
    plate = board(3)
    y, x = np.mgrid[0:SIDE_PX, 0:SIDE_PX].astype(np.float32)
    bent_x, bent_y = x + 1.5 * np.sin(y / 60), y + 1.5 * np.cos(x / 60)
    picture = cv2.remap(template_of(plate), bent_x, bent_y, cv2.INTER_LINEAR)
    registered = register(template_of(plate), picture)
    to_x, to_y = registered.motion.at((SIDE_PX, SIDE_PX))
    off_px = across_edges_px(picture, to_x - bent_x, to_y - bent_y)
    before_px = across_edges_px(picture, x - bent_x, y - bent_y)
    assert np.percentile(before_px, 95) > 1.5
    assert np.percentile(off_px, 95) < 0.5


@pytest.mark.parametrize("depth", ["binary", "grey 16 bit", "colour", "colour 16 bit"])
def test_every_kind_of_picture_is_registered(depth: str) -> None:
    plate, where = board(5), placed(-9.0, 14.0, -0.7)
    if depth == "binary":
        plate = np.where(plate > 128, 255, 0).astype(np.uint8)
    if "colour" in depth:
        plate = np.stack([plate, 255 - plate // 2, plate // 3], axis=-1)
    if "16 bit" in depth:
        plate = plate.astype(np.uint16) * 257
    template, picture = template_of(plate), picture_of(plate, where)
    registered = register(template, picture)
    assert error_px(registered, where) < 1.0
    assert registered.template.shape == template.shape
    assert registered.template.dtype == template.dtype
    before, after = (np.abs(picture.astype(float) - t) for t in (template, registered.template))
    inner = np.s_[30:-30, 30:-30]
    assert after[inner].mean() < before[inner].mean() / 8


def test_the_same_pictures_give_the_same_bits() -> None:
    plate = board(6)
    template, picture = template_of(plate), picture_of(plate, placed(3.4, 8.9, 0.4))
    first, second = register(template, picture), register(template, picture)
    assert np.array_equal(first.template, second.template)
    assert first.agreement == second.agreement


@pytest.mark.parametrize("size", [(24, 32), (33, 500), (700, 90)])
def test_small_and_narrow_pictures_are_registered(size: tuple[int, int]) -> None:
    chance = np.random.default_rng(0)
    blobs = cv2.GaussianBlur(chance.uniform(0, 255, (size[0] + 4, size[1] + 4)), (0, 0), 3)
    grey = cv2.normalize(blobs, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)  # pyright: ignore
    registered = register(grey[2:-2, 2:-2], grey[:-4, 3:-1])
    assert registered.shift_xy_px == pytest.approx((-1.0, 2.0), abs=0.3)


def test_another_product_is_not_registered_and_the_message_says_what_was_measured() -> None:
    said = r"correlation -?0\.\d\d, 0\.5 is needed, and \d+% of the tiles agree, 50% are needed"
    with pytest.raises(NotRegistered, match=said):
        register(template_of(board(7)), template_of(board(8)))


def test_a_part_half_out_of_the_picture_is_not_registered() -> None:
    plate = board(9)
    with pytest.raises(NotRegistered):
        register(template_of(plate), np.roll(template_of(plate), SIDE_PX // 2, axis=1))


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_blank_template_or_picture_is_named(grey: int) -> None:
    blank, picture = np.full((SIDE_PX, SIDE_PX), grey, np.uint8), template_of(board(1))
    with pytest.raises(NotRegistered, match="the template is blank"):
        register(blank, picture)
    with pytest.raises(NotRegistered, match="the picture is blank"):
        register(picture, blank)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (np.zeros((320, 321), np.uint8), r"template is uint8 of \(320, 321\), the picture uint8"),
        (np.zeros((320, 320), np.uint16), "template is uint16 of"),
        (np.zeros((320, 320, 3), np.uint8), "take the template with the camera"),
    ],
    ids=["another size", "another depth", "colour"],
)
def test_a_template_of_another_format_is_named(template: Picture, said: str) -> None:
    with pytest.raises(NotRegistered, match=said):
        register(template, template_of(board(1)))


def test_a_picture_with_nan_is_refused() -> None:
    broken = np.full((SIDE_PX, SIDE_PX), np.nan, np.float32)
    with pytest.raises(InferenceError, match="expected uint8 or uint16"):
        register(broken, broken)


@pytest.mark.realdata
@pytest.mark.parametrize("number", range(0, 1000, 125))
def test_real_boards_are_found_after_a_shift_and_a_turn(number: int, deep_pcb: Path) -> None:
    """Against where the same pair lies without: what the pair itself is off is not ours."""
    pictures = sorted(deep_pcb.rglob("*_test.jpg"))
    picture = cv2.imread(str(pictures[number]), cv2.IMREAD_GRAYSCALE)
    name = pictures[number].name.replace("_test", "_temp")
    template = cv2.imread(str(pictures[number].with_name(name)), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    assert template is not None
    chance = np.random.default_rng(number)
    turn = cv2.getRotationMatrix2D((319.5, 319.5), float(chance.uniform(-1, 1)), 1.0)
    turn[:, 2] += chance.uniform(-20, 20, 2)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(template, turn, (640, 640), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    plain_x, plain_y = register(template, picture).motion.at((640, 640))
    x, y = register(moved, picture).motion.at((640, 640))
    off_x = turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] - plain_x
    off_y = turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] - plain_y
    assert np.median(np.hypot(off_x, off_y)) < 0.5
