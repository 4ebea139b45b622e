"""Runs a user's SQL, read-only, on one project, within limits of time, memory and rows.

The walls, one behind the other: `sql_guard` (nothing but SELECT, listed functions, listed tables), the
wrapping that makes each table name a SELECT of one project, a default database without tables, `readonly`
and limits as settings of the query, and `additional_table_filters`, by which the engine itself adds the
project to every read of our tables.
"""

from __future__ import annotations

import asyncio
import queue
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

from sightline.measures import QUERY_SECONDS
from sightline.query.sql_answer import FORMAT, FORMAT_SETTINGS, HEAD_FORMAT, SqlAnswer, read_answer
from sightline.query.sql_errors import SqlBusy, SqlError, SqlTooLarge, SqlTooLong, query_error, syntax_error
from sightline.query.sql_guard import (
    DUMP_FORMAT,
    MAX_QUERY,
    Plan,
    check_text,
    check_tree,
    read_tree,
    reserved,
    wrap,
)
from sightline.query.sql_relations import PROJECT_PARAMETER, Relation, load_relations
from sightline.settings import StoreSettings
from sightline.store.rows import StoreError
from sightline.store.store import Connection, Store

_CONNECTIONS = 2
MAX_WAITING = 32
_MAX_ANSWER = 64 * 2**20
# How long past its limit a query may take to notice it before it is killed.
GRACE = 2.0
_KILLS, _BETWEEN_KILLS = 5, 0.2
_PROJECT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_SYNTAX = 62  # ClickHouse: SYNTAX_ERROR
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_DESCRIBE = re.compile(r"\s*(?:DESCRIBE|DESC)\s+(?:TABLE\s+)?[`\"]?(\w+)[`\"]?\s*;?\s*", re.IGNORECASE)
_SHOW = re.compile(r"\s*SHOW\s+TABLES\s*;?\s*", re.IGNORECASE)
# The driver sends parameters to the engine only when it sees one in the text, and otherwise pastes them in.
BIND = f"/* {{{PROJECT_PARAMETER}:String}} */ "


