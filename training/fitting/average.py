"""The average of a network's weights over the last steps, which judges better than the last one."""

import torch
from torch import Tensor, nn

_DECAY = 0.999
# The first steps move far: the average follows them closely and slows down (as in Tan and Le's
# training of EfficientNet, arXiv 1905.11946).
_WARM_UP = 10


class Average:
    """An exponential moving average of all weights and batch-norm statistics (Polyak, 1992).

    state: what a `state_dict` of the network would hold.
    """

    def __init__(self, network: nn.Module) -> None:
        self.state: dict[str, Tensor] = {
            name: value.detach().clone() for name, value in network.state_dict().items()
        }

    @torch.no_grad()
    def follow(self, network: nn.Module, step: int) -> None:
        """Take in the network as it is after `step` steps, counted from one."""
        share = 1.0 - min(_DECAY, step / (_WARM_UP + step))
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                self.state[name].lerp_(value, share)
            else:
                self.state[name].copy_(value)
