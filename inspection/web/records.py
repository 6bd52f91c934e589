"""The web's way to the databases: opened when first needed, opened again when replaced."""

import threading
from pathlib import Path
from typing import Any, Protocol, TypeVar

from inspection.quality.label_queue import LabelQueue
from inspection.records.answers import AnswerDesk
from inspection.records.chart_history import ChartHistory
from inspection.records.desk import Desk
from inspection.records.period import PeriodReader
from inspection.records.query import RecordReader
from inspection.records.shadow_reader import ShadowReader
from inspection.records.signal_desk import SignalDesk
from inspection.records.store import DESK_FILE, RECORDS_FILE, SHADOW_FILE, WATCH_FILE
from inspection.records.studies import StudyDesk
from inspection.records.watch_reader import WatchReader

Marks = tuple[tuple[int, int, int] | None, ...]

_FILES = (RECORDS_FILE, DESK_FILE, WATCH_FILE, SHADOW_FILE)


class _Database(Protocol):
    def __init__(self, folder: Path, *, busy_timeout_s: float = ...) -> None: ...
    def close(self) -> None: ...


Opened = TypeVar("Opened", bound=_Database)


class StationRecords:
    """The databases of one data folder, for the threads of the web.

    Nothing is opened, and nothing made in the folder, before it is asked for: the web may start
    before the line, and a database that cannot be used now may be repaired meanwhile. Every method
    that gives one raises RecordsError when it cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._opening = threading.Lock()
        self._opened: dict[type[Any], _Database] = {}
        self._files: Marks = ()

    def reader(self) -> RecordReader:
        return self._open(RecordReader)

    def period(self) -> PeriodReader:
        return self._open(PeriodReader)

    def watch(self) -> WatchReader:
        return self._open(WatchReader)

    def chart_history(self) -> ChartHistory:
        return self._open(ChartHistory)

    def desk(self) -> Desk:
        return self._open(Desk)

    def answer_desk(self) -> AnswerDesk:
        return self._open(AnswerDesk)

    def label_queue(self) -> LabelQueue:
        return self._open(LabelQueue)

    def signal_desk(self) -> SignalDesk:
        return self._open(SignalDesk)

    def shadows(self) -> ShadowReader:
        return self._open(ShadowReader)

    def study_desk(self) -> StudyDesk:
        return self._open(StudyDesk)

    def marks(self) -> Marks:
        """Changes whenever a database has: a look at eight files instead of ten queries."""
        return tuple(_mark(self.folder / name) for file in _FILES for name in (file, f"{file}-wal"))

    def close(self) -> None:
        with self._opening:
            self._close()

    def _open(self, kind: type[Opened]) -> Opened:
        with self._opening:
            self._let_go_of_replaced()
            opened = self._opened.get(kind)
            if not isinstance(opened, kind):
                opened = self._opened[kind] = kind(self.folder, busy_timeout_s=1.0)
            return opened

    def _close(self) -> None:
        while self._opened:
            self._opened.popitem()[1].close()

    def _let_go_of_replaced(self) -> None:
        """A data folder that was emptied and begun anew is another one."""
        found = tuple(_mark(self.folder / name) for name in _FILES)
        was, self._files = self._files, found
        for old, new in zip(was, found, strict=False):  # nothing was seen before the first time
            if old is not None and (new is None or new[0] != old[0]):
                self._close()


def _mark(path: Path) -> tuple[int, int, int] | None:
    """Inode, size and time of a file, or None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
