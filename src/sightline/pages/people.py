"""Who may sign in and what they may do, for admins. Project admins see the people of their projects."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sightline.control.errors import AlreadyExists, InvalidValue, NotFound
from sightline.control.gate import AccessDenied
from sightline.control.stored_people import LINK_DAYS
from sightline.pages import first
from sightline.pages.address import Link, with_query
from sightline.pages.admission import principal_of
from sightline.pages.answers import Missing, back_to, form, html
from sightline.pages.entrance import over_tls
from sightline.pages.environment import render
from sightline.pages.services import Services
from sightline.pages.settings_frame import Frame, managed, nanoseconds, tabs
from sightline.pages.shell import Shell
from sightline.records.access import Principal
from sightline.records.people import Person, Role

PATH = "/settings/people"
DONE = {
    "role": "The role is set. It counts at once.",
    "out": "They are signed out in every browser.",
    "admin": "Whether they administer the server is changed.",
    "removed": "They are removed and signed out everywhere.",
    "known": "They were here already; their role is set.",
}
ROLES = (
    (Role.READER, "sees everything in the project"),
    (Role.EDITOR, "also changes prices and decides about quarantine"),
    (Role.ADMIN, "also manages its keys and people"),
)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person as this reader may see them. `state` is what is worth saying of how they sign in."""

    id: str
    email: str
    name: str
    server_admin: bool
    roles: tuple[tuple[str, str], ...]
    others: tuple[str, ...]
    linkable: bool
    seen: int | None
    state: str
    browsers: int
    me: bool
    open: bool


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link just made, shown this once."""

    email: str
    address: str
    days: int


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form that adds someone, so that an error does not lose it."""

    email: str = ""
    name: str = ""
    project: str = ""
    role: str = Role.READER.value


@dataclass(frozen=True, slots=True)
class PeopleContext:
    """Everything `people.html` shows. `operator`: the reader may also do what concerns every project."""

    shell: Shell
    tabs: tuple[Link, ...]
    now: int
    csrf: str
    people: tuple[PersonRow, ...]
    projects: tuple[str, ...]
    roles: tuple[tuple[str, str], ...]
    operator: bool
    nobody: bool
    typed: Typed
    link: NewLink | None
    error: str
    done: str


