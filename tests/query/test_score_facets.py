"""Facets of scores from the scores' side, held against those of joined scores and against plain Python.

Regenerate the statements with `UPDATE_GOLDEN=1 pytest tests/query/test_score_facets.py`.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean as average
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.query.filter.test_rows import NOW, WINDOW, WORLD, S
from tests.query.filter_reference import STANDING
from tests.query.test_score_figures import store
from tests.query.test_score_targets import words

from sightline.query import facets as facets_module
from sightline.query import score_facets
from sightline.query.facets import _faced, facet_values, facets
from sightline.query.filter.meaning import mean
from sightline.query.filter.parser import parse
from sightline.query.score_bands import banded
from sightline.query.score_facets import ScoreFacet, fits
from sightline.query.scores import ScoreName, score_names
from sightline.query.selection import Selection, Target, select
from sightline.records.facets import Facet
from sightline.store.store import Store

__all__ = ["store"]
GOLDEN = Path(__file__).parent / "golden" / "facets"
NAMES = ("q", "verdict", "ok")
FIELDS = ("kind", *(f"score.{name}" for name in NAMES), "score.none")
FILTERS = ("", "llm", "-env:dev", "user:alice", "name:nothing", "score.q:..<0.5 llm", "error or tool")
PROJECTS = (f"many{n}" for n in itertools.count())
# Of few traces, so that scores meet at their heads.
TRACES = list(WORLD.by_trace)[:4]
HEADS = [min(WORLD.by_trace[trace], key=lambda r: int(r["start"])) for trace in TRACES]
Row = dict[str, Any]

TARGETS = st.one_of(
    st.sampled_from([("span", r["trace_id"], r["span_id"], "") for t in TRACES for r in WORLD.by_trace[t]]),
    st.sampled_from([("span", r["trace_id"], r["span_id"], "") for r in HEADS]),
    st.sampled_from([("trace", trace, "", "") for trace in [*TRACES, "f" * 32]]),
    st.sampled_from([("session", "", "", f"s{n}") for n in range(4)]),
)


@st.composite
def records(draw: st.DrawFn) -> list[Row]:
    """Records of a few ids: new ones, replacements that move or change everything, and some taken back."""
    ids = [*"abcdefgh", "public:i", "public:j"]
    kinds = draw(st.sampled_from([("span",), ("trace",), ("span", "trace"), ("span", "trace", "session")]))
    many = draw(st.integers(0, 30))
    order = draw(st.permutations(range(many)))
    found: list[Row] = []
    for version in order:
        target, trace, span, session = draw(TARGETS.filter(lambda one: one[0] in kinds))
        name = draw(st.sampled_from(NAMES))
        found.append({
            "id": draw(st.sampled_from(ids)) if draw(st.booleans()) else f"one{version}",
            "name": name, "target": target, "trace_id": trace, "span_id": span, "session_id": session,
            "data_type": "boolean" if name == "ok" else "numeric",
            "value": draw(st.sampled_from([0.0, 1.0] if name == "ok" else [0.0, 0.25, 0.5, 1.0, None])),
            "label": draw(st.sampled_from(["right", "wrong", ""])) if name == "verdict" else "",
            "source": draw(st.sampled_from(sorted(STANDING))),
            "time": NOW + draw(st.integers(0, 3)) * 60 * S + version, "version": version + 1,
            "deleted": draw(st.sampled_from([0, 0, 0, 0, 1])),
        })  # fmt: skip
    return found


def kept(store: Store, found: Sequence[Row], sampled: bool = False) -> str:
    """A project of its own with the world's spans and these records, in two parts. Of sampled traces some
    stand for several."""
    project = next(PROJECTS)
    weight = "if(cityHash64(s.trace_id) % 3 = 0, NULL, 1 + (cityHash64(s.trace_id) % 7) / 3)"
    weights = f", {weight} AS sample_weight, {weight} AS trace_weight" if sampled else ""
    store.command(
        f"INSERT INTO sightline.spans SELECT * REPLACE ({{p:String}} AS project{weights})"
        " FROM sightline.spans AS s WHERE s.project = 'p'",
        {"p": project},
    )
    half = len(found) // 2
    for part in (found[:half], found[half:]):
        rows = ", ".join(
            f"({project!r}, {r['id']!r}, {r['name']!r}, {r['target']!r}, {r['trace_id']!r}, {r['span_id']!r},"
            f" {r['session_id']!r}, {r['data_type']!r}, {'NULL' if r['value'] is None else r['value']},"
            f" {r['label']!r}, {r['source']!r}, fromUnixTimestamp64Nano({r['time']}),"
            f" fromUnixTimestamp64Nano({r['time']}), {r['version']}, {r['deleted']}, 365)"
            for r in part
        )
        if rows:
            store.command(
                "INSERT INTO sightline.scores (project, id, name, target, trace_id, span_id, session_id,"
                " data_type, value, label, source, time, received_at, version, deleted, retention_days)"
                f" VALUES {rows}"
            )
    return project


def joined(store: Store, ask: Callable[[], Any]) -> Any:
    """The answer with scores joined to the rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(facets_module, "fits", lambda *_: False)
        return ask()


