"""All that is known of a bundle on labelled pictures, each figure with its interval and its n."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.bundle import Bundle
from models.card import Rate
from training.data.labels import Box
from training.measuring.average_precision import (
    DEEP_PCB_IOU,
    BestF,
    Hits,
    Located,
    average_precision,
    best_f,
    class_average_precision,
    pooled,
)
from training.measuring.bootstrap import auroc_interval
from training.measuring.evaluate import CONFIDENCE, Measured, auroc, rate
from training.measuring.overlap import OverlapFigures
from training.measuring.trial import Chosen, Judged, Trial

FALSE_REJECT_SHARES = (0.01, 0.05)


@dataclass(frozen=True, slots=True)
class Ranking:
    """How well the scores tell bad from good; None where there is one kind alone.

    interval: of the AUROC, by drawing whole parts. ap: average precision, bad ones to be found.
    """

    n: int
    auroc: float | None
    interval: tuple[float, float] | None
    ap: float | None


@dataclass(frozen=True, slots=True)
class AtShare:
    """What the lowest limit does that keeps false rejects to a share: chosen on these very data."""

    share: float
    limit: float
    false_rejects: Rate
    escapes: Rate


@dataclass(frozen=True, slots=True)
class BoxFigures:
    """How well findings meet labelled boxes.

    map50: COCO's mAP at IoU 0.5. ap50: the same by class. pooled_ap33, best: DeepPCB's protocol.
    """

    boxes: int
    map50: float
    ap50: Mapping[str, float]
    pooled_ap33: float
    best: BestF | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a bundle does on a data set, at the limits on its card where limits are needed.

    by_part: scores averaged over the pictures of a part; a part is bad when one picture is.
    healed: pictures measured a second time as good ones, their defects replaced by the template.
    unjudged: pictures that the line would reject without an answer.
    judging_ms: median and 99th percentile, from the pixels of a picture to its verdict.
    """

    bundle: Bundle
    chosen: Chosen
    data_sha256: str
    by_picture: Ranking
    by_part: Ranking
    escapes: Rate
    false_rejects: Rate
    escapes_by_class: Mapping[str, Rate]
    at_shares: tuple[AtShare, ...]
    overlap: OverlapFigures | None
    boxes: BoxFigures | None
    healed: int
    unjudged: int
    judging_ms: tuple[float, float]

    @property
    def pictures(self) -> int:
        return self.by_picture.n - self.healed

    @property
    def parts(self) -> int:
        return len({sample.part for sample in self.chosen.dataset.samples})

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        overlap, boxes = self.overlap, self.boxes
        good, bad = self.false_rejects.n, self.escapes.n
        return {
            "bundle": self.bundle.label,
            "bundle_sha256": self.bundle.digest,
            "data": self.chosen.dataset.source,
            "data_sha256": self.data_sha256,
            "pictures": self.pictures,
            "parts": self.parts,
            "good": good,
            "defective": bad,
            "pictures_learnt_from": self.chosen.learnt,
            "learnt_from_measured_too": self.chosen.included,
            "notes": [each for each in (self.chosen.note, *self.chosen.dataset.notes) if each],
            "left_out": list(self.chosen.dataset.left_out),
            "good_that_are_healed": self.healed,
            "unjudged": self.unjudged,
            "auroc": self.by_picture.auroc,
            "auroc_interval": self.by_picture.interval,
            "ap": self.by_picture.ap,
            "part_auroc": self.by_part.auroc,
            "part_auroc_interval": self.by_part.interval,
            "part_ap": self.by_part.ap,
            "aupro": None if overlap is None else overlap.aupro,
            "pixel_auroc": None if overlap is None else overlap.pixel_auroc,
            "pixel_ap": None if overlap is None else overlap.pixel_ap,
            "map50": None if boxes is None else boxes.map50,
            "ap50_by_class": None if boxes is None else dict(boxes.ap50),
            "pooled_ap33": None if boxes is None else boxes.pooled_ap33,
            "f": None if boxes is None or boxes.best is None else boxes.best.f,
            "f_precision": None if boxes is None or boxes.best is None else boxes.best.precision,
            "f_recall": None if boxes is None or boxes.best is None else boxes.best.recall,
            "f_limit": None if boxes is None or boxes.best is None else boxes.best.score,
            "boxes": None if boxes is None else boxes.boxes,
            "escapes": self.escapes.model_dump(),
            "false_rejects": self.false_rejects.model_dump(),
            "escapes_by_class": {k: v.model_dump() for k, v in self.escapes_by_class.items()},
            "at_false_rejects_on_these_data": [
                {
                    "share": each.share,
                    "limit": each.limit,
                    "false_rejects": each.false_rejects.model_dump(),
                    "escapes": each.escapes.model_dump(),
                }
                for each in self.at_shares
            ],
            "judging_ms": {"p50": self.judging_ms[0], "p99": self.judging_ms[1]},
        }


