"""Definitions of scores: what is defined, what was seen without one; said here, changed and archived here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sightline.control.errors import InvalidValue, NotFound
from sightline.control.gate import AccessDenied
from sightline.pages import formats
from sightline.pages.address import Link, absolute_range, path_of, with_query
from sightline.pages.admission import principal_of
from sightline.pages.answers import Missing, back_to, form, html
from sightline.pages.environment import render
from sightline.pages.frames import Table
from sightline.pages.score_rows import hint
from sightline.pages.services import Services
from sightline.pages.settings_frame import Frame, edited, tabs
from sightline.pages.shell import Shell
from sightline.query.scores import ScoreName, score_names
from sightline.records.scores import DataType, Direction, ScoreDefinition
from sightline.store.rows import StoreError

PATH = "/settings/scores"
DONE = {
    "defined": "The definition is kept. Marks and colours follow it; scores stay as they are.",
    "archived": "The name is not offered any more. What was scored stays.",
    "restored": "The name is offered again.",
}
_KNOWN = ("done", "project", "name")
_MINUTE = 60 * 10**9
DIRECTIONS = (
    (str(Direction.NONE), "neither, no colour"),
    (str(Direction.HIGHER), "higher is better"),
    (str(Direction.LOWER), "lower is better"),
)


@dataclass(frozen=True, slots=True)
class DefinedRow:
    """A definition with how often its name was seen. `expects` says what fits it."""

    name: str
    data_type: str
    expects: str
    direction: str
    description: str
    archived: bool
    seen: int | None
    last: int
    given: str
    edit: str


@dataclass(frozen=True, slots=True)
class SeenRow:
    """A name that was seen without a definition."""

    name: str
    seen: int
    says: str
    last: int
    given: str
    define: str


@dataclass(frozen=True, slots=True)
class TypedDefinition:
    """What stands in the form, so that an error does not lose it."""

    name: str = ""
    data_type: str = str(DataType.NUMERIC)
    description: str = ""
    low: str = ""
    high: str = ""
    direction: str = ""
    categories: str = ""
    archived: bool = False


@dataclass(frozen=True, slots=True)
class ScoreSettingsContext:
    """Everything `score_settings.html` shows. `seen` is None when the store did not answer."""

    shell: Shell
    tabs: tuple[Link, ...]
    now: int
    csrf: str
    project: str
    projects: tuple[Link, ...]
    rows: tuple[DefinedRow, ...]
    seen: tuple[SeenRow, ...] | None
    typed: TypedDefinition
    editing: bool
    types: tuple[str, ...]
    directions: tuple[tuple[str, str], ...]
    error: str
    done: str


class ScoreSettingsPages:
    """`/settings/scores`."""

    def __init__(self, services: Services, frame: Frame) -> None:
        self.services = services
        self.frame = frame

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [
            ("GET", PATH, self.show),
            ("POST", PATH, self.define),
            ("POST", f"{PATH}/archive", self.archive),
        ]

    async def show(self, request: Request) -> Response:
        """The definitions of a project, and a form."""
        return await self._page(request)

    async def define(self, request: Request) -> Response:
        """Keep a definition."""
        principal, fields = principal_of(request), await form(request)
        project, typed = await self._project(request, fields.get("project", "")), typed_of(fields)
        control = self.services.control
        try:
            low, high = number("lowest", typed.low), number("highest", typed.high)
            categories = [one.strip() for one in typed.categories.split(",") if one.strip()]
            await run_in_threadpool(
                lambda: control.define_score(
                    project, typed.name, typed.data_type, description=typed.description, low=low, high=high,
                    direction=typed.direction, categories=categories, archived=typed.archived,
                    by=principal.by,
                )
            )  # fmt: skip
        except (InvalidValue, NotFound, ValueError) as error:
            said = f"{error}".rstrip(".") + "."
            return await self._page(request, project=project, typed=typed, error=said)
        return back_to(PATH, "list", project=project, done="defined")

    async def archive(self, request: Request) -> Response:
        """Stop offering a name, or offer it again."""
        principal, fields = principal_of(request), await form(request)
        project = await self._project(request, fields.get("project", ""))
        archived, name = fields.get("archived") == "yes", fields.get("name", "")[:200]
        control = self.services.control
        try:
            await run_in_threadpool(lambda: control.archive_score(project, name, archived, by=principal.by))
        except NotFound as error:
            raise Missing(str(error)) from error
        return back_to(PATH, "list", project=project, done="archived" if archived else "restored")

    async def _project(self, request: Request, wanted: str) -> str:
        principal = principal_of(request)
        names = edited(principal, await run_in_threadpool(self.services.projects))
        project = wanted[:63] or principal.project
        if project not in names:
            if request.method == "POST":
                raise AccessDenied(403, f"You are no editor of project {project!r}.")
            raise Missing(f"There is no project {project!r} whose scores you may define.")
        return project

    async def _page(
        self, request: Request, *, project: str = "", typed: TypedDefinition | None = None, error: str = ""
    ) -> Response:
        principal, query = principal_of(request), request.query_params
        project = project or await self._project(request, query.get("project", ""))
        names = edited(principal, await run_in_threadpool(self.services.projects))
        kept = await run_in_threadpool(self.services.control.score_definitions, project)
        try:
            seen: list[ScoreName] | None = await score_names(self.services.store, project)
        except StoreError:
            seen = None
        wanted = query.get("name", "")[:200]
        known = next((one for one in kept if one.name == wanted), None)
        context = ScoreSettingsContext(
            shell=await self.frame(request, "Scores", _KNOWN),
            tabs=tabs(principal, "scores"),
            now=self.services.clock(),
            csrf=principal.csrf,
            project=project,
            projects=tuple(Link(n, with_query(PATH, {"project": n}), n == project) for n in names),
            rows=defined(project, kept, seen),
            seen=undefined(project, kept, seen) if seen is not None else None,
            typed=typed or prefilled(wanted, known, seen or ()),
            editing=known is not None,
            types=tuple(map(str, DataType)),
            directions=DIRECTIONS,
            error=error,
            done=DONE.get(query.get("done", ""), ""),
        )
        return html(render("score_settings.html", context), 422 if error else 200)


def defined(
    project: str, kept: Sequence[ScoreDefinition], seen: Sequence[ScoreName] | None
) -> tuple[DefinedRow, ...]:
    """The definitions, those in use first."""
    counts = {one.name: one for one in seen or ()}
    directions = dict(DIRECTIONS)
    found = [
        DefinedRow(
            one.name,
            str(one.data_type),
            hint(one),
            directions[str(one.direction)] if one.direction else "",
            one.description,
            one.archived,
            None if seen is None else counts[one.name].found if one.name in counts else 0,
            counts[one.name].last if one.name in counts else 0,
            _list(project, counts.get(one.name)),
            with_query(PATH, {"project": project, "name": one.name}) + "#add",
        )
        for one in kept
    ]
    return tuple(sorted(found, key=lambda row: row.archived))


def undefined(
    project: str, kept: Sequence[ScoreDefinition], seen: Sequence[ScoreName]
) -> tuple[SeenRow, ...]:
    """The names that were seen and not defined, the most frequent first."""
    known = {one.name for one in kept}
    return tuple(
        SeenRow(
            one.name, one.found, _says(one), one.last, _list(project, one),
            with_query(PATH, {"project": project, "name": one.name}) + "#add",
        )
        for one in seen
        if one.name not in known
    )  # fmt: skip


def _says(one: ScoreName) -> str:
    """What was seen of a name, in a few words."""
    if one.data_type is DataType.NUMERIC and one.low is not None and one.high is not None:
        return f"numbers from {formats.score(one.low)} to {formats.score(one.high)}"
    if one.data_type is DataType.CATEGORICAL:
        more = ", …" if len(one.labels) > 5 else ""
        return f"labels: {', '.join(one.labels[:5])}{more}"
    return {DataType.BOOLEAN: "yes or no", DataType.COMMENT: "comments"}.get(one.data_type, "corrections")


def _list(project: str, one: ScoreName | None) -> str:
    """The list of all scores of a name."""
    if one is None:
        return ""
    # Up to the end of the minute, since the address has no finer end.
    ever = absolute_range(one.first // _MINUTE * _MINUTE, (one.last // _MINUTE + 1) * _MINUTE)
    return with_query(path_of(project, "scores"), {"name": one.name, "range": ever})


def prefilled(name: str, known: ScoreDefinition | None, seen: Sequence[ScoreName]) -> TypedDefinition:
    """The form for a name: as it is defined, else as it was seen."""
    if known:
        return TypedDefinition(
            known.name, str(known.data_type), known.description, _plain(known.low), _plain(known.high),
            str(known.direction), ", ".join(known.categories), known.archived,
        )  # fmt: skip
    one = next((one for one in seen if one.name == name), None)
    if one is None:
        return TypedDefinition(name)
    kind = one.data_type
    unit = kind is DataType.NUMERIC and one.low is not None and one.high is not None
    fits = unit and (one.low or 0) >= 0 and (one.high or 0) <= 1
    return TypedDefinition(
        name, str(kind), "", "0" if fits else "", "1" if fits else "", "",
        ", ".join(one.labels) if kind is DataType.CATEGORICAL else "",
    )  # fmt: skip


def typed_of(fields: Mapping[str, str]) -> TypedDefinition:
    """What was typed."""

    def text(name: str, most: int = 300) -> str:
        return fields.get(name, "").strip()[:most]

    return TypedDefinition(
        text("name"), text("data_type"), text("description", 1100), text("low"), text("high"),
        text("direction"), text("categories", 22_000), fields.get("archived") == "yes",
    )  # fmt: skip


def number(which: str, text: str) -> float | None:
    """A typed limit. Raises ValueError."""
    if not text:
        return None
    try:
        found = float(text.replace("−", "-"))
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise ValueError(f"The {which} value is {text[:40]!r}; give a number such as 0.5")
    return found


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.12g}"
