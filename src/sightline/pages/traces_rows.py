"""Traces and spans as lines of the list: a duration on the page's one scale, a text with what was found."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sightline.pages.address import path_of, with_query
from sightline.pages.score_rows import ScoreChip
from sightline.pages.traces_columns import Column
from sightline.query.filter.spelling import condition
from sightline.query.phrases import Phrase, ranges
from sightline.records.hits import Place
from sightline.records.listing import SpanSummary
from sightline.records.trace import TraceSummary

_YEAR = re.compile(r"-20\d\d-?(?=\d\d-?\d\d$)")
# Where a text was found, in words.
_WHERE = {
    "output_messages": "in the answer", "indexed_output": "in the answer", "output_value": "in the answer",
    "input_messages": "in the input", "indexed_input": "in the input", "input_value": "in the input",
    "system_instructions": "in the system prompt", "retrieval_documents": "in a document",
    "reranker_input": "in a document", "reranker_output": "in a document",
    "tool_arguments": "in tool arguments", "tool_result": "in a tool result", "name": "in a name",
    "status_message": "in an error message", "embedding_texts": "in an embedded text",
}  # fmt: skip
_AROUND = 60
_KEY = re.compile(r'"\w+"\s*:\s*"')


@dataclass(frozen=True, slots=True)
class Bar:
    """A duration on the page's one scale, as percentages: pale until the first token, solid after it."""

    pale: float
    solid_from: float
    solid: float


