"""The commissioning page, and the thread that holds its camera."""

import asyncio
import json
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
import uvicorn
from playwright.sync_api import Page, expect, sync_playwright

from camera.discovery import open_for_settings
from camera.features import read_feature
from camera.frame import CameraConfigError, CameraLost, Frame, MissedFrame, MissReason
from camera.health import take_reference
from camera.renderer import PartMix, PartRenderer
from camera.simulator import FRAMES_VARIABLE
from camera.simulator.frames import write_frames
from inspection.commissioning.choice import ChosenCamera
from inspection.commissioning.measures import SATURATED_BGR, Progress, measure, picture_jpeg
from inspection.commissioning.page import create_app
from inspection.commissioning.tuner import Tuner
from inspection.web.serve import listening

CHROMIUM = Path("/usr/bin/chromium")
WITHIN_MS = 30_000
SECOND_NS = 10**9

TunerOpener = Callable[..., Tuner]


@pytest.fixture(scope="module")
def part() -> np.ndarray[Any, Any]:
    """A rendered part, 256x256."""
    return PartRenderer(256, 0).render(0, PartMix()).pixels


@pytest.fixture
def chosen(
    simulator: Path,
    part: np.ndarray[Any, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> ChosenCamera:
    """The simulator's camera with that part before it."""
    file = tmp_path / "part.frames"
    write_frames(file, [part], "Mono8")
    monkeypatch.setenv(FRAMES_VARIABLE, str(file))
    return ChosenCamera("front", (simulator,), {}, {"AcquisitionFrameRate": 50.0})


@pytest.fixture
def tune(chosen: ChosenCamera) -> Generator[TunerOpener]:
    """Starts a tuner of that camera; it is stopped at the end."""
    started: list[Tuner] = []

    def start(reference: Any = None, **features: Any) -> Tuner:
        tuner = Tuner(replace(chosen, features=chosen.features | features), reference)
        started.append(tuner)
        tuner.start()
        return tuner

    yield start
    for tuner in started:
        tuner.stop()


def unpack(packed: bytes) -> tuple[dict[str, Any], bytes]:
    _, length = struct.unpack_from(">4sI", packed)
    return json.loads(packed[8 : 8 + length]), packed[8 + length :]


def news(tuner: Tuner) -> Iterator[dict[str, Any]]:
    """What the page is told, again and again."""
    waiting = threading.Event()
    while True:
        yield unpack(tuner.latest())[0]
        waiting.wait(0.02)


def picture(tuner: Tuner) -> dict[str, Any]:
    """What is said of the first picture."""
    return next(said for said in news(tuner) if said["fault"] is None)


def frame_of(pixels: np.ndarray[Any, Any], pixel_format: str, at_ns: int = 0) -> Frame:
    return Frame(pixels, pixel_format, "cam", 0, at_ns, at_ns)


def decoded(frame: Frame, full_scale: int = 255) -> np.ndarray[Any, Any]:
    jpeg = np.frombuffer(picture_jpeg(frame, full_scale), np.uint8)
    image = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    assert image is not None
    return image


@pytest.mark.parametrize(
    ("pixel_format", "full_scale", "channels"),
    [("Mono8", 255, 1), ("Mono12", 4095, 1), ("RGB8", 255, 3), ("BGR8", 255, 3)],
)
def test_saturated_pixels_are_magenta_and_the_rest_is_as_it_is(
    pixel_format: str, full_scale: int, channels: int
) -> None:
    shape = (64, 96) if channels == 1 else (64, 96, 3)
    pixels = np.full(shape, full_scale // 2, np.uint8 if full_scale == 255 else np.uint16)
    pixels[16:48, 32:64] = full_scale
    shown = decoded(frame_of(pixels, pixel_format), full_scale)
    assert shown.shape == (64, 96, 3)
    assert np.abs(shown[20:44, 36:60].mean(axis=(0, 1)) - SATURATED_BGR).max() < 12
    assert np.abs(shown[:, :24] - 127.0).max() < 12


def test_one_saturated_pixel_of_a_large_picture_is_still_seen() -> None:
    pixels = np.full((2000, 2400), 60, np.uint8)
    pixels[1000, 1200] = 255
    shown = decoded(frame_of(pixels, "Mono8"))
    assert shown.shape == (800, 960, 3)
    assert (shown.max(axis=2).astype(int) - shown[:, :, 1]).max() > 40


def test_the_figures_of_a_picture_are_told_with_its_losses_and_pace(
    part: np.ndarray[Any, Any],
) -> None:
    progress = Progress()
    frame = frame_of(part, "Mono8")
    for number in range(10):
        progress.count(replace(frame, captured_ns=number * SECOND_NS // 50))
    progress.count(MissedFrame("cam", 10, MissReason.LOST, 0, 0))
    said = measure(progress.now(frame), 255, take_reference([part], 255))
    assert json.loads(json.dumps(said, allow_nan=False)) == json.loads(json.dumps(said))
    assert (said["pictures"], said["lost"]) == (10, 1)
    assert said["pace"]["rate_hz"] == pytest.approx(50)
    assert said["health"]["sharpness"] == pytest.approx(1.0)
    assert said["evenness"]["lowest"] == pytest.approx(1.0)
    progress.start_over()
    said = measure(progress.now(frame), 255, None)
    assert (said["pace"], said["lost"], said["has_reference"]) == (None, 0, False)


def test_a_setting_is_read_back_and_seen_in_the_next_pictures(tune: TunerOpener) -> None:
    tuner = tune()
    before = picture(tuner)["health"]["brightness"]
    settings = tuner.set_feature("ExposureTime", 500.0)
    values = {one["name"]: one["value"] for one in settings}
    assert values == {"ExposureTime": 500.0, "Gain": 0.0, "AcquisitionFrameRate": 50.0}
    darker = next(s for s in news(tuner) if s["health"]["brightness"] < 0.6 * before)
    assert darker["health"]["brightness"] == pytest.approx(0.5 * before, rel=0.05)
    assert {one["name"]: one["value"] for one in darker["settings"]} == values


def test_the_best_focus_is_kept_until_it_is_started_over(
    tune: TunerOpener, part: np.ndarray[Any, Any]
) -> None:
    tuner = tune(take_reference([part], 255))
    assert picture(tuner)["best_sharpness"] == pytest.approx(1.0, rel=0.01)
    tuner.set_feature("Gain", 12.0)
    blurred = next(s for s in news(tuner) if abs(s["health"]["sharpness"] - 1) > 0.1)
    assert blurred["best_sharpness"] >= 0.99
    tuner.set_feature("Gain", 0.0)
    tuner.start_over()
    assert any(0.9 < said["best_sharpness"] < 1.1 for said in news(tuner))


def test_the_exposure_is_found_while_the_pictures_run(tune: TunerOpener) -> None:
    tuner = tune(ExposureTime=100.0)
    picture(tuner)
    found = tuner.expose()
    assert found.level.value == pytest.approx(0.8, abs=0.02)
    assert picture(tuner)["settings"][0]["value"] == pytest.approx(found.exposure_us)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("Gain", 99.0, "Gain wanted 99.0: OutOfRange"),
        ("Width", 8.0, "Width: the page sets Exposure"),
    ],
)
def test_a_setting_that_is_refused_says_why(
    tune: TunerOpener, name: str, value: float, message: str
) -> None:
    tuner = tune()
    picture(tuner)
    with pytest.raises(CameraConfigError, match=message):
        tuner.set_feature(name, value)


def test_a_camera_that_loses_its_power_is_said_and_found_again(tune: TunerOpener) -> None:
    tuner = tune(FaultGoneAfter=10, FaultGoneMs=200)
    told = news(tuner)
    next(said for said in told if said["fault"] is None)
    fault = next(said["fault"] for said in told if said["fault"] is not None)
    assert "front: " in fault
    assert next(said for said in told if said["fault"] is None)["pictures"] > 0


def test_a_camera_that_falls_silent_is_said(tune: TunerOpener) -> None:
    tuner = tune(FaultFreezeAfter=3)
    assert any("no picture for" in str(said["fault"]) for said in news(tuner))


def test_without_a_camera_nothing_is_set_and_it_is_said(
    chosen: ChosenCamera, tune: TunerOpener
) -> None:
    with open_for_settings(chosen.producers, {}):
        tuner = tune()
        said = next(said for said in news(tuner) if "held by another" in str(said["fault"]))
        assert said["settings"] == []
        with pytest.raises(CameraLost, match="front: not there now"):
            tuner.set_feature("Gain", 1.0)


def ask(tuner: Tuner, method: str, path: str, **content: Any) -> httpx.Response:
    """One request to the page's application, without a server in between."""

    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(tuner))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as web:
            return await web.request(method, path, **content)

    return asyncio.run(once())


def test_the_page_answers_what_became_of_a_wish(tune: TunerOpener) -> None:
    tuner = tune()
    picture(tuner)
    done = ask(tuner, "POST", "/settings", json={"name": "Gain", "value": 6.0})
    assert (done.status_code, done.json()[1]["value"]) == (200, 6.0)
    refused = ask(tuner, "POST", "/settings", json={"name": "Gain", "value": 600.0})
    assert (refused.status_code, refused.json()["kind"]) == (422, "refused")
    odd = ask(tuner, "POST", "/settings", json={"name": "Gain", "value": "loud"})
    assert odd.status_code == 422
    foreign = ask(
        tuner, "POST", "/start-over", json={}, headers={"Origin": "http://elsewhere.example"}
    )
    assert foreign.status_code == 403
    assert ask(tuner, "POST", "/start-over", json={}).status_code == 200
    tuner.stop()
    away = ask(tuner, "POST", "/auto-exposure", json={})
    assert (away.status_code, away.json()["kind"]) == (503, "lost")


def test_the_command_serves_until_it_is_ended_and_gives_the_camera_back(
    chosen: ChosenCamera, write_recipe: Callable[..., Path]
) -> None:
    command = [sys.executable, "-m", "inspection", "camera", "tune", str(write_recipe())]
    process = subprocess.Popen([*command, "--port", "0"], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    with closing(process.stderr):
        said = process.stderr.readline()
        assert said.startswith("passline: set up front on http://127.0.0.1:"), said
        url = said.split(" on ")[1].split(";")[0]
        assert "Passline: set up a camera" in httpx.get(url).text
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert process.stderr.read() == ""


class PageServer:
    """The page of a tuner, served in a thread of the test."""

    def __init__(self, tuner: Tuner) -> None:
        self._app = create_app(tuner)
        self._listening = listening("127.0.0.1", 0)
        listener = self._listening.__enter__()
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._server = uvicorn.Server(uvicorn.Config(self._app, log_level="warning"))
        self._thread = threading.Thread(target=self._server.run, args=([listener],))
        self._thread.start()

    def stop(self) -> None:
        self._app.state.pictures.close()
        self._server.should_exit = True
        self._thread.join()
        self._listening.__exit__(None, None, None)


@pytest.fixture
def browser_page() -> Generator[Page]:
    """A page in a real browser that may log no fault."""
    if not CHROMIUM.exists():
        pytest.skip("no chromium: apt-get install chromium, then make test")
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1280, "height": 800})
        opened.set_default_timeout(WITHIN_MS)
        opened.on("pageerror", lambda fault: faults.append(str(fault)))
        yield opened
        browser.close()
    assert faults == []


def magenta(page: Page) -> int:
    """How many pixels of the live picture are marked as saturated."""
    return page.evaluate(
        """() => {
            const { width, height } = document.getElementById("live");
            const context = document.getElementById("live").getContext("2d");
            const { data } = context.getImageData(0, 0, width, height);
            let many = 0;
            for (let i = 0; i < data.length; i += 4)
                many += data[i] > 220 && data[i + 1] < 60 && data[i + 2] > 220;
            return many;
        }"""
    )


@pytest.mark.browser
def test_a_technician_sets_the_light_by_the_page_alone(
    tune: TunerOpener, browser_page: Page, chosen: ChosenCamera
) -> None:
    expect.set_options(timeout=WITHIN_MS)
    tuner = tune(ExposureTime=3000.0)
    server = PageServer(tuner)
    page = browser_page
    try:
        page.goto(server.url)
        expect(page.locator("#light-word")).to_have_text("saturated")
        expect(page.locator("#banner")).to_be_hidden()
        assert magenta(page) > 100
        expect(page.locator("#value-ExposureTime")).to_have_text("3000 µs")
        page.click("#less-ExposureTime")
        expect(page.locator("#value-ExposureTime")).to_have_text("2727 µs")
        expect(page.locator("#answer")).to_have_text("ExposureTime = 2727.27")
        page.click("#auto-exposure")
        expect(page.locator("#answer")).to_contain_text("Gain = 0.00")
        expect(page.locator("#light-word")).to_have_text("good")
        expect(page.locator("#light")).to_have_attribute("data-state", "good")
        expect(page.locator("#focus-figure")).to_contain_text("%")
        expect(page.locator("#motion-figure")).to_contain_text("px")
        expect(page.locator("#pace-figure")).to_contain_text("Hz")
        for button in page.locator("button").all():
            box = button.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 64, "large enough for a glove"
        for figure in page.locator(".figure b").all():
            assert figure.evaluate("b => parseFloat(getComputedStyle(b).fontSize)") >= 32
            assert figure.evaluate(
                "b => b.parentElement.scrollWidth <= b.parentElement.clientWidth"
            )
    finally:
        server.stop()
    tuner.stop()
    with open_for_settings(chosen.producers, {}) as node_map:
        assert float(read_feature(node_map, "ExposureTime")) < 2727


@pytest.mark.browser
def test_a_camera_that_goes_is_said_on_the_page(tune: TunerOpener, browser_page: Page) -> None:
    expect.set_options(timeout=WITHIN_MS)
    server = PageServer(tune(FaultGoneAfter=50))
    try:
        browser_page.goto(server.url)
        expect(browser_page.locator("#banner")).to_be_visible()
        expect(browser_page.locator("#banner-text")).to_contain_text("front: ")
        expect(browser_page.locator("body")).to_have_attribute("data-fault", "yes")
    finally:
        server.stop()
