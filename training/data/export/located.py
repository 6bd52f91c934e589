"""What layouts without masks need to know of labels."""

from collections.abc import Iterable

from training.data.dataset import Sample
from training.data.labels import Box, Label, Polygon
from training.errors import TrainingError


def need_places(samples: Iterable[Sample], layout: str) -> None:
    """Raise TrainingError for a defect that nobody located: it would become a good part."""
    lost = [sample for sample in samples if sample.labels and not sample.boxes()]
    if lost:
        raise TrainingError(
            f"{lost[0].picture}: shows {', '.join(sorted(lost[0].classes))}, but nobody said "
            f"where, as on {len(lost)} pictures; in {layout} they would be good parts: export as "
            "classes, masks or coco"
        )


def turned_to_boxes(samples: Iterable[Sample], kept: tuple[type[Label], ...] = (Box,)) -> list[str]:
    """The loss of outlines and masks, in words."""
    labels = [label for sample in samples for label in sample.labels]
    outlines = sum(isinstance(label, Polygon) and not isinstance(label, kept) for label in labels)
    masks = sum(not isinstance(label, (Box, Polygon)) for label in labels)
    lost: list[str] = []
    if outlines:
        lost.append(f"{outlines} outlines became boxes")
    if masks:
        lost.append(f"{masks} masks became a box for each region")
    return lost
