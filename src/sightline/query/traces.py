"""The latest traces of a project, one trace as a tree, one span in full, and stored content."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.records.trace import Content, ContentRef, SpanDetail, Trace, TracePage
from sightline.store.store import Store

MAX_SPANS = 100_000


async def latest_traces(
    store: Store,
    project: str,
    limit: int = 100,
    cursor: str | None = None,
    *,
    since: int | None = None,
    environment: str | None = None,
) -> TracePage:
    """The traces of `project`, latest start first; `since` in nanoseconds. Raises `BadCursor`."""
    raise NotImplementedError


async def trace(store: Store, project: str, trace_id: str, *, limit: int = MAX_SPANS) -> Trace | None:
    """One trace as a tree; `None` when the project has no span of it."""
    raise NotImplementedError


async def span_details(
    store: Store, project: str, trace_id: str, span_ids: Sequence[str]
) -> list[SpanDetail]:
    """The heavy parts of some spans of one trace, in the order asked for; unknown ids are left out."""
    raise NotImplementedError


async def contents(
    store: Store, project: str, refs: Sequence[ContentRef], *, limit: int = 200_000
) -> list[Content]:
    """The texts behind `refs`, each cut after `limit` bytes."""
    raise NotImplementedError


