"""Runs SQL of the ClickHouse protocol: the same walls as `sql_endpoint`, other answers.

An answer is in one of ClickHouse's formats, without a bound on its rows, and comes piece by piece: the engine
goes on when the reader has taken what there is, so memory stays the same however long the answer. Time,
memory of the query, and the size of answers that cannot be cut stay bounded.
"""

from __future__ import annotations

import asyncio
import re
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import orjson

from sightline.measures import QUERY_SECONDS
from sightline.query.native import SINCE, UnknownColumn, at_revision
from sightline.query.sql_dialect import Facts, as_select, load_system, system_values, translate
from sightline.query.sql_endpoint import BIND, GRACE, MAX_WAITING, Call, SqlEndpoint, checked_query
from sightline.query.sql_errors import SqlBusy, SqlError, SqlTooLarge, SqlTooLong
from sightline.query.sql_formats import Format, format_named
from sightline.query.sql_guard import Plan, check_text, reserved, wrap
from sightline.query.sql_relations import PROJECT_PARAMETER, Relation, quoted
from sightline.store.rows import StoreError
from sightline.store.store import Connection

# Pieces on the way between the engine's thread and the reader.
_PIECES = 4
# Types without a fixed shape.
_OPEN = ("JSON", "Dynamic", "Variant")
_WORD = re.compile(r"\w+")
_HEAD = "JSONCompactEachRowWithNamesAndTypes"
# Answers that are made as a whole, measured as RowBinary.
_MOST = 64 * 2**20
# Small blocks: a piece of the answer is one of them.
_BLOCK_ROWS = 16_384


class Escaped:
    """A parameter's value as the protocol carries it: escaped already, so that the driver must not do it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text


@dataclass(frozen=True, slots=True)
class Question:
    """One query of the protocol. `parameters` are escaped texts; `settings` were checked by the caller.

    `revision` is the reader's of Native, 0 for none. `encode` is applied in the engine's thread.
    """

    project: str
    query: str
    user: str = "default"
    parameters: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str | int] = field(default_factory=dict)
    default_format: str = "TabSeparated"
    revision: int = 0
    encode: Callable[[Iterator[bytes]], Iterator[bytes]] = iter


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer that has begun. `pieces` raises SqlError when it fails on the way; close it in any case."""

    format: Format
    pieces: AsyncIterator[bytes]
    close: Callable[[], Any]


