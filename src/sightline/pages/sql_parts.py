"""An answer of SQL as a table, a chart and CSV: by the types the engine tells. Pure."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import pairwise
from typing import Any

from sightline.pages.address import View
from sightline.pages.charts import Chart, Line, chart
from sightline.query.sql_answer import SqlAnswer

MOST_ROWS = 1_000
MOST_LETTERS = 300
MOST_SERIES, MOST_CHARTS, MOST_BARS, MOST_POINTS = 5, 4, 30, 500
_WRAPPED = re.compile(r"(?:Nullable|LowCardinality)\((.*)\)")
_TRACE_ID = re.compile(r"[0-9a-f]{16,64}")
# Spreadsheets take these for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class SqlCell:
    """A value. `kind` is `number`, `time`, `text`, `json` or `null`; `at` is a time's moment in ns."""

    text: str
    kind: str
    title: str = ""
    href: str = ""
    at: int = 0


@dataclass(frozen=True, slots=True)
class SqlColumn:
    """A column with its type as the engine names it."""

    name: str
    type: str
    number: bool


@dataclass(frozen=True, slots=True)
class SqlBar:
    """A row of a bar chart; `width` in percent of the largest."""

    name: str
    value: str
    width: float
    negative: bool


def kind_of(type_: str) -> str:
    """What a ClickHouse type is for a reader."""
    while found := _WRAPPED.fullmatch(type_):
        type_ = found[1]
    if type_.startswith(("Int", "UInt", "Float", "Decimal", "BFloat")):
        return "number"
    if type_.startswith(("DateTime", "Date")):
        return "time"
    if type_.startswith(("Array", "Map", "Tuple", "JSON", "Nested", "Object", "Dynamic", "Variant")):
        return "json"
    return "text"


def columns(answer: SqlAnswer) -> tuple[SqlColumn, ...]:
    """The head of the table."""
    return tuple(
        SqlColumn(name, type_, kind_of(type_) == "number")
        for name, type_ in zip(answer.columns, answer.types, strict=True)
    )


def cells(view: View, answer: SqlAnswer) -> tuple[tuple[SqlCell, ...], ...]:
    """The rows that are shown."""
    kinds = [kind_of(type_) for type_ in answer.types]
    trace_at = answer.columns.index("trace_id") if "trace_id" in answer.columns else -1
    found = []
    for row in answer.rows[:MOST_ROWS]:
        trace = row[trace_at] if trace_at >= 0 else None
        found.append(
            tuple(
                _cell(view, name, kind, value, trace)
                for name, kind, value in zip(answer.columns, kinds, row, strict=True)
            )
        )
    return tuple(found)


def _cell(view: View, name: str, kind: str, value: Any, trace: Any) -> SqlCell:
    if value is None:
        return SqlCell("NULL", "null")
    if kind == "time" and isinstance(value, str) and (at := moment(value)) is not None and len(value) > 10:
        return SqlCell(value, "time", value, "", at)
    if kind == "number" and isinstance(value, int | float) and not isinstance(value, bool):
        return SqlCell(number(value), "number", str(value))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    cut = text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"
    href = ""
    if isinstance(value, str) and _TRACE_ID.fullmatch(value):
        if name == "trace_id" or name.endswith("_trace_id"):
            href = view.link("traces", value)
        elif name == "span_id" and isinstance(trace, str) and _TRACE_ID.fullmatch(trace):
            href = view.link("traces", trace, span=value)
    title = text[:2000] if cut != text else ""
    return SqlCell(cut, "json" if not isinstance(value, str) else kind, title, href)


def number(value: int | float) -> str:
    """Whole numbers exactly, others with six digits that count; the title has all of them."""
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}".replace("-", "−")
    return f"{value:,.6g}".replace("-", "−")


def moment(text: str) -> int | None:
    """A time as the engine writes it, in ns since the epoch."""
    head, _, fraction = text.removesuffix("Z").partition(".")
    try:
        then = datetime.fromisoformat(head).replace(tzinfo=UTC)
    except ValueError:
        return None
    if fraction and not fraction.isdecimal():
        return None
    return int(then.timestamp()) * 10**9 + int(f"{fraction:0<9}"[:9])


