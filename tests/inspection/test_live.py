"""The live picture between line and screens."""

import logging
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from inspection.judge import Limit, Limits, OnDoubt, Outcome, judge
from inspection.live import LivePicture, LiveReader, LiveWriter, for_screen, pack, unpack
from inspection.records.record import Judgement, LedgerEntry, PartRecord, ViewRecord
from models.findings import Finding

SCRATCH = Finding("scratch", 0.9, (10.0, 20.0, 30.0, 40.0), 400.0)
FAINT = Finding("scratch", 0.2, (1.0, 1.0, 9.0, 9.0), 64.0)
LIMITS = Limits({"scratch": Limit(0.5, 8.0, 0.5)}, OnDoubt.REJECT)
SECOND_NS = 1_000_000_000
WITHIN_S = 20.0


class Clock:
    """A monotonic clock that the test moves on."""

    def __init__(self) -> None:
        self.now_ns = 5 * SECOND_NS

    def __call__(self) -> int:
        return self.now_ns

    def wait(self, seconds: float) -> None:
        self.now_ns += int(seconds * SECOND_NS)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def writer(tmp_path: Path, clock: Clock) -> Generator[LiveWriter]:
    live = LiveWriter(tmp_path, max_hz=8.0, now_ns=clock)
    yield live
    live.close()


@pytest.fixture
def reader(tmp_path: Path) -> LiveReader:
    return LiveReader(tmp_path)


def part(
    number: int,
    *findings: Finding,
    pixels: np.ndarray[Any, Any],
    pixel_format: str = "Mono8",
    full_scale: int | None = None,
) -> PartRecord:
    view = ViewRecord(
        view="cam1",
        camera_id="cam1",
        trigger_id=number,
        frame_id=None,
        captured_utc_ns=1_700_000_000_000_000_000 + number,
        ledger=LedgerEntry.JUDGED,
        image_sha256="0" * 64,
        pixel_format=pixel_format,
        full_scale=full_scale,
        limits=LIMITS,
        findings=findings,
        score=0.9,
    )
    return PartRecord(
        part_number=number,
        serial=f"s-{number}",
        lot="",
        shift="day",
        shift_began_utc_ns=0,
        run_id=1,
        captured_utc_ns=view.captured_utc_ns,
        ledger=LedgerEntry.JUDGED,
        verdict=judge(findings, LIMITS),
        judgement=Judgement("0" * 64, "rings-1", "CPUExecutionProvider", 1),
        views=(view,),
        judge_ns=1,
    )


def offer(writer: LiveWriter, pixels: np.ndarray[Any, Any], record: PartRecord) -> None:
    writer.offer(pixels, record, record.views[0])


def grey(value: int = 100, size_hw: tuple[int, int] = (64, 96)) -> np.ndarray[Any, Any]:
    return np.full(size_hw, value, np.uint8)


def watch(writer: LiveWriter, reader: LiveReader, clock: Clock) -> None:
    """Somebody opens the screen, and the line notices."""
    for _ in range(2):
        reader.want()
        clock.wait(1.1)
        offer(writer, grey(), part(0, pixels=grey()))
    clock.wait(1.0)


def next_picture(writer: LiveWriter, reader: LiveReader) -> LivePicture:
    """The next picture, once the writer is ready for another."""
    picture = wait_for(reader.latest)
    wait_for(lambda: not writer._busy)
    return picture


def wait_for(look: Callable[[], Any]) -> Any:
    give_up_s = time.monotonic() + WITHIN_S
    while time.monotonic() < give_up_s:
        if seen := look():
            return seen
        threading.Event().wait(0.005)
    pytest.fail(f"nothing within {WITHIN_S} s")


