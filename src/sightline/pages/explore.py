"""`/p/{project}/explore`: any measures by up to three dimensions over time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from sightline.pages.address import COMPARISONS, Link, View
from sightline.pages.answers import html
from sightline.pages.charts import Chart
from sightline.pages.environment import render
from sightline.pages.explore_form import (
    PARAMETERS,
    SHAPES,
    STEPS,
    TOPS,
    Asked,
    asked,
    dimensions,
    offered,
    scored_dimensions,
)
from sightline.pages.explore_parts import GroupRow, charts, rows
from sightline.pages.filter_bar import FilterBar, chosen, filter_bar
from sightline.pages.frames import Frames, Table
from sightline.pages.score_lists import ScoreNames
from sightline.pages.services import Services
from sightline.pages.shell import Shell
from sightline.pages.zones import zone, zone_name
from sightline.query import traces as questions
from sightline.query.breakdown import breakdown, compared
from sightline.query.buckets import NoBuckets
from sightline.query.filter.errors import FilterError
from sightline.query.filter.nodes import Whole
from sightline.query.filter.scored import about_whole
from sightline.query.in_use import attributes_in_use
from sightline.query.measures import UnknownMeasure
from sightline.query.question import BadQuestion, Question, ask
from sightline.query.selection import Selection, Target, select
from sightline.records.figures import Breakdown
from sightline.store.rows import Limits, QueryTooLarge, StoreError

# Names of attributes are an aid to typing; they wait for nobody.
_AID = Limits(seconds=1.0, rows=10)
MOST_ATTRIBUTES = 300
_NEW_ENOUGH = 60 * 10**9
MOST_PROJECTS = 1_000


@dataclass(frozen=True, slots=True)
class ExploreContext:
    """Everything `explore.html` shows. `measures` and `by` fill the form's three fields each."""

    shell: Shell
    bar: FilterBar
    tabs: tuple[Link, ...]
    kept: tuple[tuple[str, str], ...]
    target: str
    measures: tuple[str, str, str]
    by: tuple[str, str, str]
    shape: str
    top: int
    step: str
    offered: tuple[tuple[str, str], ...]
    dimensions: tuple[str, ...]
    shapes: tuple[tuple[str, str], ...]
    steps: tuple[str, ...]
    tops: tuple[int, ...]
    mistakes: Mapping[str, str]
    failure: str
    charts: tuple[Chart, ...]
    head: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[GroupRow, ...]
    summary: str
    compared: str
    estimated: bool
    by_trace: Link | None


