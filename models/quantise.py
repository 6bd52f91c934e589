"""A graph in 8-bit integers, calibrated on real inputs.

Only training imports this: onnxruntime's quantiser needs the onnx package, which a station does
without.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.quant_utils import add_pre_process_metadata

_QUANTISED = ["Conv", "Add", "Relu", "Resize", "SpaceToDepth"]


class _Inputs(CalibrationDataReader):
    """Prepared inputs, one a run."""

    def __init__(self, name: str, inputs: Sequence[NDArray[np.float32]]) -> None:
        self._feeds: Iterator[dict[str, NDArray[np.float32]]] = iter(
            [{name: planes} for planes in inputs]
        )

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        return next(self._feeds, None)


def quantise(model: Path, inputs: Sequence[NDArray[np.float32]], target: Path) -> None:
    """Write `model` with weights and layers in 8 bits to `target`.

    inputs: prepared pictures that show how large values become in each layer.
    Weights take 7 bits (`reduce_range`): without VNNI, products of 8-bit ones overflow in 16-bit
    sums, which cost a detector a fifth of its AP without a word. The last convolutions stay as they
    are: what they give is read as probabilities and pixels.
    """
    graph = onnx.shape_inference.infer_shapes(onnx.load(model))
    add_pre_process_metadata(graph)  # batch norms are folded and shapes known: nothing else is due
    quantize_static(
        graph,
        str(target),
        _Inputs(graph.graph.input[0].name, inputs),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=_QUANTISED,
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=_last_convolutions(graph.graph),
    )


def _last_convolutions(graph: onnx.GraphProto) -> list[str]:
    """The convolutions behind which there is no other."""
    followed: set[str] = set()  # values that a convolution is computed from
    last: list[str] = []
    for node in reversed(graph.node):
        ahead = any(output in followed for output in node.output)
        if node.op_type == "Conv" and not ahead:
            last.append(node.name)
        if node.op_type == "Conv" or ahead:
            followed.update(node.input)
    return last
