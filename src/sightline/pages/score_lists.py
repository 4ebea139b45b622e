"""Scores in lists: which names a project has, and a few words for each row of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.concurrency import run_in_threadpool

from sightline.pages.score_rows import ScoreChip, chips
from sightline.pages.services import Services
from sightline.query.filter.spelling import spell_name
from sightline.query.scores import ScoreName, score_names, scores_of_traces
from sightline.records.scores import DataType, Score, ScoreTarget
from sightline.store.rows import StoreError

MOST_PROJECTS = 1_000
MOST_FACETS = 6
_NEW_ENOUGH = 15 * 10**9
# Of these there is nothing to count by.
_TEXTS = frozenset({DataType.COMMENT, DataType.CORRECTION})


class ScoreNames:
    """The names of scores by project, asked at most every few seconds for each."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: dict[str, tuple[int, tuple[ScoreName, ...]]] = {}

    async def of(self, project: str) -> tuple[ScoreName, ...]:
        """The names of a project's scores, the most frequent first; none where the store does not answer."""
        now = self._services.clock()
        until, names = self._known.get(project, (0, ()))
        if now < until:
            return names
        try:
            names = tuple(await score_names(self._services.store, project))
        except StoreError:
            return names
        if len(self._known) >= MOST_PROJECTS:
            self._known.clear()
        self._known[project] = (now + _NEW_ENOUGH, names)
        return names


def facets_of(names: Sequence[ScoreName]) -> dict[str, str]:
    """The facets of scores, with their words."""
    found = [one for one in names if one.data_type not in _TEXTS][:MOST_FACETS]
    return {spell_name(f"score.{one.name}"): f"Score: {one.name}" for one in found}


async def row_chips(
    services: Services, project: str, ids: Sequence[tuple[str, str]]
) -> Mapping[tuple[str, str], tuple[ScoreChip, ...]]:
    """A few words of the scores of each row: of a trace all that it and its spans have, of a span its own."""
    if not ids:
        return {}
    kept = await run_in_threadpool(services.control.score_definitions, project)
    definitions = {one.name: one for one in kept}
    by_trace: dict[str, list[Score]] = {}
    traces = list(dict.fromkeys(trace for trace, _ in ids))
    for score in await scores_of_traces(services.store, project, traces):
        by_trace.setdefault(score.trace_id, []).append(score)
    found = {}
    for trace, span in ids:
        mine = by_trace.get(trace, [])
        if span:
            mine = [s for s in mine if s.target is ScoreTarget.SPAN and s.span_id == span]
        found[trace, span] = chips(mine, definitions)
    return found
