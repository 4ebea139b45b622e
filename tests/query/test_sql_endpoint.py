"""SQL against a real engine: answers, limits, cancelling, and connections after a failure."""

# ruff: noqa: E501 -- a query stays on its line

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.query.sql_two_projects import ROWS, TwoProjects

from sightline.query.sql_errors import SqlBusy, SqlError, SqlTooLarge, SqlTooLong

MINE = ROWS // 2
ENDLESS = "select count() from numbers(1000000000000) where sipHash64(number) = 1"


def test_columns_rows_and_types(two_projects: TwoProjects) -> None:
    answer = two_projects.ask("select name, count() as n from spans group by name order by name limit 2")
    assert answer.columns == ("name", "n")
    assert answer.types == ("LowCardinality(String)", "UInt64")
    assert answer.dicts() == [{"name": "0", "n": 29}, {"name": "1", "n": 28}]
    assert not answer.truncated
    assert answer.elapsed_ms > 0


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("toUInt64(18446744073709551615)", 18446744073709551615),
        ("toInt64(-9223372036854775808)", -9223372036854775808),
        ("toUInt256('115792089237316195423570985008687907853269984665640564039457584007913129639935')",
         "115792089237316195423570985008687907853269984665640564039457584007913129639935"),
        ("nan", None),
        ("1 / 0", None),
        ("toDecimal64('1.50', 2)", "1.5"),
        ("toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0')", "61f0c404-5cb3-11e7-907b-a6006ad3dba0"),
        ("toDateTime64('2026-01-02 03:04:05.123456789', 9, 'UTC')", "2026-01-02T03:04:05.123456789Z"),
        ("toDateTime64('2026-01-02 03:04:05.123456789', 9, 'Europe/Berlin')", "2026-01-02T02:04:05.123456789Z"),
        ("toDateTime('2026-01-02 03:04:05')", "2026-01-02T03:04:05Z"),
        ("toDate('2026-01-02')", "2026-01-02"),
        ("[1, NULL, 3]", [1, None, 3]),
        ("map('a', [1.5])", {"a": [1.5]}),
        ("CAST((1, 'x'), 'Tuple(a UInt8, b String)')", {"a": 1, "b": "x"}),
        ("(1, 'x')", [1, "x"]),
        ("""'{"a": {"b": 9007199254740993}}'::JSON""", {"a": {"b": 9007199254740993}}),
        ("unhex('00ff')", "00ff"),
        ("['ok', unhex('ff')]", ["ok", "ff"]),
        ("true", True),
        ("NULL", None),
        ("'\\0\\n\"é'", '\0\n"é'),
    ],
)  # fmt: skip
def test_values_are_json_safe_and_exact(two_projects: TwoProjects, expression: str, expected: Any) -> None:
    assert two_projects.values(f"select {expression} as v") == [[expected]]


def test_columns_of_one_name_all_stay(two_projects: TwoProjects) -> None:
    answer = two_projects.ask("select 1, 1, a.name, a.name from spans as a limit 1")
    assert answer.columns == ("1", "1_2", "name", "name_2")


def test_the_names_of_section_three(two_projects: TwoProjects) -> None:
    names = (
        "trace_id, span_id, parent_span_id, name, kind, status, start_time, duration_ns, service, provider,"
        " request_model, response_model, operation, input_tokens, output_tokens, cache_read_tokens,"
        " cache_write_tokens, reasoning_tokens, cost_usd, usage_source, streaming, time_to_first_token_ns,"
        " session_id, user_id, tool_name, finish_reason, attributes"
    )
    answer = two_projects.ask(f"select {names} from spans order by start_time limit 1")
    assert answer.columns == tuple(names.split(", "))
    assert answer.dicts()[0]["start_time"] == "2026-11-01T00:00:00.000000000Z"
    assert answer.dicts()[0]["attributes"] == {"team": "red", "n": 5}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select count() from spans", [[MINE]]),
        ("SELECT Count(*) FROM spans -- how many", [[MINE]]),
        ("select count() from (select * from spans)", [[MINE]]),
        ("with a as (select * from spans), b as (select * from a) select count() from b", [[MINE]]),
        ("with spans as (select * from spans) select count() from spans", [[MINE]]),
        ("select sum(n) from (select count() as n from spans union all select count() from spans)", [[2 * MINE]]),
        ("select count() from spans a join spans b using (span_id)", [[MINE]]),
        ("select count() from spans where span_id in (select span_id from spans)", [[MINE]]),
        ("select count() from spans array join tags as t where t = 'blue'", [[MINE]]),
        ("select arrayMap(x -> x + 1, [1])", [[[2]]]),
        ("with (x -> x + 1) as f select f(1)", None),
        ("select max(duration_ns) over (order by start_time) as m from spans order by m desc limit 1", [[ROWS - 2]]),
        ("with recursive r as (select 1 as n union all select n + 1 from r where n < 5) select max(n) from r", [[5]]),
        ("select number from numbers(10) order by number limit 1 by number % 2 limit 3", [[0], [1]]),
        ("select 1 except select 1", []),
        ("select 1 intersect select 1", [[1]]),
        ("select toString(attributes.team), count() from spans group by 1", [["red", MINE]]),
        ("select count() from traces", [[ROWS // 4]]),
        ("select sum(spans), sum(input_tokens) from traces", [[MINE, sum(range(0, ROWS, 2))]]),
        ("select count(), uniq(hash), any(length(hash)) from content", [[MINE, MINE, 32]]),
        ("select distinct content.hash from spans", [[["00112233445566778899aabbccddeeff"]]]),
        ("select count() from logs l join spans s using (trace_id)", [[400]]),
        ("select count() from metrics", [[0]]),
        ("select arrayReduce('quantileExact(0.5)', [1, 2, 3])", [[2]]),
        ("select quantilesExactIf(0.5)(duration_ns, status = 'ok') is not null from spans", [[1]]),
        ("select c from (values (1), (2)) as t(c)", None),
    ],
)  # fmt: skip
def test_questions(two_projects: TwoProjects, query: str, expected: list[list[Any]] | None) -> None:
    if expected is None:
        with pytest.raises(SqlError):
            two_projects.ask(query)
    else:
        assert two_projects.values(query) == expected


def test_show_and_describe_come_from_our_own_list(two_projects: TwoProjects) -> None:
    assert [row[0] for row in two_projects.values("SHOW TABLES")] == [
        "content",
        "logs",
        "metrics",
        "scores",
        "spans",
        "traces",
    ]
    columns = {row[0]: row[1] for row in two_projects.values("describe table spans;")}
    assert columns["cost_usd"] == "Nullable(Float64)"
    assert columns["content.hash"] == "Array(String)"
    assert not {"retention_days", "inherited"} & set(columns)
    with pytest.raises(SqlError, match='There is no table "spnas"'):
        two_projects.ask("desc spnas")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60), number=st.integers(-(2**63), 2**63 - 1), flag=st.booleans())
