"""Buffers become pictures: by the bytes a camera sends, with the paddings that cameras add."""

import numpy as np
import pytest

from camera.frame import CHANNELS_BY_FORMAT, DTYPE_BY_FORMAT, FrameError, check_pixels
from camera.pixelformat import NAME_BY_PFNC, BufferLayout, unpack


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


@pytest.mark.parametrize("pixel_format", sorted(NAME_BY_PFNC.values()))
def test_every_format_of_a_frame_comes_out_of_its_bytes(pixel_format: str) -> None:
    channels = CHANNELS_BY_FORMAT[pixel_format]
    shape = (2, 3, channels) if channels > 1 else (2, 3)
    wanted = np.arange(2 * 3 * channels, dtype=DTYPE_BY_FORMAT[pixel_format]).reshape(shape)
    data = wanted.tobytes()
    pixels = unpack(data, layout(pixel_format, data))
    check_pixels(pixels, pixel_format)
    assert np.array_equal(pixels, wanted)


def test_every_format_that_a_frame_knows_has_its_pfnc_number() -> None:
    assert set(NAME_BY_PFNC.values()) == set(CHANNELS_BY_FORMAT)


def test_padded_lines_are_not_sheared() -> None:
    data = b"abc__def__"
    pixels = unpack(data, layout("Mono8", data, line_padding_bytes=2))
    assert pixels.tobytes() == b"abcdef"


def test_padded_16_bit_lines_behind_a_header_in_big_endian() -> None:
    wanted = np.array([[1, 2, 3], [256, 4095, 65535]], np.uint16)
    data = b"head" + b"".join(line.astype(">u2").tobytes() + b"__" for line in wanted)
    pixels = unpack(
        data, layout("Mono16", data, offset_bytes=4, line_padding_bytes=2, big_endian=1)
    )
    assert pixels.dtype == np.uint16
    assert np.array_equal(pixels, wanted)


def test_the_last_line_may_come_without_its_padding() -> None:
    data = b"abc__def"
    assert unpack(data, layout("Mono8", data, line_padding_bytes=2)).tobytes() == b"abcdef"


def test_the_picture_does_not_change_with_the_buffer() -> None:
    data = bytearray(b"abcdef")
    pixels = unpack(memoryview(data), layout("Mono8", bytes(data)))
    data[:] = b"zzzzzz"
    assert pixels.tobytes() == b"abcdef"


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


def test_a_format_that_no_frame_holds_is_refused() -> None:
    with pytest.raises(FrameError, match="pixel format 0x2200016; known are Mono8"):
        unpack(b"", layout("0x2200016", b""))
