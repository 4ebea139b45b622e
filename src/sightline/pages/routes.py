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
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Send
from starlette.types import Scope as ASGIScope

from sightline.api.rights import Least, least
from sightline.control.gate import AccessDenied
from sightline.pages import assets, first, inspector, problems, shell, trace, traces, waterfall
from sightline.pages.account import AccountPages
from sightline.pages.admission import admit, principal_of
from sightline.pages.answers import Missing, Refused, html, part
from sightline.pages.entrance import Entrance, Hashing, to_sign_in
from sightline.pages.environment import render
from sightline.pages.keys import KeyPages
from sightline.pages.openid import Provider
from sightline.pages.openid_entrance import OpenIdEntrance
from sightline.pages.people import PeoplePages
from sightline.pages.projects import ProjectPages
from sightline.pages.security import PageHeaders
from sightline.pages.services import Services
from sightline.pages.shell import THEME_COOKIE, Link, View, path_of, theme_of, with_query
from sightline.query import traces as questions
from sightline.query.preview import preview
from sightline.records.access import Principal
from sightline.records.trace import Content, Span, Trace
from sightline.store.rows import QueryTimeout

log = structlog.get_logger(__name__)
_YEAR = 365 * 86400
Endpoint = Callable[[Request], Awaitable[Response]]


def routes(services: Services) -> list[BaseRoute]:
    """Every page and its files, dressed in the security headers. Who may use each: `api.rights`.

    Raises OpenIdError when a provider is set whose tokens cannot be checked here.
    """
    pages = Pages(services)
    settings = (PeoplePages, KeyPages, ProjectPages)
    hashing = Hashing()
    me = AccountPages(services, pages.frame, hashing)
    entrance = Entrance(services, pages.problem, hashing)
    auth = services.settings.auth
    openid = OpenIdEntrance(entrance, Provider(auth) if auth.oidc_issuer else None)
    table: Sequence[tuple[str, str, Endpoint]] = (
        ("GET", "/", pages.start),
        ("GET", "/traces/{trace_id}", pages.short),
        ("GET", "/p/{project}", pages.project),
        ("GET", "/p/{project}/", pages.project),
        ("GET", "/p/{project}/traces", pages.traces),
        ("GET", "/p/{project}/traces/{trace_id}", pages.trace),
        ("GET", "/p/{project}/first", pages.first),
        ("GET", "/theme", theme),
        ("GET", "/static/{name}", assets.static),
        *entrance.table(),
        *openid.table(),
        *me.table(),
        *(entry for part in settings for entry in part(services, pages.frame).table()),
    )
    return [
        Route(path, PageHeaders(Page(pages, endpoint, least(method, path))), methods=[method])
        for method, path, endpoint in table
    ]


def not_found(services: Services) -> BaseRoute:
    """The page for addresses that nothing answers; stands after every other route."""
    pages = Pages(services)
    path = "/{path:path}"
    return Route(path, PageHeaders(Page(pages, pages.nothing, least("GET", path))), methods=["GET"])


class Page:
    """An endpoint whose failures become pages. An ASGI application."""

    def __init__(self, pages: Pages, endpoint: Endpoint, needed: Least) -> None:
        self.pages = pages
        self.endpoint = endpoint
        self.needed = needed

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            await admit(request, self.needed, self.pages.services)
            response = await self.endpoint(request)
        except AccessDenied as error:
            response = self.pages.denied(request, error)
        except Refused as error:
            response = self.pages.problem(request, error.status, error.title, str(error))
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
        """Where a reader begins: the project of the key, or a person's first."""
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
            # Whoever may read several projects: the one that has it.
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
        return html(render("traces.html", traces.context(frame, view, page, now, cursor)))

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
        if part(request) == "more-rows":
            frame = await self._shell("Trace", "traces", view, principal)
            context = trace.context(frame, found, asked, None, "")
            return html(render("_rows.html", context))
        opened, title = await asyncio.gather(
            self._inspector(found, selected or found.spans[0], asked), self._title(found)
        )
        frame = await self._shell(title[:80], "traces", view, principal)
        context = trace.context(frame, found, asked, opened, title)
        return html(render("_inspector.html" if part(request) == "inspector" else "trace.html", context))

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
        context = first.context(frame, base, not principal.open, query.get("with", ""), panel)
        if part(request) == "listening":
            answer = html(render("_listening.html", context))
            if panel.arrived:
                answer.headers["hx-redirect"] = panel.arrived
            return answer
        return html(render("first.html", context))

    async def nothing(self, request: Request) -> Response:
        """An address that nothing answers."""
        raise Missing("No page has this address. It may be from another version, or mistyped.")

    # ---- what the views share

    async def _reader(self, request: Request, project: str | None) -> Principal:
        principal = principal_of(request)
        if project is not None and project not in await self._projects(principal):
            raise Missing(f"There is no project {project[:63]}.")
        return principal

    async def _projects(self, principal: Principal) -> Sequence[str]:
        """The projects a reader may look into."""
        if principal.key_id is not None:
            return (principal.project,)
        names = await run_in_threadpool(self.services.projects)
        return [name for name in names if principal.open or principal.role_in(name)]

    async def frame(self, request: Request, title: str, known: Sequence[str] = ()) -> shell.Shell:
        """The frame of a page about the server, which stands in no project: that of the reader's own."""
        principal = principal_of(request)
        theme_name = theme_of(request.cookies.get(THEME_COOKIE))
        view = shell.view(principal.project, request.url.path, request.query_params, theme_name, known)
        return await self._shell(title, "settings", view, principal)

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
        return shell.shell(title, page, view, intake, names, environments, empty=empty, principal=principal)

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
        """No access: says how to get it. Where people sign in, to the form for it; otherwise 401 makes a
        browser ask, and the key is the password."""
        if error.sign_in:
            return to_sign_in(request)
        sentence, command = problems.command_in(error.message)
        titles = {401: "A key is needed", 403: "This is not for you" if not command else "Not with this key"}
        who: Principal | None = getattr(request.state, "principal", None)
        me = (Link("To the traces", "/"), Link("Your account", "/settings/me")) if who and who.person else ()
        title = titles.get(error.status, "Try again")
        answer = self.problem(request, error.status, title, sentence, command, me)
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
        return html(render("problem.html", context), status)


async def theme(request: Request) -> Response:
    """Keep the reader's theme in a cookie and go back; works without scripts."""
    wanted = request.query_params.get("to", "")
    answer = RedirectResponse(shell.local(request.query_params.get("back", "/")), 302)
    if theme_of(wanted):
        answer.set_cookie(THEME_COOKIE, wanted, max_age=_YEAR, samesite="lax", httponly=True, path="/")
    else:
        answer.delete_cookie(THEME_COOKIE, path="/")
    return answer