class PeoplePages:
    """`/settings/people`."""

    def __init__(self, services: Services, frame: Frame) -> None:
        self.services = services
        self.frame = frame

    def table(self) -> list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
        """Method, path and endpoint of each."""
        one = PATH + "/{person}"
        return [
            ("GET", PATH, self.show),
            ("POST", PATH, self.add),
            ("POST", f"{one}/role", self.role),
            ("POST", f"{one}/link", self.link),
            ("POST", f"{one}/sessions", self.sign_out),
            ("POST", f"{one}/server-admin", self.server_admin),
            ("POST", f"{one}/remove", self.remove),
        ]

    async def show(self, request: Request) -> Response:
        """The list."""
        return await self._page(request)

    async def add(self, request: Request) -> Response:
        """Add someone and show their link; who is here already gets the role."""
        principal, fields = principal_of(request), await form(request)
        typed = Typed(*(fields.get(n, "")[:300] for n in ("email", "name", "project", "role")))
        control = self.services.control
        self._may_manage(principal, typed.project)

        def add() -> tuple[Person, str]:
            control.add_person(typed.email, typed.name, roles={typed.project: typed.role}, by=principal.by)
            return control.make_link(typed.email, by=principal.by)

        try:
            person, token = await run_in_threadpool(add)
        except AlreadyExists:
            known = await run_in_threadpool(
                lambda: control.set_role(typed.email, typed.project, typed.role, by=principal.by)
            )
            return back_to(PATH, f"p-{known.id}", done="known", person=known.id)
        except (InvalidValue, NotFound) as error:
            return await self._page(request, typed=typed, error=str(error))
        return await self._page(request, link=self._link(request, person, token))

    async def role(self, request: Request) -> Response:
        """Give or take a role in a project that the reader administers."""
        principal, fields = principal_of(request), await form(request)
        person, project = await self._one(request), fields.get("project", "")
        self._may_manage(principal, project)
        role = fields.get("role") or None
        set_role = self.services.control.set_role
        return await self._changed(
            request, person, "role", lambda: set_role(person.email, project, role, by=principal.by)
        )

    async def link(self, request: Request) -> Response:
        """A link with which someone sets a password. For somebody who has one, or a role elsewhere, it would
        open more than a project's admin has to give."""
        person, principal = await self._one(request), principal_of(request)
        by = principal.by
        if not _may_link(principal, person):
            raise AccessDenied(403, "A new password for them needs a server administrator.")
        make = self.services.control.make_link
        person, token = await run_in_threadpool(lambda: make(person.email, by=by))
        return await self._page(request, link=self._link(request, person, token))

    async def sign_out(self, request: Request) -> Response:
        """End all of someone's sessions."""
        person, by = await self._one(request), principal_of(request).by
        end = self.services.control.end_sessions
        return await self._changed(request, person, "out", lambda: end(person, by=by))

    async def server_admin(self, request: Request) -> Response:
        """Make someone server administrator, or no longer."""
        person, by = await self._one(request), principal_of(request).by
        wanted = (await form(request)).get("value") == "yes"
        put = self.services.control.set_server_admin
        return await self._changed(request, person, "admin", lambda: put(person.email, wanted, by=by))

    async def remove(self, request: Request) -> Response:
        """Take someone out."""
        person, by = await self._one(request), principal_of(request).by
        take = self.services.control.remove_person
        return await self._changed(request, person, "removed", lambda: take(person.email, by=by))

    # what they share

    async def _changed(
        self, request: Request, person: Person, done: str, change: Callable[[], object]
    ) -> Response:
        try:
            await run_in_threadpool(change)
        except (InvalidValue, NotFound) as error:
            return await self._page(request, error=str(error), opened=person.id)
        return back_to(PATH, f"p-{person.id}", done=done, person=person.id)

    async def _one(self, request: Request) -> Person:
        found = await run_in_threadpool(self.services.control.person_by_id, request.path_params["person"])
        if found is None or not self._visible(principal_of(request), found):
            raise Missing("There is nobody with this id; they may have been removed meanwhile.")
        return found

    def _may_manage(self, principal: Principal, project: str) -> None:
        if principal.role_in(project) is not Role.ADMIN and not principal.operator:
            raise AccessDenied(403, f"You are not admin of project {project[:63]!r}.")

    def _visible(self, principal: Principal, person: Person) -> bool:
        mine = principal.person is not None and principal.person.id == person.id
        return (
            principal.operator
            or mine
            or any(principal.role_in(project) is Role.ADMIN for project in person.roles)
        )

    def _link(self, request: Request, person: Person, token: str) -> NewLink:
        scheme = "https" if over_tls(request) else request.url.scheme
        base = first.address(scheme, request.url.hostname or "", request.url.port)
        return NewLink(person.email, base + with_query("/set-password", {"token": token}), LINK_DAYS)

    async def _page(
        self,
        request: Request,
        *,
        typed: Typed | None = None,
        link: NewLink | None = None,
        error: str = "",
        opened: str = "",
    ) -> Response:
        principal, control = principal_of(request), self.services.control
        everyone = await run_in_threadpool(control.people)
        names = await run_in_threadpool(self.services.projects)
        mine = managed(principal, names)
        idle = self.services.settings.auth.session_idle
        seen = [p for p in everyone if self._visible(principal, p)]
        counts = await run_in_threadpool(
            lambda: {p.id: len(control.sessions(p.id, idle)) for p in seen} if principal.operator else {}
        )
        opened = opened or request.query_params.get("person", "")
        context = PeopleContext(
            shell=await self.frame(request, "People", ("done", "person")),
            tabs=tabs(principal, "people"),
            now=self.services.clock(),
            csrf=principal.csrf,
            people=tuple(_row(p, principal, mine, counts, opened) for p in seen),
            projects=tuple(mine),
            roles=tuple((role.value, words) for role, words in ROLES),
            operator=principal.operator,
            nobody=not everyone,
            typed=typed or Typed(project=principal.project if principal.project in mine else ""),
            link=link,
            error=error,
            done=DONE.get(request.query_params.get("done", ""), ""),
        )
        return html(render("people.html", context), 422 if error else 200)


def _may_link(principal: Principal, person: Person) -> bool:
    if principal.operator:
        return True
    known = person.has_password or person.external or person.server_admin
    return not known and all(principal.role_in(project) is Role.ADMIN for project in person.roles)


def _row(
    person: Person, principal: Principal, mine: Sequence[str], counts: Mapping[str, int], opened: str
) -> PersonRow:
    roles = tuple((project, person.roles[project].value) for project in mine if project in person.roles)
    return PersonRow(
        id=person.id,
        email=person.email,
        name=person.name,
        server_admin=person.server_admin,
        roles=roles,
        others=tuple(project for project in mine if project not in person.roles),
        linkable=_may_link(principal, person),
        seen=nanoseconds(person.last_seen_at) if person.last_seen_at else None,
        state="with OpenID" if person.external else ("" if person.has_password else "link not used yet"),
        browsers=counts.get(person.id, 0),
        me=principal.person is not None and principal.person.id == person.id,
        open=person.id == opened,
    )