class SqlStreams(SqlEndpoint):
    """Answers questions of the ClickHouse protocol. Has connections of its own: a slow reader holds one."""

    def open(self) -> None:
        """Connect and learn the tables. Blocking. Raises StoreError."""
        super().open()
        with self._connection() as connection:
            self.version = str(connection.query("SELECT version()").rows[0][0])
            self._shown: dict[str, Relation] = {**self.relations, **load_system(connection, self.relations)}
            self._system_values = system_values(self.relations)
        # Words that tell that a column of an open type may be in the answer.
        self._loose = frozenset(_OPEN) | {
            column.name
            for relation in self.relations.values()
            for column in relation.columns
            if any(word in column.type for word in _OPEN)
        }

    async def stream(self, question: Question) -> Streamed:
        """Run one SELECT and return when its answer begins.

        Raises SqlError, SqlBusy or StoreError. When the awaiting task is cancelled, the query is killed.
        """
        checked_query(question.project, question.query)
        for name in question.parameters:
            if reserved(name):
                raise SqlError(
                    f"Parameter {name[:60]!r}: a name may not begin with sightline_.", "parameters"
                )
        if self._waiting >= MAX_WAITING:
            raise SqlBusy(f"{self._waiting} SQL queries wait already; try again in a moment.")
        call, loop = Call(f"sightline-sql-{uuid.uuid4().hex}"), asyncio.get_running_loop()
        pipe = _Pipe(loop, call)
        self._waiting += 1
        future = loop.run_in_executor(self._pool, self._produce, call, pipe, question)
        future.add_done_callback(self._done)
        limit = self._settings.query_seconds

        async def close() -> None:
            pipe.abandon()
            if not future.done():
                await self._stop(call, future)

        try:
            async with asyncio.timeout(limit * (2 + MAX_WAITING / self._size) + GRACE):
                format_ = await pipe.begun()
        except TimeoutError as error:
            await close()
            raise SqlTooLong(f"The query was stopped: no answer within {limit:g} s.", "failed") from error
        except BaseException:
            await close()
            raise
        return Streamed(format_, pipe.pieces(), close)

    def _produce(self, call: Call, pipe: _Pipe, question: Question) -> None:
        """The blocking part: parse, check, run, and hand over piece by piece."""
        call.started.set()
        try:
            with self._connection() as connection, QUERY_SECONDS.labels("clickhouse").time():
                self._hand_over(connection, call, pipe, question)
        except Exception as error:
            pipe.fail(error)
        else:
            pipe.end()
        finally:
            call.over.set()

    def _hand_over(self, connection: Connection, call: Call, pipe: _Pipe, question: Question) -> None:
        canonical = self.canonical(connection, as_select(question.query, self.relations))
        translated = translate(canonical, Facts(self.version, question.user))
        format_ = format_named(translated.format or question.default_format)
        check_text(translated.text, question.parameters)
        bound: dict[str, Any] = {
            **{name: Escaped(value) for name, value in question.parameters.items()},
            PROJECT_PARAMETER: question.project,
        }
        plan = wrap(translated.text, self._shown)
        if any(not relation.tables for relation in plan.relations):
            bound |= self._system_values
        self.verified(connection, plan, bound)
        if call.stopped.is_set():
            raise SqlTooLong("The query was cancelled before it ran.", "failed")
        guardian = threading.Timer(self._settings.query_seconds + GRACE, self._kill, (call.mark,))
        guardian.daemon = True
        guardian.start()
        try:
            with closing(
                self._told(self._pieces(connection, call, plan, question, bound, format_), plan)
            ) as pieces:
                for piece in question.encode(pieces):
                    pipe.begin(format_)
                    pipe.put(piece)
            pipe.begin(format_)
        finally:
            guardian.cancel()

    def _told(self, pieces: Generator[bytes, None, None], plan: Plan) -> Generator[bytes, None, None]:
        """The same pieces, the engine's failures as sentences."""
        try:
            with closing(pieces):
                yield from pieces
        except StoreError as error:
            raise self._failure(error, plan) from error
        except UnknownColumn as error:
            raise SqlError(
                f"A column of type {error} cannot be sent in this client's version of Native: write it as"
                " column::String.",
                "failed",
            ) from error

    def _pieces(
        self, connection: Connection, call: Call, plan: Plan, question: Question, bound: Mapping[str, Any],
        format_: Format,
    ) -> Generator[bytes, None, None]:  # fmt: skip
        whole = format_.rows is None
        native = format_.name == "Native"
        chosen: dict[str, str | int] = {"session_timezone": "UTC", "max_block_size": _BLOCK_ROWS}
        settings = self.limits(call.mark, question.project, {**chosen, **question.settings}, bounded=whole)
        if native and self._loose & set(_WORD.findall(plan.text)):
            head = connection.raw(f"{BIND}{plan.text}\nLIMIT 0\nSETTINGS {settings}", bound, fmt=_HEAD)
            plan = self.verified(connection, _strict(plan, head), bound)
        text = f"{BIND}{plan.text}"
        statement = f"{text}\nSETTINGS {settings}"
        if whole:
            self._measure(connection, statement, bound, format_)
            yield connection.raw(statement, bound, fmt=format_.name)
            return
        head = b""
        if format_.head:
            # The engine would write the head before each of its pieces.
            head = connection.raw(f"{text}\nLIMIT 0\nSETTINGS {settings}", bound, fmt=format_.name)
        # Closed here and not when it is forgotten: until then the connection is taken.
        with closing(connection.stream(statement, bound, fmt=format_.rows or format_.name)) as pieces:
            if native and question.revision >= SINCE:
                yield from at_revision(pieces)
            elif format_.name == "JSON":
                yield from json_document(head, pieces)
            else:
                yield from _headed(head, pieces)

    def _measure(
        self, connection: Connection, statement: str, bound: Mapping[str, Any], format_: Format
    ) -> None:
        """Refuse an answer that would not fit, before it is made: the engine bounds only its blocks."""
        size = 0
        with closing(connection.stream(statement, bound, fmt="RowBinary")) as pieces:
            for piece in pieces:
                size += len(piece)
                if size > _MOST:
                    raise SqlTooLarge(
                        f"The answer in {format_.name} is longer than {_MOST // 2**20} MiB and would be made"
                        " as a whole. Ask for less, or in a format that is sent as it is made: Native,"
                        " RowBinary, CSV, TabSeparated, JSONEachRow, JSON.",
                        "failed",
                    )


