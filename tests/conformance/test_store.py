"""One suite for the embedded and the remote store: what one answers, the other answers, too."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from conformance.remote import remote_store
from sightline.digest.settle import REMOTE_SCRATCH, drop_leftovers, own_name
from sightline.settings import StoreSettings
from sightline.store.rows import Limits, QueryTimeout, QueryTooLarge, SchemaMismatch, StoreError
from sightline.store.schema import Step, applied, migrate, steps
from sightline.store.store import DATABASE, Connection, Store, embedded_url

ENDLESS = "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))"
SIDES = ("embedded", "remote")


@contextmanager
def address(side: str, folder: Path) -> Iterator[str]:
    """The address of an empty store."""
    if side == "embedded":
        yield embedded_url(folder)
    else:
        with remote_store(folder) as url:
            yield url


@pytest.fixture(scope="module", params=SIDES)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with address(request.param, tmp_path_factory.mktemp(request.param)) as url:
        found = Store(url, StoreSettings())
        found.command("CREATE DATABASE IF NOT EXISTS suite")
        yield found
        found.close()


@pytest.fixture
def writer(store: Store) -> Iterator[Connection]:
    found = store.writer()
    yield found
    found.close()


def test_an_answer_has_names_types_and_rows(store: Store) -> None:
    answer = asyncio.run(
        store.fetch(
            "SELECT toUInt8(7) AS a, 'x' AS b, toLowCardinality('y') AS c, [1, NULL] AS d,"
            " toDateTime64('2026-01-02 03:04:05.123456789', 9, 'UTC') AS e, map('k', 1.5) AS f, (1, 'z') AS g"
        )
    )
    assert answer.columns == ("a", "b", "c", "d", "e", "f", "g")
    assert answer.types == (
        "UInt8", "String", "LowCardinality(String)", "Array(Nullable(UInt8))", "DateTime64(9, 'UTC')",
        "Map(String, Float64)", "Tuple(UInt8, String)",
    )  # fmt: skip
    (row,) = answer.rows
    assert row[:4] == (7, "x", "y", [1, None])
    assert (str(row[4])[:26], row[5:]) == ("2026-01-02 03:04:05.123456", ({"k": 1.5}, (1, "z")))


def test_an_answer_without_rows_has_its_columns(store: Store) -> None:
    answer = store.query("SELECT number AS n, 'x' AS s FROM numbers(10) WHERE number > 100")
    assert answer.rows == []
    assert answer.scalar() is None


def test_json_comes_back_as_it_is_typed(store: Store) -> None:
    sql = """SELECT CAST('{"a": {"b": 1}, "c": ["x"], "d": 1.5}', 'JSON') AS j, j.a.b.:Int64, j.c.:`Array(Nullable(String))`"""  # noqa: E501
    assert store.query(sql).rows[0][1:] == (1, ["x"])


@pytest.mark.parametrize(
    "text",
    [
        "", "plain", "x'\\y", "a\tb\nc\rd", "\\N", "é😀", "{p:String}", "'; DROP TABLE x; --", "%s",
        "a" * 20_000,
    ],
)  # fmt: skip
def test_a_parameter_arrives_as_it_was_given(store: Store, text: str) -> None:
    assert store.query("SELECT {p:String} AS p", {"p": text}).scalar() == text


def test_parameters_of_other_types(store: Store) -> None:
    answer = store.query(
        "SELECT {i:Int64}, {f:Float64}, {l:Array(String)}, {n:Nullable(String)}",
        {"i": -(2**63), "f": 1.5, "l": ["a'b", "\\", ""], "n": None},
    )
    assert answer.rows == [(-(2**63), 1.5, ["a'b", "\\", ""], None)]


def test_time_is_bounded(store: Store) -> None:
    with pytest.raises(QueryTimeout):
        asyncio.run(store.fetch(ENDLESS, limits=Limits(seconds=0.2)))


def test_memory_is_bounded(store: Store) -> None:
    with pytest.raises(QueryTooLarge):
        asyncio.run(
            store.fetch("SELECT groupArray(number) FROM numbers(100000000)", limits=Limits(memory=64 << 20))
        )


def test_rows_are_bounded(store: Store) -> None:
    with pytest.raises(QueryTooLarge):
        asyncio.run(store.fetch("SELECT number FROM numbers(1000000)", limits=Limits(rows=1000)))
    assert len(store.query("SELECT number FROM numbers(1000)", limits=Limits(rows=1000)).rows) == 1000


@pytest.mark.parametrize(
    ("sql", "code", "word"),
    [
        ("SELECT no_such_column FROM numbers(1)", 47, "no_such_column"),
        ("SELECT * FROM suite.no_such_table", 60, "no_such_table"),
        ("SELEC 1", 62, "Syntax error"),
        ("SELECT throwIf(1, 'on (version 2) purpose')", 395, "on (version 2) purpose"),
        ("SELECT toUInt8('x')", 6, "'x'"),
    ],
)
def test_an_error_says_what_and_not_where(store: Store, sql: str, code: int, word: str) -> None:
    for ask in (store.query, store.command):
        with pytest.raises(StoreError) as found:
            ask(sql)
        said = str(found.value)
        assert found.value.code == code
        assert word in said
        for inside in ("DB::Exception", "Stack trace", "http://", "official build", "Received"):
            assert inside not in said
        assert said.count("(") == said.count(")")


def test_an_error_leaves_no_trace_in_the_next_answer(writer: Connection) -> None:
    with pytest.raises(StoreError):
        writer.query("SELECT throwIf(number = 900000) FROM numbers(1000000) SETTINGS max_block_size = 1000")
    assert writer.query("SELECT 1").rows == [(1,)]


def test_settings_of_one_query_end_with_it(writer: Connection) -> None:
    one = "SELECT getSetting('max_block_size')"
    before = writer.query(one).scalar()
    assert writer.query(one, settings={"max_block_size": 4321}).scalar() == 4321
    assert int(writer.raw(one, settings={"max_block_size": 4322}, fmt="TabSeparated")) == 4322
    assert writer.command(one, settings={"max_block_size": 4323}) == 4323
    assert writer.query(one).scalar() == before


def test_settings_of_a_writer_stay(store: Store) -> None:
    writer = store.writer(max_query_size=1 << 20)
    for _ in range(2):
        assert writer.query("SELECT getSetting('max_query_size')").scalar() == 1 << 20
    writer.close()


def test_a_table_of_numbers_is_read_as_it_is(writer: Connection) -> None:
    found = writer.table("SELECT number, toUInt8(1) FROM numbers(3)", np.dtype([("n", "<u8"), ("one", "u1")]))
    assert found["n"].tolist() == [0, 1, 2]
    assert found["one"].tolist() == [1, 1, 1]
    assert not len(writer.table("SELECT number FROM numbers(0)", np.dtype([("n", "<u8")])))


def test_raw_answers_in_the_format_asked_for(writer: Connection) -> None:
    assert writer.raw("SELECT 1 AS a, 'x' AS b", fmt="JSONEachRow") == b'{"a":1,"b":"x"}\n'
    assert writer.raw("SELECT {t:String}", {"t": "\xff\0"}, fmt="RawBLOB") == "\xff\0".encode()


def test_rows_are_inserted_in_columns_and_in_blocks(writer: Connection) -> None:
    writer.command(
        "CREATE OR REPLACE TABLE suite.t (a UInt64, b String, c Array(String) DEFAULT ['d']) ENGINE = Memory"
    )
    writer.insert("suite.t", ("a", "b"), [[1, 2], ["x", "é\0"]])
    writer.insert("suite.t", ("a", "b"), [np.arange(3, 5), [b"\xff", b"raw"]])
    writer.insert_raw("suite.t", ("a",), np.arange(5, 7, dtype="<u8").tobytes(), "RowBinary")
    block = writer.raw("SELECT toUInt64(7) AS a, 'n' AS b, ['e'] AS c", fmt="Native")
    writer.insert_raw("suite.t", ("a", "b", "c"), block)
    rows = writer.query("SELECT a, hex(b), c FROM suite.t ORDER BY a").rows
    hexed = {1: "78", 2: "C3A900", 3: "FF", 4: "726177", 5: "", 6: "", 7: "6E"}
    assert rows == [(a, b, ["e"] if a == 7 else ["d"]) for a, b in hexed.items()]


def test_a_block_that_does_not_fit_is_refused_whole(writer: Connection) -> None:
    writer.command("CREATE OR REPLACE TABLE suite.u (a UInt64) ENGINE = MergeTree ORDER BY a")
    with pytest.raises(StoreError):
        writer.insert_raw("suite.u", ("a",), b"\1\2\3", "RowBinary")
    with pytest.raises(StoreError, match="no_such_column"):
        writer.insert_raw("suite.u", ("no_such_column",), bytes(8), "RowBinary")
    assert writer.query("SELECT count() FROM suite.u").scalar() == 0


def test_a_block_with_a_token_is_inserted_once(writer: Connection) -> None:
    writer.command(
        "CREATE OR REPLACE TABLE suite.once (a UInt64) ENGINE = MergeTree ORDER BY a"
        " SETTINGS non_replicated_deduplication_window = 100"
    )
    block = np.arange(10, dtype="<u8").tobytes()
    for token in ("one", "one", "two"):
        writer.insert_raw(
            "suite.once", ("a",), block, "RowBinary", settings={"insert_deduplication_token": token}
        )
    assert writer.query("SELECT count() FROM suite.once").scalar() == 20


def test_a_writer_keeps_its_temporary_tables_to_itself(store: Store, writer: Connection) -> None:
    writer.command("CREATE TEMPORARY TABLE mine (a UInt64) ENGINE = Memory")
    writer.insert("mine", ("a",), [[1, 2]])
    writer.insert_raw("mine", ("a",), np.arange(2, dtype="<u8").tobytes(), "RowBinary")
    assert writer.query("SELECT sum(a) FROM mine").scalar() == 4
    other = store.writer()
    with pytest.raises(StoreError, match="mine"):
        other.query("SELECT * FROM mine")
    with pytest.raises(StoreError, match="mine"):
        store.query("SELECT * FROM mine")
    other.close()


def test_a_cancelled_query_is_stopped_and_its_reader_free_again(store: Store) -> None:
    running = "SELECT count() FROM system.processes WHERE query LIKE '%sipHash64(number)%' AND query NOT LIKE '%system%'"  # noqa: E501

    async def cancel() -> None:
        count = store.settings.readers
        work = [asyncio.create_task(store.fetch(ENDLESS)) for _ in range(count)]
        while await asyncio.to_thread(store.command, running) < count:
            await asyncio.to_thread(lambda: None)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        assert all(task.cancelled() for task in work)
        # Every reader answers again, which they could not while one still counts.
        answers = await asyncio.gather(*(store.fetch("SELECT 1") for _ in range(count)))
        assert [a.scalar() for a in answers] == [1] * count

    asyncio.run(cancel())


def test_the_schema_is_applied_upgraded_and_refused(writer: Connection) -> None:
    shipped = steps()
    assert [s.number for s in migrate(writer, shipped[:1])] == [1]
    assert [s.number for s in migrate(writer)] == [s.number for s in shipped[1:]]
    assert migrate(writer) == []
    assert applied(writer) == {s.number: s.checksum for s in shipped}
    tables = writer.query("SELECT name FROM system.tables WHERE database = {d:String}", {"d": DATABASE})
    assert {"spans", "content", "logs", "metrics"} <= {row[0] for row in tables.rows}
    future = Step(len(shipped) + 1, "future", "local", "-- target: local\nSELECT 1;\n")
    migrate(writer, [*shipped, future])
    with pytest.raises(SchemaMismatch, match="newer version"):
        migrate(writer)
    with pytest.raises(SchemaMismatch, match="changed after release"):
        migrate(writer, [Step(1, "spans", "local", shipped[0].text + "\n-- changed\n"), *shipped[1:], future])
    writer.command(f"DROP DATABASE {DATABASE} SYNC")


def test_scratch_tables_of_long_ago_are_dropped(writer: Connection) -> None:
    now = 1_795_000_000 * 10**9
    writer.command(f"CREATE DATABASE {REMOTE_SCRATCH} ENGINE = Memory")
    names = [f"fixes_{own_name(now - 8 * 86_400 * 10**9)}", f"dead_{own_name(now)}", "fixes_0"]
    for name in names:
        writer.command(f"CREATE TABLE {REMOTE_SCRATCH}.{name} (a UInt8) ENGINE = Memory")
    assert drop_leftovers(writer, now) == 1
    left = writer.query("SELECT name FROM system.tables WHERE database = {d:String}", {"d": REMOTE_SCRATCH})
    assert sorted(row[0] for row in left.rows) == sorted(names[1:])
    writer.command(f"DROP DATABASE {REMOTE_SCRATCH} SYNC")


def test_closing_twice_is_harmless(store: Store) -> None:
    found = store.writer()
    found.close()
    found.close()


def test_a_store_that_is_not_there_is_an_error_of_the_store() -> None:
    with pytest.raises(StoreError, match=r"127\.0\.0\.1"):
        Store("clickhouse://127.0.0.1:1", StoreSettings())


def test_an_address_with_a_password_keeps_it_to_itself() -> None:
    with pytest.raises(StoreError) as found:
        Store("clickhouse://someone:secret@127.0.0.1:1/default", StoreSettings())
    assert "secret" not in str(found.value)


def test_a_store_that_went_away_is_an_error_of_the_store(tmp_path: Path) -> None:
    with remote_store(tmp_path) as url:
        store = Store(url, StoreSettings())
        writer = store.writer()
    for ask in (store.query, store.command, writer.query, writer.command, writer.raw):
        with pytest.raises(StoreError):
            ask("SELECT 1")
    with pytest.raises(StoreError):
        writer.insert_raw("suite.t", ("a",), bytes(8), "RowBinary")
    writer.close()
    store.close()
