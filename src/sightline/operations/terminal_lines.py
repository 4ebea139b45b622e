"""Traces and spans as lines of a terminal: the same numbers as on the pages, colours where they help."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.text import Text

from sightline.client import Span, TraceSummary
from sightline.pages import formats
from sightline.records.visible import one_line

# Colours of a terminal's own palette, so that they fit light and dark.
KINDS = {
    "llm": "magenta", "agent": "blue", "workflow": "blue", "chain": "blue", "tool": "green", "mcp": "green",
    "retriever": "cyan", "embedding": "cyan", "reranker": "cyan", "guardrail": "yellow",
    "evaluator": "yellow",
}  # fmt: skip
_NAME, _WORD = 48, 28


def coloured() -> bool:
    """Whether standard output takes colours: a terminal, and nobody said NO_COLOR."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def clock(at: datetime) -> str:
    """A moment in this machine's zone, to the millisecond."""
    here = at.astimezone()
    return f"{here:%H:%M:%S}.{here.microsecond // 1000:03d}"


def status(word: str, errors: int = 0) -> Text:
    """What became of it; an error stands out without its colour, too."""
    if word == "error":
        return Text("error", "bold red")
    if errors:
        return Text(f"{errors} failed", "red")
    return Text("" if word == "unset" else one_line(word, 9), "dim")


def tokens(input_: int | None, output: int | None) -> str:
    """Tokens in and out, `?` for what is not known; empty where nothing is."""
    if input_ is None and output is None:
        return ""
    return " → ".join("?" if n is None else formats.count(n) for n in (input_, output))


def money(usd: float | None) -> str:
    """US dollars; empty where the cost is not known."""
    return "" if usd is None else formats.money(usd)


def span_line(span: Span) -> list[Text]:
    """A span's cells."""
    kind = one_line(span.kind, 10)
    return [
        Text(clock(span.start_time), "dim"),
        Text(kind, KINDS.get(kind, "")),
        status(span.status),
        Text(str(formats.duration(span.duration_ns)), justify="right"),
        Text(one_line(span.name, _NAME), "bold"),
        Text(one_line(span.model or "", _WORD)),
        Text(tokens(span.input_tokens, span.output_tokens), justify="right"),
        Text(money(span.cost_usd), justify="right"),
        Text(one_line(span.service or "", _WORD), "dim"),
        Text(one_line(span.trace_id), "dim"),
    ]


def trace_line(trace: TraceSummary) -> list[Text]:
    """A trace's cells."""
    return [
        Text(clock(trace.start_time), "dim"),
        status(trace.status, trace.errors),
        Text(str(formats.duration(trace.duration_ns)), justify="right"),
        Text(one_line(trace.name, _NAME), "bold"),
        Text(formats.count(trace.spans), justify="right"),
        Text(one_line(trace.model or "", _WORD)),
        Text(tokens(trace.input_tokens, trace.output_tokens), justify="right"),
        Text(money(trace.cost_usd), justify="right"),
        Text(one_line(trace.service or "", _WORD), "dim"),
        Text(one_line(trace.trace_id), "dim"),
    ]


# What a narrow terminal does without, first to last.
_LESS = ("service", "model", "spans", "tokens", "kind")


def fitting(heads: Sequence[str], lines: Sequence[Sequence[Text]], width: int) -> list[str]:
    """The columns that fit beside each other, the least telling left out first."""
    needed = {
        head: max([len(head), *(line[at].cell_len for line in lines)]) + 3 for at, head in enumerate(heads)
    }
    for less in _LESS:
        if sum(needed.values()) <= width or "trace" not in needed:
            break
        needed.pop(less, None)
    return [head for head in heads if head in needed]


def figure(value: float | None, unit: str) -> Text:
    """A measured value as the pages write it; empty where it is not known."""
    if value is None:
        return Text("", justify="right")
    if unit == "ns":
        said = str(formats.duration(round(value)))
    elif unit == "usd":
        said = formats.money(value)
    elif unit == "ratio":
        said = formats.percent(value, 1)
    else:
        said = formats.count(round(value)) if float(value).is_integer() else f"{value:,.4g}"
    return Text(said, justify="right")


SPAN_HEADS = ("start", "kind", "status", "duration", "name", "model", "tokens", "cost", "service", "trace")
TRACE_HEADS = ("start", "status", "duration", "name", "spans", "model", "tokens", "cost", "service", "trace")
# Widths of a line that is written before the next one is known.
_WIDTHS = {
    "start": 12, "kind": 10, "status": 9, "duration": 9, "name": 32, "spans": 5, "model": 20, "tokens": 15,
    "cost": 9, "service": 16,
}  # fmt: skip


def span_cells(spans: Iterable[Span]) -> tuple[Sequence[str], list[Sequence[Any]]]:
    """Heads and lines of a table of spans."""
    return SPAN_HEADS, [span_line(span) for span in spans]


def trace_cells(traces: Iterable[TraceSummary]) -> tuple[Sequence[str], list[Sequence[Any]]]:
    """Heads and lines of a table of traces."""
    return TRACE_HEADS, [trace_line(trace) for trace in traces]


def padded(heads: Sequence[str], cells: Sequence[Text]) -> Text:
    """Cells as one line in columns."""
    found = Text()
    for head, cell in zip(heads, cells, strict=True):
        width = _WIDTHS.get(head, 0)
        space = " " * max(0, width - cell.cell_len)
        right = cell.justify == "right"
        found.append(space if right else "").append_text(cell).append("" if right else space).append("  ")
    found.rstrip()
    return found
