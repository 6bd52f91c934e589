"""Buffers become pictures: by the bytes a camera sends, with the paddings that cameras add."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camera.frame import BITS_BY_FORMAT, FrameError, check_pixels
from camera.pixelformat import BufferLayout, form_of, picture_bytes, unpack
from camera.wireformats import MOSAICS, WIRE_FORMATS, check_known, wire_name


def layout(pixel_format: str, data: bytes, **values: int) -> BufferLayout:
    return BufferLayout(
        pixel_format=pixel_format,
        height=values.get("height", 2),
        width=values.get("width", 3),
        filled_bytes=values.get("filled_bytes", len(data)),
        offset_bytes=values.get("offset_bytes", 0),
        line_padding_bytes=values.get("line_padding_bytes", 0),
        big_endian=bool(values.get("big_endian", 0)),
    )


GOLDEN = [
    ("Mono8", (1, 3), "01 80 ff", [[1, 128, 255]]),
    ("Mono10", (1, 2), "55 01 ff 03", [[0x155, 0x3FF]]),
    ("Mono12", (1, 2), "bc 0a 23 01", [[0xABC, 0x123]]),
    ("Mono14", (1, 2), "bc 3a 34 12", [[0x3ABC, 0x1234]]),
    ("Mono16", (1, 2), "cd ab 01 00", [[0xABCD, 1]]),
    ("Mono10p", (1, 4), "55 a9 fa 7f 00", [[0x155, 0x2AA, 0x3FF, 0x001]]),
    ("Mono12p", (1, 2), "bc 3a 12", [[0xABC, 0x123]]),
    ("Mono14p", (1, 4), "bc 3a 8d 14 00 fc bf", [[0x3ABC, 0x1234, 1, 0x2FFF]]),
    ("Mono10Packed", (1, 2), "55 21 aa", [[0x155, 0x2AA]]),
    ("Mono12Packed", (1, 2), "ab 3c 12", [[0xABC, 0x123]]),
    ("Mono10g40IDS", (1, 4), "55 aa ff 00 79", [[0x155, 0x2AA, 0x3FF, 0x001]]),
    ("Mono12g24IDS", (1, 2), "ab 12 3c", [[0xABC, 0x123]]),
    ("RGB8", (1, 2), "01 02 03 fd fe ff", [[[1, 2, 3], [253, 254, 255]]]),
    ("BGR8", (1, 2), "03 02 01 ff fe fd", [[[1, 2, 3], [253, 254, 255]]]),
    ("RGB10", (1, 1), "01 00 02 00 ff 03", [[[1, 2, 1023]]]),
    ("RGB12", (1, 1), "01 00 02 00 ff 0f", [[[1, 2, 4095]]]),
    ("RGB16", (1, 1), "01 00 02 00 ff ff", [[[1, 2, 65535]]]),
    ("BGR10", (1, 1), "ff 03 02 00 01 00", [[[1, 2, 1023]]]),
    ("BGR12", (1, 1), "ff 0f 02 00 01 00", [[[1, 2, 4095]]]),
    ("BGR16", (1, 1), "ff ff 02 00 01 00", [[[1, 2, 65535]]]),
    ("Mono12p", (2, 3), "bc 3a 12 ff 1f 00 03 00 80", [[0xABC, 0x123, 0xFFF], [1, 3, 0x800]]),
    ("Mono12Packed", (2, 1), "ab 3c 12", [[0xABC], [0x123]]),
]
"""Worked out by hand from PFNC 2.4 and GigE Vision 2.0; in the last two lines end mid-byte."""


@pytest.mark.parametrize(("name", "size_hw", "data", "expected"), GOLDEN)
def test_a_buffer_is_the_picture_worked_out_by_hand(
    name: str, size_hw: tuple[int, int], data: str, expected: list[list[int]]
) -> None:
    raw = bytes.fromhex(data)
    said = layout(name, raw, height=size_hw[0], width=size_hw[1])
    pixels = unpack(raw, said)
    check_pixels(pixels, form_of(said).pixel_format)
    assert pixels.tolist() == expected


@pytest.mark.parametrize("name", sorted(WIRE_FORMATS))
def test_every_format_becomes_one_that_a_frame_holds(name: str) -> None:
    data = bytes(range(256)) * 2
    said = layout(name, data, height=4, width=8)
    pixels, form = unpack(data, said), form_of(said)
    check_pixels(pixels, form.pixel_format)
    assert (pixels.shape, pixels.dtype, pixels.nbytes) == (form.shape, form.dtype, form.nbytes)


RED, GREEN, BLUE = 0, 1, 2
TILES = {
    "RG": [[RED, GREEN], [GREEN, BLUE]],
    "GR": [[GREEN, RED], [BLUE, GREEN]],
    "GB": [[GREEN, BLUE], [RED, GREEN]],
    "BG": [[BLUE, GREEN], [GREEN, RED]],
}


@pytest.mark.parametrize("tile", sorted(TILES))
@pytest.mark.parametrize("bits", [8, 16])
def test_a_mosaic_keeps_every_sample_in_its_own_colour(tile: str, bits: int) -> None:
    samples = np.random.default_rng(5).integers(0, 1 << bits, (8, 10)).astype(f"<u{bits // 8}")
    data = samples.tobytes()
    pixels = unpack(data, layout(f"Bayer{tile}{bits}", data, height=8, width=10))
    for line in range(1, 7):
        for column in range(1, 9):
            colour = TILES[tile][line % 2][column % 2]
            assert pixels[line, column, colour] == samples[line, column]


@pytest.mark.parametrize("tile", sorted(TILES))
def test_a_flat_colour_is_flat_behind_every_mosaic(tile: str) -> None:
    colour = [1000, 300, 20]
    samples = np.array([[colour[c] for c in line] for line in TILES[tile]], "<u2")
    data = np.tile(samples, (3, 4)).tobytes()
    pixels = unpack(data, layout(f"Bayer{tile}10", data, height=6, width=8))
    assert (pixels == colour).all()


@pytest.mark.parametrize(("order", "places"), [("YUV422_8", "yuyv"), ("YUV422_8_UYVY", "uyvy")])
def test_yuv_becomes_rgb_by_the_stated_matrix(order: str, places: str) -> None:
    """Full range, ITU-R BT.601, in floating point; OpenCV's integers are within one of it."""
    chance = np.random.default_rng(11)
    luma = chance.integers(0, 256, (6, 8))
    u, v = chance.integers(0, 256, (2, 6, 4))
    chroma = np.stack([u, v], 2).reshape(6, 8)
    pair = (luma, chroma) if places == "yuyv" else (chroma, luma)
    data = np.stack(pair, 2).astype(np.uint8).tobytes()
    pixels = unpack(data, layout(order, data, height=6, width=8)).astype(int)
    blue, red = (np.repeat(c - 128.0, 2, axis=1) for c in (u, v))
    matrix = [luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue]
    assert np.abs(pixels - np.clip(np.stack(matrix, 2), 0, 255)).max() <= 1.0


