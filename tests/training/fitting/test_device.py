import numpy as np
import pytest
import torch

from training.errors import TrainingError
from training.fitting.boxes import teach_boxes
from training.fitting.device import choose_device, moved

needs_no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA GPU")


@needs_no_gpu
def test_a_gpu_that_is_not_there_is_named() -> None:
    with pytest.raises(TrainingError, match="sees no CUDA GPU on this machine; leave --device out"):
        choose_device("cuda")


@needs_no_gpu
def test_training_goes_to_the_processor_where_there_is_no_gpu() -> None:
    assert choose_device("auto") == choose_device("cpu") == torch.device("cpu")


def test_a_device_that_nobody_knows_is_named() -> None:
    with pytest.raises(TrainingError, match="device 'tpu': expected auto, cpu, cuda"):
        choose_device("tpu")


def test_a_batch_moves_with_all_that_is_true_of_it() -> None:
    boxes = np.array([[8, 8, 24, 24, 0]], np.float32)
    taught = teach_boxes([boxes], classes=1, size_hw=(64, 64))
    assert moved(taught, torch.device("cpu")) is taught
    there = moved(taught, torch.device("meta"))
    assert {tensor.device.type for tensor in (there.heat, there.sides, there.weight)} == {"meta"}
    assert there.heat.shape == taught.heat.shape
