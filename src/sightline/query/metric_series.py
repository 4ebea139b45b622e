"""One metric over time: what is asked of its kind of points, by group, in buckets that its points fill.

Errors of the store pass through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sightline.query import metric_sql as sql
from sightline.query.buckets import LIMIT, STEPS, Buckets, buckets
from sightline.query.filter import paths
from sightline.query.filter.fields import Type
from sightline.query.filter.spelling import spell, spell_name
from sightline.query.filter.vocabulary import METRICS
from sightline.query.histograms import Cell, explicit_cells, exponential_cells, merged, quantile
from sightline.query.metric_sql import Asked
from sightline.query.row_selection import RowSelection, holds
from sightline.records.metrics import MetricInfo, MetricLine, MetricSeries
from sightline.store.store import Store

MOST = 60
TOP, MOST_TOP = 5, 20
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
# All of a histogram's quantiles, or those of a summary: a line for each.
SPREAD = "quantiles"
_BY_TYPE = {
    "gauge": ("avg", "min", "max", "last", "sum"),
    "sum": ("rate", "increase"),
    "level": ("sum", "avg", "min", "max", "last"),
    "histogram": (SPREAD, *QUANTILES, "rate", "avg"),
    "exponential_histogram": (SPREAD, *QUANTILES, "rate", "avg"),
    "summary": (SPREAD, "rate", "avg"),
}
_GROUPED = frozenset({Type.TEXT, Type.WORD})


class NoAggregate(ValueError):
    """What cannot be asked of a metric: an aggregate it has not, or a name that groups nothing."""


def aggregates(info: MetricInfo) -> tuple[str, ...]:
    """What can be asked of a metric, the usual first."""
    level = info.type == "sum" and not info.monotonic and info.temporality != "delta"
    return _BY_TYPE["level" if level else info.type]


@dataclass(frozen=True, slots=True)
class _By:
    """What lines are told apart by: the name in filters, and the text of a row, '' where it is not set."""

    name: str
    sql: str


def grouping(name: str) -> _By:
    """What a name tells points apart by: a field of metrics or an attribute. Raises NoAggregate."""
    field = METRICS.find(name)
    if field is not None:
        if field.type not in _GROUPED:
            raise NoAggregate(f"{name[:60]} is {field.type}: group by service, an attribute or another text")
        return _By(field.names[0], f"ifNull({field.sql}, '')")
    head = next((h for h in paths.COLUMNS if name.startswith(h)), "")
    key = name[len(head) :].strip('"') if head else name
    if reason := paths.fault(key):
        raise NoAggregate(f"{name[:60]!r} groups nothing: {reason}")
    path = paths.Path(paths.COLUMNS[head or "attr."], key)
    return _By(spell_name((head or "attr.") + key), f"ifNull({paths.text(path)}, '')")


def spread_of(selection: RowSelection, info: MetricInfo, most: int = MOST) -> Buckets:
    """Buckets that are not shorter than the time between a series' points.

    Points that tell what happened since the last one (delta) may come only when something did.
    """
    found = buckets(selection.window, most=most)
    if info.temporality == "delta":
        return found
    length = info.last - info.first
    if info.series and info.points > info.series and length > 0:
        between = length * info.series / (info.points - info.series + 1)
        longer = next((step for step in STEPS if step >= between), STEPS[-1])
        if longer > found.step and selection.window.length // longer <= LIMIT:
            return buckets(selection.window, step=min(longer, STEPS[-4]))
    return found


async def over_time(
    store: Store,
    selection: RowSelection,
    info: MetricInfo,
    aggregate: str = "",
    by: str = "",
    *,
    top: int = TOP,
    most: int = MOST,
) -> MetricSeries:
    """A metric (the selection is `named`) by an aggregate, '' for the usual. Raises NoAggregate."""
    able = aggregates(info)
    aggregate = aggregate or able[0]
    if aggregate not in able:
        raise NoAggregate(f"{aggregate[:40]} cannot be asked of a {info.type}; one of {', '.join(able)}")
    if by and aggregate == SPREAD:
        if info.type == "summary":
            raise NoAggregate("quantiles of a summary are not grouped; rate and avg are")
        aggregate = "p95"
    grouped = grouping(by) if by else None
    spread = spread_of(selection, info, most)
    asked = Asked(selection, spread, grouped.sql if grouped else "", ())
    groups = 1
    if grouped:
        level = info.type == "gauge" or (info.type == "sum" and aggregate not in ("rate", "increase"))
        delta = info.temporality == "delta"
        ranked = sql.ranking(asked, max(1, min(top, MOST_TOP)), level, delta)
        rows = (await store.fetch(ranked.text, ranked.parameters, purpose="metric")).rows
        asked = Asked(selection, spread, grouped.sql, tuple(str(row[0]) for row in rows))
        groups = int(rows[0][1]) if rows else 0
    found = await _figures(store, asked, info, aggregate)
    lines = _lines(found, asked, grouped, aggregate)
    by = grouped.name if grouped else ""
    return MetricSeries(aggregate, by, spread.starts, spread.end, spread.step, lines, groups)


# A line's number (place of its group, or its quantile) → bucket (None: all the time) → value.
_Figures = dict[tuple[int, str], dict[int | None, float | None]]


async def _figures(store: Store, asked: Asked, info: MetricInfo, aggregate: str) -> _Figures:
    histogram = info.type in ("histogram", "exponential_histogram")
    if histogram and (aggregate in QUANTILES or aggregate == SPREAD):
        wanted = QUANTILES if aggregate == SPREAD else {"": QUANTILES[aggregate]}
        return await _quantiles(store, asked, info, wanted)
    if aggregate == SPREAD:
        statement = sql.summaries(asked)
    elif aggregate in ("rate", "increase") or histogram or info.type == "summary":
        statement = sql.growth(asked)
    else:
        statement = sql.levels(asked, aggregate)
    found: _Figures = {}
    for row in (await store.fetch(statement.text, statement.parameters, purpose="metric")).dicts():
        bucket = None if row["whole"] else int(row["bucket"])
        part = f"p{100 * row['q']:g}" if "q" in row else ""
        value = _value(row, aggregate, bucket, asked)
        found.setdefault((int(row["place"]), part), {})[bucket] = value
    return found


def _value(row: Mapping[str, Any], aggregate: str, bucket: int | None, asked: Asked) -> float | None:
    value = row["value"]
    if value is None:
        return None
    if aggregate == "rate":
        return float(value) / _seconds(asked, bucket)
    if "total" in row and aggregate == "avg":
        return float(row["total"]) / float(value) if value and row["total"] is not None else None
    return float(value)


def _seconds(asked: Asked, bucket: int | None) -> float:
    """How long a bucket is, as far as it lies in the window."""
    window, spread = asked.selection.window, asked.spread
    if bucket is None:
        return window.length / 1e9
    begins = spread.starts[bucket]
    ends = spread.starts[bucket + 1] if bucket + 1 < len(spread.starts) else spread.end
    return max(1e-9, (min(ends, window.until) - max(begins, window.since)) / 1e9)


async def _quantiles(store: Store, asked: Asked, info: MetricInfo, wanted: Mapping[str, float]) -> _Figures:
    exponential = info.type == "exponential_histogram"
    statement = sql.exponential(asked, info.scale) if exponential else sql.explicit(asked)
    rows = (await store.fetch(statement.text, statement.parameters, purpose="metric")).dicts()
    together: dict[tuple[int, int | None], list[dict[str, Any]]] = {}
    for row in rows:
        together.setdefault((int(row["place"]), None if row["whole"] else int(row["bucket"])), []).append(row)
    found: _Figures = {}
    for (place, bucket), some in together.items():
        cells = merged(_cells(row, info.scale) for row in some)
        known = all(row["extremes"] for row in some)
        low = min(row["least"] for row in some) if known else None
        high = max(row["most"] for row in some) if known else None
        for part, q in wanted.items():
            found.setdefault((place, part), {})[bucket] = quantile(q, cells, low, high)
    return found


def _cells(row: Mapping[str, Any], scale: int) -> list[Cell]:
    if "bounds" in row:
        return explicit_cells(row["bounds"], row["counts"])
    positive, negative = (
        dict(zip(*row[side], strict=True)) if row[side] else {} for side in ("positive", "negative")
    )
    return exponential_cells(scale, positive, negative, row["zero"], row["threshold"])


def _lines(found: _Figures, asked: Asked, grouped: _By | None, aggregate: str) -> tuple[MetricLine, ...]:
    """The lines in the order of their rank, other last; quantiles from the smallest on."""
    selection = asked.selection
    if grouped is None:
        parts: Sequence[str] = sorted({part for _, part in found}, key=lambda part: float(part[1:] or 0))
        return tuple(
            _line(part, False, selection.text, found.get((1, part), {}), asked) for part in parts or ("",)
        )
    lines = [
        _line(
            text,
            False,
            spell(selection.beside(holds(grouped.name, text)).node),
            found.get((n, ""), {}),
            asked,
        )
        for n, text in enumerate(asked.top, 1)
    ]
    if (0, "") in found:
        lines.append(_line("", True, "", found[0, ""], asked))
    return tuple(lines)


def _line(
    text: str, other: bool, filter_: str, values: Mapping[int | None, float | None], asked: Asked
) -> MetricLine:
    count = len(asked.spread.starts)
    return MetricLine(text, other, filter_, tuple(values.get(n) for n in range(count)), values.get(None))
