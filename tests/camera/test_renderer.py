"""Rendered parts: the same number gives the same part, and the labels say what the pixels show."""

import cv2
import numpy as np
import pytest
from scipy.stats import binom

from camera.renderer import DefectKind, PartMix, PartRenderer, PartShape

ALL_KINDS = list(DefectKind)
ALL_SHAPES = list(PartShape)


@pytest.fixture(scope="module", params=ALL_SHAPES)
def renderer(request: pytest.FixtureRequest) -> PartRenderer:
    return PartRenderer(256, seed=4, shape=request.param)


def only(kind: DefectKind, contrast: float | None = None) -> PartMix:
    if contrast is None:
        return PartMix(rates={kind: 1.0})
    return PartMix(rates={kind: 1.0}, contrast=(contrast, contrast))


def test_the_same_number_gives_the_same_part_whatever_was_rendered_before() -> None:
    mix = PartMix(rates=dict.fromkeys(ALL_KINDS, 0.5))
    forwards = PartRenderer(128, seed=7)
    backwards = PartRenderer(128, seed=7)
    first = [forwards.render(number, mix) for number in range(6)]
    second = [backwards.render(number, mix) for number in reversed(range(6))][::-1]
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.pixels, other.pixels)
        assert one.kinds == other.kinds
        assert [d.contrast for d in one.defects] == [d.contrast for d in other.defects]
        for a, b in zip(one.defects, other.defects, strict=True):
            assert np.array_equal(a.mask, b.mask)


def test_another_seed_or_number_gives_another_part() -> None:
    part = PartRenderer(128, seed=1).render(0, PartMix()).pixels
    assert not np.array_equal(part, PartRenderer(128, seed=2).render(0, PartMix()).pixels)
    assert not np.array_equal(part, PartRenderer(128, seed=1).render(1, PartMix()).pixels)


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_the_mask_covers_where_the_defect_changed_the_picture(
    renderer: PartRenderer, kind: DefectKind
) -> None:
    for number in range(12):
        good = renderer.render(number, PartMix()).pixels.astype(int)
        bad = renderer.render(number, only(kind, 1.0))
        (defect,) = bad.defects
        change = np.abs(bad.pixels.astype(int) - good)
        assert defect.kind is kind
        assert defect.area_px > 0
        assert change[defect.mask].sum() > 0.6 * change.sum()
        # Only soft fringes lie outside, and nothing that could be seen further away.
        near = cv2.dilate(defect.mask.astype(np.uint8), np.ones((41, 41), np.uint8)) > 0
        assert change[~near].max() <= 2
        assert change[defect.mask].mean() > 4


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_contrast_runs_from_barely_visible_to_obvious(
    renderer: PartRenderer, kind: DefectKind
) -> None:
    def change(contrast: float) -> float:
        changes = [
            np.abs(
                renderer.render(number, only(kind, contrast)).pixels.astype(int)
                - renderer.render(number, PartMix()).pixels.astype(int)
            ).sum()
            for number in range(4)
        ]
        return float(np.sum(changes))

    faint, middling, obvious = change(0.15), change(0.5), change(1.0)
    assert 0 < faint < 0.6 * middling < 0.6 * obvious


def test_a_rate_is_kept_within_what_chance_allows() -> None:
    renderer = PartRenderer(64, seed=3)
    rates = {DefectKind.DENT: 0.2, DefectKind.STAIN: 0.05}
    parts = [renderer.render(number, PartMix(rates=rates)) for number in range(600)]
    for kind, rate in rates.items():
        low, high = binom.interval(0.9999, len(parts), rate)
        assert low <= sum(kind in part.kinds for part in parts) <= high
    assert {kind for part in parts for kind in part.kinds} == set(rates)


def test_the_rate_of_one_kind_leaves_the_other_kinds_where_they_are() -> None:
    renderer = PartRenderer(128, seed=3)
    dents = renderer.render(5, only(DefectKind.DENT))
    both = renderer.render(5, PartMix(rates={DefectKind.DENT: 1.0, DefectKind.STAIN: 1.0}))
    assert both.kinds == (DefectKind.DENT, DefectKind.STAIN)
    assert np.array_equal(dents.defects[0].mask, both.defects[0].mask)


def test_a_weaker_lamp_gives_a_darker_picture() -> None:
    renderer = PartRenderer(128, seed=3)
    full = renderer.render(0, PartMix()).pixels.mean()
    weak = renderer.render(0, PartMix(light=0.7)).pixels.mean()
    assert weak == pytest.approx(0.7 * full, rel=0.03)


def test_a_stain_is_soft_where_a_dent_has_light_and_shade() -> None:
    """What tells them apart: a stain only darkens, a dent has slopes to the lamp and away."""
    renderer = PartRenderer(256, seed=6)

    def brightened_share(kind: DefectKind) -> float:
        shares: list[float] = []
        for number in range(10):
            good = cv2.GaussianBlur(renderer.render(number, PartMix()).pixels, (0, 0), 1.5)
            part = renderer.render(number, only(kind, 0.8))
            bad = cv2.GaussianBlur(part.pixels, (0, 0), 1.5)
            change = bad.astype(int)[part.defects[0].mask] - good.astype(int)[part.defects[0].mask]
            shares.append(float(np.mean(change > 3)))
        return float(np.mean(shares))

    assert brightened_share(DefectKind.STAIN) < 0.02
    assert brightened_share(DefectKind.DENT) > 0.1


def test_pictures_and_masks_cannot_be_written_to() -> None:
    part = PartRenderer(64).render(0, only(DefectKind.STAIN))
    assert part.pixels.dtype == np.uint8
    assert part.pixels.shape == (64, 64)
    with pytest.raises(ValueError, match="read-only"):
        part.pixels[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        part.defects[0].mask[0, 0] = True


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rates": {DefectKind.DENT: 1.2}}, "rate of dent: expected 0 to 1, got 1.2"),
        ({"rates": {DefectKind.DENT: float("nan")}}, "rate of dent"),
        ({"light": 0.0}, "light: expected a number above 0, got 0"),
        ({"light": float("inf")}, "light"),
        ({"contrast": (0.8, 0.2)}, "contrast: expected 0 <= low <= high <= 1"),
    ],
)
def test_a_mix_outside_its_range_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PartMix(**values)  # pyright: ignore[reportArgumentType]


def test_a_picture_too_small_for_a_part_is_refused() -> None:
    with pytest.raises(ValueError, match="size_px: expected at least 64, got 8"):
        PartRenderer(8)
