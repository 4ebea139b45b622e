"""One metric over time: its chart, what its points are told apart by, requests it was measured in. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sightline.pages import metric_units
from sightline.pages.address import Link, View
from sightline.pages.charts import RANGE, Chart, Line, chart
from sightline.pages.filter_bar import FilterBar
from sightline.pages.scales import written
from sightline.pages.shell import Shell
from sightline.query.filter.spelling import spell
from sightline.query.measures import Unit
from sightline.query.metric_series import SPREAD, aggregates
from sightline.query.row_selection import holds
from sightline.records.metrics import Exemplar, MetricInfo, MetricLine, MetricSeries

_COLOURS = ("c1", "c2", "c3", "c4", "c5", "c6")
KINDS = {
    "gauge": "gauge",
    "sum": "sum",
    "histogram": "histogram",
    "exponential_histogram": "exponential histogram",
    "summary": "summary",
}
_AGGREGATES = {
    SPREAD: "Quantiles", "avg": "Average", "min": "Lowest", "max": "Highest", "last": "Latest",
    "sum": "Sum of series", "rate": "Rate", "increase": "Increase",
}  # fmt: skip


class _Link(Protocol):
    """Gives the address of the page with some parameters changed."""

    def __call__(self, **changes: str | None) -> str:
        """The address."""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A line of the chart in the table below it: over all the time, the latest and the highest."""

    text: str
    colour: str
    href: str
    other: bool
    whole: str
    latest: str
    highest: str


@dataclass(frozen=True, slots=True)
class ExemplarRow:
    """A measured value with its trace."""

    time: int
    value: str
    service: str
    href: str


@dataclass(frozen=True, slots=True)
class MetricContext:
    """Everything `metric.html` shows. `info` is None where no point of the name was found."""

    shell: Shell
    now: int
    name: str
    back: str
    bar: FilterBar
    info: MetricInfo | None
    kind: str
    unit: str
    description: str
    aggregates: tuple[Link, ...]
    by: str
    groups: tuple[Link, ...]
    chart: Chart | None
    table: tuple[GroupRow, ...]
    other_groups: int
    exemplars: tuple[ExemplarRow, ...]
    notes: tuple[str, ...]


def metric_context(
    shell: Shell,
    view: View,
    name: str,
    bar: FilterBar,
    info: MetricInfo | None,
    series: MetricSeries | None,
    keys: Sequence[str],
    exemplars: Sequence[Exemplar],
    notes: Sequence[str],
    now: int,
) -> MetricContext:
    """What the page shows of a metric; `series` and what follows are of what was asked."""

    def link(**changes: str | None) -> str:
        mine: dict[str, str | None] = {"q": view.q, "agg": None, "by": None}
        if series is not None and info is not None:
            usual = aggregates(info)[0]
            mine |= {"agg": series.aggregate if series.aggregate != usual else None, "by": series.by}
        return view.link("metrics", name, **(mine | changes))

    drawn: Chart | None = None
    table: tuple[GroupRow, ...] = ()
    if info is not None and series is not None:
        drawn, table = _drawn(info, series, view, link(range=RANGE), link)
    return MetricContext(
        shell=shell,
        now=now,
        name=name,
        back=view.link("metrics"),
        bar=bar,
        info=info,
        kind=_kind(info),
        unit=metric_units.words(info.unit) if info else "",
        description=info.description if info else "",
        aggregates=_aggregates(info, series, link),
        by=series.by if series else "",
        groups=_groups(keys, series, link),
        chart=drawn,
        table=table,
        other_groups=max(0, series.groups - sum(not line.other for line in series.lines)) if series else 0,
        exemplars=tuple(_exemplar(one, view, info) for one in exemplars) if info else (),
        notes=tuple(notes),
    )


def _kind(info: MetricInfo | None) -> str:
    """What a metric is, in words."""
    if info is None:
        return ""
    kind = KINDS[info.type]
    if info.type == "sum":
        kind = "counter" if info.monotonic else "sum that rises and falls"
    return f"{kind}, {info.temporality}" if info.temporality else kind


def _aggregates(info: MetricInfo | None, series: MetricSeries | None, link: _Link) -> tuple[Link, ...]:
    if info is None or series is None:
        return ()
    able = aggregates(info)
    return tuple(
        Link(
            _AGGREGATES.get(name, name),
            link(agg=name if name != able[0] else None, **({"by": None} if name == SPREAD else {})),
            name == series.aggregate,
        )
        for name in able
    )


def _groups(keys: Sequence[str], series: MetricSeries | None, link: _Link) -> tuple[Link, ...]:
    if series is None:
        return ()
    names = ["service", "env", *(f"attr.{key}" for key in keys if key.isprintable() and '"' not in key)]
    found = [Link("nothing", link(by=None), not series.by)]
    found += [Link(name.removeprefix("attr."), link(by=name), name == series.by) for name in names]
    return tuple(found)


def _drawn(
    info: MetricInfo, series: MetricSeries, view: View, zoom: str, link: _Link
) -> tuple[Chart, tuple[GroupRow, ...]]:
    everything = [value for line in series.lines for value in (*line.values, line.whole)]
    shown = metric_units.shown(info.unit, info.type, series.aggregate, everything)
    lines, rows = [], []
    for at, one in enumerate(series.lines):
        colour = "ghost" if one.other else _COLOURS[min(at, len(_COLOURS) - 1)]
        values = [shown.of(value) for value in one.values]
        text = "other" if one.other else one.text or ("not set" if series.by else "")
        lines.append(Line(text, colour, values))
        known = [value for value in values if value is not None]
        rows.append(
            GroupRow(
                text=text,
                colour=colour,
                href="" if one.other or not series.by else _narrowed(one, series, view, link),
                other=one.other,
                whole=written(shown.of(one.whole), shown.unit),
                latest=written(known[-1] if known else None, shown.unit),
                highest=written(max(known) if known else None, shown.unit),
            )
        )
    title = _AGGREGATES.get(series.aggregate, series.aggregate)
    drawn = chart(
        "metric",
        f"{title}{f' by {series.by}' if series.by else ''}",
        lines,
        series.starts,
        series.end,
        shown.unit,
        kind="bars" if series.aggregate == "increase" else "lines",
        zoom=zoom,
        note="" if shown.unit in (Unit.NANOSECONDS, "1") else f"in {shown.unit}",
        height=220,
        until=view.until,
    )
    return drawn, tuple(rows)


def _narrowed(line: MetricLine, series: MetricSeries, view: View, link: _Link) -> str:
    """The same metric with only the points of a group."""
    condition = spell(holds(series.by, line.text))
    return link(q=f"({view.q}) {condition}" if view.q else condition, by=None)


def _exemplar(one: Exemplar, view: View, info: MetricInfo) -> ExemplarRow:
    shown = metric_units.shown(info.unit, info.type, "p50", [one.value])
    return ExemplarRow(
        one.time,
        written(shown.of(one.value), shown.unit),
        one.service,
        view.link("traces", one.trace_id, span=one.span_id or None),
    )
