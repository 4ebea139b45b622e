"""What a project means by the names of its scores."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from sightline.api import shapes
from sightline.api.control import controlled
from sightline.api.operations import Call, Operation, Parameter
from sightline.api.parameters import PROJECT
from sightline.records.access import Scope
from sightline.records.scores import DataType, Direction, ScoreDefinition

_TYPE = {"type": "string", "enum": [str(kind) for kind in DataType]}
_DIRECTION = {
    "type": "string",
    "enum": [str(direction) for direction in Direction],
    "description": "Which values are better; empty: nothing says so, and no colour does.",
}
DEFINITION = shapes.record(
    name=shapes.TEXT, data_type=_TYPE, description=shapes.TEXT, min=shapes.MAYBE_NUMBER,
    max=shapes.MAYBE_NUMBER, direction=_DIRECTION, categories=shapes.listed(shapes.TEXT),
    archived=shapes.FLAG, created_at=shapes.TEXT, updated_at=shapes.TEXT,
)  # fmt: skip
_BODY = shapes.shown(
    shapes.strict(
        "data_type",
        data_type=_TYPE,
        description={"type": "string", "maxLength": 1000},
        min=shapes.MAYBE_NUMBER,
        max=shapes.MAYBE_NUMBER,
        direction=_DIRECTION,
        categories=shapes.listed({"type": "string", "minLength": 1, "maxLength": 200}),
        archived=shapes.FLAG,
    ),
    data_type="numeric",
    min=0,
    max=1,
    direction="higher",
)


def _told(one: ScoreDefinition) -> dict[str, Any]:
    return {
        "name": one.name,
        "data_type": str(one.data_type),
        "description": one.description,
        "min": one.low,
        "max": one.high,
        "direction": str(one.direction),
        "categories": list(one.categories),
        "archived": one.archived,
        "created_at": one.created_at.isoformat(),
        "updated_at": one.updated_at.isoformat(),
    }


async def list_definitions(call: Call) -> Mapping[str, Any]:
    """The project's definitions, archived ones too."""
    found = await controlled(partial(call.services.control.score_definitions, call.project))
    return {"definitions": [_told(one) for one in found]}


async def define(call: Call) -> Mapping[str, Any]:
    """Say what a name means, or say it anew."""
    body = call.body
    save = partial(
        call.services.control.define_score,
        call.project, call.request.path_params["name"], body["data_type"],
        description=body.get("description", ""), low=body.get("min"), high=body.get("max"),
        direction=body.get("direction", ""), categories=body.get("categories", ()),
        archived=body.get("archived", False), by=call.by,
    )  # fmt: skip
    return _told(await controlled(save))


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/score-definitions",
        list_definitions,
        "Definitions of scores",
        Scope.READ,
        shapes.record(definitions=shapes.listed(DEFINITION)),
        parameters=(PROJECT,),
    ),
    Operation(
        "PUT",
        "/score-definitions/{name:path}",
        define,
        "Define a score",
        Scope.ADMIN,
        DEFINITION,
        "What is not said is as if it had never been said. Scores that do not fit are refused by this API,"
        " and marked where telemetry brings them.",
        body=_BODY,
        parameters=(Parameter("name", "The score's name.", shapes.TEXT, "path"), PROJECT),
    ),
)
