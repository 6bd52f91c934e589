"""An ONNX graph written node by node, batch norms folded into convolutions.

torch's own exporter takes 15 to 30 s on one core for forty nodes, and its predecessor is on its
way out; this takes milliseconds and gives the same bytes for the same weights. Every bundle's graph
is proved against torch on real pictures, see `training.network.export.check_parity`.
"""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from models.card import InputSpec, OutputSpec
from training.network.layers import Convolution, Residual, Stage

# The oldest that onnxruntime 1.20 and all later ones run.
_OPSET = 17
_IR_VERSION = 8


class Graph:
    """Nodes and weights, in the order in which they are added."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def node(
        self, kind: str, *inputs: str, name: str = "", **attributes: str | int | list[int]
    ) -> str:
        """Add a node; returns the name of its output."""
        name = name or f"{kind.lower()}{len(self._nodes)}"
        node = helper.make_node(kind, list(inputs), [name], name)
        node.attribute.extend(helper.make_attribute(key, attributes[key]) for key in attributes)
        self._nodes.append(node)
        return name

    def scaled(self, x: str, factor: float) -> str:
        return self.node("Mul", x, self._weight(np.array(factor, np.float32)))

    def shifted(self, x: str, by: float) -> str:
        return self.node("Add", x, self._weight(np.array(by, np.float32)))

    def at_least(self, x: str, least: float) -> str:
        return self.node("Max", x, self._weight(np.array(least, np.float32)))

    def exponential(self, x: str, largest: float) -> str:
        """The exponential of each cell, which counts as `largest` where it is above."""
        top = self._weight(np.array(largest, np.float32))
        return self.node("Exp", self.node("Min", x, top))

    def doubled(self, x: str) -> str:
        """Twice the height and width, each cell four times."""
        scales = self._weight(np.array([1, 1, 2, 2], np.float32))
        return self.node(
            "Resize",
            x,
            "",
            scales,
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )

    def calmed(self, x: str, side: int) -> str:
        """The mean over a square of cells, of those that lie in the picture."""
        return self.node(
            "AveragePool", x, kernel_shape=[side] * 2, pads=[side // 2] * 4, count_include_pad=0
        )

    def stage(self, x: str, stage: Stage) -> str:
        for block in stage.blocks:
            x = self._residual(x, block)
        return x

    def convolution(self, x: str, module: Convolution) -> str:
        return self.node("Relu", self.folded(x, module.convolution, module.norm))

    def plain_convolution(self, x: str, convolution: nn.Conv2d) -> str:
        assert convolution.bias is not None
        return self._convolved(x, convolution, _array(convolution.weight), _array(convolution.bias))

    def model(self, name: str, spec: InputSpec, output: OutputSpec, maps: int) -> onnx.ModelProto:
        """The graph for one picture of fixed size that gives so many maps."""
        height, width = spec.size_hw
        cells = [1, maps, height // output.stride, width // output.stride]
        pixels = [1, spec.planes, height, width]
        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info(spec.name, TensorProto.FLOAT, pixels)],
            [helper.make_tensor_value_info(output.name, TensorProto.FLOAT, cells)],
            self._weights,
        )
        opsets = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, producer_name="passline")
        model.ir_version = _IR_VERSION
        onnx.checker.check_model(model, full_check=True)
        return model

    def _residual(self, x: str, block: Residual) -> str:
        inner = self.folded(self.convolution(x, block.first), block.second, block.norm)
        return self.node("Relu", self.node("Add", x, inner))

    def folded(self, x: str, convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> str:
        """A convolution with its batch norm: y = (w x - mean) * scale / sqrt(var + eps) + shift."""
        assert norm.running_var is not None
        assert norm.running_mean is not None
        gain = _array(norm.weight) / np.sqrt(_array(norm.running_var) + norm.eps)
        bias = _array(norm.bias) - _array(norm.running_mean) * gain
        return self._convolved(x, convolution, _array(convolution.weight) * _columns(gain), bias)

    def _convolved(
        self, x: str, convolution: nn.Conv2d, weight: NDArray[np.float64], bias: NDArray[np.float64]
    ) -> str:
        side, pad, stride = (
            int(values[0])
            for values in (convolution.kernel_size, convolution.padding, convolution.stride)
        )
        return self.node(
            "Conv",
            x,
            self._weight(weight.astype(np.float32)),
            self._weight(bias.astype(np.float32)),
            kernel_shape=[side, side],
            pads=[pad] * 4,
            strides=[stride] * 2,
        )

    def _weight(self, values: NDArray[np.float32]) -> str:
        name = f"w{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(values, name))
        return name


def _array(tensor: Tensor) -> NDArray[np.float64]:
    return tensor.detach().cpu().double().numpy()


def _columns(gain: NDArray[np.float64]) -> NDArray[np.float64]:
    return gain[:, None, None, None]