def standing(row: Row) -> tuple[int, int]:
    """What is compared among scores of one name on one target."""
    return (0 if row["id"].startswith("public:") else STANDING[row["source"]]), row["time"]


def counting(found: Sequence[Row]) -> dict[tuple[str, ...], Row]:
    """The score that counts by name and target."""
    newest = {r["id"]: r for r in sorted(found, key=lambda r: int(r["version"])) if r}
    best: dict[tuple[str, ...], Row] = {}
    for row in newest.values():
        key = (row["name"], row["target"], row["trace_id"], row["span_id"], row["session_id"])
        if not row["deleted"] and (key not in best or standing(row) > standing(best[key])):
            best[key] = row
    return best


def said(numbers: list[float], best: Row, seen: ScoreName) -> str:
    """What a facet calls the number and the leading score of something."""
    bands = banded(seen)
    if not bands.names:
        return words(best)
    if not numbers:
        return ""
    return bands.names[sum(average(numbers) >= float(limit) for limit in bands.limits)]


def expected(found: Sequence[Row], q: str, target: Target, seen: ScoreName) -> Counter[str]:
    """How many rows have each value of a score, in plain Python."""
    best = {key[1:]: row for key, row in counting(found).items() if key[0] == seen.name}
    predicate = mean(parse(q), NOW)
    rows = [r for r in WORLD.rows if WORLD.holds(predicate, r)]
    counts: Counter[str] = Counter()
    if target is Target.SPANS:
        heads = {min(mine, key=lambda r: r["start"])["span_id"] for mine in WORLD.by_trace.values()}
        for row in rows:
            one = best.get(("span", row["trace_id"], row["span_id"], ""))
            if one is None and row["span_id"] in heads:
                one = best.get(("trace", row["trace_id"], "", ""))
            numbers = [one["value"]] if one and one["value"] is not None else []
            counts[said(numbers, one, seen) if one else ""] += 1
        return counts
    for trace in dict.fromkeys(r["trace_id"] for r in rows):
        mine = [row for key, row in best.items() if key[1] == trace]
        session = best.get(("session", "", "", WORLD.by_trace[trace][0]["session_id"] or "-"))
        mine = mine or ([session] if session else [])
        numbers = [row["value"] for row in mine if row["value"] is not None]
        lead = max(mine, key=standing) if mine else None
        counts[said(numbers, lead, seen) if lead else ""] += 1
    return counts


def top(facet: Facet) -> dict[str, int]:
    return {value.text: value.count for value in facet.top}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    records(),
    st.sampled_from(FILTERS),
    st.sampled_from(Target),
    st.booleans(),
    st.integers(1, 4),
    st.sampled_from(["", "R", "0", "t"]),
    st.booleans(),
)
def test_both_ways_and_plain_python_agree(
    store: Store,
    found: list[Row],
    q: str,
    target: Target,
    part: bool,
    limit: int,
    beginning: str,
    sampled: bool,
) -> None:
    project = kept(store, found, sampled)
    seen = {one.name: one for one in asyncio.run(score_names(store, project))}
    chosen = select(q, replace(WINDOW, project=project), NOW, target)

    def ask(selection: Selection = chosen, most: int = 100) -> Any:
        return asyncio.run(facets(store, selection, NOW, FIELDS, limit=most))

    answer = ask()
    assert answer == joined(store, ask)
    assert ask(most=limit) == joined(store, lambda: ask(most=limit))
    if part:
        since = NOW - 3_600 * S
        few = replace(chosen, window=replace(chosen.window, since=since, until=since + 60 * S))
        assert ask(few) == joined(store, lambda: ask(few))
    for name in seen:
        facet = answer.facets[FIELDS.index(f"score.{name}")]
        if "score." not in q and not sampled:
            wanted = expected(found, q, target, seen[name])
            assert top(facet) == wanted, name
            assert facet.values == len(wanted) and facet.exact

        def look(name: str = name) -> Any:
            return asyncio.run(facet_values(store, chosen, NOW, f"score.{name}", beginning, limit=3))

        assert look() == joined(store, look)


