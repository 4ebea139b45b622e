"""Filters against a real engine, held against the same in plain Python."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.query.filter_reference import Row, World

from sightline.digest.heads import complete_heads
from sightline.query.filter.compiler import Sql
from sightline.query.filter.meaning import mean
from sightline.query.filter.parser import parse
from sightline.query.selection import Selection, Target, rows, select
from sightline.query.window import Window
from sightline.settings import StoreSettings
from sightline.store import schema
from sightline.store.store import Store, embedded_url

S = 10**9
NOW = 1_795_185_140 * S
CONDITIONS = [
    *[
        "llm",
        "tool",
        "agent",
        "error",
        "-status:ok",
        "kind:t*",
        "name:c%*",
        "name:e_f",
        "name:*",
        "name:*b",
        "env:prod",
        "-env:dev",
        "has:env",
    ],
    *[
        "-has:env",
        "user:alice,bob",
        "user:*",
        "cost>0.2",
        "cost:0",
        "-cost<1",
        "has:cost",
        "cost:0.25..1.5",
        "input:0",
        "-input>5",
    ],
    *[
        "input>=10",
        "duration>1s",
        "duration:2s..",
        "duration<=1s",
        "attr.x:red",
        "attr.x:5",
        "attr.x>2",
        "attr.x:true",
    ],
    *[
        "-attr.x:red",
        "has:attr.x",
        "attr.x:*e*",
        "y.z:red",
        "attr.x:1..3",
        "depth:0",
        "depth>2",
        "session:s1",
        "usage_source:own",
    ],
    *['env:""', 'attr.x:"5"', 'name:"a b"', "-(llm or tool)"],
    *[
        "score.q<0.5",
        "score.q:0.25..<0.75",
        "-score.q>=0.5",
        "has:score.q",
        "score.q.source:person,end_user",
        "score.verdict:wrong",
        "score.verdict:r*",
        "score.ok:true",
        "score.ok:1",
        'score."a b".by:ann',
        "-has:score",
        "trace.score.q<0.5",
        "trace.score.verdict:wrong,right",
        "trace.score.ok:no",
        "-has:trace.score.q",
        "session.score.q>0.5",
        "session.score.verdict:right",
        "has:session.score",
    ],
]
WINDOW = Window("p", NOW - 7_200 * S, NOW)
KINDS = ["llm", "tool", "agent", "chain"]


def made(seed: int) -> list[Row]:
    """Traces of all shapes: trees, orphans, a circle; values known and unknown."""
    dice = random.Random(seed)
    found: list[Row] = []
    for t in range(40):
        # What counts for the whole trace is the same for all its spans.
        whole = {
            "environment": dice.choice(["prod", "dev", "", None]),
            "user_id": dice.choice(["alice", "bob", None]),
            "session_id": f"s{t % 9}" if t % 3 else None,
        }
        size = dice.choice([1, 2, 5, 12])
        parents = {n: dice.randrange(n) if n else None for n in range(size)}
        if t % 7 == 0 and size > 2:
            parents[1], parents[2] = 2, 1
        for n in range(size):
            kind = dice.choice(KINDS)
            usage = dice.choice(["own", "rollup", None])
            parent = parents[n]
            gone = 0xFF if t % 5 == 0 and parent is None else parent
            found.append({
                "trace_id": f"{t:032x}", "span_id": f"{t:08x}{n:08x}",
                "parent_span_id": "" if gone is None else f"{t:08x}{gone:08x}",
                "name": dice.choice(["a b", "c%d", "e_f", 'g"h']), "kind": kind, "depth": depth(parents, n),
                "status": dice.choice(["ok", "ok", "error", "unset"]),
                "start": NOW - 3_600 * S + t * 10 * S + n * 10**6,
                "duration_ns": dice.choice([0, S, 2 * S, 12 * S]),
                **whole, "usage_source": usage,
                "cost_usd": dice.choice([None, 0.0, 0.25, 1.5]) if usage else None,
                "input_tokens": dice.choice([None, 0, 10, 1_000]) if usage else None,
                "attributes": dice.choice([
                    {}, {"x": "red"}, {"x": 5}, {"x": "5"}, {"x": 2.5}, {"x": True}, {"x": "true"},
                    {"y.z": "red"}]),
            })  # fmt: skip
    return found


def scores_of(seed: int, rows: list[Row]) -> list[Row]:
    """Scores of all kinds on a third of what can be scored, some of them several times; also of nothing."""
    dice = random.Random(seed)
    found: list[Row] = []
    targets = [("span", r["trace_id"], r["span_id"], "") for r in rows]
    targets += [("trace", trace, "", "") for trace in sorted({r["trace_id"] for r in rows})]
    targets += [("session", "", "", f"s{n}") for n in range(12)] + [("trace", "f" * 32, "", "")]
    for target, trace, span, session in targets:
        for _ in range(dice.choice([0, 0, 1, 1, 3])):
            kind = dice.choice(["q", "verdict", "ok", "a b"])
            truth = kind == "ok"
            found.append({
                "id": f"{len(found):04d}", "name": kind, "target": target, "trace_id": trace, "span_id": span,
                "session_id": session, "data_type": "boolean" if truth else "numeric",
                "value": dice.choice([0.0, 1.0] if truth else [0.0, 0.25, 0.5, 1.0, None]),
                "label": dice.choice(["right", "wrong", ""]) if kind == "verdict" else "",
                "source": dice.choice(["person", "end_user", "evaluator", "rule"]),
                "author": dice.choice(["ann", ""]), "time": NOW + dice.randrange(3) * S + len(found),
            })  # fmt: skip
    return found


def insert_scores(store: Store, found: list[Row], project: str) -> None:
    texts = "id name target trace_id span_id session_id data_type label source author"
    types = dict.fromkeys(texts.split(), "String") | {"value": "Nullable(Float64)", "time": "DateTime64(9)"}
    columns, chosen = ", ".join(f"{n} {kind}" for n, kind in types.items()), ", ".join(types)
    lines = "\n".join(
        json.dumps(row | {"time": f"{row['time'] // S}.{row['time'] % S:09d}"}) for row in found
    )
    store.command(
        f"INSERT INTO sightline.scores (project, received_at, retention_days, {chosen})"
        f" SELECT {{project:String}}, time, 365, {chosen} FROM"
        " format(JSONEachRow, {c:String}, {l:String})",
        {"project": project, "c": columns, "l": lines},
    )


def depth(parents: dict[int, int | None], n: int) -> int:
    """Steps up to the topmost span; a circle is cut at 1, as digest cuts one."""
    up = None if n == 1 and parents.get(2) == 1 and parents.get(1) == 2 else parents[n]
    return 0 if up is None else 1 + depth(parents, up)


def insert(store: Store, found: list[Row]) -> None:
    lines = "\n".join(
        json.dumps(row | {"start": f"{row['start'] // S}.{row['start'] % S:09d}"}) for row in found
    )
    texts = "trace_id span_id parent_span_id name kind status"
    unknown = "environment user_id session_id usage_source"
    types = dict.fromkeys(texts.split(), "String") | dict.fromkeys(unknown.split(), "Nullable(String)")
    types |= {"depth": "UInt16", "start": "DateTime64(9)", "duration_ns": "UInt64", "attributes": "JSON"}
    types |= {"cost_usd": "Nullable(Float64)", "input_tokens": "Nullable(UInt64)"}
    columns = ", ".join(f"{name} {kind}" for name, kind in types.items())
    chosen = ", ".join(types)
    names = chosen.replace("start,", "start_time,")
    for project in ("p", "q"):
        store.command(
            f"INSERT INTO sightline.spans (project, received_at, retention_days, {names})"
            f" SELECT {{project:String}}, start, 365, {chosen}"
            " FROM format(JSONEachRow, {c:String}, {l:String})",
            {"project": project, "c": columns, "l": lines},
        )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    found = Store(embedded_url(tmp_path_factory.mktemp("rows")), StoreSettings())
    writer = found.writer()
    schema.migrate(writer)
    insert(found, made(1))
    insert_scores(found, SCORES, "p")
    insert_scores(found, scores_of(3, made(1)), "q")
    complete_heads(writer)
    complete_heads(writer)
    yield found
    writer.close()
    found.close()


SCORES = scores_of(2, made(1))
WORLD = World(made(1), scores=SCORES)


def asked(store: Store, selection: Selection) -> Any:
    """What the engine finds: pairs of ids, or ids of traces."""
    sql = Sql(selection.window)
    statement = sql.statement(f"SELECT s.trace_id, s.span_id\n{rows(selection, sql)}")
    answer = store.query(statement.text, statement.parameters).rows
    return {row[0] for row in answer} if selection.target is Target.TRACES else set(answer)


@st.composite
def condition(draw: st.DrawFn) -> str:
    """A condition on a span."""
    return draw(st.sampled_from(CONDITIONS))


@st.composite
def statement(draw: st.DrawFn, whole: str) -> str:
    """Something said of a trace or session."""
    if draw(st.booleans()):
        run = " ".join(draw(st.lists(condition(), min_size=1, max_size=2)))
        return f"{draw(st.sampled_from(['any', 'all', 'none']))} {run}"
    measures = [
        "cost>1",
        "cost<0.5",
        "-cost>1",
        "has:cost",
        "input>=10",
        "spans>3",
        "errors:0",
        "calls:1..2",
        "duration>5s",
    ]
    found = draw(st.sampled_from(measures + (["traces>1"] if whole == "session" else [])))
    return found.replace("has:cost", "any has:cost")


@st.composite
def texts(draw: st.DrawFn, depth: int = 2) -> str:
    """A filter."""
    way = draw(st.sampled_from(["one", "one", "and", "or", "not", "related", "whole"])) if depth else "one"
    if way == "one":
        return draw(condition())
    if way == "whole":
        whole = draw(st.sampled_from(["trace", "session"]))
        parts = draw(st.lists(statement(whole), min_size=1, max_size=2))
        return f"{whole}:({draw(st.sampled_from([' and ', ' or '])).join(parts)})"
    if way == "related":
        relation = draw(st.sampled_from(["under", "above", "child of", "parent of"]))
        return f"{relation} ({draw(texts(0))} {draw(condition())})"
    if way == "not":
        return f"-({draw(texts(depth - 1))})"
    joint = " or " if way == "or" else " "
    return f"({draw(texts(depth - 1))}{joint}{draw(texts(depth - 1))})"


@settings(max_examples=200, deadline=None)
@given(texts())
def test_the_engine_finds_what_the_words_say(store: Store, text: str) -> None:
    predicate = mean(parse(text), NOW)
    assert asked(store, select(text, WINDOW, NOW)) == WORLD.matching(predicate)


@settings(max_examples=60, deadline=None)
@given(texts())
def test_a_trace_matches_when_one_of_its_spans_does(store: Store, text: str) -> None:
    selection = select(text, WINDOW, NOW, Target.TRACES)
    assert asked(store, selection) == WORLD.traces(selection.predicate)


@settings(max_examples=40, deadline=None)
@given(texts())
def test_a_condition_and_its_negation_divide_the_spans(store: Store, text: str) -> None:
    both = asked(store, select(text, WINDOW, NOW)), asked(store, select(f"-({text})", WINDOW, NOW))
    assert not both[0] & both[1] and len(both[0] | both[1]) == len(WORLD.rows)


def test_the_time_bounds_the_spans_and_widens_for_their_relatives(store: Store) -> None:
    first = WORLD.by_trace[f"{1:032x}"]
    at = min(r["start"] for r in first)
    short = Window("p", at, at + 1)
    assert asked(store, select("", short, NOW)) == {(first[0]["trace_id"], first[0]["span_id"])}
    spans = len(first)
    assert len(asked(store, select(f"spans:{spans}", short, NOW))) == 1
    # A trace that began before the window is not listed in it, though a span of it lies there.
    later = Window("p", at + 1, at + 10**9)
    assert asked(store, select("", later, NOW, Target.TRACES)) == set()
