"""What happens in the story: three chapters of parts, and what each chapter's process makes."""

from dataclasses import dataclass

from camera.belt import ORDINARY_RATES, Belt, Stretch
from camera.renderer import DefectKind

SEED = 12  # another series than the shipped model was trained on
MODEL = "metal-cap"
NEW_DEFECT = DefectKind.STAIN

IN_CONTROL = dict(ORDINARY_RATES)
DRIFTED = IN_CONTROL | {DefectKind.SCRATCH: 0.2, NEW_DEFECT: 0.4}
MENDED = IN_CONTROL | {NEW_DEFECT: 0.08}
FAINT = (0.15, 0.45)
"""Contrast of defects after the drift: of faint stains the shipped model misses more than half."""

LOST_ONE_IN = 97
"""Every so many triggers the virtual camera takes no picture."""


@dataclass(frozen=True, slots=True)
class Plot:
    """How many parts each chapter has.

    training: parts that come while the challenger is trained and gated; the belt goes slowly.
    """

    in_control: int
    drifted: int
    training: int
    mended: int

    @property
    def drift_from(self) -> int:
        return self.in_control

    @property
    def training_from(self) -> int:
        return self.in_control + self.drifted

    @property
    def mended_from(self) -> int:
        return self.training_from + self.training

    @property
    def parts(self) -> int:
        return self.mended_from + self.mended

    def belt(self, released: int, pace_hz: float) -> Belt:
        """The belt with `released` parts on it: same plot, same parts, whatever the pace."""
        return Belt(
            released=released,
            pace_hz=pace_hz,
            stretches=(
                Stretch(first_part=0, rates=IN_CONTROL),
                Stretch(first_part=self.drift_from, rates=DRIFTED, contrast=FAINT),
                Stretch(first_part=self.mended_from, rates=MENDED, contrast=FAINT),
            ),
        )

    def chart(self) -> tuple[int, int]:
        """Parts per subgroup and baseline subgroups: the first chapter sets the limits."""
        subgroup = max(10, self.in_control // 8)
        return subgroup, self.in_control // subgroup


def plot_of(parts: int) -> Plot:
    """The story in `parts` parts, at least 200 of them."""
    in_control, drifted, training = parts * 36 // 100, parts * 34 // 100, parts * 5 // 100
    return Plot(in_control, drifted, training, parts - in_control - drifted - training)
