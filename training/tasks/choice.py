"""Which task a data set and an order ask for."""

from dataclasses import replace

from models.card import Card
from training.data.dataset import Dataset
from training.data.labels import Box, Somewhere
from training.errors import TrainingError
from training.fitting.fit import FINE_TUNE_RATE, FINE_TUNE_STEPS, Plan
from training.order import Order, Task
from training.tasks import detect
from training.tasks.classify import Classify
from training.tasks.detect import Detect
from training.tasks.segment import Segment
from training.tasks.teaching import Teaching


def choose_task(dataset: Dataset, order: Order) -> Teaching:
    """How the ordered task is taught. Raises TrainingError for one that cannot be."""
    known = None if order.parent is None else task_of(order.parent.card)
    task = order.task
    if task is Task.AUTO:
        task = known or usual_task(dataset)
    if known not in (None, task):
        raise TrainingError(
            f"{dataset.source}: --task {task}, but the bundle to start from was trained to "
            f"{known}; leave out one of the two"
        )
    if task is Task.CLASSIFY:
        return Classify()
    return Segment() if task is Task.SEGMENT else Detect(template=task is Task.PAIR)


def usual_task(dataset: Dataset) -> Task:
    """What the data can teach best: pairs where there are templates, then what the labels say."""
    labels = {type(label) for sample in dataset.samples for label in sample.labels}
    if dataset.samples and all(sample.template is not None for sample in dataset.samples):
        return Task.PAIR
    if labels and labels <= {Box}:
        return Task.DETECT
    return Task.CLASSIFY if labels and labels <= {Somewhere} else Task.SEGMENT


def usual_plan(dataset: Dataset, task: Task, parent: Card | None) -> Plan:
    """The plan that fits a task: how much a step sees, and how far it moves."""
    if task is Task.AUTO:
        task = usual_task(dataset) if parent is None else task_of(parent)
    plan = detect.PLAN if task in (Task.DETECT, Task.PAIR) else Plan()
    if parent is None:
        return plan
    return replace(plan, steps=FINE_TUNE_STEPS, learning_rate=FINE_TUNE_RATE)


def task_of(card: Card) -> Task:
    """What a bundle was trained for."""
    if card.task == "detection":
        return Task.PAIR if card.input.template else Task.DETECT
    return Task.SEGMENT if card.task == "segmentation" else Task.CLASSIFY
