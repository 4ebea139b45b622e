"""Which parts run in a process. `all` is one row; the others split it when the store is a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """A part of the server that a role may have."""

    RECEIVE = "receive"
    """OTLP over HTTP and gRPC into the journal."""
    DIGEST = "digest"
    """The journal's segments into the store."""
    SERVE = "serve"
    """API and pages."""


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of parts."""

    name: str
    parts: frozenset[Part]
    needs_cluster: bool
    """Whether the store must be a server: an embedded directory belongs to one process."""


ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        Role("all", frozenset(Part), False),
        Role("receive", frozenset({Part.RECEIVE, Part.DIGEST}), True),
        Role("serve", frozenset({Part.SERVE}), True),
    )
}


def role(name: str, embedded: bool) -> Role:
    """The role of this name. Raises ValueError for an unknown one, or one the store does not allow."""
    found = ROLES.get(name)
    if found is None:
        raise ValueError(f"role {name!r} is unknown; one of {', '.join(ROLES)}")
    if found.needs_cluster and embedded:
        raise ValueError(
            f"role {name!r} needs a ClickHouse server: an embedded store belongs to one process."
            " Set store.url to clickhouse://…, or use role all."
        )
    return found
