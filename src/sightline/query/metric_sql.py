"""The statements behind metrics: levels, growth of counters, buckets of histograms, quantiles of summaries.

The engine adds up; what comes back has a row for each bucket of time and group (and set of bounds). Counters
that count from a start are differenced point by point within their series, resets included: what
`histograms.increases` says in plain words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.query.buckets import Buckets
from sightline.query.filter.compiler import Sql, Statement, indented
from sightline.query.row_selection import RowSelection

# A series is what attributes, resource, scope, service and environment tell apart. As text, since the same
# attributes may be stored in several ways.
SERIES = (
    "cityHash64(ifNull(s.service, ''), ifNull(s.environment, ''), s.scope, toJSONString(s.attributes),"
    " toJSONString(s.resource))"
)
# The point before the window is looked for this far back (ns), so that the first difference is known.
LOOKBACK = 900 * 10**9
# In time, a counter that shrank or started after the point before began anew.
_RESET = "(v < before_v OR (began > 0 AND began >= before_t))"
_ORDER = "(PARTITION BY series ORDER BY t, v ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
_HISTOGRAM = "s.type IN ('histogram', 'exponential_histogram', 'summary')"
VALUE = f"if({_HISTOGRAM}, toFloat64(s.count), s.value)"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of one metric: its points, over which buckets, and which groups get a line.

    `group` is the text of a row `s` that groups are told apart by, '' for no groups. `top` are the groups
    with a line of their own: their places count from 1, all others are 0.
    """

    selection: RowSelection
    spread: Buckets
    group: str
    top: tuple[str, ...]

    @property
    def wide(self) -> RowSelection:
        """The points with those before the window that the first ones are differences to."""
        window = self.selection.window
        return self.selection.within(max(0, window.since - LOOKBACK), window.until)

    def place(self, sql: Sql) -> str:
        """The number of a row's group: a place in `top` or 0."""
        if not self.group:
            return "toUInt8(1)"
        if not self.top:
            return "toUInt8(0)"
        return f"toUInt8(indexOf({sql.parameters.texts(self.top)}, {self.group}))"

    def bucket(self, sql: Sql, moment: str) -> str:
        """The number of a moment's bucket."""
        first = sql.parameters.value("Int64", self.spread.starts[0])
        return f"intDiv({moment} - {first}, {sql.parameters.value('Int64', self.spread.step)})"


_TIME = "toUnixTimestamp64Nano(s.time)"
LEVELS = {
    "avg": "avg(s.value)",
    "min": "min(s.value)",
    "max": "max(s.value)",
    "last": "argMax(s.value, s.time)",
}


def _lines(columns: Sequence[str]) -> str:
    return indented(",\n".join(columns))


def _sets(whole: str) -> str:
    """Each bucket by group, and each group over all the time."""
    return f"GROUP BY GROUPING SETS ((bucket, place{whole}), (place{whole}))"


def ranking(asked: Asked, limit: int, level: bool, delta: bool) -> Statement:
    """The groups, the largest first: by the mean of what is measured, or by how much was counted.

    Only what counts from a start (not `delta`) needs its series told apart for that.
    """
    sql = asked.selection.sql()
    source = sql.rows(asked.selection.predicate)
    weight = "avg(abs(s.value))" if level else f"sum({VALUE})"
    if not (level or delta):
        columns = [
            f"{asked.group} AS grouped",
            f"{SERIES} AS series",
            f"if(any(s.temporality) = 'delta', sum({VALUE}), max({VALUE}) - min({VALUE})) AS grew",
        ]
        by_series = f"SELECT\n{_lines(columns)}\n{source}\nGROUP BY grouped, series"
        source, weight = f"FROM (\n{indented(by_series)}\n)", "sum(grew)"
    first = "grouped" if not (level or delta) else f"{asked.group} AS grouped"
    return sql.statement(
        f"SELECT\n{_lines([first, 'count() OVER () AS groups'])}\n{source}\nGROUP BY grouped\n"
        f"ORDER BY {weight} DESC, grouped\nLIMIT {sql.parameters.value('UInt32', limit)}"
    )


