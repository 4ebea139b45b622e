"""How far estimates may be off: 95 percent intervals of totals, shares and means over sampled traces.

Traces are what is sampled, each kept or not by its own chance 1/w. With u the weighted sum of a trace, the
variance of the total is the sum of (1 - 1/w)·u² over the traces that were kept; shares and means are
linearised: the relative variance of A/B is AA/A² - 2·AB/(A·B) + BB/B².
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sightline.query.figures_sql import Ranked, keys_of, lines, source_of
from sightline.query.filter.compiler import Sql, Statement, indented
from sightline.query.measures import Measure
from sightline.query.question import Question
from sightline.query.weights import OF_SPAN, OF_TRACE, aggregates, weighted
from sightline.store.store import Store

# Of more rows a share of the traces is enough: an interval need not be exact.
ENOUGH_ROWS = 500_000
SIGMAS = 1.96


def terms(measure: Measure, traces: bool) -> tuple[str, ...]:
    """The sums that a measure is made of, unweighted: one of a total, two of a share or a mean, none where no
    interval is known (percentiles, different ids). Those of a score over spans are by weight already."""
    if measure.by_target and not traces:
        return measure.by_target.terms
    text = measure.traces if traces else measure.spans
    found = aggregates(text)
    names = [name for _, _, name, _, _ in found]
    if names == ["avg"]:
        return f"sum({found[0][3][0]})", f"count({found[0][3][0]})"
    if all(name in ("count", "countIf", "sum", "sumIf") for name in names) and len(found) in (1, 2):
        return tuple(text[begin:end] for begin, end, *_ in found)
    return ()


def spreading(question: Question, ranked: Ranked, share: int) -> Statement:
    """The statement for the spread of each term, for the ranked groups (all others as 0) and everything.

    One in `share` traces is looked at.
    """
    sql = Sql(question.selection.window)
    weight = OF_TRACE if question.traces else OF_SPAN
    inner: list[str] = []
    outer: list[str] = []
    named: list[tuple[str, str]] = []
    group = "toUInt8(0)"
    if question.by and ranked.keys:
        numbers = ranked.numbers or range(1, len(ranked.keys) + 1)
        keys = sql.parameters.value("Array(UInt64)", list(ranked.keys))
        places = sql.parameters.value("Array(UInt8)", list(numbers))
        hashed = f"cityHash64({', '.join(f'toString({key})' for key in keys_of(question))})"
        group = f"transform({hashed}, {keys}, {places}, toUInt8(0))"
    for n, one in enumerate(question.measures):
        parts = terms(one, question.traces)
        for m, part in enumerate(parts):
            named.append((f"u{n}_{m}", part))
            by_weight = part if one.by_target and not question.traces else weighted(part, weight)
            inner.append(f"ifNull(toFloat64({by_weight}), 0) AS u{n}_{m}")
            outer += [f"sum(u{n}_{m}) AS t{n}_{m}", f"sum(f * u{n}_{m} * u{n}_{m}) AS v{n}_{m}"]
        if len(parts) == 2:
            outer.append(f"sum(f * u{n}_0 * u{n}_1) AS c{n}")
    source = source_of(question, sql, "trace_id")
    every = sql.parameters.value("UInt32", share)
    kept = f"\nWHERE cityHash64(s.trace_id) % {every} = 0" if share > 1 else ""
    if question.traces:
        # A row is a trace: nothing has to be gathered.
        inner = [f"ifNull(toFloat64({_of_row(part, weight)}), 0) AS {name}" for name, part in named]
        chosen = [f"{group} AS chosen", f"1 - 1 / {weight} AS f", *inner]
        by_trace = f"SELECT\n{lines(chosen)}\n{source}{kept}"
    else:
        chosen = [f"{group} AS chosen", "s.trace_id AS trace", f"1 - 1 / max({weight}) AS f", *inner]
        if question.by:
            # Everything together is over traces, too: spans of one trace in several groups vary together.
            chosen.append("grouping(chosen) AS no_group")
            sets = "GROUPING SETS ((chosen, trace), (trace))"
            by_trace = f"SELECT\n{lines(chosen)}\n{source}{kept}\nGROUP BY {sets}"
            return sql.statement(
                f"SELECT\n{lines(['chosen', 'no_group', *outer])}\n"
                f"FROM (\n{indented(by_trace)}\n)\nGROUP BY chosen, no_group"
            )
        by_trace = f"SELECT\n{lines(chosen)}\n{source}{kept}\nGROUP BY chosen, trace"
    return sql.statement(
        f"SELECT\n{lines(['chosen', 'grouping(chosen) AS no_group', *outer])}\n"
        f"FROM (\n{indented(by_trace)}\n)\nGROUP BY GROUPING SETS ((chosen), ())"
    )


def _of_row(part: str, weight: str) -> str:
    """What one row adds to the weighted sum of a term."""
    [(_, _, name, arguments, _)] = aggregates(part)
    if name == "count":
        return weight if arguments == [""] else f"if(isNotNull({arguments[0]}), {weight}, 0)"
    if name == "countIf":
        return f"if({arguments[0]}, {weight}, 0)"
    value = f"{weight} * ({arguments[0]})"
    return value if name == "sum" else f"if({arguments[1]}, {value}, 0)"


async def margins(
    store: Store, question: Question, ranked: Ranked, rows: int
) -> dict[int | None, tuple[float | None, ...]]:
    """By number of the group (None: everything): of each measure how far its relative value may be off.

    `rows` is how many are measured. Errors of the store pass through.
    """
    if not any(terms(one, question.traces) for one in question.measures):
        return {}
    share = max(1, rows // ENOUGH_ROWS)
    asked = spreading(question, ranked, share)
    answer = await store.fetch(asked.text, asked.parameters, purpose="figures")
    found: dict[int | None, tuple[float | None, ...]] = {}
    for row in answer.dicts():
        group = None if row["no_group"] else int(row["chosen"])
        found[group] = tuple(_relative(question, n, row, share) for n in range(len(question.measures)))
    return found


def _relative(question: Question, n: int, row: Mapping[str, Any], share: int) -> float | None:
    """Half the width of the interval, as a share of the value."""
    parts = terms(question.measures[n], question.traces)
    totals = [float(row[f"t{n}_{m}"]) for m in range(len(parts))]
    if not parts or not all(totals):
        return None
    spread = [float(row[f"v{n}_{m}"]) / total**2 for m, total in enumerate(totals)]
    if len(parts) == 2:
        spread.append(-2 * float(row[f"c{n}"]) / (totals[0] * totals[1]))
    return SIGMAS * math.sqrt(max(0.0, sum(spread)) / share)


def margin_of(value: float | None, relative: float | None) -> float | None:
    """Half the width of the interval around a value."""
    return None if value is None or relative is None else abs(value) * relative


def numbers_of(ranked: Ranked) -> Sequence[int]:
    """Which number each ranked group has in answers."""
    return ranked.numbers or range(1, len(ranked.values) + 1)
