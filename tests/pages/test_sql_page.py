"""The SQL page: answers by type, errors where they are, nothing of another project."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import UTC
from urllib.parse import quote

import pages_story as story
import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from sightline.api.leaving import ReaderLeft, while_reading
from sightline.pages.address import view
from sightline.pages.sql import MOST_TEXT
from sightline.pages.sql_parts import bars, cells, charts, csv_of, kind_of, moment, number, wrong
from sightline.pages.sql_schema import EXAMPLES
from sightline.query.sql_answer import SqlAnswer

PLACE = view("default", "/", {}, "", story.NOW)


def asked(client: TestClient, sql: str, project: str = "default", more: str = "") -> str:
    answer = client.get(f"/p/{project}/explore/sql?sql={quote(sql)}{more}")
    assert answer.status_code == 200, answer.text[:400]
    return answer.text


def test_an_answer_is_a_table_with_links_and_types(client: TestClient) -> None:
    html = asked(
        client,
        "select trace_id, span_id, name, start_time, duration_ns from spans order by start_time limit 3",
    )
    assert "3 rows in" in html
    assert 'href="/p/default/traces/' in html and "?span=" in html
    assert '<th scope="col" class="num" title="UInt64">duration_ns</th>' in html
    assert "<time datetime=" in html


@pytest.mark.parametrize("title", [title for title, _ in EXAMPLES])
def test_every_example_runs(client: TestClient, title: str) -> None:
    html = asked(client, dict(EXAMPLES)[title])
    assert 'id="sql-error"' not in html and 'aria-label="Result"' in html


def test_an_error_is_underlined_where_it_is(client: TestClient) -> None:
    html = asked(client, "select count()\nform spans where x")
    assert "<mark>spans</mark>" in html and "line 2" in html
    assert "There is no column" in asked(client, "select nothing_there from spans")
    assert "There is no table" in asked(client, "select 1 from spams")
    refused = asked(client, "drop table spans")
    assert 'id="sql-error"' in refused


def test_rows_of_other_projects_do_not_answer(client: TestClient) -> None:
    assert ">0</td>" in asked(client, "select count() as spans from spans", "empty")
    for attack in (
        "select count() from spans where project = 'default' or 1",
        "select count() from spans union all select count() from spans where project = 'default'",
        "with s as (select * from spans) select count() from s",
    ):
        html = asked(client, attack, "empty")
        assert 'id="sql-error"' in html or (">0</td>" in html and ">25<" not in html)
    for refused in (
        "select * from system.tables",
        "select * from sightline.spans",
        "select * from url('http://x')",
    ):
        assert 'id="sql-error"' in asked(client, refused, "empty")


def test_a_query_that_fits_no_address_is_not_run(client: TestClient) -> None:
    html = asked(client, f"select 1 /*{'x' * MOST_TEXT}*/")
    assert "fit into an address" in html and 'aria-label="Result"' not in html


def test_what_is_written_in_a_query_or_an_answer_does_nothing(client: TestClient) -> None:
    html = asked(client, "select '<script>alert(1)</script>' as `<img src=x>`, '</textarea><script>' as b")
    assert "<script>alert" not in html and "<img src=x" not in html and "</textarea><script>" not in html


def test_csv_has_the_rows_and_no_formula(client: TestClient) -> None:
    sql = "select '=cmd()' as a, -5 as b, null as c union all select 'x,\"y\"', 2, null"
    answer = client.get(f"/p/default/explore/sql?sql={quote(sql)}&format=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="default-sql.csv"'
    head, *rows = csv.reader(io.StringIO(answer.text))
    assert head == ["a", "b", "c"] and sorted(rows) == [["'=cmd()", "-5", ""], ['x,"y"', "2", ""]]
    bad = client.get("/p/default/explore/sql?sql=select&format=csv")
    assert "text/html" in bad.headers["content-type"]


def answer(columns: dict[str, str], rows: list[list[object]]) -> SqlAnswer:
    return SqlAnswer(tuple(columns), tuple(columns.values()), rows, False, 1.0)


def test_numbers_over_time_are_charts_and_texts_are_bars() -> None:
    hours = [f"2026-11-20T{n:02d}:00:00Z" for n in (10, 11, 13, 12)]
    over = answer(
        {"hour": "DateTime('UTC')", "n": "UInt64", "p": "Nullable(Float64)"},
        [[h, n, None if n == 1 else n / 2] for n, h in enumerate(hours)],
    )
    found = charts(over, UTC)
    assert [c.title for c in found] == ["n", "p"]
    assert [row.cells[0].text for row in found[0].rows] == ["0", "1", "3", "2"]
    gap = charts(answer({"h": "DateTime", "n": "UInt64"}, [[hours[0], 1], [hours[1], 2], [hours[2], 3]]), UTC)
    assert [row.cells[0].text for row in gap[0].rows] == ["1", "2", "–", "3"]
    by = answer(
        {"h": "DateTime", "m": "LowCardinality(String)", "n": "UInt64"},
        [[hours[0], "a", 1], [hours[1], "a", 2], [hours[0], "b", 9]],
    )
    (pivot,) = charts(by, UTC)
    assert [mark.name for mark in pivot.marks] == ["b", "a"]
    twice = answer({"h": "DateTime", "n": "UInt64"}, [[hours[0], 1], [hours[0], 2]])
    assert charts(twice, UTC) == ()
    assert [(b.name, b.width) for b in bars(answer({"m": "String", "n": "Int64"}, [["a", 4], ["", -2]]))] == [
        ("a", 100.0),
        ("not set", 50.0),
    ]
    assert bars(over) == () and charts(answer({"m": "String", "n": "Int64"}, [["a", 4]]), UTC) == ()


def test_cells_are_written_by_their_type() -> None:
    found = cells(PLACE, answer(
        {"n": "Nullable(UInt64)", "f": "Float64", "t": "DateTime64(9, 'UTC')", "d": "Date",
         "a": "Array(String)", "s": "String"},
        [[12345, 0.1 + 0.2, "2026-11-20T10:00:00.123456789Z", "2026-11-20", ["x"], None]],
    ))[0]  # fmt: skip
    assert [cell.kind for cell in found] == ["number", "number", "time", "time", "json", "null"]
    assert found[0].text == "12,345" and found[1].text == "0.3" and found[1].title == "0.30000000000000004"
    assert found[2].at % 10**9 == 123456789
    assert found[4].text == '["x"]'
    assert kind_of("LowCardinality(Nullable(String))") == "text" and kind_of("Decimal(18, 4)") == "number"
    assert number(-1500) == "−1,500" and number(2.0) == "2" and moment("nonsense") is None
    assert csv_of(answer({"a": "String"}, [["+1"], ["@x"]])).splitlines()[1:] == ["'+1", "'@x"]


def test_the_wrong_place_of_a_query() -> None:
    assert wrong("select\n  x y z", 11) is not None
    found = wrong("select a\nfrom b c", 14)
    assert found and (found.line, found.before, found.at, found.after) == (2, "from ", "b", " c")
    end = wrong("select", 99)
    assert end and end.at == "" and wrong("select", None) is None


def test_who_leaves_ends_the_query() -> None:
    ended = []

    async def ask() -> None:
        began = asyncio.Event()

        async def receive() -> dict[str, str]:
            await began.wait()
            return {"type": "http.disconnect"}

        async def work() -> None:
            began.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                ended.append(True)
                raise

        request = Request({"type": "http", "method": "GET", "path": "/", "headers": []}, receive)
        with pytest.raises(ReaderLeft):
            await while_reading(request, work())

    asyncio.run(ask())
    assert ended == [True]
