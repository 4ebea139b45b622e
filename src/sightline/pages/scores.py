"""The list of scores: who said what of which answer, latest first; comments and corrections to be read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sightline.control.score_rules import misfit
from sightline.pages import formats
from sightline.pages.address import Link, View, with_query
from sightline.pages.answers import Missing, html
from sightline.pages.asking import wider
from sightline.pages.environment import render
from sightline.pages.frames import Frames, Table
from sightline.pages.score_lists import ScoreNames
from sightline.pages.score_rows import ScoreChip, chip, who
from sightline.pages.scores_state import (
    PARAMETERS,
    Choosing,
    ScoresState,
    beside,
    for_api,
    narrowed,
    read,
    selects,
    spoken,
    uses,
)
from sightline.pages.services import Services
from sightline.pages.sessions import session_href
from sightline.pages.shell import Shell
from sightline.query import traces
from sightline.query.score_bands import band_names, between
from sightline.query.scores import Said, ScoreName, list_scores, spread_of
from sightline.records.scores import DataType, Score, ScoreDefinition, ScoreTarget
from sightline.records.trace import TraceSummary
from sightline.store.rows import QueryTimeout, QueryTooLarge

PAGE = 50
MOST_SAID = 12


@dataclass(frozen=True, slots=True)
class GivenRow:
    """One score of the list. `about` leads to what it is about; `asked` is how that began, '' where that is
    not known, and `absent` says why. `outside` says why it does not fit its definition."""

    name: str
    chip: ScoreChip
    time: int
    who: str
    author: str
    method: str
    comment: str
    correction: str
    target: str
    about: Link
    asked: str
    absent: str
    outside: str
    author_href: str


@dataclass(frozen=True, slots=True)
class SpreadRow:
    """What was said, how often, and its share in percent. `href` lists those alone, or all where it is
    `chosen`."""

    text: str
    href: str
    chosen: bool
    found: int
    share: str
    width: float


@dataclass(frozen=True, slots=True)
class ScoresContext:
    """Everything `scores.html` shows. `narrowed` are conditions that stand in no select, each with the
    address without it; `uses` are other pages about the chosen name."""

    shell: Shell
    now: int
    rows: tuple[GivenRow, ...]
    total: int
    spread: tuple[SpreadRow, ...]
    spread_more: int
    selects: tuple[Choosing, ...]
    kept: tuple[tuple[str, str], ...]
    narrowed: tuple[Link, ...]
    description: str
    uses: tuple[Link, ...]
    api: str
    clear: str
    older: str
    newest: str
    wider: Link | None
    ever: bool


class ScoresPages:
    """`/p/{project}/scores`."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames
        self._names = ScoreNames(services)

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [("GET", "/p/{project}/scores", self.show)]

    async def show(self, request: Request) -> Response:
        """The list."""
        view, principal = await self.frames.view(request, PARAMETERS)
        state, store = read(view, request.query_params), self.services.store
        view = state.view
        names = await self._names.of(view.project)
        seen = next((one for one in names if one.name == state.name), None)
        cuts = cuts_of(seen)
        try:
            (scores, following), (total, said), kept, environments = await asyncio.gather(
                list_scores(
                    store, state.question, view.window, limit=PAGE, cursor=state.cursor or None
                ),
                spread_of(store, state.whole, view.window, cuts, MOST_SAID),
                run_in_threadpool(self.services.control.score_definitions, view.project),
                traces.environments(store, view.project, view.since),
            )  # fmt: skip
        except traces.BadCursor as error:
            raise Missing(f"This page of the list cannot be opened: {error}.") from error
        of_all, summaries = total, await self._summaries(view.project, scores)
        if state.says:
            total, _ = await spread_of(store, state.question, view.window)
        definitions = {one.name: one for one in kept}
        shown = ScoresContext(
            shell=await self.frames.shell("Scores", "scores", view, principal, environments),
            now=self.services.clock(),
            rows=tuple(given_row(one, state, definitions, summaries) for one in scores),
            total=total,
            spread=spread(state, said, cuts, of_all) if state.name else (),
            spread_more=of_all - sum(one.found for one in said),
            selects=selects(state, names),
            kept=tuple((k, v) for k, v in (view.carried | beside(state)).items() if v),
            narrowed=tuple(narrowed(state)),
            description=definitions[state.name].description if state.name in definitions else "",
            uses=uses(state, seen),
            api=with_query("/api/v1/scores", for_api(state)),
            clear=state.view.link("scores"),
            older=state.link(cursor=following) if following else "",
            newest=state.link() if state.cursor else "",
            wider=wider(state.link, view.range_name),
            ever=bool(names),
        )
        return html(render("scores.html", shown))

    async def _summaries(self, project: str, scores: Sequence[Score]) -> Mapping[str, TraceSummary] | None:
        """What the scored traces are; None where the store takes too long: a list does without."""
        ids = [one.trace_id for one in scores if one.trace_id]
        try:
            return await traces.summaries(self.services.store, project, ids, 0)
        except (QueryTimeout, QueryTooLarge):
            return None


def given_row(
    score: Score,
    state: ScoresState,
    definitions: Mapping[str, ScoreDefinition],
    summaries: Mapping[str, TraceSummary] | None,
) -> GivenRow:
    """A line. Pure."""
    definition = definitions.get(score.name)
    found = (summaries or {}).get(score.trace_id)
    absent = ""
    if score.trace_id and summaries is not None and found is None:
        absent = "no span of it is stored: not yet, left out by sampling, or expired"
    outside = ""
    if definition:
        outside = misfit(definition, score.value, score.label, score.comment, score.correction)
    return GivenRow(
        name=score.name,
        chip=chip(score, definitions),
        time=score.time,
        who=who(score),
        author=score.author,
        method=score.method,
        comment=score.comment,
        correction=score.correction,
        target=str(score.target) or "nothing",
        about=_about(score, state.view),
        asked=(found.input_preview or found.name) if found else "",
        absent=absent,
        outside=outside,
        author_href=state.link(author=score.author) if score.author else "",
    )


def _about(score: Score, view: View) -> Link:
    if score.target is ScoreTarget.SESSION:
        return Link(score.session_id, session_href(view, score.session_id))
    if not score.trace_id:
        return Link(score.response_id, "")
    span = score.span_id or None
    return Link(score.trace_id[:12], view.link("traces", score.trace_id, span=span, tab="scores"))


def cuts_of(seen: ScoreName | None) -> tuple[float, ...]:
    """Where numbers of a name are cut into ranges."""
    if seen is None or seen.low is None or seen.high is None or seen.data_type is not DataType.NUMERIC:
        return ()
    return between(seen.low, seen.high)


def spread(
    state: ScoresState, said: Sequence[Said], cuts: Sequence[float], total: int
) -> tuple[SpreadRow, ...]:
    """What was said in words: by how often, then ranges of numbers in their order. Pure."""
    names = band_names(cuts) or ("..",)
    found = []
    # `said` has the most frequent first.
    for one in sorted(said, key=lambda one: (one.says == "number", one.band)):
        says = names[one.band] if one.says == "number" else one.says
        chosen = says == state.says
        found.append(
            SpreadRow(
                "a number" if says == ".." else spoken(says),
                state.link(**{"is": None if chosen else says}),
                chosen,
                one.found,
                formats.percent(one.found, total, total),
                round(100 * one.found / total, 2),
            )
        )
    return tuple(found)
