"""The networks that there are, and each as a graph that gives what it answers."""

import onnx

from models.card import SIDES, InputSpec, OutputSpec
from training.network.detection import LARGEST_EXPONENT, USUAL_REACH_PX, DetectionNetwork
from training.network.graph import Graph
from training.network.segmentation import CALM_SIDE, SegmentationNetwork

Network = SegmentationNetwork | DetectionNetwork


def network_graph(network: Network, spec: InputSpec, output: OutputSpec) -> onnx.ModelProto:
    """The graph of a network for one picture of fixed size: what its `answer` gives."""
    if isinstance(network, DetectionNetwork):
        return _detection_graph(network, spec, output)
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
