"""Figures of what was sampled: each span and trace counts as many times as it stands for (Horvitz-Thompson).

A measure is written once, for rows that stand for themselves; here its aggregates become those of rows with
weights. What cannot be corrected (different ids, the largest) stays what was found: a lower bound.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sightline.query.filter.compiler import Sql, Statement
from sightline.query.filter.predicates import Always
from sightline.query.measures import Measure
from sightline.query.selection import Selection, known_at
from sightline.query.window import Window
from sightline.store.store import Store

# The weight of a row `s`: of a span, of a head, and of a head under the names of `measures.TRACE_COLUMNS`.
OF_SPAN, OF_HEAD, OF_TRACE = "ifNull(s.sample_weight, 1)", "ifNull(s.trace_weight, 1)", "s.weight"
# Weights of percentiles are whole: a thousandth is kept.
PARTS = 1000
# Estimated percentiles count in buckets that are this much apart, as DDSketch does: within 0.5 percent.
APART = 1.01
_AGGREGATE = re.compile(r"(\{quantile\}|\b(?:count|sum|avg|max|min|uniqExact|quantileExact))((?:If)?)\(")


def closing(text: str, opening: int) -> int:
    """The place behind the parenthesis that closes the one at `opening`."""
    depth = 0
    for at in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if not depth:
            return at + 1
    raise ValueError(f"{text!r} does not close its parenthesis")


def _split(arguments: str) -> list[str]:
    """Arguments at the commas that stand in no parentheses."""
    found, depth, begun = [], 0, 0
    for at, sign in enumerate(arguments):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "," and not depth:
            found.append(arguments[begun:at].strip())
            begun = at + 1
    found.append(arguments[begun:].strip())
    return found


def aggregates(expression: str) -> list[tuple[int, int, str, list[str], str]]:
    """The aggregates of an expression: where they begin and end, name, arguments, and a quantile's level."""
    found, at = [], 0
    while match := _AGGREGATE.search(expression, at):
        opening = match.end() - 1
        end = closing(expression, opening)
        inside, level = expression[opening + 1 : end - 1], ""
        if expression[end : end + 1] == "(":
            level, opening = inside, end
            end = closing(expression, opening)
            inside = expression[opening + 1 : end - 1]
        found.append((match.start(), end, match.group(1) + match.group(2), _split(inside), level))
        at = end
    return found


def weighted(expression: str, weight: str, exact: bool = True) -> str:
    """An expression of aggregates over rows as one in which each row counts `weight` times."""
    made, at = "", 0
    for begin, end, name, arguments, level in aggregates(expression):
        made += expression[at:begin] + _one(name, arguments, level, weight, exact, expression[begin:end])
        at = end
    return made + expression[at:]


def _one(name: str, arguments: list[str], level: str, weight: str, exact: bool, as_it_is: str) -> str:
    if name == "count":
        return f"sum({weight})" if arguments == [""] else f"sumIf({weight}, isNotNull({arguments[0]}))"
    if name == "countIf":
        return f"sumIf({weight}, {arguments[0]})"
    if name in ("sum", "sumIf"):
        rest = "".join(f", {one}" for one in arguments[1:])
        return f"{name}({weight} * ({arguments[0]}){rest})"
    if name == "avg":
        return f"avgWeighted({arguments[0]}, {weight})"
    if name in ("{quantile}", "quantileExact"):
        whole = f"toUInt64(round({PARTS} * {weight}))"
        if exact or name == "quantileExact":
            return f"quantileExactWeighted({level})({arguments[0]}, {whole})"
        place = f"toInt32(floor(log({at_least_one(arguments[0])}) / log({APART})))"
        return f"pow({APART}, quantileExactWeighted({level})({place}, {whole}) + 0.5)"
    return as_it_is


def at_least_one(value: str) -> str:
    """A number, 1 where it is less, NULL where it is NULL: `greatest` leaves out what is NULL."""
    return f"greatest({value}, 1) + 0 * {value}"


def corrected(measure: Measure, traces: bool) -> bool:
    """Whether a measure is corrected; else it is a lower bound: of what was kept alone."""
    text = measure.traces if traces else measure.spans
    names = {name for _, _, name, _, _ in aggregates(text)}
    return names.isdisjoint({"max", "min", "uniqExact", "uniqExactIf"})


def weighing(window: Window, as_of: int | None = None) -> Statement:
    """The statement that says whether any span of a window stands for several.

    `as_of`: of those digested up to a moment (microseconds), so that all pages of one list agree.
    """
    sql = Sql(window)
    known = [] if as_of is None else [known_at(sql, as_of)]
    return sql.statement(f"SELECT 1 AS found\n{sql.spans(Always(), *known, 's.sample_weight > 1')}\nLIMIT 1")


async def has_weights(store: Store, window: Window, as_of: int | None = None) -> bool:
    """Whether any span of a window stands for several (`weighing`). Errors of the store pass through."""
    asked = weighing(window, as_of)
    return bool((await store.fetch(asked.text, asked.parameters, purpose="weights")).rows)


async def weighed(store: Store, selection: Selection) -> Selection:
    """The selection, with its rows counted by their weights where its window has such.

    Errors of the store pass through.
    """
    if selection.weighted or not await has_weights(store, selection.window):
        return selection
    return replace(selection, weighted=True)
