"""The addresses of the pages, who may read them, and what a failure looks like.

The same address answers a whole page or, when htmx asks for one part of it, that part alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Send
from starlette.types import Scope as ASGIScope

from sightline.api.rights import Least, least
from sightline.control.gate import AccessDenied
from sightline.pages import assets, problems
from sightline.pages.access_log import LogPages
from sightline.pages.account import AccountPages
from sightline.pages.address import Link, local, path_of, theme_of, with_query
from sightline.pages.admission import admit
from sightline.pages.answers import Missing, Refused, html
from sightline.pages.api_docs import ApiDocsPages
from sightline.pages.compare import ComparePages
from sightline.pages.entrance import Entrance, Hashing, to_sign_in
from sightline.pages.environment import render
from sightline.pages.explore import ExplorePages
from sightline.pages.filter_bar import FilterPages
from sightline.pages.first import FirstPages
from sightline.pages.frames import Endpoint, Frames
from sightline.pages.health import HealthPages
from sightline.pages.keys import KeyPages
from sightline.pages.logs import LogsPages
from sightline.pages.metrics import MetricPages
from sightline.pages.openid import Provider
from sightline.pages.openid_entrance import OpenIdEntrance
from sightline.pages.overview import OverviewPages
from sightline.pages.palette import GoPages
from sightline.pages.people import PeoplePages
from sightline.pages.prices import PricePages
from sightline.pages.projects import ProjectPages
from sightline.pages.score_forms import ScoreForms
from sightline.pages.score_settings import ScoreSettingsPages
from sightline.pages.score_several import SeveralScores
from sightline.pages.scores import ScoresPages
from sightline.pages.scrape import ScrapePages
from sightline.pages.security import PageHeaders
from sightline.pages.senders import SendersPages
from sightline.pages.services import Services
from sightline.pages.session import SessionPages
from sightline.pages.sessions import SessionsPages
from sightline.pages.shell import THEME_COOKIE
from sightline.pages.sql import SqlPages
from sightline.pages.trace import TracePages
from sightline.pages.traces import TracesPages
from sightline.pages.user import UserPages
from sightline.pages.users import UsersPages
from sightline.pages.views import ViewPages
from sightline.query import traces as questions
from sightline.records.access import Principal
from sightline.store.rows import QueryTimeout

log = structlog.get_logger(__name__)
_YEAR = 365 * 86400
# Groups of pages of one project, each with its own table of addresses.
PROJECT_PAGES = (
    OverviewPages,
    TracesPages,
    TracePages,
    FirstPages,
    FilterPages,
    ViewPages,
    ExplorePages,
    SqlPages,
    ComparePages,
    LogsPages,
    MetricPages,
    SessionsPages,
    SessionPages,
    UsersPages,
    UserPages,
    GoPages,
    SendersPages,
    ScoresPages,
    ScoreForms,
    SeveralScores,
)
# And those that are about no project.
SERVER_PAGES = (ApiDocsPages,)


def routes(services: Services) -> list[BaseRoute]:
    """Every page and its files, dressed in the security headers. Who may use each: `api.rights`.

    Raises OpenIdError when a provider is set whose tokens cannot be checked here.
    """
    frames = Frames(services)
    pages = Pages(services, frames)
    settings = (
        PeoplePages, KeyPages, ProjectPages, PricePages, ScoreSettingsPages, ScrapePages, HealthPages,
        LogPages,
    )  # fmt: skip
    hashing = Hashing()
    me = AccountPages(services, frames.frame, hashing)
    entrance = Entrance(services, pages.problem, hashing)
    auth = services.settings.auth
    openid = OpenIdEntrance(entrance, Provider(auth) if auth.oidc_issuer else None)
    table: Sequence[tuple[str, str, Endpoint]] = (
        ("GET", "/", pages.start),
        ("GET", "/traces/{trace_id}", pages.short),
        ("GET", "/theme", theme),
        ("GET", "/static/{name}", assets.static),
        ("GET", "/widget.js", assets.widget),
        *entrance.table(),
        *openid.table(),
        *me.table(),
        *(entry for part in SERVER_PAGES for entry in part(services, frames).table()),
        *(entry for part in PROJECT_PAGES for entry in part(services, frames).table()),
        *(entry for part in settings for entry in part(services, frames.frame).table()),
    )
    return [
        Route(path, PageHeaders(Page(pages, endpoint, least(method, path))), methods=[method])
        for method, path, endpoint in table
    ]


def not_found(services: Services) -> BaseRoute:
    """The page for addresses that nothing answers; stands after every other route."""
    pages = Pages(services, Frames(services))
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
            actions = (Link("Back", error.back),) if error.back else ()
            response = self.pages.problem(request, error.status, error.title, str(error), actions=actions)
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
    """Ways in that lead on, and what a failure looks like."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames

    async def start(self, request: Request) -> Response:
        """Where a reader begins: the project of the key, or a person's first."""
        principal = await self.frames.reader(request, None)
        return RedirectResponse(path_of(principal.project, ""), 302)

    async def short(self, request: Request) -> Response:
        """`/traces/{trace_id}` without its project: the project of the key, or the one that has it."""
        principal = await self.frames.reader(request, None)
        trace_id = request.path_params["trace_id"]
        project = principal.project
        if principal.key_id is None:
            # Whoever may read several projects: the one that has it.
            for name in await self.frames.projects(principal):
                if await questions.has_trace(self.services.store, name, trace_id):
                    project = name
                    break
        return RedirectResponse(
            with_query(path_of(project, "traces", trace_id), dict(request.query_params)), 302
        )

    async def nothing(self, request: Request) -> Response:
        """An address that nothing answers."""
        raise Missing("No page has this address. It may be from another version, or mistyped.")

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
    answer = RedirectResponse(local(request.query_params.get("back", "/")), 302)
    if theme_of(wanted):
        answer.set_cookie(THEME_COOKIE, wanted, max_age=_YEAR, samesite="lax", httponly=True, path="/")
    else:
        answer.delete_cookie(THEME_COOKIE, path="/")
    return answer
