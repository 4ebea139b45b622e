"""Traces and sessions as wholes: their measures, and when a bare `cost>1` is about the whole.

A list of traces shows the trace's duration and cost. So on traces `user:alice cost>1` asks for traces that
cost more than $1, while `llm cost>1` asks for a model call that did: a measure is about the whole as long as
nothing beside it picks out spans. `trace.cost` and `session.cost` always are about the whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sightline.query.filter.fields import Type, find
from sightline.query.filter.nodes import (
    And,
    Condition,
    Everything,
    Has,
    Name,
    Node,
    Not,
    Of,
    Or,
    Quantified,
    Related,
    Text,
    Whole,
)
from sightline.query.filter.scored import about_whole, score_field

_START = "toUnixTimestamp64Nano(s.start_time)"
_TOKENS = next(f.sql for f in [find("tokens")] if f)


@dataclass(frozen=True, slots=True)
class WholeMeasure:
    """A figure over the spans of a trace or session. Usage counts once: roll-ups are left out.

    `sql` is its aggregate over the spans, `head` what a trace's head has of it ('': nothing).
    """

    name: str
    type: Type
    sql: str
    says: str
    head: str = ""


MEASURES: dict[str, WholeMeasure] = {
    m.name: m
    for m in (
        WholeMeasure(
            "duration",
            Type.DURATION,
            f"max({_START} + s.duration_ns) - min({_START})",
            "from its first start to its last end",
            "s.trace_duration_ns",
        ),
        WholeMeasure("start", Type.TIME, f"min({_START})", "its first start", _START),
        WholeMeasure(
            "cost",
            Type.MONEY,
            "sumIf(s.cost_usd, s.usage_source = 'own')",
            "the known part of its cost",
            "s.trace_cost_usd",
        ),
        WholeMeasure(
            "tokens",
            Type.INTEGER,
            f"sumIf({_TOKENS}, s.usage_source = 'own')",
            "its tokens",
            "s.trace_tokens",
        ),
        WholeMeasure(
            "input",
            Type.INTEGER,
            "sumIf(s.input_tokens, s.usage_source = 'own')",
            "its input tokens",
            "s.trace_input_tokens",
        ),
        WholeMeasure(
            "output",
            Type.INTEGER,
            "sumIf(s.output_tokens, s.usage_source = 'own')",
            "its output tokens",
            "s.trace_output_tokens",
        ),
        WholeMeasure("spans", Type.INTEGER, "count()", "how many spans it has", "s.trace_spans"),
        WholeMeasure(
            "errors",
            Type.INTEGER,
            "countIf(s.status = 'error')",
            "how many of its spans failed",
            "s.trace_errors",
        ),
        WholeMeasure(
            "calls",
            Type.INTEGER,
            "countIf(s.kind = 'llm')",
            "how many calls of a model it has",
            "s.trace_calls",
        ),
        WholeMeasure("traces", Type.INTEGER, "uniqExact(s.trace_id)", "how many traces a session has"),
    )
}
# Measures that no span has, so that the bare name can mean nothing else.
_ONLY_WHOLE = ("spans", "errors", "calls")
# Measures by which a list of sessions is filtered without saying whose they are.
_ONLY_SESSIONS = {
    "spans": "spans",
    "errors": "errors",
    "calls": "calls",
    "traces": "traces",
    "turns": "traces",
}
# What both a span and a trace have, by the name of the span's field.
_BOTH = {"duration": "duration", "start": "start", "cost": "cost", "tokens": "tokens",
         "tokens.input": "input", "tokens.output": "output"}  # fmt: skip


def measure_of(name: str, inside: Whole | None) -> tuple[Whole, WholeMeasure] | None:
    """The measure that a name means: `trace.cost` anywhere, `cost` inside of `trace:(…)`, `spans` alone."""
    lowered = name.lower()
    head, _, tail = lowered.partition(".")
    if head in tuple(Whole) and tail in MEASURES:
        return _allowed(Whole(head), tail)
    if inside is not None:
        field = find(lowered)
        short = _BOTH.get(field.name, "") if field else lowered
        return _allowed(inside, short) if short in MEASURES else None
    return _allowed(Whole.TRACE, lowered) if lowered in _ONLY_WHOLE else None


def _allowed(whole: Whole, name: str) -> tuple[Whole, WholeMeasure] | None:
    return None if whole is Whole.TRACE and name == "traces" else (whole, MEASURES[name])


def names(whole: Whole) -> tuple[str, ...]:
    """The measures of a trace or session."""
    return tuple(name for name in MEASURES if _allowed(whole, name))


def about_traces(node: Node) -> Node:
    """The filter as a list of traces means it: measures that are about the whole are called so."""
    return _about(node, Whole.TRACE, False)


def about_sessions(node: Node) -> Node:
    """The filter as a list of sessions means it; there `errors`, `turns` and the like are the session's."""
    return _about(node, Whole.SESSION, False)


def _about(node: Node, whole: Whole, picks: bool) -> Node:
    match node:
        case And(parts):
            inside = picks or any(map(_picks, parts))
            return And(tuple(_about(part, whole, inside) for part in parts))
        case Or(parts):
            return Or(tuple(_about(part, whole, picks) for part in parts))
        case Not(part):
            return Not(_about(part, whole, picks))
        case Condition(name) | Has(name):
            told = _whole_name(name, whole, picks)
            return replace(node, name=Name(told, name.place)) if told else node
        case _:
            return node


def _whole_name(name: Name, whole: Whole, picks: bool = False) -> str:
    """The measure of the whole that a bare name means; empty where it is a span's, or no measure.

    Scores are always those of the whole: one that was given to a trace picks out no span.
    """
    lowered = name.text.lower()
    if scored := about_whole(name.text, whole):
        return scored
    if whole is Whole.SESSION and lowered in _ONLY_SESSIONS:
        return f"{whole}.{_ONLY_SESSIONS[lowered]}"
    field = find(lowered)
    short = _BOTH.get(field.name, "") if field and not picks else ""
    return f"{whole}.{short}" if short else ""


def _picks(node: Node) -> bool:
    """Whether a condition picks out spans, rather than saying something of the whole trace."""
    match node:
        case And(parts) | Or(parts):
            return any(map(_picks, parts))
        case Not(part):
            return _picks(part)
        case Condition(name) | Has(name):
            field = find(name.text)
            if measure_of(name.text, None) or _whole_name(name, Whole.SESSION) or score_field(name.text):
                return False
            return not (field and field.whole_trace)
        case Related():
            return True
        case Everything() | Text() | Of() | Quantified():
            return False
