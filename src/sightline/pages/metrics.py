"""Metrics: which there are, and one of them over time, by what tells its points apart."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from sightline.pages import metric_units
from sightline.pages.address import View, path_of, with_query
from sightline.pages.answers import html
from sightline.pages.chart_shapes import Sparkline
from sightline.pages.charts import sparkline
from sightline.pages.environment import render
from sightline.pages.filter_bar import FilterBar
from sightline.pages.frames import Frames, Table
from sightline.pages.metric import KINDS, metric_context
from sightline.pages.row_filter import chosen_rows, row_bar
from sightline.pages.services import Services
from sightline.pages.shell import Shell
from sightline.query import metrics as questions
from sightline.query.filter.errors import FilterError
from sightline.query.filter.vocabulary import METRICS
from sightline.query.metric_series import NoAggregate, over_time
from sightline.query.row_selection import RowSelection
from sightline.query.traces import environments
from sightline.records.metrics import Catalogue, Exemplar, MetricInfo, MetricSeries

PER_PAGE = 50
EXEMPLARS = 12


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
        context = metric_context(shell, view, name, bar, info, series, keys, exemplars, notes, now)
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
            f"shown as {KINDS[info.type]}. type:{info.type} narrows to one."
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
        kind="counter" if info.type == "sum" and info.monotonic else KINDS[info.type],
        unit=metric_units.words(info.unit),
        description=info.description,
        series=info.series,
        services=info.services[:2],
        more_services=max(0, info.service_count - 2),
        last=info.last,
        spark=sparkline(values, "c1") if values is not None and known else None,
    )
