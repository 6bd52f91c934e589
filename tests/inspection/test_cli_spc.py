"""`passline spc`: what it prints is what the functions say, and faults are one message."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from camera.health import PictureHealth
from inspection.cli import main
from inspection.judge import Outcome, Reason, ReasonKind, Verdict
from inspection.records.record import LedgerEntry, PartRecord, RunStart, ViewRecord
from inspection.records.studies import Call, StudyDesk, StudyPart
from inspection.records.writer import RecordWriter
from inspection.spc.attributes import p_chart
from inspection.spc.capability import capability
from inspection.spc.laney import laney_p_chart

Command = Callable[..., tuple[int, str, str]]

DEFECTIVES = [12, 15, 8, 10, 4, 30]
SIZES = [50, 50, 50, 60, 50, 50]


@pytest.fixture
def spc(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`passline spc ARGUMENTS` as it is started: exit code, output, errors."""

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["passline", "spc", *arguments])
        monkeypatch.setenv("COLUMNS", "300")
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    return command


def csv_of(path: Path, **columns: list[Any]) -> str:
    rows = [
        ",".join(columns),
        *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True)),
    ]
    path.write_text("\n".join(rows) + "\n")
    return str(path)


def figures(said: tuple[int, str, str]) -> Any:
    assert said[0] == 0, said[2]
    return json.loads(said[1])


def test_a_chart_of_a_csv_is_that_of_the_function(spc: Command, tmp_path: Path) -> None:
    source = csv_of(tmp_path / "days.csv", defectives=DEFECTIVES, inspected=SIZES)
    found = figures(spc("chart", source, "--kind", "p", "--sizes", "inspected", "--json"))
    chart = p_chart(DEFECTIVES, SIZES)
    assert found["upper"] == chart.upper.tolist()
    assert [signal["at"] for signal in found["signals"]] == [signal.at for signal in chart.signals]
    code, table, _ = spc("chart", source, "--kind", "p", "--sizes", "inspected")
    assert code == 0
    assert "nelson1 above, point 5" in table
    assert "provisional" in table


def test_points_are_left_out_with_a_reason_and_a_known_center_is_phase_two(
    spc: Command, tmp_path: Path
) -> None:
    source = csv_of(tmp_path / "days.csv", defectives=DEFECTIVES, inspected=SIZES)
    named = ["chart", source, "--kind", "p", "--sizes", "inspected", "--json"]
    found = figures(spc(*named, "--exclude", "5=lamp out"))
    assert found["standard"]["excluded"] == [[5, "lamp out"]]
    assert found["standard"]["center"] == pytest.approx(49 / 260)
    known = figures(spc(*named, "--center", "0.1"))
    assert known["center"] == [0.1] * 6
    assert known["standard"]["subgroups"] == 0


def test_subgroups_of_several_columns_may_have_empty_cells(spc: Command, tmp_path: Path) -> None:
    source = csv_of(tmp_path / "x.csv", a=[1.0, 2.0, 1.5], b=[2.0, 2.5, 1.0], c=[1.5, "", 2.0])
    found = figures(spc("chart", source, "--kind", "xbar-s", "--values", "a,b,c", "--json"))
    assert found["sizes"] == [3.0, 2.0, 3.0]
    assert found["companion"]["name"] == "s"


@pytest.fixture
def station(tmp_path: Path) -> Path:
    """30 inspected parts, 6 minutes apart, in two lots; three rejects of each ten."""
    writer = RecordWriter(tmp_path)
    run_id = writer.begin_run(RunStart("s", "digest", "", ("cam0",), "test", 0))
    for kind in "pprppppdrp" * 3:
        number = writer.next_part_number
        cause = {"r": "scratch", "d": "dent"}.get(kind)
        rejected = Verdict(Outcome.REJECT, (Reason(ReasonKind.DEFECT, cause or ""),))
        health = PictureHealth(0.5 + 0.01 * (number % 5), 1.0, 0.01, 0.0, 0.0)
        view = ViewRecord(
            "cam0", "cam0", number, None, number, LedgerEntry.JUDGED, score=0.1, health=health
        )
        writer.submit(
            PartRecord(
                part_number=number,
                serial=f"s-{number}",
                lot="L1" if number < 15 else "L2",
                run_id=run_id,
                shift="day",
                shift_began_utc_ns=0,
                captured_utc_ns=number * 360_000_000_000,
                ledger=LedgerEntry.JUDGED,
                verdict=rejected if cause else Verdict(Outcome.PASS),
                judgement=None,
                views=(view,),
                judge_ns=0,
            )
        )
    writer.flush()
    writer.close()
    return tmp_path


