"""The projects that a reader administers, and how long they keep what they receive."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sightline.control.errors import AlreadyExists, InvalidValue, NotFound
from sightline.control.projects import CONTENT_DAYS, RETENTION_DAYS
from sightline.pages.address import Link, path_of
from sightline.pages.admission import principal_of
from sightline.pages.answers import Missing, back_to, form, html
from sightline.pages.environment import render
from sightline.pages.services import Services
from sightline.pages.settings_frame import Frame, managed, nanoseconds, tabs
from sightline.pages.shell import Shell
from sightline.query import storage
from sightline.records.access import Environment, Project
from sightline.records.storage import ProjectStorage
from sightline.store.rows import StoreError

PATH = "/settings/projects"
DONE = {
    "made": "The project is made. Senders reach it with a key of their own.",
    "kept": "The periods are set. They count for what arrives from now on.",
    "described": "The description is kept.",
}


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """One project; periods in days. `stored` is None when the store did not tell."""

    name: str
    href: str
    made: int
    retention_days: int
    content_days: int
    stored: ProjectStorage | None
    environments: tuple[Environment, ...]


@dataclass(frozen=True, slots=True)
class ProjectsContext:
    """Everything `projects.html` shows. `operator`: may make projects. `name` is what was typed."""

    shell: Shell
    tabs: tuple[Link, ...]
    now: int
    csrf: str
    projects: tuple[ProjectRow, ...]
    operator: bool
    name: str
    retention_days: str
    content_days: str
    error: str
    done: str


class ProjectPages:
    """`/settings/projects`."""

    def __init__(self, services: Services, frame: Frame) -> None:
        self.services = services
        self.frame = frame

    def table(self) -> list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
        """Method, path and endpoint of each."""
        return [
            ("GET", PATH, self.show),
            ("POST", PATH, self.make),
            ("POST", PATH + "/{project}/periods", self.periods),
            ("POST", PATH + "/{project}/environment", self.describe),
        ]

    async def show(self, request: Request) -> Response:
        """The list."""
        return await self._page(request)

    async def make(self, request: Request) -> Response:
        """Make a project."""
        by, fields = principal_of(request).by, await form(request)
        create, name = self.services.control.create_project, fields.get("name", "")[:300]
        try:
            keep, content = _days(fields, "retention_days"), _days(fields, "content_days")
            await run_in_threadpool(lambda: create(name, keep, content, by=by))
        except (InvalidValue, AlreadyExists) as error:
            return await self._page(request, fields=fields, error=str(error))
        return back_to(PATH, f"p-{name}", done="made")

    async def periods(self, request: Request) -> Response:
        """Change how long a project keeps things."""
        by, fields, name = principal_of(request).by, await form(request), request.path_params["project"]
        control = self.services.control
        if await run_in_threadpool(control.project, name) is None:
            raise Missing(f"There is no project {name[:63]}.")
        try:
            keep, content = _days(fields, "retention_days"), _days(fields, "content_days")
            await run_in_threadpool(
                lambda: control.update_project(name, retention_days=keep, content_days=content, by=by)
            )
        except InvalidValue as error:
            return await self._page(request, error=f"{name}: {error}")
        return back_to(PATH, f"p-{name}", done="kept")

    async def describe(self, request: Request) -> Response:
        """Say what an environment is."""
        by, fields, name = principal_of(request).by, await form(request), request.path_params["project"]
        environment, text = fields.get("environment", ""), fields.get("description", "")[:1000]
        control = self.services.control
        try:
            await run_in_threadpool(lambda: control.update_environment(name, environment, text, by=by))
        except NotFound as error:
            raise Missing(str(error)) from error
        except InvalidValue as error:
            return await self._page(request, error=f"{name}: {error}")
        return back_to(PATH, f"p-{name}", done="described")

    async def _stored(self, names: Sequence[str]) -> Mapping[str, ProjectStorage]:
        try:
            return {
                found.project: found for found in await storage.project_storage(self.services.store, names)
            }
        except StoreError:  # the periods can be set without it
            return {}

    async def _page(
        self, request: Request, *, fields: Mapping[str, str] | None = None, error: str = ""
    ) -> Response:
        principal, typed = principal_of(request), fields or {}
        found = await run_in_threadpool(self.services.control.projects)
        names = managed(principal, [p.name for p in found])
        stored = await self._stored(names)
        control = self.services.control
        environments = await run_in_threadpool(lambda: {n: tuple(control.environments(n)) for n in names})
        context = ProjectsContext(
            shell=await self.frame(request, "Projects", ("done",)),
            tabs=tabs(principal, "projects"),
            now=self.services.clock(),
            csrf=principal.csrf,
            projects=tuple(
                _row(p, stored.get(p.name), environments[p.name]) for p in found if p.name in names
            ),
            operator=principal.operator,
            name=typed.get("name", "")[:300],
            retention_days=typed.get("retention_days", str(RETENTION_DAYS))[:20],
            content_days=typed.get("content_days", str(CONTENT_DAYS))[:20],
            error=error,
            done=DONE.get(request.query_params.get("done", ""), ""),
        )
        return html(render("projects.html", context), 422 if error else 200)


def _days(fields: Mapping[str, str], name: str) -> int:
    text = fields.get(name, "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise InvalidValue(f"{name} is {text[:20]!r}; expected whole days, such as 30.")
    return int(text)


def _row(
    project: Project, stored: ProjectStorage | None, environments: tuple[Environment, ...]
) -> ProjectRow:
    return ProjectRow(
        project.name,
        path_of(project.name, "traces"),
        nanoseconds(project.created_at),
        project.retention_days,
        project.content_days,
        stored,
        environments,
    )
