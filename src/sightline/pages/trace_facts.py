"""The figures of a whole trace, what is to be said about it, and where its time went. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sightline.pages import formats
from sightline.pages.address import View
from sightline.pages.formats import Absent
from sightline.pages.named import named
from sightline.pages.trace_address import Asked
from sightline.query.filter.spelling import condition
from sightline.query.opened_traces import Opened
from sightline.query.stages import Stage, stages
from sightline.records.span_tree import Position
from sightline.records.trace import Span, Trace

# A trace whose last span came so lately (ns) may go on.
_SETTLED_NS = 10 * 10**9


@dataclass(frozen=True, slots=True)
class Fact:
    """A headline figure: `value` is one of text, nanoseconds or dollars, as `kind` says."""

    label: str
    value: str
    note: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class StageBar:
    """A stage in the bar below the waterfall: from `x`, `width` in percent; `colour` of its rectangle."""

    text: str
    colour: str
    count: int
    length: int
    share: str
    x: float
    width: float
    href: str


_COLOURS = {"decode": "llm", "between": "chain", "nothing": "hatch", "db": "http", "messaging": "http"}


def facts(trace: Trace, view: View | None = None) -> tuple[Fact, ...]:
    """The figures of the whole trace; with `view` who it was for leads to their pages and traces."""
    root, columns = trace.spans[0], trace.columns
    calls = [row for row, kind in enumerate(columns.kinds) if kind in ("llm", "embedding")]
    told = [row for row in calls if columns.first_token[row] >= 0]
    first = max(told, key=lambda row: columns.starts[row], default=None)
    waited = "–"
    if first is not None:
        waited = str(formats.duration(columns.starts[first] + columns.first_token[first] - trace.start_time))
    unknown = trace.unknown_tokens
    tokens = f"{counted(trace.tokens.input)} → {counted(trace.tokens.output)}"
    if trace.tokens.input is None and trace.tokens.output is None:
        tokens = Absent.UNKNOWN
    cost = "–" if trace.cost_usd is None else formats.money(trace.cost_usd)
    if trace.cost_usd is None and trace.unknown_cost:
        cost = "unknown"
    found = [
        Fact("Duration", str(formats.duration(trace.duration_ns))),
        Fact("First token", waited),
        Fact("Spans", formats.count(len(trace.spans)), f"{trace.errors:,} failed" if trace.errors else ""),
        Fact(
            "Tokens",
            tokens if calls else "–",
            f"{unknown:,} {'call' if unknown == 1 else 'calls'} unknown" if unknown else "",
        ),
        Fact(
            "Cost",
            f"≥ {cost}" if trace.cost_usd is not None and trace.unknown_cost else cost,
            f"{trace.unknown_cost:,} {'span' if trace.unknown_cost == 1 else 'spans'} unpriced"
            if trace.unknown_cost
            else "",
        ),
    ]
    whom = {"User": root.user_id, "Session": root.session_id, "Team": root.team, "Feature": root.feature}
    for label, value in whom.items():
        if value:
            found.append(Fact(label, value, href=_whom(label, value, view) if view else ""))
    return tuple(found)


def _whom(label: str, value: str, view: View) -> str:
    if label in ("User", "Session"):
        return named(view, f"{label.lower()}s", value)
    return view.link("traces", q=condition(label.lower(), value))


def counted(number: int | None) -> str:
    """A token count, or the word for not knowing it."""
    return "unknown" if number is None else formats.count(number)


def notes(found: Opened, now: int) -> tuple[str, ...]:
    """What is to be known before the figures are believed."""
    trace, out = found.trace, []
    positions = list(trace.tree.tops.values())
    rooted = Position.ROOT in positions
    if not rooted:
        out.append(
            "Its root has not been received. The trace may still be running, or its root is late or was left "
            "out by its sender; all figures are so far."
        )
    elif 0 <= now - found.version.received < _SETTLED_NS:
        out.append("Spans arrived within the last seconds: figures are so far, and more may come.")
    if trace.truncated:
        out.append(
            f"The trace has more spans than are read at once; these are the first {len(trace.spans):,}."
        )
    late = len(positions) - positions.count(Position.ROOT)
    if late and rooted:
        stand = "span stands" if late == 1 else "spans stand"
        out.append(f"{late:,} {stand} at the end without a parent that was received.")
    skewed = sum(skew > 0 for skew in trace.tree.skew_ns)
    if skewed > 1:
        most = formats.duration(max(trace.tree.skew_ns))
        out.append(
            f"{skewed:,} spans start before their parents, by up to {most}: clocks differ. "
            "They are drawn where they were measured."
        )
    return tuple(out)


def running(found: Opened, now: int) -> bool:
    """Whether the trace may go on: no root yet, or something came just now."""
    rooted = Position.ROOT in found.trace.tree.tops.values()
    return not rooted or 0 <= now - found.version.received < _SETTLED_NS


def stage_bars(found: Opened, asked: Asked) -> tuple[StageBar, ...]:
    """Where the time went. Each leads to its longest span, with all of its spans marked."""
    trace = found.trace
    whole = max(trace.duration_ns, 1)
    out, at = [], 0
    for stage in stages(found.path, trace.columns):
        out.append(
            StageBar(
                text=stage.text,
                colour=_COLOURS.get(stage.key, stage.key),
                count=len(stage.rows),
                length=stage.length,
                share=formats.percent(stage.length, whole),
                x=round(100 * at / whole, 3),
                width=round(100 * stage.length / whole, 3),
                href=_leads(stage, trace, asked),
            )
        )
        at += stage.length
    return tuple(out)


def _leads(stage: Stage, trace: Trace, asked: Asked) -> str:
    if not stage.rows:
        return ""
    kinds = {trace.columns.kinds[row] for row in stage.rows}
    find = " or ".join(f"kind:{kind}" for kind in sorted(kinds) if kind.isalpha())
    return replace(asked, span=trace.columns.ids[stage.rows[0]], find=find, start=0).href


def tokens_of(span: Span) -> str:
    """`6,204 → 148`; an embedding has no output, a call that reports nothing says so."""
    if span.tokens.input is None and span.tokens.output is None:
        return Absent.UNKNOWN
    output = Absent.NOT_APPLICABLE if span.kind == "embedding" else counted(span.tokens.output)
    return f"{counted(span.tokens.input)} → {output}"
