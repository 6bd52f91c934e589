"""What the tasks have in common: how one is taught, and what is made of it."""

from collections.abc import Callable, Iterable
from typing import Literal, Protocol

from models.card import InputSpec, OutputSpec
from models.session import ModelSession
from training.data.dataset import Dataset, Sample
from training.data.split import Split
from training.fitting.following import Following
from training.limits.choose import LimitsByClass
from training.measuring.evaluate import Measured
from training.network.networks import Network
from training.order import Order


class Teaching(Protocol):
    """One task.

    kind: as the card names it. output: what the exported graph gives. floor: the card's.
    figure_name: what `figure` gives.
    """

    @property
    def kind(self) -> Literal["segmentation", "detection", "classification"]: ...

    @property
    def output(self) -> OutputSpec: ...

    @property
    def floor(self) -> float: ...

    @property
    def figure_name(self) -> str: ...

    def divide(self, dataset: Dataset, seed: int) -> Split:
        """The data set in three. Raises TrainingError when it cannot teach this task."""
        ...

    def input(self, dataset: Dataset, order: Order) -> InputSpec:
        """What a network from scratch is given. Raises TrainingError."""
        ...

    def learn(
        self,
        divided: Split,
        spec: InputSpec,
        classes: tuple[str, ...],
        order: Order,
        following: Following,
    ) -> Network:
        """A fitted network. Raises TrainingError."""
        ...

    def measure(self, session: ModelSession, samples: Iterable[Sample]) -> list[Measured]:
        """What a model of this task says of samples. Raises TrainingError or InferenceError."""
        ...

    def limits(
        self, measured: list[Measured], classes: tuple[str, ...], false_rejects: float
    ) -> LimitsByClass:
        """Score limits from what was measured on validation parts."""
        ...

    def figure(self, measured: list[Measured]) -> float | None:
        """How good the task was done, 0 to 1; None where it cannot be said."""
        ...

    def settle(self, network: Network, limits: Callable[[], LimitsByClass]) -> bool:
        """Change the network's scores to suit its limits; True when anything was changed.

        limits: measures them, which takes a while: called by tasks that need them.
        """
        ...
