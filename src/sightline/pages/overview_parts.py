"""The overview's tiles and charts, made of figures. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import tzinfo

from sightline.pages import formats
from sightline.pages.address import View
from sightline.pages.charts import LOW, RANGE, Chart, Line, Sparkline, chart, sparkline
from sightline.pages.figures import Shown, fitted, points, shown, unit_of
from sightline.pages.formats import Absent
from sightline.pages.overview_figures import Both, share_worse, time_worse
from sightline.pages.scales import every
from sightline.query.measures import Unit
from sightline.query.overview import CALL_MEASURES, CALLS
from sightline.records.figures import Figure
from sightline.records.overview import Overview

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


def _of(found: Overview | None, name: str) -> Figure | None:
    return None if found is None else found.whole.total[found.measures.index(name)]


def _course(found: Overview | None, name: str) -> list[float | None]:
    return [] if found is None else points(found.whole, found.measures.index(name))


def _worse_rate(now: Overview, before: Overview | None) -> bool:
    if before is None:
        return False
    return share_worse(now.whole, now.measures, before.whole)


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
    slow = time_worse(now.whole, now.measures, "duration.p95", before.whole if before else None)
    calls = found.models.whole.total[CALL_MEASURES.index("count")]
    ttft_at = CALL_MEASURES.index("ttft.p95")
    ttft_before = found.models_before.whole if found.models_before else None
    ttft = Tile(
        "TTFT p95",
        shown(
            found.models.whole.total[ttft_at],
            Unit.NANOSECONDS,
            ttft_before.total[ttft_at] if ttft_before else None,
            headline=True,
            worse=time_worse(found.models.whole, CALL_MEASURES, "ttft.p95", ttft_before),
        ),
        f"{formats.count(round(calls.value or 0))} model calls",
        view.link("traces", q=CALLS, view="spans"),
        sparkline(
            points(found.models.whole, ttft_at), "ink", points(ttft_before, ttft_at) if ttft_before else []
        ),
    )
    into, out = _value(now, "input_tokens"), _value(now, "output_tokens")
    return (
        tile("Requests", "count", _stored(_of(now, "count")), traces),
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


def _stored(count: Figure | None) -> str:
    if count is None or count.stored is None:
        return "traces"
    return f"traces, from {formats.count(count.stored)} stored"


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
    calls = view.link("traces", range=RANGE, q=CALLS, view="spans")

    def course(name: str) -> list[float | None]:
        return _course(seen, name)

    def ghost(values: list[float | None]) -> list[Line]:
        return [Line("before", "ghost", fitted(values, length), dashed=True)] if values else []

    ok = [None if n is None else n - (e or 0) for n, e in zip(course("count"), course("errors"), strict=True)]
    at = CALL_MEASURES.index("ttft.p95")
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
