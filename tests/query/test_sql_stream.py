"""Answers of the ClickHouse protocol: whole, in order, bounded in memory, and of one project only."""

# ruff: noqa: E501 -- a query stays on its line

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.query.sql_two_projects import SECRET, SECRET_NUMBER, TwoProjects
from tests.query.test_sql_isolation import REFUSED

from sightline.query.sql_errors import SqlError, SqlTooLong
from sightline.query.sql_formats import FORMATS
from sightline.query.sql_stream import Question, SqlStreams
from sightline.store.rows import StoreError
from sightline.store.store import STREAMED

Ask = Callable[..., bytes]


@dataclass
class Streams:
    """The endpoint, and a loop to ask it on."""

    endpoint: SqlStreams
    run: Callable[[Coroutine[Any, Any, Any]], Any]

    def ask(self, query: str, project: str = "alpha", **more: Any) -> bytes:
        """The whole answer."""

        async def go() -> bytes:
            streamed = await self.endpoint.stream(Question(project, query, **more))
            try:
                return b"".join([piece async for piece in streamed.pieces])
            finally:
                await streamed.close()

        answer: bytes = self.run(go())
        return answer


@pytest.fixture(scope="module")
def streams(two_projects: TwoProjects) -> Iterator[Streams]:
    endpoint = SqlStreams(two_projects.store, two_projects.store.settings)
    endpoint.open()
    yield Streams(endpoint, two_projects.run)
    endpoint.close()


def test_formats_of_the_list_answer_and_say_what_they_are(streams: Streams) -> None:
    for name in FORMATS:
        answer = streams.ask(f"SELECT toUInt8(number) AS n, 'x' AS s FROM numbers(3) FORMAT {name}")
        assert answer, name
        assert streams.ask("SELECT 1 AS n", default_format=name), name


def test_what_is_sent_piece_by_piece_is_what_the_store_gives_so() -> None:
    assert {format_.rows for format_ in FORMATS.values() if format_.rows} == STREAMED


def test_a_head_comes_once_also_without_rows(streams: Streams) -> None:
    answer = streams.ask("SELECT number AS n FROM numbers(100000) FORMAT CSVWithNames")
    lines = answer.decode().splitlines()
    assert lines[0] == '"n"'
    assert lines[1:] == [str(n) for n in range(100_000)]
    assert streams.ask("SELECT 1 AS n WHERE 0 FORMAT TSVWithNamesAndTypes") == b"n\nUInt8\n"


def test_rows_have_no_bound_of_their_own(streams: Streams, two_projects: TwoProjects) -> None:
    rows = two_projects.store.settings.query_rows * 50
    assert streams.ask(f"SELECT number FROM numbers({rows})").count(b"\n") == rows


