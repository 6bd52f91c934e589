import shlex
from pathlib import Path

import numpy as np
import pytest

from camera.renderer import DefectKind, PartMix, PartRenderer
from inspection.judge import Outcome, judge
from models.bundle import open_bundle
from models.familiar import Unfamiliar
from models.library import library_bundle
from models.session import ModelSession
from training.data.lineage import read_lineage
from training.data.split import is_locked
from training.measuring.evaluate import in_force

KNOWN = (DefectKind.SCRATCH, DefectKind.DENT, DefectKind.MISSING_HOLE, DefectKind.CHIPPED_EDGE)
SEED = 4242
"""Another series than the one that the bundle learnt from."""


@pytest.fixture(scope="module")
def session() -> ModelSession:
    return ModelSession(open_bundle(library_bundle("metal-cap")))


def rejected(session: ModelSession, kind: DefectKind | None, clear: bool) -> float:
    """Share of 25 freshly rendered parts that the bundle rejects."""
    renderer = PartRenderer(512, SEED)
    rates = {} if kind is None else {kind: 1.0}
    mix = PartMix(rates, contrast=(0.5, 1.0) if clear else (0.15, 1.0))
    limits = in_force(session.bundle.card.limits)
    outcomes = [
        judge(session.predict(renderer.render(number, mix).pixels).findings, limits).outcome
        for number in range(25)
    ]
    return outcomes.count(Outcome.REJECT) / len(outcomes)


@pytest.mark.parametrize("kind", KNOWN)
def test_clear_defects_are_found(session: ModelSession, kind: DefectKind) -> None:
    assert rejected(session, kind, clear=True) >= 0.9


def test_good_parts_pass(session: ModelSession) -> None:
    assert rejected(session, None, clear=True) <= 0.08


def test_no_part_is_not_a_good_part(session: ModelSession) -> None:
    with pytest.raises(Unfamiliar, match="is there a part"):
        session.predict(np.full((512, 512), 40, np.uint8))


def test_the_shipped_bundle_is_small_and_says_how_to_make_it_again(session: ModelSession) -> None:
    bundle = session.bundle
    assert sum(path.stat().st_size for path in bundle.folder.iterdir()) < 5_000_000
    command = shlex.split(bundle.card.origin.command)
    assert command[:2] == ["passline", "train"]
    assert "--epochs" in command
    assert "passline render" in bundle.card.origin.data
    assert not any(is_locked(part) for part in read_lineage(bundle).learnt_from)


def test_the_shipped_bundle_was_measured_on_locked_parts(session: ModelSession) -> None:
    metrics = session.bundle.card.metrics
    assert metrics.auroc is not None
    assert metrics.auroc > 0.95
    assert metrics.escapes.n + metrics.false_rejects.n == metrics.test_parts > 100


def test_the_bundle_ships_inside_the_package() -> None:
    assert library_bundle("metal-cap").is_relative_to(Path(__file__).parents[2] / "models")
