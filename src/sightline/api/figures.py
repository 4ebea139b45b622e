"""Figures over a selection: how many there are, and measures by group over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sightline.api import shapes
from sightline.api.moments import iso
from sightline.api.operations import Call, Operation, Parameter
from sightline.api.parameters import SELECTED, TARGET, names, selection, target, told
from sightline.api.problems import Problem
from sightline.query.breakdown import breakdown, compared
from sightline.query.buckets import step_of
from sightline.query.filter.literals import duration
from sightline.query.question import MAX_BY, MAX_MEASURES, MAX_TOP, ask
from sightline.query.score_measures import measure_named
from sightline.query.selection import count
from sightline.query.weights import weighed
from sightline.query.window import Window
from sightline.records.access import Scope
from sightline.records.figures import Breakdown, Series

TOP = 10


async def count_matches(call: Call) -> Mapping[str, Any]:
    """How many spans or traces a filter has: stored ones, and how many these stand for with its interval."""
    store = call.services.store
    chosen = await weighed(store, selection(call, target(call)))
    if not chosen.weighted:
        found = await count(store, chosen)
        return {**told(chosen), "count": found, "estimate": found, "margin": 0}
    figure = (await breakdown(store, ask(chosen, ["count"]))).whole.total[0]
    return {
        **told(chosen), "count": figure.stored or 0, "estimate": figure.value, "margin": figure.margin,
    }  # fmt: skip


async def series(call: Call) -> Mapping[str, Any]:
    """Measures of a selection by group over time, beside an earlier time where one is asked for."""
    chosen = selection(call, target(call))
    step = call.text("step")
    question = ask(
        chosen,
        names(call, "measure", ("count",)),
        names(call, "by"),
        top=call.number("top", TOP, MAX_TOP),
        order=call.text("order") or "",
        ascending=call.flag("ascending", False),
        step=step_of(step) if step else None,
        zone=call.text("zone") or "UTC",
    )
    before = _earlier(call, chosen.window)
    if before is None:
        now, then = await breakdown(call.services.store, question), None
    else:
        now, then = await compared(call.services.store, question, before)
    return {
        **told(chosen),
        "measures": [{"name": name, "unit": measure_named(name).unit.value} for name in now.measures],
        "by": now.by,
        "step_ns": now.step,
        **_rows(now),
        "groups": now.groups,
        "exact": now.exact,
        "weighted": now.weighted,
        "earlier": None
        if then is None or before is None
        else {"since": iso(before.since), "until": iso(before.until), **_rows(then)},
    }


def _earlier(call: Call, window: Window) -> Window | None:
    """What `vs` compares with: `prev` is the time right before, `-7d` the same stretch a week earlier."""
    text = call.text("vs")
    if text in {None, "none"}:
        return None
    distance = window.length if text == "prev" else duration(str(text).removeprefix("-"))
    if not distance:
        raise Problem(
            422,
            f"vs is {str(text)[:40]!r}; expected prev, none, or a distance such as -7d.",
            reason="parameters",
        )
    earlier = window.earlier(distance)
    if earlier.length != window.length:
        raise Problem(422, "vs reaches back before 1970; choose a shorter one.", reason="parameters")
    return earlier


def _rows(found: Breakdown) -> dict[str, Any]:
    return {
        "starts": [iso(start) for start in found.starts],
        "end": iso(found.end),
        "rows": [_row(found.measures, row) for row in found.rows],
        "whole": _row(found.measures, found.whole),
    }


def _row(measures: Sequence[str], row: Series) -> dict[str, Any]:
    return {
        "values": [value or None for value in row.group.values],
        "other": row.group.other,
        "filter": row.group.filter,
        "figures": {
            name: {
                "value": row.total[n].value,
                "unknown": row.total[n].unknown,
                "rated": row.total[n].rated,
                "stored": row.total[n].stored,
                "margin": row.total[n].margin,
                "at_least": row.total[n].at_least,
                "points": [point[n].value for point in row.points],
                "unknown_points": [point[n].unknown for point in row.points],
            }
            for n, name in enumerate(measures)
        },
    }


_FIGURE = shapes.record(
    value=shapes.MAYBE_NUMBER,
    unknown={**shapes.WHOLE, "description": "Spans that a sum leaves out: they did not say."},
    rated={
        **shapes.MAYBE_WHOLE,
        "description": "How many were rated: spans and traces, each once. Null of what is no score.",
    },
    **shapes.OF_ESTIMATES,
    points=shapes.listed(shapes.MAYBE_NUMBER),
    unknown_points=shapes.listed(shapes.WHOLE),
)
_ROW = shapes.record(
    values={**shapes.listed(shapes.MAYBE_TEXT), "description": "In the order of `by`; null is not set."},
    other={**shapes.FLAG, "description": "All groups without a row of their own, together."},
    filter={**shapes.TEXT, "description": "The filter that has exactly what is behind the figures."},
    figures={"type": "object", "description": "By measure.", "additionalProperties": _FIGURE},
)
_ROWS = {"starts": shapes.listed(shapes.TIME), "end": shapes.TIME, "rows": shapes.listed(_ROW), "whole": _ROW}
_SERIES = shapes.told(
    measures=shapes.listed(shapes.record(name=shapes.TEXT, unit=shapes.TEXT)),
    by=shapes.listed(shapes.TEXT),
    step_ns=shapes.WHOLE,
    **_ROWS,
    groups={**shapes.WHOLE, "description": "How many there are, also those in `other`."},
    exact={**shapes.FLAG, "description": "False where percentiles are estimates."},
    weighted={**shapes.FLAG, "description": "Whether rows count as many times as they stand for."},
    earlier={
        **shapes.record(since=shapes.TIME, until=shapes.TIME, **_ROWS),
        "type": ["object", "null"],
        "description": "The same groups in the earlier time.",
    },
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/count",
        count_matches,
        "How many spans or traces",
        Scope.READ,
        shapes.told(
            count={**shapes.WHOLE, "description": "Stored rows."},
            estimate={**shapes.WHOLE, "description": "How many they stand for; the same without sampling."},
            margin={**shapes.MAYBE_NUMBER, "description": "Half the width of its 95 % interval."},
        ),
        parameters=(*SELECTED, TARGET),
    ),
    Operation(
        "GET",
        "/series",
        series,
        "Measures by group over time",
        Scope.READ,
        _SERIES,
        "Each row has the filter that opens it; `whole` is measured, not a sum of the rows.",
        parameters=(
            *SELECTED,
            Parameter(
                "measure",
                f"Names of measures, up to {MAX_MEASURES}, with commas; `/fields` lists them.",
                {**shapes.TEXT, "default": "count"},
                example="count,duration.p95,cost",
            ),
            Parameter(
                "by", f"Fields to group by, up to {MAX_BY}, with commas.", shapes.TEXT, example="model"
            ),
            Parameter("step", "Length of a bucket, such as `15m` or `1d`; chosen to fit.", shapes.TEXT),
            Parameter(
                "top",
                "Groups with a row of their own.",
                {"type": "integer", "minimum": 1, "maximum": MAX_TOP, "default": TOP},
            ),
            Parameter("order", "The measure that ranks groups; default: the first one.", shapes.TEXT),
            Parameter("ascending", "Smallest groups first.", shapes.FLAG),
            Parameter("zone", "Where days begin, such as `Europe/Berlin`; default: UTC.", shapes.TEXT),
            Parameter(
                "vs", "Compare with `prev`, the time before, or a distance such as `-7d`.", shapes.TEXT
            ),
            TARGET,
        ),
    ),
)
