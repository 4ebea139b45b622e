"""Tokens and money of a span by class, and why the trace's total counts each call once. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sightline.pages import formats
from sightline.pages.formats import Absent, Money
from sightline.pages.trace_address import Asked
from sightline.pages.trace_facts import tokens_of
from sightline.records.trace import Span, SpanDetail, Trace

MOST = 50


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class of tokens. `rate` is dollars per million, as it was charged."""

    name: str
    tokens: int | None
    rate: float | None
    cost: float | None


@dataclass(frozen=True, slots=True)
class Usage:
    """A line of “why counted once”."""

    name: str
    href: str
    how: str
    cost: str
    counted: bool


def class_rows(span: Span, detail: SpanDetail) -> tuple[ClassRow, ...]:
    """Token classes with their cost where known."""
    tokens, columns = span.tokens, detail.columns
    if tokens.input is None and tokens.output is None:
        return ()

    def row(name: str, number: int | None, column: str) -> ClassRow:
        value = columns.get(column)
        cost = float(value) if isinstance(value, int | float) else None
        rate = cost / number * 1e6 if cost is not None and number else None
        return ClassRow(name, number, rate, cost)

    cached = (tokens.cache_read or 0) + (tokens.cache_write or 0)
    plain = None if tokens.input is None else max(0, tokens.input - cached)
    out = [row("Input, not cached", plain, "cost_input")]
    if tokens.cache_read is not None:
        out.append(row("Input, read from cache", tokens.cache_read, "cost_cache_read"))
    if tokens.cache_write is not None:
        out.append(row("Input, written to cache", tokens.cache_write, "cost_cache_write"))
    out.append(row("Output", tokens.output, "cost_output"))
    if tokens.reasoning is not None:
        out.append(row("of which reasoning", tokens.reasoning, "cost_reasoning"))
    return tuple(out)


def usages(trace: Trace, asked: Asked, again: Mapping[str, str], most: int = MOST) -> tuple[Usage, ...]:
    """Every span that reports usage, and what became of it. `again` maps spans to an earlier one that tells
    of the same response."""
    out: list[Usage] = []
    left = 0
    for span in trace.spans:
        if not span.usage_source and span.cost_usd is None and span.cost_source != "unknown":
            continue
        if len(out) == most:
            left += 1
            continue
        out.append(_usage(span, trace, asked, again))
    if left:
        out.append(Usage(f"{left:,} more report usage", "", "counted in the same way", "", True))
    return tuple(out)


def _usage(span: Span, trace: Trace, asked: Asked, again: Mapping[str, str]) -> Usage:
    own = span.usage_source != "rollup"
    tokens = tokens_of(span)
    said = "tokens not reported" if tokens == Absent.UNKNOWN else tokens
    how = f"own usage, {span.model + ', ' if span.model else ''}{said}"
    if not own:
        how = f"{tokens} repeats the spans below it: a roll-up"
    elif span.cost_usd is None and span.cost_source == "unknown":
        priced = "" if tokens == Absent.UNKNOWN else "; its model has no price"
        how = f"{how}{priced}, so no sum contains it"
    if span.span_id in again:
        row = trace.row(again[span.span_id])
        first = trace.columns.names[row] if row is not None else again[span.span_id]
        how = f"{how}; the same response id as {first}, and both are counted"
    cost = "unknown" if span.cost_usd is None else formats.money(span.cost_usd, Money.BREAKDOWN)
    if span.cost_usd is None and span.cost_source != "unknown":
        cost = Absent.NOT_APPLICABLE
    return Usage(span.name, asked.on("cost", span.span_id), how, cost, own)
