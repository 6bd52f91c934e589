"""Several processes that fit one network together, as torchrun starts them: one for each GPU.

Each draws the same batches and passes its share of the pictures through the network. Their answers
are put together before the loss is taken, and the gradients of all are added up: the loss and the
gradients are those of the whole batch in one process. Only batch norm sees the share alone, as is
usual in data-parallel training (Goyal et al., arXiv 1706.02677).
"""

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from training.errors import TrainingError
from training.fitting.device import choose_device

Anything = TypeVar("Anything")


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process among those that fit together.

    The first one decides how far the training is and when it ends, and writes all files; the
    others compute. Each method raises TrainingError when one of the others is gone.
    """

    rank: int = 0
    count: int = 1
    device: torch.device = torch.device("cpu")  # noqa: RUF009 - never altered

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def share(self, images: Tensor) -> Tensor:
        """Pictures of a batch that this process computes; the last process may repeat some."""
        if self.count == 1:
            return images
        size = -(-len(images) // self.count)
        rows = torch.arange(self.rank * size, (self.rank + 1) * size, device=images.device)
        return images[rows % len(images)]

    def whole(self, answers: Tensor, pictures: int) -> Tensor:
        """The network's answers for a whole batch of so many pictures, from those for each share.

        Gradients flow into this process's own share alone.
        """
        if self.count == 1:
            return answers
        shares = [torch.empty_like(answers) for _ in range(self.count)]
        with self._hand_in_hand():
            dist.all_gather(shares, answers.detach().contiguous())
        shares[self.rank] = answers
        return torch.cat(shares)[:pictures]

    def add_up(self, network: nn.Module) -> None:
        """Add up the gradients of all, and average what batch norm has seen."""
        if self.count == 1:
            return
        gradients = [each.grad for each in network.parameters() if each.grad is not None]
        seen = [each for each in network.buffers() if each.is_floating_point()]
        parts = [*gradients, *(each / self.count for each in seen)]
        together = torch.cat([each.flatten() for each in parts])
        with self._hand_in_hand():
            dist.all_reduce(together)
        pieces = together.split([each.numel() for each in parts])
        for tensor, piece in zip([*gradients, *seen], pieces, strict=True):
            tensor.copy_(piece.view_as(tensor))

    def agreed(self, share: float) -> float:
        """The first one's share of the training that is done, for all."""
        if self.count == 1:
            return share
        said = torch.tensor(share, dtype=torch.float64, device=self.device)
        with self._hand_in_hand():
            dist.broadcast(said, src=0)
        return said.item()

    def from_first(self, content: Anything) -> Anything:
        """What the first one has, for all: tensors, numbers and strings."""
        if self.count == 1:
            return content
        box = [content]
        with self._hand_in_hand():
            dist.broadcast_object_list(box, src=0)
        return box[0]

    def check_same(self, content: str, what: str) -> None:
        """Raise TrainingError where another process has other content than the first."""
        first = self.from_first(content)
        if content != first:
            raise TrainingError(
                f"process {self.rank} of {self.count} has other {what} than process 0: {content}, "
                f"expected {first}; give all of them the same files and let nothing change there"
            )

    @contextmanager
    def _hand_in_hand(self) -> Generator[None]:
        """A process that is gone, in words: gloo and nccl have no error of their own for it."""
        try:
            yield
        except RuntimeError as error:
            raise TrainingError(
                f"process {self.rank} of {self.count}: another process of this training is gone "
                f"({_first_sentence(error)}); look at what it said, then give the same command "
                "again: the training goes on from its last checkpoint"
            ) from error


def _first_sentence(error: RuntimeError) -> str:
    """Without the place in gloo's source before it, and the advice behind it."""
    return str(error).rpartition("] ")[2].partition(". ")[0].partition("\n")[0]


ALONE = Ranks()


def is_first() -> bool:
    """True unless torchrun started this process to compute for another."""
    return int(os.environ.get("RANK", "0")) == 0


def launcher() -> tuple[str, ...]:
    """The words before the command that torchrun was given; none without it."""
    count = os.environ.get("LOCAL_WORLD_SIZE", "1")
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return ()
    return "torchrun", "--standalone", "--nproc-per-node", count, "--no-python"


@contextmanager
def together(wanted_device: str) -> Generator[Ranks]:
    """Join the processes that torchrun started; alone where it did not start this one.

    wanted_device: see `training.fitting.device`. Raises TrainingError for more processes than
    GPUs, and when the others cannot be reached.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield ALONE
        return
    device = own_device(choose_device(wanted_device))
    try:
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    except (RuntimeError, ValueError) as error:
        raise TrainingError(
            f"the processes of this training do not find each other: {error}; "
            "start them with torchrun"
        ) from error
    try:
        yield Ranks(dist.get_rank(), count, device)
    finally:
        dist.destroy_process_group()


def own_device(device: torch.device) -> torch.device:
    """On several GPUs, this process's own; `cuda` means that one from here on."""
    if device.type == "cpu":
        return device
    local, there = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if local >= there:
        raise TrainingError(
            f"process {local} on this machine has no GPU of its own: torch sees {there}; "
            f"give torchrun --nproc-per-node {there}"
        )
    torch.cuda.set_device(local)
    return torch.device("cuda", local)