def test_a_chart_of_a_stations_records_counts_what_was_inspected(
    spc: Command, station: Path
) -> None:
    found = figures(spc("chart", str(station), "--size", "10", "--json"))
    assert found["name"] == "laney p"
    assert found["values"] == laney_p_chart([3, 3, 3], [10] * 3).values.tolist()
    by_hours = figures(spc("chart", str(station), "--hours", "0.5", "--kind", "p", "--json"))
    assert by_hours["sizes"] == [5.0] * 6
    assert by_hours["values"] == [0.2, 0.4] * 3
    code, _, said = spc("chart", str(station), "--size", "100")
    assert code == 2
    assert "no whole subgroup of 100 inspected parts yet" in said


def test_the_health_of_pictures_on_record_is_charted_and_held_to_a_tolerance(
    spc: Command, station: Path
) -> None:
    wanted = (str(station), "--values", "cam0:brightness", "--size", "5")
    drawn = figures(spc("chart", *wanted, "--kind", "xbar-s", "--json"))
    assert drawn["values"] == pytest.approx([0.52] * 6)
    means = figures(spc("chart", *wanted, "--kind", "individuals", "--json"))
    assert means["values"] == pytest.approx([0.52] * 6)
    found = figures(spc("capability", *wanted, "--lower", "0.4", "--json"))
    assert (found["mean"], found["values"]) == (pytest.approx(0.52), 30)
    assert figures(
        spc("rules", *wanted, "--center", "0.5", "--sigma", "0.005", "--json")
    )["signals"][0]["side"] == "above"  # fmt: skip
    code, _, said = spc("chart", str(station), "--values", "cam9:noise")
    assert code == 2
    assert "expected 100 values of 'cam9:noise' or more, got 0" in said


def test_rejects_on_record_are_ranked_by_class_and_by_lot(spc: Command, station: Path) -> None:
    by_class = figures(spc("pareto", str(station), "--by", "class", "--json"))
    assert [(row["name"], row["count"]) for row in by_class] == [("scratch", 6), ("dent", 3)]
    by_lot = figures(spc("pareto", str(station), "--by", "lot", "--json"))
    assert [(row["name"], row["count"]) for row in by_lot] == [("L2", 5), ("L1", 4)]
    assert "--by: expected any of class, lot" in spc("pareto", str(station), "--by", "cat")[2]


def test_a_design_takes_rate_and_pace_from_the_records(spc: Command, station: Path) -> None:
    code, table, _ = spc("design", "--data", str(station), "--days", "20")
    assert code == 0
    said = " ".join(table.split())
    assert "days; a doubling of the defect rate is seen after" in said
    assert "0.15 days of production." in said  # 240 parts a day: one every 6 minutes


def test_the_latest_study_of_a_station_is_analysed(spc: Command, station: Path) -> None:
    assert "no study yet; studies are laid out" in spc("agreement", str(station))[2]
    desk = StudyDesk(station)
    parts = tuple(StudyPart(number, number % 2 == 0, "Ada", number < 3) for number in range(6))
    study_id = desk.begin("caps", parts, trials=2, who="Ada")
    for trial in (1, 2):
        for part in parts:
            desk.call(study_id, Call("Mia", trial, part.part_number, part.bad))
    desk.close()
    found = figures(spc("agreement", str(station), "--json"))
    assert found["names"] == ["Mia", "station"]
    assert found["against_truth"][0]["effectiveness"] == 1.0
    assert "no study 9" in spc("agreement", str(station), "--study", "9")[2]


def test_rules_say_how_often_they_alarm_falsely(spc: Command, tmp_path: Path) -> None:
    source = csv_of(tmp_path / "x.csv", value=[0.0, 3.5, 0.1])
    code, table, _ = spc("rules", source, "--center", "0", "--sigma", "1", "--rules", "we1,we2")
    assert code == 0
    assert "225.4" in table
    found = figures(spc("rules", source, "--center", "0", "--sigma", "1", "--json"))
    assert [(signal["at"], signal["side"]) for signal in found["signals"]] == [(1, "above")]


def test_a_design_says_in_days_what_it_promises(spc: Command) -> None:
    code, table, _ = spc("design", "--rate", "0.001", "--days", "5", "--per-day", "20000")
    assert code == 0
    said = " ".join(table.split())
    assert "bernoulli cusum: A false alarm about every 5 days; a doubling of the" in said


def test_a_design_names_the_chart_that_is_quickest(spc: Command) -> None:
    found = figures(spc("design", "--rate", "0.001", "--false-alarm-parts", "100000", "--json"))
    assert found[0]["chart"] == "bernoulli cusum"
    assert found[0]["false_alarm_every"] >= 100_000
    code, table, _ = spc("design", "--shift", "3")
    assert code == 0
    assert "shewhart" in table


