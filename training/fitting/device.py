"""Where a network is fitted: on the processor, or on a CUDA GPU."""

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import torch
from torch import Tensor

from training.errors import TrainingError

DEVICES = ("auto", "cpu", "cuda")
Anything = TypeVar("Anything")


def choose_device(wanted: str) -> torch.device:
    """The device that was asked for; for `auto` the GPU where torch sees one.

    Raises TrainingError for a GPU that is not there.
    """
    if wanted not in DEVICES:
        raise TrainingError(f"device {wanted!r}: expected {', '.join(DEVICES)}")
    is_there = torch.cuda.is_available()
    if wanted == "cuda" and not is_there:
        raise TrainingError(
            f"device cuda: torch {torch.__version__} sees no CUDA GPU on this machine; "
            "leave --device out to train on the processor"
        )
    return torch.device("cuda" if is_there and wanted != "cpu" else "cpu")


def moved(batch: Anything, device: torch.device) -> Anything:
    """A batch, a dataclass of tensors and of such dataclasses, on the device; its own if there."""
    if device.type == "cpu" or not is_dataclass(batch) or isinstance(batch, type):
        return batch
    there: dict[str, Any] = {}
    for field in fields(batch):
        value = getattr(batch, field.name)
        there[field.name] = (
            value.to(device, non_blocking=True)
            if isinstance(value, Tensor)
            else moved(value, device)
        )
    return replace(batch, **there)
