import errno
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from models.bundle import open_bundle
from training.data.dataset import open_dataset
from training.errors import TrainingError
from training.fitting.checkpoint import Checkpoints
from training.fitting.fit import Plan
from training.painting.painters import choose
from training.train import Order, train

PLAN = Plan(seed=3, epochs=2, batch=8, crop_px=64)
ORDER = Order("plate", "1", PLAN, (64, 64), choose("spot,scratch"), command="pytest")

# The same training in a process of its own, which says its steps.
TRAINING = """
import pickle, sys
from pathlib import Path
from training.data.dataset import open_dataset
from training.fitting.checkpoint import Checkpoints
from training.fitting.following import Following
from training.train import train

parts, out, kept = (Path(name) for name in sys.argv[1:4])
following = Following(
    lambda progress: print(progress.phase, progress.step, flush=True),
    checkpoints=Checkpoints(kept, "the same order", every_s=0.0),
)
train(open_dataset(parts), pickle.loads(bytes.fromhex(sys.argv[4])), out, following)
"""


def run(parts: Path, out: Path, kept: Path, until: str | None = None) -> list[str]:
    """What the training said; it is killed as soon as it says `until`."""
    order = pickle.dumps(ORDER).hex()
    command = [sys.executable, "-c", TRAINING, str(parts), str(out), str(kept), order]
    said: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line.strip())
            if said[-1] == until:
                os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == (0 if until is None else -signal.SIGKILL)
    return said


def test_a_training_killed_twice_ends_with_the_same_weights(
    parts_folder: Path, tmp_path: Path
) -> None:
    kept, out = tmp_path / "kept", tmp_path / "killed"
    first = run(parts_folder, out, kept, until="fit 3")
    second = run(parts_folder, out, kept, until="fit 12")
    third = run(parts_folder, out, kept)
    undisturbed = train(open_dataset(parts_folder), ORDER, tmp_path / "undisturbed").bundle
    assert first[0] == "fit 1"
    assert int(second[0].removeprefix("fit ")) >= 3
    assert int(third[0].removeprefix("fit ")) >= 12
    assert open_bundle(out).card.hashes == undisturbed.card.hashes


def test_the_checkpoints_of_another_training_are_not_gone_on_from(tmp_path: Path) -> None:
    Checkpoints(tmp_path / "kept", "train A").keep("fit", {"step": 1})
    with pytest.raises(TrainingError, match="begun as:\n  train A\nand not of:\n  train B"):
        Checkpoints(tmp_path / "kept", "train B")


def test_a_training_that_never_began_leaves_nothing_behind(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path / "kept", "train A").load("fit") is None
    assert not (tmp_path / "kept").exists()
    Checkpoints(tmp_path / "kept", "train B")


def test_a_checkpoint_is_whole_or_the_one_before(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path / "kept", "train A")
    kept.keep("fit", {"step": 1, "weights": torch.ones(3)})
    (tmp_path / "kept" / ".fit.pt.partial").write_bytes(b"cut off by a power cut")
    loaded = Checkpoints(tmp_path / "kept", "train A").load("fit")
    assert loaded is not None
    assert loaded["step"] == 1
    assert kept.load("another phase") is None
    kept.drop()
    assert not (tmp_path / "kept").exists()


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path / "kept", "train A")
    kept.keep("fit", {"step": 1, "weights": torch.ones(3000)})
    path = tmp_path / "kept" / "fit.pt"
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"", os.urandom(2000)):
        path.write_bytes(content)
        with pytest.raises(TrainingError, match=r"fit\.pt: damaged: .*; delete .* to begin anew"):
            kept.load("fit")


def test_a_full_disk_keeps_the_checkpoint_before_and_says_what_to_do(tmp_path: Path) -> None:
    """A limit on file size stands in for the full disk: the write fails half-way."""
    kept = Checkpoints(tmp_path / "kept", "train A")
    kept.keep("fit", {"step": 1})
    script = """
import resource, signal, sys, torch
from pathlib import Path
from training.errors import TrainingError
from training.fitting.checkpoint import Checkpoints
kept = Checkpoints(Path(sys.argv[1]), "train A")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    kept.keep("fit", {"step": 2, "weights": torch.ones(100_000)})
except TrainingError as error:
    print(error)
"""
    command = [sys.executable, "-c", script, str(tmp_path / "kept")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "cannot be written" in said
    assert os.strerror(errno.EFBIG) in said
    assert "make room and give the same command again" in said
    loaded = kept.load("fit")
    assert loaded is not None
    assert loaded["step"] == 1