@pytest.mark.parametrize("highest", sorted(STANDING))
def test_a_head_has_its_own_score_whoever_gave_its_traces(store: Store, highest: str) -> None:
    head = HEADS[0]
    told = {"name": "verdict", "session_id": "", "data_type": "categorical", "value": None, "deleted": 0}
    found = [
        told | {"id": "own", "target": "span", "trace_id": head["trace_id"], "span_id": head["span_id"],
                "label": "wrong", "source": "rule", "time": NOW, "version": 1},
        told | {"id": "whole", "target": "trace", "trace_id": head["trace_id"], "span_id": "",
                "label": "right", "source": highest, "time": NOW + S, "version": 2},
    ]  # fmt: skip
    chosen = select("", replace(WINDOW, project=kept(store, found)), NOW)

    def ask() -> Any:
        return asyncio.run(facets(store, chosen, NOW, ["score.verdict"]))

    assert top(ask().facets[0]) == {"": len(WORLD.rows) - 1, "wrong": 1}
    assert ask() == joined(store, ask)


@pytest.mark.parametrize("target", Target)
@pytest.mark.parametrize("fewer", [False, True])
def test_few_rows_and_many_are_read_otherwise_and_count_the_same(
    store: Store, target: Target, fewer: bool
) -> None:
    chosen = select("", WINDOW, NOW, target)
    names = {one.name: one for one in asyncio.run(score_names(store, "p"))}
    faced = [_faced(f"score.{name}", target, names).score for name in NAMES]
    scores = [one for one in faced if one]
    # What is known of a name leaves out what need not be asked, and nothing else.
    blind = [replace(one, seen=None) for one in scores]
    told = []
    for asked in (scores, blind):
        statement = score_facets.counting(chosen, asked, 100, "", fewer)
        told.append(sorted(store.query(statement.text, statement.parameters).rows))
    assert told[0] == told[1] and len({row[0] for row in told[0]}) == 4
    other = score_facets.counting(chosen, scores, 100, "", not fewer)
    assert sorted(store.query(other.text, other.parameters).rows) == told[0]


@pytest.mark.parametrize(
    ("q", "quick"),
    [
        ("", True), ("llm -env:dev", True), ("attr.x:red or cost>1", True), ("score.q<0.5", False),
        ('"refund policy"', False), ("error child of llm", False), ("has:log", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("target", Target)
def test_lists_that_are_dear_to_read_are_read_once(q: str, quick: bool, target: Target) -> None:
    column = _faced("score.q", target).dimension.score
    assert column
    chosen = select(q, WINDOW, NOW, target)
    assert fits(chosen, [column]) is quick
    assert not fits(chosen, [column, None])
    if target is Target.SPANS:
        assert not fits(chosen, [_faced("trace.score.q").dimension.score])


@pytest.mark.parametrize("target", Target)
@pytest.mark.parametrize("form", ["all", "spans", "traces", "near", "beginning", "weighted"])
def test_the_statements(target: Target, form: str) -> None:
    chosen = replace(select("llm", WINDOW, NOW, target), weighted=form == "weighted")
    asked = [
        ScoreFacet(column, banded(seen), seen)
        for name, seen in (("q", name("q", form, low=0, high=1, numbers=9)), ("ok", name("ok", form)))
        if (column := _faced(f"score.{name}", target).dimension.score)
    ]
    beginning = "r_" if form == "beginning" else ""
    text = score_facets.counting(chosen, asked, 10, beginning, form == "near").text + "\n"
    path = GOLDEN / f"scores_{target}_{form}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def name(called: str, form: str, **more: Any) -> ScoreName:
    """A name that was given to spans, traces, or anything."""
    told = {"name": called, "found": 9, "spans": form != "traces", "traces": form != "spans",
            "sessions": form not in ("spans", "traces"), "numbers": 0, "booleans": 0, "labelled": 0,
            "comments": 0, "corrections": 0, "low": None, "high": None, "labels": (), "sources": (),
            "first": 1, "last": 1}  # fmt: skip
    return ScoreName(**told | more)  # type: ignore[arg-type]
