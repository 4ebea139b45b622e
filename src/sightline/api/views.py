"""Saved views: whose they are, and their operations."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from sightline.api import shapes
from sightline.api.control import controlled
from sightline.api.operations import Call, Operation, Parameter
from sightline.api.parameters import PROJECT
from sightline.api.problems import Problem
from sightline.records.access import Principal, Scope
from sightline.records.people import Role
from sightline.records.views import SavedView

_VIEW = shapes.record(
    id=shapes.TEXT, name=shapes.TEXT, page=shapes.TEXT, query=shapes.TEXT, shared=shapes.FLAG,
    created_at=shapes.TEXT,
)  # fmt: skip
_BODY = shapes.strict(
    "name",
    "page",
    "query",
    name={"type": "string", "minLength": 1, "maxLength": 200},
    page={"type": "string", "minLength": 1, "maxLength": 31, "pattern": "^[a-z][a-z0-9-]*$"},
    query={"type": "string", "maxLength": 8000, "description": "The page's query string, without `?`."},
    shared={"type": "boolean", "description": "Everyone in the project sees it; editors may."},
)


def owner_of(principal: Principal) -> str | None:
    """Whose the views are that a reader saves for themselves; a key and an open server have none of their
    own."""
    return principal.person.id if principal.person else None


def may_share(principal: Principal, project: str) -> bool:
    """Whether a reader may save, change and delete what everyone sees."""
    role = Role.ADMIN if principal.open else principal.role_in(project)
    return role is not None and role.includes(Role.EDITOR)


def changeable(principal: Principal, view: SavedView) -> bool:
    """Whether a view is the reader's own, or everyone's and theirs to change."""
    if view.owner is None:
        return may_share(principal, view.project)
    return view.owner == owner_of(principal)


def _told(view: SavedView) -> dict[str, Any]:
    return {
        "id": view.id,
        "name": view.name,
        "page": view.page,
        "query": view.query,
        "shared": view.owner is None,
        "created_at": view.created_at.isoformat(),
    }


async def list_views(call: Call) -> Mapping[str, Any]:
    """Everyone's views of the project, and the reader's own."""
    found = await controlled(partial(call.services.control.views, call.project, owner_of(call.principal)))
    return {"views": [_told(view) for view in found]}


async def save_view(call: Call) -> Mapping[str, Any]:
    """Keep a view: for the person who asks, or for everyone."""
    owner = None if call.body.get("shared") else owner_of(call.principal)
    if owner is None and not may_share(call.principal, call.project):
        raise Problem(403, "A view that everyone sees needs an editor of the project, or an admin key.")
    body = call.body
    save = partial(
        call.services.control.save_view,
        call.project, body["name"], body["page"], body["query"], owner, by=call.by,
    )  # fmt: skip
    return _told(await controlled(save))


async def delete_view(call: Call) -> Mapping[str, Any]:
    """Forget a view."""
    control, view_id = call.services.control, call.request.path_params["view_id"]
    view = await controlled(partial(control.view, call.project, view_id))
    if not changeable(call.principal, view):
        # Views of someone else are nobody's business.
        if view.owner is not None:
            raise Problem(404, f"There is no saved view {view_id[:40]!r} in project {call.project}.")
        raise Problem(403, "A view that everyone sees needs an editor of the project, or an admin key.")
    await controlled(partial(control.delete_view, call.project, view_id, by=call.by))
    return _told(view)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/views",
        list_views,
        "Saved views",
        Scope.READ,
        shapes.record(views=shapes.listed(_VIEW)),
        parameters=(PROJECT,),
    ),
    Operation(
        "POST",
        "/views",
        save_view,
        "Save a view",
        Scope.READ,
        _VIEW,
        "A person saves it for themselves, with `shared` for everyone. A key's are for everyone.",
        body=_BODY,
        parameters=(PROJECT,),
        status=201,
    ),
    Operation(
        "DELETE",
        "/views/{view_id}",
        delete_view,
        "Delete a saved view",
        Scope.READ,
        _VIEW,
        parameters=(Parameter("view_id", "The view's id.", shapes.TEXT, "path"), PROJECT),
    ),
)
