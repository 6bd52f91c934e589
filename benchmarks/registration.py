"""How well and how fast golden templates are laid over real boards.

    PASSLINE_REAL_DATA=FOLDER python benchmarks/registration.py      FOLDER/deeppcb/PCBData
    python benchmarks/registration.py FOLDER/deeppcb --pairs 100

Each template is shifted and turned by a known amount and laid over its picture. The residual is
how far pixels then lie from where the template lies when it was not moved: the pairs themselves are
up to 3 px off, which is not known and not counted. Across edges: at right angles to the template's
edges, since along a straight one a shift cannot be seen. The time is that of this process alone.
"""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.registration import NotRegistered, Registered, register
from training.data.layouts.deeppcb import template_of
from training.data.pictures import read_picture

SHIFT_PX = 20.0
TURN_DEG = 1.5
Picture = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Residual:
    """Of one pair: median over the picture, and median and 95th percentile across edges, in px."""

    median_px: float
    across_px: float
    across_95_px: float
    correlation: float


def main() -> None:
    parser = argparse.ArgumentParser(description="laying templates over real boards")
    parser.add_argument("folder", type=Path, nargs="?", default=_default_folder())
    parser.add_argument("--pairs", type=int, default=100)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    pictures = sorted(arguments.folder.rglob("*_test.jpg"))
    pictures = pictures[:: max(1, len(pictures) // arguments.pairs)][: arguments.pairs]
    boards = [(read_picture(path), _template(path)) for path in pictures]
    moved, moved_ms = _moved(boards)
    print(f"{len(boards)} boards of {boards[0][0].shape[1]}x{boards[0][0].shape[0]} pixels\n")
    print("| residual, of the pairs | median | 95 % | worst |\n|---|---|---|---|")
    for name, values in (
        ("median over the picture", [one.median_px for one in moved]),
        ("median across edges", [one.across_px for one in moved]),
        ("95th percentile across edges", [one.across_95_px for one in moved]),
    ):
        print(f"| {name} | {_px(values, 50)} | {_px(values, 95)} | {_px(values, 100)} |")
    print("\n| time, of the process | p50 | p99 |\n|---|---|---|")
    print(
        f"| shifted by up to {SHIFT_PX:.0f} px, turned by up to {TURN_DEG} degrees | {moved_ms} |"
    )
    print(
        f"| the pair as it is | {_timed(boards, lambda picture, template: (template, picture))} |"
    )
    print(f"| nothing off | {_timed(boards, lambda picture, _: (picture, picture.copy()))} |")
    others = [template for _, template in boards[1:] + boards[:1]]
    refused = sum(
        _refused(picture, other) for (picture, _), other in zip(boards, others, strict=True)
    )
    print(f"\nlaid: {len(moved)} of {len(boards)}; ", end="")
    print(f"lowest correlation {min(one.correlation for one in moved):.2f}; ", end="")
    print(f"the next board's template was refused {refused} of {len(boards)} times")


def _moved(boards: list[tuple[Picture, Picture]]) -> tuple[list[Residual], str]:
    chance = np.random.default_rng(0)
    residuals: list[Residual] = []
    took_ms: list[float] = []
    for picture, template in boards:
        height, width = template.shape
        turn = np.eye(3)
        middle, turn_deg = ((width - 1) / 2, (height - 1) / 2), chance.uniform(-TURN_DEG, TURN_DEG)
        turn[:2] = cv2.getRotationMatrix2D(middle, turn_deg, 1.0)
        turn[:2, 2] += chance.uniform(-SHIFT_PX, SHIFT_PX, 2)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        off = cv2.warpAffine(
            template, turn[:2], (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        plain = register(template, picture)
        begun_s = time.process_time()
        try:
            found = register(off, picture)
        except NotRegistered as fault:
            print(f"not laid: {fault}")
            continue
        took_ms.append(1e3 * (time.process_time() - begun_s))
        residuals.append(_residual(template, turn, plain, found))
    return residuals, _percentiles(took_ms)


def _residual(
    template: Picture, turn: NDArray[np.float64], plain: Registered, found: Registered
) -> Residual:
    size_hw = (template.shape[0], template.shape[1])
    x, y = found.motion.at(size_hw)
    plain_x, plain_y = plain.motion.at(size_hw)
    off_x = turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] - plain_x
    off_y = turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] - plain_y
    smooth = cv2.GaussianBlur(plain.template, (0, 0), 1.5).astype(np.float32)
    slope_x, slope_y = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    steep = np.hypot(slope_x, slope_y)
    edges = steep > 0.3 * steep.max()
    across = np.abs(off_x * slope_x + off_y * slope_y)[edges] / steep[edges]
    return Residual(
        float(np.median(np.hypot(off_x, off_y))),
        float(np.median(across)),
        float(np.percentile(across, 95)),
        found.agreement.correlation,
    )


def _timed(
    boards: list[tuple[Picture, Picture]],
    pair: Callable[[Picture, Picture], tuple[Picture, Picture]],
) -> str:
    took_ms: list[float] = []
    for picture, template in boards:
        golden, seen = pair(picture, template)
        begun_s = time.process_time()
        register(golden, seen)
        took_ms.append(1e3 * (time.process_time() - begun_s))
    return _percentiles(took_ms)


def _refused(picture: Picture, template: Picture) -> bool:
    try:
        register(template, picture)
    except NotRegistered:
        return True
    return False


def _template(picture: Path) -> Picture:
    path = template_of(picture)
    if path is None:
        raise SystemExit(f"{picture}: no template beside it")
    return read_picture(path)


def _percentiles(took_ms: list[float]) -> str:
    return f"{np.percentile(took_ms, 50):.0f} ms | {np.percentile(took_ms, 99):.0f} ms"


def _px(values: list[float], percentile: float) -> str:
    return f"{np.percentile(values, percentile):.2f} px"


def _default_folder() -> Path:
    return Path(os.environ.get("PASSLINE_REAL_DATA", "../shared/data")) / "deeppcb"


if __name__ == "__main__":
    main()
