"""What the rows of a list of sessions or users stand for, where traces were sampled.

A row's totals are sums over its traces, so each has the interval that `margins` describes: with u what a
trace adds, counted as many times as it stands for, the variance is the sum of (1 - 1/w)·u².
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sightline.query.filter.compiler import indented, selected
from sightline.query.margins import SIGMAS
from sightline.query.weights import OF_SPAN, PARTS, weighted
from sightline.records.figures import Figure


@dataclass(frozen=True, slots=True)
class Total:
    """A total of a row: `sql` is an aggregate over the spans `s` of one trace, each standing for itself.

    `of_traces`: it is a condition, and the traces that meet it are counted by their own weight `stands`.
    `unknown` names the column that counts what the sum leaves out. `whole`: there are no parts of it.
    """

    sql: str
    of_traces: bool = False
    unknown: str = ""
    whole: bool = True


def whole_sum(value: str, condition: str, weight: str = OF_SPAN, parts: int = PARTS) -> str:
    """A sum by weight as a whole number, in parts of one: the same however its parts are added up."""
    return f"sumIf(toInt64(round({parts} * {weight} * ({value}))), {condition})"


def estimating(
    id_: str, stands: str, totals: Mapping[str, Total], source: str, more: Mapping[str, tuple[str, str]]
) -> str:
    """A SELECT of the totals of rows recognised by `id_`, an expression over the spans of `source`.

    `stands` is how many a trace stands for, an aggregate over its spans. Of each total there are `e_` and its
    variance `v_`; `more` are further columns: an aggregate over a trace's spans, and one over traces.
    """
    inner = [
        f"{id_} AS id",
        f"{stands} AS stands",
        f"1 - 1 / max({OF_SPAN}) AS left_out",
        "count() AS stored",
        *(f"{_added(one)} AS u_{name}" for name, one in totals.items()),
        *(f"{inside} AS {name}" for name, (inside, _) in more.items()),
    ]
    outer = ["id", "count() AS traces", "sum(t.stored) AS spans"]
    for name, one in totals.items():
        share = "(1 - 1 / t.stands)" if one.of_traces else "t.left_out"
        outer += [
            f"sum(t.u_{name}) AS e_{name}",
            f"ifNull(sum({share} * t.u_{name} * t.u_{name}), 0) AS v_{name}",
        ]
    outer += [f"{outside} AS m_{name}" for name, (_, outside) in more.items()]
    by_trace = selected(inner, f"{source}\nGROUP BY id, s.trace_id")
    return selected(outer, f"FROM (\n{indented(by_trace)}\n) AS t\nGROUP BY id")


def _added(one: Total) -> str:
    """What a trace adds to a total."""
    return f"if({one.sql}, stands, 0)" if one.of_traces else f"toFloat64({weighted(one.sql, OF_SPAN)})"


def read(
    row: Mapping[str, Any], totals: Mapping[str, Total], unknown: Mapping[str, int]
) -> dict[str, Figure]:
    """The totals of a row of `estimating`; `unknown` says by column how much was not known."""
    found = {}
    for name, one in totals.items():
        value, margin = row[f"e_{name}"], SIGMAS * math.sqrt(max(0.0, float(row[f"v_{name}"])))
        if value is not None and one.whole:
            value = round(value)
        stored = int(row["traces" if one.of_traces else "spans"])
        left_out = unknown.get(one.unknown, 0)
        found[name] = Figure(value, left_out, stored, None if value is None else margin)
    return found
