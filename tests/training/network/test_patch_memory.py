"""No weights can be downloaded here: random ones, saved as a file, take the same path."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torchvision.models import resnet18

from models.card import InputSpec, OutputSpec
from models.session import ModelSession
from training.data.dataset import open_good
from training.errors import TrainingError
from training.fitting.examples import Example
from training.fitting.fit import Plan
from training.measuring.evaluate import measure
from training.network.networks import network_graph
from training.network.patch_memory import (
    USUAL_FILE,
    PatchMemory,
    load_backbone,
    local_backbone,
    remember,
)
from training.painting.painters import choose
from training.tasks.better import better
from training.train import Order, teach

Planes = np.ndarray[tuple[int, int], np.dtype[np.float32]]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / USUAL_FILE
    torch.save(resnet18(weights=None).state_dict(), path)
    return path


def picture(seed: int) -> Planes:
    return np.random.default_rng(seed).normal(0, 0.05, (64, 64)).astype(np.float32)


@pytest.fixture(scope="module")
def memory(weights: Path) -> PatchMemory:
    good = [picture(seed) for seed in range(6)]
    return remember(load_backbone(weights), good, [picture(9), picture(10)], seed=1)


def test_what_no_good_part_showed_is_far_from_all_of_them(memory: PatchMemory) -> None:
    bad = picture(11)
    bad[24:40, 24:40] += 2.0
    with torch.no_grad():
        good_map, bad_map = (
            memory(torch.from_numpy(p)[None, None])[0, 0] for p in (picture(12), bad)
        )
    assert bad_map.max() > good_map.max()
    assert bad_map.shape == (16, 16)
    row, column = divmod(int(bad_map.argmax()), 16)
    assert 4 <= row < 12
    assert 4 <= column < 12


def test_the_graph_answers_as_the_memory_does(memory: PatchMemory) -> None:
    spec = InputSpec(size_hw=(64, 64))
    graph = network_graph(memory, spec, OutputSpec(name="maps", kind="heatmap", stride=4))
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    seen = picture(13)[None, None]
    (answered,) = session.run(None, {spec.name: seen})
    with torch.no_grad():
        wanted = memory.answer(torch.from_numpy(seen)).numpy()
    assert np.abs(np.asarray(answered) - wanted).max() < 1e-3


def test_a_limit_comes_to_lie_at_one_half(memory: PatchMemory) -> None:
    memory = deepcopy(memory)
    seen = torch.from_numpy(picture(3))[None, None]
    with torch.no_grad():
        before = memory(seen)
        memory.settle(0.9)
        after = memory(seen)
    limit = torch.logit(torch.tensor(0.9))
    assert torch.equal(before > limit, after > 0.0)


def test_a_station_is_taught_with_the_memory_where_it_finds_more(
    weights: Path, parts_folder: Path, tmp_path: Path
) -> None:
    """Painted defects have taught nothing after a single step; the bundle judges like any other."""
    good = open_good(parts_folder / "good", parts_folder / "parts.csv")
    plan = Plan(seed=3, steps=1, batch=4, crop_px=64)
    order = Order("plate", "1", plan, (64, 64), choose("spot:3"))
    painted = teach(good, order, tmp_path / "painted")
    remembered = teach(good, replace(order, pretrained=weights), tmp_path / "memory")
    assert remembered.bundle.card.metrics.parity_max_abs < 1e-3
    (measured,) = measure(ModelSession(remembered.bundle), good.samples[:1])
    assert 0.0 <= measured.score <= 1.0
    sizes = [each.bundle.model_path.stat().st_size for each in (remembered, painted)]
    assert sizes[0] > 5 * sizes[1]


class Blind(nn.Module):
    """Sees the same in every picture."""

    def forward(self, image: Tensor) -> Tensor:
        return torch.zeros(1, 1, *(side // 4 for side in image.shape[2:]))


class Keen(nn.Module):
    """Sees every pixel that is far from grey."""

    def forward(self, image: Tensor) -> Tensor:
        return image.abs()


def test_of_two_networks_the_one_that_finds_painted_defects_is_the_better() -> None:
    empty = np.zeros((1, 16, 16), np.uint8)
    good = [Example(picture(n).astype(np.float16)[None], empty) for n in (1, 2)]
    blind, keen = Blind(), Keen()
    for order in ((blind, keen), (keen, blind)):
        assert better(order, good, choose("spot:3"), seed=1) is keen
    assert better((blind, Blind()), good, choose("spot:3"), seed=1) is blind


def test_weights_are_found_in_torchs_cache(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert local_backbone() is None
    (tmp_path / "hub/checkpoints").mkdir(parents=True)
    (tmp_path / "hub/checkpoints" / USUAL_FILE).symlink_to(weights)
    assert local_backbone() == tmp_path / "hub/checkpoints" / USUAL_FILE


@pytest.mark.parametrize("content", [b"", b"not weights", None])
def test_a_file_that_holds_no_such_weights_is_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "odd.pth"
    if content is None:
        torch.save({"conv1.weight": torch.zeros(1)}, path)
    else:
        path.write_bytes(content)
    with pytest.raises(TrainingError, match=r"odd\.pth: expected the weights of torchvision's"):
        load_backbone(path)
    with pytest.raises(TrainingError, match="cannot be read: No such file"):
        load_backbone(tmp_path / "gone.pth")
