from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.operations.server_thread import serving

from sightline.operations.client import Server
from sightline.operations.findings import Finding, Level
from sightline.operations.sender_checks import senders


def account(state: str, says: str = "") -> dict[str, Any]:
    return {"state": state, "says": says or state, "missing": 0, "stored": 1, "numbers": None, "report": None}


def sender(service: str | None, spans: str, logs: str | None = None, says: str = "") -> dict[str, Any]:
    return {"service": service, "spans": account(spans, says), "logs": logs and account(logs)}


def asked(answer: Any, status: int = 200) -> list[Finding]:
    async def give(request: Request) -> Response:
        assert request.query_params["since"] == "-24h"
        return JSONResponse(answer, status)

    with serving([Route("/api/v1/senders", give)]) as url:
        return list(senders(Server(url)))


@pytest.mark.parametrize(
    ("given", "level", "what"),
    [
        ([], Level.OK, "nobody sent anything in 24 hours"),
        ([sender("a", "unnumbered")], Level.OK, "1 sender in 24 hours, none of which numbers what it sends"),
        (
            [sender("a", "complete", "waiting"), sender("b", "unnumbered", "unnumbered")],
            Level.OK,
            "nothing is missing of 1 of 2 senders that number what they send",
        ),
        (
            [sender("a", "dropped", says="5 dropped"), sender(None, "missing", says="3 of 9 are missing")],
            Level.WARN,
            "a sender without a name: 3 of 9 are missing; a: 5 dropped",
        ),
        (
            [sender(str(n), "missing", says="gone") for n in range(5)],
            Level.WARN,
            "0: gone; 1: gone; 2: gone; and 2 more",
        ),
    ],
)
def test_who_lost_something_is_named(given: list[Any], level: Level, what: str) -> None:
    (found,) = asked({"project": "shop", "senders": given})
    assert (found.name, found.level, found.what) == ("senders", level, what)
    assert found.level is Level.OK or "/p/shop/senders" in found.todo


def test_what_cannot_be_read_says_nothing() -> None:
    assert asked({"detail": "no"}, 403) == []
    assert asked([1]) == []
    assert list(senders(Server("http://127.0.0.1:1"))) == []
