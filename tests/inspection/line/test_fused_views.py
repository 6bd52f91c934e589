"""Parts whose exposures are fused into one score: on the line, on record, in replay, on screen."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from camera.frame import Frame, MissedFrame, MissReason
from inspection.judge import Fusion, Outcome, Reason, ReasonKind
from inspection.live import findings_that_count
from inspection.records.picture_rows import PictureReader
from inspection.replay import replay_part
from inspection.web.records import StationRecords
from inspection.web.state import ScreenState

Bench = Any
Capture = Callable[[], Frame]

MEAN = """
product = "cap"
station = "bench"
verdict_deadline_ms = 5000.0
[camera]
id = "cam1"
frames = ["dark", "bright"]
max_age_ms = 5000.0
device = { source = "rendered" }
[model]
name = "spot"
[limits.bright]
score = 0.6
[fusion]
views = "mean"
[gate]
kind = "simulated"
[keep]
passes_one_in = 1
"""


def lost() -> MissedFrame:
    return MissedFrame("cam1", 0, MissReason.LOST, time.monotonic_ns(), time.time_ns(), "gone")


def test_a_spot_in_one_light_of_two_passes_and_one_in_both_rejects(
    bench: Bench, good: Capture, bad: Capture
) -> None:
    bench.run([good, bad, bad, bad], recipe=MEAN)
    assert bench.outcomes() == [Outcome.PASS, Outcome.REJECT]
    one, both = [part.record for part in bench.parts()]
    assert one.fusion is both.fusion is Fusion.MEAN
    assert one.views[1].score is not None
    assert one.score == one.views[1].score / 2
    assert both.score == both.views[0].score
    assert both.verdict.reasons == (Reason(ReasonKind.DEFECT, "bright"),)


def test_without_fusion_the_same_spot_in_one_light_rejects(
    bench: Bench, good: Capture, bad: Capture
) -> None:
    bench.run([good, bad], recipe=MEAN.replace('"mean"', '"any"'))
    (record,) = [part.record for part in bench.parts()]
    assert record.verdict.reasons == (Reason(ReasonKind.DEFECT, "bright", "cam1.bright"),)


def test_a_light_that_gave_no_picture_rejects_the_part(bench: Bench, good: Capture) -> None:
    bench.run([good, lost], recipe=MEAN)
    (record,) = [part.record for part in bench.parts()]
    assert record.verdict.outcome is Outcome.REJECT
    assert [(each.kind, each.view) for each in record.verdict.reasons] == [
        (ReasonKind.LOST, "cam1.bright")
    ]


def test_replay_fuses_the_same_views_to_the_same_verdict(
    bench: Bench, good: Capture, bad: Capture
) -> None:
    bench.run([good, bad, bad, bad], recipe=MEAN)
    replays = [replay_part(bench.folder, part.record.serial) for part in bench.parts()]
    assert all(replay.same for replay in replays)
    assert "by a score of 1.000, the mean of 2 views" in replays[1].summary()


def test_the_screen_says_that_the_score_is_a_mean_and_marks_what_moved_it(
    bench: Bench, bad: Capture
) -> None:
    bench.run([bad, bad], recipe=MEAN)
    records = StationRecords(bench.folder)
    (reject,) = json.loads(ScreenState(records, "v1").read())["rejects"]
    records.close()
    assert reject["fusion"] == "mean of 2 views"
    assert all(view["findings"] for view in reject["views"])
    (part,) = bench.parts()
    assert findings_that_count(part.record.views[0]) == part.record.views[0].findings


def test_a_diagnosis_knows_the_worst_view_of_a_fused_reject(bench: Bench, bad: Capture) -> None:
    bench.run([bad, bad], recipe=MEAN)
    reader = PictureReader(Path(bench.folder))
    rows = reader.between(0, 10, 10)
    reader.close()
    assert [row.rejected for row in rows] == [True, True]
