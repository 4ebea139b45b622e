"""The tools that ran in a trace, for the calls that asked for them."""

from __future__ import annotations

from sightline.query.statements import statement
from sightline.records.conversation import ToolRun
from sightline.records.trace import Trace
from sightline.store.store import Store

_MOST = 5_000


async def tool_runs(store: Store, trace: Trace) -> tuple[ToolRun, ...]:
    """The runs in order of their start. Errors of the store pass through."""
    parameters = {"project": trace.project, "trace_id": trace.trace_id, "limit": _MOST}
    answer = await store.fetch(statement("tool_runs"), parameters, purpose="trace")
    return tuple(
        ToolRun(name, call, span_id, parent, started, took, bool(failed))
        for span_id, parent, name, call, started, took, failed in answer.rows
    )
