"""How wide the floats are that a network is fitted in: half as wide where a GPU is quick with them.

Weights, loss and the average stay float32, and so does what is exported.
"""

from enum import StrEnum

import torch


class MixedPrecision(StrEnum):
    """Which floats the network computes in while it is fitted."""

    AUTO = "auto"  # on a GPU bf16, fp16 where it has none; on the processor no half-width ones
    NO = "no"  # float32
    BF16 = "bf16"  # reaches as far as float32: no loss needs scaling (arXiv 1905.12322)
    FP16 = "fp16"  # does not: the loss is scaled up, so that no gradient is lost (arXiv 1710.03740)


def half_of(wanted: MixedPrecision, device: torch.device) -> torch.dtype | None:
    """The half-width floats to compute in on a device; None for float32."""
    if wanted is MixedPrecision.AUTO:
        if device.type == "cpu":
            return None
        has_bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if has_bf16 else torch.float16
    return {MixedPrecision.BF16: torch.bfloat16, MixedPrecision.FP16: torch.float16}.get(wanted)


def scaler_of(half: torch.dtype | None, device: torch.device) -> torch.amp.GradScaler:
    """Scales the loss up for fp16, and leaves out a step that overflowed; else does nothing."""
    return torch.amp.GradScaler(device.type, enabled=half is torch.float16)
