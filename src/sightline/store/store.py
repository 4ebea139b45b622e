"""One interface to ClickHouse: embedded (chDB) or a server; a small pool of connections on it.

A chDB connection runs one query at a time, several connections to one directory run side by side.
So reads take a connection from a bounded pool in a worker thread, and each writer owns one.
"""

from __future__ import annotations

import asyncio
import os
import queue
import re
import threading
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import clickhouse_connect
import numpy as np
from clickhouse_connect.driver.exceptions import ClickHouseError

from sightline.measures import QUERY_SECONDS
from sightline.settings import StoreSettings
from sightline.store.rows import Limits, QueryTimeout, QueryTooLarge, Rows, StoreError

# The engine's allocator reads this as it is loaded. It would keep freed memory for five seconds, so that each
# pass of the digest took fresh memory beside what the last one had left: 90 MB more for 4 % less processor.
os.environ.setdefault("JE_MALLOC_CONF", "dirty_decay_ms:1000")

DATABASE = "sightline"
# Codes of ClickHouse: TIMEOUT_EXCEEDED, TOO_SLOW, QUERY_WAS_CANCELLED / MEMORY_LIMIT_EXCEEDED,
# TOO_MANY_ROWS_…
_TIMEOUT_CODES = {159, 160, 394}
_LARGE_CODES = {241, 158, 307, 396}
_CODE = re.compile(r"Code: (\d+)")
# A server may gather inserts by itself, and then a repeated one is not recognised by its token.
REMOTE_SETTINGS: dict[str, Any] = {"async_insert": 0}
# Formats whose pieces, one after the other, are the whole answer; all others have a beginning or an end.
STREAMED = frozenset({"Native", "TabSeparated", "CSV", "RowBinary", "JSONEachRow"})
_PIECE = 512 * 2**10
# How long (s) a server keeps the temporary tables of a writer that says nothing.
_SESSION_SECONDS = 600
# The embedded engine shares the machine with the server: caches are bounded so that memory stays flat.
EMBEDDED_OPTIONS: dict[str, Any] = {
    "mark_cache_size": 64 << 20,
    "index_mark_cache_size": 16 << 20,
    "uncompressed_cache_size": 0,
    "mmap_cache_size": 64,
}


# Questions of people go first: a statement of the digest pauses, as often as it has read something, while one
# is being answered, but never longer than these milliseconds. The digest catches up; a person waits once.
ANSWERS_FIRST: dict[str, Any] = {"priority": 1}
DIGEST_AFTER: dict[str, Any] = {"priority": 2, "low_priority_query_wait_time_ms": 200}


def embedded_url(data: Path) -> str:
    """The address of the embedded store inside a data directory."""
    return f"chdb://{(data / 'store').absolute()}"


def clause(settings: Mapping[str, Any]) -> str:
    """Settings as the end of a SELECT, also of one that feeds a table.

    The embedded driver sets settings given apart one by one and takes them back: 3 ms a statement.
    """
    given = (f"{name} = {value!r}" for name, value in settings.items())
    return f" SETTINGS {', '.join(given)}" if settings else ""


def store_error(error: Exception) -> StoreError:
    """A driver's exception as ours, without the engine's version and stack trace."""
    text = str(error)
    found = _CODE.search(text)
    code = int(found.group(1)) if found else 0
    text = re.sub(r"\s*\(for url [^)]*\)\s*$", "", text)
    text = re.sub(r"\s*\(version \d+\.\d+[^()]*(\([^)]*\))?\)", "", text)
    text = re.sub(r"^.*?DB::Exception: ", "", text, count=1, flags=re.DOTALL)
    text = text.split("Stack trace", 1)[0].strip() or "the store gave no reason"
    kind = QueryTimeout if code in _TIMEOUT_CODES else QueryTooLarge if code in _LARGE_CODES else StoreError
    return kind(text, code)