class SqlEndpoint:
    """Answers SQL. Owns a few connections, so that users' queries and the pages' do not wait for each other.

    `open()` before the first question, `close()` at the end; safe to use from one event loop.
    """

    def __init__(self, store: Store, settings: StoreSettings, connections: int = _CONNECTIONS) -> None:
        self._store = store
        self._settings = settings
        self._size = connections
        self._idle: queue.SimpleQueue[Connection] = queue.SimpleQueue()
        self._pool = ThreadPoolExecutor(max_workers=connections, thread_name_prefix="sql")
        self._killer: Connection | None = None
        self._kill_lock = threading.Lock()
        self._waiting = 0
        self.relations: dict[str, Relation] = {}

    def open(self) -> None:
        """Connect and learn the tables. Blocking.

        Raises StoreError, also when a name without a database could reach a real table.
        """
        for _ in range(self._size):
            self._idle.put(self._store.writer())
        self._killer = self._store.writer()
        named = self._killer.query(
            "SELECT currentDatabase(), count() FROM system.tables WHERE database = currentDatabase()"
        )
        database, tables = named.rows[0]
        if tables:
            raise StoreError(
                f"the store's default database {database!r} holds {tables} tables; the SQL endpoint needs it"
                " empty, because a table name without a database would reach them. Move them to another one."
            )
        self.relations = load_relations(self._killer)

    def close(self) -> None:
        """Wait for queries under way and close the connections. Safe to call twice."""
        self._pool.shutdown(wait=True)
        while not self._idle.empty():
            self._idle.get().close()
        with self._kill_lock:
            if self._killer:
                self._killer.close()
                self._killer = None

    async def answer(
        self, project: str, query: str, parameters: Mapping[str, Any] | None = None
    ) -> SqlAnswer:
        """Run one SELECT on one project.

        Raises SqlError (SqlTooLong, SqlTooLarge) for what the user can change, SqlBusy when too many
        wait. When the awaiting task is cancelled, the query is killed.
        """
        values = _checked_parameters(parameters or {})
        checked_query(project, query)
        if described := self._described(query):
            return described
        return await self._run(lambda call: self._answer(call, project, query, values))

    async def _run(self, work: Callable[[Call], SqlAnswer]) -> SqlAnswer:
        if self._waiting >= MAX_WAITING:
            raise SqlBusy(f"{self._waiting} SQL queries wait already; try again in a moment.")
        call = Call(f"sightline-sql-{uuid.uuid4().hex}")
        self._waiting += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, work, call)
        future.add_done_callback(self._done)
        limit = self._settings.query_seconds
        try:
            # Waiting for a connection takes no longer than the queries before it.
            async with asyncio.timeout(limit * (2 + MAX_WAITING / self._size) + GRACE):
                return await asyncio.shield(future)
        except TimeoutError as error:
            await self._stop(call, future)
            raise SqlTooLong(f"The query was stopped: no answer within {limit:g} s.", "failed") from error
        except asyncio.CancelledError:
            await self._stop(call, future)
            raise

    def _done(self, future: asyncio.Future[Any]) -> None:
        self._waiting -= 1
        if not future.cancelled():
            future.exception()  # an abandoned query's failure is nobody's concern

    async def _stop(self, call: Call, future: asyncio.Future[Any]) -> None:
        call.stopped.set()
        if call.started.is_set():
            await asyncio.to_thread(self._kill_until_over, call)
        else:
            future.cancel()

    def _kill_until_over(self, call: Call) -> None:
        # More than once: the engine may not have begun with the query when it is told to stop it.
        for _ in range(_KILLS):
            self._kill(call.mark)
            if call.over.wait(_BETWEEN_KILLS):
                return

    def _kill(self, mark: str) -> None:
        with self._kill_lock:
            if self._killer:
                self._killer.command(
                    "KILL QUERY WHERE Settings['log_comment'] = {m:String} ASYNC", {"m": mark}
                )

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        connection = self._idle.get()
        try:
            yield connection
        finally:
            self._idle.put(connection)

    def _answer(self, call: Call, project: str, query: str, values: Mapping[str, Any]) -> SqlAnswer:
        """The blocking part: parse, check, run."""
        call.started.set()
        try:
            with self._connection() as connection, QUERY_SECONDS.labels("sql").time():
                return self._ask(connection, call, project, query, values)
        finally:
            call.over.set()

    def _ask(
        self, connection: Connection, call: Call, project: str, query: str, values: Mapping[str, Any]
    ) -> SqlAnswer:
        plan = self._checked(connection, project, query, values)
        if call.stopped.is_set():
            raise SqlTooLong("The query was cancelled before it ran.", "failed")
        started = time.perf_counter()
        limit = self._settings.query_rows
        settings = self.limits(call.mark, project, {**FORMAT_SETTINGS, "limit": limit + 1}, bounded=False)
        bound = {**values, PROJECT_PARAMETER: project}
        guardian = threading.Timer(self._settings.query_seconds + GRACE, self._kill, (call.mark,))
        guardian.daemon = True
        guardian.start()
        try:
            head = connection.raw(f"{BIND}{plan.text}\nLIMIT 0\nSETTINGS {settings}", bound, fmt=HEAD_FORMAT)
            with closing(
                connection.stream(f"{BIND}{plan.text}\nSETTINGS {settings}", bound, fmt=FORMAT)
            ) as pieces:
                rows = _whole(pieces)
        except StoreError as error:
            raise self._failure(error, plan) from error
        finally:
            guardian.cancel()
        return read_answer(head, rows, limit, round((time.perf_counter() - started) * 1000, 3))

    def plan(self, connection: Connection, project: str, query: str, values: Mapping[str, Any]) -> Plan:
        """The checked text of a query, without running it. Blocking."""
        return self._checked(connection, project, query, values)

    def _checked(self, connection: Connection, project: str, query: str, values: Mapping[str, Any]) -> Plan:
        canonical = self.canonical(connection, query)
        check_text(canonical, values)
        return self.verified(
            connection, wrap(canonical, self.relations), {**values, PROJECT_PARAMETER: project}
        )

    def canonical(self, connection: Connection, query: str) -> str:
        """The text as the engine understands it. Raises SqlError for what it does not. Blocking."""
        try:
            answer = connection.raw("SELECT formatQuerySingleLine({q:String})", {"q": query}, fmt="RawBLOB")
        except StoreError as error:
            raise syntax_error(error, query) from error
        return answer.decode("utf-8", "replace").strip()

    def verified(self, connection: Connection, plan: Plan, bound: Mapping[str, Any]) -> Plan:
        """The plan, after everything in its tree was found on a list. Raises SqlError. Blocking."""
        try:
            dump = connection.raw(f"{BIND}EXPLAIN AST {plan.text}", bound, fmt=DUMP_FORMAT)
        except StoreError as error:
            if error.code != _SYNTAX:
                raise self._failure(error, plan) from error
            raise SqlError(
                "Only one SELECT can be run here, without FORMAT and INTO OUTFILE.", "refused"
            ) from error
        check_tree(read_tree(dump.decode("utf-8", "replace")), plan)
        return plan

    def limits(self, mark: str, project: str, chosen: Mapping[str, str | int], bounded: bool = True) -> str:
        """The settings a query runs with: a wall of their own, whatever the text says.

        `chosen` are those that only shape the answer; `bounded` is whether all of it must fit into memory.
        """
        own = sorted({table for relation in self.relations.values() for table in relation.tables})
        filters = ", ".join(f"'{table}': 'project = \\'{project}\\''" for table in own)
        settings: dict[str, str | int | float] = {
            **chosen,
            "max_execution_time": self._settings.query_seconds,
            "timeout_overflow_mode": "throw",
            "max_memory_usage": self._settings.query_memory,
            **({"max_result_bytes": _MAX_ANSWER, "result_overflow_mode": "throw"} if bounded else {}),
            "max_threads": 2,
            "enable_analyzer": 1,
            "allow_ddl": 0,
            "allow_introspection_functions": 0,
            "log_comment": mark,
            "readonly": 1,
        }
        written = (f"{key} = {value!r}" for key, value in settings.items())
        return f"additional_table_filters = {{{filters}}}, {', '.join(written)}"

    def _failure(self, error: StoreError, plan: Plan) -> SqlError:
        columns = {column.name for relation in plan.relations for column in relation.columns}
        return query_error(
            error, self.relations, columns, self._settings.query_seconds, self._settings.query_memory
        )

    def _described(self, query: str) -> SqlAnswer | None:
        """SHOW TABLES and DESCRIBE, answered from our own list."""
        if _SHOW.fullmatch(query):
            return SqlAnswer(("name",), ("String",), [[name] for name in sorted(self.relations)], False, 0.0)
        found = _DESCRIBE.fullmatch(query)
        if not found:
            return None
        relation = self.relations.get(found[1])
        if not relation:
            raise SqlError(
                f'There is no table "{found[1]}". Tables: {", ".join(sorted(self.relations))}.', "unknown"
            )
        rows: list[list[Any]] = [[column.name, column.type] for column in relation.columns]
        return SqlAnswer(("name", "type"), ("String", "String"), rows, False, 0.0)


