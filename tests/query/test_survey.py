"""The overview says what the lists say, and behaviour counts what it is told to count.

Regenerate the statements with `UPDATE_GOLDEN=1 pytest tests/query/test_survey.py`.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from tests.query.filter_story import HOUR, NOW, WINDOW

from sightline.query import listing
from sightline.query.behaviour import behaving, behaviour
from sightline.query.breakdown import breakdown
from sightline.query.buckets import buckets
from sightline.query.overview import NAMES, SHOWN, ends, overview
from sightline.query.question import ask
from sightline.query.selection import Target, count, select
from sightline.query.survey_sql import dearest, latest, requests, slowest
from sightline.query.window import Window
from sightline.records.figures import Figure
from sightline.records.overview import Behaviour, Overview
from sightline.store.store import Store

GOLDEN = Path(__file__).parent / "golden" / "survey"


def seen(store: Store, text: str = "", by: tuple[str, ...] = ("feature", "team", "env")) -> Overview:
    return asyncio.run(overview(store, select(text, WINDOW, NOW, Target.TRACES), by=by))


def rounded(figures: tuple[Figure, ...]) -> list[tuple[float | None, int]]:
    """Without the last digits, which sums of floats do not share."""
    return [(None if f.value is None else round(f.value, 9), f.unknown) for f in figures]


def listed(store: Store, text: str) -> int:
    return asyncio.run(count(store, select(text, WINDOW, NOW, Target.TRACES)))


@pytest.mark.parametrize("text", ["", "env:prod"])
def test_every_figure_agrees_with_the_list_it_opens(told_store: Store, text: str) -> None:
    found = seen(told_store, text)
    assert found.whole.total[0].value == listed(told_store, text)
    assert found.whole.total[1].value == listed(
        told_store, f"({text}) status:error" if text else "status:error"
    )
    assert sum(int(point[0].value or 0) for point in found.whole.points) == found.whole.total[0].value
    for part in found.parts:
        assert part.rows
        for row in part.rows:
            assert row.total[0].value == listed(told_store, row.group.filter), row.group.filter
        assert sum(int(row.total[0].value or 0) for row in part.rows) == found.whole.total[0].value


def test_one_pass_measures_what_a_breakdown_measures(told_store: Store) -> None:
    found = seen(told_store)
    question = ask(select("", WINDOW, NOW, Target.TRACES), NAMES)
    expected = asyncio.run(breakdown(told_store, question))
    assert rounded(found.whole.total) == rounded(expected.whole.total)
    assert [rounded(p) for p in found.whole.points] == [rounded(p) for p in expected.whole.points]
    for part in found.parts:
        requests = ask(select("", WINDOW, NOW, Target.TRACES), NAMES, [part.by])
        answer = asyncio.run(breakdown(told_store, requests))
        expected_rows = {r.group: rounded(r.total) for r in answer.rows}
        assert {r.group: rounded(r.total) for r in part.rows} == expected_rows


def test_a_dimension_of_many_values_has_other(told_store: Store) -> None:
    (part,) = seen(told_store, by=("user",)).parts
    named = [row for row in part.rows if row.group.values and row.group.values != ("",)]
    assert len(named) <= SHOWN + 1
    assert sum(int(row.total[0].value or 0) for row in part.rows) == listed(told_store, "")
    if part.groups > SHOWN + 1:
        assert part.rows[-1].group.other


def test_the_ends_of_the_list_are_its_slowest_dearest_and_last_failed(told_store: Store) -> None:
    found = asyncio.run(
        ends(told_store, *(select(text, WINDOW, NOW, Target.TRACES) for text in ("", "error")))
    )
    page = asyncio.run(listing.traces(told_store, select("", WINDOW, NOW, Target.TRACES), limit=500))
    slowest = max(page.traces, key=lambda t: t.duration_ns)
    dearest = max(page.traces, key=lambda t: t.cost_usd or 0)
    assert {t.trace_id: t.duration_ns for t in page.traces}[found.slowest[0]] == slowest.duration_ns
    assert {t.trace_id: t.cost_usd for t in page.traces}[found.dearest[0]] == dearest.cost_usd
    failed = [t.trace_id for t in page.traces if t.errors]
    assert set(found.failed) <= set(failed) and found.failed[0] == failed[0]


def test_behaviour_counts_failures_and_what_is_longer_than_before(told_store: Store) -> None:
    selection = select("", WINDOW, NOW)
    found = asyncio.run(behaviour(told_store, selection))
    names = {b.value: b for b in found if b.what == "name"}
    assert names and sum(b.count for b in names.values()) == asyncio.run(count(told_store, selection))
    for one in names.values():
        assert one.errors == asyncio.run(count(told_store, select(f'name:"{one.value}" error', WINDOW, NOW)))
        assert one.slower == 0
    again = asyncio.run(behaviour(told_store, selection, found))
    for one in again:
        # Of few spans the 95th percentile is the longest or near it.
        assert one.slower <= max(1, one.count // 10)
    types = {b.value for b in found if b.what == "error.type"}
    assert types and all(b.errors == b.count for b in found if b.what == "error.type")


@pytest.mark.parametrize("name", ["requests", "kept", "slowest", "dearest", "failed", "behaviour"])
def test_the_statements(name: str) -> None:
    window = Window("helpdesk", NOW - 24 * HOUR, NOW)
    traces = select("", window, NOW, Target.TRACES, "prod")
    before = [Behaviour("name", "rerank'", 5, 1, 1e9), Behaviour("model", "gpt", 5, 1, None)]
    statement = {
        "requests": lambda: requests(traces, buckets(window), ["feature", "env"], None),
        "kept": lambda: requests(traces, buckets(window), ["team"], ["a'", ""]),
        "slowest": lambda: slowest(traces, 5),
        "dearest": lambda: dearest(traces, 5),
        "failed": lambda: latest(select("error", window, NOW, Target.TRACES, "prod"), 5),
        "behaviour": lambda: behaving(select("", window, NOW), before),
    }[name]()
    path = GOLDEN / f"{name}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(f"{statement.text}\n")
    assert f"{statement.text}\n" == path.read_text()
    assert "a'" not in statement.text and "rerank" not in statement.text