def test_the_engine_waits_for_the_reader(streams: Streams) -> None:
    made = itertools.count()
    seen: list[int] = []

    def counted(pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            seen.append(next(made))
            yield piece

    async def go() -> None:
        question = Question("alpha", "SELECT number, repeat('x', 100) FROM numbers(3000000)", encode=counted)
        streamed = await streams.endpoint.stream(question)
        read = 0
        async for _ in streamed.pieces:
            read += 1
            # Never more than a few pieces ahead of the reader, however long the answer.
            assert len(seen) - read <= 8
        assert read > 100
        await streamed.close()

    streams.run(go())


def test_a_reader_that_leaves_stops_the_query_and_frees_the_connection(streams: Streams) -> None:
    async def go() -> None:
        for _ in range(4):  # more often than there are connections
            question = Question("alpha", "SELECT number FROM numbers(100000000000)")
            streamed = await streams.endpoint.stream(question)
            await anext(streamed.pieces)
            await streamed.close()

    streams.run(go())
    assert streams.ask("SELECT 1") == b"1\n"


def test_a_failure_on_the_way_comes_after_what_was_made(streams: Streams) -> None:
    query = "SELECT toInt8(if(number = 2999999, 'x', '1')) FROM numbers(3000000)"

    async def go() -> int:
        streamed = await streams.endpoint.stream(Question("alpha", query))
        pieces = 0
        with pytest.raises(SqlError, match="Cannot parse string 'x'"):
            async for _ in streamed.pieces:
                pieces += 1
        await streamed.close()
        return pieces

    assert streams.run(go()) > 0
    assert streams.ask("SELECT 1") == b"1\n"


def test_time_is_bounded(streams: Streams) -> None:
    with pytest.raises(SqlTooLong, match="longer than 4 s"):
        streams.ask("SELECT count() FROM numbers(1000000000000) WHERE sin(number) > 2")


def test_answers_that_cannot_be_cut_are_bounded_in_size(streams: Streams) -> None:
    with pytest.raises(SqlError, match=r"longer than 64 MiB.*JSONEachRow"):
        streams.ask("SELECT number, repeat('x', 100) FROM numbers(3000000) FORMAT Parquet")


def test_json_is_sent_as_it_is_made(streams: Streams) -> None:
    for rows in (0, 1, 2, 100_000):
        query = f"SELECT number AS n, 'a\nb' AS s FROM numbers({rows})"
        document = json.loads(streams.ask(f"{query} FORMAT JSON"))
        assert document["meta"] == [{"name": "n", "type": "UInt64"}, {"name": "s", "type": "String"}]
        assert document["rows"] == rows
        assert document["data"] == [{"n": n, "s": "a\nb"} for n in range(rows)]


def test_parameters_are_as_the_protocol_escapes_them(streams: Streams) -> None:
    query = "SELECT {a:String}, {n:Int64} + 1, {l:Array(String)}[2] FORMAT TabSeparatedRaw"
    given = {"a": r"it's\ta \\ slash", "n": "41", "l": r"['x','it\'s']"}
    assert streams.ask(query, parameters=given) == b"it's\ta \\ slash\t42\tit's\n"
    with pytest.raises(SqlError, match="may not begin with sightline_"):
        streams.ask("SELECT 1", parameters={"sightline_project": "beta"})
    with pytest.raises(SqlError, match="has no value"):
        streams.ask("SELECT {sightline_columns:Array(Tuple(String, String, String, UInt64))}")


def test_the_newer_native_is_for_those_who_ask(streams: Streams) -> None:
    plain = streams.ask("SELECT * FROM spans ORDER BY start_time LIMIT 3 FORMAT Native")
    newer = streams.ask("SELECT * FROM spans ORDER BY start_time LIMIT 3 FORMAT Native", revision=54460)
    assert newer[:8] == b"\x01\x00\x02\xff\xff\xff\xff\x00"
    assert len(newer) > len(plain[:8])
    assert streams.ask("SELECT 1", revision=54405, default_format="Native") == b"\x01\x01\x011\x05UInt8\x01"
    team = streams.ask("SELECT attributes.team AS team FROM spans LIMIT 1 FORMAT Native", revision=54460)
    assert team.endswith(b"\x04team\x10Nullable(String)\x00\x00\x03red")
    with pytest.raises(SqlError, match=r"Array\(JSON.*as text"):
        streams.ask("SELECT [attributes] FROM spans FORMAT Native")


def test_what_clients_ask_at_connect(streams: Streams) -> None:
    assert streams.ask("SELECT displayName(), revision(), timezone()") == b"Sightline\t54460\tUTC\n"
    settings = streams.ask("SELECT name, value, readonly FROM system.settings LIMIT 10000")
    assert b"readonly\t1\t1\n" in settings
    assert streams.ask("SHOW DATABASES") == b"default\n"
    assert streams.ask("SHOW TABLES FROM default") == b"content\nlogs\nmetrics\nscores\nspans\ntraces\n"
    assert (
        streams.ask("SELECT type FROM system.columns WHERE table = 'spans' AND name = 'duration_ns'")
        == b"UInt64\n"
    )
    assert streams.ask("DESCRIBE TABLE default.spans").startswith(b"project\tLowCardinality(String)\t")
    joined = "SELECT count() FROM system.tables t JOIN system.columns AS c ON c.table = t.name WHERE t.name = 'spans'"
    assert int(streams.ask(joined)) > 100


NOT_REFUSED_HERE = {
    "show databases", "exists table spans", "select 1 format CSV", "select * from default.spans",
    "select * from system.tables", "select (select count() from system.tables)",
    "select 1 where exists(select 1 from system.tables)", "select * from spans join system.tables on 1",
    "select hostName()", "select currentUser()", "select user()", "select currentDatabase()", "select displayName()",
    "select version()", "select database()", "select * from SYSTEM.tables", "select `hostName`()",
    'select "hostName"()', "select HOSTNAME()", "select hostName/**/()", "select * replace(hostName() as name) from spans",
    "select number from numbers(1) order by hostName()",
}  # fmt: skip


@pytest.mark.parametrize("query", REFUSED)
def test_what_is_refused_elsewhere_is_refused_here_or_ours(streams: Streams, query: str) -> None:
    """The same list as for `/api/v1/sql`. What the protocol answers in addition comes from our own list."""
    try:
        answer = streams.ask(query).decode("utf-8", "replace")
    except (SqlError, StoreError) as error:
        assert SECRET not in str(error)
        return
    assert query in NOT_REFUSED_HERE, f"{query} was answered: {answer[:200]}"
    assert SECRET not in answer
    assert str(SECRET_NUMBER) not in answer


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM spans", "SELECT * FROM default.spans", "SELECT * FROM logs", "SELECT * FROM traces",
        "SELECT * FROM content", "SELECT input_messages FROM spans", "SELECT attributes FROM spans", "SELECT [attributes] FROM spans",
        "SELECT attributes.n FROM spans", "SELECT (1, attributes) FROM spans", "SELECT resource, attributes.team FROM spans LIMIT 1", "SELECT * FROM system.tables", "SELECT * FROM system.columns",
        "SELECT * FROM system.settings", "SELECT s.* FROM system.tables AS t JOIN spans AS s ON 1",
        "SELECT groupArray(attributes::String) FROM spans",
        "SELECT toString(count()) FROM spans WHERE project != 'alpha'",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "format_", ["TabSeparated", "JSON", "Native", "RowBinaryWithNamesAndTypes", "Parquet", "Arrow"]
)
def test_a_project_sees_nothing_of_another(streams: Streams, query: str, format_: str) -> None:
    try:
        answer = streams.ask(f"{query} FORMAT {format_}").decode("utf-8", "replace")
    except SqlError as error:
        answer = str(error)
    assert SECRET not in answer
    assert str(SECRET_NUMBER) not in answer
    assert "beta" not in answer


def test_settings_of_the_address_cannot_move_a_wall(streams: Streams) -> None:
    """Whoever hands settings on, the walls are written after them."""
    loosened = {
        "readonly": 0,
        "max_execution_time": 0,
        "additional_table_filters": "{}",
        "max_memory_usage": 0,
    }
    written = streams.endpoint.limits("mark", "alpha", loosened)
    assert "readonly = 1" in written
    assert "readonly = 0" not in written
    assert "max_execution_time = 0" not in written


def test_many_ask_at_once(streams: Streams) -> None:
    async def one(number: int) -> bytes:
        streamed = await streams.endpoint.stream(Question("alpha", f"SELECT {number}"))
        pieces = [piece async for piece in streamed.pieces]
        await streamed.close()
        return b"".join(pieces)

    async def go() -> list[bytes]:
        return await asyncio.gather(*(one(number) for number in range(20)))

    assert streams.run(go()) == [f"{number}\n".encode() for number in range(20)]
