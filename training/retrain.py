"""From a data set to a bundle: split, fit, export, set limits, measure, write the card."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from models.bundle import Bundle, open_bundle
from models.card import Card, ClassLimit, InputSpec, Metrics, Normalisation, Origin
from models.session import ModelSession
from training.dataset import Dataset, Sample, check_trainable
from training.errors import TrainingError
from training.evaluate import Figures, figures, measure, rate
from training.examples import load_examples
from training.export import (
    OUTPUT,
    check_parity,
    export_network,
    hashes,
    new_bundle_folder,
    write_card,
)
from training.fit import Plan, Report, fit, seeded_network
from training.limits import choose_limits
from training.lineage import LINEAGE_FILE, Lineage, read_lineage
from training.networks import SIZE_MULTIPLE_PX, SegmentationNetwork, centre_scores
from training.split import Split, split
from training.weights import continue_from

FLOOR = 0.2
"""Cells from this probability on are findings; a recipe may set limits down to it."""
_LOWEST_LIMIT = 0.5
"""Training sets none lower: a few dozen good parts do not show how high the next one scores."""
_PARITY_PICTURES = 8


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be trained.

    size_hw: the network's input in pixels, multiples of 16; a bundle to start from keeps its own.
    false_rejects: share of good validation parts that the limits may reject.
    about: how the data came about, in words, for the card.
    command: what makes this bundle again.
    """

    name: str
    version: str
    plan: Plan = field(default_factory=Plan)
    size_hw: tuple[int, int] = (512, 512)
    parent: Bundle | None = None
    false_rejects: float = 0.01
    about: str = ""
    command: str = ""
    licence: str = "Apache-2.0"


@dataclass(frozen=True, slots=True)
class Trained:
    """The new bundle, how its data was divided, and what it does on the locked parts.

    locked: None where the data set has no locked part.
    """

    bundle: Bundle
    split: Split
    locked: Figures | None


def silent(_share: float, _loss: float) -> None:
    """A report to nobody."""


def train(dataset: Dataset, order: Order, out: Path, report: Report = silent) -> Trained:
    """Train, export and measure a bundle, and write it to the new folder `out`.

    report: called after each step of the fit with the share done and the loss.
    Raises TrainingError when the data, the order or the fit is no good; then `out` is not there.
    """
    check_trainable(dataset)
    divided = split(dataset, order.plan.seed)
    spec = _input(order)
    classes = _classes(dataset, order.parent)
    with new_bundle_folder(out) as folder:
        network = _start(classes, order)
        fit(network, load_examples(divided.train, spec, classes), order.plan, report)
        _lineage(divided, order).write(folder / LINEAGE_FILE)
        export_network(network, spec, folder)
        draft = _draft(dataset, order, spec, classes, folder)
        limits = _limits(ModelSession(draft), divided, order)
        centre_scores(network, [limits[name].score for name in classes])
        export_network(network, spec, folder)
        draft = _draft(dataset, order, spec, classes, folder)
        locked = _finish(draft, network, divided, order)
    return Trained(open_bundle(out), divided, locked)


def _input(order: Order) -> InputSpec:
    if order.parent is not None:
        return order.parent.card.input
    if any(side % SIZE_MULTIPLE_PX or side < 2 * SIZE_MULTIPLE_PX for side in order.size_hw):
        raise TrainingError(
            f"size {order.size_hw[0]} x {order.size_hw[1]}: height and width must be multiples "
            f"of {SIZE_MULTIPLE_PX}, at least {2 * SIZE_MULTIPLE_PX}"
        )
    return InputSpec(size_hw=order.size_hw, normalisation=Normalisation(kind="log_median"))


def _classes(dataset: Dataset, parent: Bundle | None) -> tuple[str, ...]:
    """The parent's classes in their order, then the new ones."""
    known = () if parent is None else parent.card.classes
    return (*known, *(name for name in dataset.classes if name not in known))


def _start(classes: tuple[str, ...], order: Order) -> SegmentationNetwork:
    network = seeded_network(len(classes), order.plan.seed)
    return network if order.parent is None else continue_from(network, order.parent, classes)


def _lineage(divided: Split, order: Order) -> Lineage:
    learnt = {sample.part for sample in (*divided.train, *divided.validation)}
    before = Lineage(learnt_from=()) if order.parent is None else read_lineage(order.parent)
    return before.with_parts(learnt)


def _draft(
    dataset: Dataset, order: Order, spec: InputSpec, classes: tuple[str, ...], folder: Path
) -> Bundle:
    """The bundle with everything on its card but what has yet to be measured."""
    card = Card(
        name=order.name,
        version=order.version,
        task="segmentation",
        classes=classes,
        input=spec,
        output=OUTPUT,
        floor=FLOOR,
        limits={name: ClassLimit(score=FLOOR) for name in classes},
        hashes=hashes(folder),
        metrics=_metrics(None, 0.0),
        origin=Origin(
            created_utc=datetime.now(UTC).isoformat(timespec="seconds"),
            data=order.about or dataset.source,
            data_sha256=dataset.digest(),
            seed=order.plan.seed,
            code_version=version("passline"),
            command=order.command,
            parent=None if order.parent is None else order.parent.digest,
        ),
        licence=order.licence,
    )
    return write_card(folder, card)


def _limits(session: ModelSession, divided: Split, order: Order) -> dict[str, ClassLimit]:
    """Score limits from the validation parts."""
    card = session.bundle.card
    validation = measure(session, divided.validation)
    return choose_limits(validation, card.classes, _LOWEST_LIMIT, order.false_rejects)


def _finish(
    draft: Bundle, network: SegmentationNetwork, divided: Split, order: Order
) -> Figures | None:
    """Check parity, set the limits on validation parts, measure on locked ones, write the card."""
    session = ModelSession(draft)
    parity = check_parity(network, session, _some(divided.validation or divided.train))
    card = draft.card
    limits = _limits(session, divided, order)
    locked = figures(measure(session, divided.locked), limits) if divided.locked else None
    measured = card.model_copy(update={"limits": limits, "metrics": _metrics(locked, parity)})
    write_card(draft.folder, measured)
    return locked


def _metrics(locked: Figures | None, parity: float) -> Metrics:
    return Metrics(
        escapes=locked.escapes if locked else rate(0, 0),
        false_rejects=locked.false_rejects if locked else rate(0, 0),
        auroc=locked.auroc if locked else None,
        parity_max_abs=parity,
        test_parts=locked.parts if locked else 0,
    )


def _some(samples: Sequence[Sample]) -> Sequence[Sample]:
    """A few samples spread over all kinds of parts."""
    step = max(1, len(samples) // _PARITY_PICTURES)
    return samples[::step]