def test_a_full_disk_costs_the_line_nothing_and_is_said_once(
    writer: LiveWriter,
    reader: LiveReader,
    clock: Clock,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    watch(writer, reader, clock)
    next_picture(writer, reader)
    (tmp_path / "live" / "latest.part").symlink_to("/dev/full")
    with caplog.at_level(logging.WARNING, "passline.live"):
        for number in range(1, 4):
            reader.want()
            clock.wait(1.0)
            offer(writer, grey(), part(number, pixels=grey()))
            wait_for(lambda: not writer._busy)
    assert [record.getMessage() for record in caplog.records] == [
        f"no live picture in {tmp_path / 'live'}: [Errno 28] No space left on device"
    ]
    (tmp_path / "live" / "latest.part").unlink()
    reader.want()
    clock.wait(1.0)
    offer(writer, grey(), part(9, pixels=grey()))
    assert next_picture(writer, reader).part_number == 9


def test_nothing_is_written_while_nobody_watches(
    writer: LiveWriter, clock: Clock, tmp_path: Path
) -> None:
    for number in range(5):
        clock.wait(1.0)
        offer(writer, grey(), part(number, pixels=grey()))
    assert not (tmp_path / "live").exists()


def test_a_screen_left_long_ago_is_not_taken_for_one_that_watches(
    tmp_path: Path, clock: Clock, reader: LiveReader
) -> None:
    reader.want()
    writer = LiveWriter(tmp_path, now_ns=clock)
    for number in range(5):
        clock.wait(1.0)
        offer(writer, grey(), part(number, pixels=grey()))
    writer.close()
    assert reader.latest() is None


def test_pictures_stop_three_seconds_after_the_last_screen_went(
    writer: LiveWriter, reader: LiveReader, clock: Clock
) -> None:
    watch(writer, reader, clock)
    next_picture(writer, reader)
    clock.wait(4.0)
    offer(writer, grey(), part(1, pixels=grey()))
    assert not writer._busy


def test_pictures_come_no_faster_than_asked(
    writer: LiveWriter, reader: LiveReader, clock: Clock
) -> None:
    watch(writer, reader, clock)
    next_picture(writer, reader)
    offer(writer, grey(), part(1, pixels=grey()))
    assert next_picture(writer, reader).part_number == 1
    clock.wait(0.12)
    offer(writer, grey(), part(2, pixels=grey()))
    assert not writer._busy
    clock.wait(0.01)
    offer(writer, grey(), part(3, pixels=grey()))
    assert next_picture(writer, reader).part_number == 3


def test_a_picture_comes_with_what_is_said_of_it(
    writer: LiveWriter, reader: LiveReader, clock: Clock
) -> None:
    watch(writer, reader, clock)
    next_picture(writer, reader)
    pixels = grey(200)
    offer(writer, pixels, part(7, SCRATCH, FAINT, pixels=pixels))
    picture = next_picture(writer, reader)
    assert (picture.part_number, picture.serial, picture.outcome) == (7, "s-7", Outcome.REJECT)
    assert picture.size_hw == (64, 96)
    assert picture.findings == (SCRATCH,), "a finding below its limits is not marked"
    shown = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_UNCHANGED)
    assert shown is not None
    assert shown.shape == (64, 96)
    assert abs(int(shown.mean()) - 200) <= 2
    assert reader.latest() is None, "the same picture is given once"


def test_a_large_picture_is_sent_small_and_keeps_its_own_size_in_words(
    writer: LiveWriter, reader: LiveReader, clock: Clock
) -> None:
    watch(writer, reader, clock)
    next_picture(writer, reader)
    pixels = grey(50, (1500, 3000))
    offer(writer, pixels, part(1, pixels=pixels))
    picture = next_picture(writer, reader)
    shown = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_UNCHANGED)
    assert shown is not None
    assert shown.shape == (480, 960)
    assert picture.size_hw == (1500, 3000)


@pytest.mark.parametrize(
    ("pixel_format", "full_scale", "dtype", "white"),
    [
        ("Mono8", None, np.uint8, 255),
        ("Mono10", None, np.uint16, 1023),
        ("Mono12", None, np.uint16, 4095),
        ("Mono16", None, np.uint16, 65535),
        ("Mono14", None, np.uint16, 16383),
        ("Mono16", 4095, np.uint16, 4095),
    ],
)
def test_white_is_white_on_the_screen_whatever_the_camera_counts_to(
    pixel_format: str, full_scale: int | None, dtype: type[np.generic], white: int
) -> None:
    pixels: np.ndarray[Any, Any] = np.full((8, 8), white, dtype)
    record = part(0, pixels=pixels, pixel_format=pixel_format, full_scale=full_scale)
    shown = for_screen(pixels, record.views[0])
    assert shown.dtype == np.uint8
    assert set(shown.ravel()) == {255}


def test_red_stays_red_for_both_colour_orders() -> None:
    rgb = np.zeros((4, 4, 3), np.uint8)
    rgb[..., 0] = 250
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    as_rgb = for_screen(rgb, part(0, pixels=rgb, pixel_format="RGB8").views[0])
    as_bgr = for_screen(bgr, part(0, pixels=bgr, pixel_format="BGR8").views[0])
    assert as_rgb[0, 0].tolist() == as_bgr[0, 0].tolist() == [0, 0, 250]


def test_red_of_twelve_bits_is_red_on_the_screen() -> None:
    rgb = np.zeros((4, 4, 3), np.uint16)
    rgb[..., 0] = 4095
    shown = for_screen(rgb, part(0, pixels=rgb, pixel_format="RGB12").views[0])
    assert shown[0, 0].tolist() == [0, 0, 255]


def test_what_is_packed_is_unpacked() -> None:
    picture = LivePicture(3, "ü<b>", "top", Outcome.PASS, 5, (7, 9), (SCRATCH,), b"\xff\xd8jpeg")
    assert unpack(pack(picture)) == picture


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"PLV1",
        b"JFIF\x00\x00\x00\x02{}x",
        b"PLV1\x00\x00\x00\xff{}",
        b"PLV1\x00\x00\x00\x02{}x",
        b"PLV1\x00\x00\x00\x02[]x",
        b"PLV1\x00\x00\x00\x02\xff\xffx",
    ],
)
def test_a_foreign_or_cut_off_file_is_no_picture(
    packed: bytes, tmp_path: Path, reader: LiveReader
) -> None:
    with pytest.raises(ValueError):
        unpack(packed)
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "latest").write_bytes(packed)
    assert reader.latest() is None


def test_a_data_folder_that_is_not_there_is_not_made_by_watching(tmp_path: Path) -> None:
    LiveReader(tmp_path / "later").want()
    assert not (tmp_path / "later").exists()


def test_a_reader_that_may_not_write_sees_no_picture_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "live").write_text("a file where the folder should be")
    reader = LiveReader(tmp_path)
    reader.want()
    assert reader.latest() is None
