"""The API on HTTP: one endpoint for each path, and a problem for everything else below `/api`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Send
from starlette.types import Scope as ASGIScope

from sightline.api.access import admit
from sightline.api.openapi import document
from sightline.api.operations import PREFIX, Call, Operation
from sightline.api.problems import Problem
from sightline.api.schemas import check, read_json
from sightline.api.services import ApiServices
from sightline.api.table import OPERATIONS

log = structlog.get_logger(__name__)
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def routes(services: ApiServices) -> list[BaseRoute]:
    """Every route of the API. The last one answers whatever else is asked below `/api`."""
    by_path: dict[str, dict[str, Operation]] = defaultdict(dict)
    for operation in OPERATIONS:
        by_path[operation.path][operation.method] = operation
    found: list[BaseRoute] = [
        Route(PREFIX + path, _Path(services, methods)) for path, methods in by_path.items()
    ]
    found.append(Route(f"{PREFIX}/openapi.json", _Document()))
    nothing = _Nothing()
    found += [Route("/api", nothing), Route("/api/{rest:path}", nothing)]
    return found


def _answer(content: Mapping[str, Any], status: int = 200) -> Response:
    body = orjson.dumps(content, default=_plain, option=orjson.OPT_NON_STR_KEYS)
    return Response(body, status, _HEADERS, media_type="application/json")


def _plain(value: Any) -> Any:
    """What orjson does not know by itself."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


class _Endpoint:
    """An ASGI application that answers problems as problems, also those nobody foresaw."""

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        try:
            response = await self.respond(request)
        except Problem as problem:
            response = problem.response(request.url.path)
        except Exception:
            log.exception("api_failed", method=request.method, path=request.url.path)
            failure = Problem(500, "The server failed at this request; its log says why.")
            response = failure.response(request.url.path)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        await response(scope, receive, send)

    async def respond(self, request: Request) -> Response:
        """Answer, or raise a Problem."""
        raise NotImplementedError


def _wrong_method(request: Request, methods: list[str]) -> Response:
    allowed = ", ".join(sorted({*methods, "OPTIONS", *(["HEAD"] if "GET" in methods else [])}))
    if request.method == "OPTIONS":
        return Response(status_code=204, headers={"Allow": allowed})
    raise Problem(
        405, f"{request.method} is not possible here; possible are {allowed}.", headers={"Allow": allowed}
    )


class _Path(_Endpoint):
    """All operations of one path."""

    def __init__(self, services: ApiServices, methods: Mapping[str, Operation]) -> None:
        self._services = services
        self._methods = methods

    async def respond(self, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        operation = self._methods.get(method)
        if operation is None:
            return _wrong_method(request, list(self._methods))
        principal, project, operator = await admit(request, operation, self._services)
        body = None
        if operation.body is not None:
            body = await read_json(request)
            check(body, operation.body)
        call = Call(request, self._services, principal, project, operator, body)
        answer = await operation.handler(call)
        return answer if isinstance(answer, Response) else _answer(answer, operation.status)


class _Document(_Endpoint):
    """The OpenAPI document, open to everyone: it tells nothing about this server's data."""

    async def respond(self, request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            return _wrong_method(request, ["GET"])
        return _answer(document(OPERATIONS))


class _Nothing(_Endpoint):
    """Whatever has no address."""

    async def respond(self, request: Request) -> Response:
        raise Problem(404, f"There is nothing at {request.url.path[:200]}; see {PREFIX}/openapi.json.")
