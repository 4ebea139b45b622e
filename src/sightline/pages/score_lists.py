"""Scores in lists: which names a project has, and a few words for each row of a page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Literal

from starlette.concurrency import run_in_threadpool

from sightline.pages.score_rows import RatedChip, ScoreChip, chips, rated_chip
from sightline.pages.services import Services
from sightline.query.filter.spelling import spell_name
from sightline.query.score_groups import Found
from sightline.query.score_measures import askable
from sightline.query.scores import ScoreName, score_names, scores_of_sessions, scores_of_traces
from sightline.records.scores import DataType, Score, ScoreDefinition, ScoreTarget
from sightline.store.rows import QueryTimeout, QueryTooLarge, StoreError

MOST_PROJECTS = 1_000
MOST_FACETS = 6
MOST_SUMMED = 8
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


def shown_names(names: Sequence[ScoreName], definitions: Mapping[str, ScoreDefinition]) -> tuple[str, ...]:
    """The names that lists sum up: those that are defined, then the most frequent. Archived ones are not."""
    seen = [one.name for one in names if one.data_type not in _TEXTS and askable(one.name)]
    seen = [name for name in seen if name not in definitions or not definitions[name].archived]
    return tuple(sorted(seen, key=lambda name: name not in definitions)[:MOST_SUMMED])


class Summing:
    """What lists of sessions and users say of scores: names, their types, and where a chip leads."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._names = ScoreNames(services)

    async def seen(self, project: str) -> tuple[ScoreName, ...]:
        """The names of a project's scores."""
        return await self._names.of(project)

    async def chips(
        self,
        project: str,
        ask: Callable[[Sequence[str]], Awaitable[Found]],
        link: Callable[[str, str, bool], str],
        what: str = "requests",
    ) -> Mapping[str, tuple[RatedChip, ...]]:
        """Chips by session or user. `ask` is the question for some names, `link` opens what was rated: by
        id, the filter of its requests, and whether it is the session's own. None where the store
        takes too long: a list does without."""
        seen = await self.seen(project)
        if not seen:
            return {}
        kept = await run_in_threadpool(self._services.control.score_definitions, project)
        definitions = {one.name: one for one in kept}
        kinds = {one.name: one.data_type for one in seen}
        try:
            found = await ask(shown_names(seen, definitions))
        except (QueryTimeout, QueryTooLarge):
            return {}
        # What is bad comes first, then what was said of the session itself.
        order = {"bad": 0, "good": 1, "": 2}
        chips = {}
        for id_, rated in found.items():
            mine = [
                rated_chip(one, kinds[one.name], definitions, link(id_, has(one.name), one.own), what)
                for one in sorted(rated, key=lambda one: not one.own)
            ]
            chips[id_] = tuple(sorted(mine, key=lambda one: order[one.tone]))
        return chips


def has(name: str) -> str:
    """The filter for what has a score of a name."""
    return f"has:{spell_name(f'score.{name}')}"


def facets_of(names: Sequence[ScoreName]) -> dict[str, str]:
    """The facets of scores, with their words."""
    found = [one for one in names if one.data_type not in _TEXTS and askable(one.name)][:MOST_FACETS]
    return {spell_name(f"score.{one.name}"): f"Score: {one.name}" for one in found}


async def row_chips(
    services: Services,
    project: str,
    ids: Sequence[tuple[str, str]],
    sessions: Mapping[str, str] | None = None,
) -> Mapping[tuple[str, str], tuple[ScoreChip, ...]]:
    """A few words of the scores of each row: of a trace all that it and its spans have, of a span its own.

    `sessions` by trace: what was given to a trace's session stands where the trace has none of that name, as
    filters and columns have it.
    """
    if not ids:
        return {}
    traces = list(dict.fromkeys(trace for trace, _ in ids))
    of_sessions = sorted({session for session in (sessions or {}).values() if session})
    kept, near, far = await asyncio.gather(
        run_in_threadpool(services.control.score_definitions, project),
        scores_of_traces(services.store, project, traces),
        scores_of_sessions(services.store, project, of_sessions),
    )
    definitions = {one.name: one for one in kept}
    by_trace, by_session = _grouped(near, "trace_id"), _grouped(far, "session_id")
    found = {}
    for trace, span in ids:
        mine = by_trace.get(trace, [])
        if span:
            mine = [s for s in mine if s.target is ScoreTarget.SPAN and s.span_id == span]
        elif sessions:
            own = {score.name for score in mine}
            given = by_session.get(sessions.get(trace, ""), [])
            mine = [*mine, *(score for score in given if score.name not in own)]
        found[trace, span] = chips(mine, definitions, MOST_SUMMED)
    return found


def _grouped(scores: Sequence[Score], column: Literal["trace_id", "session_id"]) -> dict[str, list[Score]]:
    found: dict[str, list[Score]] = {}
    for score in scores:
        found.setdefault(getattr(score, column), []).append(score)
    return found
