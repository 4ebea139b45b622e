"""Metrics: which there are, and one of them over time, by what tells its points apart."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from sightline.pages import metric_units
from sightline.pages.address import Link, View, path_of, with_query
from sightline.pages.answers import html
from sightline.pages.chart_shapes import Sparkline
from sightline.pages.charts import RANGE, Chart, Line, chart, sparkline
from sightline.pages.environment import render
from sightline.pages.filter_bar import FilterBar
from sightline.pages.frames import Frames, Table
from sightline.pages.row_filter import chosen_rows, row_bar
from sightline.pages.scales import written
from sightline.pages.services import Services
from sightline.pages.shell import Shell
from sightline.query import metrics as questions
from sightline.query.filter.errors import FilterError
from sightline.query.filter.spelling import spell
from sightline.query.filter.vocabulary import METRICS
from sightline.query.measures import Unit
from sightline.query.metric_series import SPREAD, NoAggregate, aggregates, over_time
from sightline.query.row_selection import RowSelection, holds
from sightline.query.traces import environments
from sightline.records.metrics import Catalogue, Exemplar, MetricInfo, MetricLine, MetricSeries

PER_PAGE = 50
EXEMPLARS = 12
_COLOURS = ("c1", "c2", "c3", "c4", "c5", "c6")
_KINDS = {
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
class MetricRow:
    """A metric of the catalogue."""

    name: str
    href: str
    kind: str
    unit: str
    description: str
    series: int | None
    services: tuple[str, ...]
    more_services: int
    last: int
    spark: Sparkline | None


@dataclass(frozen=True, slots=True)
class MetricsContext:
    """Everything `metrics.html` shows."""

    shell: Shell
    now: int
    bar: FilterBar
    rows: tuple[MetricRow, ...]
    total: int
    older: str
    first: str
    unread: bool


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


class MetricPages:
    """`/p/{project}/metrics` and one metric below it."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [
            ("GET", "/p/{project}/metrics", self.catalogue),
            ("GET", "/p/{project}/metrics/{name:path}", self.metric),
        ]

    async def catalogue(self, request: Request) -> Response:
        """The metrics by name."""
        view, principal = await self.frames.view(request, ("q", "after"))
        store, now = self.services.store, self.services.clock()
        found, after = chosen_rows(view, METRICS, now), request.query_params.get("after", "")
        names = await environments(store, view.project, view.since)
        listed, curves = Catalogue((), None, 0), {}
        if not isinstance(found, FilterError):
            listed = await questions.catalogue(store, found, limit=PER_PAGE, after=after)
            curves = await questions.sparks(store, found, listed.metrics)
        context = MetricsContext(
            shell=await self.frames.shell("Metrics", "metrics", view, principal, names),
            now=now,
            bar=row_bar(view, ("metrics",), METRICS, found, {}),
            rows=tuple(_row(one, view, curves.get(one.name)) for one in listed.metrics),
            total=listed.total,
            older=view.link("metrics", q=view.q, after=listed.next) if listed.next else "",
            first=view.link("metrics", q=view.q) if after else "",
            unread=isinstance(found, FilterError),
        )
        return html(render("metrics.html", context))

    async def metric(self, request: Request) -> Response:
        """One metric over time."""
        name = request.path_params["name"]
        view, principal = await self.frames.view(request, ("q", "agg", "by"))
        query = {key: value for key, value in request.query_params.items() if key != "cursor"}
        # A name is any text: written out it is quoted.
        view = replace(view, here=with_query(path_of(view.project, "metrics", name), query))
        now, store = self.services.clock(), self.services.store
        agg, by = query.get("agg", ""), query.get("by", "")
        found = chosen_rows(view, METRICS, now)
        names = await environments(store, view.project, view.since)
        info: MetricInfo | None = None
        series: MetricSeries | None = None
        keys: tuple[str, ...] = ()
        exemplars: tuple[Exemplar, ...] = ()
        notes: list[str] = []
        if not isinstance(found, FilterError):
            one = questions.named(found, name)
            info = await questions.metric(store, one)
            if info is not None:
                (series, problem), keys, exemplars = await asyncio.gather(
                    self._series(one, info, agg, by),
                    questions.keys_of(store, one),
                    questions.exemplars(store, one, EXEMPLARS),
                )
                notes += [*problem, *_notes(info)]
        shell = await self.frames.shell(name, "metrics", view, principal, names)
        bar = row_bar(view, ("metrics", name), METRICS, found, {"agg": agg, "by": by})
        context = _metric_context(shell, view, name, bar, info, series, keys, exemplars, notes, now)
        return html(render("metric.html", context))

    async def _series(
        self, one: RowSelection, info: MetricInfo, agg: str, by: str
    ) -> tuple[MetricSeries, list[str]]:
        """What was asked; where that cannot be, the usual and the reason."""
        store = self.services.store
        try:
            return await over_time(store, one, info, agg, by), []
        except NoAggregate as error:
            text = str(error)
            return await over_time(store, one, info), [f"{text[:1].upper()}{text[1:]}. Showing the usual."]


def _notes(info: MetricInfo) -> list[str]:
    notes = []
    if info.types > 1:
        notes.append(
            f"Senders use this name for {info.types} kinds of metrics; points of all kinds are counted, "
            f"shown as {_KINDS[info.type]}. type:{info.type} narrows to one."
        )
    counts = info.type in ("histogram", "exponential_histogram") or (info.type == "sum" and info.monotonic)
    if counts and not info.temporality:
        notes.append("Its senders do not say what its points count from; they are taken to be totals.")
    return notes


def _row(info: MetricInfo, view: View, values: Sequence[float | None] | None) -> MetricRow:
    known = values is not None and any(value is not None for value in values)
    return MetricRow(
        name=info.name,
        href=view.link("metrics", info.name, q=view.q or None),
        kind="counter" if info.type == "sum" and info.monotonic else _KINDS[info.type],
        unit=metric_units.words(info.unit),
        description=info.description,
        series=info.series,
        services=info.services[:2],
        more_services=max(0, info.service_count - 2),
        last=info.last,
        spark=sparkline(values, "c1") if values is not None and known else None,
    )


def _metric_context(
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
    kind = _KINDS[info.type]
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
