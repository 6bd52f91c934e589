"""What a study says, in the words and figures of its page."""

from typing import Any

from inspection.quality.study import StudyResult
from inspection.records.studies import STATION, Study
from inspection.spc.agreement import Effectiveness, Kappa

Json = dict[str, Any]

_VERDICTS = {
    "acceptable": "acceptable",
    "marginal": "marginal: train, or make the limit sample clearer",
    "unacceptable": "unacceptable: do not rely on these calls",
}


def result_table(study: Study, result: StudyResult) -> Json:
    """One row per appraiser, then what all of them say together; each figure with 95 % interval."""
    agreement = result.agreement
    bad = sum(part.bad for part in study.parts)
    rows = [
        _row(name, within, effect, kappa)
        for name, within, effect, kappa in zip(
            agreement.names,
            agreement.within,
            agreement.against_truth,
            agreement.kappas,
            strict=True,
        )
    ]
    return {
        "parts": len(study.parts),
        "bad": bad,
        "good": len(study.parts) - bad,
        "rows": rows,
        "between": None if agreement.between is None else _kappa(agreement.between),
        "all_right": _share(*agreement.all_right),
        "unfinished": [f"{name} ({made} calls)" for name, made in result.unfinished],
        "truth_from": sorted({part.truth_from for part in study.parts}),
    }


def _row(
    name: str, within: tuple[float, tuple[float, float]], effect: Effectiveness, kappa: Kappa
) -> Json:
    return {
        "name": name,
        "within": "one verdict each" if name == STATION else _share(*within),
        "effectiveness": _share(effect.effectiveness, effect.effectiveness_interval),
        "miss": _share(effect.miss, effect.miss_interval),
        "false_alarm": _share(effect.false_alarm, effect.false_alarm_interval),
        "kappa": _kappa(kappa),
        "verdict": effect.verdict,
        "advice": _VERDICTS[effect.verdict],
    }


def _share(share: float | None, interval: tuple[float, float]) -> str:
    if share is None:
        return "none"
    return f"{100 * share:.1f} % ({100 * interval[0]:.1f} to {100 * interval[1]:.1f})"


def _kappa(kappa: Kappa) -> str:
    return f"{kappa.kappa:.2f} ({kappa.lower:.2f} to {kappa.upper:.2f})"
