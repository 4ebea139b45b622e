"""Scores over spans: what was rated counts once in each group with a span of it. Held against plain Python.

Regenerate the statements with `UPDATE_GOLDEN=1 pytest tests/query/test_score_targets.py`.
"""

from __future__ import annotations

import asyncio
import math
import os
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from statistics import mean as average
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.query.filter.test_rows import NOW, WINDOW, WORLD, S
from tests.query.test_one_scan import agree, in_two
from tests.query.test_score_figures import counting, of_traces, store

from sightline.query import breakdown as asking
from sightline.query.facets import _faced
from sightline.query.facets import counting as facet_statement
from sightline.query.figures_sql import Ranked, measuring
from sightline.query.filter.meaning import mean
from sightline.query.filter.parser import parse
from sightline.query.margins import spreading
from sightline.query.one_scan import Cells, scanning
from sightline.query.question import Question, ask
from sightline.query.score_measures import measure_named
from sightline.query.selection import Target, count, select
from sightline.records.figures import Figure, Series
from sightline.store.store import Store

__all__ = ["store"]
GOLDEN = Path(__file__).parent / "golden" / "figures"
FIELDS = {
    "kind": "kind",
    "env": "environment",
    "user": "user_id",
    "status": "status",
    "session": "session_id",
}
MEASURES = (
    "score.q", "score.q.p50", "score.q.count", "score.verdict:wrong", "score.verdict.count", "score.ok",
    "score.ok:true", 'score."a b"', "trace.score.q", "trace.score.q.count", "trace.score.verdict:right",
    "count",
)  # fmt: skip
FILTERS = ("", "llm", "-env:dev", "depth>0", "user:alice", "score.q<0.6", "name:nothing")
Row = dict[str, Any]


def words(score: Row) -> str:
    """A score as groups name it."""
    value = score["value"]
    if score["label"]:
        return str(score["label"])
    if value is None:
        return ""
    return ("true" if value == 1 else "false") if score["data_type"] == "boolean" else f"{value:g}"


def rated(name: str, rows: Iterable[Row]) -> list[tuple[float | None, str]]:
    """Number and words of what was rated among the spans and traces of some rows, each once."""
    rows = list(rows)
    if name.startswith("trace."):
        by_trace = dict(zip(WORLD.by_trace, of_traces(name.removeprefix("trace.score.")), strict=True))
        found = (by_trace[trace] for trace in dict.fromkeys(r["trace_id"] for r in rows))
        return [(value, words(best)) for value, best in found if best]
    counted = counting(name.removeprefix("score."))
    keys = [("span", r["trace_id"], r["span_id"], "") for r in rows]
    keys += dict.fromkeys(("trace", r["trace_id"], "", "") for r in rows)
    return [(counted[key]["value"], words(counted[key])) for key in keys if key in counted]


def expected(measure: str, rows: list[Row]) -> tuple[float | None, int | None]:
    """Value and how many were rated."""
    if measure == "count":
        return len(rows), None
    match = re.fullmatch(r'((?:trace\.)?score\.(?:"[^"]*"|\w+))(\.count|\.p50)?(?::(\w+))?', measure)
    assert match
    name, suffix, label = match[1].replace('"', ""), match[2], match[3]
    found = rated(name, rows)
    numbers = sorted(value for value, _ in found if value is not None)
    said = [text for _, text in found if text]
    if suffix == ".count":
        return len(said), len(said)
    if label:
        return (said.count(label) / len(said) if said else None), len(said)
    if suffix == ".p50":
        return (numbers[len(numbers) // 2] if numbers else None), len(numbers)
    return (average(numbers) if numbers else None), len(numbers)


def same(found: Figure, measure: str, rows: list[Row]) -> None:
    value, there = expected(measure, rows)
    told = (measure, found, value, there)
    # What has no rows at all was not looked at.
    assert found.rated == there or (not rows and found.rated is None), told
    assert found.unknown == 0
    close = found.value == value or (
        value is not None and found.value is not None and math.isclose(found.value, value, rel_tol=1e-12)
    )
    assert close or (not rows and not value and not found.value), told


@st.composite
def asked(draw: st.DrawFn) -> tuple[str, Question, list[str]]:
    text = draw(st.sampled_from(FILTERS))
    measures = draw(st.lists(st.sampled_from(MEASURES), min_size=1, max_size=5, unique=True))
    by = draw(st.lists(st.sampled_from(sorted(FIELDS)), min_size=0, max_size=2, unique=True))
    question = ask(
        select(text, WINDOW, NOW),
        measures,
        by,
        top=draw(st.integers(1, 5)),
        order=draw(st.sampled_from(MEASURES)),
        ascending=draw(st.booleans()),
        step=60 * S,
    )
    return text, question, by


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked())
def test_what_was_rated_counts_once_in_each_group(store: Store, one: tuple[str, Question, list[str]]) -> None:
    text, question, by = one
    predicate = mean(parse(text), NOW)
    rows = [r for r in WORLD.rows if WORLD.holds(predicate, r)]
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[FIELDS[name]] or "" for name in by)].append(row)
    answer = asyncio.run(asking.breakdown(store, question))

    def held(series: Series, mine: list[Row]) -> None:
        for n, measure in enumerate(answer.measures):
            same(series.total[n], measure, mine)
            for at, point in enumerate(series.points):
                since = answer.starts[at]
                there = [r for r in mine if since <= r["start"] < since + answer.step]
                same(point[n], measure, there)

    held(answer.whole, rows)
    shown = set()
    for series in answer.rows:
        if not series.group.other:
            shown.add(series.group.values)
            held(series, groups[series.group.values])
    for series in answer.rows:
        if series.group.other:
            held(series, [r for values, mine in groups.items() if values not in shown for r in mine])
    if by:
        assert answer.groups == len(groups)
        # Two passes answer the same, and so does a comparison with itself.
        agree(answer, in_two(store, question))