def test_a_pair_that_shares_its_colour_cannot_be_cut() -> None:
    with pytest.raises(FrameError, match=r"3x2 YUV422_8: .* expected an even width"):
        unpack(bytes(12), layout("YUV422_8", bytes(12)))


def test_a_mosaic_without_neighbours_is_refused_and_not_black() -> None:
    with pytest.raises(FrameError, match="3x2 BayerRG8: a mosaic needs sides of 3 px"):
        unpack(bytes(6), layout("BayerRG8", bytes(6)))


@settings(deadline=None)
@given(
    name=st.sampled_from(sorted(WIRE_FORMATS)),
    size_hw=st.tuples(st.integers(3, 6), st.integers(3, 9)),
    padding=st.integers(1, 5),
    offset=st.integers(0, 3),
    seed=st.integers(0, 1000),
)
def test_paddings_and_offsets_do_not_change_the_picture(
    name: str, size_hw: tuple[int, int], padding: int, offset: int, seed: int
) -> None:
    height, width = size_hw
    width += width % 2 if name.startswith("YUV") else 0
    packing = WIRE_FORMATS[name].packing
    width *= packing.group_samples if packing else 1  # lines of whole groups
    said = BufferLayout(name, height, width, 1 << 20)
    plain = np.random.default_rng(seed).integers(0, 256, picture_bytes(said), np.uint8)
    lines = plain.reshape(height, -1)
    padded = np.pad(lines, ((0, 0), (0, padding)), constant_values=0xEE)
    data = b"\xee" * offset + padded.tobytes()[:-padding]  # the last line without its padding
    padded_says = BufferLayout(name, height, width, len(data), offset, padding)
    assert np.array_equal(unpack(data, padded_says), unpack(plain.tobytes(), said))


@pytest.mark.parametrize("name", ["Mono10", "Mono16", "RGB12", "BGR16", "BayerGB12"])
def test_big_endian_samples_are_turned(name: str) -> None:
    little = np.arange(4 * 4 * 3, dtype="<u2") * 77
    said = layout(name, b"", height=4, width=4, filled_bytes=96)
    big = layout(name, b"", height=4, width=4, filled_bytes=96, big_endian=1)
    assert np.array_equal(
        unpack(little.astype(">u2").tobytes(), big), unpack(little.tobytes(), said)
    )


def test_padded_lines_are_not_sheared() -> None:
    data = b"abc__def__"
    pixels = unpack(data, layout("Mono8", data, line_padding_bytes=2))
    assert pixels.tobytes() == b"abcdef"


def test_the_picture_does_not_change_with_the_buffer() -> None:
    data = bytearray(b"abcdef")
    pixels = unpack(memoryview(data), layout("Mono8", bytes(data)))
    data[:] = b"zzzzzz"
    assert pixels.tobytes() == b"abcdef"


