"""Who did what when: the record of every change, for server administrators; of their projects, for admins."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sightline.pages.address import Link, with_query
from sightline.pages.admission import principal_of
from sightline.pages.answers import Missing, html
from sightline.pages.environment import render
from sightline.pages.services import Services
from sightline.pages.settings_frame import Frame, managed, nanoseconds, tabs
from sightline.pages.shell import Shell
from sightline.records.access import AuditEntry

PATH = "/settings/log"
PAGE = 100
_LONGEST_ID = 15


@dataclass(frozen=True, slots=True)
class LogRow:
    """One entry. `detail` is what was set, as `name: value` on one line."""

    id: int
    at: int
    actor: str
    action: str
    project: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class LogContext:
    """Everything `access_log.html` shows. `older` is the address of the next page, empty on the last one."""

    shell: Shell
    tabs: tuple[Link, ...]
    now: int
    rows: tuple[LogRow, ...]
    projects: tuple[str, ...]
    project: str
    every: bool
    actors: tuple[str, ...]
    actor: str
    older: str
    newest: str
    error: str
    done: str


class LogPages:
    """`/settings/log`."""

    def __init__(self, services: Services, frame: Frame) -> None:
        self.services = services
        self.frame = frame

    def table(self) -> list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
        """Method, path and endpoint of each."""
        return [("GET", PATH, self.show)]

    async def show(self, request: Request) -> Response:
        """A page of the log, newest first."""
        principal, query, control = principal_of(request), request.query_params, self.services.control
        names = managed(principal, await run_in_threadpool(self.services.projects))
        project = query.get("project", "")[:63] or ("" if principal.operator else principal.project)
        # A project that is gone keeps its entries, for operators.
        if project not in names and not principal.operator:
            raise Missing(f"There is no project {project!r} that you administer.")
        actor, cursor = query.get("actor", "")[:300], query.get("before", "")
        known = cursor.isascii() and cursor.isdigit() and len(cursor) <= _LONGEST_ID
        before = int(cursor) if known else None

        def read() -> tuple[list[AuditEntry], list[str]]:
            found = control.audit(project or None, limit=PAGE + 1, before=before, actor=actor or None)
            return found, control.actors(project or None)

        found, actors = await run_in_threadpool(read)
        here = {"project": project, "actor": actor}
        more = len(found) > PAGE
        context = LogContext(
            shell=await self.frame(request, "Log", ("project", "actor", "before")),
            tabs=tabs(principal, "log"),
            now=self.services.clock(),
            rows=tuple(map(row, found[:PAGE])),
            projects=tuple(names),
            project=project,
            every=principal.operator,
            actors=tuple(actors),
            actor=actor,
            older=with_query(PATH, {**here, "before": str(found[PAGE - 1].id)}) if more else "",
            newest=with_query(PATH, here) if before is not None else "",
            error=f"“{cursor[:40]}” is no place in the log; this is its newest page."
            if cursor and not known
            else "",
            done="",
        )
        return html(render("access_log.html", context))


def row(entry: AuditEntry) -> LogRow:
    """A line from an entry."""
    said = {name: value for name, value in entry.detail.items() if value not in ("", None)}
    detail = "; ".join(f"{name}: {_word(value)}" for name, value in said.items())
    return LogRow(
        entry.id, nanoseconds(entry.at), entry.actor, entry.action, entry.project or "", entry.subject, detail
    )


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