def test_capability_has_its_intervals(spc: Command, tmp_path: Path) -> None:
    sizes = [9.9, 10.1, 10.0, 10.2, 9.8, 10.05]
    source = csv_of(tmp_path / "x.csv", mm=sizes)
    found = figures(
        spc("capability", source, "--values", "mm", "--lower", "9", "--upper", "11", "--json")
    )
    assert found["cpk"] == capability(sizes, lower=9, upper=11).cpk
    code, table, _ = spc("capability", source, "--values", "mm", "--upper", "11")
    assert code == 0
    assert "ppk" in table


def test_the_pareto_counts_rows_or_adds_counts(spc: Command, tmp_path: Path) -> None:
    source = csv_of(tmp_path / "x.csv", cause=["dent", "stain", "dent"], n=[1, 5, 1])
    assert [row["name"] for row in figures(spc("pareto", source, "--by", "cause", "--json"))] == [
        "dent",
        "stain",
    ]
    code, table, _ = spc("pareto", source, "--by", "cause", "--count", "n")
    assert code == 0
    assert "71.4%" in table


def test_an_agreement_study_is_read_a_row_per_call(spc: Command, tmp_path: Path) -> None:
    source = csv_of(
        tmp_path / "x.csv",
        part=[1, 2, 1, 2, 1, 2, 1, 2],
        appraiser=["Ana"] * 4 + ["station"] * 4,
        call=[1, 0, 1, 1, 1, 0, 1, 0],
        truth=[1, 0] * 4,
    )
    found = figures(spc("agreement", source, "--json"))
    assert found["names"] == ["Ana", "station"]
    assert [one["effectiveness"] for one in found["against_truth"]] == [0.5, 1.0]
    code, table, _ = spc("agreement", source)
    assert code == 0
    assert "acceptable" in table


def test_faults_are_one_message_that_names_file_line_and_column(
    spc: Command, tmp_path: Path
) -> None:
    source = csv_of(tmp_path / "x.csv", value=[1, "two"], defectives=[1, 9], n=[5, 5])
    (tmp_path / "empty.csv").write_text("value\n")
    for arguments, fault in (
        (("capability", source, "--upper", "3"), "line 3, column 'value': expected a number"),
        (("capability", source, "--values", "mm"), "no column 'mm'; there are value, defectives"),
        (("capability", str(tmp_path / "empty.csv")), "expected a header line and rows"),
        (("chart", source, "--sizes", "n"), "defectives[1]: expected at most its size, 5; got 9"),
        (("chart", source, "--exclude", "x"), "--exclude: expected INDEX=REASON, got 'x'"),
        (("chart", source, "--sigma", "1"), "--sigma: a known sigma needs a known --center"),
        (("design",), "--rate, --data, --shift: expected one of them"),
        (("chart", source, "--kind", "pie"), "chart: expected any of p, np"),
    ):
        code, _, said = spc(*arguments)
        assert code == 2
        assert fault in said


def test_calls_that_are_missing_or_contradict_the_truth_are_refused(
    spc: Command, tmp_path: Path
) -> None:
    columns = {"part": [1, 2, 1], "appraiser": ["Ana"] * 3, "call": [1, 1, 1]}
    uneven = csv_of(tmp_path / "uneven.csv", **columns, truth=[1, 0, 1])
    assert "expected as many calls of every part, got [1, 2]" in spc("agreement", uneven)[2]
    torn = csv_of(tmp_path / "torn.csv", **columns, truth=[1, 0, 0])
    assert "part 1 is both good and bad in truth" in spc("agreement", torn)[2]


def test_a_chart_is_written_as_a_picture(spc: Command, tmp_path: Path) -> None:
    source = csv_of(tmp_path / "days.csv", defectives=DEFECTIVES, inspected=SIZES)
    svg, png = tmp_path / "days.svg", tmp_path / "days.png"
    chart = ("chart", source, "--kind", "p", "--sizes", "inspected")
    code, _, said = spc(*chart, "--svg", str(svg), "--png", str(png))
    assert code == 0, said
    assert "<!-- p chart of days -->" in svg.read_text()
    assert png.read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_cannot_be_written_is_one_message(spc: Command, tmp_path: Path) -> None:
    source = csv_of(tmp_path / "days.csv", defectives=DEFECTIVES, inspected=SIZES)
    nowhere = str(tmp_path / "missing" / "days.svg")
    code, _, said = spc("chart", source, "--kind", "p", "--sizes", "inspected", "--svg", nowhere)
    assert code == 2
    assert "the picture cannot be written" in said
