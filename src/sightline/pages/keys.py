"""The keys of the projects that a reader administers: made here, shown once, ended here; of public keys the
sites and limits are changed here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sightline.control.errors import InvalidValue, NotFound
from sightline.control.gate import AccessDenied
from sightline.control.origins import ANY
from sightline.pages.address import Link
from sightline.pages.admission import principal_of
from sightline.pages.answers import Missing, back_to, form, html
from sightline.pages.environment import render
from sightline.pages.services import Services
from sightline.pages.settings_frame import Frame, managed, nanoseconds, tabs
from sightline.pages.shell import Shell
from sightline.records.access import ApiKey, PublicLimits, Scope

PATH = "/settings/keys"
DONE = {
    "revoked": "The key is revoked. Whoever still sends with it is refused within two seconds.",
    "changed": "The key is changed. Running servers know of it within two seconds.",
}
SCOPES = (
    (Scope.INGEST, "sends traces, logs and metrics; reads nothing"),
    (Scope.READ, "reads through API and SQL; sends nothing"),
    (Scope.ADMIN, "both, and changes prices and keys"),
    (Scope.PUBLIC, "sends traces, feedback and logs from pages of the sites below; everyone may see it"),
)
LIMITS = (
    ("requests", "Requests a minute"),
    ("items", "Spans and log records a minute"),
    ("address_requests", "Requests a minute from one address"),
    ("address_items", "Spans and log records a minute from one address"),
    ("request_bytes", "Bytes of one request, unpacked"),
)
_DEFAULTS = {name: str(value) for name, value in asdict(PublicLimits()).items()}
_MAX_TYPED = 20_000


@dataclass(frozen=True, slots=True)
class TypedTerms:
    """What binds a public key, as its form shows it: origins one a line, limits by name; and the lines that
    put the feedback widget into a page."""

    key: str
    origins: str
    limits: Mapping[str, str]
    snippet: str = ""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key, without its secret; moments in nanoseconds. A public key's text and terms are told;
    `anywhere`: pages of every site may send with it."""

    id: str
    project: str
    scope: str
    label: str
    made: int
    used: int | None
    revoked: int | None
    public: TypedTerms | None
    anywhere: bool


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made, shown this once. `snippet` is empty unless it is public."""

    text: str
    project: str
    scope: str
    snippet: str


@dataclass(frozen=True, slots=True)
class TypedKey:
    """What stands in the form, so that an error does not lose it."""

    label: str = ""
    project: str = ""
    scope: str = Scope.INGEST.value
    terms: TypedTerms = TypedTerms("", "", _DEFAULTS)


@dataclass(frozen=True, slots=True)
class KeysContext:
    """Everything `keys.html` shows. `unlocked`: nobody needs a key yet, and the first one changes that.

    `editing` is the id of the public key whose form is open, with what was typed in it.
    """

    shell: Shell
    tabs: tuple[Link, ...]
    now: int
    csrf: str
    keys: tuple[KeyRow, ...]
    projects: tuple[str, ...]
    scopes: tuple[tuple[str, str], ...]
    limits: tuple[tuple[str, str], ...]
    editing: str
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
            ("POST", PATH + "/{key}/change", self.change),
            ("POST", PATH + "/{key}/revoke", self.revoke),
        ]

    async def show(self, request: Request) -> Response:
        """The list: keys in use first."""
        return await self._page(request)

    async def make(self, request: Request) -> Response:
        """Make a key and show it."""
        principal, fields = principal_of(request), await form(request)
        label, project, scope = (fields.get(n, "")[:300] for n in ("label", "project", "scope"))
        typed = TypedKey(label, project, scope, _typed("", fields))
        if not managed(principal, [typed.project]):
            raise AccessDenied(403, f"You are not admin of project {typed.project[:63]!r}.")
        create = self.services.control.create_key
        try:
            terms = _wanted(typed.terms) if scope == Scope.PUBLIC.value else {}
            key, text = await run_in_threadpool(
                lambda: create(project, scope, label, by=principal.by, **terms)
            )
        except (InvalidValue, NotFound) as error:
            return await self._page(request, typed=typed, error=str(error))
        lines = widget_lines(_address(request), text) if key.terms else ""
        made = NewKey(text, key.project, key.scope.value, lines)
        return await self._page(request, made=made)

    async def change(self, request: Request) -> Response:
        """Change the sites and limits of a public key."""
        principal, fields, key = principal_of(request), await form(request), await self._mine(request)
        typed = _typed(key.id, fields)
        change = self.services.control.change_public_key
        try:
            terms, label = _wanted(typed), fields.get("label", "")[:300]
            await run_in_threadpool(lambda: change(key.id, label=label, by=principal.by, **terms))
        except InvalidValue as error:
            return await self._page(request, editing=typed, error=str(error))
        return back_to(PATH, done="changed")

    async def revoke(self, request: Request) -> Response:
        """End a key."""
        principal, key = principal_of(request), await self._mine(request)
        await run_in_threadpool(lambda: self.services.control.revoke_key(key.id, by=principal.by))
        return back_to(PATH, done="revoked")

    async def _mine(self, request: Request) -> ApiKey:
        """The key that the address names, of a project that the reader administers."""
        found = await run_in_threadpool(self.services.control.keys)
        key = next((k for k in found if k.id == request.path_params["key"]), None)
        if key is None or not managed(principal_of(request), [key.project]):
            raise Missing("There is no key with this id in a project that you administer.")
        return key

    async def _page(
        self,
        request: Request,
        *,
        typed: TypedKey | None = None,
        editing: TypedTerms | None = None,
        made: NewKey | None = None,
        error: str = "",
    ) -> Response:
        principal, control = principal_of(request), self.services.control
        names = managed(principal, await run_in_threadpool(self.services.projects))
        found = [k for k in await run_in_threadpool(control.keys) if k.project in names]
        rows = sorted(
            (_row(k, editing, _address(request)) for k in found),
            key=lambda row: (row.revoked is not None, row.project, -row.made),
        )
        context = KeysContext(
            shell=await self.frame(request, "Keys", ("done",)),
            tabs=tabs(principal, "keys"),
            now=self.services.clock(),
            csrf=principal.csrf,
            keys=tuple(rows),
            projects=tuple(names),
            scopes=tuple((scope.value, words) for scope, words in SCOPES),
            limits=LIMITS,
            editing=editing.key if editing else "",
            unlocked=principal.open and made is None,
            typed=typed or TypedKey(project=principal.project),
            made=made,
            error=error,
            done=DONE.get(request.query_params.get("done", ""), ""),
        )
        return html(render("keys.html", context), 422 if error else 200)


def _typed(key_id: str, fields: Mapping[str, str]) -> TypedTerms:
    limits = {name: fields.get(name, "")[:20].strip() for name, _ in LIMITS}
    return TypedTerms(key_id, fields.get("origins", "")[:_MAX_TYPED], limits)


def _wanted(typed: TypedTerms) -> dict[str, Any]:
    """Origins and limits as control takes them; a field left empty is the default. Raises InvalidValue."""
    limits: dict[str, int] = {}
    for name, words in LIMITS:
        text = (typed.limits[name] or _DEFAULTS[name]).replace(",", "")
        if not (text.isascii() and text.isdigit()):
            raise InvalidValue(f"{words}: {text!r} is no whole number.")
        limits[name] = int(text)
    return {"origins": typed.origins.replace(",", " ").split(), "limits": limits}


def widget_lines(server: str, key: str) -> str:
    """What puts the feedback widget into a page of another site."""
    return (
        f'<script src="{server}/widget.js" defer></script>\n'
        f'<sightline-feedback server="{server}" key="{key}" trace="TRACE_ID" comment></sightline-feedback>'
    )


def _address(request: Request) -> str:
    """This server as the reader reaches it; pages of other sites may know it by another address."""
    return f"{request.url.scheme}://{request.url.netloc}"


def _row(key: ApiKey, editing: TypedTerms | None, server: str) -> KeyRow:
    public = None
    if key.terms is not None:
        limits = {name: str(value) for name, value in asdict(key.terms.limits).items()}
        public = TypedTerms(key.text, "\n".join(key.terms.origins), limits, widget_lines(server, key.text))
        if editing is not None and editing.key == key.id:
            public = replace(public, origins=editing.origins, limits=editing.limits)
    return KeyRow(
        key.id,
        key.project,
        key.scope.value,
        key.label,
        nanoseconds(key.created_at),
        nanoseconds(key.last_used_at) if key.last_used_at else None,
        nanoseconds(key.revoked_at) if key.revoked_at else None,
        public,
        key.terms is not None and ANY in key.terms.origins,
    )
