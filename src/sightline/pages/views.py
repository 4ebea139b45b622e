"""Saved views in the menu of a page: saved, renamed, shared and deleted by forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sightline.api.views import changeable, may_share, owner_of
from sightline.control.errors import ControlUnavailable, InvalidValue, NotFound
from sightline.control.gate import AccessDenied
from sightline.pages.address import View, path_of, with_query
from sightline.pages.admission import principal_of
from sightline.pages.answers import Missing, Refused, form
from sightline.pages.frames import Frames, Table
from sightline.pages.services import Services
from sightline.records.access import Principal
from sightline.records.views import SavedView


@dataclass(frozen=True, slots=True)
class Entry:
    """A saved view in the menu. `change` is where its forms go, empty for one that is not the reader's."""

    name: str
    href: str
    shared: bool
    current: bool
    change: str


@dataclass(frozen=True, slots=True)
class ViewMenu:
    """The menu: what is saved, and the form that saves what is seen. `save` is empty for who may not.

    `personal`: the reader has views of their own; without, all are everyone's.
    """

    entries: tuple[Entry, ...]
    save: str
    page: str
    query: str
    csrf: str
    personal: bool
    sharing: bool


async def view_menu(
    services: Services, view: View, principal: Principal, page: str, kept: Mapping[str, str | None]
) -> ViewMenu:
    """The menu of a page; `kept` are the parameters of the page that a saved view holds."""
    query = with_query("", view.carried | dict(kept)).removeprefix("?")
    owner, sharing = owner_of(principal), may_share(principal, view.project)
    try:
        saved = await run_in_threadpool(services.control.views, view.project, owner)
    except ControlUnavailable:
        saved = []
    entries = tuple(_entry(one, principal, page, query) for one in saved)
    may = sharing or owner is not None
    return ViewMenu(
        entries,
        path_of(view.project, "views") if may else "",
        page,
        query,
        principal.csrf,
        owner is not None,
        sharing,
    )


def _entry(view: SavedView, principal: Principal, page: str, query: str) -> Entry:
    return Entry(
        name=view.name,
        href=_href(view),
        shared=view.owner is None,
        current=view.page == page and view.query == query,
        change=path_of(view.project, "views", view.id) if changeable(principal, view) else "",
    )


def _href(view: SavedView) -> str:
    return path_of(view.project, view.page) + (f"?{view.query}" if view.query else "")


class ViewPages:
    """`/p/{project}/views`: what the forms of the menu send."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        one = "/p/{project}/views/{view}"
        return [
            ("POST", "/p/{project}/views", self.save),
            ("POST", f"{one}/rename", self.rename),
            ("POST", f"{one}/share", self.share),
            ("POST", f"{one}/delete", self.delete),
        ]

    async def save(self, request: Request) -> Response:
        """Save what the reader sees, and show it again."""
        principal, fields = principal_of(request), await form(request)
        project = request.path_params["project"]
        owner = None if fields.get("shared") == "1" else owner_of(principal)
        if owner is None and not may_share(principal, project):
            raise AccessDenied(403, "A view that everyone sees is saved by editors of the project.")
        save = partial(
            self.services.control.save_view,
            project, fields.get("name", ""), fields.get("page", ""), fields.get("query", ""), owner,
            by=principal.by,
        )  # fmt: skip
        return await self._done(save)

    async def rename(self, request: Request) -> Response:
        """Another name for a view."""
        view, by = await self._own(request)
        name = (await form(request)).get("name", "")
        return await self._done(
            partial(self.services.control.rename_view, view.project, view.id, name, by=by)
        )

    async def share(self, request: Request) -> Response:
        """One's own view for everyone."""
        view, by = await self._own(request)
        if not may_share(principal_of(request), view.project):
            raise AccessDenied(403, "Sharing with everyone in the project is for its editors.")
        return await self._done(partial(self.services.control.share_view, view.project, view.id, by=by))

    async def delete(self, request: Request) -> Response:
        """Forget a view; the page it showed stays."""
        view, by = await self._own(request)
        await run_in_threadpool(partial(self.services.control.delete_view, view.project, view.id, by=by))
        return RedirectResponse(_href(view), 303)

    async def _own(self, request: Request) -> tuple[SavedView, str]:
        principal = principal_of(request)
        project, view_id = request.path_params["project"], request.path_params["view"]
        try:
            view = await run_in_threadpool(self.services.control.view, project, view_id)
        except NotFound as error:
            raise Missing(str(error)) from error
        if not changeable(principal, view):
            if view.owner is not None:
                raise Missing(f"There is no saved view {view_id[:40]!r} in project {project}.")
            raise AccessDenied(403, "A view that everyone sees is changed by editors of the project.")
        return view, principal.by

    async def _done(self, work: partial[SavedView]) -> Response:
        try:
            view = await run_in_threadpool(work)
        except InvalidValue as error:
            raise Refused(422, "This view is not saved", str(error)) from error
        return RedirectResponse(_href(view), 303)
