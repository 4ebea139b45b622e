"""What all views share: who reads which project, the state of the address, and the frame around a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sightline.pages import address
from sightline.pages.address import View
from sightline.pages.admission import principal_of
from sightline.pages.answers import Missing
from sightline.pages.services import Services
from sightline.pages.shell import THEME_COOKIE, Shell
from sightline.pages.shell import shell as framed
from sightline.records.access import Principal

Endpoint = Callable[[Request], Awaitable[Response]]
Table = list[tuple[str, str, Endpoint]]
"""Method, path and endpoint of each page of a group."""


class Frames:
    """Reads the address and builds the frame. Every group of pages has one."""

    def __init__(self, services: Services) -> None:
        self.services = services

    async def reader(self, request: Request, project: str | None) -> Principal:
        """Who reads; raises Missing for a project that is not there."""
        principal = principal_of(request)
        if project is not None and project not in await self.projects(principal):
            raise Missing(f"There is no project {project[:63]}.")
        return principal

    async def projects(self, principal: Principal) -> Sequence[str]:
        """The projects a reader may look into."""
        if principal.key_id is not None:
            return (principal.project,)
        names = await run_in_threadpool(self.services.projects)
        return [name for name in names if principal.open or principal.role_in(name)]

    async def view(self, request: Request, known: Sequence[str] = ()) -> tuple[View, Principal]:
        """The state of a page of the project in the path; `known` are the page's own parameters."""
        project = request.path_params["project"]
        principal = await self.reader(request, project)
        return self._view(request, project, known), principal

    def _view(self, request: Request, project: str, known: Sequence[str]) -> View:
        theme = address.theme_of(request.cookies.get(THEME_COOKIE))
        now = self.services.clock()
        # As it was sent: a path may hold anything, also what would begin a query or be a step up.
        raw = request.scope.get("raw_path")
        path = raw.decode("ascii", "replace") if raw else quote(request.scope["path"])
        return address.view(project, path, request.query_params, theme, now, known)

    async def shell(
        self,
        title: str,
        page: str,
        view: View,
        principal: Principal,
        environments: Sequence[str] = (),
        *,
        empty: bool = False,
        compares: bool = False,
    ) -> Shell:
        """The frame of a page of a project; see `shell.shell`."""
        intake = await run_in_threadpool(self.services.intake)
        names = await self.projects(principal)
        return framed(
            title, page, view, intake, names, environments,
            empty=empty, compares=compares, principal=principal,
        )  # fmt: skip

    async def frame(self, request: Request, title: str, known: Sequence[str] = ()) -> Shell:
        """The frame of a page about the server, which stands in no project: that of the reader's own."""
        principal = principal_of(request)
        view = self._view(request, principal.project, known)
        return await self.shell(title, "settings", view, principal)
