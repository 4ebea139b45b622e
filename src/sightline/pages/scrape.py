"""What a project counts for its own Prometheus: labels, kinds of spans, how many series at most."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sightline.control.gate import AccessDenied
from sightline.pages import first
from sightline.pages.address import Link, with_query
from sightline.pages.admission import principal_of
from sightline.pages.answers import Missing, back_to, form, html
from sightline.pages.entrance import over_tls
from sightline.pages.environment import render
from sightline.pages.services import Services
from sightline.pages.settings_frame import Frame, managed, tabs
from sightline.pages.shell import Shell
from sightline.query.scrape import KINDS, LABELS, MOST_SETS, ScrapeSettings
from sightline.query.scrape_keeper import SETTING

PATH = "/settings/scrape"
DONE = {"kept": "The choice is kept. Counting begins anew with the next scrape."}


@dataclass(frozen=True, slots=True)
class Choice:
    """One word that may be chosen."""

    name: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ScrapeContext:
    """Everything `scrape.html` shows. `job` is what Prometheus needs in its configuration."""

    shell: Shell
    tabs: tuple[Link, ...]
    csrf: str
    project: str
    projects: tuple[Link, ...]
    labels: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    sets: str
    most: int
    job: str
    error: str
    done: str


class ScrapePages:
    """`/settings/scrape`."""

    def __init__(self, services: Services, frame: Frame) -> None:
        self.services = services
        self.frame = frame

    def table(self) -> list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
        """Method, path and endpoint of each."""
        return [("GET", PATH, self.show), ("POST", PATH, self.choose)]

    async def show(self, request: Request) -> Response:
        """What is chosen."""
        return await self._page(request)

    async def choose(self, request: Request) -> Response:
        """Choose anew."""
        principal, fields = principal_of(request), await form(request)
        project = fields.get("project", "")[:63]
        if not managed(principal, [project]):
            raise AccessDenied(403, f"You are not admin of project {project!r}.")
        error = _wrong(fields)
        if error:
            return await self._page(request, project=project, fields=fields, error=error)
        chosen = ScrapeSettings(
            _words(fields, "label", LABELS), _words(fields, "kind", KINDS), int(fields["sets"])
        )
        control, by = self.services.control, principal.by
        if project not in await run_in_threadpool(self.services.projects):
            raise Missing(f"There is no project {project!r}.")
        await run_in_threadpool(lambda: control.set_setting(project, SETTING, chosen.as_json(), by=by))
        if self.services.scrapes is not None:
            self.services.scrapes.forget(project)
        return back_to(PATH, project=project, done="kept")

    async def _page(
        self,
        request: Request,
        *,
        project: str = "",
        fields: Mapping[str, str] | None = None,
        error: str = "",
    ) -> Response:
        principal, control = principal_of(request), self.services.control
        names = managed(principal, await run_in_threadpool(self.services.projects))
        project = project or request.query_params.get("project", "")[:63] or principal.project
        if project not in names:
            raise Missing(f"There is no project {project!r} that you administer.")
        now = ScrapeSettings.of(await run_in_threadpool(control.setting, project, SETTING))
        labels, kinds, sets = now.labels, now.kinds, str(now.sets)
        if fields is not None:
            labels, kinds = _words(fields, "label", LABELS), _words(fields, "kind", KINDS)
            sets = fields.get("sets", "")[:10]
        context = ScrapeContext(
            shell=await self.frame(request, "Scrape", ("done", "project")),
            tabs=tabs(principal, "scrape"),
            csrf=principal.csrf,
            project=project,
            projects=tuple(Link(n, with_query(PATH, {"project": n}), n == project) for n in names),
            labels=tuple(Choice(name, name in labels) for name in LABELS),
            kinds=tuple(Choice(name, name in kinds) for name in KINDS),
            sets=sets,
            most=MOST_SETS,
            job=job(request, project),
            error=error,
            done=DONE.get(request.query_params.get("done", ""), ""),
        )
        return html(render("scrape.html", context), 422 if error else 200)


def _words(fields: Mapping[str, str], kind: str, known: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in known if fields.get(f"{kind}_{name}") == "yes")


def _wrong(fields: Mapping[str, str]) -> str:
    """Why a form is not taken; empty when it is."""
    sets = fields.get("sets", "")
    if not (sets.isascii() and sets.isdigit() and len(sets) < 8 and 1 <= int(sets) <= MOST_SETS):
        return f"The number of series is {sets[:20]!r}; expected a whole number from 1 to {MOST_SETS}."
    if not _words(fields, "kind", KINDS):
        return "No kind is chosen; choose at least one, or nothing would be counted."
    return ""


def job(request: Request, project: str) -> str:
    """The part of `prometheus.yml` that scrapes this server as the reader reaches it."""
    host = request.url.hostname or "localhost"
    scheme = "https" if over_tls(request) else "http"
    base = first.address(scheme, host, request.url.port)
    return (
        "scrape_configs:\n"
        f"  - job_name: sightline-{project}\n"
        f"    scheme: {scheme}\n"
        "    metrics_path: /api/v1/scrape\n"
        "    authorization:\n"
        "      credentials: KEY\n"
        "    static_configs:\n"
        f"      - targets: ['{base.split('://', 1)[1]}']\n"
    )
