"""Who may do what: projects, keys, and the principal behind a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sightline.records.people import Person, Role

DEFAULT_PROJECT = "default"


class Scope(StrEnum):
    """What a key may do. `admin` includes the others; `ingest` and `read` exclude each other. `public` only
    sends traces and logs, from pages of named sites: everyone can read such a key in a page's source."""

    INGEST = "ingest"
    READ = "read"
    ADMIN = "admin"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class PublicLimits:
    """How much a public key takes: requests and items (spans, log records) a minute, for the key as a whole
    and from one network address; and bytes of one request, unpacked."""

    requests: int = 3_000
    items: int = 30_000
    address_requests: int = 120
    address_items: int = 1_200
    request_bytes: int = 256 * 2**10


@dataclass(frozen=True, slots=True)
class PublicTerms:
    """What binds a public key: the sites whose pages may use it (`https://app.example`,
    `https://*.example.com`, `*` for all), and its limits."""

    origins: tuple[str, ...]
    limits: PublicLimits = PublicLimits()


@dataclass(frozen=True, slots=True)
class Project:
    """A tenant. `name` is its identity everywhere: `[a-z0-9][a-z0-9_-]{0,62}`.

    `retention_days` rules spans, logs and metrics, `content_days` prompts and outputs.
    """

    name: str
    created_at: datetime
    retention_days: int
    content_days: int


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A stored key without its secret. `id` is public and part of the key's text.

    Of a public key there are its `terms`, and its whole `text`: it is no secret. Others have neither.
    """

    id: str
    project: str
    scope: Scope
    label: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    terms: PublicTerms | None = None
    text: str = ""


# What a role may do, in the words of keys. Nobody sends telemetry as a person.
_SCOPES: Mapping[Role | None, frozenset[Scope]] = {
    None: frozenset(),
    Role.READER: frozenset({Scope.READ}),
    Role.EDITOR: frozenset({Scope.READ}),
    Role.ADMIN: frozenset({Scope.ADMIN}),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """The authenticated sender or reader of one request: a key, a person, or whoever is at an open server.

    Of a person `project` is the one they act in now (`within`), `session` names their browser, and `csrf`
    is what its forms must bring. Of a public key `terms` is what binds it.
    """

    project: str
    scopes: frozenset[Scope]
    key_id: str | None
    person: Person | None = None
    session: str | None = None
    csrf: str = field(default="", repr=False)
    terms: PublicTerms | None = None

    def may(self, scope: Scope) -> bool:
        """Whether this principal may act with `scope`."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    @property
    def open(self) -> bool:
        """Whether nobody had to say who they are."""
        return self.key_id is None and self.person is None

    @property
    def operator(self) -> bool:
        """Whether this principal may act for every project: a server administrator, an admin key of
        project `default`, the user of an open server."""
        if self.person is not None:
            return self.person.server_admin
        return self.may(Scope.ADMIN) and (self.key_id is None or self.project == DEFAULT_PROJECT)

    @property
    def by(self) -> str:
        """The name under which the audit remembers this principal."""
        if self.person is not None:
            return f"person:{self.person.email}"
        return f"key:{self.key_id}" if self.key_id else "api:loopback"

    def role_in(self, project: str) -> Role | None:
        """The role in a project; a key has that of its scope in its own project, and nobody's elsewhere."""
        if self.person is not None:
            return self.person.role_in(project)
        if self.key_id is not None and project != self.project:
            return None
        if self.may(Scope.ADMIN):
            return Role.ADMIN
        return Role.READER if self.may(Scope.READ) else None

    def within(self, project: str) -> Principal:
        """A person acting in another project, with the role they have there; others as they are."""
        if self.person is None:
            return self
        return replace(self, project=project, scopes=_SCOPES[self.person.role_in(project)])


@dataclass(frozen=True, slots=True)
class Environment:
    """A deployment of a project's system: `production`, `staging`, `alice's laptop`."""

    project: str
    name: str
    description: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PriceEntry:
    """One dated entry of a price or contract of one's own. Entries are never changed, only superseded.

    `version` grows with every entry. Among entries of the same project, provider, model and
    `valid_from`, the one with the highest version counts; `rates` None withdraws the ones before it.
    `model` is a name or a pattern with `*`. `project` None: for every project. `rates` has the keys of a
    price file's entry (`input`, `output`, `per`, `tier`, `until`, ...); the catalog checks them.
    """

    version: int
    project: str | None
    provider: str
    model: str
    valid_from: date
    rates: Mapping[str, Any] | None
    note: str
    entered_by: str
    entered_at: datetime

    def as_file_entry(self) -> dict[str, Any]:
        """The entry as it would stand in a price file, for the catalog to read."""
        return {
            "source": self.note or f"entered by {self.entered_by} on {self.entered_at:%Y-%m-%d}",
            **(self.rates or {}),
            "provider": self.provider,
            "model": self.model,
            "from": self.valid_from,
            "version": f"own price {self.version}",
        }


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what when. `actor` is `cli:<user>`, `key:<id>`, `person:<e-mail>` or `system`; `action` as
    `key.create`."""

    id: int
    at: datetime
    actor: str
    action: str
    project: str | None
    subject: str
    detail: Mapping[str, Any]
