"""The web's way to records and desk: opened when first needed, opened again when replaced."""

import threading
from pathlib import Path

from inspection.records.desk import Desk
from inspection.records.query import RecordReader
from inspection.records.store import DESK_FILE, RECORDS_FILE

Marks = tuple[tuple[int, int, int] | None, ...]


class StationRecords:
    """Records and desk of one data folder, for the threads of the web.

    Nothing is opened, and nothing made in the folder, before it is asked for: the web may start
    before the line, and a database that cannot be used now may be repaired meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._opening = threading.Lock()
        self._reader: RecordReader | None = None
        self._desk: Desk | None = None
        self._files: Marks = ()

    def reader(self) -> RecordReader:
        """Raises RecordsError when the records cannot be used."""
        with self._opening:
            self._let_go_of_replaced()
            if self._reader is None:
                self._reader = RecordReader(self.folder, busy_timeout_s=1.0)
            return self._reader

    def desk(self) -> Desk:
        """Raises RecordsError when the desk cannot be used."""
        with self._opening:
            self._let_go_of_replaced()
            if self._desk is None:
                self._desk = Desk(self.folder, busy_timeout_s=1.0)
            return self._desk

    def marks(self) -> Marks:
        """Changes whenever either database has: a look at four files instead of ten queries."""
        names = (RECORDS_FILE, f"{RECORDS_FILE}-wal", DESK_FILE, f"{DESK_FILE}-wal")
        return tuple(_mark(self.folder / name) for name in names)

    def close(self) -> None:
        with self._opening:
            self._close()

    def _close(self) -> None:
        for opened in (self._reader, self._desk):
            if opened is not None:
                opened.close()
        self._reader = self._desk = None

    def _let_go_of_replaced(self) -> None:
        """A data folder that was emptied and begun anew is another one."""
        names = (RECORDS_FILE, DESK_FILE)
        found = tuple(_mark(self.folder / name) for name in names)
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