def levels(asked: Asked, aggregate: str) -> Statement:
    """A gauge over time: one of `LEVELS`, or `sum`, the latest value of each series added up."""
    sql = asked.selection.sql()
    source = sql.rows(asked.selection.predicate)
    keys = [f"{asked.bucket(sql, _TIME)} AS bucket", f"{asked.place(sql)} AS place"]
    if aggregate != "sum":
        chosen = [*keys, "grouping(bucket) AS whole", f"{LEVELS[aggregate]} AS value"]
        return sql.statement(f"SELECT\n{_lines(chosen)}\n{source}\n{_sets('')}")
    inner = [*keys, f"{SERIES} AS series", "argMax(s.value, s.time) AS last", "max(s.time) AS moment"]
    by_series = f"SELECT\n{_lines(inner)}\n{source}\nGROUP BY bucket, place, series"
    # Over all the time: the latest value of each series once.
    latest = (
        f"SELECT\n{_lines(['place', 'series', 'argMax(last, moment) AS last'])}\n"
        f"FROM (\n{indented(by_series)}\n)\nGROUP BY place, series"
    )
    each = f"SELECT bucket, place, 0 AS whole, sum(last) AS value\nFROM (\n{indented(by_series)}\n)"
    all_ = f"SELECT 0 AS bucket, place, 1 AS whole, sum(last) AS value\nFROM (\n{indented(latest)}\n)"
    return sql.statement(f"{each}\nGROUP BY bucket, place\nUNION ALL\n{all_}\nGROUP BY place")


def growth(asked: Asked) -> Statement:
    """By how much counters grew over time: `value`, and for what has a sum (histograms) `total`.

    What the first point of a series has counted is not known unless its start is; such points give NULL.
    """
    wide = asked.wide
    sql = wide.sql()
    columns = [
        f"{_TIME} AS t",
        "toUnixTimestamp64Nano(s.start_time) AS began",
        f"{VALUE} AS v",
        "s.sum AS added",
        f"{asked.place(sql)} AS place",
        "s.temporality = 'delta' AS delta",
        f"{SERIES} AS series",
    ]
    points = f"SELECT\n{_lines(columns)}\n{sql.rows(wide.predicate)}"
    lagged = _lagged(points, ("t", "v", "added"))
    known = f"(delta OR (n > 1 AND {_RESET}) OR (n = 1 AND began >= {_since(sql, wide.window.since)}))"
    grown = [
        f"{asked.bucket(sql, 't')} AS bucket",
        "place",
        f"multiIf({known}, v, n = 1, NULL, v - before_v) AS grew",
        f"multiIf({known}, added, n = 1, NULL, added - before_added) AS added_more",
    ]
    inside = f"SELECT\n{_lines(grown)}\nFROM (\n{indented(lagged)}\n)\n{_within(asked, sql)}"
    chosen = [
        "bucket",
        "place",
        "grouping(bucket) AS whole",
        "sum(grew) AS value",
        "sum(added_more) AS total",
    ]
    return sql.statement(f"SELECT\n{_lines(chosen)}\nFROM (\n{indented(inside)}\n)\n{_sets('')}")


def _since(sql: Sql, moment: int) -> str:
    return f"greatest(1, {sql.parameters.value('Int64', moment)})"


def _within(asked: Asked, sql: Sql) -> str:
    return f"WHERE t >= {sql.parameters.value('Int64', asked.selection.window.since)}"


def _lagged(points: str, columns: Sequence[str]) -> str:
    """The points with those before them in their series."""
    before = [f"lagInFrame({column}) OVER w AS before_{column}" for column in columns]
    chosen = _lines(["*", *before, "row_number() OVER w AS n"])
    return f"SELECT\n{chosen}\nFROM (\n{indented(points)}\n)\nWINDOW w AS {_ORDER}"


def explicit(asked: Asked) -> Statement:
    """Histograms with explicit bounds over time: `counts` of the buckets, one row for each set of bounds."""
    wide = asked.wide
    sql = wide.sql()
    columns = [
        f"{_TIME} AS t",
        "toUnixTimestamp64Nano(s.start_time) AS began",
        "toFloat64(s.count) AS v",
        "CAST(s.bucket_counts, 'Array(Int64)') AS counted",
        "s.bounds AS bounds",
        "s.min AS least",
        "s.max AS most",
        f"{asked.place(sql)} AS place",
        "s.temporality = 'delta' AS delta",
        f"{SERIES} AS series",
    ]
    points = f"SELECT\n{_lines(columns)}\n{sql.rows(wide.predicate, 'notEmpty(s.bucket_counts)')}"
    lagged = _lagged(points, ("t", "v", "counted", "bounds"))
    fresh = f"(delta OR (n > 1 AND ({_RESET} OR bounds != before_bounds)) OR n = 1)"
    known = f"(delta OR n > 1 OR began >= {_since(sql, wide.window.since)})"
    difference = "arrayMap((x, y) -> x - y, counted, arrayResize(before_counted, length(counted)))"
    grown = [
        f"{asked.bucket(sql, 't')} AS bucket",
        "place",
        "bounds",
        f"if({fresh}, counted, {difference}) AS grew",
        # Extremes of points that count from their start are those of all the time since.
        "if(delta, least, NULL) AS low",
        "if(delta, most, NULL) AS high",
    ]
    inside = f"SELECT\n{_lines(grown)}\nFROM (\n{indented(lagged)}\n)\n{_within(asked, sql)} AND {known}"
    chosen = [
        "bucket", "place", "grouping(bucket) AS whole", "bounds", "sumForEach(grew) AS counts",
        "min(low) AS least", "max(high) AS most", "count(low) = count() AS extremes",
    ]  # fmt: skip
    return sql.statement(f"SELECT\n{_lines(chosen)}\nFROM (\n{indented(inside)}\n)\n{_sets(', bounds')}")


