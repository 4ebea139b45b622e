"""People who sign in: their roles, and the browsers in which they are signed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a person may do in one project. Each role includes the ones before it."""

    READER = "reader"
    EDITOR = "editor"
    ADMIN = "admin"

    def includes(self, other: Role) -> bool:
        """Whether this role may do what `other` may."""
        order = tuple(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Person:
    """A person. `email` is lower case and unique; `roles` has one role for each project they are in.

    `server_admin`: admin of every project, and of what concerns them all. `has_password` is False until a
    link was used to set one; `external`: signs in with the OpenID provider.
    """

    id: str
    email: str
    name: str
    server_admin: bool
    has_password: bool
    external: bool
    created_at: datetime
    last_seen_at: datetime | None
    roles: Mapping[str, Role]

    def role_in(self, project: str) -> Role | None:
        """The role in a project; None for no access."""
        return Role.ADMIN if self.server_admin else self.roles.get(project)

    @property
    def title(self) -> str:
        """What to call them: the name, or the address."""
        return self.name or self.email


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """One browser in which a person is signed in. `id` is public; the token is nowhere kept."""

    id: str
    person: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str
    agent: str
