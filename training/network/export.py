"""From a fitted network to a bundle on disk that says what it is and answers as torch did."""

import shutil
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import torch

from models.bundle import MODEL_FILE, Bundle, file_sha256, open_bundle
from models.card import CARD_FILE, Card, InputSpec, OutputSpec
from models.session import ModelSession
from training.data.dataset import Sample
from training.errors import TrainingError
from training.network.inputs import network_inputs
from training.network.networks import Network, network_graph
from training.network.weights import WEIGHTS_FILE, save_weights

PARITY_LIMIT = 1e-3
"""Largest difference that float32 kernels of two makers may show."""


@contextmanager
def new_bundle_folder(target: Path) -> Generator[Path]:
    """A folder to build a bundle in; it becomes `target`, whole, when nothing was raised.

    Raises TrainingError when `target` exists: a bundle is never overwritten.
    """
    if target.exists():
        raise TrainingError(f"{target}: exists already; a bundle is not overwritten: name another")
    partial = target.with_name(f".{target.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        yield partial
        partial.rename(target)
    except OSError as error:
        raise TrainingError(f"{target}: cannot be written: {error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def export_network(network: Network, spec: InputSpec, output: OutputSpec, folder: Path) -> None:
    """Write `model.onnx` (fixed size, one picture a run) and the weights into `folder`."""
    onnx.save(network_graph(network, spec, output), folder / MODEL_FILE)
    save_weights(network, folder / WEIGHTS_FILE)


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a bundle but its card."""
    return {
        path.name: file_sha256(path) for path in sorted(folder.iterdir()) if path.name != CARD_FILE
    }


def write_card(folder: Path, card: Card) -> Bundle:
    """Write the card and open the bundle with it, so that the two are proved to agree."""
    (folder / CARD_FILE).write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return open_bundle(folder)


def check_parity(network: Network, session: ModelSession, samples: Iterable[Sample]) -> float:
    """Largest difference between torch and onnxruntime on these pictures.

    Of a probability as it is; of a box's side, in pixels, as a share of it where it is above one.
    Raises TrainingError above PARITY_LIMIT: the exported graph is not the network.
    """
    network.eval()
    worst = 0.0
    for sample, seen in network_inputs(samples, session.bundle.card.input):
        with torch.no_grad():
            wanted = network.answer(torch.from_numpy(seen.planes)).numpy()
        apart = np.abs(wanted - session.run(seen.planes)) / np.maximum(wanted, 1.0)
        difference = float(apart.max())
        if not difference <= PARITY_LIMIT:
            raise TrainingError(
                f"{sample.picture}: torch and onnxruntime differ by {difference:.2g} here, "
                f"{PARITY_LIMIT} is allowed: the exported graph is not the network"
            )
        worst = max(worst, difference)
    return worst
