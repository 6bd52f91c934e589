"""A small product with bright and dark spots, and models of it whose weights are set by hand."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest

from models.bundle import Bundle, file_sha256, open_bundle
from training.data.dataset import Dataset, open_dataset
from training.data.lineage import LINEAGE_FILE, Lineage
from training.gate.compare import Exam
from training.gate.cost import Allowance

SIDE_PX = 64
MakeModel = Callable[..., Bundle]


@pytest.fixture(scope="session")
def spots_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """220 parts: good ones, ones with a bright spot and ones with a dark spot; some 44 locked."""
    folder = tmp_path_factory.mktemp("spots") / "set"
    rows = ["image,part"]
    number = 0
    for kind, count, grey in (("good", 100, 0), ("bright", 60, 250), ("dark", 60, 5)):
        (folder / kind / "Imgs").mkdir(parents=True)
        for _ in range(count):
            chance = np.random.default_rng(number)
            pixels = np.clip(chance.normal(128, 4, (SIDE_PX, SIDE_PX)), 0, 255).astype(np.uint8)
            mask = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
            if kind != "good":
                top, left = (int(value) for value in chance.integers(8, 48, 2))
                mask[top : top + 9, left : left + 9] = 255
                pixels[mask > 0] = grey
            name = f"{kind}/Imgs/{number:04d}"
            cv2.imwrite(str(folder / f"{name}.png"), pixels)
            cv2.imwrite(str(folder / f"{name}_mask.png"), mask)
            rows.append(f"{name}.png,{number}")
            number += 1
    (folder / "parts.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture(scope="session")
def spots(spots_folder: Path) -> Dataset:
    return open_dataset(spots_folder)


@pytest.fixture
def exam(spots: Dataset) -> Exam:
    """Without limits on time and memory: the models differ in what they find."""
    return Exam(spots, allowed=Allowance(slower=100.0, larger=100.0))


@pytest.fixture
def make_model(make_bundle: Callable[..., Path]) -> MakeModel:
    """Makes a model of spots: `make_model("2", dark=1.0)` misses every dark one."""

    def make(
        version: str,
        bright: float = 0.5,
        dark: float = 0.5,
        learnt_from: tuple[str, ...] = (),
        graph: onnx.ModelProto | None = None,
        metrics: dict[str, Any] | None = None,
        card: dict[str, Any] | None = None,
    ) -> Bundle:
        limits = {"bright": {"score": bright}, "dark": {"score": dark}}
        more = {"limits": limits} | (card or {})
        folder = make_bundle(version=version, graph=graph, card=more)
        Lineage(learnt_from=learnt_from).write(folder / LINEAGE_FILE)
        said = json.loads((folder / "card.json").read_text())
        said["hashes"][LINEAGE_FILE] = file_sha256(folder / LINEAGE_FILE)
        said["metrics"] |= metrics or {}
        (folder / "card.json").write_text(json.dumps(said))
        return open_bundle(folder)

    return make
