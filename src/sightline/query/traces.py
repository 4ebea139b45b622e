"""Summaries of traces, one trace as a tree, one span in full, and stored content.

Every statement is bound to one project. Errors of the store (`StoreError` and its kinds) pass through.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from sightline.content.texts import leaves, stored
from sightline.query import trace_rows
from sightline.query.previews import previews
from sightline.query.statements import statement
from sightline.records.trace import Content, ContentRef, SpanDetail, Trace, TraceSummary
from sightline.store.store import Store

MAX_SPANS = 100_000
_LARGE = 2_000
DAY = 86_400 * 10**9
TRACE_ID = re.compile(r"[0-9a-f]{1,64}")


class BadCursor(ValueError):
    """A cursor that this server did not make."""


async def summaries(
    store: Store, project: str, trace_ids: Sequence[str], since: int
) -> dict[str, TraceSummary]:
    """Summary of each trace, from its spans since `since` (ns), a day before the earliest began say."""
    if not trace_ids:
        return {}
    answer = await store.fetch(
        statement("trace_summaries"),
        {"project": project, "trace_ids": list(dict.fromkeys(trace_ids)), "since": max(0, since)},
        purpose="traces",
    )
    rows = answer.dicts()
    said = await previews(store, project, [row["input_hash"] for row in rows])
    return {row["trace_id"]: trace_rows.summary(row, said.get(row["input_hash"].lower(), "")) for row in rows}


async def trace(store: Store, project: str, trace_id: str, *, limit: int = MAX_SPANS) -> Trace | None:
    """One trace as a tree; `None` when the project has no span of it."""
    trace_id = trace_id.lower()
    if not TRACE_ID.fullmatch(trace_id):
        return None
    answer = await store.fetch(
        statement("trace"), {"project": project, "trace_id": trace_id, "limit": limit + 1}, purpose="trace"
    )
    if not answer.rows:
        return None
    if len(answer.rows) < _LARGE:
        return trace_rows.trace(project, trace_id, answer, limit)
    # A large tree takes a few hundred milliseconds; senders must not wait for it.
    return await asyncio.to_thread(trace_rows.trace, project, trace_id, answer, limit)


async def has_trace(store: Store, project: str, trace_id: str) -> bool:
    """Whether the project has a span of this trace."""
    parameters = {"project": project, "trace_id": trace_id.lower()}
    return bool((await store.fetch(statement("trace_version"), parameters, purpose="trace")).rows[0][0])


async def span_details(
    store: Store, project: str, trace_id: str, span_ids: Sequence[str]
) -> list[SpanDetail]:
    """The heavy parts of some spans of one trace, in the order asked for; unknown ids are left out."""
    if not span_ids:
        return []
    answer = await store.fetch(
        statement("span_details"),
        {"project": project, "trace_id": trace_id.lower(), "span_ids": list(span_ids)},
        purpose="spans",
    )
    by_id = {row["span_id"]: row for row in answer.dicts()}
    return [trace_rows.detail(trace_id, by_id[id_]) for id_ in dict.fromkeys(span_ids) if id_ in by_id]


async def span_texts(store: Store, project: str, trace_id: str, span_ids: Sequence[str]) -> list[SpanDetail]:
    """What some spans say: `SpanDetail` with contents and events only, in the order asked for."""
    if not span_ids:
        return []
    answer = await store.fetch(
        statement("span_texts"),
        {"project": project, "trace_id": trace_id.lower(), "span_ids": list(span_ids)},
        purpose="spans",
    )
    by_id = {row["span_id"]: row for row in answer.dicts()}
    return [trace_rows.texts(trace_id, by_id[id_]) for id_ in dict.fromkeys(span_ids) if id_ in by_id]


async def contents(
    store: Store, project: str, refs: Sequence[ContentRef], *, limit: int = 200_000
) -> list[Content]:
    """The texts behind `refs`, each cut after `limit` bytes. A long text is joined from its parts."""
    if not refs:
        return []
    rows = await stored(store, project, [ref.hash for ref in refs], limit)
    found = []
    for ref in refs:
        if ref.hash not in rows:
            found.append(Content(ref, None, False))
            continue
        there = list(leaves(ref.hash, rows))
        pieces: list[bytes] = []
        taken = 0
        for row in there:
            if taken > limit or row is None:
                break
            pieces.append(row.body)
            taken += len(row.body)
        joined = b"".join(pieces)
        whole = sum(row.size for row in there if row)
        text = joined[:limit].decode("utf-8", "ignore" if len(joined) > limit else "replace")
        found.append(Content(ref, text, whole > limit or None in there))
    return found


async def environments(store: Store, project: str, since: int) -> list[str]:
    """Names of environments that sent something since `since` (nanoseconds)."""
    answer = await store.fetch(
        statement("environments"), {"project": project, "since": max(0, since)}, purpose="environments"
    )
    return [str(row[0]) for row in answer.rows]


async def latest_arrival(store: Store, project: str, since: int) -> str | None:
    """The trace id of the span that arrived last, if one did since `since` (nanoseconds)."""
    answer = await store.fetch(
        statement("latest_arrival"), {"project": project, "since": max(0, since)}, purpose="arrival"
    )
    return str(answer.rows[0][0]) if answer.rows else None
