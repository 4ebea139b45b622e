"""Hours of sampled traces added up: sums by weight, and what their intervals need.

Beside each sum stands its variance over traces, the sum of (1 - 1/w)·u² (`margins`). Requests are whole in
one hour; of spans a trace that goes on into the next hour counts as two, which leaves out what its two parts
vary together. Percentiles count by weight in buckets that are one percent apart, whose states add up exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sightline.query.filter.compiler import Sql, Statement, indented, selected
from sightline.query.filter.predicates import AllOf
from sightline.query.hours_sql import (
    DIFFERENT,
    HOUR_OF,
    SUBJECTS,
    SUMS,
    Subject,
    Sums,
    inserting,
    of,
    rows_of,
    told_apart,
)
from sightline.query.measures import MEASURES
from sightline.query.statements import statement
from sightline.query.weights import APART, OF_HEAD, OF_SPAN, OF_TRACE, PARTS, at_least_one, weighted
from sightline.query.window import Window
from sightline.store.hours import HOUR, KEPT_HOURS

_TOOK, _FIRST_TOKEN = "quantilesExactWeighted(0.5, 0.95)", "quantilesExactWeighted(0.95)"
_TERMS = ("found", "failed", *SUMS)
COLUMNS = (
    "environment", "subject", "dimension", "value", "stored", *_TERMS, *(f"spread_{one}" for one in _TERMS),
    "spread_both", "unknown_tokens", "unknown_cost", "durations", "first_tokens", "users", "sessions",
)  # fmt: skip


# What is read of heads, too.
_OF_HEADS = {"trace_id": "s.trace_id", "weight": OF_HEAD}


def _place(column: str) -> str:
    """The bucket of a time, from 1 on: the percentile of none is 0."""
    return f"toFloat64(1 + floor(log({at_least_one(column)}) / log({APART})))"


def _times(state: str) -> str:
    """Times of buckets, NaN for none."""
    return f"arrayMap(p -> if(p >= 1, pow({APART}, p - 0.5), nan), {state})"


def measured(subject: Subject, window: Window, sql: Sql, part: str, environment: str = "", *more: str) -> str:
    """A SELECT that adds up a subject by weight: `part` (an expression over spans `s`) and `COLUMNS`."""
    source, columns, first_token, people = rows_of(subject, window, sql, environment, more, _OF_HEADS)
    traces = subject.traces
    weight = OF_TRACE if traces else OF_SPAN
    whole = f"toUInt64(round({PARTS} * {weight}))"
    named = [f"('{name}', toString({columns[f'd{n}']}))" for n, name in enumerate(subject.by)]
    totals = {"found": "count()", "failed": MEASURES["errors"].sql(traces)}
    totals |= {name: MEASURES[name].sql(traces) for name in SUMS}
    by_trace = selected(
        [
            f"{part} AS part",
            f"{columns['environment']} AS environment",
            f"arrayJoin([('', ''), {', '.join(named)}]) AS place",
            f"1 - 1 / max({weight}) AS left_out",
            "count() AS n",
            *(f"toFloat64({weighted(text, weight)}) AS u_{name}" for name, text in totals.items()),
            f"{_TOOK.replace('(', 'State(', 1)}({_place('s.duration_ns')}, {whole}) AS took",
            f"{_FIRST_TOKEN.replace('(', 'State(', 1)}({_place(first_token)}, {whole}) AS began",
            f"{MEASURES['tokens'].unknown_sql(traces)} AS no_tokens",
            f"{MEASURES['cost'].unknown_sql(traces)} AS no_cost",
            *(f"{of(DIFFERENT, 'State', one)} AS who{n}" for n, one in enumerate(people)),
        ],
        f"{source}\nGROUP BY part, environment, place, s.trace_id",
    )
    outer = {
        "environment": "environment",
        "subject": f"'{subject.name}'",
        "dimension": "place.1",
        "value": "place.2",
        "stored": "sum(n)",
        **{name: f"sum(u_{name})" for name in _TERMS},
        **{f"spread_{name}": f"ifNull(sum(left_out * u_{name} * u_{name}), 0)" for name in _TERMS},
        "spread_both": "sum(left_out * u_failed * u_found)",
        "unknown_tokens": "sum(no_tokens)",
        "unknown_cost": "sum(no_cost)",
        "durations": of(_TOOK, "MergeState", "took"),
        "first_tokens": of(_FIRST_TOKEN, "MergeState", "began"),
        "users": of(DIFFERENT, "MergeStateIf", "who0, place.1 = ''"),
        "sessions": of(DIFFERENT, "MergeStateIf", "who1, place.1 = ''"),
    }
    return selected(
        ["part", *(f"{outer[name]} AS r_{name}" for name in COLUMNS)],
        f"FROM (\n{indented(by_trace)}\n)\nGROUP BY part, environment, place",
    )


_ADDED = ("stored", *_TERMS, *(f"spread_{one}" for one in _TERMS), "spread_both", "unknown_tokens",
          "unknown_cost")  # fmt: skip
WEIGHTED = Sums(
    "sightline.weighted_hours",
    COLUMNS,
    (
        *(f"sum(r_{name}) AS {name}" for name in _ADDED),
        f"{_times(of(_TOOK, 'Merge', 'r_durations'))} AS took",
        f"{_times(of(_FIRST_TOKEN, 'Merge', 'r_first_tokens'))} AS first_token",
        f"{of(DIFFERENT, 'Merge', 'r_users')} AS users",
        f"{of(DIFFERENT, 'Merge', 'r_sessions')} AS sessions",
    ),
    measured,
)


def adding_weights_up(window: Window, version: int) -> list[Statement]:
    """The statements that add up the whole hours of a window by weight, with the versions that
    `hours_sql.adding_up` gives them; to be made before those, so that an hour that counts is all there."""
    made = [inserting(window, version, one, WEIGHTED) for one in SUBJECTS]
    sql = Sql(window)
    spans = f"SELECT {HOUR_OF} AS part, count() AS n\n{sql.spans(AllOf(()))}\nGROUP BY part"
    made.append(
        sql.statement(
            "INSERT INTO sightline.weighted_hours (project, hour, version, stored)\n"
            f"{told_apart(sql, window, version, ['n'])}\nFROM (\n{indented(spans)}\n)"
        )
    )
    return made


def with_weights(window: Window) -> Statement:
    """The versions of the whole hours of a window that are added up by weight."""
    given = {
        "project": window.project, "first": -(-window.since // HOUR), "end": window.until // HOUR,
    }  # fmt: skip
    return Statement(statement("weighted_versions"), given)


def any_weighted(window: Window) -> Statement:
    """Whether any hour of the window's project was added up by weight."""
    text = "SELECT 1 AS found FROM sightline.weighted_hours WHERE project = {project:String} LIMIT 1"
    return Statement(text, {"project": window.project})


def waiting_for_weights(now: int) -> Statement:
    """Which hours are added up without their weights, of projects that have weights elsewhere."""
    given: Mapping[str, Any] = {"oldest": now // HOUR - KEPT_HOURS, "now": now // 10**9}
    return Statement(statement("waiting_weights"), dict(given))