def test_the_comparison_counts_the_same_way(store: Store) -> None:
    window = replace(WINDOW, since=WINDOW.since + WINDOW.length // 2)
    question = ask(select("", window, NOW), ["score.q", "score.q.count"], ["kind"], step=3600 * S)
    now, before = asyncio.run(asking.compared(store, question, window.earlier(window.length)))
    assert before.whole.total[1].value == 0 or before.whole.total[0].value is not None
    rows = [r for r in WORLD.rows if window.since <= r["start"] < window.until]
    same(now.whole.total[0], "score.q", rows)
    earlier = [r for r in WORLD.rows if window.since - window.length <= r["start"] < window.since]
    for series in before.rows:
        [kind] = series.group.values
        same(series.total[0], "score.q", [r for r in earlier if r["kind"] == kind])


def test_a_group_opens_the_spans_behind_its_figures(store: Store) -> None:
    question = ask(select("", WINDOW, NOW), ["count", "score.q", "score.q.count"], ["kind"], top=2)
    answer = asyncio.run(asking.breakdown(store, question))
    assert any(series.group.other for series in answer.rows)
    for series in (*answer.rows, answer.whole):
        opened = select(series.group.filter, WINDOW, NOW)
        assert asyncio.run(count(store, opened)) == series.total[0].value
        again = asyncio.run(asking.breakdown(store, ask(opened, ["score.q", "score.q.count"])))
        assert again.whole.total == series.total[1:]


@pytest.mark.parametrize("name", [name for name in MEASURES if "score" in name])
def test_measures_of_scores_are_made_of_states(name: str) -> None:
    one = measure_named(name)
    assert one.by_target
    for expression in (one.sql(False), one.unknown_sql(False), one.by_target.sql, *one.by_target.terms):
        cells = Cells()
        assert "scores." not in cells.merged(expression) and cells.states


@pytest.mark.parametrize("target", Target)
def test_facets_of_few_spans_count_what_those_of_many_do(store: Store, target: Target) -> None:
    """Also where a score was given to another trace since, or taken back."""
    rows = WORLD.rows
    there, other, gone = rows[0]["trace_id"], rows[40]["trace_id"], rows[80]["trace_id"]
    for version, trace, id_, deleted in (
        (1, there, "moves", 0), (2, other, "moves", 0), (1, gone, "goes", 0), (2, gone, "goes", 1),
        (1, "e" * 32, "comes", 0), (2, there, "comes", 0),
    ):  # fmt: skip
        store.command(
            "INSERT INTO sightline.scores (project, id, name, target, trace_id, label, time, received_at,"
            " version, deleted, retention_days) VALUES ('p', {id:String}, 'moved', 'trace', {t:String},"
            " {id:String}, now(), now(), {v:UInt64}, {d:UInt8}, 365)",
            {"id": id_, "t": trace, "v": version, "d": deleted},
        )
    names = ["score.moved", "score.q", "score.verdict", "score.ok"]
    # The first minute has a part of the traces.
    first = min(r["start"] for r in rows)
    for window in (WINDOW, replace(WINDOW, since=first, until=first + 60 * S)):
        chosen = select("", window, NOW, target)
        faced = [_faced(name, target) for name in names]
        told = []
        for fewer in (False, True):
            asked = facet_statement(chosen, faced, 100, target is Target.TRACES, "", True, fewer)
            told.append(store.query(asked.text, asked.parameters).rows)
        assert told[0] == told[1]
        found = {row[0] for row in told[0] if row[0]}
        assert found == ({"comes", "moves"} if window is WINDOW else {"comes"})


@pytest.mark.parametrize("form", ["measured", "one_scan", "weighted", "spread", "facets", "facets_near"])
def test_the_statements(form: str) -> None:
    chosen = select("llm", WINDOW, NOW)
    names = ["score.q", "score.verdict:wrong", "trace.score.q.count", "count"]
    question = ask(chosen, names, ["user"], top=3, step=3600 * S)
    weighted = replace(question, selection=replace(chosen, weighted=True))
    ranked = Ranked((("alice",),), (7,))
    faced = [_faced("score.q"), _faced("score.verdict"), _faced("kind")]
    text = {
        "measured": lambda: measuring(question, ranked).text,
        "one_scan": lambda: scanning(question, True).text,
        "weighted": lambda: measuring(weighted, ranked).text,
        "spread": lambda: spreading(weighted, ranked, 1).text,
        "facets": lambda: facet_statement(chosen, faced, 10, False, "", True).text,
        "facets_near": lambda: facet_statement(chosen, faced, 10, False, "", True, True).text,
    }[form]()
    path = GOLDEN / f"scores_{form}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text + "\n")
    assert text + "\n" == path.read_text()
    traces = ask(select("", WINDOW, NOW, Target.TRACES), ["score.q"], ["user"])
    assert "groupUniq" not in measuring(traces, ranked).text