def _headed(head: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from pieces


def json_document(empty: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Rows of JSONEachRow as the one document of JSON; `empty` is that document without rows."""
    yield empty[: empty.index(b'\t"data":')] + b'\t"data":\n\t[\n'
    rows, separator = 0, b""
    for piece in pieces:
        rows += piece.count(b"\n")
        body = piece.removesuffix(b"\n")
        yield separator + body.replace(b"\n", b",\n")
        separator = b",\n" if len(body) < len(piece) else b""
    yield b'\n\t],\n\n\t"rows": %d\n}\n' % rows


def _strict(plan: Plan, head: bytes) -> Plan:
    """The same query with text in place of values of open types.

    Native begins such a column with what occurs in the whole part: names of attributes, and types, that may
    be of rows of other projects.
    """
    names, types = (orjson.loads(line) for line in head.splitlines()[:2])
    texts = []
    for name, type_ in zip(names, types, strict=True):
        if type_.startswith(_OPEN):
            texts.append(f"CAST({quoted(name)}, 'Nullable(String)') AS {quoted(name)}")
        elif any(word in type_ for word in _OPEN):
            raise SqlError(
                f'Column "{name[:60]}" is {type_[:80]}, which cannot be sent in Native:'
                " write its elements as text.",
                "failed",
            )
    known = {relation.name: relation for relation in plan.relations}
    return wrap(plan.canonical, known, f"* REPLACE ({', '.join(texts)})") if texts else plan


class _Abandoned(Exception):
    """Nobody reads any more."""


class _Pipe:
    """From the engine's thread to the loop: a few pieces, then the thread waits for the reader."""

    def __init__(self, loop: asyncio.AbstractEventLoop, call: Call) -> None:
        self._loop, self._call = loop, call
        self._free = threading.Semaphore(_PIECES)
        self._items: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self._begun: asyncio.Future[Format] = loop.create_future()

    # In the engine's thread.

    def begin(self, format_: Format) -> None:
        """The answer begins: from here on a failure comes within it."""

        def tell() -> None:
            if not self._begun.done():
                self._begun.set_result(format_)

        self._tell(tell)

    def put(self, piece: bytes) -> None:
        """Hand over a piece when there is room. Raises when nobody reads."""
        self._free.acquire()
        if self._call.stopped.is_set():
            raise _Abandoned
        self._tell(lambda: self._items.put_nowait(piece))

    def fail(self, error: Exception) -> None:
        """The answer ends with an error."""

        def tell() -> None:
            if self._begun.done():
                self._items.put_nowait(error)
            else:
                self._begun.set_exception(error)

        self._tell(tell)

    def end(self) -> None:
        """The answer is whole."""
        self._tell(lambda: self._items.put_nowait(None))

    def _tell(self, what: Callable[[], Any]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what)

    # In the loop.

    async def begun(self) -> Format:
        """Wait for the beginning. Raises what the query failed with."""
        return await asyncio.shield(self._begun)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The pieces. Raises what the query failed with on the way."""
        while (item := await self._items.get()) is not None:
            self._free.release()
            if isinstance(item, Exception):
                raise item
            yield item

    def abandon(self) -> None:
        """Nobody reads any more: the thread must not wait."""
        self._call.stopped.set()
        self._free.release(_PIECES)
        if self._begun.done() and not self._begun.cancelled():
            self._begun.exception()
        else:
            self._begun.cancel()
