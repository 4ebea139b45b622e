"""Who may do what: projects, keys, and the principal behind a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

DEFAULT_PROJECT = "default"


class Scope(StrEnum):
    """What a key may do. `admin` includes the others; `ingest` and `read` exclude each other."""

    INGEST = "ingest"
    READ = "read"
    ADMIN = "admin"


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
    """A stored key without its secret. `id` is public and part of the key's text."""

    id: str
    project: str
    scope: Scope
    label: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Principal:
    """The authenticated sender or reader of one request."""

    project: str
    scopes: frozenset[Scope]
    key_id: str | None

    def may(self, scope: Scope) -> bool:
        """Whether this principal may act with `scope`."""
        return scope in self.scopes or Scope.ADMIN in self.scopes
