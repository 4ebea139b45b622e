"""Who may do what: for every route the least one has to be. The only table of this kind.

A route that is not in it does not come up: the server refuses to start (`undeclared`), and a test asks
every route as everyone. Roles are those of the project that the address names; where it names none,
those of the reader's own project, or of any project on pages about the server.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from starlette.routing import BaseRoute, Route

from sightline.control.gate import AccessDenied, require
from sightline.records.access import Principal, Scope
from sightline.records.people import Role


class Least(StrEnum):
    """The least one has to be. `PERSON` is whoever is let in at all. `SENDER` and `KEY` have a key that may
    ingest, or read: no cookie counts there."""

    ANYONE = "anyone"
    SENDER = "sender"
    KEY = "key"
    PERSON = "person"
    READER = "reader"
    EDITOR = "editor"
    ADMIN = "admin"
    OPERATOR = "operator"


RIGHTS: Mapping[str, Least] = {
    # telemetry
    "POST /v1/traces": Least.SENDER,
    "POST /api/public/otel/v1/traces": Least.SENDER,
    "POST /otel/v1/traces": Least.SENDER,
    "POST /api/public/scores": Least.SENDER,
    "POST /v1/logs": Least.SENDER,
    "POST /v1/metrics": Least.SENDER,
    # the server itself, without anything of its data
    "GET /healthz": Least.ANYONE,
    "GET /readyz": Least.ANYONE,
    "GET /metrics": Least.ANYONE,
    "GET /api/v1/openapi.json": Least.ANYONE,
    # API
    "POST /api/v1/sql": Least.READER,
    "GET /api/v1/traces": Least.READER,
    "GET /api/v1/spans": Least.READER,
    "GET /api/v1/traces/{trace_id}": Least.READER,
    "GET /api/v1/sessions": Least.READER,
    "GET /api/v1/sessions/{session_id:path}": Least.READER,
    "GET /api/v1/users": Least.READER,
    "GET /api/v1/export": Least.READER,
    "GET /api/v1/logs": Least.READER,
    "GET /api/v1/metrics": Least.READER,
    "GET /api/v1/metrics/{name:path}": Least.READER,
    "GET /api/v1/count": Least.READER,
    "GET /api/v1/series": Least.READER,
    "GET /api/v1/fields": Least.READER,
    "GET /api/v1/facets": Least.READER,
    "GET /api/v1/facets/{name:path}": Least.READER,
    "GET /api/v1/suggest": Least.READER,
    "GET /api/v1/search": Least.READER,
    "GET /api/v1/content/{hash}": Least.READER,
    "GET /api/v1/views": Least.READER,
    "POST /api/v1/views": Least.READER,
    "DELETE /api/v1/views/{view_id}": Least.READER,
    "GET /api/v1/scores": Least.READER,
    # Keys: those that may ingest; people: editors.
    "POST /api/v1/scores": Least.EDITOR,
    "DELETE /api/v1/scores/{score_id:path}": Least.EDITOR,
    "GET /api/v1/score-definitions": Least.READER,
    "PUT /api/v1/score-definitions/{name:path}": Least.EDITOR,
    "GET /api/v1/projects": Least.READER,
    "POST /api/v1/projects": Least.OPERATOR,
    "GET /api/v1/keys": Least.ADMIN,
    "POST /api/v1/keys": Least.ADMIN,
    "PATCH /api/v1/keys/{key_id}": Least.ADMIN,
    "DELETE /api/v1/keys/{key_id}": Least.ADMIN,
    "GET /api/v1/prices": Least.READER,
    "PUT /api/v1/prices": Least.EDITOR,
    "DELETE /api/v1/prices/{version}": Least.EDITOR,
    "GET /api/v1/senders": Least.READER,
    "GET /api/v1/quarantine": Least.READER,
    "POST /api/v1/quarantine/{entry_id}/requeue": Least.EDITOR,
    "POST /api/v1/quarantine/{entry_id}/discard": Least.EDITOR,
    "POST /api/v1/backup": Least.OPERATOR,
    "GET /api/v1/health": Least.READER,
    "GET /api/v1/scrape": Least.READER,
    "GET /api/v1/scrape/settings": Least.READER,
    "PUT /api/v1/scrape/settings": Least.ADMIN,
    # SQL in ClickHouse's own protocol, whose clients have no cookies
    "GET /clickhouse": Least.KEY,
    "POST /clickhouse": Least.KEY,
    "GET /clickhouse/": Least.KEY,
    "POST /clickhouse/": Least.KEY,
    "GET /clickhouse/ping": Least.ANYONE,
    # pages
    "GET /": Least.PERSON,
    "GET /traces/{trace_id}": Least.PERSON,
    "GET /p/{project}": Least.READER,
    "GET /p/{project}/": Least.READER,
    "GET /p/{project}/explore": Least.READER,
    "GET /p/{project}/explore/sql": Least.READER,
    "GET /p/{project}/traces": Least.READER,
    "GET /p/{project}/traces/{trace_id}": Least.READER,
    "GET /p/{project}/traces/{trace_id}/record": Least.READER,
    "GET /p/{project}/compare": Least.READER,
    "GET /p/{project}/first": Least.READER,
    "GET /p/{project}/senders": Least.READER,
    "GET /docs": Least.PERSON,
    "GET /docs/{operation}": Least.PERSON,
    "GET /docs/{operation}/try": Least.PERSON,
    "GET /p/{project}/logs": Least.READER,
    "GET /p/{project}/metrics": Least.READER,
    "GET /p/{project}/metrics/{name:path}": Least.READER,
    "GET /p/{project}/go": Least.READER,
    "GET /p/{project}/suggest": Least.READER,
    "GET /p/{project}/sessions": Least.READER,
    "GET /p/{project}/sessions/{session_id:path}": Least.READER,
    "GET /p/{project}/users": Least.READER,
    "GET /p/{project}/users/{user_id:path}": Least.READER,
    # Readers save for themselves; what everyone sees needs an editor, which `api.views` asks.
    "POST /p/{project}/views": Least.READER,
    "POST /p/{project}/views/{view}/rename": Least.READER,
    "POST /p/{project}/views/{view}/share": Least.READER,
    "POST /p/{project}/views/{view}/delete": Least.READER,
    "GET /p/{project}/scores": Least.READER,
    "POST /p/{project}/scores-of-several": Least.EDITOR,
    "POST /p/{project}/scores-of-several/undo": Least.EDITOR,
    "POST /p/{project}/scores": Least.EDITOR,
    "POST /p/{project}/scores/{score_id:path}/take-back": Least.EDITOR,
    "POST /p/{project}/scores/{score_id:path}/undo": Least.EDITOR,
    "GET /theme": Least.ANYONE,
    "GET /static/{name}": Least.ANYONE,
    # what other sites' pages load, with no key
    "GET /widget.js": Least.ANYONE,
    # signing in and out
    "GET /login": Least.ANYONE,
    "POST /login": Least.ANYONE,
    "GET /login/openid": Least.ANYONE,
    "GET /login/openid/back": Least.ANYONE,
    "POST /logout": Least.ANYONE,
    "GET /set-password": Least.ANYONE,
    "POST /set-password": Least.ANYONE,
    # settings
    "GET /settings": Least.PERSON,
    "GET /settings/me": Least.PERSON,
    "POST /settings/me/password": Least.PERSON,
    "POST /settings/me/sessions": Least.PERSON,
    "GET /settings/people": Least.ADMIN,
    "POST /settings/people": Least.ADMIN,
    "POST /settings/people/{person}/role": Least.ADMIN,
    "POST /settings/people/{person}/link": Least.ADMIN,
    "POST /settings/people/{person}/sessions": Least.OPERATOR,
    "POST /settings/people/{person}/server-admin": Least.OPERATOR,
    "POST /settings/people/{person}/remove": Least.OPERATOR,
    "GET /settings/keys": Least.ADMIN,
    "POST /settings/keys": Least.ADMIN,
    "POST /settings/keys/{key}/change": Least.ADMIN,
    "POST /settings/keys/{key}/revoke": Least.ADMIN,
    "GET /settings/projects": Least.ADMIN,
    "POST /settings/projects": Least.OPERATOR,
    "POST /settings/projects/{project}/periods": Least.ADMIN,
    "POST /settings/projects/{project}/environment": Least.ADMIN,
    "GET /settings/prices": Least.EDITOR,
    "POST /settings/prices": Least.EDITOR,
    "POST /settings/prices/{version}/withdraw": Least.EDITOR,
    "GET /settings/scores": Least.EDITOR,
    "POST /settings/scores": Least.EDITOR,
    "POST /settings/scores/archive": Least.EDITOR,
    "GET /settings/scrape": Least.ADMIN,
    "POST /settings/scrape": Least.ADMIN,
    "GET /settings/health": Least.ADMIN,
    "POST /settings/health/quarantine/{entry}/requeue": Least.ADMIN,
    "POST /settings/health/quarantine/{entry}/discard": Least.ADMIN,
    "GET /settings/log": Least.ADMIN,
    # whatever has no address: an answer that says so
    "GET /{path:path}": Least.ANYONE,
    "GET /api": Least.ANYONE,
    "GET /api/{rest:path}": Least.ANYONE,
}
_ROLES = {Least.READER: Role.READER, Least.EDITOR: Role.EDITOR, Least.ADMIN: Role.ADMIN}


def least(method: str, path: str) -> Least:
    """What a route asks. Raises LookupError for one that is not declared."""
    known = RIGHTS.get(f"{'GET' if method == 'HEAD' else method} {path}")
    if known is None:
        raise LookupError(
            f"{method} {path} is not in RIGHTS of sightline.api.rights; say there who may use it"
        )
    return known


def undeclared(routes: Iterable[BaseRoute]) -> list[str]:
    """Routes that the table does not know. A route of several methods without a list of them (the API
    checks those itself, one by one) is known when one of its methods is."""
    missing = []
    for route in routes:
        if not isinstance(route, Route):
            missing.append(repr(route))
        elif route.methods is None:
            if not any(key.split(" ", 1)[1] == route.path for key in RIGHTS):
                missing.append(route.path)
        else:
            told = (f"{m} {route.path}" for m in sorted(route.methods) if m not in {"HEAD", "OPTIONS"})
            missing += [key for key in told if key not in RIGHTS]
    return missing


def allow(principal: Principal, needed: Least, project: str | None, *, anywhere: bool = False) -> Principal:
    """The principal as it acts in the project (None: its own), or AccessDenied 403 with what is missing.

    `anywhere`: the page is about the server, so a role in any project will do.
    """
    if needed is Least.ANYONE:
        return principal
    if needed is Least.OPERATOR:
        if not principal.operator:
            raise AccessDenied(403, "This concerns every project, so it needs a server administrator.")
        return principal
    if principal.person is None:
        if needed is not Least.PERSON or not principal.open:
            scope = Scope.READ if needed in {Least.READER, Least.PERSON} else Scope.ADMIN
            require(principal, scope, None if principal.open else project)
        return principal
    if needed is Least.PERSON:
        return principal
    wanted, asked = project or principal.project, _ROLES[needed]
    if anywhere:
        known = (wanted, *sorted(principal.person.roles))
        wanted = next((p for p in known if (r := principal.role_in(p)) and r.includes(asked)), wanted)
    role = principal.role_in(wanted)
    if role is None:
        # Whether that project exists is nobody's business who has no role in it.
        raise AccessDenied(
            403, f"You have no role in project {wanted[:63]!r}. Ask one of its admins for one."
        )
    if not role.includes(asked):
        raise AccessDenied(
            403,
            f"You are {role} in project {wanted!r}, and this needs {asked}. Ask one of its admins for it.",
        )
    return principal.within(wanted)
