"""The detection network: where a defect has its centre, of which class, and how far it reaches.

Sources: centres as heat maps (Zhou et al., Objects as Points, arXiv 1904.07850), distances to the
four sides (Tian et al., FCOS, arXiv 1904.01355), residual stages with top-down fusion as in
`training.network.segmentation`.
"""

import torch
from torch import Tensor, nn

from models.card import SIDES
from training.network.layers import RARE, Convolution, Stage, doubled, halved

WIDTHS = (32, 64, 96)  # channels at stride 4, 8 and 16
BLOCKS = (1, 2, 2)  # residual blocks at stride 4, 8 and 16

# A fresh network says that a defect reaches so far from its centre; a side is this times
# exp(output), so that small and large defects are learnt alike.
USUAL_REACH_PX = 16.0
# exp(5.5) times that is more than the largest picture a card allows.
LARGEST_EXPONENT = 5.5


class DetectionNetwork(nn.Module):
    """Grey picture, alone or with its golden template, to centres and sides; 0.6 M parameters.

    Input: float32 (batch, planes, height, width), height and width multiples of SIZE_MULTIPLE_PX.
    Output: float32 (batch, classes + 4, height / 4, width / 4): the classes' logits, then the
    logarithms of left, top, right and bottom over USUAL_REACH_PX.
    """

    def __init__(self, planes: int, classes: int) -> None:
        super().__init__()
        self.planes = planes
        self.classes = classes
        fine, middle, coarse = WIDTHS
        self.stem = Convolution(4 * planes, fine, stride=2)
        self.stage4 = Stage(fine, BLOCKS[0])
        self.down8 = Convolution(fine, middle, stride=2)
        self.stage8 = Stage(middle, BLOCKS[1])
        self.down16 = Convolution(middle, coarse, stride=2)
        self.stage16 = Stage(coarse, BLOCKS[2])
        self.to8 = nn.Conv2d(coarse, middle, 1)
        self.fuse8 = Convolution(middle, middle)
        self.to4 = nn.Conv2d(middle, fine, 1)
        self.fuse4 = Convolution(fine, fine)
        self.neck = Convolution(fine, fine)
        self.head = nn.Conv2d(fine, classes, 1)
        self.sides = nn.Conv2d(fine, SIDES, 1)
        for convolution, bias in ((self.head, RARE), (self.sides, 0.0)):
            nn.init.normal_(convolution.weight, std=0.01)
            assert convolution.bias is not None
            nn.init.constant_(convolution.bias, bias)

    def forward(self, image: Tensor) -> Tensor:
        at4 = self.stage4(self.stem(halved(image)))
        at8 = self.stage8(self.down8(at4))
        at16 = self.stage16(self.down16(at8))
        at8 = self.fuse8(at8 + doubled(self.to8(at16)))
        at4 = self.neck(self.fuse4(at4 + doubled(self.to4(at8))))
        return torch.cat([self.head(at4), self.sides(at4)], 1)

    def answer(self, image: Tensor) -> Tensor:
        """What the exported graph gives: probabilities, then sides in input pixels."""
        maps = self(image)
        return torch.cat([torch.sigmoid(maps[:, :-SIDES]), sides_px(maps[:, -SIDES:])], 1)


def sides_px(maps: Tensor) -> Tensor:
    """Distances in input pixels from the network's last four maps."""
    return USUAL_REACH_PX * torch.exp(maps.clamp(max=LARGEST_EXPONENT))