def exponential(asked: Asked, scale: int) -> Statement:
    """Exponential histograms over time, in buckets of a scale that is not above that of any point."""
    wide = asked.wide
    sql = wide.sql()
    target = sql.parameters.value("Int32", scale)

    def index(side: str) -> str:
        wider = f"greatest(0, assumeNotNull(s.scale) - {target})"
        at = f"bitShiftRight(toInt32(ifNull(s.{side}_offset, 0) + i - 1), {wider})"
        return f"arrayMap(i -> {at}, arrayEnumerate(s.{side}_counts))"

    columns = [
        f"{_TIME} AS t",
        "toUnixTimestamp64Nano(s.start_time) AS began",
        "toFloat64(s.count) AS v",
        f"CAST({index('positive')}, 'Array(Int32)') AS up",
        "CAST(s.positive_counts, 'Array(Int64)') AS up_n",
        f"CAST({index('negative')}, 'Array(Int32)') AS down",
        "CAST(s.negative_counts, 'Array(Int64)') AS down_n",
        "toInt64(ifNull(s.zero_count, 0)) AS zero",
        "ifNull(s.zero_threshold, 0) AS threshold",
        "s.min AS least",
        "s.max AS most",
        f"{asked.place(sql)} AS place",
        "s.temporality = 'delta' AS delta",
        f"{SERIES} AS series",
    ]
    points = f"SELECT\n{_lines(columns)}\n{sql.rows(wide.predicate, 's.scale IS NOT NULL')}"
    lagged = _lagged(points, ("t", "v", "up", "up_n", "down", "down_n", "zero"))
    known = f"(delta OR n > 1 OR began >= {_since(sql, wide.window.since)})"

    def both(now: str) -> str:
        return f"arrayConcat({now}, if(fresh, CAST([], 'Array(Int32)'), before_{now}))"

    def changed(now: str) -> str:
        less = f"arrayMap(x -> -x, before_{now})"
        return f"arrayConcat({now}, if(fresh, CAST([], 'Array(Int64)'), {less}))"

    grown = [
        f"{asked.bucket(sql, 't')} AS bucket",
        "place",
        f"(delta OR n = 1 OR {_RESET}) AS fresh",
        f"{both('up')} AS ups",
        f"{changed('up_n')} AS ups_n",
        f"{both('down')} AS downs",
        f"{changed('down_n')} AS downs_n",
        "if(fresh, zero, zero - before_zero) AS zeros",
        "threshold",
        "if(delta, least, NULL) AS low",
        "if(delta, most, NULL) AS high",
    ]
    inside = f"SELECT\n{_lines(grown)}\nFROM (\n{indented(lagged)}\n)\n{_within(asked, sql)} AND {known}"
    chosen = [
        "bucket", "place", "grouping(bucket) AS whole", "sumMap(ups, ups_n) AS positive",
        "sumMap(downs, downs_n) AS negative", "sum(zeros) AS zero", "max(threshold) AS threshold",
        "min(low) AS least", "max(high) AS most", "count(low) = count() AS extremes",
    ]  # fmt: skip
    return sql.statement(f"SELECT\n{_lines(chosen)}\nFROM (\n{indented(inside)}\n)\n{_sets('')}")


def summaries(asked: Asked) -> Statement:
    """Quantiles as senders computed them. Those of several series cannot be joined: the largest is shown."""
    sql = asked.selection.sql()
    chosen = [
        f"{asked.bucket(sql, _TIME)} AS bucket",
        f"{asked.place(sql)} AS place",
        "grouping(bucket) AS whole",
        "q",
        "max(told) AS value",
    ]
    told = "ARRAY JOIN s.quantiles AS q, s.quantile_values AS told"
    source = sql.rows(asked.selection.predicate).replace("\nPREWHERE", f"\n{told}\nPREWHERE", 1)
    return sql.statement(f"SELECT\n{_lines(chosen)}\n{source}\nWHERE isFinite(told)\n{_sets(', q')}")
