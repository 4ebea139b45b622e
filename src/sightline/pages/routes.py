"""The addresses of the pages, who may read them, and what a failure looks like.

The same address answers a whole page or, when htmx asks for one part of it, that part alone.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Send
from starlette.types import Scope as ASGIScope

from sightline.control.gate import AccessDenied, require
from sightline.pages import assets, first, inspector, problems, shell, trace, traces, waterfall
from sightline.pages.environment import render
from sightline.pages.security import PageHeaders
from sightline.pages.services import Services
from sightline.pages.shell import THEME_COOKIE, Link, View, path_of, theme_of, with_query
from sightline.query import traces as questions
from sightline.query.preview import preview
from sightline.records.access import Principal, Scope
from sightline.records.trace import Content, Span, Trace
from sightline.store.rows import QueryTimeout

log = structlog.get_logger(__name__)
_YEAR = 365 * 86400
Endpoint = Callable[[Request], Awaitable[Response]]


def routes(services: Services) -> list[BaseRoute]:
    """Every page and its files, dressed in the security headers."""
    pages = Pages(services)
    table: Sequence[tuple[str, Endpoint]] = (
        ("/", pages.start),
        ("/traces/{trace_id}", pages.short),
        ("/p/{project}", pages.project),
        ("/p/{project}/", pages.project),
        ("/p/{project}/traces", pages.traces),
        ("/p/{project}/traces/{trace_id}", pages.trace),
        ("/p/{project}/first", pages.first),
    )
    found: list[BaseRoute] = [
        Route(path, PageHeaders(Page(pages, endpoint)), methods=["GET"]) for path, endpoint in table
    ]
    found.append(Route("/theme", PageHeaders(Page(pages, theme)), methods=["GET"]))
    found.append(Route("/static/{name}", PageHeaders(Page(pages, assets.static)), methods=["GET"]))
    return found


def not_found(services: Services) -> BaseRoute:
    """The page for addresses that nothing answers; stands after every other route."""
    pages = Pages(services)
    return Route("/{path:path}", PageHeaders(Page(pages, pages.nothing)), methods=["GET"])


class Missing(Exception):
    """Nothing is at this address; the sentence says what might have been."""


class Page:
    """An endpoint whose failures become pages. An ASGI application."""

    def __init__(self, pages: Pages, endpoint: Endpoint) -> None:
        self.pages = pages
        self.endpoint = endpoint

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self.endpoint(request)
        except AccessDenied as error:
            response = self.pages.denied(request, error)
        except Missing as error:
            response = self.pages.problem(request, 404, "Nothing here", str(error))
        except QueryTimeout:
            response = self.pages.problem(
                request,
                503,
                "This took too long",
                "The query was stopped at its time limit. Nothing is lost; a shorter range is quicker.",
                actions=(Link("Last hour", with_query(request.url.path, {"range": "1h"})),),
            )
        except Exception as error:  # the border: a page of ours with an id, and the log has the rest
            response = self.pages.fault(request, error)
        await response(scope, receive, send)


class Pages:
    """The views. Each reads the address, asks `query`, fills one context and one template."""

    def __init__(self, services: Services) -> None:
        self.services = services

    async def start(self, request: Request) -> Response:
        """Where a reader begins: the project of the key."""
        principal = await self._reader(request, None)
        return RedirectResponse(path_of(principal.project, "traces"), 302)

    async def project(self, request: Request) -> Response:
        """A project's first page."""
        project = request.path_params["project"]
        await self._reader(request, project)
        return RedirectResponse(path_of(project, "traces"), 302)

    async def short(self, request: Request) -> Response:
        """`/traces/{trace_id}` without its project: the project of the key, or the one that has it."""
        principal = await self._reader(request, None)
        trace_id = request.path_params["trace_id"]
        project = principal.project
        if principal.key_id is None:
            for name in await self._projects(principal):
                if await questions.has_trace(self.services.store, name, trace_id):
                    project = name
                    break
        return RedirectResponse(
            with_query(path_of(project, "traces", trace_id), dict(request.query_params)), 302
        )

    async def traces(self, request: Request) -> Response:
        """The list of traces; the first run while a project has none."""
        view, principal = await self._view(request, ("cursor",))
        now = self.services.clock()
        since = now - view.seconds * 10**9
        cursor = request.query_params.get("cursor")
        store = self.services.store
        try:
            page, environments = await asyncio.gather(
                questions.latest_traces(
                    store,
                    view.project,
                    traces.PAGE,
                    cursor,
                    since=since,
                    environment=view.environment or None,
                ),
                questions.environments(store, view.project, since),
            )
        except questions.BadCursor as error:
            raise Missing(f"This page of the list cannot be opened: {error}.") from error
        empty = not page.traces and await questions.latest_arrival(store, view.project, 0) is None
        if empty and not cursor:
            return RedirectResponse(path_of(view.project, "first"), 302)
        frame = await self._shell("Traces", "traces", view, principal, environments)
        return _html(render("traces.html", traces.context(frame, view, page, now, cursor)))

    async def trace(self, request: Request) -> Response:
        """One trace, or the part of it that htmx asks for."""
        view, principal = await self._view(request, ("span", "tab", "from", "exact"))
        trace_id = request.path_params["trace_id"]
        found = await questions.trace(self.services.store, view.project, trace_id)
        if found is None:
            raise Missing(
                f"Project {view.project} has no trace {trace_id[:64]}. It may not have arrived yet, may have "
                "been refused or sampled away by its sender, or its retention is over."
            )
        query = request.query_params
        span = query.get("span", "").lower()
        selected = next((s for s in found.spans if s.span_id == span), None)
        start = int(query["from"]) if query.get("from", "").isdecimal() and len(query["from"]) < 9 else 0
        asked = waterfall.Request(
            base=path_of(view.project, "traces", found.trace_id),
            span=selected.span_id if selected else "",
            tab=query.get("tab", "") if query.get("tab") in waterfall.TABS else "",
            start=waterfall.window_of(found, selected.span_id if selected else "", start),
            exact=query.get("exact") == "1",
        )
        if _part(request) == "more-rows":
            frame = await self._shell("Trace", "traces", view, principal)
            context = trace.context(frame, found, asked, None, "")
            return _html(render("_rows.html", context))
        opened, title = await asyncio.gather(
            self._inspector(found, selected or found.spans[0], asked), self._title(found)
        )
        frame = await self._shell(title[:80], "traces", view, principal)
        context = trace.context(frame, found, asked, opened, title)
        return _html(render("_inspector.html" if _part(request) == "inspector" else "trace.html", context))

    async def first(self, request: Request) -> Response:
        """The first run, or its listening panel alone."""
        view, principal = await self._view(request, ("since", "with"))
        now = self.services.clock()
        query = request.query_params
        opened = query.get("since", "")
        since = min(now, int(opened) * 10**6) if opened.isdecimal() and len(opened) < 15 else now
        arrived = await questions.latest_arrival(self.services.store, view.project, since - 10**9)
        settings = self.services.settings
        host = request.url.hostname or settings.http.host
        scheme = first.scheme(request.url.scheme, host, request.headers.get("sec-fetch-site"))
        base = first.address(scheme, host, request.url.port)
        panel = first.listening(
            view.project,
            await run_in_threadpool(self.services.intake),
            base,
            base.split("://", 1)[1].rsplit(":", 1)[0],
            settings.grpc.port,
            since,
            now,
            arrived,
        )
        frame = await self._shell("First run", "first", view, principal, empty=True)
        context = first.context(frame, base, principal.key_id is not None, query.get("with", ""), panel)
        if _part(request) == "listening":
            answer = _html(render("_listening.html", context))
            if panel.arrived:
                answer.headers["hx-redirect"] = panel.arrived
            return answer
        return _html(render("first.html", context))

    async def nothing(self, request: Request) -> Response:
        """An address that nothing answers."""
        raise Missing("No page has this address. It may be from another version, or mistyped.")

    # ---- what the views share

    async def _reader(self, request: Request, project: str | None) -> Principal:
        principal = await run_in_threadpool(self.services.gate.authenticate, dict(request.headers))
        # Without any key there is one reader, the user of this machine, and all projects are theirs.
        require(principal, Scope.READ, project if principal.key_id is not None else None)
        if project is not None and project not in await self._projects(principal):
            raise Missing(f"There is no project {project[:63]}.")
        return principal

    async def _projects(self, principal: Principal) -> Sequence[str]:
        if principal.key_id is not None:
            return (principal.project,)
        return await run_in_threadpool(self.services.projects)

    async def _view(self, request: Request, known: Sequence[str]) -> tuple[View, Principal]:
        project = request.path_params["project"]
        principal = await self._reader(request, project)
        theme_name = theme_of(request.cookies.get(THEME_COOKIE))
        return shell.view(project, request.url.path, request.query_params, theme_name, known), principal

    async def _shell(
        self,
        title: str,
        page: str,
        view: View,
        principal: Principal,
        environments: Sequence[str] = (),
        *,
        empty: bool = False,
    ) -> shell.Shell:
        intake = await run_in_threadpool(self.services.intake)
        names = await self._projects(principal)
        return shell.shell(title, page, view, intake, names, environments, empty=empty)

    async def _inspector(
        self, found: Trace, span: Span, asked: waterfall.Request
    ) -> inspector.Inspector | None:
        store = self.services.store
        details = await questions.span_details(store, found.project, found.trace_id, [span.span_id])
        if not details:
            return None
        contents: list[Content] = []
        before: list[Content] = []
        if asked.tab in ("", waterfall.TABS[0]):
            contents, before = await asyncio.gather(
                questions.contents(store, found.project, details[0].contents), self._before(found, span)
            )
        return await run_in_threadpool(inspector.inspector, found, span, details[0], contents, asked, before)

    async def _before(self, found: Trace, span: Span) -> list[Content]:
        """What the model call before this one said."""
        earlier = inspector.previous_call(found, span)
        if earlier is None:
            return []
        store = self.services.store
        details = await questions.span_details(store, found.project, found.trace_id, [earlier.span_id])
        return await questions.contents(store, found.project, details[0].contents) if details else []

    async def _title(self, found: Trace) -> str:
        """What was asked, when the trace's first span with an input tells it; otherwise the root's name."""
        root = found.spans[0]
        details = await questions.span_details(
            self.services.store, found.project, found.trace_id, [root.span_id]
        )
        inputs = [
            ref
            for detail in details
            for field in ("input_messages", "input_value")
            for ref in detail.contents
            if ref.field == field
        ]
        texts = await questions.contents(self.services.store, found.project, inputs[:1], limit=8_000)
        return (preview(texts[0].text or "") if texts else "") or root.name or found.trace_id

    def denied(self, request: Request, error: AccessDenied) -> Response:
        """No access: says how to get it. 401 makes a browser ask; the key is the password."""
        sentence, command = problems.command_in(error.message)
        titles = {401: "A key is needed", 403: "Not with this key"}
        answer = self.problem(request, error.status, titles.get(error.status, "Try again"), sentence, command)
        if error.status == 401:
            answer.headers["www-authenticate"] = 'Basic realm="Sightline, a read key as password"'
        return answer

    def fault(self, request: Request, error: Exception) -> Response:
        """A fault of ours: a page with an id, the rest in the log."""
        reference = uuid.uuid4().hex[:12]
        log.error("page failed", path=request.url.path, reference=reference, error=str(error), exc_info=error)
        if isinstance(error, assets.NotBuilt):
            return Response(f"{error}\n", 500, media_type="text/plain; charset=utf-8")
        return self.problem(
            request,
            500,
            "This page failed",
            "Nothing that was sent is lost. The log has the reason under the id below.",
            actions=(Link("Try again", request.url.path),),
            reference=reference,
        )

    def problem(
        self,
        request: Request,
        status: int,
        title: str,
        sentence: str,
        command: str = "",
        actions: tuple[Link, ...] = (),
        reference: str = "",
    ) -> Response:
        """A page that says what is wrong and what to do."""
        context = problems.ProblemContext(
            status=status,
            theme=theme_of(request.cookies.get(THEME_COOKIE)),
            title=title,
            sentence=sentence,
            command=command,
            actions=actions or (Link("To the traces", "/"),),
            reference=reference,
            here=request.url.path,
        )
        return _html(render("problem.html", context), status)


async def theme(request: Request) -> Response:
    """Keep the reader's theme in a cookie and go back; works without scripts."""
    wanted = request.query_params.get("to", "")
    answer = RedirectResponse(shell.local(request.query_params.get("back", "/")), 302)
    if theme_of(wanted):
        answer.set_cookie(THEME_COOKIE, wanted, max_age=_YEAR, samesite="lax", httponly=True, path="/")
    else:
        answer.delete_cookie(THEME_COOKIE, path="/")
    return answer


def _part(request: Request) -> str:
    """The id of the part htmx asks for; empty for a whole page."""
    headers = request.headers
    if headers.get("hx-request") != "true" or headers.get("hx-history-restore-request") == "true":
        return ""
    return headers.get("hx-target", "")


def _html(text: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(text, status, headers={"vary": "hx-request, hx-target, cookie"})