def charts(answer: SqlAnswer, zone: tzinfo) -> tuple[Chart, ...]:
    """Numbers over time: each column a chart; or, with a text between, one line for each of its values."""
    kinds = [kind_of(type_) for type_ in answer.types]
    if len(kinds) < 2 or kinds[0] != "time" or len(answer.rows) < 2:
        return ()
    if kinds[1:] == ["text", "number"]:
        found = _pivoted(answer)
    elif all(kind == "number" for kind in kinds[1:]):
        found = {
            name: [("", [(row[0], row[n]) for row in answer.rows])]
            for n, name in list(enumerate(answer.columns))[1 : MOST_CHARTS + 1]
        }
    else:
        return ()
    made = []
    for n, (name, series) in enumerate(found.items()):
        if one := _over_time(f"result-{n}", name, series, zone):
            made.append(one)
    return tuple(made)


_Series = list[tuple[str, list[tuple[Any, Any]]]]


def _pivoted(answer: SqlAnswer) -> dict[str, _Series]:
    by: dict[str, list[tuple[Any, Any]]] = {}
    for time, text, value in answer.rows:
        by.setdefault(str(text or "not set"), []).append((time, value))
    largest = sorted(by, key=lambda k: -sum(abs(v) for _, v in by[k] if isinstance(v, int | float)))
    return {answer.columns[2]: [(name, by[name]) for name in largest[:MOST_SERIES]]}


def _over_time(id_: str, title: str, series: _Series, zone: tzinfo) -> Chart | None:
    points: list[dict[int, float]] = []
    for _, pairs in series:
        known = {}
        for time, value in pairs:
            at = moment(str(time))
            if at is None or at in known:
                return None
            known[at] = value if isinstance(value, int | float) else None
        points.append({k: v for k, v in known.items() if v is not None})
    starts = sorted({at for one in points for at in one})
    if not 2 <= len(starts) <= MOST_POINTS:
        return None
    # The usual distance is that of the query's buckets; what is further apart has a gap between.
    step = min(b - a for a, b in pairwise(starts))
    filled: list[int] = []
    for at in starts:
        if filled and at - filled[-1] > step and at - filled[-1] < step * 50:
            filled.extend(range(filled[-1] + step, at - step // 2, step))
        filled.append(at)
    if len(filled) > 4 * MOST_POINTS:
        filled = starts
    lines = [
        Line(name, f"c{n + 1}" if len(series) > 1 else "ink", [known.get(at) for at in filled])
        for n, ((name, _), known) in enumerate(zip(series, points, strict=True))
    ]
    return chart(id_, title, lines, filled, filled[-1] + step, "", height=150, zone=zone)


def bars(answer: SqlAnswer) -> tuple[SqlBar, ...]:
    """The first number by the first text."""
    kinds = [kind_of(type_) for type_ in answer.types]
    if kinds[:2] != ["text", "number"] or len(answer.rows) < 2:
        return ()
    known = [(str(row[0] or "not set"), row[1]) for row in answer.rows if isinstance(row[1], int | float)]
    most = max((abs(value) for _, value in known), default=0)
    if not most:
        return ()
    return tuple(
        SqlBar(name[:80], number(value), round(100 * abs(value) / most, 2), value < 0)
        for name, value in known[:MOST_BARS]
    )


def csv_of(answer: SqlAnswer) -> str:
    """The shown rows as CSV (RFC 4180); what a spreadsheet would take for a formula stays text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_harmless(name) for name in answer.columns])
    for row in answer.rows[:MOST_ROWS]:
        writer.writerow([_harmless(value) for value in row])
    return out.getvalue()


def _harmless(value: Any) -> Any:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and text.startswith(_FORMULA):
        return f"'{text}"
    return text


@dataclass(frozen=True, slots=True)
class Wrong:
    """Where SQL is wrong: its line in three pieces, and the number of the line."""

    line: int
    before: str
    at: str
    after: str


def wrong(sql: str, position: int | None) -> Wrong | None:
    """The line with the place that an error means."""
    if position is None:
        return None
    position = max(0, min(position, len(sql)))
    begins = sql.rfind("\n", 0, position) + 1
    ends = sql.find("\n", position)
    line = sql[begins : len(sql) if ends < 0 else ends]
    at = position - begins
    word = re.match(r"\w+|.", line[at:])
    end = at + (len(word[0]) if word else 0)
    return Wrong(sql.count("\n", 0, position) + 1, line[:at][-200:], line[at:end], line[end:][:200])
