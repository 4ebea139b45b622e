"""One's own account: the password, and the browsers one is signed in with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sightline.control.errors import InvalidValue, SignInRefused, TooManyAttempts
from sightline.control.passwords import SHORTEST
from sightline.pages.address import Link
from sightline.pages.admission import principal_of
from sightline.pages.answers import Missing, back_to, form, html
from sightline.pages.browsers import browser_of
from sightline.pages.entrance import Hashing, origin_of
from sightline.pages.environment import render
from sightline.pages.services import Services
from sightline.pages.settings_frame import Frame, nanoseconds, tabs
from sightline.pages.shell import Shell
from sightline.records.people import BrowserSession, Person

DONE = {
    "password": "Your password is changed. Other browsers are signed out.",
    "session": "That browser is signed out.",
    "sessions": "All other browsers are signed out.",
}


@dataclass(frozen=True, slots=True)
class BrowserRow:
    """One browser that is signed in; moments in nanoseconds."""

    id: str
    browser: str
    address: str
    since: int
    seen: int
    current: bool


@dataclass(frozen=True, slots=True)
class AccountContext:
    """Everything `account.html` shows. `has_password` is False for who signs in with OpenID alone."""

    shell: Shell
    tabs: tuple[Link, ...]
    now: int
    csrf: str
    email: str
    name: str
    roles: tuple[tuple[str, str], ...]
    server_admin: bool
    has_password: bool
    shortest: int
    sessions: tuple[BrowserRow, ...]
    error: str
    done: str


class AccountPages:
    """`/settings` and `/settings/me`."""

    def __init__(self, services: Services, frame: Frame, hashing: Hashing) -> None:
        self.services = services
        self.frame = frame
        self.hashing = hashing

    def table(self) -> list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
        """Method, path and endpoint of each."""
        return [
            ("GET", "/settings", self.start),
            ("GET", "/settings/me", self.show),
            ("POST", "/settings/me/password", self.password),
            ("POST", "/settings/me/sessions", self.sessions),
        ]

    async def start(self, request: Request) -> Response:
        """The first settings this reader may see."""
        return RedirectResponse(tabs(principal_of(request), "")[0].href, 302)

    async def show(self, request: Request) -> Response:
        """The page."""
        return await self._page(request, _person(request))

    async def password(self, request: Request) -> Response:
        """Change one's own password."""
        person, fields = _person(request), await form(request)
        session = principal_of(request).session or ""
        current, wanted = fields.get("current", ""), fields.get("password", "")
        if wanted != fields.get("again", ""):
            return await self._page(request, person, "The two new passwords differ. Type the same one twice.")
        control, origin = self.services.control, origin_of(request)

        def change() -> None:
            control.check_password(person.email, current, origin)
            control.change_password(person, wanted, keep=session)

        try:
            await self.hashing.run(change)
        except SignInRefused:
            return await self._page(request, person, "The current password is not right.")
        except (InvalidValue, TooManyAttempts) as error:
            return await self._page(request, person, str(error))
        return back_to("/settings/me", done="password")

    async def sessions(self, request: Request) -> Response:
        """Sign out one browser, or all others."""
        person, principal, fields = _person(request), principal_of(request), await form(request)
        control, session = self.services.control, fields.get("session", "")
        if session:
            await run_in_threadpool(lambda: control.end_session(person, session, by=principal.by))
            return back_to("/settings/me", done="session")
        but = principal.session or ""
        await run_in_threadpool(lambda: control.end_sessions(person, but=but, by=principal.by))
        return back_to("/settings/me", done="sessions")

    async def _page(self, request: Request, person: Person, error: str = "") -> Response:
        principal, idle = principal_of(request), self.services.settings.auth.session_idle
        found = await run_in_threadpool(self.services.control.sessions, person.id, idle)
        context = AccountContext(
            shell=await self.frame(request, "Your account", ("done",)),
            tabs=tabs(principal, "me"),
            now=self.services.clock(),
            csrf=principal.csrf,
            email=person.email,
            name=person.name,
            roles=tuple((project, role.value) for project, role in sorted(person.roles.items())),
            server_admin=person.server_admin,
            has_password=person.has_password,
            shortest=SHORTEST,
            sessions=_rows(found, principal.session),
            error=error,
            done=DONE.get(request.query_params.get("done", ""), ""),
        )
        return html(render("account.html", context), 422 if error else 200)


def _rows(found: Sequence[BrowserSession], current: str | None) -> tuple[BrowserRow, ...]:
    rows = [
        BrowserRow(
            s.id,
            browser_of(s.agent),
            s.address,
            nanoseconds(s.created_at),
            nanoseconds(s.last_seen_at),
            s.id == current,
        )
        for s in found
    ]
    return tuple(sorted(rows, key=lambda row: not row.current))


def _person(request: Request) -> Person:
    person = principal_of(request).person
    if person is None:
        raise Missing("Only who signed in has an account here; you came with a key, or without any.")
    return person
