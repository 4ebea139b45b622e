"""`/healthz` and `/readyz`."""

from __future__ import annotations

import asyncio

from starlette.applications import Starlette
from starlette.testclient import TestClient

from sightline.operations.health import Check, health_routes


async def fine() -> str | None:
    return None


async def full() -> str | None:
    return "the backlog is full"


async def hangs() -> str | None:
    await asyncio.Event().wait()
    return None


async def breaks() -> str | None:
    raise RuntimeError("secret detail /path")


def client(checks: dict[str, Check], seconds: float = 2.0) -> TestClient:
    return TestClient(Starlette(routes=health_routes(checks, seconds)))


def test_a_living_process_is_healthy_even_when_it_is_not_ready() -> None:
    answer = client({"journal": full}).get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "server": "sightline"})


def test_ready_when_every_check_says_so() -> None:
    answer = client({"journal": fine, "store": fine}).get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "server": "sightline"})


def test_not_ready_names_every_reason() -> None:
    answer = client({"journal": full, "store": fine, "control": breaks}).get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json() == {
        "status": "unavailable",
        "server": "sightline",
        "reasons": {
            "journal": "the backlog is full",
            "control": "the check itself failed; see the log",
        },
    }


def test_a_check_that_hangs_is_a_reason() -> None:
    answer = client({"store": hangs}, seconds=0.01).get("/readyz")
    assert answer.json()["reasons"] == {"store": "no answer within 0.01 s"}


def test_checks_may_be_added_while_it_runs() -> None:
    checks: dict[str, Check] = {}
    probe = client(checks)
    assert probe.get("/readyz").status_code == 200
    checks["shutdown"] = full
    assert probe.get("/readyz").status_code == 503
