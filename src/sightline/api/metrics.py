"""Metrics over the API: which there are, and one of them over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sightline.api import shapes
from sightline.api.moments import iso
from sightline.api.operations import Call, Operation, Parameter
from sightline.api.parameters import CURSOR, SELECTED, rows, told_rows
from sightline.api.parameters import limit as limit_of
from sightline.api.problems import Problem
from sightline.query import metrics as questions
from sightline.query.filter.vocabulary import METRICS
from sightline.query.metric_series import MOST, MOST_TOP, TOP, over_time
from sightline.records.access import Scope
from sightline.records.metrics import MetricInfo, MetricLine

PER_PAGE = 100
_EXEMPLARS = 20


async def list_metrics(call: Call) -> Mapping[str, Any]:
    """A page of the catalogue, by name."""
    selection = rows(call, METRICS)
    limit = call.number("limit", PER_PAGE, questions.MAX_PAGE)
    after = call.text("cursor") or ""
    found = await questions.catalogue(call.services.store, selection, limit=limit, after=after)
    return {
        **told_rows(selection),
        "metrics": [_info(one) for one in found.metrics],
        "total": found.total,
        "next": found.next,
    }


async def one_metric(call: Call) -> Mapping[str, Any]:
    """One metric over time, by group."""
    name = call.request.path_params["name"]
    selection = rows(call, METRICS)
    one = questions.named(selection, name)
    store = call.services.store
    top, most = call.number("top", TOP, MOST_TOP), call.number("buckets", MOST, 500)
    info = await questions.metric(store, one)
    if info is None:
        raise Problem(404, f"No point of {name[:200]!r} in this time of project {call.project}.")
    aggregate, by = call.text("aggregate") or "", call.text("by") or ""
    series = await over_time(store, one, info, aggregate, by, top=top, most=most)
    exemplars = await questions.exemplars(store, one, _EXEMPLARS)
    return {
        **told_rows(selection),
        "metric": _info(info),
        "aggregate": series.aggregate,
        "by": series.by or None,
        "starts": [iso(start) for start in series.starts],
        "end": iso(series.end),
        "step_seconds": series.step / 1e9,
        "groups": series.groups,
        "lines": [_line(line, bool(series.by)) for line in series.lines],
        "exemplars": [
            {
                "time": iso(found.time),
                "value": found.value,
                "trace_id": found.trace_id,
                "span_id": found.span_id or None,
                "service": found.service or None,
            }
            for found in exemplars
        ],
    }


def _info(info: MetricInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "type": info.type,
        "unit": info.unit,
        "description": info.description,
        "temporality": info.temporality or None,
        "monotonic": info.monotonic,
        "points": info.points,
        "series": info.series,
        "first_seen": iso(info.first),
        "last_seen": iso(info.last),
        "services": info.services,
    }


def _line(line: MetricLine, grouped: bool) -> dict[str, Any]:
    return {
        "group": line.text if grouped and not line.other else None,
        "other": line.other,
        "quantile": line.text if not grouped and line.text else None,
        "filter": line.filter or None,
        "whole": line.whole,
        "values": line.values,
    }


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/metrics",
        list_metrics,
        "Metrics",
        Scope.READ,
        shapes.METRICS,
        "By name. `series` counts what attributes and resource tell apart, in the last hour it was sent.",
        parameters=(
            *SELECTED,
            limit_of(PER_PAGE, questions.MAX_PAGE),
            CURSOR,
        ),
    ),
    Operation(
        "GET",
        "/metrics/{name:path}",
        one_metric,
        "One metric over time",
        Scope.READ,
        shapes.METRIC,
        "Values by bucket, null where nothing was measured; `whole` is over all the time.",
        parameters=(
            Parameter("name", "The metric's name.", shapes.TEXT, "path"),
            *SELECTED,
            Parameter(
                "aggregate",
                "Gauges: avg, min, max, last, sum. Counters: rate, increase. Histograms: quantiles, p50, p95,"
                " p99, rate, avg. Without it the first of its kind.",
                shapes.TEXT,
            ),
            Parameter(
                "by", "A field or attribute (`service`, `attr.model`) that tells lines apart.", shapes.TEXT
            ),
            Parameter(
                "top",
                "Most groups with a line of their own; the others are one.",
                {"type": "integer", "minimum": 1, "maximum": MOST_TOP, "default": TOP},
            ),
            Parameter(
                "buckets",
                "At most about this many stretches of time.",
                {"type": "integer", "minimum": 1, "maximum": 500, "default": MOST},
            ),
        ),
    ),
)
