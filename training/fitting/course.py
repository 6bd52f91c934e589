"""The state of a fit, as its checkpoints keep it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from training.fitting.average import Average
from training.fitting.curve import Drawing


@dataclass(slots=True, eq=False)
class Course:
    """Where a fit is: everything that its next step depends on.

    chance: what the batches are drawn by.
    half, scaler: see `training.fitting.precision`.
    share: of the plan that is done, 0 to 1. spent_s: in this and in earlier, killed processes.
    best: what `average` was at the best exam, where the plan stops early.
    """

    network: nn.Module
    optimizer: torch.optim.Optimizer
    average: Average
    chance: np.random.Generator
    half: torch.dtype | None
    scaler: torch.amp.GradScaler
    step: int = 0
    share: float = 0.0
    spent_s: float = 0.0
    drawing: Drawing = field(default_factory=Drawing)
    best: dict[str, Tensor] | None = None

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.network.parameters()).device

    def state(self) -> dict[str, Any]:
        """All of it, as a checkpoint keeps it."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "average": self.average.state,
            "chance": self.chance.bit_generator.state,
            "step": self.step,
            "share": self.share,
            "spent_s": self.spent_s,
            "drawing": self.drawing.state(),
            "best": self.best,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint of a fit of the same network."""
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scaler.load_state_dict(state["scaler"])
        self.average.state = {name: v.to(self.device) for name, v in state["average"].items()}
        self.chance.bit_generator.state = state["chance"]
        self.step, self.share = state["step"], state["share"]
        self.spent_s = state["spent_s"]
        self.drawing, self.best = Drawing.of(state["drawing"]), state["best"]
