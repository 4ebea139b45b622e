"""Going anywhere by typing: pages, settings, saved views, traces by id, sessions, users, models, or a filter.

One address answers the page that needs no scripts and the list in the palette's dialog.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sightline.api.views import owner_of
from sightline.control.errors import ControlUnavailable
from sightline.pages import shell as frame
from sightline.pages.address import View, path_of
from sightline.pages.answers import html, part
from sightline.pages.environment import render
from sightline.pages.frames import Frames, Table
from sightline.pages.services import Services
from sightline.pages.settings_frame import tabs
from sightline.pages.shell import Shell
from sightline.query.filter.errors import FilterError
from sightline.query.filter.nodes import Everything
from sightline.query.filter.spelling import condition
from sightline.query.places import places
from sightline.query.selection import Target, select
from sightline.records.access import Principal
from sightline.records.places import Places

LONGEST = 2_000
MOST_VIEWS = 8
_RANGE = "30d"
_OPERATORS = frozenset(':<>="(')


@dataclass(frozen=True, slots=True)
class Place:
    """One thing to go to; `id` names it within the list."""

    id: str
    text: str
    says: str
    href: str
    icon: str


@dataclass(frozen=True, slots=True)
class PlaceGroup:
    """Places of one kind."""

    title: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class PlacesContext:
    """Everything `_places.html` shows. `hint` says why a filter cannot be read, or what was left out."""

    to: str
    groups: tuple[PlaceGroup, ...]
    count: int
    hint: str


@dataclass(frozen=True, slots=True)
class GoContext:
    """Everything `go.html` shows: the list with a frame."""

    shell: Shell
    to: str
    groups: tuple[PlaceGroup, ...]
    count: int
    hint: str


Found = tuple[str, str, str, str, str]
"""Group, words, what they are, address, icon."""


class GoPages:
    """`/p/{project}/go`."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [("GET", "/p/{project}/go", self.show)]

    async def show(self, request: Request) -> Response:
        """The page, or the list alone."""
        view, principal = await self.frames.view(request, ("to",))
        to = request.query_params.get("to", "").strip()[:LONGEST]
        found = await places(self.services.store, view.project, to, self.services.clock())
        asked, hint = filtered(view, to, self.services.clock())
        named = telemetry(view, found)
        # What has an operator was meant as a filter; a word alone is rather somebody's name.
        rest = [*asked, *named] if _OPERATORS & set(to) else [*named, *asked]
        shell = await self.frames.shell("Go to", "go", view, principal)
        views = await self._views(view.project, principal, to)
        groups = grouped([*known_pages(shell, principal, to), *views, *rest])
        if found.cut:
            hint = f"{hint} Names took too long to look through; type more of it.".strip()
        count = sum(len(group.places) for group in groups)
        if part(request) == "places":
            return html(render("_places.html", PlacesContext(to, groups, count, hint)))
        return html(render("go.html", GoContext(shell, to, groups, count, hint)))

    async def _views(self, project: str, principal: Principal, to: str) -> list[Found]:
        """Views saved by the reader or for everyone, by any part of their name."""
        control, owner = self.services.control, owner_of(principal)
        try:
            saved = await run_in_threadpool(lambda: control.views(project, owner))
        except ControlUnavailable:  # everything else can be gone to without it
            return []
        named = [one for one in saved if to.lower() in one.name.lower()][:MOST_VIEWS]
        return [
            ("Saved views", one.name, one.page, path_of(project, one.page) + f"?{one.query}", "traces")
            for one in named
        ]


def known_pages(shell: Shell, principal: Principal, to: str) -> list[Found]:
    """Pages of the project and settings whose words begin with, or have a word that begins with, `to`."""
    keys = {href: key for key, _, href in shell.letters}
    offered: list[Found] = [
        ("Pages", link.text, f"g {keys[link.href]}", link.href, link.icon)
        for link in shell.navigation
        if link.href in keys
    ]
    offered.append(("Pages", "First run", "what to paste", path_of(shell.project, "first"), "first"))
    lost = "what was sent and what is missing"
    offered.append(("Pages", "Senders", lost, path_of(shell.project, "senders"), "first"))
    offered += [("Settings", link.text, "", link.href, "settings") for link in tabs(principal, "")]
    word = to.lower()
    return [
        one for one in offered if any(w.startswith(word) for w in (one[1].lower(), *one[1].lower().split()))
    ]


def filtered(view: View, to: str, now: int) -> tuple[list[Found], str]:
    """The traces that a filter finds, or why it cannot be read."""
    if not to:
        return [], ""
    try:
        chosen = select(to, view.window, now, Target.TRACES)
    except FilterError as error:
        # Half a word is no filter; what has an operator was meant as one.
        return [], f"As a filter: {error}" if _OPERATORS & set(to) else ""
    if isinstance(chosen.node, Everything):
        return [], ""
    return [("Filter", f"Traces: {chosen.text}", "", view.link("traces", q=to), "traces")], ""


def telemetry(view: View, found: Places) -> list[Found]:
    """What senders named. Sessions and users have pages of their own where those are; others are filters."""
    own = {entry.name for entry in frame.NAVIGATION}
    offered: list[Found] = [
        ("Traces", trace, "", path_of(view.project, "traces", trace), "traces") for trace in found.traces
    ]
    for title, field, names, icon in (
        ("Sessions", "session", found.sessions, "llm"),
        ("Users", "user", found.users, "person"),
        ("Models", "model", found.models, "chain"),
    ):
        for name in names:
            href = view.link("traces", q=condition(field, name), range=_RANGE)
            if f"{field}s" in own:
                href = view.link(f"{field}s", name)
            offered.append((title, name, "", href, icon))
    return offered


def grouped(found: Sequence[Found]) -> tuple[PlaceGroup, ...]:
    """Places by kind, in the order in which the kinds first occur, numbered through."""
    groups: dict[str, list[Place]] = {}
    for number, (title, text, says, href, icon) in enumerate(found):
        groups.setdefault(title, []).append(Place(f"place-{number}", text, says, href, icon))
    return tuple(PlaceGroup(title, tuple(places)) for title, places in groups.items())
