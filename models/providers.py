"""The providers that run graphs on a GPU: what each is told, and what to install for it."""

import os
from pathlib import Path

from models.bundle import Bundle
from models.errors import BundleError

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"

_REMEDIES = {
    CUDA: "install onnxruntime-gpu in place of onnxruntime, and CUDA and cuDNN beside it",
    TENSORRT: "install onnxruntime-gpu in place of onnxruntime, and CUDA and TensorRT beside it",
}


def remedy(provider: str) -> str:
    """What to do where a provider is missing or does not come up."""
    return _REMEDIES.get(provider, f"choose {CPU}, {CUDA} or {TENSORRT}")


def options_of(provider: str, bundle: Bundle) -> dict[str, str]:
    """What a provider is told, so that a bundle gives the same answers at every start.

    CUDA: whole float32, as the bundle was proved in (TF32, its default on newer GPUs, has 10 bits);
    the ways to convolve by rule, where its default is a race that another may win the next time.
    TensorRT: the engine that it builds, which takes minutes and is a race, too, is kept for the
    next start. It lies with the user: a bundle is never written to.
    Raises BundleError where there is no place for the engine.
    """
    if provider == CUDA:
        return {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}
    if provider == TENSORRT:
        engines = str(_engines(bundle))
        return {
            "trt_engine_cache_enable": "1",
            "trt_engine_cache_path": engines,
            "trt_timing_cache_enable": "1",
            "trt_timing_cache_path": engines,
        }
    return {}


def _engines(bundle: Bundle) -> Path:
    """A folder of this bundle's own in the user's cache (XDG base directory specification)."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "passline" / "tensorrt" / bundle.digest
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BundleError(f"{folder}: no place for TensorRT's engine: {error}") from error
    return folder
