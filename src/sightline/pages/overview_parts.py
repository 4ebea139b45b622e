"""The overview's tiles, charts and tables, made of figures. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from sightline.pages import formats
from sightline.pages.address import View
from sightline.pages.charts import LOW, RANGE, Chart, Line, Sparkline, chart, sparkline
from sightline.pages.figures import Shown, fitted, points, shown, unit_of
from sightline.pages.formats import Absent
from sightline.pages.scales import every
from sightline.pages.shell import NAVIGATION
from sightline.query.measures import Unit
from sightline.query.overview import CALL_MEASURES as MODEL_MEASURES
from sightline.query.overview import CALLS as MODELS
from sightline.query.overview import ENTRY_MEASURES as SERVICE_MEASURES
from sightline.query.significance import FEWEST, WORSE_P95, share_grew
from sightline.records.figures import Breakdown, Figure, Series
from sightline.records.overview import Overview

LESS = frozenset({"Tokens", "TTFT p95"})
# What is estimated where there are very many spans, and how well.
_ESTIMATES = {
    "duration.p95": "an estimate, within half a percent",
    "users": "an estimate, within about one percent",
    "sessions": "an estimate, within about one percent",
}


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure of the health strip with its course; the whole of it is a link."""

    label: str
    figure: Shown
    detail: str
    href: str
    spark: Sparkline


