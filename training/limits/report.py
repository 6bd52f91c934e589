"""Everything that is found of a bundle's limits on a data set, ready to be told."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from inspection.judge import Fusion
from models.bundle import Bundle
from models.session import ModelSession
from training.data.dataset import Sample
from training.limits.costs import Costs, weigh
from training.limits.figures import PartFigures, part_figures
from training.limits.guarantee import Promise
from training.limits.honest import Honest
from training.limits.propose import Proposal, propose
from training.limits.scores import Floats, PartScores, by_part
from training.limits.words import recipe_lines
from training.measuring.evaluate import in_force, measure_answered


@dataclass(frozen=True, slots=True, eq=False)
class KnownParts:
    """What a model says of known parts, those that choose limits and those that report on them.

    unanswered: pictures that it gives no answer to; the line rejects them, whatever the limits.
    """

    choosing: PartScores
    locked: PartScores | None
    fusion: Fusion
    taught: int
    set_limits: int
    unanswered: tuple[Sample, ...]

    @property
    def defect_rate(self) -> float:
        """Share of defective ones among the parts to choose on."""
        return float(self.choosing.is_bad.mean())


@dataclass(frozen=True, slots=True, eq=False)
class LimitsReport:
    """A proposal with what it does on known parts, beside what the card's own limits do.

    locked_now, locked_then: None without good and defective locked parts.
    cautions: what a reader has to know before using any of it.
    """

    bundle: Bundle
    known: KnownParts
    costs: Costs
    proposal: Proposal
    now: PartFigures
    then: PartFigures
    locked_now: PartFigures | None
    locked_then: PartFigures | None
    cautions: tuple[str, ...]

    @property
    def toml(self) -> str:
        """The proposed limits as lines of a recipe."""
        return recipe_lines(self.proposal, self.known.fusion is Fusion.MEAN)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        proposal, guarantee = self.proposal, self.proposal.guarantee
        doubt = None if proposal.doubt is None else _by_class(proposal, proposal.doubt)
        figures = {
            "now": self.now,
            "proposed": self.then,
            "locked_now": self.locked_now,
            "locked_proposed": self.locked_then,
        }
        return {
            "bundle": self.bundle.label,
            "fusion": self.known.fusion.value,
            "limits": _by_class(proposal, proposal.limits),
            "doubt": doubt,
            "guarantee": None if guarantee is None else guarantee.to_dict(),
            "defect_rate": self.costs.defect_rate,
            **{name: None if each is None else each.to_dict() for name, each in figures.items()},
            "curve": proposal.curve.to_dict(),
            "toml": self.toml,
            "cautions": list(self.cautions),
        }


def know_parts(bundle: Bundle, parts: Honest, fusion: Fusion) -> KnownParts:
    """Judge the pictures and put them together by part.

    Raises TrainingError for a picture that cannot be read.
    """
    session, card = ModelSession(bundle), bundle.card
    limits = in_force(card.limits)
    (chosen, dark), (reported, dark_too) = (
        measure_answered(session, samples) for samples in (parts.choosing, parts.reporting)
    )
    choosing, reporting = (
        by_part(measured, card.classes, limits, fusion) for measured in (chosen, reported)
    )
    locked = reporting if 0 < reporting.is_bad.sum() < len(reporting.parts) else None
    unanswered = (*dark, *dark_too)
    return KnownParts(choosing, locked, fusion, parts.taught, parts.set_limits, unanswered)


def report_limits(
    bundle: Bundle, known: KnownParts, costs: Costs, promise: Promise | None
) -> LimitsReport:
    """Choose limits and count what they do, beside what the card's do; see `propose`."""
    card = bundle.card
    views = float(np.median(known.choosing.pictures)) if known.fusion is Fusion.MEAN else 1.0
    proposal = propose(known.choosing, card, card.floor / views, costs, promise)
    cards = np.array([card.limits[name].score for name in card.classes])

    now, then = (cards, None), (proposal.limits, proposal.doubt)
    return LimitsReport(
        bundle,
        known,
        costs,
        proposal,
        now=_figures(known.choosing, costs, *now),
        then=_figures(known.choosing, costs, *then),
        locked_now=None if known.locked is None else _figures(known.locked, costs, *now),
        locked_then=None if known.locked is None else _figures(known.locked, costs, *then),
        cautions=tuple(_cautions(known, promise)),
    )


def _figures(parts: PartScores, costs: Costs, limits: Floats, doubt: Floats | None) -> PartFigures:
    return part_figures(parts, weigh(parts, costs), limits, doubt, costs.defect_rate)


def _cautions(known: KnownParts, promise: Promise | None) -> list[str]:
    told: list[str] = []
    if known.unanswered:
        told.append(
            f"{len(known.unanswered)} of the pictures get no answer from the model, so the line "
            f"rejects them at any limit, and they set none: {known.unanswered[0].picture}, ..."
        )
    if known.locked is None:
        told.append(
            "no good and defective locked parts to report on: the figures are of the parts that "
            "chose the limits, and flatter them"
        )
    if promise is not None and known.set_limits and len(known.choosing.classes) > 1:
        told.append(
            f"{known.set_limits} of the parts have set the card's limits, so the promise does not "
            "cover how its classes compare; bring parts that the model has not seen at all"
        )
    fewest, most = int(known.choosing.pictures.min()), int(known.choosing.pictures.max())
    if known.fusion is Fusion.MEAN and fewest < most:
        told.append(
            f"the parts have {fewest} to {most} pictures: the mean of few is noisier than that of "
            "many; the line's parts should have as many as these"
        )
    return told


def _by_class(proposal: Proposal, limits: Floats) -> dict[str, float]:
    return dict(zip(proposal.classes, limits.tolist(), strict=True))
