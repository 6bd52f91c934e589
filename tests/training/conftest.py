"""A small product: grey discs with spots and lines, learnt in seconds."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from training.data.dataset import Dataset, open_dataset
from training.fitting.fit import Plan
from training.train import Order, Trained, train

SIDE_PX = 64
PLAN = Plan(seed=3, epochs=14, batch=8, crop_px=64)

Picture = NDArray[np.uint8]
WriteParts = Callable[..., Path]


def draw_part(seed: int, kind: str) -> tuple[Picture, Picture]:
    """A textured plate and the mask of its defect: a dark spot, or a bright line, or none."""
    chance = np.random.default_rng(seed)
    plate = chance.normal(120, 4, (SIDE_PX, SIDE_PX))
    mask = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    x, y = (int(value) for value in chance.integers(14, SIDE_PX - 14, 2))
    if kind == "spot":
        cv2.circle(mask, (x, y), 6, 255, -1)
        plate[mask > 0] -= 60
    elif kind == "line":
        cv2.line(mask, (x - 10, y), (x + 10, y + 4), 255, 3)
        plate[mask > 0] += 60
    return np.clip(plate, 0, 255).astype(np.uint8), mask


@pytest.fixture(scope="session")
def write_parts() -> WriteParts:
    """Writes parts in the layout of `passline render`: write(folder, good=20, spot=20, line=0)."""

    def write(folder: Path, first: int = 0, **counts: int) -> Path:
        number = first
        rows = ["image,part"]
        for kind, count in counts.items():
            (folder / kind / "Imgs").mkdir(parents=True)
            for _ in range(count):
                pixels, mask = draw_part(number, kind)
                name = f"{kind}/Imgs/part{number:05d}"
                cv2.imwrite(str(folder / f"{name}.png"), pixels)
                cv2.imwrite(str(folder / f"{name}_mask.png"), mask)
                rows.append(f"{name}.png,{number}")
                number += 1
        (folder / "parts.csv").write_text("\n".join(rows) + "\n")
        return folder

    return write


@pytest.fixture(scope="session")
def parts_folder(write_parts: WriteParts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """180 parts: good ones, spots and lines."""
    return write_parts(tmp_path_factory.mktemp("parts") / "set", good=90, spot=50, line=40)


@pytest.fixture(scope="session")
def parts(parts_folder: Path) -> Dataset:
    return open_dataset(parts_folder)


@pytest.fixture(scope="session")
def trained(parts: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A bundle that knows spots and lines."""
    out = tmp_path_factory.mktemp("bundles") / "plate-1"
    return train(parts, Order("plate", "1", PLAN, (SIDE_PX, SIDE_PX), command="pytest"), out)


@pytest.fixture(scope="session")
def spots_only(
    write_parts: WriteParts, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Trained, Path]:
    """A champion that has never seen a line, and the parts that it learnt from."""
    folder = write_parts(tmp_path_factory.mktemp("spots") / "set", first=1000, good=60, spot=40)
    out = tmp_path_factory.mktemp("bundles") / "plate-0"
    order = Order("plate", "0", PLAN, (SIDE_PX, SIDE_PX), command="pytest")
    return train(open_dataset(folder), order, out), folder
