"""Time and memory side by side, and what a card says of its graph."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest

from models.bundle import Bundle
from models.errors import BundleError
from models.footprint import peak_mib
from models.session import ModelSession
from training.data.dataset import Dataset
from training.gate.cost import USUAL, _check, _measure, latency, memory
from training.gate.promises import int8_loss, parity
from training.gate.report import Answer

MakeModel = Callable[..., Bundle]


def laborious(like: Bundle, channels: int = 16) -> onnx.ModelProto:
    """The model of a bundle with two large convolutions whose result is multiplied by nothing."""
    model = onnx.load(like.model_path)
    graph = model.graph
    kernel = np.zeros((channels, channels, 7, 7), np.float32)
    first = np.zeros((channels, 1, 7, 7), np.float32)
    helper, array = onnx.helper, onnx.numpy_helper.from_array
    graph.initializer.extend([array(first, "first"), array(kernel, "kernel")])
    convolution = {"pads": [3, 3, 3, 3]}
    graph.node.extend(
        [
            helper.make_node("Conv", ["image", "first"], ["wide"], **convolution),
            helper.make_node("Conv", ["wide", "kernel"], ["wider"], **convolution),
            helper.make_node("ReduceMean", ["wider"], ["nothing"], keepdims=0),
            helper.make_node("Add", ["heat", "nothing"], ["same"]),
        ]
    )
    graph.output[0].name = "same"
    for node in graph.node:
        for names in (node.input, node.output):
            for at, name in enumerate(names):
                names[at] = {"heat": "old", "same": "heat"}.get(name, name)
    graph.output[0].name = "heat"
    return model


def test_a_laborious_challenger_is_refused_and_an_equal_one_is_not(
    make_model: MakeModel, spots: Dataset
) -> None:
    plain = ModelSession(make_model("1"))
    slow = ModelSession(make_model("2", graph=laborious(plain.bundle)))
    check = latency(plain, slow, spots.samples, USUAL)
    assert check.answer is Answer.NO
    p50, p99 = check.measures
    assert p50.ratio is not None
    assert p50.lower is not None
    assert p50.upper is not None
    assert USUAL.slower < p50.lower <= p50.ratio <= p50.upper
    assert p99.challenger >= p50.challenger
    assert latency(slow, plain, spots.samples, USUAL).answer is Answer.YES


@pytest.mark.parametrize(
    ("ratios", "answer"),
    [
        ([0.9, 1.0, 1.1], Answer.YES),
        ([1.2, 1.6, 1.9], Answer.NO),
        ([0.8, 1.6, 9.0], Answer.YES),  # the machine was interrupted, on either side
        ([1.1, 1.4, 9.0], Answer.YES),
    ],
)
def test_a_busy_machine_is_not_the_challenger_s_fault(ratios: list[float], answer: Answer) -> None:
    measure = _measure("p99", "ms", [[2.0, 2.0 * ratio] for ratio in ratios])
    assert _check("latency", "time", USUAL.slower, (measure,)).answer is answer


def test_memory_is_that_of_a_process_that_runs_the_model_alone(make_model: MakeModel) -> None:
    ballast = np.zeros(100 * 2**20, np.uint8)  # what this process holds is not the model's
    plain = ModelSession(make_model("1"))
    check = memory(plain, plain, USUAL)
    assert check.answer is Answer.YES
    (peak,) = check.measures
    assert peak.ratio == pytest.approx(1.0, abs=0.1)
    assert 20.0 < peak.challenger < 200.0
    assert ballast.nbytes > 0


def test_a_bundle_that_does_not_run_in_a_process_of_its_own_is_named(
    make_model: MakeModel,
) -> None:
    bundle = make_model("1")
    bundle.model_path.write_bytes(b"")
    with pytest.raises(BundleError, match=r"ended badly: .*SHA-256"):
        peak_mib(bundle.folder)


@pytest.mark.parametrize(("worst", "answer"), [(1e-6, Answer.YES), (2e-3, Answer.NO)])
def test_a_graph_that_does_not_answer_as_the_network_did_is_refused(
    worst: float, answer: Answer, make_model: MakeModel
) -> None:
    assert parity(make_model("1", metrics={"parity_max_abs": worst})).answer is answer


SAID = {
    "kind": "int8", "figure": "AUROC", "fp32_p99_ms": 9.0, "int8_p99_ms": 6.0,
    "fp32_figure": 0.970, "int8_figure": 0.969,
}  # fmt: skip


@pytest.mark.parametrize(
    ("precision", "answer", "found"),
    [
        (None, Answer.NO, "does not say what that cost"),
        (SAID | {"int8_figure": None}, Answer.NO, "does not say what that cost"),
        (SAID, Answer.YES, "AUROC 0.9690 in 8 bits and 0.9700 in 32, p99 6.0 ms and 9.0 ms"),
        (SAID | {"int8_figure": 0.767}, Answer.NO, "AUROC 0.7670 in 8 bits"),
        (SAID | {"int8_p99_ms": 11.0}, Answer.NO, "p99 11.0 ms"),
    ],
)
def test_a_quantised_bundle_has_to_say_what_it_cost(
    precision: dict[str, Any] | None, answer: Answer, found: str, make_model: MakeModel
) -> None:
    plain = make_model("1")
    assert int8_loss(plain).answer is Answer.YES
    quantised = make_model("2", graph=through_8_bits(plain), card={"precision": precision})
    assert ModelSession(quantised).run(np.zeros((1, 1, 64, 64), np.float32)).shape
    check = int8_loss(quantised)
    assert check.answer is answer
    assert found in check.found


def through_8_bits(like: Bundle) -> onnx.ModelProto:
    """The model of a bundle, its picture rounded to 8 bits on the way in."""
    model = onnx.load(like.model_path)
    helper, array = onnx.helper, onnx.numpy_helper.from_array
    model.graph.initializer.append(array(np.array(1 / 255, np.float32), "step"))
    model.graph.initializer.append(array(np.array(0, np.uint8), "zero_point"))
    names = ["image", "step", "zero_point"]
    quantise = helper.make_node("QuantizeLinear", names, ["eight"])
    back = helper.make_node("DequantizeLinear", ["eight", *names[1:]], ["rounded"])
    model.graph.node[0].input[0] = "rounded"
    model.graph.node.insert(0, back)
    model.graph.node.insert(0, quantise)
    return model
