"""Chunk data of the virtual cameras, as GenApi reads it from the buffer; widths of frame ids."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest
from genicam import genapi, gentl
from harvesters.core import ImageAcquirer

RawOpener = Callable[..., ImageAcquirer]
RawFetcher = Callable[..., tuple[bytes, dict[str, Any]]]

SOFTWARE = {"TriggerMode": "On", "TriggerSource": "Software"}
CHUNKS = ("FrameID", "Timestamp", "CounterValue", "ExposureTime", "LineStatusAll")


def enable(camera: ImageAcquirer, *chunks: str) -> Any:
    node_map: Any = camera.remote_device.node_map
    node_map.ChunkModeActive.value = True
    for chunk in chunks:
        node_map.ChunkSelector.value = chunk
        node_map.ChunkEnable.value = True
    return node_map


@contextmanager
def chunks_of_next(camera: ImageAcquirer) -> Generator[Any]:
    """The next buffer, its chunks attached to the camera's node map."""
    fetched: Any = camera.fetch(timeout=20)
    with fetched as buffer:
        yield buffer.module


def test_chunks_tell_frame_id_time_trigger_count_exposure_and_lines(open_raw: RawOpener) -> None:
    camera = open_raw(**SOFTWARE, ExposureTime=250.0, ReplayLine0=True)
    node_map = enable(camera, *CHUNKS)
    camera.start()
    for number in range(3):
        node_map.TriggerSoftware.execute()
        with chunks_of_next(camera) as buffer:
            assert buffer.payload_type == gentl.PAYLOADTYPE_INFO_IDS.PAYLOAD_TYPE_CHUNK_DATA
            assert (node_map.ChunkFrameID.value, buffer.frame_id) == (number, number)
            assert node_map.ChunkTimestamp.value == buffer.timestamp_ns
            assert node_map.ChunkCounterValue.value == number + 1
            assert node_map.ChunkExposureTime.value == 250.0
            assert node_map.ChunkLineStatusAll.value == 0b001


def test_a_chunk_holds_every_counter_behind_its_selector(open_raw: RawOpener) -> None:
    camera = open_raw(**SOFTWARE, FaultTriggerLostEveryNth=2)
    node_map = enable(camera, "CounterValue")
    camera.start()
    for _ in range(3):
        node_map.TriggerSoftware.execute()
    seen: list[dict[str, int]] = []
    for _ in range(2):
        with chunks_of_next(camera):
            counters: dict[str, int] = {}
            for counter in node_map.ChunkCounterSelector.symbolics:
                node_map.ChunkCounterSelector.value = counter
                counters[counter] = node_map.ChunkCounterValue.value
            seen.append(counters)
    assert [counters["Counter0"] for counters in seen] == [1, 3]  # the second yielded no picture
    assert [counters["Counter1"] for counters in seen] == [1, 2]


def test_a_picture_bears_the_count_of_its_own_trigger_though_others_came_meanwhile(
    open_raw: RawOpener,
) -> None:
    camera = open_raw(**SOFTWARE, ExposureTime=20_000.0)
    camera.num_buffers = 8
    node_map = enable(camera, "CounterValue")
    camera.start()
    for _ in range(4):
        node_map.TriggerSoftware.execute()
    counts: list[int] = []
    for _ in range(4):
        with chunks_of_next(camera):
            counts.append(node_map.ChunkCounterValue.value)
    assert counts == [1, 2, 3, 4]


def test_only_chunks_that_are_wanted_take_room(open_raw: RawOpener, fetch_raw: RawFetcher) -> None:
    camera = open_raw(Width=3, Height=3)
    node_map: Any = camera.remote_device.node_map
    assert node_map.PayloadSize.value == 9
    node_map.ChunkModeActive.value = True
    assert node_map.PayloadSize.value == 9
    enable(camera, "ExposureTime")
    assert node_map.PayloadSize.value == 16 + 8
    enable(camera, "CounterValue")
    assert node_map.PayloadSize.value == 16 + 8 + 24
    camera.start()
    data, said = fetch_raw(camera)
    assert (len(data), said["complete"]) == (48, True)


def test_without_chunks_a_buffer_is_a_plain_picture(open_raw: RawOpener) -> None:
    camera = open_raw(AcquisitionFrameRate=200.0)
    camera.start()
    with chunks_of_next(camera) as buffer:
        assert buffer.payload_type == gentl.PAYLOADTYPE_INFO_IDS.PAYLOAD_TYPE_IMAGE
        assert not buffer.is_containing_chunk_data()
        with pytest.raises(gentl.NoDataException):
            _ = buffer.num_chunks
        node_map: Any = camera.remote_device.node_map
        assert node_map.ChunkFrameID.node.get_access_mode() == genapi.EAccessMode.NA


def test_an_incomplete_buffer_lacks_the_chunks_that_come_last(
    open_raw: RawOpener,
) -> None:
    camera = open_raw(AcquisitionFrameRate=200.0, FaultIncompleteEveryNth=1)
    enable(camera, *CHUNKS)
    camera.start()
    event: Any = next(iter(camera._new_buffer_event_monitor_dict.values()))
    event.update_event_data(20_000)
    assert not event.buffer.is_complete()
    assert not event.buffer.is_containing_chunk_data()


def test_frame_ids_of_16_bits_begin_at_1_and_leave_0_out_when_they_wrap(
    open_raw: RawOpener, fetch_raw: RawFetcher
) -> None:
    camera = open_raw(
        AcquisitionFrameRate=200.0, ReplayFrameIds="Bits16", ReplayFirstFrameId=65_533
    )
    camera.num_buffers = 8
    camera.start()
    assert [fetch_raw(camera)[1]["frame_id"] for _ in range(5)] == [65_533, 65_534, 65_535, 1, 2]


def test_frame_ids_of_16_bits_begin_at_1(open_raw: RawOpener, fetch_raw: RawFetcher) -> None:
    camera = open_raw(AcquisitionFrameRate=200.0, ReplayFrameIds="Bits16")
    camera.start()
    assert [fetch_raw(camera)[1]["frame_id"] for _ in range(2)] == [1, 2]
