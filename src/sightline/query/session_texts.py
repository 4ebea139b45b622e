"""What the turns of a session say: question and answer of each, without the history that came with it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sightline.content.conversation import INPUTS, OUTPUTS, conversation
from sightline.content.turns import turns as told
from sightline.query.statements import statement
from sightline.query.traces import contents
from sightline.records.conversation import Conversation, TraceSaid
from sightline.records.sessions import ToolRun, TurnFigures, TurnSaid
from sightline.records.trace import Content, ContentRef
from sightline.store.store import Store

# Tools of a turn that are read, and how much of what they were given and answered (bytes).
MAX_TOOLS = 40
TOOL_BYTES = 2_000
# How much of a question, an answer and their history is read.
TEXT_BYTES = 400_000
_SPOKEN = frozenset((*INPUTS, *OUTPUTS, "tool_calls"))
_GIVEN, _ANSWERED = ("tool_arguments", "input_value"), ("tool_result", "output_value")


async def said(
    store: Store, project: str, session_id: str, turns: Sequence[TurnFigures], before: TurnFigures | None
) -> list[TurnSaid]:
    """What some neighbouring turns of a session say, in their order.

    `before` is the turn in front of them, if there is one: what it said is history, and not said again.
    """
    read = [*([before] if before else []), *turns]
    if not read:
        return []
    given = {
        "project": project,
        "session": session_id,
        "since": min(t.start_time for t in read),
        "until": max(t.end_time for t in read) + 1,
        "traces": [t.trace_id for t in read],
        "tools": MAX_TOOLS,
    }
    rows = {
        row["trace_id"]: row
        for row in (await store.fetch(statement("turn_texts"), given, purpose="session")).dicts()
    }
    spoken = {trace: _spans(row) for trace, row in rows.items()}
    tools = {trace: row["tools"] for trace, row in rows.items()}
    texts, used = await asyncio.gather(
        contents(store, project, _wanted(r for spans in spoken.values() for _, r in spans), limit=TEXT_BYTES),
        contents(
            store,
            project,
            _wanted(_refs(run[6]) for runs in tools.values() for run in runs),
            limit=TOOL_BYTES,
        ),
    )
    by_hash, of_tools = {c.ref.hash: c for c in texts}, {c.ref.hash: c for c in used}
    return await asyncio.to_thread(_told, read, spoken, tools, by_hash, of_tools, 1 if before else 0)


def _spans(row: Mapping[str, Any]) -> list[tuple[str, list[ContentRef]]]:
    """The spans of a turn that are read: topmost with a question, first and last call, topmost with an
    answer. Each once."""
    found: dict[str, list[ContentRef]] = {}
    for name in ("top", "first_call", "last_call", "answer"):
        span, refs = row[name]
        if span:
            found.setdefault(span, [ref for ref in _refs(refs) if ref.field in _SPOKEN])
    return list(found.items())


def _refs(refs: Iterable[tuple[str, str, int]]) -> list[ContentRef]:
    return [ContentRef(field, hash_, size) for field, hash_, size in refs]


def _wanted(refs: Iterable[list[ContentRef]]) -> list[ContentRef]:
    """Each text once."""
    return list({ref.hash: ref for some in refs for ref in some}.values())


def _told(
    read: Sequence[TurnFigures],
    spoken: Mapping[str, list[tuple[str, list[ContentRef]]]],
    tools: Mapping[str, Sequence[tuple[Any, ...]]],
    texts: Mapping[str, Content],
    of_tools: Mapping[str, Content],
    skip: int,
) -> list[TurnSaid]:
    """The turns behind the first `skip`."""
    stored: dict[str, list[list[Content]]] = {}
    traces = []
    for turn in read:
        contents_ = [[_content(ref, texts) for ref in refs] for _, refs in spoken.get(turn.trace_id, ())]
        stored[turn.trace_id] = contents_
        spans = [conversation(some) for some in contents_] or [Conversation()]
        traces.append(TraceSaid(turn.trace_id, turn.start_time, spans[0], tuple(spans[1:])))
    return [
        TurnSaid(
            trace_id=turn.trace_id,
            asked=turn.asked,
            answered=turn.answered,
            tools=tuple(_run(run, of_tools) for run in tools.get(turn.trace_id, ())),
            repeated=turn.repeated,
            exact=_exact(stored[turn.trace_id]),
            expired=any(c.text is None for some in stored[turn.trace_id] for c in some),
        )
        for turn in told(traces)[skip:]
    ]


def _content(ref: ContentRef, texts: Mapping[str, Content]) -> Content:
    found = texts.get(ref.hash)
    return Content(ref, found.text if found else None, bool(found and found.truncated))


def _exact(spans: Sequence[Sequence[Content]]) -> tuple[Content, ...]:
    """The stored texts of the topmost span that asks, and of the one that answers; each text once."""
    asked = next((c for some in spans for c in some if c.ref.field in INPUTS), None)
    answered = next(
        (c for some in (*spans[:1], *reversed(spans)) for c in some if c.ref.field in OUTPUTS), None
    )
    return tuple(c for c in (asked, answered) if c is not None)


def _run(run: Sequence[Any], texts: Mapping[str, Content]) -> ToolRun:
    started, span, name, duration, failed, message, refs = run

    def one(fields: Sequence[str]) -> Content | None:
        by_field = {ref.field: ref for ref in _refs(refs)}
        return next((_content(by_field[f], texts) for f in fields if f in by_field), None)

    return ToolRun(
        span, name, int(started), int(duration), bool(failed), message, one(_GIVEN), one(_ANSWERED)
    )