def evaluated(bundle: Bundle, chosen: Chosen, trial: Trial) -> Evaluation:
    """The figures of a trial on the chosen pictures, which are not none."""
    judged = [*trial.judged, *trial.healed]
    measured = [one.measured for one in judged]
    bad = [one for one in judged if not one.measured.sample.is_good]
    good = [one for one in judged if one.measured.sample.is_good]
    names = sorted({name for one in bad for name in one.measured.sample.classes})
    p50, p99 = np.percentile([one.milliseconds for one in judged], [50, 99])
    return Evaluation(
        bundle=bundle,
        chosen=chosen,
        data_sha256=chosen.dataset.digest(),
        by_picture=_by_picture(measured),
        by_part=_by_part(measured),
        escapes=_rate([not one.rejected for one in bad]),
        false_rejects=_rate([one.rejected for one in good]),
        escapes_by_class={name: _escapes_of(name, bad) for name in names},
        at_shares=tuple(_at_share(measured, share) for share in FALSE_REJECT_SHARES if good),
        overlap=trial.overlap,
        boxes=_boxes(bundle, [one.measured for one in trial.judged]),
        healed=len(trial.healed),
        unjudged=sum(bool(one.unjudged) for one in judged),
        judging_ms=(float(p50), float(p99)),
    )


def _by_picture(measured: Sequence[Measured]) -> Ranking:
    return _ranking(
        [one.score for one in measured],
        [not one.sample.is_good for one in measured],
        [one.sample.part for one in measured],
    )


def _by_part(measured: Sequence[Measured]) -> Ranking:
    of_part: dict[str, list[Measured]] = {}
    for one in measured:
        of_part.setdefault(one.sample.part, []).append(one)
    return _ranking(
        [float(np.mean([one.score for one in part])) for part in of_part.values()],
        [any(not one.sample.is_good for one in part) for part in of_part.values()],
        list(of_part),
    )


def _ranking(scores: Sequence[float], is_bad: Sequence[bool], parts: Sequence[str]) -> Ranking:
    pairs = list(zip(scores, is_bad, strict=True))
    area = auroc([score for score, bad in pairs if bad], [score for score, bad in pairs if not bad])
    order = np.argsort(-np.array(scores, np.float64), kind="stable")
    hits = Hits(np.array(scores, np.float64)[order], np.array(is_bad)[order], sum(is_bad))
    return Ranking(
        n=len(pairs),
        auroc=area,
        interval=auroc_interval(scores, is_bad, parts, CONFIDENCE),
        ap=None if area is None else average_precision(hits),
    )


def _at_share(measured: Sequence[Measured], share: float) -> AtShare:
    """Pictures above the limit are rejected, so that at most this share of the good ones is."""
    good = sorted((one.score for one in measured if one.sample.is_good), reverse=True)
    limit = good[int(share * len(good))]
    return AtShare(
        share=share,
        limit=limit,
        false_rejects=_rate([score > limit for score in good]),
        escapes=_rate([one.score <= limit for one in measured if not one.sample.is_good]),
    )


def _boxes(bundle: Bundle, measured: Sequence[Measured]) -> BoxFigures | None:
    """None where no boxes are labelled, and for a model that knows none of their classes."""
    labels = [label for one in measured for label in one.sample.labels]
    is_asked = bundle.card.task == "detection" or any(isinstance(each, Box) for each in labels)
    if not is_asked or not {each.class_name for each in labels} & set(bundle.card.classes):
        return None
    pictures = [Located(one.findings, one.sample.boxes()) for one in measured]
    ap50 = class_average_precision(pictures)
    hits = pooled(pictures, DEEP_PCB_IOU)
    pooled_ap33 = average_precision(hits)
    if not ap50 or pooled_ap33 is None:
        return None
    return BoxFigures(
        hits.labelled, float(np.mean(list(ap50.values()))), ap50, pooled_ap33, best_f(hits)
    )


def _escapes_of(class_name: str, bad: Sequence[Judged]) -> Rate:
    shown = [one for one in bad if class_name in one.measured.sample.classes]
    return _rate([not one.rejected for one in shown])


def _rate(events: Sequence[bool]) -> Rate:
    return rate(sum(events), len(events))
