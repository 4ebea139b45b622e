"""Traces as a page needs them: the tree with its critical path and its repeats, large ones kept for a while.

Whoever scrolls through 30,000 spans asks for one window after the other; the tree is made once.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sightline.query import traces as questions
from sightline.query.critical_path import Part, critical_path
from sightline.query.repeats import Repeats, repeats
from sightline.query.statements import statement
from sightline.records.trace import Trace
from sightline.store.store import Store

LARGE = 2_000
"""From how many spans on a trace is kept."""
MOST_KEPT = 120_000
"""Spans that are kept in all, about half a kilobyte each."""
KEPT_NS = 120 * 10**9
"""What a late span changes in others without a new row is seen after this long at the latest."""


@dataclass(frozen=True, slots=True)
class Version:
    """How much of a trace there is. `received`: when its last span came, nanoseconds."""

    spans: int
    digested: int
    received: int


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A trace with what is worked out once for all windows of it."""

    trace: Trace
    path: tuple[Part, ...]
    groups: Mapping[int, Sequence[Repeats]]
    version: Version


def opened(trace: Trace, version: Version) -> Opened:
    """Work it out; some tens of milliseconds for 30,000 spans."""
    columns = trace.columns
    return Opened(
        trace,
        critical_path(trace.tree, columns.starts, columns.ends),
        repeats(trace.tree, columns),
        version,
    )


class OpenedTraces:
    """The large traces opened last, by project, id and version."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, str], tuple[Opened, int]] = OrderedDict()

    async def get(self, store: Store, project: str, trace_id: str, now: int) -> Opened | None:
        """A trace at `now` (ns); None when the project has no span of it."""
        trace_id = trace_id.lower()
        if not questions.TRACE_ID.fullmatch(trace_id):
            return None
        version = await self._version(store, project, trace_id)
        if not version.spans:
            return None
        known = self._kept.get((project, trace_id))
        if known and known[0].version == version and 0 <= now - known[1] < KEPT_NS:
            self._kept.move_to_end((project, trace_id))
            return known[0]
        trace = await questions.trace(store, project, trace_id)
        if trace is None:
            return None
        if version.spans < LARGE:
            return opened(trace, version)
        found = await asyncio.to_thread(opened, trace, version)
        self._keep((project, trace_id), found, now)
        return found

    async def _version(self, store: Store, project: str, trace_id: str) -> Version:
        parameters = {"project": project, "trace_id": trace_id}
        answer = await store.fetch(statement("trace_version"), parameters, purpose="trace")
        return Version(*map(int, answer.rows[0]))

    def _keep(self, key: tuple[str, str], found: Opened, now: int) -> None:
        self._kept.pop(key, None)
        self._kept[key] = (found, now)
        while sum(len(o.trace.spans) for o, _ in self._kept.values()) > self._most and self._kept:
            self._kept.popitem(last=False)
