"""A database that is read when it is there, and answers as an empty one until then."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, Engine

from inspection.records.store import explained, open_empty, open_reader


class Source:
    """One database of a data folder, for many threads. Raises RecordsError where it is unfit."""

    def __init__(self, folder: Path, file_name: str, busy_timeout_s: float) -> None:
        self._path = folder / file_name
        self._busy_timeout_s = busy_timeout_s
        self._file = open_reader(folder, file_name, busy_timeout_s)
        self._empty: Engine | None = None
        self._opening = Lock()

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """A connection inside one read transaction, so that what it sees does not change."""
        with explained(self._path), self._engine().begin() as connection:
            yield connection

    def close(self) -> None:
        for engine in (self._file, self._empty):
            if engine is not None:
                engine.dispose()

    def _engine(self) -> Engine:
        if self._file is not None:
            return self._file
        with self._opening:
            if self._file is None:
                path, timeout_s = self._path, self._busy_timeout_s
                self._file = open_reader(path.parent, path.name, timeout_s)
            if self._file is not None:
                return self._file
            if self._empty is None:
                self._empty = open_empty(self._path.name)
            return self._empty
