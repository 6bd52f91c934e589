"""Every pixel format of the virtual cameras, bit for bit, against PFNC's own description."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harvesters.core import ImageAcquirer
from numpy.typing import NDArray

from camera.frame import Frame
from camera.genicam import GenicamSource
from camera.simulator.frames import write_frames

SimulatorOpener = Callable[..., GenicamSource]
RawOpener = Callable[..., ImageAcquirer]
RawFetcher = Callable[..., tuple[bytes, dict[str, Any]]]
Samples = NDArray[np.uint16]

WITHIN_S = 20.0
CHANCE = np.random.default_rng(7)
GREY_16 = CHANCE.integers(0, 1 << 16, (10, 24), np.uint16)
GREY_12 = GREY_16 >> 4
GREY_8 = (GREY_16 >> 8).astype(np.uint8)
COLOUR = CHANCE.integers(0, 256, (10, 24, 3), np.uint8)


@pytest.fixture
def bytes_of(tmp_path: Path, open_raw: RawOpener, fetch_raw: RawFetcher) -> Callable[..., bytes]:
    """What a camera with these pixels and settings delivers as its first buffer."""

    def deliver(pixels: Any, stored: str, **features: Any) -> bytes:
        file = tmp_path / "one.frames"
        write_frames(file, [pixels], stored)
        camera = open_raw(ReplayFrames=str(file), **features)
        camera.start()
        data, said = fetch_raw(camera)
        assert said["complete"]
        assert said["size_filled"] == camera.remote_device.node_map.PayloadSize.value
        return data

    return deliver


GOLDEN = [
    ("Mono10", [0x155, 0x3FF], "5501 ff03"),
    ("Mono12", [0xABC, 0x123], "bc0a 2301"),
    ("Mono10p", [0x155, 0x2AA, 0x3FF, 0x001], "55 a9 fa 7f 00"),
    ("Mono12p", [0xABC, 0x123], "bc 3a 12"),
    ("Mono10Packed", [0x155, 0x2AA], "55 21 aa"),
    ("Mono12Packed", [0xABC, 0x123], "ab 3c 12"),
    ("BayerRG10p", [0x155, 0x2AA, 0x3FF, 0x001], "55 a9 fa 7f 00"),
    ("BayerRG10Packed", [0x155, 0x2AA], "55 21 aa"),
    ("BayerRG12p", [0xABC, 0x123], "bc 3a 12"),
    ("BayerRG12Packed", [0xABC, 0x123], "ab 3c 12"),
]
"""Worked out by hand from PFNC 2.4, chapters on lsb-packed and GigE Vision packed forms."""


@pytest.mark.parametrize(("name", "values", "expected"), GOLDEN)
def test_a_packed_line_is_the_one_worked_out_by_hand(
    bytes_of: Callable[..., bytes], name: str, values: list[int], expected: str
) -> None:
    stored = "Mono10" if "10" in name else "Mono12"
    data = bytes_of(np.array([values], np.uint16), stored, PixelFormat=name)
    assert data == bytes.fromhex(expected)


def unpack_lsb(data: bytes, bits: int) -> Samples:
    """Lsb-packed samples by way of single bits."""
    single = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little").reshape(-1, bits)
    weights = 1 << np.arange(bits)
    return (single @ weights).astype(np.uint16)


def unpack_gige(data: bytes, bits: int) -> Samples:
    """GigE Vision packed pairs: high bits, both low parts, high bits."""
    first, low, second = np.frombuffer(data, np.uint8).reshape(-1, 3).T.astype(np.uint16)
    mask = (1 << bits - 8) - 1
    pair = np.stack([first << bits - 8 | low & mask, second << bits - 8 | low >> 4 & mask], 1)
    return pair.ravel().astype(np.uint16)


def unpack_words(data: bytes, bits: int) -> Samples:
    return np.frombuffer(data, np.dtype("<u2")).astype(np.uint16)


def unpack_bytes(data: bytes, bits: int) -> Samples:
    return np.frombuffer(data, np.uint8).astype(np.uint16)


SINGLE_SAMPLE = {
    "8": (8, unpack_bytes),
    "10": (10, unpack_words),
    "10p": (10, unpack_lsb),
    "10Packed": (10, unpack_gige),
    "12": (12, unpack_words),
    "12p": (12, unpack_lsb),
    "12Packed": (12, unpack_gige),
    "16": (16, unpack_words),
}


@pytest.mark.parametrize(
    ("scene", "form"),
    [("Mono", form) for form in SINGLE_SAMPLE]
    + [("BayerRG", f) for f in SINGLE_SAMPLE if f != "16"],
)
def test_every_sample_of_every_grey_form_is_the_one_that_python_wrote(
    bytes_of: Callable[..., bytes], scene: str, form: str
) -> None:
    bits, unpack = SINGLE_SAMPLE[form]
    data = bytes_of(GREY_16, "Mono16", PixelFormat=f"{scene}{form}")
    assert np.array_equal(unpack(data, bits).reshape(GREY_16.shape), GREY_16 >> 16 - bits)


def test_fewer_bits_in_the_file_than_in_the_format_are_moved_up(
    bytes_of: Callable[..., bytes],
) -> None:
    data = bytes_of(GREY_8, "Mono8", PixelFormat="Mono12p")
    assert np.array_equal(unpack_lsb(data, 12).reshape(GREY_8.shape), GREY_8.astype("u2") << 4)


def test_a_region_begins_at_its_offset(bytes_of: Callable[..., bytes]) -> None:
    region = {"Width": 8, "Height": 3, "OffsetX": 5, "OffsetY": 2}
    data = bytes_of(GREY_12, "Mono12", PixelFormat="Mono12Packed", **region)
    assert np.array_equal(unpack_gige(data, 12).reshape(3, 8), GREY_12[2:5, 5:13])


@pytest.mark.parametrize("stored", ["RGB8", "BGR8"])
@pytest.mark.parametrize("sent", ["RGB8", "BGR8"])
def test_colours_keep_their_places(bytes_of: Callable[..., bytes], stored: str, sent: str) -> None:
    data = bytes_of(COLOUR, stored, PixelFormat=sent)
    expected = COLOUR if stored == sent else COLOUR[:, :, ::-1]
    assert data == expected.tobytes()


def test_a_colour_picture_through_a_mosaic_leaves_one_colour_a_pixel(
    bytes_of: Callable[..., bytes],
) -> None:
    data = bytes_of(COLOUR, "RGB8", PixelFormat="BayerRG8", Width=16, OffsetX=2)
    mosaic = np.frombuffer(data, np.uint8).reshape(10, 16)
    part = COLOUR[:, 2:18]
    assert np.array_equal(mosaic[0::2, 0::2], part[0::2, 0::2, 0])
    assert np.array_equal(mosaic[0::2, 1::2], part[0::2, 1::2, 1])
    assert np.array_equal(mosaic[1::2, 0::2], part[1::2, 0::2, 1])
    assert np.array_equal(mosaic[1::2, 1::2], part[1::2, 1::2, 2])


def test_a_colour_picture_as_grey_is_its_luma(bytes_of: Callable[..., bytes]) -> None:
    data = bytes_of(COLOUR, "RGB8", PixelFormat="Mono8")
    luma = COLOUR @ np.array([0.299, 0.587, 0.114])
    got = np.frombuffer(data, np.uint8).reshape(10, 24)
    assert np.abs(got - luma).max() <= 0.5 + 1e-9


def test_a_grey_picture_as_colour_is_grey(bytes_of: Callable[..., bytes]) -> None:
    data = bytes_of(GREY_8, "Mono8", PixelFormat="RGB8")
    assert np.array_equal(
        np.frombuffer(data, np.uint8).reshape(10, 24, 3), GREY_8[..., None] * [1, 1, 1]
    )


@pytest.mark.parametrize(
    ("rgb", "expected"),
    [
        ((255, 0, 0), "4c 55 4c ff"),
        ((0, 0, 255), "1d ff 1d 6b"),
        ((128, 128, 128), "80 80 80 80"),
        ((255, 255, 255), "ff 80 ff 80"),
    ],
)
def test_yuv_is_the_one_worked_out_by_hand(
    bytes_of: Callable[..., bytes], rgb: tuple[int, int, int], expected: str
) -> None:
    """Y0 U Y1 V, full range, ITU-R BT.601."""
    data = bytes_of(np.full((1, 2, 3), rgb, np.uint8), "RGB8", PixelFormat="YUV422_8")
    assert data == bytes.fromhex(expected)


@pytest.mark.parametrize(
    ("features", "factor", "black"),
    [
        ({"ExposureTime": 500.0}, 0.5, 0.0),
        ({"ExposureTime": 3000.0}, 3.0, 0.0),
        ({"Gain": 20.0}, 10.0, 0.0),
        ({"ExposureTime": 250.0, "Gain": 20.0, "BlackLevel": 5.0}, 2.5, 0.05 * 4095),
    ],
)
def test_exposure_gain_and_black_level_act_in_proportion(
    bytes_of: Callable[..., bytes], features: dict[str, float], factor: float, black: float
) -> None:
    data = bytes_of(GREY_12, "Mono12", **features)
    expected = np.minimum(np.floor(GREY_12 * factor + black), 4095)
    assert np.array_equal(unpack_words(data, 12).reshape(GREY_12.shape), expected)


@pytest.mark.parametrize(
    ("stored", "pixels"),
    [("Mono8", GREY_8), ("Mono10", GREY_16 >> 6), ("Mono12", GREY_12), ("Mono16", GREY_16),
     ("RGB8", COLOUR)],
)  # fmt: skip
def test_what_python_wrote_comes_out_of_the_source(
    open_simulator: SimulatorOpener, tmp_path: Path, stored: str, pixels: Any
) -> None:
    file = tmp_path / "one.frames"
    write_frames(file, [pixels], stored)
    frame = open_simulator({"ReplayFrames": str(file)}).fetch(WITHIN_S)
    assert isinstance(frame, Frame)
    assert frame.pixel_format == stored
    assert np.array_equal(frame.pixels, pixels)


@pytest.fixture
def frame_of(tmp_path: Path, open_simulator: SimulatorOpener) -> Callable[..., Frame]:
    """The first frame of a camera with this picture that sends it in another format."""

    def fetch(pixels: Any, stored: str, sent: str) -> Frame:
        file = tmp_path / "one.frames"
        write_frames(file, [pixels], stored)
        frame = open_simulator({"ReplayFrames": str(file), "PixelFormat": sent}).fetch(WITHIN_S)
        assert isinstance(frame, Frame)
        return frame

    return fetch


@pytest.mark.parametrize("form", SINGLE_SAMPLE)
def test_every_grey_form_comes_out_of_the_source_exactly(
    frame_of: Callable[..., Frame], form: str
) -> None:
    bits = SINGLE_SAMPLE[form][0]
    frame = frame_of(GREY_16, "Mono16", f"Mono{form}")
    assert frame.pixel_format == f"Mono{bits}"
    assert np.array_equal(frame.pixels, GREY_16 >> 16 - bits)


@pytest.mark.parametrize("form", [form for form in SINGLE_SAMPLE if form != "16"])
def test_every_mosaic_comes_out_of_the_source_with_its_samples_in_place(
    frame_of: Callable[..., Frame], form: str
) -> None:
    """Interpolation leaves each pixel's own colour as it was, but for the picture's edge."""
    bits = SINGLE_SAMPLE[form][0]
    frame = frame_of(GREY_16, "Mono16", f"BayerRG{form}")
    assert frame.pixel_format == f"RGB{bits}"
    samples = GREY_16 >> 16 - bits
    for (line, column), colour in {(1, 1): 2, (1, 2): 1, (2, 1): 1, (2, 2): 0}.items():
        got = frame.pixels[line:-1:2, column:-1:2, colour]
        assert np.array_equal(got, samples[line:-1:2, column:-1:2])


@pytest.mark.parametrize("sent", ["RGB8", "BGR8"])
def test_a_frame_has_red_first_whatever_the_camera_sends_first(
    frame_of: Callable[..., Frame], sent: str
) -> None:
    frame = frame_of(COLOUR, "RGB8", sent)
    assert frame.pixel_format == "RGB8"
    assert np.array_equal(frame.pixels, COLOUR)


def test_yuv_comes_out_of_the_source_in_colour(frame_of: Callable[..., Frame]) -> None:
    pairs = np.repeat(COLOUR[:, ::2], 2, axis=1)  # both pixels of a pair share their colour
    frame = frame_of(pairs, "RGB8", "YUV422_8")
    assert frame.pixel_format == "RGB8"
    assert np.abs(frame.pixels.astype(int) - pairs).max() <= 3  # two roundings to whole numbers


def test_pictures_too_narrow_for_a_packed_form_refuse_it(
    bytes_of: Callable[..., bytes],
) -> None:
    with pytest.raises(Exception, match="too narrow"):
        bytes_of(np.zeros((4, 3), np.uint8), "Mono8", PixelFormat="Mono10p")