def _whole(pieces: Iterator[bytes]) -> bytes:
    """An answer in one piece. The engine bounds each of its blocks alone, so what they come to is counted
    here, while they come. Raises SqlTooLarge."""
    found, size = [], 0
    for piece in pieces:
        found.append(piece)
        size += len(piece)
        if size > _MAX_ANSWER:
            raise SqlTooLarge(
                f"The answer is longer than {_MAX_ANSWER // 2**20} MiB. Read fewer rows or columns, or"
                " shorten long texts with substring().",
                "failed",
            )
    return b"".join(found)


class Call:
    """One question under way: its mark in the engine's process list, and whether it was given up."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.started = threading.Event()
        self.stopped = threading.Event()
        self.over = threading.Event()


def checked_query(project: str, query: str) -> None:
    """Refuse a text that is none or too long. Raises SqlError, ValueError for a wrong project."""
    if not _PROJECT.fullmatch(project):
        raise ValueError(f"project {project!r} is not a project's name")
    try:
        size = len(query.encode())
    except UnicodeEncodeError as error:
        raise SqlError(
            "The query holds half a surrogate pair, which is no text.", "syntax", error.start
        ) from error
    if size > MAX_QUERY:
        raise SqlError(f"The query is longer than {MAX_QUERY // 1024} KiB.", "refused")


def _checked_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Values as the driver takes them: text, numbers, booleans, null, and lists of these."""
    for name, value in parameters.items():
        if not _NAME.fullmatch(name) or reserved(name):
            raise SqlError(
                f"Parameter {name[:60]!r}: a name is letters, digits and _, and not sightline_….",
                "parameters",
            )
        items = value if isinstance(value, list) else [value]
        if not all(item is None or isinstance(item, str | int | float | bool) for item in items):
            raise SqlError(
                f"Parameter {name}: a value is text, a number, true, false, null, or a list of these.",
                "parameters",
            )
    return dict(parameters)
