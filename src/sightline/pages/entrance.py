"""Signing in and out, and setting a password from a link."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sightline.control.errors import (
    ControlUnavailable,
    InvalidValue,
    NotFound,
    SignInRefused,
    TooManyAttempts,
)
from sightline.control.gate import AccessDenied
from sightline.control.passwords import SHORTEST
from sightline.control.presented import PLAIN_COOKIE, SECURE_COOKIE
from sightline.control.stored_sessions import Origin
from sightline.pages import first
from sightline.pages.address import Link, local, theme_of, with_query
from sightline.pages.admission import check_token, identify
from sightline.pages.answers import Refused, form, html
from sightline.pages.environment import render
from sightline.pages.services import Services
from sightline.pages.shell import THEME_COOKIE
from sightline.records.people import Person

_T = TypeVar("_T")
AT_ONCE = 2
"""Passwords hashed at the same time: each takes 64 MiB and a core."""
MOST_WAITING = 20


@dataclass(frozen=True, slots=True)
class LoginContext:
    """Everything `login.html` shows. `email` is what was typed, `following` where the reader wanted to go,
    `other` the way through an OpenID provider."""

    title: str
    theme: str
    email: str
    following: str
    error: str
    other: Link | None


@dataclass(frozen=True, slots=True)
class SetPasswordContext:
    """Everything `set_password.html` shows: whose password the link sets."""

    title: str
    theme: str
    email: str
    name: str
    token: str
    shortest: int
    error: str


class Hashing:
    """Runs what hashes a password beside the event loop, few at once. One for the whole process."""

    def __init__(self) -> None:
        self._limiter: anyio.CapacityLimiter | None = None

    async def run(self, work: Callable[[], _T]) -> _T:
        """The result of `work`. Raises Refused while too many wait already."""
        # Made here: a limiter belongs to an event loop.
        limiter = self._limiter = self._limiter or anyio.CapacityLimiter(AT_ONCE)
        if limiter.statistics().tasks_waiting >= MOST_WAITING:
            raise Refused(503, "Many sign in right now", "Nothing was changed. Try again in a few seconds.")
        return await anyio.to_thread.run_sync(work, limiter=limiter)


class Entrance:
    """The pages that nobody needs to be signed in for."""

    def __init__(self, services: Services, problem: Callable[..., Response], hashing: Hashing) -> None:
        self.services = services
        self.problem = problem
        self.hashing = hashing

    def table(self) -> list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
        """Method, path and endpoint of each."""
        return [
            ("GET", "/login", self.login),
            ("POST", "/login", self.sign_in),
            ("POST", "/logout", self.sign_out),
            ("GET", "/set-password", self.link),
            ("POST", "/set-password", self.use_link),
        ]

    async def login(self, request: Request) -> Response:
        """The form; whoever needs none goes on."""
        following = local(request.query_params.get("next", "/"))
        try:
            await identify(request, self.services)
        except AccessDenied as error:
            if not error.sign_in:
                raise
            return self.form(request, following)
        return RedirectResponse(following, 302)

    async def sign_in(self, request: Request) -> Response:
        """Check e-mail and password, then go where the reader wanted to."""
        fields = await form(request)
        email, following = fields.get("email", "")[:254], local(fields.get("next", "/"))
        password, origin = fields.get("password", ""), origin_of(request)
        try:
            check = self.services.control.check_password
            person = await self.hashing.run(lambda: check(email, password, origin))
        except TooManyAttempts as error:
            answer = self.form(request, following, email, str(error), 429)
            answer.headers["retry-after"] = str(error.seconds)
            return answer
        except (SignInRefused, ControlUnavailable) as error:
            status = 503 if isinstance(error, ControlUnavailable) else 403
            return self.form(request, following, email, str(error), status)
        return await self.enter(request, person, following)

    async def sign_out(self, request: Request) -> Response:
        """End this browser's session."""
        answer = RedirectResponse("/login", 303)
        try:
            principal = await identify(request, self.services)
        except AccessDenied as error:
            if error.status == 503:
                raise
        else:
            await check_token(request, principal)
            if principal.person and principal.session:
                person, session, by = principal.person, principal.session, principal.by
                end = self.services.control.end_session
                await run_in_threadpool(lambda: end(person, session, by=by))
        for name in (SECURE_COOKIE, PLAIN_COOKIE):
            # A cookie with the prefix is only taken back with the same attributes.
            answer.delete_cookie(name, path="/", secure=name == SECURE_COOKIE, httponly=True, samesite="lax")
        return answer

    async def link(self, request: Request) -> Response:
        """The form behind a link."""
        token = request.query_params.get("token", "")
        person = await run_in_threadpool(self.services.control.person_of_link, token)
        return self._dead_link(request) if person is None else self._password(request, person, token)

    async def use_link(self, request: Request) -> Response:
        """Set the password and sign in."""
        fields = await form(request)
        token, password = fields.get("token", ""), fields.get("password", "")
        control = self.services.control
        person = await run_in_threadpool(control.person_of_link, token)
        if person is None:
            return self._dead_link(request)
        if password != fields.get("again", ""):
            return self._password(
                request, person, token, "The two passwords differ. Type the same one twice."
            )
        try:
            person = await self.hashing.run(lambda: control.use_link(token, password))
        except InvalidValue as error:
            return self._password(request, person, token, str(error))
        except NotFound:
            return self._dead_link(request)
        return await self.enter(request, person, "/")

    async def enter(self, request: Request, person: Person, following: str) -> Response:
        """Start a session in this browser; one that it had ends, so that a known cookie is never raised."""
        control = self.services.control
        longest = self.services.settings.auth.session_longest
        old, origin = await self._signed_in(request), origin_of(request)

        def start() -> str:
            if old is not None:
                control.end_session(*old, by=f"person:{person.email}")
            return control.start_session(person, origin, longest)

        token = await run_in_threadpool(start)
        secure = over_tls(request)
        answer = RedirectResponse(following, 303)
        answer.set_cookie(
            SECURE_COOKIE if secure else PLAIN_COOKIE,
            token,
            max_age=int(longest),
            path="/",
            secure=secure,
            httponly=True,
            samesite="lax",
        )
        return answer

    async def _signed_in(self, request: Request) -> tuple[Person, str] | None:
        try:
            principal = await identify(request, self.services)
        except AccessDenied:
            return None
        return (principal.person, principal.session) if principal.person and principal.session else None

    def form(
        self, request: Request, following: str, email: str = "", error: str = "", status: int = 200
    ) -> Response:
        """The form to sign in, with what was typed and what was wrong."""
        auth = self.services.settings.auth
        other = None
        if auth.oidc_issuer:
            other = Link(auth.oidc_label, with_query("/login/openid", {"next": following}))
        context = LoginContext("Sign in", _theme(request), email, following, error, other)
        return html(render("login.html", context), status)

    def _password(self, request: Request, person: Person, token: str, error: str = "") -> Response:
        context = SetPasswordContext(
            "Set your password", _theme(request), person.email, person.name, token, SHORTEST, error
        )
        return html(render("set_password.html", context), 422 if error else 200)

    def _dead_link(self, request: Request) -> Response:
        sentence = "It was used already, is too old, or was replaced by a newer one. Ask for another."
        return self.problem(request, 404, "This link does not work any more", sentence)


def to_sign_in(request: Request) -> Response:
    """To the form, and back to this page afterwards; htmx goes there with the whole window."""
    url = urlsplit(str(request.url))
    here = url.path + (f"?{url.query}" if url.query else "")
    following = here if request.method == "GET" and here != "/" else None
    address = with_query("/login", {"next": following})
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"hx-redirect": address})
    return RedirectResponse(address, 302 if request.method == "GET" else 303)


def origin_of(request: Request) -> Origin:
    """Where a sign-in comes from. What proxies say of it is not believed: anybody can write it."""
    return Origin(request.client.host if request.client else "", request.headers.get("user-agent", ""))


def over_tls(request: Request) -> bool:
    """Whether the browser reached us over TLS, be it through a proxy that does not say so."""
    own, fetch_site = request.url.scheme, request.headers.get("sec-fetch-site")
    if request.headers.get("origin", "").startswith("https://"):
        return True
    return first.scheme(own, request.url.hostname or "", fetch_site) == "https"


def _theme(request: Request) -> str:
    return theme_of(request.cookies.get(THEME_COOKIE))