@dataclass(frozen=True, slots=True)
class PanelRow:
    """A row of a table: what it is about (or a kind of no number), where it leads, and its figures."""

    name: str
    absent: str
    title: str
    href: str
    cells: tuple[Shown, ...]
    total: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A table of the overview. `less` are columns that narrow screens have no room for."""

    id: str
    title: str
    head: tuple[str, ...]
    less: frozenset[str]
    rows: tuple[PanelRow, ...]
    note: str
    href: str


@dataclass(frozen=True, slots=True)
class Both:
    """Answers for the range and, where there is a comparison, for the one before."""

    now: Overview
    before: Overview | None
    models: Breakdown
    models_before: Breakdown | None
    services: Breakdown
    services_before: Breakdown | None
    exact: bool = True


def _of(found: Overview | None, name: str) -> Figure | None:
    return None if found is None else found.whole.total[found.measures.index(name)]


def _course(found: Overview | None, name: str) -> list[float | None]:
    return [] if found is None else points(found.whole, found.measures.index(name))


def _worse_rate(now: Overview, before: Overview | None) -> bool:
    if before is None:
        return False
    return _share_worse(now.whole, now.measures, before.whole)


def _share_worse(row: Series, measures: Sequence[str], before: Series | None) -> bool:
    if before is None:
        return False
    n, e = measures.index("count"), measures.index("errors")
    return share_grew(
        int(row.total[e].value or 0),
        int(row.total[n].value or 0),
        int(before.total[e].value or 0),
        int(before.total[n].value or 0),
    )


def _time_worse(row: Series, measures: Sequence[str], name: str, before: Series | None) -> bool:
    if before is None:
        return False
    n, at = measures.index("count"), measures.index(name)
    now, was = row.total[at].value, before.total[at].value
    fewest = min(row.total[n].value or 0, before.total[n].value or 0)
    return bool(now and was and fewest >= FEWEST and now >= WORSE_P95 * was)


def tiles(view: View, found: Both, pages: frozenset[str]) -> tuple[Tile, ...]:
    """The health strip. `pages` are those that the navigation has: what has none leads to the traces."""
    now, before = found.now, found.before
    n = int(_value(now, "count") or 0)
    n_before = int(_value(before, "count") or 0) if before else 0

    def tile(label: str, name: str, detail: str, href: str, colour: str = "ink", worse: bool = False) -> Tile:
        figure = _of(now, name) or Figure(None)
        was = _of(before, name)
        written = shown(
            figure, unit_of(name), was, sample=n, sample_before=n_before, headline=True, worse=worse
        )
        if not found.exact and name in _ESTIMATES and written.parts:
            written = replace(written, about=True, why=_ESTIMATES[name])
        return Tile(
            label, written, detail, href, sparkline(_course(now, name), colour, _course(before, name))
        )

    errors = int(_value(now, "errors") or 0)
    traces = view.link("traces")
    p50, unknown = _value(now, "duration.p50"), (_of(now, "cost") or Figure(None)).unknown
    slow = _time_worse(now.whole, now.measures, "duration.p95", before.whole if before else None)
    calls = found.models.whole.total[MODEL_MEASURES.index("count")]
    ttft_at = MODEL_MEASURES.index("ttft.p95")
    ttft_before = found.models_before.whole if found.models_before else None
    ttft = Tile(
        "TTFT p95",
        shown(
            found.models.whole.total[ttft_at],
            Unit.NANOSECONDS,
            ttft_before.total[ttft_at] if ttft_before else None,
            headline=True,
            worse=_time_worse(found.models.whole, MODEL_MEASURES, "ttft.p95", ttft_before),
        ),
        f"{formats.count(round(calls.value or 0))} model calls",
        view.link("traces", q=MODELS, view="spans"),
        sparkline(
            points(found.models.whole, ttft_at), "ink", points(ttft_before, ttft_at) if ttft_before else []
        ),
    )
    into, out = _value(now, "input_tokens"), _value(now, "output_tokens")
    return (
        tile("Requests", "count", "traces", traces),
        tile(
            "Error rate", "error_rate", f"{formats.count(errors)} failed",
            view.link("traces", q="status:error"), "err" if errors else "ink", _worse_rate(now, before),
        ),
        tile(
            "Latency p95", "duration.p95", f"p50 {_time(p50)}", view.link("traces", sort="-duration"),
            worse=slow,
        ),
        ttft,
        tile(
            "Tokens", "tokens", f"{_count(into)} in, {_count(out)} out", view.link("traces", sort="-tokens")
        ),
        tile(
            "Cost", "cost",
            f"without {formats.count(unknown)} unpriced calls" if unknown else "every call has a price",
            view.link("traces", sort="-cost"),
        ),
        tile("Users", "users", "different ids", _page(view, pages, "users", "has:user")),
        tile("Sessions", "sessions", "different ids", _page(view, pages, "sessions", "has:session")),
    )  # fmt: skip


def _page(view: View, pages: frozenset[str], name: str, otherwise: str) -> str:
    return view.link(name) if name in pages else view.link("traces", q=otherwise)


def _value(found: Overview | None, name: str) -> int | float | None:
    figure = _of(found, name)
    return figure.value if figure else None


def _time(ns: float | None) -> str:
    return Absent.NOT_APPLICABLE if ns is None else str(formats.duration(round(ns)))


def _count(number: float | None) -> str:
    return Absent.UNKNOWN if number is None else formats.count(round(number))


def charts(view: View, found: Both, zone: tzinfo, now: int) -> tuple[Chart, ...]:
    """Six small charts on one axis of time."""
    seen, before = found.now, found.before
    length = len(seen.starts)
    traces = view.link("traces", range=RANGE)
    failed = view.link("traces", range=RANGE, q="status:error")
    calls = view.link("traces", range=RANGE, q=MODELS, view="spans")

    def course(name: str) -> list[float | None]:
        return _course(seen, name)

    def ghost(values: list[float | None]) -> list[Line]:
        return [Line("before", "ghost", fitted(values, length), dashed=True)] if values else []

    ok = [None if n is None else n - (e or 0) for n, e in zip(course("count"), course("errors"), strict=True)]
    at = MODEL_MEASURES.index("ttft.p95")
    earlier = found.models_before.whole if found.models_before else None
    total = found.models.whole.total[at].value

    def one(name: str, title: str, unit: Unit, lines: list[Line], note: str, *, bars: bool = False) -> Chart:
        return chart(
            name, title, lines, seen.starts, seen.end, unit, kind="bars" if bars else "lines",
            zoom=view.link("", range=RANGE), note=note, height=LOW, zone=zone, until=min(now, view.until),
        )  # fmt: skip

    step = every(seen.step)
    return (
        one(
            "c-requests", f"Requests per {step}", Unit.COUNT,
            [
                Line("ok", "c6", ok, traces), Line("failed", "err", course("errors"), failed),
                *ghost(_course(before, "count")),
            ],
            f"{_count(_value(seen, 'count'))} in all", bars=True,
        ),
        one(
            "c-errors", "Error rate", Unit.RATIO,
            [Line("failed", "err", course("error_rate"), failed), *ghost(_course(before, "error_rate"))],
            f"{formats.percent(_value(seen, 'errors') or 0, _value(seen, 'count') or 0)}",
        ),
        one(
            "c-latency", "Latency", Unit.NANOSECONDS,
            [
                Line("p95", "ink", course("duration.p95"), traces),
                Line("p50", "c1", course("duration.p50"), traces),
                *ghost(_course(before, "duration.p95")),
            ],
            f"p95 {_time(_value(seen, 'duration.p95'))}",
        ),
        one(
            "c-ttft", "TTFT p95 of model calls", Unit.NANOSECONDS,
            [
                Line("p95", "ink", fitted(points(found.models.whole, at), length), calls),
                *ghost(points(earlier, at) if earlier else []),
            ],
            _time(total),
        ),
        one(
            "c-tokens", f"Tokens per {step}", Unit.TOKENS,
            [
                Line("input", "c1", course("input_tokens"), traces),
                Line("output", "c2", course("output_tokens"), traces),
                *ghost(_course(before, "tokens")),
            ],
            f"{_count(_value(seen, 'tokens'))} in all", bars=True,
        ),
        one(
            "c-cost", f"Cost per {step}", Unit.USD,
            [Line("cost", "c3", course("cost"), traces), *ghost(_course(before, "cost"))],
            _cost(seen), bars=True,
        ),
    )  # fmt: skip


def _cost(found: Overview) -> str:
    figure = shown(_of(found, "cost") or Figure(None), Unit.USD, headline=True)
    return f"{'≥ ' if figure.bound else ''}{figure.text}"


_REQUESTS = ("count", "error_rate", "duration.p95", "tokens", "cost")
_TITLES = {"feature": "By feature", "team": "By team", "env": "By environment"}
_NAMES = {"feature": "Feature", "team": "Team", "env": "Environment"}


def panels(view: View, found: Both) -> tuple[Panel, ...]:
    """The tables: by model, feature, team, environment and service. One group alone needs no table."""
    tables = [
        _panel(
            view, "model", "By model", ("Model", "Calls", "Errors", "p95", "TTFT p95", "Tokens", "Cost"),
            found.models.rows, found.models.whole, MODEL_MEASURES,
            ("count", "error_rate", "duration.p95", "ttft.p95", "tokens", "cost"),
            found.models_before, spans=True, note="model calls",
        )
    ]  # fmt: skip
    for n, part in enumerate(found.now.parts):
        earlier = found.before.parts[n].rows if found.before else ()
        tables.append(
            _panel(
                view, part.by, _TITLES[part.by],
                (_NAMES[part.by], "Requests", "Errors", "p95", "Tokens", "Cost"),
                part.rows, found.now.whole, found.now.measures, _REQUESTS,
                (earlier, found.before.whole) if found.before else None, note="requests",
            )
        )  # fmt: skip
    tables.append(
        _panel(
            view, "service", "By service", ("Service", "Entered", "Errors", "p95"), found.services.rows,
            found.services.whole, SERVICE_MEASURES, ("count", "error_rate", "duration.p95"),
            found.services_before, spans=True, note="topmost spans of requests",
        )
    )  # fmt: skip
    return tuple(
        t
        for t in tables
        if t.rows and (len(t.rows) > 2 or t.rows[0].absent != Absent.NOT_SET or t.id == "model")
    )


def _panel(
    view: View,
    by: str,
    title: str,
    head: tuple[str, ...],
    rows: Sequence[Series],
    whole: Series,
    measures: Sequence[str],
    columns: Sequence[str],
    before: Breakdown | tuple[Sequence[Series], Series] | None,
    *,
    spans: bool = False,
    note: str = "",
) -> Panel:
    rows_before, whole_before = (
        (before.rows, before.whole) if isinstance(before, Breakdown) else before if before else ((), None)
    )
    earlier = {row.group.values: row for row in rows_before if not row.group.other}
    others = next((row for row in rows_before if row.group.other), None)
    made = []
    for row in rows:
        was = others if row.group.other else earlier.get(row.group.values)
        value = row.group.values[0] if row.group.values else ""
        made.append(
            PanelRow(
                name="other" if row.group.other else value,
                absent="" if value or row.group.other else Absent.NOT_SET,
                title=row.group.filter,
                href=view.link("traces", q=row.group.filter, view="spans" if spans else None),
                cells=_cells(row, measures, columns, was, before is not None),
            )
        )
    if len(made) > 1:
        href = view.link("traces", q=whole.group.filter, view="spans" if spans else None)
        cells = _cells(whole, measures, columns, whole_before, before is not None)
        made.append(PanelRow("All", "", "", href, cells, total=True))
    # Explore asks the same, with everything that can be changed about it.
    link = _explore(view, by, whole.group.filter, spans)
    return Panel(f"by-{by}", title, head, LESS, tuple(made), note, link)


def _explore(view: View, by: str, q: str, spans: bool) -> str:
    if not any(entry.name == "explore" for entry in NAVIGATION):
        return ""
    return view.link("explore", by=by, q=q, of=None if spans else "traces")


def _cells(
    row: Series, measures: Sequence[str], columns: Sequence[str], before: Series | None, compares: bool
) -> tuple[Shown, ...]:
    sample = int(row.total[measures.index("count")].value or 0)
    sample_before = int(before.total[measures.index("count")].value or 0) if before else 0
    found = []
    for name in columns:
        at = measures.index(name)
        worse = _share_worse(row, measures, before) if name == "error_rate" else False
        if name.endswith(".p95"):
            worse = _time_worse(row, measures, name, before)
        was = before.total[at] if before else None
        if compares and before is None and name == "count":
            was = Figure(0)
        found.append(
            shown(row.total[at], unit_of(name), was, sample=sample, sample_before=sample_before, worse=worse)
        )
    return tuple(found)
