"""Packed samples: those that share bytes, brought into 16 bits each.

A packing is told bit by bit, as PFNC's pictures show it, and becomes a few shifts and masks on
whole words: numpy moves two or four samples at once, block by block within the processor's cache.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK_BYTES = 1 << 17
"""Of words a step: three such blocks stay in a core's own cache, and Python's part is small."""


@dataclass(frozen=True, slots=True)
class Run:
    """Bits that lie side by side: `count` from bit `first` of a group on are those of `sample`.

    first: counted over the group's bytes, from the lowest bit of the first byte.
    to: the bit of the sample that the first of them is.
    """

    sample: int
    first: int
    count: int
    to: int = 0


@dataclass(frozen=True)
class Packing:
    """How samples share bytes: whole groups of bytes that each hold as many samples.

    group_samples: 2 or 4, so that a group's samples of 16 bits fill a machine word.
    """

    group_bytes: int
    group_samples: int
    runs: tuple[Run, ...]

    def bytes_for(self, samples: int) -> int:
        """Bytes up to the last one that holds a bit of `samples` samples in a row."""
        groups, rest = divmod(samples, self.group_samples)
        bits = max((run.first + run.count for run in self.runs if run.sample < rest), default=0)
        return groups * self.group_bytes + -(-bits // 8)

    @cached_property
    def word(self) -> "np.dtype[Any]":
        """The little-endian word that a group's samples fill when each has 16 bits."""
        return np.dtype(f"<u{2 * self.group_samples}")

    @cached_property
    def moves(self) -> "tuple[Move, ...]":
        """All bits of a group by how far they move."""
        masks: dict[int, int] = {}
        for run in self.runs:
            shift = 16 * run.sample + run.to - run.first
            masks[shift] = masks.get(shift, 0) | ((1 << run.count) - 1) << run.first
        word = self.word.type
        return tuple(
            Move(word(mask), np.left_shift if shift > 0 else np.right_shift, word(abs(shift)))
            for shift, mask in masks.items()
        )


@dataclass(frozen=True, slots=True)
class Move:
    """The bits under `mask`, moved `by` so many places by `shift`."""

    mask: "np.unsignedinteger[Any]"
    shift: np.ufunc
    by: "np.unsignedinteger[Any]"

    def make(self, group: NDArray[Any], out: NDArray[Any]) -> None:
        np.bitwise_and(group, self.mask, out=out)
        if self.by:
            self.shift(out, self.by, out=out)


def lsb_packed(bits: int) -> Packing:
    """Mono10p, 12p, 14p: the samples' bits one after the other, from the lowest bit on.

    Source: PFNC, lsb packed.
    """
    samples = 2 if bits == 12 else 4
    runs = tuple(Run(sample, sample * bits, bits) for sample in range(samples))
    return Packing(samples * bits // 8, samples, runs)


def gige_packed(bits: int) -> Packing:
    """Mono10Packed, Mono12Packed: high bits, the low bits of both samples, high bits.

    Source: GigE Vision 2.0, GVSP, which named them before PFNC. Ten bits leave bits 2, 3, 6 and 7
    of the middle byte unused.
    """
    low = bits - 8
    runs = (Run(0, 0, 8, low), Run(0, 8, low), Run(1, 12, low), Run(1, 16, 8, low))
    return Packing(3, 2, runs)


def grouped(bits: int, samples: int) -> Packing:
    """Mono10g40, Mono12g24: the high bits of each sample, then a byte with the low bits of all.

    Source: PFNC, grouped; IDS cameras send it.
    """
    low = bits - 8
    high_bits = tuple(Run(sample, 8 * sample, 8, low) for sample in range(samples))
    low_bits = tuple(Run(sample, 8 * samples + low * sample, low) for sample in range(samples))
    return Packing(samples + 1, samples, high_bits + low_bits)


def unpack_lines(
    data: NDArray[np.uint8], packing: Packing, line_padding_bytes: int, out: NDArray[np.uint16]
) -> None:
    """Unpack a picture into `out` of shape (height, width).

    Without padding the lines follow each other bit by bit: a line may begin within a byte (GigE
    Vision says so of an odd width). With padding each line begins on a byte.

    data: from the first byte of the picture on; may hold more than the picture.
    """
    if not line_padding_bytes:
        _unpack_row(data, packing, out.reshape(-1))
        return
    height, width = out.shape
    line_bytes = packing.bytes_for(width)
    stride = line_bytes + line_padding_bytes
    groups = -(-width // packing.group_samples)
    whole = np.zeros((height, groups * packing.group_bytes), np.uint8)
    whole[:, :line_bytes] = np.ndarray((height, line_bytes), np.uint8, data, 0, (stride, 1))
    if groups * packing.group_samples == width:
        _unpack_row(whole.reshape(-1), packing, out.reshape(-1))
        return
    wide = np.empty((height, groups * packing.group_samples), np.uint16)
    _unpack_row(whole.reshape(-1), packing, wide.reshape(-1))
    out[:] = wide[:, :width]


def _unpack_row(data: NDArray[np.uint8], packing: Packing, out: NDArray[np.uint16]) -> None:
    """Unpack `out.size` samples in a row; the groups at the end by way of a longer copy.

    A word is longer than a group, so that the last ones would be read beyond the data.
    """
    word_bytes = packing.word.itemsize
    groups = min(
        out.size // packing.group_samples,
        max(0, (data.size - word_bytes) // packing.group_bytes + 1),
    )
    samples = groups * packing.group_samples
    _spread(data, packing, out[:samples].view(packing.word))
    if samples == out.size:
        return
    rest = data[groups * packing.group_bytes :][: packing.bytes_for(out.size - samples)]
    longer = np.zeros(rest.size + packing.group_bytes + word_bytes, np.uint8)
    longer[: rest.size] = rest
    words = np.empty(-(-(out.size - samples) // packing.group_samples), packing.word)
    _spread(longer, packing, words)
    out[samples:] = words.view(np.uint16)[: out.size - samples]


def _spread(data: NDArray[np.uint8], packing: Packing, words: NDArray[Any]) -> None:
    """Fill `words` with the samples of as many groups, which must lie within `data`."""
    source = np.ndarray(words.shape, packing.word, data, 0, (packing.group_bytes,))
    first, *others = packing.moves
    block = BLOCK_BYTES // packing.word.itemsize
    group, moved = (np.empty(min(block, words.size), packing.word) for _ in range(2))
    for start in range(0, words.size, block):
        out = words[start : start + block]
        if out.size < group.size:
            group, moved = group[: out.size], moved[: out.size]
        np.copyto(group, source[start : start + block])
        first.make(group, out)
        for move in others:
            move.make(group, moved)
            np.bitwise_or(out, moved, out=out)
