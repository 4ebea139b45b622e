"""The first run: what to paste, and whether it arrives. The panel renews itself every two seconds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sightline.control.exposure import is_loopback
from sightline.pages import formats
from sightline.pages.address import Link, path_of, with_query
from sightline.pages.answers import html, part
from sightline.pages.environment import render
from sightline.pages.frames import Frames, Table
from sightline.pages.refusals import fix
from sightline.pages.services import Intake, Services
from sightline.pages.settings_frame import tabs
from sightline.pages.shell import SLOW_AFTER, Shell
from sightline.pages.snippets import Snippet, snippets
from sightline.query import traces as questions

_HOST = re.compile(r"[A-Za-z0-9.\-]{1,253}|\[[0-9a-fA-F:.]{2,45}\]")
KEY = "YOUR_KEY"
_NEXT = frozenset({"People", "Keys", "Projects", "Prices"})


@dataclass(frozen=True, slots=True)
class Listening:
    """The panel. `arrived` leads to the newest trace; `renew` is where the panel fetches itself from.

    `fix` is what to do about the last refusal. `behind` is how long what was accepted waits to be visible,
    empty while that is as short as it should be.
    """

    http: str
    grpc: str
    since: str
    accepted: int
    refused: int
    refusal: str
    fix: str
    quarantined: int
    behind: str
    arrived: str
    traces: str
    renew: str


@dataclass(frozen=True, slots=True)
class FirstContext:
    """Everything `first.html` shows. `key_command` is empty where no key is needed, `next` what to set up
    then, for who may."""

    shell: Shell
    snippets: tuple[Snippet, ...]
    chosen: str
    tabs: tuple[Link, ...]
    key_command: str
    demo_command: str
    next: tuple[Link, ...]
    listening: Listening


def address(scheme: str, host: str, port: int | None) -> str:
    """`http://host:port` as the reader's browser reached us; what is no host name becomes localhost."""
    host = host if _HOST.fullmatch(host) else "localhost"
    return f"{scheme if scheme in ('http', 'https') else 'http'}://{host}" + (f":{port}" if port else "")


def scheme(own: str, host: str, fetch_site: str | None) -> str:
    """`https` where the reader's browser speaks TLS to a proxy in front of us, else our own scheme.

    Browsers send `Sec-Fetch-Site` over TLS and to their own machine, nowhere else. So what proxies say in
    headers that anybody can write need not be believed.
    """
    return "https" if fetch_site and not is_loopback(host) else own


def listening(
    project: str,
    intake: Intake,
    base: str,
    host: str,
    grpc_port: int,
    since: int,
    now: int,
    arrived: str | None,
    waits: float = 0.0,
) -> Listening:
    """The panel's state. `since`: when the reader opened the page; `arrived`: the trace that came after;
    `waits`: seconds that the oldest accepted request is not visible yet."""
    first = path_of(project, "first")
    return Listening(
        http=base.split("://", 1)[-1],
        grpc=f"{host}:{grpc_port}" if grpc_port else "",
        since=str(formats.duration(max(0, (now - since) // formats.S) * formats.S)) if now > since else "",
        accepted=intake.accepted,
        refused=intake.refused,
        refusal=intake.refusal,
        fix=fix(intake.stopped_by),
        quarantined=intake.quarantined,
        behind=str(formats.duration(round(waits * formats.S))) if waits > SLOW_AFTER else "",
        arrived=path_of(project, "traces", arrived) if arrived else "",
        traces=path_of(project, "traces"),
        renew=with_query(first, {"since": str(since // formats.MS)}),
    )


def context(
    shell: Shell, base: str, needs_key: bool, chosen: str, panel: Listening, then: tuple[Link, ...] = ()
) -> FirstContext:
    """What the page shows; an unknown snippet is the first one. `then`: settings that this reader may see."""
    offered = snippets(base, KEY if needs_key else "")
    names = [snippet.name for snippet in offered]
    chosen = chosen if chosen in names else names[0]
    first = path_of(shell.project, "first")
    return FirstContext(
        shell=shell,
        snippets=offered,
        chosen=chosen,
        tabs=tuple(
            Link(
                s.title, with_query(first, {"with": s.name if s.name != names[0] else None}), s.name == chosen
            )
            for s in offered
        ),
        key_command=f"sightline keys create --project {shell.project} --scope ingest" if needs_key else "",
        demo_command=f"sightline demo --url {base}" + (" --key KEY" if needs_key else ""),
        next=then,
        listening=panel,
    )


class FirstPages:
    """`/p/{project}/first`."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [("GET", "/p/{project}/first", self.show)]

    async def show(self, request: Request) -> Response:
        """The first run, or its listening panel alone."""
        view, principal = await self.frames.view(request, ("since", "with"))
        now = self.services.clock()
        query = request.query_params
        opened = query.get("since", "")
        since = min(now, int(opened) * 10**6) if opened.isdecimal() and len(opened) < 15 else now
        arrived = await questions.latest_arrival(self.services.store, view.project, since - 10**9)
        settings = self.services.settings
        host = request.url.hostname or settings.http.host
        spoken = scheme(request.url.scheme, host, request.headers.get("sec-fetch-site"))
        base = address(spoken, host, request.url.port)
        panel = listening(
            view.project,
            await run_in_threadpool(self.services.intake),
            base,
            base.split("://", 1)[1].rsplit(":", 1)[0],
            settings.grpc.port,
            since,
            now,
            arrived,
            self.services.journal.stats().oldest_age,
        )
        frame = await self.frames.shell("First run", "first", view, principal, empty=True)
        then = tuple(link for link in tabs(principal, "") if link.text in _NEXT)
        filled = context(frame, base, not principal.open, query.get("with", ""), panel, then)
        if part(request) == "listening":
            answer = html(render("_listening.html", filled))
            if panel.arrived:
                answer.headers["hx-redirect"] = panel.arrived
            return answer
        return html(render("first.html", filled))
