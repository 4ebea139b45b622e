"""`/healthz` (the process lives) and `/readyz` (it accepts and answers), for probes and load balancers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

Check = Callable[[], Awaitable[str | None]]
"""None when all is well, else the reason in words fit for an unknown reader (no paths, no secrets)."""
CHECK_SECONDS = 2.0
_log = structlog.get_logger(__name__)
_HEADERS = {"cache-control": "no-store"}


async def failing(checks: Mapping[str, Check], seconds: float = CHECK_SECONDS) -> dict[str, str]:
    """Run all checks side by side and return the reasons of those that fail or do not answer in time."""

    async def reason(name: str, check: Check) -> str | None:
        try:
            async with asyncio.timeout(seconds):
                return await check()
        except TimeoutError:
            return f"no answer within {seconds:g} s"
        except Exception:  # a border: a check that breaks is a reason, and its details belong in the log
            _log.exception("readiness check failed", check=name)
            return "the check itself failed; see the log"

    reasons = await asyncio.gather(*(reason(name, check) for name, check in checks.items()))
    return {name: why for name, why in zip(checks, reasons, strict=True) if why}


def health_routes(checks: Mapping[str, Check], seconds: float = CHECK_SECONDS) -> list[Route]:
    """The two routes. `checks` may be filled later: it is read at each request.

    `/healthz`: 200 `{"status": "ok", "server": "sightline"}` as long as the process answers.
    `/readyz`: the same, or 503 with `{"status": "unavailable", …, "reasons": {name: why}}` and `Retry-After`.
    """

    async def healthz(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok", "server": "sightline"}, headers=_HEADERS)

    async def readyz(_: Request) -> JSONResponse:
        reasons = await failing(checks, seconds)
        if reasons:
            body = {"status": "unavailable", "server": "sightline", "reasons": reasons}
            return JSONResponse(body, status_code=503, headers={**_HEADERS, "retry-after": "1"})
        return JSONResponse({"status": "ok", "server": "sightline"}, headers=_HEADERS)

    return [
        Route("/healthz", healthz, methods=["GET"], name="healthz"),
        Route("/readyz", readyz, methods=["GET"], name="readyz"),
    ]
