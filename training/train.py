"""From a data set to a bundle: split, fit, export, set limits, measure, write the card."""

from dataclasses import dataclass, replace
from pathlib import Path

from models.bundle import Bundle, open_bundle
from models.learning import CURVE_FILE, Curve, write_whole
from training.data.dataset import Dataset
from training.data.split import Split
from training.fitting.following import Following
from training.fitting.ranks import Ranks
from training.making import Making, make_bundle, rehearsed_s
from training.measuring.evaluate import Figures
from training.network.export import new_bundle_folder
from training.network.networks import Network
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

    @property
    def unlearnt(self) -> tuple[str, ...]:
        """Classes that only locked parts show: no model learns those."""
        shown = {name for sample in self.split.locked for name in sample.classes}
        taught = {name for sample in self.split.train for name in sample.classes}
        return tuple(sorted(shown - taught - set(self.bundle.card.classes)))


def train(dataset: Dataset, order: Order, out: Path, following: Following | None = None) -> Trained:
    """Train from labels, export and measure a bundle, and write it to the new folder `out`.

    The order's task is what is learnt, or what the labels allow.
    following: is told of every step of the fit, and keeps it.
    Raises TrainingError when the data, the order or the fit is no good; then `out` is not there.
    """
    return _trained(_from_labels(dataset, order), out, following or Following())


def teach(dataset: Dataset, order: Order, out: Path, following: Following | None = None) -> Trained:
    """Teach a network what good parts look like, by painting defects on them; as `train`.

    The limits hold the false rejects on good validation parts; nothing is known of escapes.
    """
    return _trained(_from_good(dataset, order), out, following or Following())


def take_part(dataset: Dataset, order: Order, ranks: Ranks, good_only: bool = False) -> Network:
    """Compute for the first of several processes, which trains (or teaches) and writes the bundle.

    dataset, order: the same as the first one's. Raises TrainingError, also when another is gone.
    """
    making = _from_good(dataset, order) if good_only else _from_labels(dataset, order)
    return _learnt(making, Following(ranks=ranks))


def _from_labels(dataset: Dataset, order: Order) -> Making:
    teaching = choose_task(dataset, order)
    divided = teaching.divide(dataset, order.plan.seed)
    return _making(teaching, dataset, divided, _classes(divided, order.parent), order)


def _from_good(dataset: Dataset, order: Order) -> Making:
    teaching = Segment(good_only=True)
    divided = teaching.divide(dataset, order.plan.seed)
    return _making(teaching, dataset, divided, (ANY_DEFECT,), order)


def _making(
    teaching: Teaching, dataset: Dataset, divided: Split, classes: tuple[str, ...], order: Order
) -> Making:
    spec = order.parent.card.input if order.parent else teaching.input(dataset, order)
    return Making(teaching, dataset, dataset.digest(), divided, order, spec, classes)


def _trained(making: Making, out: Path, following: Following) -> Trained:
    with new_bundle_folder(out) as folder:
        network = _learnt(making, following)
        write_whole(folder / CURVE_FILE, Curve(points=tuple(following.points)))
        locked = make_bundle(network, making, folder)
    return Trained(open_bundle(out), making.divided, locked)


def _learnt(making: Making, following: Following) -> Network:
    following.ranks.check_same(making.data_sha256, "data")
    return making.teaching.learn(
        making.divided, making.spec, making.classes, _in_time(making), following
    )


def _in_time(making: Making) -> Order:
    """The order; where its minutes began before the fit, they last until the bundle is made."""
    order = making.order
    if order.plan.begun_s is None:
        return order
    return replace(order, plan=replace(order.plan, kept_s=rehearsed_s(making)))


def _classes(divided: Split, parent: Bundle | None) -> tuple[str, ...]:
    """The parent's classes in their order, then the new ones that can be learnt."""
    known = () if parent is None else parent.card.classes
    taught = {name for sample in divided.train for name in sample.classes}
    return (*known, *sorted(taught - set(known)))
