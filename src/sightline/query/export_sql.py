"""What an export asks the engine: one count, then one SELECT over the same rows, for each format.

Both are bound to the same moment: rows that were digested after the newest one counted are not exported, so
that the count told first is the count sent, also while data arrives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sightline.query.filter.compiler import Sql, Statement, indented
from sightline.query.filter.predicates import Always
from sightline.query.row_selection import RowSelection
from sightline.query.selection import Selection, rows
from sightline.query.sql_relations import Column, Relation, quoted, text_of

# Names of the attributes that are floating point: JSON text does not tell 1.0 from 1.
FLOATS = ("float_attributes", "float_resource")
_JSON = ("attributes", "resource")
# What a spreadsheet would run as a formula when a cell begins with it.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_TEXTS = ("String", "LowCardinality(String)", "Nullable(String)", "LowCardinality(Nullable(String))")


class Shape(StrEnum):
    """What one row of an export is. `TRACES`: every span of the traces that match."""

    SPANS = "spans"
    TRACES = "traces"
    LOGS = "logs"


class Form(StrEnum):
    """The format of an export."""

    PARQUET = "parquet"
    CSV = "csv"
    JSONL = "jsonl"
    OTLP = "otlp"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be exported. `selection` is of what the shape is. `content`: prompts, answers."""

    selection: Selection | RowSelection
    shape: Shape
    form: Form
    content: bool = True


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What there is: rows of the shape, rows of the export, when the newest was digested (us), and bytes of
    contents (0 where they are not wanted)."""

    found: int
    rows: int
    digested: int
    bytes: int = 0


def counting(wanted: Wanted) -> Statement:
    """The statement that counts, in the order of `Snapshot`."""
    sql = _sql(wanted)
    found = "uniqExact(s.trace_id)" if wanted.shape is Shape.TRACES else "count()"
    newest = "toUnixTimestamp64Micro(max(s.digested_at))"
    size = "sum(arraySum(s.`content.size`))" if wanted.content else "0"
    return sql.statement(f"SELECT {found}, count(), {newest}, {size}\n{_source(wanted, sql)}")


def listing(wanted: Wanted, relation: Relation, snapshot: Snapshot) -> tuple[list[str], Statement]:
    """The names of the columns and the statement that gives the rows, oldest first."""
    sql = _sql(wanted)
    columns = dict(_columns(wanted, relation))
    sql.parameters.given["digested"] = snapshot.digested
    source = _source(wanted, sql, "s.digested_at <= fromUnixTimestamp64Micro({digested:Int64}, 'UTC')")
    listed = ",\n".join(f"    {expression} AS {quoted(name)}" for name, expression in columns.items())
    moment = "time" if wanted.shape is Shape.LOGS else "start_time"
    text = f"SELECT\n{listed}\n{source}\nORDER BY s.project, s.{moment}"
    return list(columns), sql.statement(text)


def _sql(wanted: Wanted) -> Sql:
    selection = wanted.selection
    return selection.sql() if isinstance(selection, RowSelection) else Sql(selection.window)


def _source(wanted: Wanted, sql: Sql, *conditions: str) -> str:
    selection = wanted.selection
    if isinstance(selection, RowSelection):
        return sql.rows(selection.predicate, *conditions)
    if wanted.shape is Shape.SPANS:
        return sql.spans(selection.predicate, *conditions)
    traces = indented(f"SELECT s.trace_id\n{rows(selection, sql)}")
    return sql.near_spans(Always(), f"s.trace_id IN (\n{traces}\n)", *conditions)


def _columns(wanted: Wanted, relation: Relation) -> Iterable[tuple[str, str]]:
    for column in relation.columns:
        if not column.by_name:
            yield column.name, _expression(column, wanted.form)
    if wanted.content:
        yield "contents", _CONTENTS
    if wanted.form in (Form.PARQUET, Form.OTLP):
        for name, source in zip(FLOATS, _JSON, strict=True):
            kinds = f"JSONAllPathsWithTypes(s.{source})"
            yield name, f"mapKeys(mapFilter((k, v) -> v LIKE '%Float64%', {kinds}))"
    if wanted.form is Form.OTLP:
        yield from MOMENTS[wanted.shape is Shape.LOGS].items()


# Times as nanoseconds, for OTLP: of spans, of log records.
MOMENTS: tuple[Mapping[str, str], Mapping[str, str]] = (
    {
        "start_ns": "toUnixTimestamp64Nano(start_time)",
        "event_ns": "arrayMap(t -> toUnixTimestamp64Nano(t), `events.time`)",
    },
    {
        "time_ns": "toUnixTimestamp64Nano(time)",
        "observed_ns": "toUnixTimestamp64Nano(observed_time)",
    },
)


def _expression(column: Column, form: Form) -> str:
    name = f"s.{quoted(column.name)}"
    if column.type.startswith("JSON"):
        return name if form in (Form.JSONL, Form.OTLP) else f"toJSONString({name})"
    if column.expression != quoted(column.name):
        # Digests, as hexadecimal.
        return column.expression.rpartition(" AS ")[0]
    if form is Form.CSV and column.type in _TEXTS:
        begins = ", ".join(repr(mark) for mark in FORMULA)
        return f"if(substring({name}, 1, 1) IN ({begins}), concat('\\'', {name}), {name})"
    return name


# A span's or record's texts by field; what has expired is left out.
_CONTENTS = (
    "mapFilter((k, v) -> v != '', mapFromArrays(CAST(s.`content.field`, 'Array(String)'),"
    f" arrayMap(h -> {text_of('h')}, s.`content.hash`)))"
)
