"""The latest traces of a project, one trace as a tree, one span in full, and stored content.

Every statement is bound to one project. Errors of the store (`StoreError` and its kinds) pass through.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from sightline.content.texts import leaves, stored
from sightline.query import trace_rows
from sightline.query.preview import preview
from sightline.query.statements import statement
from sightline.records.trace import Content, ContentRef, SpanDetail, Trace, TracePage, TraceSummary
from sightline.store.store import Store

MAX_SPANS = 100_000
MAX_PAGE = 500
_LARGE = 2_000
DAY = 86_400 * 10**9
# The last moment a DateTime64(9) holds.
_LATEST = 2**63 - 1
_LAST_ID = "g"  # behind every hexadecimal id
_PREVIEW_BYTES = 4_000
_CURSOR = re.compile(r"(\d{1,19})-([0-9a-f]{1,64})")
TRACE_ID = re.compile(r"[0-9a-f]{1,64}")


class BadCursor(ValueError):
    """A cursor that this server did not make."""


async def latest_traces(
    store: Store,
    project: str,
    limit: int = 100,
    cursor: str | None = None,
    *,
    since: int | None = None,
    until: int | None = None,
    environment: str | None = None,
) -> TracePage:
    """The traces of `project`, latest start first; `since` and `until` in ns. Raises `BadCursor`.

    A trace stands where its first root started; where its first span did while no root came.
    """
    limit = max(1, min(limit, MAX_PAGE))
    before, before_trace = _read_cursor(cursor)
    if until is not None:
        # What starts at the end is outside, and so is what an older cursor pointed to beyond it.
        before, before_trace = min((before, before_trace), (until - 1, _LAST_ID))
    floor = min(max(0, since or 0), _LATEST)
    taken: dict[str, TraceSummary] = {}
    at: tuple[int, str] | None = None
    while len(taken) < limit:
        # One more than asked for tells whether there are older ones.
        batch = limit - len(taken) + 1
        starts = (
            await store.fetch(
                statement("trace_starts"),
                {
                    "project": project,
                    "since": floor,
                    "before": before,
                    "before_trace": before_trace,
                    "environment": environment or "",
                    "limit": batch,
                },
                purpose="traces",
            )
        ).rows
        fresh = [row[0] for row in starts if row[0] not in taken]
        listed = await summaries(store, project, fresh, min((row[1] for row in starts), default=0) - DAY)
        for trace_id, started in starts:
            if len(taken) == limit:
                break
            at = (int(started), str(trace_id))
            found = listed.get(trace_id)
            # A later top of a trace that stands further down is not its place.
            if found and trace_id not in taken and found[1] == started:
                taken[trace_id] = found[0]
        else:
            if len(starts) < batch:
                return TracePage(tuple(taken.values()), None)
        if at is None:
            break
        before, before_trace = at
    return TracePage(tuple(taken.values()), f"{at[0]}-{at[1]}" if at else None)


def _read_cursor(cursor: str | None) -> tuple[int, str]:
    if not cursor:
        return _LATEST, ""
    match = _CURSOR.fullmatch(cursor)
    if not match or int(match[1]) > _LATEST:
        raise BadCursor(f"cursor {cursor[:80]!r} was not made by this server; start again without one")
    return int(match[1]), match[2]


async def summaries(
    store: Store, project: str, trace_ids: Sequence[str], since: int, tops_since: int = 0
) -> dict[str, tuple[TraceSummary, int]]:
    """Summary and place in time of each trace, from its spans since `since` (ns), a day before it began say.

    Its place is where the first of its topmost spans since `tops_since` started.
    """
    if not trace_ids:
        return {}
    answer = await store.fetch(
        statement("trace_summaries"),
        {
            "project": project,
            "trace_ids": list(dict.fromkeys(trace_ids)),
            "since": max(0, since),
            "tops_since": tops_since,
        },
        purpose="traces",
    )
    rows = answer.dicts()
    asked = await previews(store, project, [row["input_hash"].lower() for row in rows])
    return {
        row["trace_id"]: (
            trace_rows.summary(row, asked.get(row["input_hash"].lower(), "")),
            row["listed_at"],
        )
        for row in rows
    }


async def previews(store: Store, project: str, hashes: Sequence[str]) -> dict[str, str]:
    """The beginnings of some stored inputs by their hashes, as one line each."""
    refs = [ContentRef("input", hash_, 0) for hash_ in dict.fromkeys(hashes) if hash_]
    found = await contents(store, project, refs, limit=_PREVIEW_BYTES)
    return {content.ref.hash: preview(content.text or "") for content in found}


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
