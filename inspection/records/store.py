"""Opening the station's databases: durable for writers, harmless for readers, clear when unfit."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, MetaData, StaticPool, create_engine, event, inspect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from inspection.errors import RecordsError
from inspection.records import schema, shadow_schema, watch_schema
from inspection.records.upgrade import upgrade_records

RECORDS_FILE = "records.sqlite"
DESK_FILE = "desk.sqlite"
WATCH_FILE = "watch.sqlite"
SHADOW_FILE = "shadow.sqlite"

_READS = "passline_reads"
_TABLES: dict[str, MetaData] = {
    RECORDS_FILE: schema.records,
    DESK_FILE: schema.desk,
    WATCH_FILE: watch_schema.watch,
    SHADOW_FILE: shadow_schema.shadow,
}
_VERSIONS = {RECORDS_FILE: 2, DESK_FILE: 2, WATCH_FILE: 2, SHADOW_FILE: 1}
"""Schema version of each file. Records are brought up by `inspection.records.upgrade`; the others
have only ever got tables added."""


def open_writer(folder: Path, file_name: str, busy_timeout_s: float) -> Engine:
    """The database `file_name` in `folder` for writing, made with its tables when new.

    One of an older Passline is brought up to the present tables first, in one transaction.
    Commits are on disk when they return (WAL, synchronous FULL), and a transaction takes the
    write lock when it begins, so that it never fails half-way for another writer.
    Raises RecordsError when it cannot be opened, is no database, or is of a newer version.
    """
    path = folder / file_name
    with explained(path):
        folder.mkdir(parents=True, exist_ok=True)
        engine = _engine(f"file:{quote(str(path.absolute()))}?mode=rwc", busy_timeout_s)
        _on_connect(engine, "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL")
        event.listen(engine, "begin", _begin_immediate)
        try:
            with engine.begin() as connection:
                _bring_up(connection, path)
        except (SQLAlchemyError, RecordsError):
            engine.dispose()
            raise
    return engine


def open_reader(folder: Path, file_name: str, busy_timeout_s: float) -> Engine | None:
    """The database `file_name` in `folder` for reading only, or None while there is none.

    Readers never block the writer, nor it them. Raises RecordsError as `open_writer` does, and for
    records of an older Passline.
    """
    path = folder / file_name
    if not path.exists():
        return None
    with explained(path):
        engine = _engine(f"file:{quote(str(path.absolute()))}?mode=ro", busy_timeout_s)
        event.listen(engine, "begin", _begin)
        try:
            with engine.begin() as connection:
                version = _version(connection, path)
        except (SQLAlchemyError, RecordsError):
            engine.dispose()
            raise
    if version == 0:  # made a moment ago; its writer has not put the tables in yet
        engine.dispose()
        return None
    if version < _VERSIONS[file_name]:
        engine.dispose()
        raise RecordsError(
            f"{path}: has schema version {version}, expected {_VERSIONS[file_name]}; start the "
            "station once, which brings it up and keeps all that is recorded"
        )
    return engine


def open_empty(file_name: str) -> Engine:
    """An empty database in memory with the tables of `file_name`: what answers 'no records yet'."""
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    _TABLES[file_name].create_all(engine)
    return engine


def for_reading(engine: Engine) -> Engine:
    """A writer's engine whose transactions only read, and so wait for nobody."""
    return engine.execution_options(**{_READS: True})


@contextmanager
def explained(path: Path) -> Generator[None]:
    """Turn what the database or the disk complains of into a RecordsError that names the file."""
    try:
        yield
    except DBAPIError as error:
        raise RecordsError(f"{path}: {error.orig}; {_advice(str(error.orig))}") from error
    except SQLAlchemyError as error:
        raise RecordsError(f"{path}: {error}") from error
    except OSError as error:
        raise RecordsError(f"{path}: {error}; {_advice(str(error))}") from error


def _engine(uri: str, busy_timeout_s: float) -> Engine:
    engine = create_engine(
        f"sqlite:///{uri}&uri=true",
        connect_args={"timeout": busy_timeout_s, "isolation_level": None},
    )
    _on_connect(engine, "PRAGMA foreign_keys=ON")
    return engine


def _on_connect(engine: Engine, *pragmas: str) -> None:
    def run_pragmas(connection: SqliteConnection, _record: Any) -> None:
        for pragma in pragmas:
            connection.execute(pragma).close()

    event.listen(engine, "connect", run_pragmas)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_immediate(connection: Connection) -> None:
    reads = connection.get_execution_options().get(_READS, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _bring_up(connection: Connection, path: Path) -> None:
    """Give the file the tables of the present version."""
    version = _version(connection, path)
    if version == _VERSIONS[path.name]:
        return
    if version == 1 and path.name == RECORDS_FILE:
        upgrade_records(connection)
    _TABLES[path.name].create_all(connection)
    connection.exec_driver_sql(f"PRAGMA user_version={_VERSIONS[path.name]}")


def _version(connection: Connection, path: Path) -> int:
    """The schema version of the file, 0 when it is new. Raises RecordsError when it is unfit."""
    version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    known = _VERSIONS[path.name]
    if version > known:
        raise RecordsError(
            f"{path}: has schema version {version}, this Passline knows up to {known}; "
            "use the newer Passline that wrote it, or another data folder"
        )
    if version == 0 and inspect(connection).get_table_names():
        raise RecordsError(f"{path}: a database of another program; use another data folder")
    return version


def _advice(complaint: str) -> str:
    if "locked" in complaint:
        return "another program holds it: close that program, then start again"
    if "full" in complaint or "I/O" in complaint or "space" in complaint:
        return "free space on the disk or check it, then start again"
    if "not a database" in complaint or "malformed" in complaint:
        return "the file is damaged: move it away and restore a copy"
    return "check that the data folder exists and may be written"
