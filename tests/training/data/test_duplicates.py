from pathlib import Path

import cv2
import numpy as np
import pytest

from training.data.dataset import Dataset, Sample, open_dataset, with_side
from training.data.duplicates import find_duplicates
from training.data.leaks import join_duplicates, refuse_leaks
from training.data.sides import Side
from training.data.split import is_locked, split
from training.errors import TrainingError

SIDE_PX = 160


def surface(part: int, shared: float = 0.0) -> np.ndarray:
    """Grain and blotches of a part's surface; `shared` is the product's own, the same on each."""
    own, product = (
        np.random.default_rng(seed).normal(0, 1, (SIDE_PX,) * 2) for seed in (part, 999)
    )
    grain = (1 - shared) * own + shared * product
    return cv2.GaussianBlur(grain, (0, 0), 1.5) * 3.0 + cv2.GaussianBlur(grain, (0, 0), 10.0) * 20.0


def photograph(
    folder: Path,
    part: int,
    picture: int,
    exposure: float = 1.0,
    shift: int = 0,
    shared: float = 0.0,
) -> Sample:
    grain = np.roll(surface(part, shared), (shift, -shift), (0, 1))
    noise = np.random.default_rng(1000 * part + picture).normal(0, 1.0, grain.shape)
    lit = exposure * (90 + 12 * grain + np.linspace(0, 30, SIDE_PX)) + noise
    path = folder / f"{part}-{picture}.png"
    folder.mkdir(exist_ok=True)
    cv2.imwrite(str(path), np.clip(lit, 0, 255).astype(np.uint8))
    return Sample(path, f"part{part}-{picture}")


def test_a_part_photographed_twice_is_found_whatever_the_exposure_and_the_place(
    tmp_path: Path,
) -> None:
    samples = [photograph(tmp_path, part, 0) for part in range(40)]
    samples += [photograph(tmp_path, part, 1, exposure=0.6, shift=7) for part in (3, 17)]
    found = find_duplicates(samples)
    assert sorted(pair.parts for pair in found.sure) == [
        ("part17-0", "part17-1"),
        ("part3-0", "part3-1"),
    ]


def test_parts_of_a_product_with_a_texture_of_its_own_are_not_taken_for_one(tmp_path: Path) -> None:
    found = find_duplicates([photograph(tmp_path, part, 0, shared=0.6) for part in range(40)])
    assert found.usual_grain > 0.5
    assert found.sure == ()


def test_parts_that_share_texture_to_every_degree_are_alike_and_no_more(tmp_path: Path) -> None:
    """The likest of them would be sure, did they not have neighbours of every lesser likeness."""
    samples = [photograph(tmp_path, part, 0, shared=part / 60) for part in range(60)]
    found = find_duplicates(samples)
    assert max(pair.likeness.grain for pair in found.alike if pair.likeness is not None) > 0.9
    assert found.sure == ()


def test_the_same_pixels_in_another_file_format_are_the_same_picture(tmp_path: Path) -> None:
    samples = [photograph(tmp_path, part, 0) for part in range(12)]
    pixels = cv2.imread(str(samples[5].picture), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    cv2.imwrite(str(tmp_path / "again.bmp"), pixels)
    samples.append(Sample(tmp_path / "again.bmp", "other"))
    (pair,) = find_duplicates(samples).identical
    assert set(pair.parts) == {"part5-0", "other"}


def test_a_file_that_a_groups_file_gives_to_two_parts_is_refused_by_name(tmp_path: Path) -> None:
    for part in range(3):
        photograph(tmp_path / "good", part, 0)
    (tmp_path / "good/copy.png").write_bytes((tmp_path / "good/1-0.png").read_bytes())
    photograph(tmp_path / "dent", 9, 0)
    names = ["good/0-0.png", "good/1-0.png", "good/2-0.png", "good/copy.png", "dent/9-0.png"]
    rows = "".join(f"{name},{number}\n" for number, name in enumerate(names))
    (tmp_path / "parts.csv").write_text(f"image,part\n{rows}")
    with pytest.raises(TrainingError, match=r"1-0\.png as part '1' and .*copy\.png as part '3'"):
        open_dataset(tmp_path)


def test_flat_pictures_and_drawings_are_never_sure(tmp_path: Path) -> None:
    samples: list[Sample] = []
    for part in range(30):
        drawing = np.zeros((SIDE_PX,) * 2, np.uint8)
        cv2.rectangle(drawing, (30, 30), (110, 120), 255, -1)
        drawing[5, part] = 255
        cv2.imwrite(str(tmp_path / f"{part}.png"), drawing if part % 2 else drawing // 255 + part)
        samples.append(Sample(tmp_path / f"{part}.png", f"part{part}"))
    assert find_duplicates(samples).sure == ()


def test_a_picture_or_none_has_no_duplicates(tmp_path: Path) -> None:
    assert find_duplicates([]).sure == ()
    assert find_duplicates([photograph(tmp_path, 1, 0)]).sure == ()


@pytest.fixture
def leaking(tmp_path: Path) -> Dataset:
    """Parts of which one is there by two names, on two sides."""
    samples = [photograph(tmp_path, part, 0) for part in range(30)]
    twin = photograph(tmp_path, 4, 1, exposure=0.8)
    everything = Dataset((*samples, twin), "test")
    away = with_side(everything, {twin.part}, Side.LOCKED)
    return with_side(away, {sample.part for sample in samples}, Side.TRAIN)


def test_a_leaking_split_is_refused_with_the_pair_and_the_remedy(leaking: Dataset) -> None:
    found = find_duplicates(leaking.samples)
    with pytest.raises(TrainingError, match=r"'part4-0' and 'part4-1'.*\n.*--groups groups.csv"):
        refuse_leaks(leaking, found)
    refuse_leaks(leaking, found, distinct=True)
    refuse_leaks(with_side(leaking, {"part4-1"}, Side.TRAIN), found)


def test_the_same_file_under_two_part_names_is_always_refused(tmp_path: Path) -> None:
    first = photograph(tmp_path, 1, 0)
    copy = tmp_path / "copy.png"
    copy.write_bytes(first.picture.read_bytes())
    both = with_side(Dataset((first, Sample(copy, "other")), "test"), ("other",), Side.TRAIN)
    with pytest.raises(TrainingError, match="the same file under two part names"):
        refuse_leaks(both, find_duplicates(both.samples), distinct=True)
    with pytest.raises(TrainingError, match="the same file under two part names"):
        join_duplicates(both)


def test_pictures_that_nobody_grouped_become_one_part(tmp_path: Path) -> None:
    photographed = [photograph(tmp_path, part, 0) for part in range(30)]
    photographed += [photograph(tmp_path, part, 1, exposure=0.7) for part in range(30)]
    samples = tuple(Sample(each.picture, each.picture.name) for each in photographed)
    joined = join_duplicates(Dataset(samples, "test"))
    assert len({sample.part for sample in joined.samples}) == 30
    assert len(joined.notes) == 30


def test_named_parts_keep_their_names_and_lie_on_one_side(tmp_path: Path) -> None:
    samples = [photograph(tmp_path, part, 0) for part in range(30)]
    locked = next(s for s in samples if is_locked(s.part))
    number = samples.index(locked)
    twin = photograph(tmp_path, number, 1, exposure=0.7)
    free = Sample(twin.picture, next(f"twin{n}" for n in range(99) if not is_locked(f"twin{n}")))
    joined = join_duplicates(Dataset((*samples, free), "test"))
    assert {free.part, locked.part} <= {s.part for s in split(joined, seed=1).locked}
