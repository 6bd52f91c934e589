"""Which task a data set and an order ask for."""

from training.data.dataset import Dataset
from training.data.labels import Box, Somewhere
from training.errors import TrainingError
from training.order import Task
from training.tasks.detect import Detect
from training.tasks.segment import Segment
from training.tasks.teaching import Teaching


def choose_task(dataset: Dataset, wanted: Task) -> Teaching:
    """How the wanted task is taught. Raises TrainingError for one that cannot be."""
    task = usual_task(dataset) if wanted is Task.AUTO else wanted
    if task is Task.CLASSIFY:
        raise TrainingError(
            f"{dataset.source}: says of no defect where it is; label boxes or masks, or put the "
            "good pictures in a folder of their own and `passline teach` with them"
        )
    return Segment() if task is Task.SEGMENT else Detect(template=task is Task.PAIR)


def usual_task(dataset: Dataset) -> Task:
    """What the data can teach best: pairs where there are templates, then what the labels say."""
    labels = {type(label) for sample in dataset.samples for label in sample.labels}
    if dataset.samples and all(sample.template is not None for sample in dataset.samples):
        return Task.PAIR
    if labels and labels <= {Box}:
        return Task.DETECT
    return Task.CLASSIFY if labels and labels <= {Somewhere} else Task.SEGMENT
