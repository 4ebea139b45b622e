"""Values of any field or attribute for the rows of a page: what a reader wants to see beside the usual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sightline.query.dimensions import Dimension
from sightline.query.filter.compiler import Sql, Statement, indented
from sightline.query.filter.predicates import Always
from sightline.query.score_joins import joined
from sightline.query.window import LATEST, Window
from sightline.store.store import Store

Values = dict[tuple[str, str], tuple[str, ...]]
"""By trace and span id (empty for a trace): a text for each column, '' where it is not set."""


async def column_values(
    store: Store,
    window: Window,
    ids: Sequence[tuple[str, str]],
    starts: Sequence[int],
    columns: Sequence[Dimension],
) -> Values:
    """The values of some columns for traces or spans, which start at `starts`.

    Of a trace it is what the topmost of its spans that have one say. Errors of the store pass through.
    """
    if not ids or not columns:
        return {}
    around = replace(window, since=max(0, min(starts)), until=min(LATEST, max(starts) + 1))
    statement = choosing(around, ids, columns)
    answer = await store.fetch(statement.text, statement.parameters, purpose="columns")
    return {(str(row[0]), str(row[1])): tuple(map(str, row[2:])) for row in answer.rows}


def choosing(window: Window, ids: Sequence[tuple[str, str]], columns: Sequence[Dimension]) -> Statement:
    """The statement for the values of some columns."""
    sql = Sql(window)
    traces = sql.parameters.texts(tuple(dict.fromkeys(trace for trace, _ in ids)))
    conditions = [f"s.trace_id IN {traces}"]
    if ids[0][1]:
        conditions.append(f"s.span_id IN {sql.parameters.texts(tuple(span for _, span in ids))}")
        chosen = ["s.trace_id AS trace", "s.span_id AS span"]
        chosen += [f"any({column.sql}) AS c{n}" for n, column in enumerate(columns)]
        source, group = sql.spans(Always(), *conditions), "s.trace_id, s.span_id"
    else:
        chosen = ["s.trace_id AS trace", "'' AS span"]
        chosen += [
            f"argMinIf({column.sql}, (s.depth, s.start_time), {column.sql} != '') AS c{n}"
            for n, column in enumerate(columns)
        ]
        source, group = sql.near_spans(Always(), *conditions), "s.trace_id"
    source = joined(source, [column.score for column in columns], sql)
    lines = ",\n".join(chosen)
    return sql.statement(f"SELECT\n{indented(lines)}\n{source}\nGROUP BY {group}")
