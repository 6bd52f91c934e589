import torch
from torch import nn

from training.fitting.average import Average


def network() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))


def test_the_average_of_a_network_that_stands_still_is_the_network() -> None:
    still = network()
    average = Average(still)
    for step in range(1, 50):
        average.follow(still, step)
    for name, value in still.state_dict().items():
        assert torch.allclose(average.state[name].float(), value.float(), atol=1e-6)


def test_the_first_steps_are_soon_forgotten_and_the_last_ones_are_weighed() -> None:
    """Of a weight that jumps from 0 to 1 half-way, and the statistics beside it."""
    walking = network()
    (weight, *_) = walking.parameters()
    with torch.no_grad():
        weight.zero_()
    average = Average(walking)
    for step in range(1, 101):
        with torch.no_grad():
            weight.fill_(float(step > 50))
        walking(torch.full((2, 1, 4, 4), float(step > 50)))
        average.follow(walking, step)
    settled = average.state["0.weight"].mean().item()
    assert 0.95 < settled < 1.0
    assert average.state["1.num_batches_tracked"].item() == 100
    assert not torch.equal(average.state["1.running_mean"], torch.zeros(2))
