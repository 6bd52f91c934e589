"""The checks of what a bundle's card says of its graph: parity with torch, and the loss by INT8."""

from models.bundle import Bundle
from training.gate.report import Answer, Check

PARITY_TOLERANCE = 1e-3
"""Largest difference of a probability that float32 kernels of two makers may show."""
INT8_TOLERANCE = 0.002
"""Of a figure from 0 to 1: what a training accepts for the time that 8 bits save."""
_QUANTISED = (b"QuantizeLinear", b"QLinearConv", b"QLinearMatMul", b"ConvInteger")


def parity(challenger: Bundle) -> Check:
    """Whether the exported graph answers as the trained network did."""
    worst = challenger.card.metrics.parity_max_abs
    return Check(
        name="parity",
        rule=(
            f"On real pictures torch and onnxruntime differ by at most {PARITY_TOLERANCE:g} in any "
            "probability (from the card)."
        ),
        answer=Answer.YES if worst <= PARITY_TOLERANCE else Answer.NO,
        found=f"largest difference {worst:.2g}",
    )


def int8_loss(challenger: Bundle) -> Check:
    """Whether a bundle with 8-bit arithmetic says what that cost, and it cost next to nothing."""
    answer, found = _int8_found(challenger)
    return Check(
        name="INT8 loss",
        rule=(
            f"A bundle that computes in 8 bits lost at most {INT8_TOLERANCE:g} of its task's "
            "figure by it, and became no slower (from the card)."
        ),
        answer=answer,
        found=found,
    )


def _int8_found(bundle: Bundle) -> tuple[Answer, str]:
    if not _is_quantised(bundle):
        return Answer.YES, "it computes in float32"
    said = bundle.card.precision
    if (
        said is None
        or said.fp32_figure is None
        or said.int8_figure is None
        or said.int8_p99_ms is None
    ):
        return Answer.NO, "it computes in 8 bits, and its card does not say what that cost"
    found = (
        f"{said.figure} {said.int8_figure:.4f} in 8 bits and {said.fp32_figure:.4f} in 32, "
        f"p99 {said.int8_p99_ms:.1f} ms and {said.fp32_p99_ms:.1f} ms"
    )
    lost = said.fp32_figure - said.int8_figure
    holds = lost <= INT8_TOLERANCE and said.int8_p99_ms <= said.fp32_p99_ms
    return (Answer.YES if holds else Answer.NO), found


def _is_quantised(bundle: Bundle) -> bool:
    """From the names of operators, which stand in the file as they are."""
    content = bundle.model_path.read_bytes()
    return any(name in content for name in _QUANTISED)
