"""A bundle at work: one onnxruntime session on the provider that was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from models.bundle import Bundle
from models.decode import decode
from models.errors import BundleError, InferenceError
from models.familiar import check
from models.findings import Finding, Placement
from models.preprocess import prepared
from models.providers import CPU, options_of, remedy
from models.registration import Agreement

_WARM_UP_RUNS = 2


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of one picture: its findings, and the raw output they came from.

    agreement: how well the template lay over the picture; None for a model without templates.
    """

    findings: tuple[Finding, ...]
    output: NDArray[np.float32]
    placement: Placement
    agreement: Agreement | None = None


class ModelSession:
    """Judges pictures with one bundle.

    Never falls back: a provider that is missing, or that onnxruntime silently replaced, is a
    BundleError (microsoft/onnxruntime #23372, #17801, #25145).
    """

    def __init__(self, bundle: Bundle, provider: str = CPU, threads: int = 1) -> None:
        self.bundle = bundle
        self.provider = provider
        self.threads = threads
        self._session = _open(bundle, provider, threads)
        _check_graph(self._session, bundle)
        self._input_name = bundle.card.input.name
        self._output_names = [bundle.card.output.name]
        self._warm_up()

    def predict(
        self,
        pixels: NDArray[Any],
        full_scale: int | None = None,
        origin_px: tuple[int, int] = (0, 0),
        template: NDArray[Any] | None = None,
    ) -> Prediction:
        """Findings of one picture, at or above the card's floor.

        pixels: (height, width) or (height, width, 3), uint8 or uint16, any size.
        full_scale, origin_px, template: see `models.preprocess.prepared`.
        Raises InferenceError when the picture does not fit the card or the output is no answer,
        NotRegistered when the template cannot be laid over the picture, Unfamiliar when it is
        blank, dark or bright unlike all that the model learnt from.
        """
        card = self.bundle.card
        seen = prepared(pixels, card.input, full_scale, origin_px, template)
        if card.familiar is not None:
            check(seen.look, card.familiar)
        output = self.run(seen.planes)
        findings = decode(output, card, seen.placement)
        return Prediction(findings, output, seen.placement, seen.agreement)

    def run(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """The raw output for a prepared input of shape (1, channels, height, width)."""
        try:
            outputs: Sequence[Any] = self._session.run(
                self._output_names, {self._input_name: planes}
            )
        except Exception as error:  # onnxruntime's errors share no public base but Exception
            raise InferenceError(f"{self.bundle.label}: the run failed: {error}") from error
        return outputs[0]

    def _warm_up(self) -> None:
        """The first runs are up to ten times slower (microsoft/onnxruntime #11581)."""
        spec = self.bundle.card.input
        blank = np.zeros((1, spec.planes, *spec.size_hw), np.float32)
        try:
            for _ in range(_WARM_UP_RUNS):
                self.run(blank)
        except InferenceError as error:
            raise BundleError(f"{self.bundle.model_path}: the warm-up failed: {error}") from error


def _open(bundle: Bundle, provider: str, threads: int) -> ort.InferenceSession:
    available = ort.get_available_providers()
    if provider not in available:
        raise BundleError(
            f"provider {provider!r} is not in this onnxruntime; here are {', '.join(available)}; "
            + remedy(provider)
        )
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Spinning threads eat the core that the camera needs (microsoft/onnxruntime #17011).
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if provider != CPU:
        # Without this, nodes the provider does not take run on the CPU without a word.
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    try:
        session = ort.InferenceSession(
            str(bundle.model_path), options, providers=[(provider, options_of(provider, bundle))]
        )
    except Exception as error:  # onnxruntime's errors share no public base but Exception
        raise BundleError(f"{bundle.model_path}: onnxruntime refuses it: {error}") from error
    used = session.get_providers()
    if used[0] != provider:
        raise BundleError(
            f"asked for {provider}, onnxruntime took {used}: no silent fall-back; "
            + remedy(provider)
        )
    return session


def _check_graph(session: ort.InferenceSession, bundle: Bundle) -> None:
    card = bundle.card
    inputs = [(node.name, node.type, node.shape) for node in session.get_inputs()]
    wanted_shape = [1, card.input.planes, *card.input.size_hw]
    if len(inputs) != 1 or not _fits(inputs[0], card.input.name, wanted_shape):
        raise BundleError(
            f"{bundle.model_path}: graph inputs are {inputs}, the card says one "
            f"({card.input.name!r}, tensor(float), {wanted_shape})"
        )
    outputs = [(node.name, node.type, node.shape) for node in session.get_outputs()]
    shape = card.maps_shape
    if not any(_fits(output, card.output.name, shape) for output in outputs):
        raise BundleError(
            f"{bundle.model_path}: graph outputs are {outputs}, the card says "
            f"({card.output.name!r}, tensor(float), {shape})"
        )


def _fits(node: tuple[str, str, list[Any]], name: str, shape: Sequence[int | None]) -> bool:
    """True when the node is a float tensor whose fixed sizes are the card's."""
    node_name, node_type, node_shape = node
    return (
        node_name == name
        and node_type == "tensor(float)"
        and len(node_shape) == len(shape)
        and all(
            wanted is None or not isinstance(got, int) or got == wanted
            for got, wanted in zip(node_shape, shape, strict=True)
        )
    )
