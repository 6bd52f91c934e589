"""Which of two networks taught with good parts alone finds more on parts that neither has seen."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import nn

from training.fitting.examples import Example
from training.measuring.evaluate import auroc
from training.painting.painters import Canvas, Painter, Plane, paint, texture_of

AnyNetwork = TypeVar("AnyNetwork", bound=nn.Module)


def better(
    networks: Sequence[AnyNetwork],
    good: Sequence[Example],
    painters: Mapping[str, Painter],
    seed: int,
) -> AnyNetwork:
    """The network that tells good pictures best from the same ones painted; the first of equals."""
    return max(networks, key=lambda network: painted_auroc(network, good, painters, seed))


def painted_auroc(
    network: nn.Module, good: Sequence[Example], painters: Mapping[str, Painter], seed: int
) -> float:
    """AUROC of the highest cell between these good pictures and the same with a painted defect.

    0.5 where there is no picture, or nothing that could be seen was painted.
    """
    chance = np.random.default_rng(seed)
    planes = [example.planes[0].astype(np.float32) for example in good]
    painted: list[float] = []
    for plane in planes:
        other = planes[int(chance.integers(len(planes)))]
        defect = paint(Canvas(plane, other, texture_of(plane)), painters, chance)
        if defect.cover.any():
            painted.append(_highest(network, defect.plane))
    found = auroc(painted, [_highest(network, plane) for plane in planes])
    return 0.5 if found is None else found


@torch.no_grad()
def _highest(network: nn.Module, plane: Plane) -> float:
    return float(network.eval()(torch.from_numpy(plane)[None, None]).max())
