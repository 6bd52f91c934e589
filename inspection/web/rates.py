"""The honest defect rate: what the station rejects, corrected for its own errors."""

from typing import Any

from inspection.quality.study import station_counts
from inspection.spc.errors import SpcError
from inspection.spc.rates import rogan_gladen
from inspection.web.records import StationRecords

_DRAWS = 20_000
_DAYS = 7
_DAY_NS = 86_400 * 10**9


def honest_rate(records: StationRecords) -> dict[str, Any] | None:
    """The rate of the last seven days of work behind the rejects, by the latest finished study.

    Of inspected parts, as the watch has rolled them up; None without a study, or without a watch.
    `refused` says why where the study cannot bear a correction.
    """
    ended = [one for one in records.study_desk().studies() if one.ended_utc_ns is not None]
    last = records.reader().last_part()
    if not ended or last is None:
        return None
    hours = records.watch().hours(since_utc_ns=last.record.captured_utc_ns - _DAYS * _DAY_NS)
    inspected = sum(hour.inspected for hour in hours)
    rejected = sum(hour.rejected for hour in hours)
    if inspected == 0:
        return None
    study = ended[0]
    station = station_counts(study)
    told = {
        "study_id": study.study_id,
        "study": study.title,
        "parts": inspected,
        "days": _DAYS,
        "seen": rejected / inspected,
        "bad": station.bad,
        "good": station.good,
        "refused": "",
    }
    try:
        found = rogan_gladen(rejected, inspected, station, draws=_DRAWS)
    except SpcError as error:
        return told | {"refused": str(error)}
    return told | {
        "rate": found.rate,
        "lower": found.lower,
        "upper": found.upper,
        "below_false_rejects": found.below_false_rejects,
    }
