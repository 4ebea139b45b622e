"""The statements behind the overview: requests from their topmost spans, usage from the spans that have it.

Grouping all spans by their trace would take several times as long. So topmost spans, failed ones, and those
with usage are read apart, and aggregated once by bucket and dimensions together. The figures in all, for each
bucket and for each value are merged from that.
"""

from __future__ import annotations

from collections.abc import Sequence

from sightline.query.buckets import Buckets
from sightline.query.dimensions import dimension
from sightline.query.figures_sql import bucket_of
from sightline.query.filter.compiler import Sql, Statement, indented
from sightline.query.filter.predicates import AllOf
from sightline.query.measures import MEASURES
from sightline.query.selection import Selection

LARGEST = 200
_OWN = "s.usage_source = 'own'"
_FAILED = "s.status = 'error'"
USAGE = ("tokens", "input_tokens", "output_tokens", "cost")


def requests(
    selection: Selection, found: Buckets, by: Sequence[str], kept: Sequence[str] | None, exact: bool
) -> Statement:
    """Requests: how many, how many failed, median and 95th percentile, users, sessions, tokens and cost.

    With `kept` the one dimension has only these values, all others are other. `mark` tells the sets apart,
    with a bit for each column, the bucket's highest, 0 for what is grouped by.
    """
    sql = Sql(selection.window)
    bad = f"SELECT s.trace_id\n{sql.near_spans(AllOf(()), _FAILED)}"
    began = "toUnixTimestamp64Nano(s.start_time)"
    tops = _select(
        [
            "cityHash64(s.trace_id) AS id",
            "min(s.start_time) AS start_time",
            f"max({began} + s.duration_ns) - min({began}) AS took",
            *(f"argMin({dimension(name, True).sql}, s.start_time) AS d{n}" for n, name in enumerate(by)),
            "argMin(s.user_id, s.start_time) AS user_id",
            "argMin(s.session_id, s.start_time) AS session_id",
            f"max(s.trace_id IN (\n{indented(bad)}\n)) AS failed",
        ],
        f"{sql.traces(selection.predicate)}\nGROUP BY id",
    )
    usage = _select(
        [
            "cityHash64(s.trace_id) AS id",
            *(f"{MEASURES[name].spans} AS {name}" for name in USAGE),
            f"{MEASURES['cost'].unknown[0]} AS no_cost",
            f"{MEASURES['tokens'].unknown[0]} AS no_tokens",
        ],
        sql.near_spans(AllOf(()), f"({_OWN} OR s.cost_source = 'unknown' OR s.kind = 'llm')")
        + "\nGROUP BY id",
    )
    quantiles = f"quantiles{'Exact' if exact else 'TDigest'}"
    used = (*USAGE, "no_cost", "no_tokens")
    parts = _select(
        [
            f"{bucket_of(found, sql)} AS bucket",
            *_columns(sql, by, kept),
            "count() AS n",
            "countIf(s.failed) AS bad",
            f"{quantiles}State(0.5, 0.95)(s.took) AS took_state",
            "uniqExactStateIf(s.user_id, s.user_id != '') AS user_state",
            "uniqExactStateIf(s.session_id, s.session_id != '') AS session_state",
            *(f"sum(u.{name}) AS sum_{name}" for name in used),
        ],
        f"FROM (\n{indented(tops)}\n) AS s\nLEFT JOIN (\n{indented(usage)}\n) AS u ON s.id = u.id\n"
        f"GROUP BY {_names(by)}",
    )
    figures = [
        "sum(n) AS found",
        "sum(bad) AS failed",
        f"{quantiles}Merge(0.5, 0.95)(took_state) AS took",
        "uniqExactMerge(user_state) AS users",
        "uniqExactMerge(session_state) AS sessions",
        *(f"sum(sum_{name}) AS all_{name}" for name in used),
    ]
    return sql.statement(_merged(sql, by, figures, parts))


def slowest(selection: Selection, limit: int) -> Statement:
    """The requests that took longest."""
    sql = Sql(selection.window)
    began = "toUnixTimestamp64Nano(s.start_time)"
    return sql.statement(
        f"SELECT s.trace_id AS id, max({began} + s.duration_ns) - min({began}) AS took\n"
        f"{sql.traces(selection.predicate)}\nGROUP BY s.trace_id\nORDER BY took DESC, id\n"
        f"LIMIT {sql.parameters.value('UInt32', limit)}"
    )


def dearest(selection: Selection, limit: int) -> Statement:
    """The traces whose spans of the window cost most."""
    sql = Sql(selection.window)
    return sql.statement(
        f"SELECT s.trace_id AS id, round(sum(s.cost_usd) * 1e9) AS cost\n"
        f"{sql.spans(selection.predicate, _OWN, 's.cost_usd > 0')}\nGROUP BY s.trace_id\n"
        f"ORDER BY cost DESC, id\nLIMIT {sql.parameters.value('UInt32', limit)}"
    )


def latest(selection: Selection, limit: int) -> Statement:
    """The requests that began last."""
    sql = Sql(selection.window)
    return sql.statement(
        f"SELECT s.trace_id AS id, min(s.start_time) AS began\n{sql.traces(selection.predicate)}\n"
        f"GROUP BY s.trace_id\nORDER BY began DESC, id\nLIMIT {sql.parameters.value('UInt32', limit)}"
    )


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


def _select(columns: Sequence[str], rest: str) -> str:
    listed = ",\n".join(columns)
    return f"SELECT\n{indented(listed)}\n{rest}"


def _merged(sql: Sql, by: Sequence[str], figures: Sequence[str], parts: str) -> str:
    names = _names(by)
    first = figures[0].rsplit(" ", 1)[1]
    columns = [names, f"grouping({names}) AS mark", *figures, "count() OVER (PARTITION BY mark) AS groups"]
    sets = ", ".join(f"({name})" for name in names.split(", "))
    return (
        _select(columns, f"FROM (\n{indented(parts)}\n)\nGROUP BY GROUPING SETS ({sets}, ())\n")
        + f"ORDER BY mark, {first} DESC, {names}\n"
        + f"LIMIT {sql.parameters.value('UInt32', LARGEST)} BY mark"
    )
