"""The OpenAPI 3.1 document, written from the table of operations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from sightline import __version__
from sightline.api import shapes
from sightline.api.forgery import HEADER
from sightline.api.operations import PREFIX, Operation, Parameter
from sightline.api.problems import MEDIA_TYPE
from sightline.control.presented import SECURE_COOKIE

_ALWAYS = (401, 403, 404, 422, 429, 503)
_WITH_BODY = (400, 413, 415)
_KIND = re.compile(r":\w+}")


def plain(path: str) -> str:
    """A path without what only the router needs to know of its parameters."""
    return _KIND.sub("}", path)


def document(topics: Mapping[str, Iterable[Operation]]) -> dict[str, Any]:
    """The whole document; each operation has its topic as a tag."""
    paths: dict[str, dict[str, Any]] = {}
    for topic, operations in topics.items():
        for one in operations:
            methods = paths.setdefault(PREFIX + plain(one.path), {})
            methods[one.method.lower()] = {"tags": [topic], **_operation(one)}
    paths[f"{PREFIX}/openapi.json"] = {
        "get": {
            "operationId": "get_openapi_json",
            "tags": ["Server"],
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
        "tags": [{"name": topic} for topic in topics],
        "paths": paths,
        "components": {
            "schemas": {"Problem": shapes.PROBLEM},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "x-api-key"},
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": SECURE_COOKIE,
                    "description": "A person who is signed in; changes bring the session's token in"
                    f" {HEADER}.",
                },
            },
        },
        "security": [{"bearer": []}, {"header": []}, {"cookie": []}],
    }


def _operation(operation: Operation) -> dict[str, Any]:
    failures = {*_ALWAYS, *operation.failures, *(_WITH_BODY if operation.body is not None else ())}
    responses: dict[str, Any] = {
        str(operation.status): _json(operation.summary, operation.answer, operation.media_type)
    }
    for status in sorted(failures):
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": content}
    if operation.caching != "no-store":
        responses["304"] = {"description": "What If-None-Match names is what there is."}
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
    found = {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "description": parameter.description,
        "schema": parameter.schema,
    }
    return found | ({"example": parameter.example} if parameter.example else {})


def _json(
    description: str, schema: Mapping[str, Any], media_type: str = "application/json"
) -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"schema": schema}}}
