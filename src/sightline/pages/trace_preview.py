"""One trace beside the list: what was asked and answered, its figures, where the time went, what failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from sightline.pages.address import Link, path_of, with_query
from sightline.pages.span_reader import SpanReader
from sightline.pages.trace_address import Asked
from sightline.pages.trace_facts import Fact, StageBar, facts, stage_bars
from sightline.query.opened_traces import Opened, OpenedTraces
from sightline.store.store import Store

_FAILED = 4


@dataclass(frozen=True, slots=True)
class Preview:
    """What `_traces_preview.html` shows. `failed`: the first failed spans, `more_failed`: how many follow."""

    trace_id: str
    title: str
    href: str
    service: str
    environment: str
    start_time: int
    answer: str
    facts: tuple[Fact, ...]
    stages: tuple[StageBar, ...]
    duration_ns: int
    failed: tuple[Link, ...]
    more_failed: int


async def trace_preview(
    store: Store, kept: OpenedTraces, project: str, trace_id: str, now: int, carried: Mapping[str, str | None]
) -> Preview | None:
    """A trace in brief; None where the project has none of this id."""
    found = await kept.get(store, project, trace_id, now)
    if found is None:
        return None
    asked, answered = await SpanReader(store, found.trace).said()
    state = Asked(path_of(project, "traces", found.trace.trace_id), carried=carried)
    return await run_in_threadpool(_brief, found, state, asked, answered)


def _brief(found: Opened, state: Asked, asked: str, answered: str) -> Preview:
    trace = found.trace
    root, columns = trace.spans[0], trace.columns
    failed = [row for row, bad in enumerate(columns.failed) if bad]
    links = tuple(
        Link(
            f"{columns.names[row]}: {trace.spans[row].status_message[:160] or 'failed'}",
            state.to(columns.ids[row]),
        )
        for row in failed[:_FAILED]
    )
    return Preview(
        trace_id=trace.trace_id,
        title=asked or root.name or trace.trace_id,
        href=with_query(state.base, state.carried),
        service=root.service,
        environment=root.environment,
        start_time=trace.start_time,
        answer=answered,
        facts=facts(trace),
        stages=stage_bars(found, state),
        duration_ns=trace.duration_ns,
        failed=links,
        more_failed=len(failed) - len(links),
    )
