"""`passline doctor` names what is wrong, with the real cause there, before the line does."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from camera.discovery import open_for_settings
from camera.health import take_reference
from inspection.commissioning.camera_checks import check_camera, check_link
from inspection.commissioning.diagnosis import State
from inspection.commissioning.doctor import line_runs_on
from inspection.commissioning.host_checks import (
    check_clock,
    check_disk,
    check_memory,
    check_receive_buffer,
    check_rights,
    check_usb_memory,
    kernel_clock,
    largest_mtu,
)
from inspection.commissioning.station_checks import (
    bytes_per_day,
    check_champion,
    check_gate,
    check_model,
    check_records,
    newest_record_utc_ns,
)
from inspection.compose import open_line
from inspection.recipe import Recipe, load_recipe
from inspection.records.folder_lock import hold_data_folder
from inspection.records.query import RecordReader
from inspection.records.writer import RecordWriter
from models.bundle import Bundle
from models.registry import station_registry

Command = Callable[..., tuple[int, str, str]]
RecipeWriter = Callable[..., Path]

RECIPE = """
product = "cap"
[camera]
id = "cam1"
device = {{ source = "folder", path = {pictures} }}
[model]
name = "spot"
{model}
[gate]
{gate}
"""


@pytest.fixture
def recipe_of(tmp_path: Path) -> Callable[..., Recipe]:
    """A recipe whose pictures come from a folder."""

    def read(model: str = "", gate: str = 'kind = "simulated"', head: str = "") -> Recipe:
        (tmp_path / "pictures").mkdir(exist_ok=True)
        (tmp_path / "pictures" / "part.png").touch()
        path = tmp_path / "folder.toml"
        pictures = json.dumps(str(tmp_path / "pictures"))
        path.write_text(head + RECIPE.format(pictures=pictures, model=model, gate=gate))
        return load_recipe(path).recipe

    return read


@pytest.fixture
def champion(tmp_path: Path, spot_bundle: Path) -> Bundle:
    """A station with a model, in DATA."""
    registry = station_registry(tmp_path / "data")
    registry.add(spot_bundle, "test", "test")
    return registry.promote("spot-1", "test", "test", {})


def states(report: Any) -> list[str]:
    return [f"{one.subject}: {one.state}" for one in report.diagnoses]


def test_a_camera_that_is_there_and_as_the_recipe_asks_is_ok(write_recipe: RecipeWriter) -> None:
    recipe = load_recipe(write_recipe("Width = 400", "ExposureTime = 1000.0")).recipe
    report = check_camera(recipe.cameras[0])
    assert states(report) == ["producer: OK", "camera front: OK", "link of front: OK"]
    assert report.payload_bytes == 160_000
    assert "160000 bytes x 30 Hz = 4.8 MB/s" in report.diagnoses[2].found


def test_settings_that_the_line_will_change_are_shown_before_it_starts(
    write_recipe: RecipeWriter,
) -> None:
    recipe = load_recipe(write_recipe("Width = 200", "'TriggerMode[FrameStart]' = 'On'")).recipe
    camera = check_camera(recipe.cameras[0]).diagnoses[1]
    assert camera.state is State.OK
    assert camera.found.endswith(
        "the line will change Width 400 (recipe 200), TriggerMode[FrameStart] Off (recipe On)"
    )


@pytest.mark.parametrize(
    ("features", "serial", "found"),
    [
        (["Shutter = 1"], "SIM0", "the camera has no Shutter"),
        ([], "77", "0 cameras fit the recipe; there: Virtual Camera SIM0 PasslineSimulator-0-0"),
    ],
)
def test_a_camera_that_the_recipe_does_not_fit_fails(
    write_recipe: RecipeWriter, features: list[str], serial: str, found: str
) -> None:
    recipe = load_recipe(write_recipe(*features, serial=serial)).recipe
    camera = check_camera(recipe.cameras[0]).diagnoses[1]
    assert (camera.state, camera.found) == (State.FAIL, found)
    assert camera.to_do


def test_a_light_reference_that_was_never_taken_fails(
    write_recipe: RecipeWriter, tmp_path: Path
) -> None:
    path = write_recipe()
    named = f'id = "front"\nlight_reference = "{tmp_path / "light.json"}"'
    path.write_text(path.read_text().replace('id = "front"', named))
    report = check_camera(load_recipe(path).recipe.cameras[0])
    assert states(report)[-1] == "light of front: FAIL"
    grey = np.full((64, 64), 100, np.uint8)
    take_reference([grey], 255).save(tmp_path / "light.json")
    assert states(check_camera(load_recipe(path).recipe.cameras[0]))[-1] == "light of front: OK"


def test_a_producer_that_is_missing_fails(write_recipe: RecipeWriter, simulator: Path) -> None:
    path = write_recipe()
    path.write_text(path.read_text().replace(str(simulator), "/nowhere/maker.cti"))
    producer, camera = check_camera(load_recipe(path).recipe.cameras[0]).diagnoses
    assert producer.state is camera.state is State.FAIL
    assert "producer /nowhere/maker.cti does not exist" in producer.found


def test_a_camera_in_use_is_a_warning(write_recipe: RecipeWriter, simulator: Path) -> None:
    with open_for_settings([simulator], {}) as node_map:
        node_map.FaultAccessDenied.value = 1
    report = check_camera(load_recipe(write_recipe()).recipe.cameras[0])
    assert states(report) == ["producer: OK", "camera front: WARN"]
    assert "another program holds it" in report.diagnoses[1].found


@pytest.mark.parametrize(
    ("link", "facts", "mtu", "wanted"),
    [
        ("U3V", {"DeviceLinkThroughputLimit": 400_000_000}, None, [State.OK]),
        ("U3V", {"DeviceLinkThroughputLimit": 300_000_000}, None, [State.WARN]),
        ("U3V", {"DeviceLinkSpeed": 125_000_000}, None, [State.WARN]),
        ("GEV", {"GevSCPSPacketSize": 9000}, 9000, [State.OK, State.OK]),
        ("GEV", {"GevSCPSPacketSize": 1500}, 9000, [State.OK, State.WARN]),
        ("GEV", {"GevSCPSPacketSize": 9000}, 1500, [State.OK, State.FAIL]),
        ("GEV", {}, 1500, [State.OK]),
        ("CXP", {"ResultingFrameRate": 1.0, "GevSCPSPacketSize": 1500}, None, [State.OK]),
    ],
)
def test_a_link_carries_what_the_camera_sends_or_says_what_to_lower(
    link: str, facts: dict[str, Any], mtu: int | None, wanted: list[State]
) -> None:
    facts = {"PayloadSize": 5_000_000, "AcquisitionFrameRate": 70.0} | facts
    found = check_link("link", link, facts, mtu)
    assert [one.state for one in found] == wanted
    assert all(one.to_do for one in found if one.state is not State.OK)


def test_the_buffers_of_the_links_are_held_against_the_pictures(tmp_path: Path) -> None:
    setting = tmp_path / "setting"
    setting.write_text("212992\n")
    small = check_receive_buffer(5_000_000, setting)
    assert (small.state, small.to_do) == (State.WARN, "sysctl -w net.core.rmem_max=10000000")
    setting.write_text("33554432\n")
    assert check_receive_buffer(5_000_000, setting).state is State.OK
    setting.write_text("16\n")
    assert check_usb_memory(40_000_000, setting).to_do == f"echo 1000 > {setting}"
    for allowed in ("39", "1000", "0"):
        setting.write_text(allowed)
        assert check_usb_memory(40_000_000, setting).state is State.OK
    assert check_usb_memory(1, tmp_path / "none").state is State.WARN


def test_the_largest_packet_of_the_network_ports_is_found(tmp_path: Path) -> None:
    for port, mtu in {"lo": 65536, "eth0": 1500, "eth1": 9000}.items():
        (tmp_path / port).mkdir()
        (tmp_path / port / "mtu").write_text(f"{mtu}\n")
    (tmp_path / "bonding_masters").touch()
    assert largest_mtu(tmp_path) == 9000
    assert largest_mtu(tmp_path / "eth0") is None


def test_memory_that_the_pictures_do_not_fit_into_fails() -> None:
    assert check_memory(1 << 20).state is State.OK
    assert check_memory(1 << 60).state is State.FAIL


def test_a_disk_that_is_full_within_a_week_is_a_warning(tmp_path: Path) -> None:
    free_bytes = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    assert check_disk(tmp_path / "not" / "there", None).state is State.OK
    assert check_disk(tmp_path, free_bytes / 30).state is State.OK
    soon = check_disk(tmp_path, free_bytes / 2)
    assert soon.state is State.WARN
    assert "2 days left" in soon.found


def test_a_folder_that_cannot_be_written_to_fails(tmp_path: Path) -> None:
    assert check_rights(tmp_path).state is State.OK
    found = check_rights(Path("/proc/station"))
    assert found.state is State.FAIL
    assert "give this user the right to write to /proc" in found.to_do


@pytest.mark.skipif(
    subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode != 0,
    reason="no name spaces for users here: sysctl -w kernel.unprivileged_userns_clone=1",
)
def test_a_full_disk_fails_and_the_exit_code_says_so(
    tmp_path: Path, recipe_of: Callable[..., Recipe]
) -> None:
    recipe_of()
    data = tmp_path / "data"
    data.mkdir()
    command = f"{sys.executable} -m inspection doctor {tmp_path}/folder.toml {data} --json"
    fill = f"mount -t tmpfs -o size=64k none {data} && ! cp /proc/kallsyms {data}/full 2>/dev/null"
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", f"{fill}; {command}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    found = {one["subject"]: one for one in json.loads(done.stdout)}
    assert found["disk"]["state"] == "FAIL"
    assert "the line stops when it cannot record" in found["disk"]["found"]
    assert found["data folder"] == {
        "subject": "data folder",
        "state": "FAIL",
        "found": f"{data}: No space left on device",
        "to_do": "free some space",
    }


def test_the_kernel_says_how_good_its_clock_is() -> None:
    unsynchronised, error_us = kernel_clock()
    assert error_us >= 0
    assert check_clock().state is (State.WARN if unsynchronised else State.OK)


def test_a_clock_behind_the_records_fails() -> None:
    found = check_clock(time.time_ns() + 3600 * 10**9)
    assert found.state is State.FAIL
    assert found.found.startswith("3600 s behind")


def test_a_champion_is_wanted_and_found(
    recipe_of: Callable[..., Recipe], champion: Bundle, tmp_path: Path
) -> None:
    recipe = recipe_of()
    assert check_champion(recipe, tmp_path / "data")[0].state is State.OK
    missing, bundle = check_champion(recipe, tmp_path / "elsewhere")
    assert (missing.state, bundle) == (State.FAIL, None)
    assert missing.to_do == "passline commission RECIPE DATA"


def test_a_model_is_loaded_and_run_on_the_provider_that_is_asked_for(
    recipe_of: Callable[..., Recipe], champion: Bundle
) -> None:
    assert check_model(recipe_of(), champion).state is State.OK
    missing = check_model(recipe_of('provider = "NoSuchExecutionProvider"'), champion)
    assert missing.state is State.FAIL
    assert "'NoSuchExecutionProvider' is not in this onnxruntime" in missing.found
    slow = check_model(recipe_of(head="verdict_deadline_ms = 1e-6\n"), champion)
    assert slow.state is State.FAIL
    assert "longer than verdict_deadline_ms" in slow.found


def test_a_model_whose_file_was_altered_fails(
    recipe_of: Callable[..., Recipe], champion: Bundle, tmp_path: Path
) -> None:
    with (champion.folder / "model.onnx").open("ab") as file:
        file.write(b"x")
    found, _ = check_champion(recipe_of(), tmp_path / "data")
    assert found.state is State.FAIL


def test_a_gate_that_takes_no_connection_fails(recipe_of: Callable[..., Recipe]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as controller:
        port = controller.getsockname()[1]
        gate = f'kind = "modbus"\nhost = "127.0.0.1"\nport = {port}'
        assert check_gate(recipe_of(gate=gate)).state is State.OK
    closed = check_gate(recipe_of(gate=gate))
    assert closed.state is State.FAIL
    assert closed.found == f"127.0.0.1:{port}: Connection refused"


def test_damaged_records_fail(tmp_path: Path) -> None:
    assert check_records(tmp_path).state is State.OK
    RecordWriter(tmp_path).close()
    path = tmp_path / "records.sqlite"
    assert check_records(tmp_path).found == f"{path}: whole"
    damaged = bytearray(path.read_bytes())
    damaged[8192:8300] = b"\xff" * 108
    path.write_bytes(damaged)
    found = check_records(tmp_path)
    assert found.state is State.FAIL
    assert "restore" in found.to_do
    assert newest_record_utc_ns(tmp_path) is None


def test_a_station_that_has_not_run_yet_has_no_rate(
    recipe_of: Callable[..., Recipe], tmp_path: Path
) -> None:
    assert bytes_per_day(recipe_of(), tmp_path) is None


def test_what_a_day_takes_is_told_by_the_last_run(
    recipe_of: Callable[..., Recipe],
    champion: Bundle,
    spotted_picture: Any,
    tmp_path: Path,
) -> None:
    """A line that rejected all of its 120 parts kept their pictures."""
    recipe, data = recipe_of(), tmp_path / "data"
    (tmp_path / "pictures" / "part.png").unlink()
    for number in range(120):
        assert cv2.imwrite(str(tmp_path / "pictures" / f"{number:03d}.png"), spotted_picture)
    with open_line(load_recipe(tmp_path / "folder.toml"), data) as line:
        line.run(lambda: False)
    reader = RecordReader(data)
    run, last = reader.latest_run(), reader.last_part()
    reader.close()
    assert run is not None
    assert last is not None
    ran_s = (last.record.captured_utc_ns - run.start.started_utc_ns) / 1e9
    kept_bytes = sum(path.stat().st_size for path in (data / "images").rglob("*.png"))
    records_bytes = (data / "records.sqlite").stat().st_size
    a_day = (kept_bytes + records_bytes) / ran_s * 86400
    assert bytes_per_day(recipe, data) == pytest.approx(a_day, rel=1e-6)
    assert newest_record_utc_ns(data) == last.record.captured_utc_ns


def test_the_cameras_of_a_running_line_are_left_alone(
    passline: Command, write_recipe: RecipeWriter, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    assert not line_runs_on(data)
    with hold_data_folder(data):
        assert line_runs_on(data)
        _, said, _ = passline("doctor", write_recipe(), data)
    assert f"OK    cameras: not looked at: the line runs on {data}" in said
    assert not line_runs_on(data)


def test_each_line_says_what_to_do(
    passline: Command, simulator: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said, _ = passline("doctor")
    assert code == 0
    assert said.splitlines()[:2] == [
        "WARN  producers: GENICAM_GENTL64_PATH names none",
        "      -> install the camera maker's driver; `passline camera list --simulator` needs none",
    ]
    monkeypatch.setenv("GENICAM_GENTL64_PATH", str(simulator.parent))
    assert f"OK    producer: {simulator}: 1 camera\n" in passline("doctor")[1]


def test_what_fails_is_in_the_exit_code_and_in_the_json(
    passline: Command, recipe_of: Callable[..., Recipe], champion: Bundle, tmp_path: Path
) -> None:
    recipe_of()
    arguments = ("doctor", tmp_path / "folder.toml")
    code, said, _ = passline(*arguments, tmp_path / "data", "--json")
    found = {one["subject"]: one["state"] for one in json.loads(said)}
    assert (code, set(found.values()) - {"WARN"}) == (0, {"OK"})
    assert set(found) == {
        "camera cam1", "memory", "champion", "model", "gate", "data folder", "records", "disk",
        "clock",
    }  # fmt: skip
    code, said, _ = passline(*arguments, tmp_path / "empty")
    assert code == 1
    assert "FAIL  champion: no champion 'spot' in" in said


def test_without_a_data_folder_the_model_that_ships_is_tried(
    passline: Command, recipe_of: Callable[..., Recipe], tmp_path: Path
) -> None:
    recipe_of()
    code, said, _ = passline("doctor", tmp_path / "folder.toml")
    assert code == 0
    assert "WARN  model: no bundle named 'spot' ships with Passline" in said
