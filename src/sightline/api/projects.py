"""Projects and their keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from sightline.api import shapes
from sightline.api.control import controlled
from sightline.api.operations import Call, Operation, Parameter
from sightline.api.parameters import PROJECT
from sightline.api.problems import Problem
from sightline.control.names import LIMITS
from sightline.records.access import ApiKey, Project, Scope


def _project(project: Project) -> dict[str, Any]:
    return {**asdict(project), "created_at": project.created_at.isoformat()}


async def list_projects(call: Call) -> Mapping[str, Any]:
    """The projects this caller may know of."""
    projects = await controlled(call.services.control.projects)
    caller = call.principal
    return {"projects": [_project(p) for p in projects if call.operator or caller.role_in(p.name)]}


async def create_project(call: Call) -> Mapping[str, Any]:
    """Make a project."""
    call.need_operator("Making a project")
    make = partial(call.services.control.create_project, **call.body, by=call.by)
    return _project(await controlled(make))


def _key(key: ApiKey) -> dict[str, Any]:
    times = {
        name: value.isoformat() if value else None
        for name, value in (
            ("created_at", key.created_at),
            ("last_used_at", key.last_used_at),
            ("revoked_at", key.revoked_at),
        )
    }
    terms = key.terms
    public = {"public": {"origins": list(terms.origins), **asdict(terms.limits)}} if terms else {}
    told = {"id": key.id, "project": key.project, "scope": key.scope.value, "label": key.label}
    return {**told, **times, **public, **({"key": key.text} if terms else {})}


async def list_keys(call: Call) -> Mapping[str, Any]:
    """The project's keys, without their secrets; a public key is none and is told."""
    keys = await controlled(partial(call.services.control.keys, call.project))
    return {"keys": [_key(key) for key in keys]}


async def create_key(call: Call) -> Mapping[str, Any]:
    """Make a key; its text is in this answer and nowhere else, except of a public key."""
    scope, label = call.body["scope"], call.body.get("label", "")
    make = partial(
        call.services.control.create_key, call.project, scope, label, by=call.by,
        origins=call.body.get("origins", ()), limits=_limits(call.body),
    )  # fmt: skip
    key, secret = await controlled(make)
    return {**_key(key), "key": secret}


async def change_key(call: Call) -> Mapping[str, Any]:
    """Change what binds a public key of the project; what is not named stays."""
    change = partial(
        call.services.control.change_public_key, call.request.path_params["key_id"], project=call.project,
        label=call.body.get("label"), origins=call.body.get("origins"), limits=_limits(call.body), by=call.by,
    )  # fmt: skip
    return _key(await controlled(change))


def _limits(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in LIMITS if name in body}


async def revoke_key(call: Call) -> Mapping[str, Any]:
    """End a key of the project."""
    key_id = call.request.path_params["key_id"]
    keys = await controlled(partial(call.services.control.keys, call.project))
    if not any(key.id == key_id for key in keys):
        raise Problem(404, f"There is no key {key_id[:80]!r} in project {call.project}.")
    return _key(await controlled(partial(call.services.control.revoke_key, key_id, by=call.by)))


OPERATIONS: tuple[Operation, ...] = (
    Operation("GET", "/projects", list_projects, "Projects", Scope.READ, shapes.PROJECTS),
    Operation(
        "POST",
        "/projects",
        create_project,
        "Make a project",
        Scope.ADMIN,
        shapes.PROJECT,
        body=shapes.PROJECT_BODY,
        status=201,
        failures=(409,),
    ),
    Operation(
        "GET",
        "/keys",
        list_keys,
        "Keys of the project",
        Scope.ADMIN,
        shapes.KEYS,
        parameters=(PROJECT,),
    ),
    Operation(
        "POST",
        "/keys",
        create_key,
        "Make a key, shown this once",
        Scope.ADMIN,
        shapes.NEW_KEY,
        body=shapes.KEY_BODY,
        parameters=(PROJECT,),
        status=201,
    ),
    Operation(
        "PATCH",
        "/keys/{key_id}",
        change_key,
        "Change a public key",
        Scope.ADMIN,
        shapes.KEY,
        body=shapes.KEY_CHANGE_BODY,
        parameters=(Parameter("key_id", "The key's public id.", shapes.TEXT, "path"), PROJECT),
    ),
    Operation(
        "DELETE",
        "/keys/{key_id}",
        revoke_key,
        "End a key",
        Scope.ADMIN,
        shapes.KEY,
        parameters=(Parameter("key_id", "The key's public id.", shapes.TEXT, "path"), PROJECT),
    ),
)
