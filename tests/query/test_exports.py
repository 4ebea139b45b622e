"""Exports of a real store: the same rows in every format, the count told before, and no other project's."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.query.filter_story import NOW, WINDOW

from sightline.query.export_errors import ExportBusy, ExportFailed
from sightline.query.export_sql import Form, Shape, Snapshot, Wanted, counting, listing
from sightline.query.exports import AT_ONCE, Exports
from sightline.query.filter.vocabulary import LOGS
from sightline.query.row_selection import select_rows
from sightline.query.selection import Target, count, select
from sightline.query.sql_relations import load_relations
from sightline.settings import StoreSettings
from sightline.store.store import Store

_FILTERS = [
    "",
    "kind:llm",
    "error",
    "attr.squad:search",
    '"refund policy"',
    "trace:(any error)",
    "tool or error",
]


@pytest.fixture(scope="module")
def exports(told_store: Store) -> Iterator[Exports]:
    writer = told_store.writer()
    relations = load_relations(writer)
    writer.close()
    made = Exports(told_store, StoreSettings(), relations)
    yield made
    made.close()


def wanted(q: str = "", shape: Shape = Shape.SPANS, form: Form = Form.JSONL, content: bool = True) -> Wanted:
    if shape is Shape.LOGS:
        return Wanted(select_rows(LOGS, q, WINDOW, NOW), shape, form, content)
    target = Target.TRACES if shape is Shape.TRACES else Target.SPANS
    return Wanted(select(q, WINDOW, NOW, target), shape, form, content)


async def written(exports: Exports, asked: Wanted, **more: Any) -> tuple[Snapshot, bytes]:
    made = await exports.begin(asked, **more)
    try:
        return made.snapshot, b"".join([piece async for piece in made.pieces])
    finally:
        await made.close()


def lines(exports: Exports, asked: Wanted) -> list[dict[str, Any]]:
    snapshot, data = asyncio.run(written(exports, asked))
    found = [json.loads(line) for line in data.splitlines()]
    assert len(found) == snapshot.rows
    return found


@pytest.mark.parametrize("q", _FILTERS)
@pytest.mark.parametrize("shape", [Shape.SPANS, Shape.TRACES])
def test_the_count_is_that_of_the_page(exports: Exports, told_store: Store, q: str, shape: Shape) -> None:
    asked = wanted(q, shape, content=False)
    snapshot, _ = asyncio.run(written(exports, asked))
    assert snapshot.found == asyncio.run(count(told_store, asked.selection))
    rows = lines(exports, asked)
    assert {row["project"] for row in rows} <= {"default"}
    if shape is Shape.TRACES:
        assert len({row["trace_id"] for row in rows}) == snapshot.found


def test_all_formats_have_the_same_rows_in_order_of_time(
    exports: Exports, told_store: Store, tmp_path: Path
) -> None:
    rows = lines(exports, wanted(content=False))
    keys = [(row["trace_id"], row["span_id"]) for row in rows]
    assert keys
    assert [row["start_time"] for row in rows] == sorted(row["start_time"] for row in rows)
    _, text = asyncio.run(written(exports, wanted(form=Form.CSV, content=False)))
    table = list(csv.DictReader(io.StringIO(text.decode(), newline="")))
    assert [(row["trace_id"], row["span_id"]) for row in table] == keys
    _, data = asyncio.run(written(exports, wanted(form=Form.PARQUET, content=False)))
    (tmp_path / "rows.parquet").write_bytes(data)
    engine = told_store.writer()
    found = engine.query(
        "SELECT trace_id, span_id FROM file({p:String}, Parquet) ORDER BY start_time, trace_id, span_id",
        {"p": str(tmp_path / "rows.parquet")},
    )
    engine.close()
    assert sorted(found.rows) == sorted(keys)
    _, otlp = asyncio.run(written(exports, wanted(form=Form.OTLP, content=False)))
    spans = [
        (span["traceId"], span["spanId"])
        for line in otlp.splitlines()
        for resource in json.loads(line)["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]
    assert sorted(spans) == sorted(keys)


def test_contents_are_whole_and_only_when_wanted(exports: Exports) -> None:
    with_texts = [row["contents"] for row in lines(exports, wanted()) if row["contents"]]
    assert any("begin zebra one" in "".join(texts.values()) for texts in with_texts)
    assert all("contents" not in row for row in lines(exports, wanted(content=False)))


def test_logs_are_those_that_their_filter_finds(exports: Exports) -> None:
    every = lines(exports, wanted(shape=Shape.LOGS))
    said = lines(exports, wanted("own", Shape.LOGS))
    assert every
    assert 0 < len(said) < len(every)
    assert all("own" in row["body"] for row in said)
    assert {row["project"] for row in every} == {"default"}


def test_a_packed_answer_is_the_same(exports: Exports) -> None:
    _, plain = asyncio.run(written(exports, wanted()))
    _, packed = asyncio.run(written(exports, wanted(), gzip=True))
    assert gzip.decompress(packed) == plain


def test_only_so_many_at_once_and_closing_makes_room(exports: Exports) -> None:
    async def go() -> None:
        begun = [await exports.begin(wanted()) for _ in range(AT_ONCE)]
        with pytest.raises(ExportBusy):
            await exports.begin(wanted())
        for made in begun:
            await made.close()
            await made.close()
        again = await exports.begin(wanted())
        await again.close()

    asyncio.run(go())


@pytest.mark.parametrize("form", list(Form))
def test_one_who_leaves_in_the_middle_stops_it(exports: Exports, form: Form) -> None:
    async def go() -> None:
        made = await exports.begin(wanted(form=form))
        first: AsyncIterator[bytes] = aiter(made.pieces)
        assert await anext(first)
        await made.close()
        await written(exports, wanted())

    asyncio.run(go())


def test_rows_that_vanish_on_the_way_are_no_whole_export(
    exports: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def more(self: Exports, asked: Wanted) -> Snapshot:
        return Snapshot(10_000, 10_000, 2**52)

    monkeypatch.setattr(Exports, "counted", more)
    for form in (Form.CSV, Form.JSONL, Form.OTLP):
        with pytest.raises(ExportFailed, match="Export again"):
            asyncio.run(written(exports, wanted(form=form)))


def test_what_is_digested_later_is_not_in_it(exports: Exports) -> None:
    asked = wanted()
    _, statement = listing(asked, exports._relations["spans"], Snapshot(0, 0, 7))
    assert statement.parameters["digested"] == 7
    assert "s.digested_at <= fromUnixTimestamp64Micro({digested:Int64}, 'UTC')" in statement.text
    assert "max(s.digested_at)" in counting(asked).text


@pytest.mark.parametrize("q", _FILTERS)
def test_every_table_is_bound_to_the_project(q: str) -> None:
    for shape in (Shape.SPANS, Shape.TRACES):
        text = counting(wanted(q, shape)).text
        assert text.count("FROM sightline.") == text.count(".project = {project:String}")
