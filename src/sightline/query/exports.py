"""Exports: all rows of a selection as a file, piece by piece, in bounded memory.

The engine makes rows in order of time and goes on when the reader has taken what there is. Parquet has to be
written as one file: the embedded engine writes it into a pipe, which holds it back in the same way.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import select
import sys
import tempfile
import threading
import uuid
import zlib
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sightline.measures import QUERY_SECONDS
from sightline.query.export_errors import ExportBusy, ExportFailed
from sightline.query.export_sql import Form, Shape, Snapshot, Wanted, counting, listing
from sightline.query.export_text import CsvRows, harmless, whole_lines
from sightline.query.filter.compiler import Statement
from sightline.query.otlp_file import otlp_lines
from sightline.query.sql_relations import Relation
from sightline.settings import StoreSettings
from sightline.store.rows import Limits, StoreError
from sightline.store.store import DIGEST_AFTER, Connection, Store, clause

# Exports that run side by side; each has two threads and a connection.
AT_ONCE = 2
# Longest time (s) an export may take, with a reader that is slow.
LONGEST = 6 * 3600
# Rows that the engine makes at a time, and how many bytes of contents these may have together. Contents are
# read anew for each block, so larger blocks are faster.
_ROWS, _FEWEST_ROWS, _BYTES = 8_192, 128, 48 * 2**20
_GROUP = 16_384
_PIPE, _SET_PIPE = 2**20, 1031  # F_SETPIPE_SZ, which Python knows from 3.10 on Linux only by number
_PATIENCE_MS = 100
_GZIP = 31
_FORMATS = {Form.CSV: "CSV", Form.JSONL: "JSONEachRow", Form.OTLP: "JSONEachRow"}


@dataclass(frozen=True, slots=True)
class Export:
    """An export that has begun: what it will hold, its pieces, and how to stop it. Close it in any case.

    `pieces` raises ExportFailed or StoreError when it cannot go on.
    """

    snapshot: Snapshot
    pieces: AsyncIterator[bytes]
    close: Callable[[], Any]


class Exports:
    """Makes exports of the store; `relations` are its tables as users see them."""

    def __init__(self, store: Store, settings: StoreSettings, relations: Mapping[str, Relation]) -> None:
        self._store, self._settings, self._relations = store, settings, relations
        # One thread for an export's pieces, one to stop it.
        self._pool = ThreadPoolExecutor(max_workers=2 * AT_ONCE, thread_name_prefix="export")
        self._running = 0

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown(wait=True)

    async def counted(self, wanted: Wanted) -> Snapshot:
        """How much there is to export now. Errors of the store pass through."""
        statement = counting(wanted)
        limits = Limits(self._settings.query_seconds, self._settings.query_memory)
        answer = await self._store.fetch(
            statement.text, statement.parameters, limits=limits, purpose="export"
        )
        return Snapshot(*map(int, answer.rows[0]))

    async def begin(self, wanted: Wanted, *, gzip: bool = False) -> Export:
        """Count, and begin to export what was counted. Raises ExportBusy, or what the store raises."""
        if self._running >= AT_ONCE:
            raise ExportBusy(f"{self._running} exports run already; try again in a moment.")
        self._running += 1
        try:
            snapshot = await self.counted(wanted)
            relation = self._relations["logs" if wanted.shape is Shape.LOGS else "spans"]
            names, statement = listing(wanted, relation, snapshot)
            mark = f"sightline-export-{uuid.uuid4().hex}"
            made = self._made(wanted, names, statement, snapshot, mark)
            flow = _Flow(self._pool, _packed(made) if gzip else made, lambda: self._kill(mark), self._over)
        except BaseException:
            self._over()
            raise
        return Export(snapshot, flow.pieces(), flow.close)

    def _over(self) -> None:
        self._running -= 1

    def _kill(self, mark: str) -> None:
        with closing(self._store.writer()) as connection:
            connection.command("KILL QUERY WHERE Settings['log_comment'] = {m:String} ASYNC", {"m": mark})

    def _made(
        self, wanted: Wanted, names: list[str], statement: Statement, snapshot: Snapshot, mark: str
    ) -> Generator[bytes, None, None]:
        """The pieces of the file. Blocking."""
        settings: dict[str, Any] = {
            "session_timezone": "UTC",
            "max_block_size": block_rows(snapshot),
            "max_execution_time": LONGEST,
            "timeout_overflow_mode": "throw",
            "max_memory_usage": self._settings.query_memory,
            "max_threads": 2,
            # A person's question goes first.
            **DIGEST_AFTER,
            "log_comment": mark,
        }
        with QUERY_SECONDS.labels("export").time(), closing(self._store.writer()) as connection:
            if wanted.form is Form.PARQUET:
                yield from self._parquet(connection, statement, settings, mark)
                return
            shaped = {
                "output_format_json_quote_64bit_integers": 0,
                "output_format_json_quote_decimals": 0,
                "format_csv_null_representation": "",
            }
            text = f"{statement.text}\n{clause(settings | shaped)}"
            with closing(connection.stream(text, statement.parameters, fmt=_FORMATS[wanted.form])) as source:
                if wanted.form is Form.CSV:
                    yield from _csv(names, source, snapshot.rows)
                elif wanted.form is Form.JSONL:
                    yield from _json_lines(source, snapshot.rows)
                else:
                    yield from _counted(
                        otlp_lines(whole_lines(source), wanted.shape is Shape.LOGS), snapshot.rows
                    )

    def _parquet(
        self, connection: Connection, statement: Statement, settings: dict[str, Any], mark: str
    ) -> Generator[bytes, None, None]:
        settings |= {
            "output_format_parquet_row_group_size": _GROUP,
            "output_format_parquet_row_group_size_bytes": 64 * 2**20,
            "output_format_parquet_parallel_encoding": 0,
            "output_format_parquet_compression_method": "zstd",
        }
        text = f"{statement.text}\n{clause(settings)}"
        if not connection.embedded:
            yield from connection.stream(text, statement.parameters, fmt="Parquet")
            return
        with tempfile.TemporaryDirectory(prefix="sightline-export-") as folder:
            path = Path(folder) / "rows"
            os.mkfifo(path, 0o600)
            write = f"INSERT INTO FUNCTION file('{path}', Parquet) {text}"
            yield from _through(
                path, lambda: connection.command(write, statement.parameters), lambda: self._kill(mark)
            )


def block_rows(snapshot: Snapshot) -> int:
    """How many rows are made at a time, so that memory stays the same whatever they say."""
    each = max(1, snapshot.bytes // max(1, snapshot.rows))
    return min(_ROWS, max(_FEWEST_ROWS, _BYTES // each))


def _through(path: Path, write: Callable[[], Any], stop: Callable[[], Any]) -> Generator[bytes, None, None]:
    """What `write` writes into the pipe at `path`, as it comes; `stop` makes it stop."""
    failures: list[Exception] = []
    over = threading.Event()

    def run() -> None:
        try:
            write()
        except Exception as error:
            failures.append(error)
        finally:
            over.set()

    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    thread = threading.Thread(target=run, name="export-parquet", daemon=True)
    try:
        if sys.platform == "linux":
            with suppress(OSError):
                fcntl.fcntl(reader, _SET_PIPE, _PIPE)
        thread.start()
        yield from _drained(reader, over)
        if failures:
            raise failures[0]
    finally:
        while thread.is_alive():
            # Read on, so that the engine comes to where it notices.
            stop()
            for _ in _drained(reader, over, patience=5):
                pass
        os.close(reader)


def _drained(reader: int, over: threading.Event, patience: int | None = None) -> Iterator[bytes]:
    """What comes through a pipe until its writer is over, or for so many silences."""
    poller = select.poll()
    poller.register(reader, select.POLLIN)
    while patience is None or patience > 0:
        last = over.is_set()
        data = b""
        if poller.poll(0 if last else _PATIENCE_MS):
            with suppress(BlockingIOError):
                data = os.read(reader, _PIPE)
        if data:
            yield data
        elif last:
            return
        else:
            over.wait(_PATIENCE_MS / 1000)
            patience = None if patience is None else patience - 1


def _csv(names: list[str], source: Iterable[bytes], expected: int) -> Iterator[bytes]:
    counter = CsvRows()
    yield (",".join(f'"{name}"' for name in names) + "\n").encode()
    for piece in whole_lines(source):
        counter.read(piece)
        yield harmless(piece)
    _verify(counter.rows, expected)


def _json_lines(source: Iterable[bytes], expected: int) -> Iterator[bytes]:
    rows = 0
    for piece in whole_lines(source):
        rows += piece.count(b"\n")
        yield harmless(piece)
    _verify(rows, expected)


def _counted(lines: Iterable[tuple[bytes, int]], expected: int) -> Iterator[bytes]:
    rows = 0
    for line, count in lines:
        rows += count
        yield harmless(line)
    _verify(rows, expected)


def _verify(rows: int, expected: int) -> None:
    if rows != expected:
        raise ExportFailed(
            f"{rows} rows were written where {expected} had been counted: rows were deleted or changed on"
            " the way. Export again."
        )


def _packed(pieces: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
    packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    with closing(pieces):
        for piece in pieces:
            if packed := packer.compress(piece):
                yield packed
    yield packer.flush()


class _Flow:
    """From a blocking generator to the loop: each piece is made when it is asked for."""

    def __init__(
        self,
        pool: ThreadPoolExecutor,
        source: Generator[bytes, None, None],
        kill: Callable[[], Any],
        over: Callable[[], Any],
    ) -> None:
        self._pool, self._source, self._kill, self._over = pool, source, kill, over
        self._asked: Future[bytes | None] | None = None
        self._closed = False

    async def pieces(self) -> AsyncIterator[bytes]:
        """The pieces. Raises what making them raised."""
        while True:
            self._asked = self._pool.submit(next, self._source, None)
            piece = await asyncio.shield(asyncio.wrap_future(self._asked))
            if piece is None:
                return
            yield piece

    async def close(self) -> None:
        """Stop it, wherever it is; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        try:
            while self._asked is not None and not self._asked.done():
                # More than once: the engine may not have begun when it is told to stop.
                await asyncio.to_thread(self._kill)
                await asyncio.wait([asyncio.wrap_future(self._asked)], timeout=1.0)
            await asyncio.get_running_loop().run_in_executor(self._pool, self._source.close)
        except StoreError:
            pass  # it was told to stop, and says so
        finally:
            self._over()
