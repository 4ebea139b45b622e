"""Requests like one: what it may be compared with."""

from __future__ import annotations

from dataclasses import dataclass

from sightline.query.statements import statement
from sightline.records.trace import Trace
from sightline.store.store import Store

# How far around the request (ns) others are looked for.
AROUND = 86_400 * 10**9
_LATEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Similar:
    """A request with a root of the same name and service; times in ns, `failed`: its root did."""

    trace_id: str
    start_time: int
    duration_ns: int
    failed: bool


async def similar(store: Store, trace: Trace, limit: int = 8) -> tuple[Similar, ...]:
    """The nearest in time within a day. Errors of the store pass through."""
    root = trace.spans[0]
    answer = await store.fetch(
        statement("similar_roots"),
        {
            "project": trace.project,
            "trace_id": trace.trace_id,
            "name": root.name,
            "service": root.service,
            "around": trace.start_time,
            "since": max(0, trace.start_time - AROUND),
            "until": min(_LATEST, trace.start_time + AROUND),
            "limit": limit,
        },
        purpose="similar",
    )
    return tuple(Similar(id_, started, took, status == "error") for id_, started, took, status in answer.rows)
