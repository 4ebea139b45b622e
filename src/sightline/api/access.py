"""Who calls, for which project, and whether a page of another site is behind it."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from sightline.api.forgery import HEADER, same_site, token_fits
from sightline.api.operations import CHANGING, PREFIX, Operation
from sightline.api.problems import Problem, unavailable
from sightline.api.rights import Least, allow, least
from sightline.api.services import ApiServices
from sightline.control.errors import ControlError, ControlUnavailable
from sightline.control.gate import AccessDenied, require
from sightline.records.access import DEFAULT_PROJECT, Principal

NOBODY = Principal(DEFAULT_PROJECT, frozenset(), None)


async def admit(request: Request, operation: Operation, services: ApiServices) -> tuple[Principal, str, bool]:
    """The principal, the project, and whether it may act for every project.

    Raises Problem 401, 403, 404 or 503.
    """
    # Also what only reads comes with a method that pages of other sites could send by themselves.
    if operation.method in CHANGING and not same_site(request.headers):
        raise Problem(403, "Pages of other sites may not use this address.")
    needed = least(operation.method, PREFIX + operation.path)
    if needed is Least.ANYONE or operation.scope is None:
        return NOBODY, DEFAULT_PROJECT, False
    try:
        principal = await run_in_threadpool(services.gate.identify, request.headers)
        wanted = request.query_params.get("project") or None
        if operation.changes and not token_fits(principal, request.headers.get(HEADER, "")):
            raise Problem(
                403,
                f"A change with the cookie of a browser needs its token in {HEADER}; or send a key instead.",
            )
        if principal.person is not None:
            principal = allow(principal, needed, wanted)
        elif principal.open:
            # Nobody needs a key here, so every project is open to choose.
            require(principal, operation.scope)
        else:
            require(principal, operation.scope, wanted)
    except AccessDenied as error:
        raise _denied(error) from error
    project = principal.project
    if wanted is not None and (principal.open or principal.operator):
        project = await _existing(services, wanted)
        principal = principal.within(project)
    request.state.principal = principal  # whose request it was, for self-tracing
    return principal, project, principal.operator


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
