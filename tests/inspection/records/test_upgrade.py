"""Records of version 1, as the first Passline wrote them, after an upgrade."""

import sqlite3
from collections.abc import Generator
from pathlib import Path

import pytest

from inspection.errors import RecordsError
from inspection.judge import Limit, OnDoubt, Outcome, ReasonKind
from inspection.records.query import Counts, Ledger, RecordReader
from inspection.records.record import LedgerEntry
from inspection.records.writer import RecordWriter
from models.findings import Finding

VERSION_1 = """
PRAGMA journal_mode=WAL;
CREATE TABLE recipes (digest VARCHAR NOT NULL, toml TEXT NOT NULL, PRIMARY KEY (digest));
CREATE TABLE runs (
    run_id INTEGER NOT NULL, station VARCHAR NOT NULL, recipe_digest VARCHAR NOT NULL,
    camera_id VARCHAR NOT NULL, software VARCHAR NOT NULL, started_utc_ns BIGINT NOT NULL,
    PRIMARY KEY (run_id), FOREIGN KEY(recipe_digest) REFERENCES recipes (digest));
CREATE TABLE limits (digest VARCHAR NOT NULL, json TEXT NOT NULL, PRIMARY KEY (digest));
CREATE TABLE parts (
    part_number INTEGER NOT NULL, serial VARCHAR NOT NULL, lot VARCHAR NOT NULL,
    run_id INTEGER NOT NULL, camera_id VARCHAR NOT NULL, frame_id BIGINT NOT NULL,
    captured_utc_ns BIGINT NOT NULL, ledger VARCHAR NOT NULL, outcome VARCHAR NOT NULL,
    review BOOLEAN NOT NULL, inspected BOOLEAN NOT NULL, reasons TEXT NOT NULL,
    judge_ns BIGINT NOT NULL, picture VARCHAR, image_sha256 VARCHAR, pixel_format VARCHAR,
    full_scale INTEGER, bundle_digest VARCHAR, bundle_label VARCHAR, provider VARCHAR,
    threads INTEGER, limits_digest VARCHAR, findings TEXT, score FLOAT,
    PRIMARY KEY (part_number), FOREIGN KEY(run_id) REFERENCES runs (run_id),
    FOREIGN KEY(limits_digest) REFERENCES limits (digest));
CREATE INDEX ix_parts_serial ON parts (serial);
CREATE INDEX rejects ON parts (part_number) WHERE outcome = 'reject';
CREATE INDEX doubtful ON parts (part_number) WHERE review IS 1;
CREATE TABLE events (
    id INTEGER NOT NULL, at_utc_ns BIGINT NOT NULL, kind VARCHAR NOT NULL, detail TEXT NOT NULL,
    PRIMARY KEY (id));
CREATE TABLE gate_log (
    id INTEGER NOT NULL, part_number INTEGER NOT NULL, outcome VARCHAR NOT NULL,
    at_utc_ns BIGINT NOT NULL, PRIMARY KEY (id));
CREATE INDEX ix_gate_log_part_number ON gate_log (part_number);
CREATE TABLE ledger (
    run_id INTEGER NOT NULL, camera_id VARCHAR NOT NULL, triggers BIGINT NOT NULL,
    judged BIGINT NOT NULL, late BIGINT NOT NULL, incomplete BIGINT NOT NULL, lost BIGINT NOT NULL,
    passed BIGINT NOT NULL, rejected BIGINT NOT NULL, review BIGINT NOT NULL,
    PRIMARY KEY (run_id, camera_id), FOREIGN KEY(run_id) REFERENCES runs (run_id));
INSERT INTO recipes VALUES ('r', 'product = "ring"');
INSERT INTO runs VALUES (1, 'press-4', 'r', 'cam0', 'passline 0.1', 1000);
INSERT INTO limits VALUES
    ('l', '{"by_class":{"scratch":[0.5,4.0,0.4]},"on_doubt":"review"}');
INSERT INTO parts VALUES
    (7, 'press-4-0000007', 'L1', 1, 'cam0', 70, 5000, 'judged', 'reject', 0, 1,
     '[["defect","scratch"]]', 4000, 'images/000000/7-press-4-0000007.png', 'abc', 'Mono8', NULL,
     'b', 'rings-1', 'CPUExecutionProvider', 1, 'l',
     '[["scratch",0.7000000000000001,[1.0,2.0,3.5,4.5],12.25]]', 0.7000000000000001),
    (8, 'press-4-0000008', 'L1', 1, 'cam0', 71, 6000, 'lost', 'reject', 0, 0,
     '[["lost","no picture"]]', 10, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
     NULL);
INSERT INTO gate_log VALUES (1, 7, 'rejected', 5500);
INSERT INTO events VALUES (1, 900, 'run_ended', '{"run_id":1}');
INSERT INTO ledger VALUES (1, 'cam0', 2, 1, 0, 0, 1, 0, 2, 0);
PRAGMA user_version=1;
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    connection = sqlite3.connect(tmp_path / "records.sqlite")
    connection.executescript(VERSION_1)
    connection.close()
    return tmp_path


@pytest.fixture
def upgraded(old: Path) -> Generator[RecordReader]:
    RecordWriter(old).close()
    reader = RecordReader(old)
    yield reader
    reader.close()


def test_old_records_are_not_read_before_the_station_has_started_once(old: Path) -> None:
    with pytest.raises(RecordsError, match="has schema version 1, expected 2; start the station"):
        RecordReader(old)


def test_a_judged_part_becomes_a_part_of_one_view(upgraded: RecordReader) -> None:
    part = upgraded.part("press-4-0000007")
    assert part is not None
    record = part.record
    (view,) = record.views
    assert (record.part_number, record.lot, record.shift) == (7, "L1", "")
    assert record.verdict.outcome is Outcome.REJECT
    assert record.verdict.reasons[0].kind is ReasonKind.DEFECT
    assert record.score == 0.7000000000000001
    assert record.judgement is not None
    assert record.judgement.bundle_label == "rings-1"
    assert (view.view, view.camera_id, view.trigger_id) == ("cam0", "cam0", 70)
    assert (view.image_sha256, view.pixel_format) == ("abc", "Mono8")
    assert view.findings == (Finding("scratch", 0.7000000000000001, (1.0, 2.0, 3.5, 4.5), 12.25),)
    assert view.limits is not None
    assert view.limits.by_class == {"scratch": Limit(0.5, 4.0, 0.4)}
    assert view.limits.on_doubt is OnDoubt.REVIEW
    assert part.pictures == {"cam0": "images/000000/7-press-4-0000007.png"}
    assert part.gate == "rejected"


def test_a_part_without_a_picture_keeps_why(upgraded: RecordReader) -> None:
    part = upgraded.part_by_number(8)
    assert part is not None
    assert part.record.judgement is None
    assert part.record.views[0].ledger is LedgerEntry.LOST
    assert part.record.views[0].image_sha256 is None
    assert part.pictures == {}


def test_run_counts_ledger_and_events_are_kept(upgraded: RecordReader) -> None:
    run = upgraded.latest_run()
    assert run is not None
    assert (run.start.cameras, run.start.software) == (("cam0",), "passline 0.1")
    assert upgraded.counts() == Counts(parts=2, passed=0, rejected=2, review=0)
    assert upgraded.ledger() == Ledger(triggers=2, judged=1, late=0, incomplete=0, lost=1)
    assert [event.kind for event in upgraded.events_after(0, 10)] == ["run_ended"]
    assert [part.record.part_number for part in upgraded.recent_rejects(5)] == [8, 7]


def test_part_numbers_go_on_after_an_upgrade(old: Path) -> None:
    writer = RecordWriter(old)
    assert writer.next_part_number == 9
    writer.close()


def test_an_upgrade_that_fails_leaves_the_old_records_as_they_were(old: Path) -> None:
    """As if somebody had put a table of his own into the database."""
    connection = sqlite3.connect(old / "records.sqlite")
    connection.execute("CREATE VIEW parts_1 AS SELECT 1")
    connection.commit()
    with pytest.raises(RecordsError, match="parts_1"):
        RecordWriter(old)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM parts").fetchone() == (2,)
    connection.close()
