"""From a data set to a bundle: split, fit, export, set limits, measure, write the card."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from models.bundle import Bundle, open_bundle
from models.card import Card, ClassLimit, InputSpec, Metrics, Normalisation, Origin
from models.session import ModelSession
from training.data.dataset import Dataset, Sample, check_taught, check_trainable
from training.data.lineage import LINEAGE_FILE, Lineage, read_lineage
from training.data.split import Split, split
from training.fitting.batches import Batches
from training.fitting.examples import load_examples, load_good
from training.fitting.fit import FINE_TUNE_RATE, Plan, fit, seeded_network
from training.fitting.following import Following
from training.fitting.loss import segmentation_loss
from training.limits.choose import choose_limits
from training.measuring.evaluate import Figures, figures, measure, rate
from training.network.export import (
    OUTPUT,
    check_parity,
    export_network,
    hashes,
    new_bundle_folder,
    write_card,
)
from training.network.segmentation import SegmentationNetwork, centre_scores, with_classes
from training.network.size import check_size, usual_size
from training.network.weights import continue_from
from training.painting.batches import PaintedBatches
from training.painting.painters import Painter

FLOOR = 0.2
"""Cells from this probability on are findings; a recipe may set limits down to it."""
_LOWEST_LIMIT = 0.5
"""Training sets none lower: a few dozen good parts do not show how high the next one scores."""
_PARITY_PICTURES = 8
ANY_DEFECT = "defect"
"""The one class of a model that was taught with good parts alone."""
PAINTED_SHARE = 0.5
"""Of a training with labels: how much of it goes to painted defects, before the real ones."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be trained.

    size_hw: the network's input in pixels, multiples of 16; the pictures' usual size when None. A
        bundle to start from keeps its own.
    painters: what good parts are given to learn from; labels alone when there is none.
    false_rejects: share of good validation parts that the limits may reject.
    about: how the data came about, in words, for the card.
    command: what makes this bundle again.
    """

    name: str
    version: str
    plan: Plan = field(default_factory=Plan)
    size_hw: tuple[int, int] | None = None
    painters: Mapping[str, Painter] = field(default_factory=dict[str, Painter])
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


def train(dataset: Dataset, order: Order, out: Path, following: Following | None = None) -> Trained:
    """Train from labels, export and measure a bundle, and write it to the new folder `out`.

    With painters a network from scratch first learns from good parts with painted defects.
    following: is told of every step of the fit, and keeps it.
    Raises TrainingError when the data, the order or the fit is no good; then `out` is not there.
    """
    check_trainable(dataset)
    divided = split(dataset, order.plan.seed)
    spec = _input(dataset, order)
    classes = _classes(dataset, order.parent)
    with new_bundle_folder(out) as folder:
        examples = load_examples(divided.train, spec, classes)
        network, plan, told = _start(classes, divided, spec, order, following or Following())
        batches = Batches(examples, plan.batch, plan.crop_px, plan.seed)
        fit(network, batches, segmentation_loss, len(examples), plan, told)
        locked = _bundle(network, dataset, divided, order, spec, classes, folder)
    return Trained(open_bundle(out), divided, locked)


def teach(dataset: Dataset, order: Order, out: Path, following: Following | None = None) -> Trained:
    """Teach a network what good parts look like, by painting defects on them; as `train`.

    The limits hold the false rejects on good validation parts; nothing is known of escapes.
    """
    check_taught(dataset)
    divided = split(dataset, order.plan.seed)
    spec = _input(dataset, order)
    with new_bundle_folder(out) as folder:
        network = _painted(divided, spec, order, order.plan, following or Following())
        locked = _bundle(network, dataset, divided, order, spec, (ANY_DEFECT,), folder)
    return Trained(open_bundle(out), divided, locked)


def _painted(
    divided: Split, spec: InputSpec, order: Order, plan: Plan, following: Following
) -> SegmentationNetwork:
    """A network that finds what the painters painted on good parts."""
    good = load_good(divided.train, spec)
    network = seeded_network(1, plan.seed)
    batches = PaintedBatches(good, order.painters, plan.batch, plan.crop_px, plan.seed)
    return fit(network, batches, segmentation_loss, len(good), plan, following)


def _bundle(
    network: SegmentationNetwork,
    dataset: Dataset,
    divided: Split,
    order: Order,
    spec: InputSpec,
    classes: tuple[str, ...],
    folder: Path,
) -> Figures | None:
    """Export the network, set its limits and measure it; gives the figures on locked parts."""
    _lineage(divided, order).write(folder / LINEAGE_FILE)
    export_network(network, spec, folder)
    draft = _draft(dataset, order, spec, classes, folder)
    limits = _limits(ModelSession(draft), divided, order)
    centre_scores(network, [limits[name].score for name in classes])
    export_network(network, spec, folder)
    draft = _draft(dataset, order, spec, classes, folder)
    return _finish(draft, network, divided, order)


def _input(dataset: Dataset, order: Order) -> InputSpec:
    if order.parent is not None:
        return order.parent.card.input
    size_hw = usual_size(dataset.samples) if order.size_hw is None else order.size_hw
    check_size(size_hw)
    return InputSpec(size_hw=size_hw, normalisation=Normalisation(kind="log_median"))


def _classes(dataset: Dataset, parent: Bundle | None) -> tuple[str, ...]:
    """The parent's classes in their order, then the new ones."""
    known = () if parent is None else parent.card.classes
    return (*known, *(name for name in dataset.classes if name not in known))


def _start(
    classes: tuple[str, ...], divided: Split, spec: InputSpec, order: Order, following: Following
) -> tuple[SegmentationNetwork, Plan, Following]:
    """The network that learns from the labels, with what is left of the plan, and who follows."""
    plan = order.plan
    if order.parent is not None:
        network = continue_from(seeded_network(len(classes), plan.seed), order.parent, classes)
        return network, plan, following
    if not order.painters:
        return seeded_network(len(classes), plan.seed), plan, following
    before, after = _shared(plan, PAINTED_SHARE), _shared(plan, 1.0 - PAINTED_SHARE)
    painted = _painted(divided, spec, order, before, following.of("painted", 0.0, PAINTED_SHARE))
    return (
        with_classes(painted, len(classes)),
        replace(after, learning_rate=min(plan.learning_rate, FINE_TUNE_RATE)),
        following.of("labels", PAINTED_SHARE, 1.0),
    )


def _shared(plan: Plan, share: float) -> Plan:
    """A share of the plan's time."""
    minutes = None if plan.minutes is None else plan.minutes * share
    return replace(plan, epochs=max(1, round(plan.epochs * share)), minutes=minutes)


def _lineage(divided: Split, order: Order) -> Lineage:
    taught, set_limits = (
        {sample.part for sample in samples} for samples in (divided.train, divided.validation)
    )
    before = Lineage(learnt_from=()) if order.parent is None else read_lineage(order.parent)
    return before.with_parts(taught, set_limits)


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
