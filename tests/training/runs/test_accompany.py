import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tensorboardX.proto import event_pb2
from torch import Tensor, nn

from models.errors import BundleError
from models.learning import read_run
from training.errors import TrainingError
from training.fitting.batches import Batch
from training.fitting.fit import Plan, fit
from training.runs.accompany import Accompanied, Company, accompanied

PLAN = Plan(epochs=10, batch=8)


class Noise:
    """Pictures of noise and cells that are all empty."""

    def __init__(self) -> None:
        self.chance = np.random.default_rng(1)

    def next(self) -> Batch:
        images = torch.from_numpy(self.chance.normal(0, 1, (8, 1, 4, 4)).astype(np.float32))
        return Batch(images, torch.zeros(8, 1, 1, 1))


def square(output: Tensor, batch: Batch) -> Tensor:
    return (output - batch.cells).square().mean()


def learn(company: Accompanied, exam: bool = True) -> None:
    torch.manual_seed(1)
    batches = [Noise().next()] if exam else []
    fit(nn.Conv2d(1, 1, 4), Noise(), square, 80, PLAN, company.following, batches)


def company(folder: Path) -> Company:
    return Company(
        "plate-2", "passline train parts", "ab12", live=folder / "desk/plate-2.json",
        logs=folder / "logs",
    )  # fmt: skip


def events(folder: Path) -> list[Any]:
    """The events in the only file of a folder: length, two checksums, content.

    protobuf makes their type when it is loaded, so that a type checker cannot know it.
    """
    of_bytes: Callable[[bytes], Any] = getattr(event_pb2, "Event").FromString  # noqa: B009
    (path,) = folder.iterdir()
    content, found = path.read_bytes(), list[Any]()
    while content:
        (length,) = struct.unpack_from("<Q", content)
        found.append(of_bytes(content[12 : 12 + length]))
        content = content[16 + length :]
    return found


def test_the_desk_sees_how_a_training_stands_and_how_it_ended(tmp_path: Path) -> None:
    seen: list[tuple[str, int, float | None]] = []
    with accompanied(tmp_path / "bundle", company(tmp_path)) as training:
        path = tmp_path / "desk/plate-2.json"
        assert read_run(path).state == "running"
        training.following.marks.append(
            lambda: seen.append(
                (read_run(path).state, len(read_run(path).points), read_run(path).left_s)
            )
        )
        learn(training)
        training.says("escapes 1 of 30")
    assert [count for _, count, _ in seen] == list(range(1, 101))
    assert all(state == "running" and left_s is not None for state, _, left_s in seen)
    ended = read_run(path)
    assert (ended.state, ended.said, len(ended.points)) == ("done", "escapes 1 of 30", 100)
    assert ended.points[-1].validation is not None
    assert not (tmp_path / ".bundle.training").exists()


def test_a_training_that_fails_says_so_on_the_desk_and_keeps_its_checkpoints(
    tmp_path: Path,
) -> None:
    def fails() -> None:
        with accompanied(tmp_path / "bundle", company(tmp_path)) as training:
            learn(training)
            raise TrainingError("disk full")

    with pytest.raises(TrainingError, match="disk full"):
        fails()
    ended = read_run(tmp_path / "desk/plate-2.json")
    assert (ended.state, ended.said) == ("failed", "disk full")
    assert (tmp_path / ".bundle.training" / "fit.pt").exists()


def test_tensorboard_reads_the_curves(tmp_path: Path) -> None:
    with accompanied(tmp_path / "bundle", company(tmp_path)) as training:
        learn(training)
        points = training.following.points
    scalars = [
        (value.tag, event.step, value.simple_value)
        for event in events(tmp_path / "logs")
        for value in event.summary.value
    ]
    losses = [(step, value) for tag, step, value in scalars if tag == "loss/training"]
    assert [step for step, _ in losses] == list(range(10, 1001, 10))
    assert [value for _, value in losses] == pytest.approx([point.loss for point in points])
    assert len([tag for tag, _, _ in scalars if tag == "loss/validation"]) == 20


def test_a_state_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text('{"format": 1, "label": "plate-2"}')
    with pytest.raises(BundleError, match=r"run\.json: does not say how a training stands"):
        read_run(path)


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    with (
        pytest.raises(TrainingError, match="logs cannot be written"),
        accompanied(tmp_path / "bundle", company(tmp_path)),
    ):
        pass
