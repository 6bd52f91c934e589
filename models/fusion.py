"""One score per defect class for a part of several views: noise that differs averages out."""

import math
from collections.abc import Iterable, Mapping, Sequence

from models.findings import Finding

ScoreByClass = Mapping[str, float]


def strongest(findings: Iterable[Finding]) -> dict[str, float]:
    """The highest score of each class among the findings of one view."""
    scores: dict[str, float] = {}
    for finding in findings:
        scores[finding.class_name] = max(finding.score, scores.get(finding.class_name, 0.0))
    return scores


def fused_score(views: Sequence[ScoreByClass]) -> dict[str, float]:
    """For each class the mean over the views of their strongest scores, the highest first.

    A view that shows nothing of a class counts as 0. The sum is exact, so that the order of the
    views is of no matter, and one view keeps its score to the last bit.
    """
    names = {name for view in views for name in view}
    scores = {name: math.fsum(view.get(name, 0.0) for view in views) / len(views) for name in names}
    return dict(sorted(scores.items(), key=lambda each: (-each[1], each[0])))
