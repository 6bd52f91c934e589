"""Outputs are told of every signal, at least once each, and never hold the watch up."""

import json
import threading
import time
from collections.abc import Callable, Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from inspection.records.watch_reader import WatchReader
from inspection.watch import Watch
from inspection.watch.outputs import JsonLines, OutputError, Webhook

CHART = """
[[chart]]
name = "rejects"
kind = "p"
alarm = true
subgroup = 10
baseline_subgroups = 4
plan = [{{ do = "inform", text = "Tell Mia." }}]
[[output]]
name = "file"
kind = "jsonl"
path = "signals.jsonl"
[[output]]
name = "andon"
kind = "webhook"
url = "{url}"
timeout_s = 2.0
"""
BASELINE = "pppppppppr" * 4
IN_CONTROL, OUT_OF_CONTROL = "p" * 10, "rrrrrrpppp"


class Andon(ThreadingHTTPServer):
    """Takes posts, or refuses so many of them first."""

    daemon_threads = True

    def __init__(self, refuse: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refuse = refuse
        self.taken: list[tuple[str, dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/signals"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        andon = self.server
        assert isinstance(andon, Andon)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        refused = andon.refuse > 0
        andon.refuse -= refused
        if not refused:
            andon.taken.append((self.headers["Idempotency-Key"], json.loads(body)))
        self.send_response(503 if refused else 204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def andon() -> Generator[Andon]:
    server = Andon()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def wait_until(done: Callable[[], bool]) -> None:
    """The test's own time limit ends it."""
    while not done():
        time.sleep(0.01)


def test_each_signal_is_told_to_every_output_once(line: Any, tmp_path: Path, andon: Andon) -> None:
    line.begin(CHART.format(url=andon.url))
    line.judge(BASELINE + OUT_OF_CONTROL + IN_CONTROL)
    file = tmp_path / "signals.jsonl"
    for signals in (1, 2):
        watch = Watch(tmp_path)
        watch.step()
        wait_until(lambda: len(andon.taken) == signals and file.exists())  # noqa: B023
        wait_until(lambda: len(file.read_text().splitlines()) == signals)  # noqa: B023
        watch.close()
        line.judge(OUT_OF_CONTROL)
    told = [json.loads(text) for text in file.read_text().splitlines()]
    assert told == [message for _, message in andon.taken]
    assert [key for key, _ in andon.taken] == [
        "station1/rejects/49/nelson1",
        "station1/rejects/69/nelson1",
    ]
    assert (told[0]["first_part"], told[0]["plan"]) == (40, [{"do": "inform", "text": "Tell Mia."}])


def test_a_refused_signal_is_told_again(line: Any, tmp_path: Path, andon: Andon) -> None:
    andon.refuse = 1
    line.begin(CHART.format(url=andon.url))
    line.judge(BASELINE + OUT_OF_CONTROL)
    watch = Watch(tmp_path)
    watch.step()
    wait_until(lambda: bool(andon.taken))
    watch.close()
    assert [key for key, _ in andon.taken] == ["station1/rejects/49/nelson1"]


def test_a_dead_webhook_does_not_stop_the_watch(line: Any, tmp_path: Path) -> None:
    line.begin(CHART.format(url="http://127.0.0.1:9/nobody"))
    watch = Watch(tmp_path)
    for piece in (BASELINE, OUT_OF_CONTROL, IN_CONTROL, OUT_OF_CONTROL):
        line.judge(piece)
        assert watch.step() == len(piece)
    watch.close()
    reader = WatchReader(tmp_path)
    assert len(reader.signals()) == 2
    reader.close()


def test_what_is_not_taken_is_an_error_that_names_the_output(tmp_path: Path, andon: Andon) -> None:
    andon.refuse = 1
    with pytest.raises(OutputError, match=r"signals: signal s/p/1/r was not taken: .*503"):
        Webhook(andon.url, 2.0).send({"id": "s/p/1/r"})
    with pytest.raises(OutputError, match="cannot be appended to"):
        JsonLines(tmp_path).send({"id": "s/p/1/r"})
