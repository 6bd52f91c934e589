"""What the networks are made of: convolutions with batch norm, residual stages."""

from torch import Tensor, nn
from torch.nn import functional as fn

STRIDE = 4
"""A cell of the networks' output is so many pixels of their input wide and high."""
SIZE_MULTIPLE_PX = 16
# Bias of a fresh head: a defect in one cell of a hundred, so that the first steps do not burn
# the network on empty cells (Lin et al., arXiv 1708.02002).
RARE = -4.6


class Convolution(nn.Module):
    """A convolution, 3 x 3 unless told, with batch norm and ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1, side: int = 3) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(
            inputs, outputs, side, stride=stride, padding=side // 2, bias=False
        )
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return fn.relu(self.norm(self.convolution(x)))


class Residual(nn.Module):
    """Two convolutions beside a short cut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = Convolution(channels, channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return fn.relu(x + self.norm(self.second(self.first(x))))


class Stage(nn.Module):
    """Residual blocks at one resolution."""

    def __init__(self, channels: int, blocks: int) -> None:
        super().__init__()
        self.blocks = [Residual(channels) for _ in range(blocks)]
        for index, block in enumerate(self.blocks):
            self.add_module(str(index), block)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        return x


def doubled(x: Tensor) -> Tensor:
    """Twice the height and width, each cell four times."""
    return fn.interpolate(x, scale_factor=2.0, mode="nearest")


def halved(x: Tensor) -> Tensor:
    """Half the height and width, each square of four cells as one with four times the channels.

    In the order of ONNX's SpaceToDepth: all channels of the first cell, then of the second.
    """
    channels = x.shape[1]
    return fn.pixel_unshuffle(x, 2).unflatten(1, (channels, 4)).transpose(1, 2).flatten(1, 2)
