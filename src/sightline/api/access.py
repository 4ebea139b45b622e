"""Who calls, for which project, and whether a page of another site is behind it."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from sightline.api.operations import CHANGING, Operation
from sightline.api.problems import Problem, unavailable
from sightline.api.services import ApiServices
from sightline.control.errors import ControlError, ControlUnavailable
from sightline.control.gate import AccessDenied, origin_allowed, require
from sightline.records.access import DEFAULT_PROJECT, Principal, Scope

NOBODY = Principal(DEFAULT_PROJECT, frozenset(), None)


async def admit(request: Request, operation: Operation, services: ApiServices) -> tuple[Principal, str, bool]:
    """The principal, the project, and whether it may act for every project.

    Raises Problem 401, 403, 404 or 503.
    """
    if operation.method in CHANGING:
        _same_site(request)
    if operation.scope is None:
        return NOBODY, DEFAULT_PROJECT, False
    try:
        principal = await run_in_threadpool(services.gate.authenticate, request.headers)
        wanted = request.query_params.get("project") or None
        if principal.key_id is None and wanted is not None:
            # Nobody needs a key here, so every project is open to choose.
            require(principal, operation.scope)
            return principal, await _existing(services, wanted), principal.may(Scope.ADMIN)
        require(principal, operation.scope, wanted)
    except AccessDenied as error:
        raise _denied(error) from error
    request.state.principal = principal  # whose request it was, for self-tracing
    operator = principal.may(Scope.ADMIN) and (
        principal.key_id is None or principal.project == DEFAULT_PROJECT
    )
    return principal, principal.project, operator


def _denied(error: AccessDenied) -> Problem:
    if error.status == 503:
        return unavailable(error.message)
    headers = {"WWW-Authenticate": 'Bearer realm="sightline"'} if error.status == 401 else {}
    return Problem(error.status, error.message, headers=headers)


async def _existing(services: ApiServices, name: str) -> str:
    try:
        project = await run_in_threadpool(services.control.project, name)
    except ControlUnavailable as error:
        raise unavailable(str(error)) from error
    except ControlError as error:
        raise Problem(404, str(error)) from error
    if project is None:
        raise Problem(404, f"There is no project {name[:80]!r}.")
    return project.name


def _same_site(request: Request) -> None:
    """Pages of other sites may not change anything, whatever a browser adds to their requests by itself."""
    origin, host = request.headers.get("origin"), request.headers.get("host")
    fetch_site = request.headers.get("sec-fetch-site", "none")
    if not origin_allowed(origin, host, ()) or fetch_site not in {"none", "same-origin"}:
        raise Problem(403, "Pages of other sites may not use this address.")
