"""The OpenAPI 3.1 document, written from the table of operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from sightline import __version__
from sightline.api import shapes
from sightline.api.operations import PREFIX, Operation, Parameter
from sightline.api.problems import MEDIA_TYPE

_ALWAYS = (401, 403, 404, 422, 503)
_WITH_BODY = (400, 413, 415)


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(PREFIX + operation.path, {})[operation.method.lower()] = _operation(operation)
    paths[f"{PREFIX}/openapi.json"] = {
        "get": {
            "operationId": "get_openapi_json",
            "summary": "This document",
            "security": [],
            "responses": {"200": _json("OpenAPI 3.1.", shapes.ANYTHING)},
        }
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sightline",
            "version": __version__,
            "description": "Failures are RFC 9457 problems. On loopback without keys none is needed.",
        },
        "paths": paths,
        "components": {
            "schemas": {"Problem": shapes.PROBLEM},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
        },
        "security": [{"bearer": []}, {"header": []}],
    }


def _operation(operation: Operation) -> dict[str, Any]:
    failures = {*_ALWAYS, *operation.failures, *(_WITH_BODY if operation.body is not None else ())}
    responses: dict[str, Any] = {
        str(operation.status): _json(operation.summary, operation.answer, operation.media_type)
    }
    for status in sorted(failures):
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": content}
    found: dict[str, Any] = {
        "operationId": operation.handler.__name__,
        "summary": operation.summary,
        "responses": responses,
    }
    scope = f"Needs a key of scope {operation.scope.value} or admin." if operation.scope else ""
    if text := " ".join(filter(None, (operation.description, scope))):
        found["description"] = text
    if operation.parameters:
        found["parameters"] = [_parameter(parameter) for parameter in operation.parameters]
    if operation.body is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": operation.body}}}
    return found


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "description": parameter.description,
        "schema": parameter.schema,
    }


def _json(
    description: str, schema: Mapping[str, Any], media_type: str = "application/json"
) -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"schema": schema}}}
