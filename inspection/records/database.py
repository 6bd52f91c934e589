"""A database that this process writes to: transactions that read, and transactions that write."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from inspection.records.store import explained, for_reading, open_writer


class Database:
    """One of the station's databases, made when it is not there.

    Opening it and both kinds of transaction raise RecordsError when it cannot be used.
    """

    def __init__(self, folder: Path, file_name: str, busy_timeout_s: float) -> None:
        self.path = folder / file_name
        self._engine = open_writer(folder, file_name, busy_timeout_s)

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """A transaction that waits for nobody, and in which what it sees does not change."""
        with explained(self.path), for_reading(self._engine).begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Generator[Connection]:
        """A transaction that is on disk, whole, at the end of the block."""
        with explained(self.path), self._engine.begin() as connection:
            yield connection
