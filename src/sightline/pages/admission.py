"""Before a page's own code runs: who asks, whether their role is enough, whether the page is one of ours."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from sightline.api.forgery import FIELD, same_site, token_fits
from sightline.api.operations import CHANGING
from sightline.api.rights import Least, allow
from sightline.control.gate import AccessDenied
from sightline.pages.answers import Refused, form
from sightline.pages.services import Services
from sightline.records.access import Principal


async def admit(request: Request, needed: Least, services: Services) -> None:
    """Let a request through to its page (raises AccessDenied, Refused); `principal_of` tells who it is."""
    changing = request.method in CHANGING
    if changing and not same_site(request.headers):
        raise AccessDenied(403, "Pages of other sites may not use this address.")
    if needed is Least.ANYONE:
        return
    request.state.principal = principal = await identify(request, services)
    if changing:
        await check_token(request, principal)
    project = request.path_params.get("project")
    request.state.principal = allow(principal, needed, project, anywhere=project is None)


async def identify(request: Request, services: Services) -> Principal:
    """Who asks, whatever they may do. Raises AccessDenied."""
    return await run_in_threadpool(services.gate.identify, dict(request.headers))


async def check_token(request: Request, principal: Principal) -> None:
    """Refuse a form without the token of its session: it is old, or from a page that is not ours."""
    if not token_fits(principal, (await form(request)).get(FIELD, "")):
        raise Refused(
            403,
            "This form is from another session",
            "Nothing was changed. Open the page anew, then send it again.",
        )


def principal_of(request: Request) -> Principal:
    """Who `admit` let through."""
    found: Principal = request.state.principal
    return found
