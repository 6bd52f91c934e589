"""From a model's raw output to findings.

One implementation for the line, for training and for replay: what is measured is what judges.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.card import SIDES, Card
from models.centres import from_centres
from models.errors import InferenceError
from models.findings import Finding, Placement
from models.heatmap import from_heatmap


def decode(output: NDArray[Any], card: Card, placement: Placement) -> tuple[Finding, ...]:
    """All findings at or above the card's floor, highest score first.

    output: what the graph gave, as `OutputSpec` describes it.
    Raises InferenceError for NaN, infinity, scores outside 0..1 or a shape that does not fit.
    """
    _check_shape(output, card.maps_shape)
    read = from_centres if card.output.kind == "centres" else from_heatmap
    found = read(output, card, placement)
    return tuple(sorted(found, key=lambda f: (-f.score, f.class_name, f.box_xyxy_px)))


def peak(output: NDArray[Any], card: Card) -> float:
    """The highest probability anywhere, also below the card's floor."""
    likely = output[:, :-SIDES] if card.output.kind == "centres" else output
    return float(likely.max())


def _check_shape(output: NDArray[Any], expected: tuple[int, ...]) -> None:
    if output.shape != expected or output.dtype != np.float32:
        raise InferenceError(
            f"output is {output.dtype} of {output.shape}, the card says float32 of {expected}"
        )
