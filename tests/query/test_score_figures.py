"""Scores as measures and dimensions, held against plain Python; a filter opens what a group counts."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from statistics import mean as average
from typing import Any

import pytest
from tests.query.filter.test_rows import NOW, SCORES, WINDOW, WORLD, insert, insert_scores, made, scores_of
from tests.query.filter_reference import STANDING

from sightline.digest.heads import complete_heads
from sightline.query.breakdown import breakdown
from sightline.query.dimensions import NoDimension
from sightline.query.measures import UnknownMeasure
from sightline.query.question import ask
from sightline.query.score_measures import dimension_named, measure_named
from sightline.query.selection import Target, count, select
from sightline.records.figures import Breakdown
from sightline.settings import StoreSettings
from sightline.store import schema
from sightline.store.store import Store, embedded_url


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    found = Store(embedded_url(tmp_path_factory.mktemp("scored")), StoreSettings())
    writer = found.writer()
    schema.migrate(writer)
    insert(found, made(1))
    insert_scores(found, SCORES, "p")
    insert_scores(found, scores_of(3, made(1)), "q")
    complete_heads(writer)
    yield found
    writer.close()
    found.close()


def figures(
    store: Store, measures: list[str], target: Target, by: tuple[str, ...] = (), q: str = ""
) -> Breakdown:
    chosen = select(q, WINDOW, NOW, target)
    return asyncio.run(breakdown(store, ask(chosen, measures, by, top=50)))


def counting(name: str) -> dict[tuple[str, str, str, str], dict[str, Any]]:
    """The score that counts by target."""
    found: dict[Any, list[Any]] = defaultdict(list)
    for score in SCORES:
        if score["name"] == name:
            found[score["target"], score["trace_id"], score["span_id"], score["session_id"]].append(score)
    return {k: max(v, key=_order) for k, v in found.items()}


def _order(score: dict[str, Any]) -> Any:
    return STANDING[score["source"]], score["time"], score["id"]


def of_spans(name: str) -> list[dict[str, Any] | None]:
    """The score of each span: its own, else of a head the trace's."""
    counted = counting(name)
    heads = {min(rows, key=lambda r: r["start"])["span_id"] for rows in WORLD.by_trace.values()}
    return [
        counted.get(("span", r["trace_id"], r["span_id"], ""))
        or (counted.get(("trace", r["trace_id"], "", "")) if r["span_id"] in heads else None)
        for r in WORLD.rows
    ]


def of_traces(name: str) -> list[tuple[float | None, dict[str, Any] | None]]:
    """The number and the leading score of each trace."""
    counted = counting(name)
    found: list[tuple[float | None, dict[str, Any] | None]] = []
    for trace, rows in WORLD.by_trace.items():
        mine = [s for s in counted.values() if s["trace_id"] == trace]
        session = counted.get(("session", "", "", rows[0]["session_id"] or "-"))
        mine = mine or ([session] if session else [])
        numbers = [s["value"] for s in mine if s["value"] is not None]
        found.append((average(numbers) if numbers else None, max(mine, key=_order) if mine else None))
    return found


def test_traces_are_measured(store: Store) -> None:
    values = [value for value, _ in of_traces("q") if value is not None]
    found = figures(store, ["score.q", "score.ok"], Target.TRACES)
    assert found.whole.total[0].value == pytest.approx(average(values))
    assert (found.whole.total[0].rated, found.whole.total[0].unknown) == (len(values), 0)


@pytest.mark.parametrize("target", Target)
def test_labels_are_groups(store: Store, target: Target) -> None:
    scores = of_spans("verdict") if target is Target.SPANS else [score for _, score in of_traces("verdict")]
    wanted: dict[str, int] = defaultdict(int)
    for score in scores:
        text = ""
        if score:
            value = score["value"]
            number = "" if value is None else f"{value:g}"
            text = score["label"] or number
        wanted[text] += 1
    found = figures(store, ["count", "score.verdict:wrong"], target, ("score.verdict",))
    assert {row.group.values[0]: row.total[0].value for row in found.rows} == wanted
    known = sum(n for text, n in wanted.items() if text)
    assert found.whole.total[1].value == pytest.approx(wanted["wrong"] / known)
    if target is Target.SPANS:
        return  # a head with a score of its own and one of its trace is found by both
    for row in found.rows:
        there = asyncio.run(count(store, select(row.group.filter, WINDOW, NOW, target)))
        assert there >= row.total[0].value or not row.group.values[0]


def test_groups_of_numbers_and_of_truth_open(store: Store) -> None:
    found = figures(store, ["count"], Target.SPANS, ("score.ok",))
    assert {row.group.values[0] for row in found.rows} == {"", "true", "false"}
    for row in found.rows:
        there = asyncio.run(count(store, select(row.group.filter, WINDOW, NOW)))
        assert there >= row.total[0].value * 0.9
    assert [row.group.filter for row in found.rows if row.group.values[0] == "true"] == ["score.ok:true"]


def test_a_filter_and_a_dimension_beside_a_score(store: Store) -> None:
    found = figures(store, ["score.q", "duration.p95"], Target.TRACES, ("user",), "score.q>=0")
    assert all(row.total[0].value is not None for row in found.rows)
    assert found.whole.group.filter == "trace.score.q>=0"


def test_names(store: Store) -> None:
    assert dimension_named('score."a b"').name == 'score."a b"'
    assert dimension_named("score.q", traces=True).name == "trace.score.q"
    for name in ("score.", "session.score.q", "score.q.source", "score.q<1", "score.q:a,b"):
        with pytest.raises(UnknownMeasure):
            measure_named(name)
    with pytest.raises(NoDimension, match="one label"):
        dimension_named("score.verdict:wrong")
