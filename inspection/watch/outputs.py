"""Outputs: tell others of every signal, at least once each, without ever holding the watch up."""

import http.client
import json
import logging
import os
import threading
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from inspection.errors import PasslineError, RecordsError
from inspection.recipe.charts import JsonLinesOutput, SignalOutput
from inspection.records.charts import ChartSignal
from inspection.records.watch_reader import WatchReader
from inspection.watch.store import WatchStore

Json = dict[str, Any]

RETRY_S = (1.0, 5.0, 30.0, 60.0)
_POLL_S = 0.5
_LOG = logging.getLogger(__name__)


class OutputError(PasslineError):
    """A signal was not taken; it will be offered again."""


class Output(Protocol):
    """Takes signals, one at a time."""

    def send(self, message: Json) -> None:
        """Tell of a signal; when this returns, the other side has it.

        `message["id"]` is the same whenever the same signal is told again.
        Raises OutputError when it was not taken.
        """
        ...


class JsonLines:
    """Appends each signal to a file, one JSON object a line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, message: Json) -> None:
        """On disk when this returns. Raises OutputError."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(message) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(f"{self._path}: cannot be appended to: {error}") from error


class Webhook:
    """Posts each signal to a URL as JSON; the header Idempotency-Key is its id."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url = url
        self._timeout_s = timeout_s

    def send(self, message: Json) -> None:
        """Answered with 2xx when this returns. Raises OutputError."""
        request = urllib.request.Request(
            self._url,
            data=json.dumps(message).encode(),
            headers={"Content-Type": "application/json", "Idempotency-Key": str(message["id"])},
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s):
                pass
        except (OSError, http.client.HTTPException) as error:
            raise OutputError(
                f"{self._url}: signal {message['id']} was not taken: {error}"
            ) from error


def open_output(section: SignalOutput, folder: Path) -> Output:
    """The output of a recipe's section; a path is taken from the data folder on."""
    if isinstance(section, JsonLinesOutput):
        return JsonLines(folder / section.path)
    return Webhook(section.url, section.timeout_s)


class Teller:
    """Tells each output of the signals that it was not told of, in a thread of its own."""

    def __init__(self, folder: Path, store: WatchStore) -> None:
        self._folder = folder
        self._store = store
        self._sections: Sequence[SignalOutput] = ()
        self._threads: list[_Telling] = []

    def want(self, sections: Sequence[SignalOutput], station: str) -> None:
        """Tell these outputs from now on, each from where it was left."""
        if list(sections) == list(self._sections):
            return
        self.close()
        self._sections = sections
        self._threads = [
            _Telling(
                section.name, open_output(section, self._folder), station, self._folder, self._store
            )
            for section in sections
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End the threads; a signal that is being told is told again next time."""
        for thread in self._threads:
            thread.ending.set()
        for thread in self._threads:
            thread.join()
        self._threads = []
        self._sections = ()


class _Telling(threading.Thread):
    """One output's thread. A fault is logged, once for as long as it lasts."""

    def __init__(
        self, name: str, output: Output, station: str, folder: Path, store: WatchStore
    ) -> None:
        super().__init__(name=f"output {name}", daemon=True)
        self._output_name = name
        self._output = output
        self._station = station
        self._reader = WatchReader(folder)
        self._store = store
        self.ending = threading.Event()

    def run(self) -> None:
        failures = 0
        while not self.ending.is_set():
            try:
                self._tell_all()
            except (OutputError, RecordsError) as fault:
                if failures == 0:
                    _LOG.warning("output %s: %s; trying again", self._output_name, fault)
                self.ending.wait(RETRY_S[min(failures, len(RETRY_S) - 1)])
                failures += 1
            else:
                failures = 0
                self.ending.wait(_POLL_S)
        self._reader.close()

    def _tell_all(self) -> None:
        for signal in self._reader.signals(after=self._store.told(self._output_name)):
            if self.ending.is_set():
                return
            self._output.send(signal_message(signal, self._station))
            self._store.tell(self._output_name, signal.signal_id)


def signal_message(signal: ChartSignal, station: str) -> Json:
    """What outputs are told of a signal; its id is the same in every recomputation."""
    return {
        "id": f"{station}/{signal.chart.name}/{signal.last_part}/{signal.rule}",
        "signal": signal.signal_id,
        "station": station,
        "chart": signal.chart.name,
        "measure": signal.chart.measure.value,
        "rule": signal.rule,
        "side": signal.side,
        "first_part": signal.first_part,
        "last_part": signal.last_part,
        "at_utc_ns": signal.at_utc_ns,
        "value": signal.value,
        "center": signal.center,
        "lower": signal.lower,
        "upper": signal.upper,
        "diagnosis": dict(signal.diagnosis),
        "plan": [{"do": step.do, "text": step.text} for step in signal.chart.plan],
    }
