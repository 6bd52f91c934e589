"""From a fitted network to a bundle: export, limits, proof, figures, card; for every task."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from models.bundle import Bundle
from models.card import Card, ClassLimit, Familiar, InputSpec, Metrics, Origin
from models.familiar import familiar_with
from models.session import ModelSession
from training.data.dataset import Dataset, Sample
from training.data.lineage import LINEAGE_FILE, Lineage, read_lineage
from training.data.split import Split
from training.limits.choose import LimitsByClass
from training.measuring.evaluate import Figures, figures, rate
from training.network.export import check_parity, export_network, hashes, write_card
from training.network.inputs import network_inputs
from training.network.int8 import WORTH_MS, Figure, choose_precision, proof_s
from training.network.networks import Network, fresh_network
from training.order import Order
from training.tasks.teaching import Teaching

_PARITY_PICTURES = 8
_REHEARSED_ON = 6
_LEEWAY = 1.2
"""A taught network gives more findings to sort than an untaught one, and machines are busy."""
_FAMILIAR_PICTURES = 200
"""So many show what all are like: the bounds have leeway."""


@dataclass(frozen=True, slots=True)
class Making:
    """What a bundle is made from, beside its network. data_sha256: digest of the data set."""

    teaching: Teaching
    dataset: Dataset
    data_sha256: str
    divided: Split
    order: Order
    spec: InputSpec
    classes: tuple[str, ...]


def make_bundle(network: Network, making: Making, folder: Path) -> Figures | None:
    """Export the network, set its limits and measure it; gives the figures on locked parts.

    Raises TrainingError when the exported graph is not the network.
    """
    _lineage(making).write(folder / LINEAGE_FILE)
    draft = _exported(network, making, folder)
    if making.teaching.settle(network, lambda: _limits(ModelSession(draft), making)):
        draft = _exported(network, making, folder)
    samples = making.divided.validation or making.divided.train
    parity = check_parity(network, ModelSession(draft), _some(samples, _PARITY_PICTURES))
    if making.order.may_quantise:
        draft = choose_precision(
            draft, making.divided.train, _figure(making), making.teaching.figure_name
        )
    return _finish(draft, making, parity)


def rehearsed_s(making: Making) -> float:
    """How long `make_bundle` will take, in seconds: a few pictures judged by an untaught network.

    Raises TrainingError or InferenceError.
    """
    samples = making.divided.validation or making.divided.train
    some = _some(samples, _REHEARSED_ON)
    network = fresh_network(making.spec, making.teaching.output, len(making.classes))
    with TemporaryDirectory(prefix="passline-rehearsal-") as folder:
        begun_s = time.monotonic()
        session = ModelSession(_exported(network, making, Path(folder)))
        export_s = time.monotonic() - begun_s
        picture_s = _seconds(lambda: making.teaching.measure(session, some)) / len(some)
        reading_s = _seconds(lambda: list(network_inputs(some, making.spec))) / len(some)
        blank = np.zeros((1, making.spec.planes, *making.spec.size_hw), np.float32)
        run_s = _seconds(lambda: session.run(blank))
    divided = making.divided
    judged = 2 * len(divided.validation) + len(divided.locked)
    read = min(len(divided.train), _FAMILIAR_PICTURES)
    proved_s = 0.0
    if making.order.may_quantise and 1000.0 * run_s >= WORTH_MS:
        judged += 2 * len(divided.validation)
        proved_s = proof_s(run_s)
    return _LEEWAY * (3 * export_s + judged * picture_s + read * reading_s + proved_s)


def _seconds(work: Callable[[], object]) -> float:
    begun_s = time.monotonic()
    work()
    return time.monotonic() - begun_s


def _figure(making: Making) -> Figure:
    teaching = making.teaching
    return lambda session: teaching.figure(teaching.measure(session, making.divided.validation))


def _exported(network: Network, making: Making, folder: Path) -> Bundle:
    export_network(network, making.spec, making.teaching.output, folder)
    return _draft(making, folder)


def _lineage(making: Making) -> Lineage:
    divided, parent = making.divided, making.order.parent
    taught, set_limits = (
        {sample.part for sample in samples} for samples in (divided.train, divided.validation)
    )
    before = Lineage(learnt_from=()) if parent is None else read_lineage(parent)
    return before.with_parts(taught, set_limits)


def _draft(making: Making, folder: Path) -> Bundle:
    """The bundle with everything on its card but what has yet to be measured."""
    teaching, order = making.teaching, making.order
    card = Card(
        name=order.name,
        version=order.version,
        task=teaching.kind,
        classes=making.classes,
        input=making.spec,
        output=teaching.output,
        floor=teaching.floor,
        limits={name: ClassLimit(score=teaching.floor) for name in making.classes},
        hashes=hashes(folder),
        metrics=_metrics(None, 0.0),
        origin=Origin(
            created_utc=datetime.now(UTC).isoformat(timespec="seconds"),
            data=order.about or making.dataset.source,
            data_sha256=making.data_sha256,
            manifest=making.dataset.manifest,
            seed=order.plan.seed,
            code_version=version("passline"),
            command=order.command,
            parent=None if order.parent is None else order.parent.digest,
        ),
        licence=order.licence,
    )
    return write_card(folder, card)


def _limits(session: ModelSession, making: Making) -> LimitsByClass:
    """Score limits from the validation parts."""
    measured = making.teaching.measure(session, making.divided.validation)
    return making.teaching.limits(measured, making.classes, making.order.false_rejects)


def _finish(draft: Bundle, making: Making, parity: float) -> Figures | None:
    """Set the limits on validation parts, measure on locked ones, write the card."""
    divided = making.divided
    session = ModelSession(draft)
    limits = _limits(session, making)
    locked = None
    if divided.locked:
        locked = figures(making.teaching.measure(session, divided.locked), limits)
    values = {
        "limits": limits,
        "metrics": _metrics(locked, parity),
        "familiar": _familiar(making),
    }
    write_card(draft.folder, draft.card.model_copy(update=values))
    return locked


def _familiar(making: Making) -> Familiar | None:
    """What the pictures are like that taught the model or set its limits."""
    known = _some([*making.divided.train, *making.divided.validation], _FAMILIAR_PICTURES)
    alone = making.spec.model_copy(update={"template": False})
    return familiar_with(seen.look for _, seen in network_inputs(known, alone))


def _metrics(locked: Figures | None, parity: float) -> Metrics:
    return Metrics(
        escapes=locked.escapes if locked else rate(0, 0),
        false_rejects=locked.false_rejects if locked else rate(0, 0),
        auroc=locked.auroc if locked else None,
        parity_max_abs=parity,
        test_parts=locked.parts if locked else 0,
    )


def _some(samples: Sequence[Sample], count: int) -> Sequence[Sample]:
    """About so many of the samples, spread over all kinds of parts."""
    return samples[:: max(1, len(samples) // count)]
