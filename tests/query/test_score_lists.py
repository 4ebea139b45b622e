"""Scores beside lists: facets with labels and bands, columns, and what is suggested while someone types."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.query.filter.test_rows import NOW, WINDOW, WORLD, S, insert_scores
from tests.query.test_score_figures import of_spans, store

from sightline.pages import score_rows
from sightline.query.facets import facets
from sightline.query.filter.score_sql import counting
from sightline.query.listing_columns import column_values
from sightline.query.score_bands import between
from sightline.query.score_measures import dimension_named
from sightline.query.scores import score_names, scores_of, scores_of_traces
from sightline.query.selection import Target, count, select
from sightline.query.suggest import suggest
from sightline.store.store import Store

__all__ = ["store"]


@pytest.mark.parametrize("target", Target)
def test_facets_count_labels_and_bands(store: Store, target: Target) -> None:
    chosen = select("", WINDOW, NOW, target)
    found = asyncio.run(facets(store, chosen, NOW, ["score.verdict", "score.q", "kind"])).facets
    verdict, q, kind = found
    head = "trace.score" if target is Target.TRACES else "score"
    assert [facet.name for facet in found] == [f"{head}.verdict", f"{head}.q", "kind"]
    assert {value.text for value in verdict.top} >= {"", "right", "wrong"}
    bands = ["", "..<0.2", "0.2..<0.4", "0.4..<0.6", "0.6..<0.8", "0.8.."]
    # Only traces have means between the values that were given.
    assert [value.text for value in q.top] == [b for b in bands if b[:3] != "0.6" or target is Target.TRACES]
    assert sum(value.count for value in q.top) == asyncio.run(count(store, chosen))
    assert q.top[1].filter == f"{head}.q:..<0.2" and kind.top
    if target is Target.SPANS:
        counted = sum(1 for s in of_spans("q") if s and s["value"] is not None and s["value"] < 0.2)
        assert q.top[1].count == counted


@pytest.mark.parametrize(
    ("low", "high", "cuts"),
    [
        (0, 1, (0.2, 0.4, 0.6, 0.8)),
        (1, 5, (2, 3, 4)),
        (-3, 3, (-2, 0, 2)),
        (0.5, 0.5, ()),
        (0, 1e6, (2e5, 4e5, 6e5, 8e5)),
    ],
)
def test_bands_are_between_round_numbers(low: float, high: float, cuts: tuple[float, ...]) -> None:
    assert between(low, high) == cuts


@pytest.mark.parametrize("target", Target)
def test_columns(store: Store, target: Target) -> None:
    spans = target is Target.SPANS
    rows = WORLD.rows[:20]
    ids = [(r["trace_id"], r["span_id"] if spans else "") for r in rows]
    columns = [dimension_named("score.verdict", not spans)]
    found = asyncio.run(column_values(store, WINDOW, ids, [r["start"] for r in rows], columns))
    if not spans:
        assert any(values[0] for values in found.values())
        return
    for row, score in zip(rows, of_spans("verdict")[:20], strict=True):
        text = (
            ""
            if score is None
            else score["label"] or ("" if score["value"] is None else f"{score['value']:g}")
        )
        assert found[row["trace_id"], row["span_id"]] == (text,)


def suggested(store: Store, text: str) -> list[str]:
    found = asyncio.run(suggest(store, text, len(text), WINDOW, NOW))
    return [one.text for one in found]


def test_suggestions(store: Store) -> None:
    assert {"score.q<", "score.ok:", "score.verdict:"} <= set(suggested(store, "sco"))
    assert 'score."a b"<' in suggested(store, "score.a")
    assert suggested(store, "trace.score.ver")[0] == "trace.score.verdict:"
    assert "score.q.source:" in suggested(store, "score.q")
    assert suggested(store, "score.q.source:p") == ["person"]
    assert suggested(store, "score.ok:") == ["true", "false"]
    assert suggested(store, "score.verdict:w") == ["wrong"]
    assert suggested(store, "score.q<0.") == ["0.2", "0.4", "0.6", "0.8"]
    assert "score.q" in suggested(store, "has:score.q")
    assert not [text for text in suggested(store, "mod") if "score" in text]


def test_scores_of_one_trace_and_session(store: Store) -> None:
    trace = f"{3:032x}"
    found = asyncio.run(scores_of(store, "p", trace_id=trace))
    assert found and {score.trace_id for score in found} == {trace}
    times = [score.time for score in found]
    assert times == sorted(times, reverse=True)
    session: Any = asyncio.run(scores_of(store, "p", session_id="s1"))
    assert {score.session_id for score in session} <= {"s1"}


def test_of_one_moment_pages_and_figures_count_the_same(store: Store) -> None:
    """A request with several scores gives all of them one time; an id decides, everywhere the same."""
    several = [
        {"id": f"{trace}-{n}", "name": "verdict", "target": "trace", "trace_id": f"{trace:032x}",
         "span_id": "", "session_id": "", "data_type": "categorical", "value": None, "label": f"label {n}",
         "source": "evaluator", "author": "", "time": NOW - S}
        for trace in range(1, 21) for n in range(4)
    ]  # fmt: skip
    insert_scores(store, several, "ties")
    figures = store.query(
        f"SELECT c.trace_id AS trace, {counting('label')} AS label FROM sightline.scores AS c FINAL"
        " WHERE c.project = 'ties' GROUP BY c.trace_id"
    ).dicts()
    pages = asyncio.run(scores_of_traces(store, "ties", [one["trace_id"] for one in several]))
    assert {one["trace"]: one["label"] for one in figures} == {
        one.trace_id: one.label for one in score_rows.counting(pages)
    }
    assert len({one["label"] for one in figures}) > 1


def test_names_seen(store: Store) -> None:
    found = {one.name: one for one in asyncio.run(score_names(store, "p"))}
    assert set(found) == {"q", "verdict", "ok", "a b"}
    assert found["verdict"].labels == ("right", "wrong")
    assert (found["q"].low, found["q"].high) == (0, 1)
    assert asyncio.run(score_names(store, "nobody")) == []