@pytest.mark.parametrize("name", sorted(WIRE_FORMATS))
def test_a_picture_can_be_written_into_memory_that_is_there(name: str) -> None:
    data = np.random.default_rng(2).integers(0, 256, 500, np.uint8).tobytes()
    said = layout(name, data, height=4, width=8)
    form = form_of(said)
    slot = np.zeros(form.nbytes + 64, np.uint8)
    room = np.ndarray(form.shape, form.dtype, slot, 2)
    assert unpack(data, said, room) is room
    assert np.array_equal(room, unpack(data, said))
    assert not slot[form.nbytes + 2 :].any()


@pytest.mark.parametrize("name", ["Mono8", "Mono10", "Mono16", "RGB8", "RGB12", "BGR8", "BayerRG8"])
def test_an_unpacked_picture_costs_its_one_copy_and_no_other_memory(name: str) -> None:
    said = layout(name, b"", height=512, width=512, filled_bytes=1 << 30)
    data, form = bytes(picture_bytes(said)), form_of(said)
    room = np.empty(form.shape, form.dtype)
    unpack(data, said, room)
    tracemalloc.start()
    unpack(data, said, room)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most_bytes < 10_000


@pytest.mark.parametrize(
    ("shape", "dtype"), [((3, 2), np.uint8), ((2, 3), np.uint16), ((2, 3, 1), np.uint8)]
)
def test_room_of_another_form_is_refused(shape: tuple[int, ...], dtype: type) -> None:
    with pytest.raises(FrameError, match=r"expected room for uint8 of \(2, 3\), contiguous"):
        unpack(b"abcdef", layout("Mono8", b"abcdef"), np.zeros(shape, dtype))


def test_room_that_is_not_contiguous_is_refused() -> None:
    with pytest.raises(FrameError, match="contiguous"):
        unpack(b"abcdef", layout("Mono8", b"abcdef"), np.zeros((2, 6), np.uint8)[:, ::2])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"filled_bytes": 5}, "3x2 Mono8 needs 6 bytes, the buffer holds 5"),
        ({"filled_bytes": 99, "height": 3}, "needs 9 bytes, the buffer holds 6"),
        ({"height": 0}, "3x0 Mono8"),
        ({"width": 0}, "0x2 Mono8"),
    ],
)
def test_a_buffer_without_the_whole_picture_is_refused(
    values: dict[str, int], message: str
) -> None:
    data = b"abcdef"
    with pytest.raises(FrameError, match=message):
        unpack(data, layout("Mono8", data, **values))


@pytest.mark.parametrize("name", sorted(WIRE_FORMATS))
def test_one_byte_too_few_is_too_few_in_every_format(name: str) -> None:
    whole = picture_bytes(layout(name, b"", height=3, width=6))
    for held, fits in ((whole, True), (whole - 1, False)):
        said = layout(name, bytes(held), height=3, width=6)
        if fits:
            unpack(bytes(held), said)
        else:
            with pytest.raises(FrameError, match=f"needs {whole} bytes"):
                unpack(bytes(held), said)


@pytest.mark.parametrize(
    ("name", "near"), [("Mono12packed", "Mono12Packed"), ("BayerRG14", "BayerRG1"), ("mono8", "8")]
)
def test_an_unknown_format_is_refused_with_the_nearest_one(name: str, near: str) -> None:
    with pytest.raises(FrameError, match=f"{name} is not known; did you mean '.*{near}.*known are"):
        check_known(name)
    with pytest.raises(FrameError, match="is not known"):
        unpack(b"", layout(name, b""))


def test_a_format_like_no_other_is_refused_too() -> None:
    with pytest.raises(FrameError, match="format 0x2200016 is not known; known are Mono8"):
        unpack(b"", layout("0x2200016", b""))


def test_every_code_is_one_format_and_says_how_many_bits_a_pixel_takes() -> None:
    """PFNC codes hold the bits a pixel takes in bits 16 to 23."""
    codes = [wire.pfnc for wire in WIRE_FORMATS.values() if wire.pfnc is not None]
    assert len(set(codes)) == len(codes)
    for name, wire in WIRE_FORMATS.items():
        if wire.pfnc is not None:
            bits = picture_bytes(layout(name, b"", height=8, width=8)) / 8
            assert wire.pfnc >> 16 & 0xFF == bits, name
            assert wire.pfnc >> 24 == (2 if name[:3] in ("RGB", "BGR", "YUV") else 1), name
        assert (wire.colour in MOSAICS) == name.startswith("Bayer")
        assert wire.pixel_format in BITS_BY_FORMAT


def test_a_buffer_is_named_by_its_code_first() -> None:
    assert wire_name(0x010C_0047, "Mono8") == "Mono12p"
    assert wire_name(None, "Mono8") == "Mono8"
    assert wire_name(0x0220_0016, "Mono8") == "0x2200016"


def test_a_code_of_the_makers_own_is_what_the_camera_says() -> None:
    assert wire_name(0xC10A_0001, "Mono10g40IDS") == "Mono10g40IDS"
    assert wire_name(0x0108_0001, "Mono10g40IDS") == "Mono8"
