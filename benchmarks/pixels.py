"""What each pixel format costs on its way out of the buffer, beside a plain copy of the buffer.

And what it costs to measure a picture's health, which the line does for every part.

    python benchmarks/pixels.py                       5 megapixels, one core, under a minute
    python benchmarks/pixels.py --size 512 512        another size

Each round takes every format and its plain copy in turn, from eight buffers one after the other, so
that neither finds its data in the cache. Both write into memory that is there, as the line does.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import cv2
import numpy as np

from camera.health import measure_health, take_reference
from camera.pixelformat import BufferLayout, form_of, picture_bytes, unpack
from camera.wireformats import WIRE_FORMATS

BUFFERS = 8
GREY = ("Mono8", "Mono10", "Mono12", "Mono16")
PACKED = ("Mono10p", "Mono12p", "Mono14p", "Mono10Packed", "Mono12Packed", "Mono10g40IDS",
          "Mono12g24IDS")  # fmt: skip
COLOUR = ("BayerRG8", "BayerRG12", "BayerRG10p", "BayerRG12p", "BayerRG12Packed", "RGB8", "BGR8",
          "YUV422_8")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="unpacking beside a plain memory copy")
    parser.add_argument("--size", type=int, nargs=2, default=(2048, 2448), metavar=("H", "W"))
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    height, width = arguments.size
    print(f"{width}x{height} px, one core; medians of {arguments.rounds} rounds of {BUFFERS}")
    print(f"{'format':18}{'unpack':>10}{'copy':>10}{'times a copy':>15}{'pictures/s':>13}")
    for names in (GREY, PACKED, COLOUR):
        for name in names:
            measure(name, height, width, arguments.rounds)
    for size_hw in ((512, 512), (2048, 2448)):
        time_health(size_hw, 8 * arguments.rounds)


def measure(name: str, height: int, width: int, rounds: int) -> None:
    layout = BufferLayout(name, height, width, 1 << 40)
    chance = np.random.default_rng(1)
    size = picture_bytes(layout)
    buffers = [chance.bytes(size) for _ in range(BUFFERS)]
    form = form_of(layout)
    room, plain = np.empty(form.shape, form.dtype), np.empty(size, np.uint8)

    def unpack_all() -> None:
        for buffer in buffers:
            unpack(buffer, layout, room)

    def copy_all() -> None:
        for buffer in buffers:
            np.copyto(plain, np.frombuffer(buffer, np.uint8))

    unpack_all()
    copy_all()
    both = [(milliseconds(unpack_all), milliseconds(copy_all)) for _ in range(rounds)]
    unpacked, copied = (statistics.median(times) for times in zip(*both, strict=True))
    ratio, rate = unpacked / copied, 1e3 / unpacked
    print(f"{name:18}{unpacked:7.2f} ms{copied:7.2f} ms{ratio:15.1f}{rate:13.0f}")


def time_health(size_hw: tuple[int, int], rounds: int) -> None:
    chance = np.random.default_rng(1)
    pictures = [chance.integers(0, 256, size_hw, np.uint8) for _ in range(BUFFERS)]
    reference = take_reference(pictures, 255)

    def measure_all() -> None:
        for pixels in pictures:
            measure_health(pixels, 255, reference)

    times = sorted(milliseconds(measure_all) for _ in range(rounds))
    print(
        f"health of {size_hw[1]}x{size_hw[0]} Mono8: median {statistics.median(times):.2f} ms, "
        f"least {times[0]:.2f} ms"
    )


def milliseconds(run: Callable[[], None]) -> float:
    """Of one buffer."""
    begun = time.perf_counter()
    run()
    return (time.perf_counter() - begun) * 1e3 / BUFFERS


if __name__ == "__main__":
    assert set(GREY + PACKED + COLOUR) <= set(WIRE_FORMATS)
    main()
