"""Which metrics there are, what one of them is, and the requests in which it was measured.

Errors of the store pass through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sightline.query.buckets import Buckets, buckets
from sightline.query.filter.compiler import Statement, indented
from sightline.query.filter.nodes import Condition, Name, Operator, Value
from sightline.query.metric_sql import SERIES, VALUE
from sightline.query.row_selection import RowSelection
from sightline.query.window import LATEST
from sightline.records.metrics import Catalogue, Exemplar, MetricInfo
from sightline.store.store import Store

PER_PAGE = 50
MAX_PAGE = 500
# Series are counted in this much of the window, from the last point on (ns).
SERIES_OVER = 3_600 * 10**9
SPARKS = 24
# A sparkline for each metric is made of at most this many points.
MOST_POINTS = 2_000_000
_SHOWN_SERVICES = 6


def named(selection: RowSelection, name: str) -> RowSelection:
    """The points of one metric; its name is a text, whatever it contains."""
    return selection.beside(Condition(Name("name"), Operator.IS, (Value((name,), True),)))


async def catalogue(
    store: Store, selection: RowSelection, *, limit: int = PER_PAGE, after: str = ""
) -> Catalogue:
    """The metrics of a selection in the order of their names, from behind a name on."""
    limit = max(1, min(limit, MAX_PAGE))
    asked = listing(selection, limit + 1, after)
    rows = (await store.fetch(asked.text, asked.parameters, purpose="metrics")).dicts()
    shown = rows[:limit]
    if not shown:
        return Catalogue((), None, 0)
    last = max(row["last"] for row in shown)
    window = selection.window
    recent = selection.within(
        max(window.since, min(last - SERIES_OVER, window.until - 2)), min(LATEST, window.until)
    )
    counted = _series(recent, [row["metric"] for row in shown])
    answer = await store.fetch(counted.text, counted.parameters, purpose="metrics")
    series = {str(name): int(found) for name, found in answer.rows}
    metrics = tuple(_info(row, series.get(row["metric"])) for row in shown)
    return Catalogue(metrics, metrics[-1].name if len(rows) > limit else None, int(shown[0]["total"]))


_INFO = (
    "s.name AS metric",
    "count() AS points",
    "topK(1)(s.type)[1] AS kind",
    "uniqExact(s.type) AS kinds",
    "argMax(s.unit, s.time) AS unit_",
    "argMax(s.description, s.time) AS described",
    "topK(1)(s.temporality)[1] AS counts_from",
    "topK(1)(s.monotonic)[1] AS grows",
    "toUnixTimestamp64Nano(min(s.time)) AS first",
    "toUnixTimestamp64Nano(max(s.time)) AS last",
    f"arraySort(groupUniqArray({_SHOWN_SERVICES})(ifNull(s.service, ''))) AS services",
    "uniqExact(ifNull(s.service, '')) AS service_count",
    "ifNull(min(s.scale), 0) AS least_scale",
)


def listing(selection: RowSelection, limit: int, after: str) -> Statement:
    """The statement for the metrics behind a name; `total` counts those before it too."""
    sql = selection.sql()
    behind = sql.parameters.value("String", after)
    columns = indented(",\n".join([*_INFO, "count() OVER () AS total"]))
    every = f"SELECT\n{columns}\n{sql.rows(selection.predicate)}\nGROUP BY s.name"
    return sql.statement(
        f"SELECT *\nFROM (\n{indented(every)}\n)\nWHERE metric > {behind}\nORDER BY metric\n"
        f"LIMIT {sql.parameters.value('UInt32', limit)}"
    )


def _series(selection: RowSelection, names: Sequence[str]) -> Statement:
    sql = selection.sql()
    among = f"s.name IN {sql.parameters.texts(tuple(names))}"
    source = sql.rows(selection.predicate, among)
    return sql.statement(f"SELECT s.name AS metric, uniq({SERIES}) AS found\n{source}\nGROUP BY metric")


async def metric(store: Store, selection: RowSelection) -> MetricInfo | None:
    """What the one metric of a selection (`named`) is; None when it has no points."""
    sql = selection.sql()
    columns = indented(",\n".join(_INFO))
    asked = sql.statement(f"SELECT\n{columns}\n{sql.rows(selection.predicate)}\nGROUP BY s.name")
    rows = (await store.fetch(asked.text, asked.parameters, purpose="metric")).dicts()
    if not rows:
        return None
    window = selection.window
    recent = selection.within(
        max(window.since, min(int(rows[0]["last"]) - SERIES_OVER, window.until - 2)), window.until
    )
    counted = _series(recent, [rows[0]["metric"]])
    answer = await store.fetch(counted.text, counted.parameters, purpose="metric")
    return _info(rows[0], int(answer.rows[0][1]) if answer.rows else None)


def _info(row: Mapping[str, Any], series: int | None) -> MetricInfo:
    return MetricInfo(
        name=row["metric"],
        type=row["kind"],
        unit=row["unit_"],
        description=row["described"],
        temporality=row["counts_from"],
        monotonic=bool(row["grows"]),
        points=int(row["points"]),
        series=series,
        first=int(row["first"]),
        last=int(row["last"]),
        services=tuple(name for name in row["services"] if name),
        service_count=int(row["service_count"]) - ("" in row["services"]),
        types=int(row["kinds"]),
        scale=int(row["least_scale"]),
    )


async def sparks(
    store: Store, selection: RowSelection, metrics: Sequence[MetricInfo]
) -> dict[str, tuple[float | None, ...]]:
    """A small curve for each of some metrics: the mean of what is measured, the growth of what is counted.

    Growth is that from bucket to bucket within a series; none when the points are too many for it.
    """
    if not metrics or sum(one.points for one in metrics) > MOST_POINTS:
        return {}
    spread = buckets(selection.window, most=SPARKS)
    asked = curves(selection, spread, [one.name for one in metrics])
    rows = (await store.fetch(asked.text, asked.parameters, purpose="metrics")).dicts()
    found: dict[str, list[float | None]] = {one.name: [None] * len(spread.starts) for one in metrics}
    kinds = {one.name: one for one in metrics}
    for row in rows:
        one = kinds[row["metric"]]
        level = one.type == "gauge" or (one.type == "sum" and not one.monotonic)
        column = "level" if level else "counted" if one.temporality == "delta" else "grew"
        found[one.name][int(row["bucket"])] = row[column]
    return {name: tuple(values) for name, values in found.items()}


def curves(selection: RowSelection, spread: Buckets, names: Sequence[str]) -> Statement:
    """The statement for the curves of some metrics."""
    sql = selection.sql()
    first = sql.parameters.value("Int64", spread.starts[0])
    step = sql.parameters.value("Int64", spread.step)
    source = sql.rows(selection.predicate, f"s.name IN {sql.parameters.texts(tuple(names))}")
    columns = (
        "s.name AS metric",
        f"{SERIES} AS series",
        f"intDiv(toUnixTimestamp64Nano(s.time) - {first}, {step}) AS bucket",
        f"avg({VALUE}) AS mean",
        f"sum({VALUE}) AS added",
        f"argMax({VALUE}, s.time) AS reached",
    )
    chosen = indented(",\n".join(columns))
    by_series = f"SELECT\n{chosen}\n{source}\nGROUP BY metric, series, bucket"
    lagged = (
        "SELECT\n    *,\n    lagInFrame(reached) OVER w AS before,\n    row_number() OVER w AS n\n"
        f"FROM (\n{indented(by_series)}\n)\nWINDOW w AS (PARTITION BY metric, series ORDER BY bucket"
        " ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    )
    return sql.statement(
        "SELECT\n    metric,\n    bucket,\n    avg(mean) AS level,\n    sum(added) AS counted,\n"
        "    sum(multiIf(n = 1, NULL, reached < before, reached, reached - before)) AS grew\n"
        f"FROM (\n{indented(lagged)}\n)\nGROUP BY metric, bucket"
    )


async def keys_of(store: Store, selection: RowSelection) -> tuple[str, ...]:
    """The attributes of the latest points, the commonest first: what one metric can be grouped by."""
    sql = selection.sql()
    latest = (
        f"SELECT JSONAllPaths(s.attributes) AS keys\n{sql.rows(selection.predicate)}\n"
        f"ORDER BY s.time DESC\nLIMIT {sql.parameters.value('UInt32', 5_000)}"
    )
    asked = sql.statement(
        f"SELECT arrayJoin(keys) AS key, count() AS found\nFROM (\n{indented(latest)}\n)\nGROUP BY key\n"
        "ORDER BY found DESC, key\nLIMIT 40"
    )
    answer = await store.fetch(asked.text, asked.parameters, purpose="metric")
    return tuple(str(row[0]) for row in answer.rows)


async def exemplars(store: Store, selection: RowSelection, limit: int = 50) -> tuple[Exemplar, ...]:
    """The latest measured values that name a trace, the greatest first."""
    sql = selection.sql()
    columns = indented(
        ",\n".join(
            (
                "toUnixTimestamp64Nano(at) AS moment",
                "measured",
                "trace",
                "span",
                "ifNull(s.service, '') AS service_name",
            )
        )
    )
    source = sql.rows(selection.predicate, "notEmpty(s.exemplars.time)").replace(
        "\nPREWHERE",
        "\nARRAY JOIN s.exemplars.time AS at, s.exemplars.value AS measured, s.exemplars.trace_id AS trace,"
        " s.exemplars.span_id AS span\nPREWHERE",
        1,
    )
    asked = sql.statement(
        f"SELECT\n{columns}\n{source}\nWHERE trace != ''\nORDER BY s.time DESC, at DESC\n"
        f"LIMIT {sql.parameters.value('UInt32', limit)}"
    )
    answer = await store.fetch(asked.text, asked.parameters, purpose="exemplars")
    found = [Exemplar(int(t), float(v), trace, span, service) for t, v, trace, span, service in answer.rows]
    return tuple(sorted(found, key=lambda one: -one.value))