def test_parameters_come_back_as_sent(two_projects: TwoProjects, text: str, number: int, flag: bool) -> None:
    query = "select {t:String} as t, {n:Int64} as n, {b:Bool} as b, {l:Array(String)} as l, {z:Nullable(String)} as z"
    sent = {"t": text, "n": number, "b": flag, "l": [text, "x"], "z": None}
    assert two_projects.ask(query, sent).dicts() == [sent]


def test_a_parameter_without_a_value_is_named(two_projects: TwoProjects) -> None:
    with pytest.raises(SqlError, match="Parameter who has no value"):
        two_projects.ask("select count() from spans where user_id = {who:String}")
    with pytest.raises(SqlError, match="sightline_"):
        two_projects.ask("select 1", {"sightline_project": "beta"})


def test_too_many_rows_are_cut_and_said(two_projects: TwoProjects) -> None:
    answer = two_projects.ask("select number from numbers(1000000) order by number desc")
    assert (len(answer.rows), answer.truncated, answer.rows[0]) == (1000, True, [999999])
    assert not two_projects.ask("select number from numbers(1000)").truncated


def test_time_and_memory_are_bounded(two_projects: TwoProjects) -> None:
    with pytest.raises(SqlTooLong, match="longer than 4 s"):
        two_projects.ask(ENDLESS)
    with pytest.raises((SqlTooLarge, SqlTooLong)):
        two_projects.ask("select groupArray(toString(number)) from numbers(1000000000)")


@pytest.mark.parametrize("size", [70_000, 90_000])
def test_the_answer_as_a_whole_is_bounded(two_projects: TwoProjects, size: int) -> None:
    """The engine bounds its blocks one by one; each alone may be short."""
    text = f"repeat('x', {size})"
    with pytest.raises(SqlTooLarge, match=r"longer than 64 MiB\. Read fewer rows"):
        two_projects.ask(f"SELECT {text} AS t FROM numbers(5000)")
    assert two_projects.values(f"SELECT length({text}) AS n FROM numbers(1)") == [[size]]
    assert len(two_projects.ask(f"SELECT {text} AS t FROM numbers(100)").rows) == 100


def test_a_failed_query_leaves_nothing_for_the_next(two_projects: TwoProjects) -> None:
    # The embedded engine puts what a failed query had written in front of the next answer of its connection.
    for _ in range(4):
        with pytest.raises(SqlError):
            two_projects.ask("select number, intDiv(1, 900 - number) from numbers(100000)", project="beta")
        assert two_projects.values("select 'clean'") == [["clean"]]


def test_a_cancelled_question_is_killed(two_projects: TwoProjects) -> None:
    store = two_projects.store

    async def running() -> int:
        rows = await store.fetch("SELECT count() FROM system.processes WHERE query LIKE '%sipHash64(number) = 1%'"
                                 " AND query NOT LIKE '%processes%'")  # fmt: skip
        return int(rows.scalar())

    async def until(count: int) -> None:
        async with asyncio.timeout(3):
            while await running() != count:
                pass

    async def cancel() -> None:
        task = asyncio.create_task(two_projects.endpoint.answer("alpha", ENDLESS))
        await until(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(0)

    two_projects.run(cancel())
    assert two_projects.values("select 1") == [[1]]


def test_time_values_are_numbers(two_projects: TwoProjects) -> None:
    [[seconds]] = two_projects.values("select toUnixTimestamp64Nano(max(start_time)) / 1e9 from spans")
    assert math.isfinite(seconds)


def test_more_questions_than_can_wait_are_turned_away(two_projects: TwoProjects) -> None:
    async def ask() -> list[Any]:
        asked = (two_projects.endpoint.answer("alpha", "select 1") for _ in range(40))
        return await asyncio.gather(*asked, return_exceptions=True)

    answers = two_projects.run(ask())
    assert sum(isinstance(answer, SqlBusy) for answer in answers) == 8
    assert all(isinstance(answer, SqlBusy) or answer.rows == [[1]] for answer in answers)
