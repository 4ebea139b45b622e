"""Figures of a question in one pass over the rows: cells of each group and bucket, merged into what is shown.

The rows are read once and aggregated by group and bucket; what comes after handles only these cells: it ranks
the groups, keeps the top ones and merges all others. With very many cells that would hold too much at once:
then the store refuses, and groups are ranked and measured in two passes (`figures_sql.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sightline.query.figures_sql import Ranked, bucket_of, keys_of, lines, source_of
from sightline.query.filter.compiler import Sql, Statement, indented
from sightline.query.question import Question
from sightline.query.weights import closing
from sightline.store.rows import Rows

# How many cells there may be. Those of percentiles take some kilobytes each.
MOST_CELLS = 30_000
BOUNDS: dict[str, Any] = {"max_rows_to_group_by": MOST_CELLS, "group_by_overflow_mode": "throw"}
_AGGREGATE = re.compile(
    r"\b(count|sum|avg|avgWeighted|max|min|uniqExact|quantileExact|quantileExactWeighted|quantileDD"
    r"|groupUniqArrayArray)"
    r"((?:If)?)\("
)
_OF_GROUP = " OVER (PARTITION BY hashed)"


class Cells:
    """Aggregates as states of cells, and what becomes of them when cells are merged."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.again: dict[str, str] = {}
        """By column, what makes a state of several."""

    def merged(self, expression: str, over: str = "") -> str:
        """An expression of aggregates over rows as one over cells; `over` is the window it is merged in."""
        made, at = "", 0
        while found := _AGGREGATE.search(expression, at):
            name, end = found.group(1) + found.group(2), closing(expression, found.end() - 1)
            arguments = parameters = expression[found.end() - 1 : end]
            if expression[end : end + 1] == "(":
                after = closing(expression, end)
                arguments, end = expression[end:after], after
            else:
                parameters = ""
            state = f"{name}State{parameters}{arguments}"
            column = self.states.setdefault(state, f"a{len(self.states)}")
            self.again[column] = f"{name}MergeState{parameters}"
            made += f"{expression[at : found.start()]}{name}Merge{parameters}({column}){over}"
            at = end
        return made + expression[at:]


def scanning(question: Question, exact: bool) -> Statement:
    """The statement that ranks and measures at once: rows as `figures_sql.measuring` has them, with the
    values of their group and how many groups there are in all."""
    sql, cells = Sql(question.selection.window), Cells()
    width = len(question.by)
    names = [f"k{n}" for n in range(width)]
    figures = [f"{cells.merged('count()')} AS found"]
    for n, one in enumerate(question.measures):
        figures.append(f"{cells.merged(question.sql(one, exact))} AS m{n}")
        figures.append(f"{cells.merged(question.beside_sql(one))} AS u{n}")
    by_target = bool(question.order.by_target) and not question.traces
    order = cells.merged(question.sql(question.order, exact), "" if by_target else _OF_GROUP)
    bucket = f"{bucket_of(question.buckets, sql)} AS bucket"
    states = [f"{state} AS {column}" for state, column in cells.states.items()]
    keys = keys_of(question)
    held = ["bucket", *cells.states.values()]
    # A column of few values is hashed by its dictionary, so that no row's text is touched.
    hashed = f"cityHash64({', '.join(f'toUInt64(cityHash64({key}))' for key in keys)}) AS hashed"
    values = [f"any({key}) AS {name}" for key, name in zip(keys, names, strict=True)]
    inner = (
        f"SELECT\n{lines([hashed, bucket, *values, *states])}\n{source_of(question, sql)}\n"
        "GROUP BY hashed, bucket"
    )
    texts = [f"toString({name}) AS v{n}" for n, name in enumerate(names)]
    if by_target:
        inner = _with_wholes(inner, cells, names, order)
        held, order = [*held, "whole"], f"anyIf(total, whole){_OF_GROUP}"
    ranked = f"SELECT\n{lines([*held, *texts, f'{order} AS ranked_by'])}\nFROM (\n{indented(inner)}\n)"
    listed, way = ", ".join(f"v{n}" for n in range(width)), "ASC" if question.ascending else "DESC"
    # What is not set is a row of its own, whatever its rank.
    last = "v0 = '', " if width == 1 else ""
    place = f"dense_rank() OVER (ORDER BY {last}ranked_by {way} NULLS LAST, {listed}) AS place"
    placed = f"SELECT\n{lines(['*', place])}\nFROM (\n{indented(ranked)}\n)"
    if by_target:
        placed += "\nQUALIFY NOT whole"
    top = sql.parameters.value("UInt32", question.top)
    number = f"if(place <= {top}, place, 0)"
    if width == 1:
        number = f"if(v0 = '', {top} + 1, {number})"
    marks = ["grouping(bucket) AS no_bucket", "grouping(chosen) AS no_group", "max(place) AS groups"]
    shown = [f"any(v{n}) AS k{n}" for n in range(width)]
    key = f"cityHash64({', '.join(f'any(v{n})' for n in range(width))}) AS key"
    chosen = ["bucket", f"{number} AS chosen", *marks, *shown, key, *figures]
    return sql.statement(
        f"SELECT\n{lines(chosen)}\nFROM (\n{indented(placed)}\n)\n"
        "GROUP BY GROUPING SETS ((bucket, chosen), (chosen), (bucket), ())"
    )


def _with_wholes(inner: str, cells: Cells, names: Sequence[str], order: str) -> str:
    """The cells and, as `whole`, those of a group together with what it is ranked by.

    What is merged in a window stands in each of its rows: sets of targets would be copied for every bucket.
    """
    values = [f"any(e.{name}) AS {name}" for name in names]
    states = [f"{again}(e.{column}) AS {column}" for column, again in cells.again.items()]
    total = re.sub(r"\((a\d+)\)", r"(e.\1)", order)
    chosen = ["hashed", "bucket", "grouping(bucket) = 1 AS whole", *values, *states, f"{total} AS total"]
    return (
        f"SELECT\n{lines(chosen)}\nFROM (\n{indented(inner)}\n) AS e\n"
        "GROUP BY GROUPING SETS ((hashed, bucket), (hashed))"
    )


def ranked_of(question: Question, answer: Rows) -> Ranked:
    """The groups with rows of their own, in an answer of `scanning`."""
    wholes = [row for row in answer.dicts() if row["no_bucket"] and row["found"]]
    rows = next((int(row["found"]) for row in wholes if row["no_group"]), 0)
    groups = next((int(row["groups"]) for row in wholes if row["no_group"]), 0)
    mine = sorted(
        (row for row in wholes if not row["no_group"] and row["chosen"]), key=lambda row: int(row["chosen"])
    )
    names: Sequence[str] = [f"k{n}" for n in range(len(question.by))]
    return Ranked(
        tuple(tuple(str(row[name]) for name in names) for row in mine),
        tuple(int(row["key"]) for row in mine),
        groups,
        rows,
        tuple(int(row["chosen"]) for row in mine),
    )
