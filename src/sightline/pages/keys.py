"""The keys of the projects that a reader administers: made here, shown once, ended here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sightline.control.errors import InvalidValue, NotFound
from sightline.control.gate import AccessDenied
from sightline.pages.address import Link
from sightline.pages.admission import principal_of
from sightline.pages.answers import Missing, back_to, form, html
from sightline.pages.environment import render
from sightline.pages.services import Services
from sightline.pages.settings_frame import Frame, managed, nanoseconds, tabs
from sightline.pages.shell import Shell
from sightline.records.access import ApiKey, Scope

PATH = "/settings/keys"
DONE = {"revoked": "The key is revoked. Whoever still sends with it is refused within two seconds."}
SCOPES = (
    (Scope.INGEST, "sends traces, logs and metrics; reads nothing"),
    (Scope.READ, "reads through API and SQL; sends nothing"),
    (Scope.ADMIN, "both, and changes prices and keys"),
)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key, without its secret; moments in nanoseconds."""

    id: str
    project: str
    scope: str
    label: str
    made: int
    used: int | None
    revoked: int | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made, shown this once."""

    text: str
    project: str
    scope: str


@dataclass(frozen=True, slots=True)
class TypedKey:
    """What stands in the form, so that an error does not lose it."""

    label: str = ""
    project: str = ""
    scope: str = Scope.INGEST.value


@dataclass(frozen=True, slots=True)
class KeysContext:
    """Everything `keys.html` shows. `unlocked`: nobody needs a key yet, and the first one changes that."""

    shell: Shell
    tabs: tuple[Link, ...]
    now: int
    csrf: str
    keys: tuple[KeyRow, ...]
    projects: tuple[str, ...]
    scopes: tuple[tuple[str, str], ...]
    unlocked: bool
    typed: TypedKey
    made: NewKey | None
    error: str
    done: str


class KeyPages:
    """`/settings/keys`."""

    def __init__(self, services: Services, frame: Frame) -> None:
        self.services = services
        self.frame = frame

    def table(self) -> list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
        """Method, path and endpoint of each."""
        return [
            ("GET", PATH, self.show),
            ("POST", PATH, self.make),
            ("POST", PATH + "/{key}/revoke", self.revoke),
        ]

    async def show(self, request: Request) -> Response:
        """The list: keys in use first."""
        return await self._page(request)

    async def make(self, request: Request) -> Response:
        """Make a key and show it."""
        principal, fields = principal_of(request), await form(request)
        typed = TypedKey(*(fields.get(n, "")[:300] for n in ("label", "project", "scope")))
        if not managed(principal, [typed.project]):
            raise AccessDenied(403, f"You are not admin of project {typed.project[:63]!r}.")
        create = self.services.control.create_key
        try:
            key, text = await run_in_threadpool(
                lambda: create(typed.project, typed.scope, typed.label, by=principal.by)
            )
        except (InvalidValue, NotFound) as error:
            return await self._page(request, typed=typed, error=str(error))
        return await self._page(request, made=NewKey(text, key.project, key.scope.value))

    async def revoke(self, request: Request) -> Response:
        """End a key."""
        principal, key_id = principal_of(request), request.path_params["key"]
        control = self.services.control
        found = await run_in_threadpool(control.keys)
        key = next((k for k in found if k.id == key_id), None)
        if key is None or not managed(principal, [key.project]):
            raise Missing("There is no key with this id in a project that you administer.")
        await run_in_threadpool(lambda: control.revoke_key(key_id, by=principal.by))
        return back_to(PATH, done="revoked")

    async def _page(
        self,
        request: Request,
        *,
        typed: TypedKey | None = None,
        made: NewKey | None = None,
        error: str = "",
    ) -> Response:
        principal, control = principal_of(request), self.services.control
        names = managed(principal, await run_in_threadpool(self.services.projects))
        found = [k for k in await run_in_threadpool(control.keys) if k.project in names]
        rows = sorted(map(_row, found), key=lambda row: (row.revoked is not None, row.project, -row.made))
        context = KeysContext(
            shell=await self.frame(request, "Keys", ("done",)),
            tabs=tabs(principal, "keys"),
            now=self.services.clock(),
            csrf=principal.csrf,
            keys=tuple(rows),
            projects=tuple(names),
            scopes=tuple((scope.value, words) for scope, words in SCOPES),
            unlocked=principal.open and made is None,
            typed=typed or TypedKey(project=principal.project),
            made=made,
            error=error,
            done=DONE.get(request.query_params.get("done", ""), ""),
        )
        return html(render("keys.html", context), 422 if error else 200)


def _row(key: ApiKey) -> KeyRow:
    return KeyRow(
        key.id,
        key.project,
        key.scope.value,
        key.label,
        nanoseconds(key.created_at),
        nanoseconds(key.last_used_at) if key.last_used_at else None,
        nanoseconds(key.revoked_at) if key.revoked_at else None,
    )