@dataclass(frozen=True, slots=True)
class Said:
    """A piece of a text; `marked`: it is what was looked for."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list, of a trace or of a span.

    `id` is the trace's or `trace/span`. `said` is its input, or the place where the text was found, which
    `where` then names. `lower_bound` says what sums leave out. `extra` are texts of the chosen fields in the
    order of the columns; `cells` the condition that a cell of a column filters by.
    """

    id: str
    trace_id: str
    href: str
    name: str
    kind: str
    service: str
    error: str
    said: tuple[Said, ...]
    where: str
    started: int
    duration_ns: int
    first_token_ns: int | None
    speaks: bool
    bar: Bar
    input_tokens: int | None
    output_tokens: int | None
    tokens_unknown: int
    cost_usd: float | None
    lower_bound: str
    has_usage: bool
    model: str
    model_short: str
    more_models: int
    user: str
    session: str
    spans: int
    errors: int
    note: str
    extra: Mapping[str, str]
    cells: Mapping[str, str]
    times: str = ""
    """How many it stands for, empty for itself alone."""
    kept: str = ""
    """What that means, and why it was kept."""
    scores: tuple[ScoreChip, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a page beside its rows: columns, their values, and where texts were found."""

    columns: Sequence[Column]
    values: Mapping[tuple[str, str], tuple[str, ...]]
    phrases: Sequence[Phrase]
    places: Mapping[tuple[str, str], Place]
    scores: Mapping[tuple[str, str], tuple[ScoreChip, ...]] = field(default_factory=dict)


def scale(durations: Sequence[int]) -> int:
    """The duration that fills a bar: the longest, unless it is one of a few that would dwarf all others.

    `durations` are in order.
    """
    if not durations:
        return 0
    usual = durations[int(0.95 * (len(durations) - 1))]
    return usual if durations[-1] > 2 * usual else durations[-1]


def bar(duration: int, first: int | None, longest: int) -> Bar:
    """A bar; `longest` is the duration that fills it."""
    share = 100 / max(longest, 1)
    whole = min(100.0, duration * share)
    pale = 0.0 if first is None else min(whole, first * share)
    return Bar(round(pale, 2), round(pale, 2), round(max(whole - pale, 0.4), 2))


def trace_row(summary: TraceSummary, project: str, longest: int, told: Told) -> Row:
    """A line from a trace's summary. `longest` is the duration that fills the bar."""
    unknown = summary.unknown_cost + summary.unknown_tokens
    made = Row(
        id=summary.trace_id,
        trace_id=summary.trace_id,
        href=path_of(project, "traces", summary.trace_id),
        name=summary.name or summary.trace_id[:16],
        kind="",
        service=summary.service,
        error=_error(summary),
        said=_marked(summary.input_preview, told.phrases),
        where="",
        started=summary.start_time,
        duration_ns=summary.duration_ns,
        first_token_ns=summary.time_to_first_token_ns,
        speaks=bool(summary.models),
        bar=bar(summary.duration_ns, summary.time_to_first_token_ns, longest),
        input_tokens=summary.tokens.input,
        output_tokens=summary.tokens.output,
        tokens_unknown=summary.unknown_tokens,
        cost_usd=summary.cost_usd,
        lower_bound=f"{unknown} of its calls have unknown tokens or no price" if unknown else "",
        has_usage=bool(summary.models) or unknown > 0 or summary.cost_usd is not None,
        model=summary.model,
        model_short=short_model(summary.model),
        more_models=max(0, summary.models - 1),
        user=summary.user_id,
        session=summary.session_id,
        spans=summary.spans,
        errors=summary.errors,
        note="" if summary.root_received else "its root was not received",
        extra={},
        cells={},
        times=times_text(summary.weight),
        kept=kept_text("trace", summary.weight, summary.sample_reason),
    )
    return _told(made, told, (summary.trace_id, ""))


def span_row(summary: SpanSummary, project: str, longest: int, told: Told) -> Row:
    """A line from a span's summary."""
    calls = summary.kind == "llm" and summary.usage_source != "rollup"
    unknown_tokens = int(calls and (summary.tokens.input is None or summary.tokens.output is None))
    unpriced = summary.cost_source == "unknown"
    href = with_query(path_of(project, "traces", summary.trace_id), {"span": summary.span_id})
    rollup = "repeats the usage of the calls below it" if summary.usage_source == "rollup" else ""
    made = Row(
        id=f"{summary.trace_id}/{summary.span_id}",
        trace_id=summary.trace_id,
        href=href,
        name=summary.name or summary.span_id,
        kind=summary.kind,
        service=summary.service,
        error=(summary.status_message or "it failed") if summary.status == "error" else "",
        said=_marked(summary.input_preview, told.phrases),
        where="",
        started=summary.start_time,
        duration_ns=summary.duration_ns,
        first_token_ns=summary.time_to_first_token_ns,
        speaks=summary.kind == "llm",
        bar=bar(summary.duration_ns, summary.time_to_first_token_ns, longest),
        input_tokens=summary.tokens.input,
        output_tokens=summary.tokens.output,
        tokens_unknown=unknown_tokens,
        cost_usd=summary.cost_usd,
        lower_bound="its model has no price" if unpriced else "",
        has_usage=summary.usage_source != "" or unpriced,
        model=summary.model,
        model_short=short_model(summary.model),
        more_models=0,
        user=summary.user_id,
        session=summary.session_id,
        spans=1,
        errors=int(summary.status == "error"),
        note=rollup,
        extra={},
        cells={},
        times=times_text(summary.weight),
        kept=kept_text("span", summary.weight, summary.sample_reason),
    )
    return _told(made, told, (summary.trace_id, summary.span_id))


def times_text(weight: float) -> str:
    """`×10` of what stands for ten; nothing of what stands for itself."""
    return f"×{weight:,.3g}" if 1 < weight < 1000 else f"×{weight:,.0f}" if weight > 1 else ""


def kept_text(noun: str, weight: float, reason: str) -> str:
    """What its mark means."""
    stands = f"stands for {weight:,.6g} {noun}s" if weight > 1 else ""
    return "; ".join(filter(None, (stands, f"kept because: {reason}" if reason else "")))


def short_model(name: str) -> str:
    """A model's name without a provider's path and without the year of its date."""
    return _YEAR.sub("-", name.rsplit("/", 1)[-1])


def _error(summary: TraceSummary) -> str:
    if summary.status == "error":
        return "the request failed"
    if summary.errors:
        return f"{summary.errors} of its {summary.spans} spans failed, the request itself did not"
    return ""


def _told(row: Row, told: Told, key: tuple[str, str]) -> Row:
    """A line with the values of its chosen columns, its conditions, and where the text was found."""
    chosen = [column for column in told.columns if column.dimension]
    values = told.values.get(key, ("",) * len(chosen))
    extra = {column.name: value for column, value in zip(chosen, values, strict=True)}
    own = {
        "kind": row.kind, "name": row.name, "model": row.model, "user": row.user, "session": row.session,
        "service": row.service,
    }  # fmt: skip
    cells = {
        c.name: condition(c.filter, value)
        for c in told.columns
        if c.filter and (value := extra.get(c.name) if c.dimension else own.get(c.filter))
    }
    row = replace(row, scores=told.scores.get(key, ()))
    place = told.places.get(key)
    if place is None or any(piece.marked for piece in row.said):
        return replace(row, extra=extra, cells=cells)
    said = _excerpt(place)
    where = _WHERE.get(place.field, f"in {place.field.replace('_', ' ')}")
    return replace(row, extra=extra, cells=cells, said=said, where=where)


def _marked(text: str, phrases: Sequence[Phrase]) -> tuple[Said, ...]:
    return _cut(text, ranges(text, phrases)) if text else ()


def _cut(text: str, marks: Sequence[tuple[int, int]]) -> tuple[Said, ...]:
    found, at = [], 0
    for begin, end in marks:
        found += [Said(text[at:begin], False), Said(text[begin:end], True)]
        at = end
    found.append(Said(text[at:], False))
    return tuple(piece for piece in found if piece.text)


def _excerpt(place: Place) -> tuple[Said, ...]:
    """The found place with a little around it: what comes first is what was found."""
    text, marks = place.excerpt.text, place.excerpt.ranges
    begin = max(0, marks[0][0] - _AROUND // 4) if marks else 0
    if marks:
        # The keys of a message are no part of what it says.
        key = max((m.end() for m in _KEY.finditer(text, 0, marks[0][0])), default=0)
        begin = max(begin, key)
    end = (marks[0][1] if marks else 0) + 3 * _AROUND
    inside = [(max(a - begin, 0), b - begin) for a, b in marks if a >= begin and b <= end]
    cut = begin > 0 and not _KEY.search(text[:begin][-20:])
    before = "…" if cut or (begin == 0 and place.excerpt.before) else ""
    after = "…" if end < len(text) or place.excerpt.after else ""
    pieces = _cut(" ".join(text[begin:end].split("\n")), inside)
    ends = [Said(before, False)] if before else []
    return (*ends, *pieces, *([Said(after, False)] if after else []))
