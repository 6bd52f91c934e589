import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import typer

from inspection.cli.training_options import said_once
from models.bundle import open_bundle
from training.errors import TrainingError
from training.fitting.ranks import ALONE, Ranks, launcher, own_device, together

# What each of the processes does that torchrun starts, one after the other.
PROCESS = """
import os, signal, sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from training.data.dataset import open_dataset
from training.errors import TrainingError
from training.fitting.batches import Batch
from training.fitting.fit import Plan, fit
from training.fitting.following import Following, nobody
from training.fitting.ranks import launcher, together
from training.train import Order, take_part, train

class Noise:
    def __init__(self):
        self.chance = np.random.default_rng(1)

    def next(self):
        images = torch.from_numpy(self.chance.normal(0, 1, (7, 1, 4, 4)).astype(np.float32))
        return Batch(images, images.mean((1, 2, 3), keepdim=True))

def distance(output, batch):
    off = (output - batch.cells).square()
    return off.topk(3, 0).values.mean()  # the hardest of the whole batch

def learn(following, steps=60):
    torch.manual_seed(1)
    return fit(nn.Conv2d(1, 1, 4), Noise(), distance, 70, Plan(steps=steps), following).state_dict()

def dies(progress):
    if progress.step == 3:
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    parts, folder = (Path(name) for name in sys.argv[1:])
    order = Order("plate", "1", Plan(epochs=1, crop_px=64), (64, 64), command=" ".join(launcher()))
    with together("cpu") as ranks:
        torch.save(learn(Following(ranks=ranks)), folder / f"{ranks.rank}.pt")
        if ranks.is_first:
            torch.save(learn(Following()), folder / "alone.pt")
            train(open_dataset(parts), order, folder / "bundle", Following(ranks=ranks))
        else:
            take_part(open_dataset(parts), order, ranks)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # torchrun ends who is left: hear why first
        try:
            learn(Following(nobody if ranks.is_first else dies, ranks=ranks), steps=10**6)
        except TrainingError as error:
            (folder / "said.txt").write_text(str(error))
            raise
"""


@dataclass(frozen=True)
class Ended:
    """What two processes left in their folder, and torchrun's word on it; one was killed."""

    folder: Path
    complained: str


@pytest.fixture(scope="module")
def ended(parts_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    folder = tmp_path_factory.mktemp("ranks")
    (folder / "process.py").write_text(PROCESS)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    process = [str(folder / "process.py"), str(parts_folder), str(folder)]
    with subprocess.Popen(
        [*torchrun, "--nproc-per-node", "2", *process],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    ) as running:
        try:
            _, complained = running.communicate()
        finally:
            running.terminate()
    assert running.returncode == 1, complained
    return Ended(folder, complained)


def test_two_processes_learn_what_one_would_have(ended: Ended) -> None:
    first, second, alone = (torch.load(ended.folder / f"{name}.pt") for name in ("0", "1", "alone"))
    for name, value in alone.items():
        assert torch.equal(first[name], second[name])
        assert torch.allclose(first[name], value, atol=1e-4)


def test_the_first_of_two_processes_writes_the_bundle_and_how_it_was_started(ended: Ended) -> None:
    card = open_bundle(ended.folder / "bundle").card
    assert card.origin.command == "torchrun --standalone --nproc-per-node 2 --no-python"
    assert card.metrics.parity_max_abs < 1e-3


def test_only_the_first_of_several_processes_speaks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for rank in ("0", "1"):
        monkeypatch.setenv("RANK", rank)
        with said_once():
            typer.echo(f"note of process {rank}", err=True)
    assert capsys.readouterr().err == "note of process 0\n"


def test_a_killed_process_ends_the_other_with_a_word_on_why(ended: Ended) -> None:
    said = (ended.folder / "said.txt").read_text()
    assert said.startswith("process 0 of 2: another process of this training is gone (")
    assert said.endswith("goes on from its last checkpoint")
    assert "Signal 9 (SIGKILL)" in ended.complained


def test_without_torchrun_a_process_is_alone() -> None:
    with together("cpu") as ranks:
        assert ranks is ALONE
    assert launcher() == ()
    images = torch.zeros(3, 1, 4, 4)
    assert ALONE.share(images) is images
    assert ALONE.whole(images, 3) is images


def test_shares_cover_a_batch_that_cannot_be_divided_evenly() -> None:
    images = torch.arange(5).reshape(5, 1, 1, 1)
    shares = [Ranks(rank, 3).share(images).flatten().tolist() for rank in range(3)]
    assert shares == [[0, 1], [2, 3], [4, 0]]


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA GPU")
def test_a_process_without_a_gpu_of_its_own_is_told() -> None:
    with pytest.raises(TrainingError, match="process 0 on this machine has no GPU of its own"):
        own_device(torch.device("cuda"))
