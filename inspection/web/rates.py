"""The honest defect rate: what the station rejects, corrected for its own errors."""

from typing import Any

from inspection.quality.study import station_counts
from inspection.spc.errors import SpcError
from inspection.spc.rates import rogan_gladen
from inspection.web.records import StationRecords

_DRAWS = 20_000


def honest_rate(records: StationRecords) -> dict[str, Any] | None:
    """The rate of the run behind the rejects, by the latest finished study; None without one.

    `refused` says why where the study cannot bear a correction.
    """
    ended = [one for one in records.study_desk().studies() if one.ended_utc_ns is not None]
    run = records.reader().latest_run()
    if not ended or run is None:
        return None
    study = ended[0]
    counts = records.reader().counts(run.run_id)
    if counts.parts == 0:
        return None
    station = station_counts(study)
    told = {
        "study_id": study.study_id,
        "study": study.title,
        "parts": counts.parts,
        "seen": counts.rejected / counts.parts,
        "bad": station.bad,
        "good": station.good,
        "refused": "",
    }
    try:
        found = rogan_gladen(counts.rejected, counts.parts, station, draws=_DRAWS)
    except SpcError as error:
        return told | {"refused": str(error)}
    return told | {
        "rate": found.rate,
        "lower": found.lower,
        "upper": found.upper,
        "below_false_rejects": found.below_false_rejects,
    }
