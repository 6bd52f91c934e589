"""The networks that there are, and each as a graph that gives what it answers."""

import onnx
from torch import nn
from torchvision.models.resnet import BasicBlock

from models.card import SIDES, InputSpec, OutputSpec
from training.network.detection import LARGEST_EXPONENT, USUAL_REACH_PX, DetectionNetwork
from training.network.graph import Graph
from training.network.patch_memory import LEAST_SQUARE, PatchMemory
from training.network.segmentation import CALM_SIDE, SegmentationNetwork

Network = SegmentationNetwork | DetectionNetwork | PatchMemory


def fresh_network(spec: InputSpec, output: OutputSpec, classes: int) -> Network:
    """A network that has learnt nothing, for such an input and output."""
    if output.kind == "centres":
        return DetectionNetwork(spec.planes, classes).eval()
    return SegmentationNetwork(classes, spec.planes).eval()


def network_graph(network: Network, spec: InputSpec, output: OutputSpec) -> onnx.ModelProto:
    """The graph of a network for one picture of fixed size: what its `answer` gives."""
    if isinstance(network, DetectionNetwork):
        return _detection_graph(network, spec, output)
    if isinstance(network, PatchMemory):
        return _memory_graph(network, spec, output)
    return _segmentation_graph(network, spec, output)


def _segmentation_graph(
    network: SegmentationNetwork, spec: InputSpec, output: OutputSpec
) -> onnx.ModelProto:
    graph = Graph()
    contrast = graph.node("Softsign", graph.scaled(spec.name, network.gain))
    at4 = graph.convolution(graph.node("SpaceToDepth", contrast, blocksize=2), network.stem)
    at4 = graph.stage(graph.convolution(at4, network.mix), network.stage4)
    at8 = graph.stage(graph.convolution(at4, network.down8), network.stage8)
    at16 = graph.stage(graph.convolution(at8, network.down16), network.stage16)
    from16 = graph.doubled(graph.plain_convolution(at16, network.to8))
    at8 = graph.convolution(graph.node("Add", at8, from16), network.fuse8)
    from8 = graph.doubled(graph.plain_convolution(at8, network.to4))
    at4 = graph.convolution(graph.node("Add", at4, from8), network.fuse4)
    logits = graph.plain_convolution(at4, network.head)
    graph.node("Sigmoid", graph.calmed(logits, CALM_SIDE), name=output.name)
    return graph.model("segmentation", spec, output, network.classes)


def _detection_graph(
    network: DetectionNetwork, spec: InputSpec, output: OutputSpec
) -> onnx.ModelProto:
    graph = Graph()
    halved = graph.node("SpaceToDepth", spec.name, blocksize=2)
    at4 = graph.stage(graph.convolution(halved, network.stem), network.stage4)
    at8 = graph.stage(graph.convolution(at4, network.down8), network.stage8)
    at16 = graph.stage(graph.convolution(at8, network.down16), network.stage16)
    from16 = graph.doubled(graph.plain_convolution(at16, network.to8))
    at8 = graph.convolution(graph.node("Add", at8, from16), network.fuse8)
    from8 = graph.doubled(graph.plain_convolution(at8, network.to4))
    at4 = graph.convolution(graph.node("Add", at4, from8), network.fuse4)
    at4 = graph.convolution(at4, network.neck)
    likely = graph.node("Sigmoid", graph.plain_convolution(at4, network.head))
    reach = graph.exponential(graph.plain_convolution(at4, network.sides), LARGEST_EXPONENT)
    graph.node("Concat", likely, graph.scaled(reach, USUAL_REACH_PX), name=output.name, axis=1)
    return graph.model("detection", spec, output, network.classes + SIDES)


def _memory_graph(network: PatchMemory, spec: InputSpec, output: OutputSpec) -> onnx.ModelProto:
    graph = Graph()
    grey = graph.scaled(spec.name, network.gain)
    at2 = graph.folded(graph.node("Concat", grey, grey, grey, axis=1), network.conv1, network.bn1)
    at4 = graph.node(
        "MaxPool", graph.node("Relu", at2), kernel_shape=[3, 3], pads=[1] * 4, strides=[2, 2]
    )
    at8 = _blocks(graph, _blocks(graph, at4, network.layer1), network.layer2)
    at16 = _blocks(graph, at8, network.layer3)
    around16 = graph.doubled(graph.calmed(at16, 3))
    features = graph.node("Concat", graph.calmed(at8, 3), around16, axis=1)
    square = graph.node("ReduceSumSquare", features, axes=[1], keepdims=1)
    crossed = graph.plain_convolution(features, network.crossing())
    nearest = graph.node("Add", square, graph.node("ReduceMin", crossed, axes=[1], keepdims=1))
    distance = graph.node("Sqrt", graph.at_least(nearest, LEAST_SQUARE))
    logits = graph.scaled(distance, network.steepness / network.usual.item())
    cells = graph.doubled(graph.shifted(logits, -network.steepness))
    graph.node("Sigmoid", cells, name=output.name)
    return graph.model("patch_memory", spec, output, network.classes)


def _blocks(graph: Graph, x: str, layer: nn.Module) -> str:
    """The blocks of one stage of a ResNet."""
    for block in layer.children():
        assert isinstance(block, BasicBlock)
        inner = graph.node("Relu", graph.folded(x, block.conv1, _norm(block.bn1)))
        inner = graph.folded(inner, block.conv2, _norm(block.bn2))
        beside = x
        if block.downsample is not None:
            convolution, norm = block.downsample.children()
            assert isinstance(convolution, nn.Conv2d)
            beside = graph.folded(x, convolution, _norm(norm))
        x = graph.node("Relu", graph.node("Add", inner, beside))
    return x


def _norm(module: nn.Module) -> nn.BatchNorm2d:
    assert isinstance(module, nn.BatchNorm2d)
    return module
