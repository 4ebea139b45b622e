"""The statements behind the overview: requests from the heads of their traces.

Heads are aggregated once by bucket and dimensions together. The figures in all, for each bucket and for each
value are merged from that.
"""

from __future__ import annotations

from collections.abc import Sequence

from sightline.query.buckets import Buckets
from sightline.query.dimensions import dimension
from sightline.query.figures_sql import bucket_of
from sightline.query.filter.compiler import Sql, Statement, indented, selected
from sightline.query.selection import Selection

LARGEST = 200
USAGE = ("tokens", "input_tokens", "output_tokens", "cost")
# What is summed, from a head.
USED = {
    "tokens": "s.trace_tokens",
    "input_tokens": "s.trace_input_tokens",
    "output_tokens": "s.trace_output_tokens",
    "cost": "s.trace_cost_usd",
    "no_cost": "s.trace_unknown_cost",
    "no_tokens": "s.trace_unknown_tokens",
}


def requests(
    selection: Selection, found: Buckets, by: Sequence[str], kept: Sequence[str] | None
) -> Statement:
    """Requests: how many, how many failed, median and 95th percentile, users, sessions, tokens and cost.

    With `kept` the one dimension has only these values, all others are other. `mark` tells the sets apart,
    with a bit for each column, the bucket's highest, 0 for what is grouped by.
    """
    sql = Sql(selection.window)
    heads = selected(
        [
            "s.start_time AS start_time",
            "s.trace_duration_ns AS took",
            *(f"{dimension(name, True).sql} AS d{n}" for n, name in enumerate(by)),
            "s.user_id AS user_id",
            "s.session_id AS session_id",
            "s.trace_errors > 0 AS failed",
            *(f"{sum_} AS {name}" for name, sum_ in USED.items()),
        ],
        sql.traces(selection.predicate),
    )
    parts = selected(
        [
            f"{bucket_of(found, sql)} AS bucket",
            *_columns(sql, by, kept),
            "count() AS n",
            "countIf(s.failed) AS bad",
            "quantilesExactState(0.5, 0.95)(s.took) AS took_state",
            "uniqExactStateIf(s.user_id, s.user_id != '') AS user_state",
            "uniqExactStateIf(s.session_id, s.session_id != '') AS session_state",
            *(f"sum(s.{name}) AS sum_{name}" for name in USED),
        ],
        f"FROM (\n{indented(heads)}\n) AS s\nGROUP BY {_names(by)}",
    )
    figures = [
        "sum(n) AS found",
        "sum(bad) AS failed",
        "quantilesExactMerge(0.5, 0.95)(took_state) AS took",
        "uniqExactMerge(user_state) AS users",
        "uniqExactMerge(session_state) AS sessions",
        *(f"sum(sum_{name}) AS all_{name}" for name in USED),
    ]
    return sql.statement(_merged(sql, by, figures, parts))


def slowest(selection: Selection, limit: int) -> Statement:
    """The requests that took longest."""
    return _first(selection, "s.trace_duration_ns AS took", "took DESC, id", limit)


def dearest(selection: Selection, limit: int) -> Statement:
    """The requests that cost most."""
    return _first(
        selection, "round(s.trace_cost_usd * 1e9) AS cost", "cost DESC, id", limit, "s.trace_cost_usd > 0"
    )


def latest(selection: Selection, limit: int) -> Statement:
    """The requests that began last."""
    return _first(selection, "s.start_time AS began", "began DESC", limit)


def _first(selection: Selection, key: str, order: str, limit: int, *conditions: str) -> Statement:
    sql = Sql(selection.window)
    count = sql.parameters.value("UInt32", limit)
    found = sql.traces(selection.predicate, *conditions)
    return sql.statement(f"SELECT s.trace_id AS id, {key}\n{found}\nORDER BY {order}\nLIMIT {count}")


def _columns(sql: Sql, by: Sequence[str], kept: Sequence[str] | None) -> list[str]:
    """The dimensions as columns; behind `=` a value that is kept, empty what is other."""
    found = []
    for n in range(len(by)):
        text = f"s.d{n}"
        if kept is not None:
            values = sql.parameters.value("Array(String)", list(kept))
            text = f"if(has({values}, toString({text})), concat('=', {text}), '')"
        found.append(f"{text} AS d{n}")
    return found


def _names(by: Sequence[str]) -> str:
    return ", ".join(["bucket", *(f"d{n}" for n in range(len(by)))])


def _merged(sql: Sql, by: Sequence[str], figures: Sequence[str], parts: str) -> str:
    names = _names(by)
    first = figures[0].rsplit(" ", 1)[1]
    columns = [names, f"grouping({names}) AS mark", *figures, "count() OVER (PARTITION BY mark) AS groups"]
    sets = ", ".join(f"({name})" for name in names.split(", "))
    return (
        selected(columns, f"FROM (\n{indented(parts)}\n)\nGROUP BY GROUPING SETS ({sets}, ())\n")
        + f"ORDER BY mark, {first} DESC, {names}\n"
        + f"LIMIT {sql.parameters.value('UInt32', LARGEST)} BY mark"
    )
