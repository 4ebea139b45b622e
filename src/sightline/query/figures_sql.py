"""The statements behind figures: one that ranks groups, one that measures them over time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sightline.query.buckets import DAY, Buckets
from sightline.query.filter.compiler import Sql, Statement, indented
from sightline.query.measures import TRACE_COLUMNS
from sightline.query.question import Question
from sightline.query.score_joins import joined
from sightline.query.selection import rows
from sightline.query.weights import OF_HEAD

_READ = re.compile(r"\bs\.(\w+)")


@dataclass(frozen=True, slots=True)
class Ranked:
    """The groups that get a row: their values and keys; how many groups and rows there are in all.

    `numbers` are theirs in an answer, when they are not 1, 2, 3, …
    """

    values: tuple[tuple[str, ...], ...] = ()
    keys: tuple[int, ...] = ()
    groups: int = 1
    rows: int = 0
    numbers: tuple[int, ...] = ()


def ranking(question: Question) -> Statement:
    """The statement that ranks the groups: for each its values and its key, and how much there is in all."""
    sql = Sql(question.selection.window)
    source = source_of(question, sql)
    if not question.by:
        return sql.statement(f"SELECT count() AS found\n{source}")
    names = [f"k{n}" for n in range(len(question.by))]
    keys = [f"{key} AS {name}" for key, name in zip(keys_of(question), names, strict=True)]
    order = question.sql(question.order)
    chosen = [*keys, f"cityHash64({', '.join(names)}) AS key", f"{order} AS ranked_by"]
    chosen += ["count() OVER () AS groups", "sum(count()) OVER () AS found"]
    # What is not set is a row of its own, whatever its rank.
    first = "k0 = '' DESC, " if len(names) == 1 else ""
    limit = question.top + (len(names) == 1)
    listed, way = ", ".join(names), "ASC" if question.ascending else "DESC"
    return sql.statement(
        f"SELECT\n{lines(chosen)}\n{source}\nGROUP BY {listed}\n"
        f"ORDER BY {first}ranked_by {way} NULLS LAST, {listed}\nLIMIT {sql.parameters.value('UInt32', limit)}"
    )


def measuring(question: Question, ranked: Ranked, exact: bool = True) -> Statement:
    """The statement that measures the ranked groups, all others as number 0, and everything, over time."""
    sql = Sql(question.selection.window)
    found = [f"{bucket_of(question.buckets, sql)} AS bucket"]
    sets = "((bucket), ())"
    marks = ["grouping(bucket) AS no_bucket"]
    if question.by:
        numbers = list(range(1, len(ranked.keys) + 1))
        keys = sql.parameters.value("Array(UInt64)", list(ranked.keys))
        places = sql.parameters.value("Array(UInt8)", numbers)
        hashed = f"cityHash64({', '.join(keys_of(question))})"
        # An empty list of keys has no type that `transform` takes.
        number = f"transform({hashed}, {keys}, {places}, toUInt8(0))" if numbers else "toUInt8(0)"
        found.append(f"{number} AS chosen")
        sets = "((bucket, chosen), (chosen), (bucket), ())"
        marks.append("grouping(chosen) AS no_group")
    figures = [
        text
        for n, one in enumerate(question.measures)
        for text in (
            f"{question.sql(one, exact)} AS m{n}",
            f"{question.beside_sql(one)} AS u{n}",
        )
    ]
    source = source_of(question, sql)
    chosen = [*found, *marks, "count() AS found", *figures]
    return sql.statement(f"SELECT\n{lines(chosen)}\n{source}\nGROUP BY GROUPING SETS {sets}")


def lines(columns: Sequence[str]) -> str:
    """Columns of a SELECT, a line each."""
    return indented(",\n".join(columns))


def bucket_of(found: Buckets, sql: Sql, moment: str = "toUnixTimestamp64Nano(s.start_time)") -> str:
    """The number of the bucket of a row's moment (ns), or where days differ in length its beginning."""
    if even(found):
        origin = sql.parameters.value("Int64", found.starts[0])
        return f"intDiv({moment} - {origin}, {sql.parameters.value('Int64', found.step)})"
    return f"roundDown({moment}, {sql.parameters.value('Array(Int64)', list(found.starts))})"


def even(found: Buckets) -> bool:
    """Whether all buckets are of the same length, so that a row's is found by division."""
    return (
        found.step < DAY
        or found.step % DAY != 0
        or found.end - found.starts[0] == found.step * len(found.starts)
    )


def keys_of(question: Question) -> list[str]:
    """What a group is recognised by: expressions over rows `s` of the source."""
    return [f"s.d{n}" if question.traces else d.sql for n, d in enumerate(question.by)]


def source_of(question: Question, sql: Sql, *more: str) -> str:
    """FROM of the rows that are measured: the spans of the list, or the heads of its traces.

    `more`: columns of heads that are read, too.
    """
    scores = [one.score for one in (*question.measures, question.order)]
    scores += [one.score for one in question.by]
    if not question.traces:
        return joined(rows(question.selection, sql), scores, sql)
    needed = {"start_time", *more}
    for one in (*question.measures, question.order):
        needed |= set(_READ.findall(f"{one.sql(True)} {one.unknown_sql(True)}"))
    columns = {"trace_id": "s.trace_id"} if "trace_id" in needed else {}
    columns |= {n: v for n, v in TRACE_COLUMNS.items() if n in needed}
    if question.selection.weighted:
        columns["weight"] = OF_HEAD
    columns |= {f"d{n}": d.sql for n, d in enumerate(question.by)}
    columns |= {n: v for score in scores if score for n, v in score.parts.items() if n in needed}
    chosen = [f"{value} AS {name}" for name, value in columns.items()]
    heads = joined(rows(question.selection, sql), scores, sql)
    return f"FROM (\n{indented(f'SELECT{chr(10)}{lines(chosen)}{chr(10)}{heads}')}\n) AS s"