class Connection:
    """One connection; not shared between threads at the same time. Blocking.

    After a failure an embedded connection is opened anew (9 ms): the engine keeps what a failed statement had
    written already and puts it in front of the next answer on the same connection.

    With `session` temporary tables stay from one statement to the next, as they always do on an embedded one.
    """

    def __init__(self, url: str, settings: Mapping[str, Any], session: bool = False) -> None:
        self.embedded = url.startswith("chdb:")
        self._url, self._settings = url, dict(settings)
        self._session = session
        self._client = self._open()

    def _open(self) -> Any:
        url, settings = self._url, self._settings
        options: dict[str, Any] = {"settings": settings}
        if self.embedded:
            path = urlsplit(url).path
            options |= {"interface": "chdb", "path": path or ":memory:", "chdb_options": EMBEDDED_OPTIONS}
            if path:
                Path(path).mkdir(parents=True, exist_ok=True)
        else:
            scheme, address = url.split("://", 1)
            settings = REMOTE_SETTINGS | settings
            if self._session:
                settings |= {"session_timeout": _SESSION_SECONDS}
            options = {
                "dsn": f"{'https' if scheme == 'clickhouses' else 'http'}://{address}",
                "settings": settings,
                "autogenerate_session_id": self._session,
                "tz_source": "server",
            }
        try:
            return clickhouse_connect.get_client(**options)
        except (ClickHouseError, RuntimeError, OSError) as error:
            raise store_error(error) from error

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            if self.embedded:
                fresh = self._open()
                self._client.close()
                self._client = fresh
            if isinstance(error, ClickHouseError):
                raise store_error(error) from error
            raise

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Rows:
        """Run a SELECT and read its whole answer."""
        with self._asking():
            answer = self._client.query(sql, parameters=dict(parameters or {}), settings=dict(settings or {}))
        return Rows(
            columns=tuple(answer.column_names),
            types=tuple(t.name for t in answer.column_types),
            rows=[tuple(row) for row in answer.result_rows],
        )

    def table(
        self,
        sql: str,
        dtype: np.dtype[Any],
        parameters: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> np.ndarray[Any, Any]:
        """Run a SELECT of fixed-size columns and read its answer as one structured array, without copying.

        `dtype` is packed, in the order and width of the columns (`RowBinary`).
        """
        return np.frombuffer(self.raw(sql, parameters, settings, fmt="RowBinary"), dtype=dtype)

    def raw(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        fmt: str = "Native",
    ) -> bytes:
        """Run a SELECT and return its answer encoded in a ClickHouse format."""
        with self._asking():
            answer: bytes = self._client.raw_query(
                sql, parameters=dict(parameters or {}), settings=dict(settings or {}), fmt=fmt
            )
        return answer

    def stream(
        self, sql: str, parameters: Mapping[str, Any] | None = None, fmt: str = "Native"
    ) -> Generator[bytes, None, None]:
        """Run a SELECT and give its answer piece by piece, as the engine makes it.

        Pieces come as they are asked for in `STREAMED` formats, in one with others. The connection is taken
        until the iterator is used up or closed.
        """
        with self._asking():
            source = self._client.raw_stream(sql, parameters=dict(parameters or {}), fmt=fmt)
            try:
                while piece := source.read(_PIECE):
                    yield piece
            finally:
                source.close()

    def command(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run a statement that answers at most one value."""
        with self._asking():
            return self._client.command(sql, parameters=dict(parameters or {}), settings=dict(settings or {}))

    def insert(
        self,
        table: str,
        columns: Sequence[str],
        values: Sequence[Any],
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Insert columns (sequences or numpy arrays of one length) into a table."""
        with self._asking():
            self._client.insert(
                table, values, column_names=list(columns), column_oriented=True, settings=dict(settings or {})
            )

    def insert_raw(
        self,
        table: str,
        columns: Sequence[str],
        block: bytes,
        fmt: str = "Native",
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Insert a block that is encoded in a ClickHouse format already."""
        with self._asking():
            self._client.raw_insert(
                table, column_names=list(columns), insert_block=block, fmt=fmt, settings=dict(settings or {})
            )

    def insert_through(
        self, statement: str, block: bytes, fmt: str = "Native", settings: Mapping[str, Any] | None = None
    ) -> None:
        """Send a block to a server through an `INSERT … SELECT … FROM input(…)`: one line, without FORMAT."""
        body = f"{statement} FORMAT {fmt}\n".encode() + block
        with self._asking():
            self._client.raw_insert(insert_block=body, settings=dict(settings or {}))

    def close(self) -> None:
        """Close the connection; safe to call twice."""
        self._client.close()


class Store:
    """The store: a pool of readers for questions, connections of their own for writers.

    Queries are bounded in time, memory and rows, and stop when the caller is cancelled.
    """

    def __init__(self, url: str, settings: StoreSettings) -> None:
        self.url = url
        self.embedded = url.startswith("chdb:")
        self.settings = settings
        self._engine: dict[str, Any] = {"max_threads": 2} if self.embedded else {}
        self._asking = self._engine | ANSWERS_FIRST if self.embedded else self._engine
        self._readers: queue.SimpleQueue[Connection] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._killer: Connection | None = None
        self._closed = False
        self._root = Connection(url, self._engine)
        self._pool = ThreadPoolExecutor(max_workers=settings.readers, thread_name_prefix="store-read")
        self._opened = 0

    def writer(self, **settings: Any) -> Connection:
        """A connection of one's own, for a thread that writes. The caller closes it."""
        return Connection(self.url, {**self._engine, **settings}, session=True)

    @contextmanager
    def _reader(self) -> Iterator[Connection]:
        with self._lock:
            fresh = self._readers.empty() and self._opened < self.settings.readers
            self._opened += fresh
        connection = Connection(self.url, self._asking) if fresh else self._readers.get()
        try:
            yield connection
        finally:
            self._readers.put(connection)

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        limits: Limits | None = None,
        settings: Mapping[str, Any] | None = None,
        purpose: str = "other",
        query_id: str | None = None,
    ) -> Rows:
        """Blocking twin of `fetch`, for threads."""
        bounds = self._bounds(limits) | dict(settings or {})
        if query_id and not self.embedded:
            bounds["query_id"] = query_id
        with self._reader() as connection, QUERY_SECONDS.labels(purpose).time():
            return connection.query(sql, parameters, bounds)

    async def fetch(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        limits: Limits | None = None,
        settings: Mapping[str, Any] | None = None,
        purpose: str = "other",
    ) -> Rows:
        """Run a SELECT in a reader thread.

        Raises `QueryTimeout`, `QueryTooLarge` or `StoreError`. When the awaiting task is cancelled the
        query is killed.
        """
        mark = f"sightline-{uuid.uuid4().hex}"
        call: Callable[[], Rows] = lambda: self.query(  # noqa: E731
            f"/* {mark} */ {sql}", parameters, limits=limits, settings=settings, purpose=purpose
        )
        work = self._pool.submit(call)
        try:
            return await asyncio.shield(asyncio.wrap_future(work))
        except asyncio.CancelledError:
            # The future of the pool, not the loop's: only that one knows whether the query runs already.
            if not work.cancel():
                await asyncio.to_thread(self._kill, mark)
            raise

    def _kill(self, mark: str) -> None:
        with self._lock:
            if self._closed:
                return
            self._killer = self._killer or Connection(self.url, self._engine)
            self._killer.command(
                f"KILL QUERY WHERE query LIKE '/* {mark} */%' OR query LIKE '%{mark}%' ASYNC"
            )

    def _bounds(self, limits: Limits | None) -> dict[str, Any]:
        limits = limits or Limits(self.settings.query_seconds, self.settings.query_memory)
        bounds: dict[str, Any] = {
            "max_execution_time": limits.seconds,
            "timeout_overflow_mode": "throw",
            "max_memory_usage": limits.memory,
        }
        if limits.rows:
            bounds |= {"max_result_rows": limits.rows, "result_overflow_mode": "throw"}
        return bounds

    def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """Run one administrative statement on a connection kept for that."""
        with self._lock:
            return self._root.command(sql, parameters)

    def close(self) -> None:
        """Close every connection; queries under way end first."""
        with self._lock:
            self._closed = True
        self._pool.shutdown(wait=True)
        while not self._readers.empty():
            self._readers.get().close()
        if self._killer:
            self._killer.close()
        self._root.close()
