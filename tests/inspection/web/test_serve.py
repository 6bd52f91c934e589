"""The web as a process: its port, its end, its streams."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from inspection.live import unpack
from inspection.web.serve import WebError, listening, page_url
from models.findings import Finding

SCRATCH = Finding("scratch", 0.93, (40.0, 56.0, 72.0, 64.0), 180.0)
WITHIN_S = 30.0


def events(answer: httpx.Response) -> Iterator[tuple[str, str]]:
    name = ""
    for row in answer.iter_lines():
        key, _, value = row.partition(": ")
        if key == "event":
            name = value
        elif key == "data":
            yield name, value


def next_state(stream: Iterator[tuple[str, str]]) -> dict[str, Any]:
    return next(json.loads(data) for name, data in stream if name == "state")


def test_a_taken_port_is_one_message_that_names_it(tmp_path: Path) -> None:
    with listening("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(WebError, match=f"port {port} on 127.0.0.1 is taken .* --port"),
            listening("127.0.0.1", port),
        ):
            pytest.fail("two listen on one port")
        command = [sys.executable, "-m", "inspection", "web", str(tmp_path), "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"passline: port {port} on 127.0.0.1 is taken")
    assert done.stderr.count("\n") == 1


def test_a_port_is_had_back_while_old_connections_die_off() -> None:
    with listening("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            server_side, _ = first.accept()
            server_side.close()  # the side that closes first is the one that lingers
    with listening("127.0.0.1", port) as again:
        assert again.getsockname()[1] == port


@pytest.mark.parametrize(
    ("host", "port"),
    [("203.0.113.1", 0), ("no such host", 0), ("127.0.0.1", 70_000), ("h" * 300, 0)],
)
def test_an_address_that_is_not_ours_is_one_message(host: str, port: int) -> None:
    with pytest.raises(WebError, match=f"{host}:{port}"), listening(host, port):
        pytest.fail("it listens")


def test_the_url_is_one_that_a_browser_opens() -> None:
    assert page_url("127.0.0.1", 8000) == "http://127.0.0.1:8000"
    assert page_url("::1", 80) == "http://[::1]:80"
    assert page_url("0.0.0.0", 80) == f"http://{socket.gethostname()}:80"
    assert page_url("press-4", 80) == "http://press-4:80"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_web_ends_cleanly_while_screens_are_open(
    web: Any, line: Any, number: signal.Signals
) -> None:
    line.part(SCRATCH)
    with (
        httpx.Client(base_url=web.url, timeout=WITHIN_S) as client,
        client.stream("GET", "/events") as answer,
        connect(f"ws://127.0.0.1:{web.port}/live") as socket_,
    ):
        stream = events(answer)
        next_state(stream)
        assert web.end(number, within_s=10.0) == 0
        assert web.last_words == ""
        assert all(name == "beat" for name, _ in stream), "the stream came to an end of its own"
        with pytest.raises(ConnectionClosed):
            socket_.recv(timeout=WITHIN_S)


def test_a_stream_starts_with_the_state_and_beats(web: Any, line: Any) -> None:
    line.part(SCRATCH)
    with httpx.stream("GET", f"{web.url}/events", timeout=WITHIN_S) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        stream = events(answer)
        assert next_state(stream)["counts"]["parts"] == 1
        beat = next(data for name, data in stream if name == "beat")
        assert abs(int(beat) / 1000 - time.time()) < WITHIN_S
        line.part(SCRATCH)
        assert next_state(stream)["counts"]["parts"] == 2


def test_a_screen_opened_after_a_while_starts_with_what_is_so_now(web: Any, line: Any) -> None:
    line.part(SCRATCH)
    with httpx.stream("GET", f"{web.url}/events", timeout=WITHIN_S) as answer:
        assert next_state(events(answer))["counts"]["parts"] == 1
    line.good_parts(5)
    with httpx.stream("GET", f"{web.url}/events", timeout=WITHIN_S) as answer:
        assert next_state(events(answer))["counts"]["parts"] == 6


def test_a_screen_that_does_not_read_delays_no_other(web: Any, line: Any) -> None:
    line.part(SCRATCH)
    with socket.create_connection(("127.0.0.1", web.port)) as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        stuck.sendall(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\n\r\n".encode())
        with httpx.stream("GET", f"{web.url}/events", timeout=WITHIN_S) as answer:
            stream = events(answer)
            next_state(stream)
            for parts in range(2, 12):
                line.part(SCRATCH, lot="L" * 2000)
                while (state := next_state(stream))["counts"]["parts"] < parts:
                    pass
                assert state["counts"]["parts"] == parts


def test_live_pictures_come_over_the_socket(web: Any, line: Any) -> None:
    give_up_s = time.monotonic() + WITHIN_S
    with connect(f"ws://127.0.0.1:{web.port}/live", open_timeout=WITHIN_S) as live:
        packed = None
        while packed is None and time.monotonic() < give_up_s:
            line.part(SCRATCH)
            try:
                packed = live.recv(timeout=0.2)
            except TimeoutError:
                continue
        assert isinstance(packed, bytes)
        assert unpack(packed).findings == (SCRATCH,)


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}])
def test_another_page_gets_no_live_pictures(web: Any, headers: dict[str, str]) -> None:
    with socket.create_connection(("127.0.0.1", web.port), timeout=WITHIN_S) as foreign:
        named = {"Host": f"127.0.0.1:{web.port}"} | headers
        asked = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        asked += "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        asked += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        foreign.sendall(f"GET /live HTTP/1.1\r\n{asked}\r\n".encode())
        assert foreign.recv(100).startswith(b"HTTP/1.1 403")


def test_health_says_whether_the_records_can_be_read(asker: Any, line: Any, tmp_path: Path) -> None:
    line.good_parts(3)
    assert asker.get("/healthz").json() == {"status": "ok", "parts": 3}
    line.close()
    for file in tmp_path.glob("records.sqlite*"):
        file.unlink()
    (tmp_path / "records.sqlite").write_bytes(b"no database " * 500)
    answer = asker.get("/healthz")
    assert answer.status_code == 503
    assert "not a database" in answer.json()["detail"]
