import torch

from training.network.segmentation import SegmentationNetwork, calmed


def test_an_even_map_stays_as_it_is_up_to_its_border() -> None:
    even = torch.full((1, 2, 6, 7), -3.0)
    assert torch.allclose(calmed(even), even)


def test_one_doubtful_cell_says_less_than_a_defect_of_several() -> None:
    lone, defect = torch.full((1, 1, 8, 8), -4.0), torch.full((1, 1, 8, 8), -4.0)
    lone[..., 4, 4] = 4.0
    defect[..., 3:6, 3:6] = 2.0
    assert calmed(lone).max() < 0.0 < calmed(defect).max()


def test_a_network_is_calm_when_it_judges_and_not_when_it_learns() -> None:
    torch.manual_seed(0)
    network = SegmentationNetwork(1).eval()
    picture = torch.randn(1, 1, 64, 64)
    with torch.no_grad():
        judging = network(picture)
        network.training = True  # the batch norms inside go on judging
        learning = network(picture)
    assert torch.equal(judging, calmed(learning))
    assert not torch.equal(judging, learning)
