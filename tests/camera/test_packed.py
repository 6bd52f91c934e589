"""Packed samples come out bit by bit, by the tables that PFNC and GigE Vision print.

Written for this test alone, in the slowest and plainest way: single bits as text.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from camera.packed import BLOCK_BYTES, Packing, gige_packed, grouped, lsb_packed, unpack_lines

PADDING = b"\xa5\x5a\xa5"


def lsb(values: list[int], bits: int) -> bytes:
    """All bits in a row, the lowest of the first value first; the last byte is filled with 0."""
    row = "".join(format(value, f"0{bits}b")[::-1] for value in values)
    row += "0" * (-len(row) % 8)
    return bytes(int(row[place : place + 8][::-1], 2) for place in range(0, len(row), 8))


def gige(values: list[int], bits: int) -> bytes:
    """High byte, a nibble each of low bits, high byte; an odd last value has no second one."""
    low = bits - 8
    data = bytearray()
    for first, second in zip(values[::2], [*values[1::2], None][: len(values[::2])], strict=True):
        data.append(first >> low)
        data.append((first % (1 << low)) | ((second or 0) % (1 << low)) << 4)
        if second is not None:
            data.append(second >> low)
    return bytes(data)


def in_groups(values: list[int], bits: int, samples: int) -> bytes:
    """The high bytes, then one byte of all low bits, the first value's lowest; whole groups."""
    low = bits - 8
    data = bytearray()
    for place in range(0, len(values), samples):
        group = values[place : place + samples]
        group += [0] * (samples - len(group))
        data += bytes(value >> low for value in group)
        data.append(sum((value % (1 << low)) << low * i for i, value in enumerate(group)))
    return bytes(data)


PACKED: dict[str, tuple[Packing, int, Callable[[list[int]], bytes]]] = {
    "10p": (lsb_packed(10), 10, partial(lsb, bits=10)),
    "12p": (lsb_packed(12), 12, partial(lsb, bits=12)),
    "14p": (lsb_packed(14), 14, partial(lsb, bits=14)),
    "10Packed": (gige_packed(10), 10, partial(gige, bits=10)),
    "12Packed": (gige_packed(12), 12, partial(gige, bits=12)),
    "10g40": (grouped(10, 4), 10, partial(in_groups, bits=10, samples=4)),
    "12g24": (grouped(12, 2), 12, partial(in_groups, bits=12, samples=2)),
}


def unpacked(
    data: bytes, packing: Packing, size_hw: tuple[int, int], padding: int = 0
) -> NDArray[np.uint16]:
    out = np.full(size_hw, 0xFFFF, np.uint16)
    unpack_lines(np.frombuffer(data, np.uint8), packing, padding, out)
    return out


GOLDEN = [
    ("10p", [0x155, 0x2AA, 0x3FF, 0x001], "55 a9 fa 7f 00"),
    ("12p", [0xABC, 0x123], "bc 3a 12"),
    ("14p", [0x3ABC, 0x1234, 0x0001, 0x2FFF], "bc 3a 8d 14 00 fc bf"),
    ("10Packed", [0x155, 0x2AA], "55 21 aa"),
    ("12Packed", [0xABC, 0x123], "ab 3c 12"),
    ("10g40", [0x155, 0x2AA, 0x3FF, 0x001], "55 aa ff 00 79"),
    ("12g24", [0xABC, 0x123], "ab 12 3c"),
]
"""Worked out by hand. p: PFNC 2.4, lsb packed, a sample begins at the bit after the last one's.
Packed: GigE Vision 2.0, byte 1 holds the low bits of both. g: PFNC 2.4, grouped, the last byte
holds the low bits."""


@pytest.mark.parametrize(("form", "values", "data"), GOLDEN)
def test_a_group_is_the_one_worked_out_by_hand(form: str, values: list[int], data: str) -> None:
    packing, _, pack = PACKED[form]
    assert unpacked(bytes.fromhex(data), packing, (1, len(values)))[0].tolist() == values
    assert pack(values) == bytes.fromhex(data)


@st.composite
def pictures(draw: st.DrawFn) -> tuple[str, NDArray[np.int64]]:
    form = draw(st.sampled_from(sorted(PACKED)))
    height, width = draw(st.integers(1, 6)), draw(st.integers(1, 21))
    chance = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    return form, chance.integers(0, 1 << PACKED[form][1], (height, width))


@settings(deadline=None)
@given(pictures())
def test_lines_without_padding_follow_each_other_bit_by_bit(
    picture: tuple[str, NDArray[np.int64]],
) -> None:
    form, values = picture
    packing, _, pack = PACKED[form]
    data = pack(values.ravel().tolist())
    assert packing.bytes_for(values.size) <= len(data)
    got = unpacked(data[: packing.bytes_for(values.size)], packing, values.shape)
    assert np.array_equal(got, values)


@settings(deadline=None)
@given(pictures(), st.integers(1, 3))
def test_padded_lines_begin_on_a_byte(picture: tuple[str, NDArray[np.int64]], padding: int) -> None:
    form, values = picture
    packing, _, pack = PACKED[form]
    length = packing.bytes_for(values.shape[1])
    lines = [pack(line)[:length] for line in values.tolist()]
    data = PADDING[:padding].join(lines)
    assert np.array_equal(unpacked(data, packing, values.shape, padding), values)


@settings(deadline=None)
@given(pictures())
def test_bytes_behind_the_picture_change_nothing(picture: tuple[str, NDArray[np.int64]]) -> None:
    form, values = picture
    packing, _, pack = PACKED[form]
    data = pack(values.ravel().tolist())[: packing.bytes_for(values.size)]
    assert np.array_equal(unpacked(data + b"\xff" * 9, packing, values.shape), values)


@pytest.mark.parametrize("form", sorted(PACKED))
def test_a_picture_of_many_blocks_is_whole(form: str) -> None:
    """More groups than are moved in one step, and a last group that is not whole."""
    packing, bits, pack = PACKED[form]
    values = np.random.default_rng(3).integers(0, 1 << bits, (1, 2 * BLOCK_BYTES + 3))
    assert np.array_equal(unpacked(pack(values[0].tolist()), packing, values.shape), values)
