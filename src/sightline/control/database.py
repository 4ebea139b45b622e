"""Opening the control database: which URLs are understood, and how each engine is set up."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from sightline.control.errors import ControlUnavailable, InvalidValue

BUSY_SECONDS = 15
"""How long SQLite waits for another writer before it gives up."""
_POSTGRES = {"postgres", "postgresql", "postgresql+psycopg"}
_EXPECTED = (
    "expected sqlite:///path/to/control.db or postgresql://user:password@host/database;"
    " set it with control.url or SIGHTLINE_CONTROL_URL"
)


def parse_url(text: str) -> URL:
    """The URL with its driver named. Raises InvalidValue with what is accepted.

    `postgres://` and `postgresql://` mean `postgresql+psycopg://`.
    """
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError) as error:
        # The text may hold a password, so it is not repeated.
        raise InvalidValue(f"The control database URL cannot be read: {_EXPECTED}.") from error
    if url.drivername in {"sqlite", "sqlite+pysqlite"}:
        if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
            raise InvalidValue(f"The control database {text!r} names no file: {_EXPECTED}.")
        return url.set(drivername="sqlite+pysqlite")
    if url.drivername in _POSTGRES:
        if find_spec("psycopg") is None:
            raise InvalidValue('Postgres needs the psycopg driver: pip install "sightline[postgres]".')
        return url.set(drivername="postgresql+psycopg")
    raise InvalidValue(f"The control database cannot be {url.drivername}://: {_EXPECTED}.")


def open_engine(url: URL) -> sa.Engine:
    """An engine for a URL of `parse_url`. Connects lazily.

    The SQLite file is made here, readable by its owner only; ControlUnavailable when that fails.
    """
    if url.get_backend_name() == "sqlite":
        _create_file(Path(url.database or ""))
        engine = sa.create_engine(
            url, json_serializer=to_json, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True
        )
        sa.event.listen(engine, "connect", _set_up_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine
    return sa.create_engine(
        url,
        json_serializer=to_json,
        hide_parameters=True,
        pool_pre_ping=True,  # a restarted server costs a reconnect, not an error
        pool_timeout=5,
        # A server that vanished is noticed within seconds, also in the middle of a conversation.
        connect_args={"connect_timeout": 5, "tcp_user_timeout": 10_000, "application_name": "sightline"},
    )


def to_json(value: object) -> str:
    """JSON as both databases store it. Raises ValueError for NaN and infinities, which are not JSON."""
    return json.dumps(value, allow_nan=False)


def shown(url: URL) -> str:
    """The URL without its password, for messages."""
    return url.render_as_string(hide_password=True)


@contextmanager
def named_failures(url: URL) -> Iterator[None]:
    """Turn a driver's failure into one sentence that names the database."""
    try:
        yield
    except sa.exc.IntegrityError:
        raise  # a taken name is the caller's to word
    except (DBAPIError, sa.exc.TimeoutError) as error:
        reason = _reason(error)
        raise ControlUnavailable(
            f"The control database {shown(url)} fails: {reason}. {_advice(reason)}"
        ) from error


def _create_file(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # SQLite gives the -wal and -shm files beside it the same mode.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise ControlUnavailable(
            f"The control database {path} cannot be opened for writing: {error.strerror}."
            " Choose a writable directory with --data, or set control.url."
        ) from error


def _set_up_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # Transactions are begun by _begin_sqlite: the driver's own guess would begin them too late.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    # In WAL a commit survives a crash of the process; FULL also survives a power cut.
    connection.execute("PRAGMA synchronous = FULL")


def _begin_sqlite(connection: sa.Connection) -> None:
    # Writers take the write lock first: a read lock that is upgraded later fails without waiting.
    mode = "IMMEDIATE" if connection.get_execution_options().get("writes") else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {mode}")


def _reason(error: SQLAlchemyError) -> str:
    cause = getattr(error, "orig", None) or error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(cause).__name__


def _advice(reason: str) -> str:
    low = reason.lower()
    if "locked" in low:
        return "Another program holds it; close that program, or try again."
    if "readonly" in low or "read-only" in low:
        return "Make the file and its directory writable for this user."
    if "full" in low or "no space" in low:
        return "Make room on its disk."
    if "not a database" in low or "malformed" in low:
        return (
            "The file is not a sound SQLite database; restore it from a backup or set control.url to another."
        )
    if "authentication" in low or "password" in low or "role" in low:
        return "Check user and password in control.url."
    if "connect" in low or "resolve" in low or "timeout" in low:
        return "Check that the server runs and that control.url names its host and port."
    if "does not exist" in low:
        return "Create the database, or correct control.url."
    return "Check control.url and the database's own log."
