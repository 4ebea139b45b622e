"""Spans of a trace that report the usage of one and the same model response."""

from __future__ import annotations

from sightline.query.statements import statement
from sightline.records.trace import Trace
from sightline.store.store import Store

_MOST = 1_000


async def same_response(store: Store, trace: Trace) -> dict[str, str]:
    """Span id → the id of an earlier span with the same response; both are counted today.

    Errors of the store pass through.
    """
    parameters = {"project": trace.project, "trace_id": trace.trace_id, "limit": _MOST}
    answer = await store.fetch(statement("same_response"), parameters, purpose="trace")
    return {later: spans[0][1] for (spans,) in answer.rows for _, later in spans[1:]}
