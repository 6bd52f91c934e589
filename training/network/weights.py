"""Weights as a file in the bundle, so that the next model can start from this one."""

from pathlib import Path
from typing import TypeVar
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor

from models.bundle import Bundle
from training.errors import TrainingError
from training.network.detection import DetectionNetwork
from training.network.networks import Network
from training.network.segmentation import SegmentationNetwork

AnyNetwork = TypeVar("AnyNetwork", SegmentationNetwork, DetectionNetwork)
WEIGHTS_FILE = "weights.npz"
_HEAD = ("head.weight", "head.bias")


def save_weights(network: Network, path: Path) -> None:
    """Write all weights and running statistics as plain arrays; the same bytes for the same."""
    arrays = {name: value.cpu().numpy() for name, value in network.state_dict().items()}
    np.savez(path, allow_pickle=False, **arrays)


def continue_from(network: AnyNetwork, bundle: Bundle, classes: tuple[str, ...]) -> AnyNetwork:
    """Give a fresh network for `classes` the bundle's weights; classes it lacks stay fresh.

    classes: all of the bundle's and any new ones.
    Raises TrainingError for a bundle without weights or of another network.
    """
    state = network.state_dict()
    stored = _load(bundle.folder / WEIGHTS_FILE)
    rows = [classes.index(name) for name in bundle.card.classes]
    for name in _HEAD:
        if name in stored and stored[name].shape[0] == len(rows):
            head = state[name].clone()
            head[rows] = stored[name]
            stored[name] = head
    if {k: v.shape for k, v in stored.items()} != {k: v.shape for k, v in state.items()}:
        raise TrainingError(
            f"{bundle.folder / WEIGHTS_FILE}: weights of another network; train from scratch"
        )
    network.load_state_dict(stored)
    return network


def _load(path: Path) -> dict[str, Tensor]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    except (OSError, ValueError, BadZipFile) as error:
        raise TrainingError(
            f"{path}: no weights to continue from: {error}; train without --fine-tune"
        ) from error
