"""What screens, training and replay ask of the records."""

from collections.abc import Callable

import numpy as np
import pytest

from inspection.errors import RecordsError
from inspection.records.images import picture_sha256
from inspection.records.query import PartVerdict, RecordReader
from inspection.records.record import PartRecord, RunStart
from inspection.records.writer import RecordWriter

MakeRecord = Callable[..., PartRecord]


def test_the_last_reject_is_the_newest_one(
    writer: RecordWriter, reader: RecordReader, make_record: MakeRecord
) -> None:
    for number, verdict in enumerate(["reject", "pass", "late", "pass"]):
        writer.submit(make_record(number, verdict))
    writer.flush()
    last = reader.last_reject()
    assert last is not None
    assert last.record == make_record(2, "late")
    assert [part.record.part_number for part in reader.recent_rejects(5)] == [2, 0]
    assert [part.record.part_number for part in reader.recent_rejects(1)] == [2]


def test_the_chart_reads_on_from_where_it_was(
    writer: RecordWriter, reader: RecordReader, make_record: MakeRecord
) -> None:
    for number, verdict in enumerate(["pass", "reject", "late"]):
        writer.submit(make_record(number, verdict))
    writer.flush()
    first = reader.verdicts_after(-1, 2)
    assert first == [PartVerdict(0, False, True), PartVerdict(1, True, True)]
    assert reader.verdicts_after(first[-1].part_number, 2) == [PartVerdict(2, True, False)]


def test_the_recipe_of_a_run_is_kept_word_for_word(
    writer: RecordWriter, reader: RecordReader, run_start: RunStart
) -> None:
    latest = reader.latest_run()
    assert latest is not None
    assert (latest.run_id, latest.start) == (1, run_start)
    assert reader.recipe_toml(run_start.recipe_digest) == run_start.recipe_toml


def test_a_kept_picture_is_proved_when_it_is_read(
    writer: RecordWriter, reader: RecordReader, make_record: MakeRecord
) -> None:
    picture = np.arange(64, dtype=np.uint8).reshape(8, 8)
    sha256 = picture_sha256(picture, "Mono8")
    writer.submit(make_record(0, "reject", image_sha256=sha256), {"cam0": picture})
    writer.submit(make_record(1, "reject", image_sha256="c" * 64), {"cam0": picture})
    writer.submit(make_record(2, "reject"))
    writer.flush()
    good, wrong, none = (reader.part_by_number(number) for number in range(3))
    assert good is not None
    assert wrong is not None
    assert none is not None
    np.testing.assert_array_equal(reader.picture(good), picture)
    with pytest.raises(RecordsError, match="the record says cccc"):
        reader.picture(wrong)
    with pytest.raises(RecordsError, match="station1-0000002: no picture of this part was kept"):
        reader.picture(none)
    kept = reader.parts_with_pictures(after=-1, limit=10)
    assert [part.record.part_number for part in kept] == [0, 1]