class ExplorePages:
    """`/p/{project}/explore`."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames
        self._scores = ScoreNames(services)
        # By project: names of attributes and until when (ns) they are new enough.
        self._names: dict[str, tuple[int, tuple[str, ...]]] = {}

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [("GET", "/p/{project}/explore", self.show)]

    async def show(self, request: Request) -> Response:
        """The form, and what it asks for."""
        view, principal = await self.frames.view(request, PARAMETERS)
        now, form = self.services.clock(), asked(request.query_params)
        found = chosen(view, now, form.target)
        place = zone_name(request)
        (answer, before, failure, mistakes), attributes, environments = await asyncio.gather(
            self._answer(view, form, found, place),
            self._attributes(found),
            questions.environments(self.services.store, view.project, view.since),
        )
        frame = await self.frames.shell("Explore", "explore", view, principal, environments, compares=True)
        known = dimensions(form.target)
        scores = await self._scores.of(view.project)
        names = (*known, *scored_dimensions(scores), *(name for name in attributes if name not in known))
        context = ExploreContext(
            shell=frame,
            bar=filter_bar(view, "explore", found, form.parameters, form.target),
            tabs=tabs(view, "explore"),
            kept=tuple((k, v) for k, v in (view.carried | {"q": view.q}).items() if v),
            target=str(form.target),
            measures=_three(form.measures),
            by=_three(form.by),
            shape=form.shape,
            top=form.top,
            step=form.step_text,
            offered=offered(form.target, scores, form.measures),
            dimensions=names,
            shapes=tuple(SHAPES.items()),
            steps=STEPS if form.step_text in STEPS else (*STEPS, form.step_text),
            tops=TOPS if form.top in TOPS else (*TOPS, form.top),
            mistakes=dict(form.mistakes) | mistakes,
            failure=failure,
            charts=charts(view, form, answer, before, zone(place), now) if answer else (),
            head=form.by,
            columns=form.measures,
            rows=rows(view, form, answer, before) if answer else (),
            summary=_summary(form, answer) if answer else "",
            compared=COMPARISONS[view.vs].lower() if before else "",
            estimated=answer is not None and not answer.exact,
            by_trace=_by_trace(view, form),
        )
        return html(render("explore.html", context))

    async def _answer(
        self, view: View, form: Asked, found: Selection | FilterError, place: str
    ) -> tuple[Breakdown | None, Breakdown | None, str, dict[str, str]]:
        """The answer, that of the comparison, why there is none, and mistakes by field."""
        if isinstance(found, FilterError):
            return None, None, "", {}
        try:
            question = _question(found, form, place)
        except NoBuckets as error:
            wrong = {"step": f"{_sentence(str(error))} The step that fits is used."}
            question = _question(found, replace(form, step=None), place)
            return (*await self._asked(view, question), "", wrong)
        except (BadQuestion, UnknownMeasure) as error:
            return None, None, _sentence(str(error)), {}
        try:
            return (*await self._asked(view, question), "", {})
        except QueryTooLarge:
            return None, None, (
                "This needs more memory than a question may take. Choose a shorter range, a narrower filter, "
                "or dimensions of fewer values."
            ), {}  # fmt: skip

    async def _asked(self, view: View, question: Question) -> tuple[Breakdown, Breakdown | None]:
        if view.earlier is None:
            return await breakdown(self.services.store, question), None
        return await compared(self.services.store, question, view.earlier)

    async def _attributes(self, found: Selection | FilterError) -> tuple[str, ...]:
        if isinstance(found, FilterError) or found.target is Target.TRACES:
            return ()
        project, now = found.window.project, self.services.clock()
        until, names = self._names.get(project, (0, ()))
        if now < until:
            return names
        everything = select("", found.window, now)
        try:
            used = await attributes_in_use(self.services.store, everything, _AID)
        except StoreError:
            return names
        names = tuple(one.name for one in used[:MOST_ATTRIBUTES])
        if len(self._names) >= MOST_PROJECTS:
            self._names.clear()
        self._names[project] = (now + _NEW_ENOUGH, names)
        return names


def tabs(view: View, current: str) -> tuple[Link, ...]:
    """The two ways to explore."""
    return (
        Link("Measures", view.link("explore"), current == "explore"),
        Link("SQL", view.link("explore", "sql"), current == "sql"),
    )


def _question(found: Selection, form: Asked, place: str) -> Question:
    return ask(found, form.measures, form.by, top=form.top, step=form.step, zone=place)


def _by_trace(view: View, form: Asked) -> Link | None:
    """The same by what whole traces were scored, where spans are grouped by scores: of a trace's score only
    its topmost span has it, which is what the filter behind a group says, too."""
    if form.target is Target.TRACES:
        return None
    whole = {name: about_whole(name, Whole.TRACE) for name in form.by}
    if not any(whole.values()):
        return None
    by = tuple(dict.fromkeys(whole[name] or name for name in form.by))
    again = replace(form, by=by).parameters
    return Link(", ".join(filter(None, whole.values())), view.link("explore", **again, q=view.q))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _three(values: tuple[str, ...]) -> tuple[str, str, str]:
    first, second, third = (*values, "", "", "")[:3]
    return first, second, third


def _summary(form: Asked, found: Breakdown) -> str:
    if not form.by:
        return ""
    groups = "1 group" if found.groups == 1 else f"{found.groups:,} groups"
    shown = sum(1 for row in found.rows if not row.group.other)
    return groups if shown == found.groups else f"{groups}, the first {shown} by {form.measures[0]}"
