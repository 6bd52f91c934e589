"""From a data set to a bundle: split, fit, export, set limits, measure, write the card."""

from dataclasses import dataclass
from pathlib import Path

from models.bundle import Bundle, open_bundle
from models.learning import CURVE_FILE, Curve, write_whole
from training.data.dataset import Dataset
from training.data.sides import Side
from training.data.split import Split
from training.fitting.following import Following
from training.making import Making, make_bundle
from training.measuring.evaluate import Figures
from training.network.export import new_bundle_folder
from training.order import Order as Order
from training.tasks.choice import choose_task
from training.tasks.segment import Segment
from training.tasks.teaching import Teaching

ANY_DEFECT = "defect"
"""The one class of a model that was taught with good parts alone."""


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

    The order's task is what is learnt, or what the labels allow.
    following: is told of every step of the fit, and keeps it.
    Raises TrainingError when the data, the order or the fit is no good; then `out` is not there.
    """
    teaching = choose_task(dataset, order)
    classes = _classes(dataset, order.parent)
    return _trained(teaching, dataset, classes, order, out, following or Following())


def teach(dataset: Dataset, order: Order, out: Path, following: Following | None = None) -> Trained:
    """Teach a network what good parts look like, by painting defects on them; as `train`.

    The limits hold the false rejects on good validation parts; nothing is known of escapes.
    """
    teaching = Segment(good_only=True)
    return _trained(teaching, dataset, (ANY_DEFECT,), order, out, following or Following())


def _trained(
    teaching: Teaching,
    dataset: Dataset,
    classes: tuple[str, ...],
    order: Order,
    out: Path,
    following: Following,
) -> Trained:
    divided = teaching.divide(dataset, order.plan.seed)
    spec = order.parent.card.input if order.parent else teaching.input(dataset, order)
    making = Making(teaching, dataset, dataset.digest(), divided, order, spec, classes)
    with new_bundle_folder(out) as folder:
        network = teaching.learn(divided, spec, classes, order, following)
        write_whole(folder / CURVE_FILE, Curve(points=tuple(following.points)))
        locked = make_bundle(network, making, folder)
    return Trained(open_bundle(out), divided, locked)


def _classes(dataset: Dataset, parent: Bundle | None) -> tuple[str, ...]:
    """The parent's classes in their order, then the new ones that can be learnt."""
    known = () if parent is None else parent.card.classes
    taught = {name for s in dataset.samples if s.side is not Side.LOCKED for name in s.classes}
    return (*known, *sorted(taught - set(known)))
