"""A memory of good patches: how far each patch of a picture is from all that good parts showed.

Source: PatchCore (Roth et al., arXiv 2106.08265), on the second and third stage of a ResNet-18 (He
et al., arXiv 1512.03385) that somebody else has trained on a million photographs.
"""

from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as fn
from torchvision.models import resnet18

from training.errors import TrainingError
from training.network.layers import doubled

Planes = NDArray[np.float32]

USUAL_FILE = "resnet18-f37072fd.pth"
"""As torchvision's own loader names it in torch's cache, see `local_backbone`."""
LEAST_SQUARE = 1e-6
_PATCHES = 1000
_DRAWN = 20_000
_PROJECTED = 64
_GAIN = 2.0  # normalised metal varies by a tenth, the photographs' grey values by one
_STEEPNESS = 8.0


class PatchMemory(nn.Module):
    """Grey picture to one map: the distance to the nearest remembered patch, as a logit.

    Input: float32 (batch, 1, height, width), sides multiples of 16.
    Output: float32 (batch, 1, height / 4, width / 4), 0 where a patch is as far away as the
    farthest of a good part is; each value four times, since patches are 8 pixels apart.
    """

    conv1: nn.Conv2d
    bn1: nn.BatchNorm2d
    layer1: nn.Module
    layer2: nn.Module
    layer3: nn.Module
    patches: Tensor
    usual: Tensor

    def __init__(self, backbone: nn.Module, patches: Tensor, usual: float) -> None:
        super().__init__()
        self.classes = 1
        self.gain = _GAIN
        self.steepness = _STEEPNESS
        for name in ("conv1", "bn1", "layer1", "layer2", "layer3"):
            self.add_module(name, backbone.get_submodule(name))
        self.register_buffer("patches", patches)
        self.register_buffer("usual", torch.tensor(usual))

    def forward(self, image: Tensor) -> Tensor:
        found = nearest(patch_features(self, self.gain * image), self.patches)
        return doubled(self.steepness * (found / self.usual - 1.0))

    def crossing(self) -> nn.Conv2d:
        """What a feature's square is added to, to be its squared distance from each patch."""
        count, channels = self.patches.shape
        convolution = nn.Conv2d(channels, count, 1)
        with torch.no_grad():
            convolution.weight.copy_(-2.0 * self.patches[:, :, None, None])
            assert convolution.bias is not None
            convolution.bias.copy_(self.patches.square().sum(1))
        return convolution

    def settle(self, limit: float) -> None:
        """Move the scores so that the limit comes to lie at one half; never upwards."""
        at = torch.tensor(limit).clamp(0.5, 0.999)
        self.usual *= 1.0 + torch.logit(at) / self.steepness

    def answer(self, image: Tensor) -> Tensor:
        """What the exported graph gives: probabilities."""
        return torch.sigmoid(self(image))


def patch_features(backbone: nn.Module, grey: Tensor) -> Tensor:
    """What a ResNet sees around each point: float32 (batch, 384, height / 8, width / 8)."""
    stage = backbone.get_submodule
    at2 = fn.relu(stage("bn1")(stage("conv1")(grey.expand(-1, 3, -1, -1))))
    at4 = stage("layer1")(fn.max_pool2d(at2, 3, stride=2, padding=1))
    at8 = stage("layer2")(at4)
    at16 = stage("layer3")(at8)
    return torch.cat([_around(at8), doubled(_around(at16))], 1)


def nearest(features: Tensor, patches: Tensor) -> Tensor:
    """Distance to the nearest of the patches, (n, channels), as a map of one channel."""
    square = features.square().sum(1, keepdim=True)
    crossed = fn.conv2d(features, -2.0 * patches[:, :, None, None], patches.square().sum(1))
    return (square + crossed.amin(1, keepdim=True)).clamp(min=LEAST_SQUARE).sqrt()


@torch.no_grad()
def remember(
    backbone: nn.Module, good: Sequence[Planes], others: Sequence[Planes], seed: int
) -> PatchMemory:
    """A memory of good pictures, float32 (height, width) each, whose scale other good ones set."""
    chance = np.random.default_rng(seed)
    backbone.eval()
    each = max(1, _DRAWN // len(good))
    drawn = [
        _drawn(patch_features(backbone, _GAIN * _batch(picture)), each, chance) for picture in good
    ]
    patches = _spread(torch.cat(drawn), chance)
    farthest = [
        float(nearest(patch_features(backbone, _GAIN * _batch(picture)), patches).max())
        for picture in others
    ]
    return PatchMemory(backbone, patches, float(np.quantile(farthest, 0.95))).eval()


def load_backbone(path: Path) -> nn.Module:
    """A ResNet-18 of torchvision with the weights in a local file; nothing is downloaded.

    Raises TrainingError for a file that is no such weights.
    """
    backbone = resnet18(weights=None)
    try:
        backbone.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read: {error.strerror}") from error
    except (RuntimeError, UnpicklingError, TypeError, EOFError) as error:
        first_line, _, _ = str(error).partition("\n")
        raise TrainingError(
            f"{path}: expected the weights of torchvision's resnet18, as its state_dict: "
            f"{type(error).__name__}: {first_line}"
        ) from error
    return backbone


def local_backbone() -> Path | None:
    """Where torch's cache on this machine has the weights, if it has."""
    path = Path(torch.hub.get_dir()) / "checkpoints" / USUAL_FILE
    return path if path.is_file() else None


def _around(features: Tensor) -> Tensor:
    return fn.avg_pool2d(features, 3, 1, 1, count_include_pad=False)


def _batch(picture: Planes) -> Tensor:
    return torch.from_numpy(picture)[None, None]


def _drawn(features: Tensor, count: int, chance: np.random.Generator) -> Tensor:
    """So many patches of a picture, any of them: (count, channels)."""
    rows = features[0].flatten(1).T
    return rows[torch.from_numpy(chance.permutation(len(rows))[:count])]


def _spread(rows: Tensor, chance: np.random.Generator) -> Tensor:
    """Patches that lie far apart, so that few stand for all (k-centre, Sener, arXiv 1708.00489).

    Distances are those of random projections, which keep them (Johnson and Lindenstrauss, 1984).
    """
    mix = chance.normal(0.0, 1.0, (rows.shape[1], _PROJECTED)).astype(np.float32)
    points = rows @ torch.from_numpy(mix)
    chosen = [0]
    apart = (points - points[0]).square().sum(1)
    while len(chosen) < min(_PATCHES, len(rows)):
        chosen.append(int(apart.argmax()))
        apart = torch.minimum(apart, (points - points[chosen[-1]]).square().sum(1))
    return rows[chosen]
