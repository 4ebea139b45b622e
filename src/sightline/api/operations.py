"""The words in which the API is declared: operations, their parameters, and a call of one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sightline.api.problems import Problem
from sightline.api.services import ApiServices
from sightline.records.access import Principal, Scope

PREFIX = "/api/v1"
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the path (`place` = "path") or of the query string. `example` is one that works."""

    name: str
    description: str
    schema: Mapping[str, Any]
    place: str = "query"
    example: str = ""


@dataclass(frozen=True)
class Call:
    """One request to an operation, after the doors: who asks, for which project, with which checked body.

    `operator`: may do what concerns every project (server administrator, admin key of project `default`, or
    the open loopback).
    """

    request: Request
    services: ApiServices
    principal: Principal
    project: str
    operator: bool
    body: Any

    @property
    def by(self) -> str:
        """The name under which the audit remembers this caller."""
        return self.principal.by

    def text(self, name: str) -> str | None:
        """A parameter of the query string."""
        return self.request.query_params.get(name) or None

    def texts(self, name: str) -> list[str]:
        """A parameter of the query string that may be there several times."""
        return self.request.query_params.getlist(name)

    @cached_property
    def now(self) -> int:
        """The moment of the request in nanoseconds."""
        return self.services.clock()

    def word(self, name: str, words: Sequence[str], default: str) -> str:
        """One of some words of the query string. Raises Problem 422."""
        given = self.text(name) or default
        if given not in words:
            raise Problem(
                422, f"{name} is {given[:40]!r}; expected one of {', '.join(words)}.", reason="parameters"
            )
        return given

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number of the query string from 1 to `most`. Raises Problem 422."""
        given = self.text(name)
        if given is None:
            return default
        if not given.isascii() or not given.isdigit() or not 1 <= int(given[:12]) <= most:
            raise Problem(
                422,
                f"{name} is {given[:40]!r}; expected a whole number from 1 to {most}.",
                reason="parameters",
            )
        return int(given)

    def flag(self, name: str, default: bool) -> bool:
        """`true` or `false` of the query string. Raises Problem 422."""
        given = self.text(name)
        if given not in {None, "true", "false"}:
            raise Problem(422, f"{name} is {str(given)[:40]!r}; expected true or false.", reason="parameters")
        return default if given is None else given == "true"

    def need_operator(self, what: str) -> None:
        """Refuse a caller whose key is for one project only. Raises Problem 403."""
        if not self.operator:
            raise Problem(
                403,
                f"{what} concerns every project and needs an admin key of project default, or a server"
                " administrator.",
            )


Handler = Callable[[Call], Awaitable[Mapping[str, Any] | Response]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path below `/api/v1`. `scope` None: anyone. `body` and `answer` are JSON Schemas.

    `scope` is asked of a key before the handler runs, of a person the role in `api.rights`. `failures` are
    the statuses it may add to those that every operation may answer. A `media_type` other than JSON means
    that the handler makes the response. `reads`: changes nothing, though its method could. `caching` is the
    `Cache-Control` of its answers; with another than `no-store` they have an ETag.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    scope: Scope | None
    answer: Mapping[str, Any]
    description: str = ""
    body: Mapping[str, Any] | None = None
    parameters: tuple[Parameter, ...] = ()
    status: int = 200
    failures: tuple[int, ...] = field(default=())
    media_type: str = "application/json"
    reads: bool = False
    caching: str = "no-store"

    @property
    def changes(self) -> bool:
        """Whether it may change something."""
        return self.method in CHANGING and not self.reads

    @property
    def known(self) -> tuple[str, ...]:
        """Names of what its query string may hold."""
        return tuple(p.name for p in self.parameters if p.place == "query")
