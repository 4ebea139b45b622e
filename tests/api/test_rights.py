"""Every route of the application, asked by everyone: nobody gets further than the table of rights says.

The routes come from the application itself, so a new one that the table does not name fails here, and
the server does not start with it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.testclient import TestClient
from tests.api.api_server import TRACE, Server, serve

from sightline.api.operations import CHANGING, PREFIX
from sightline.api.rights import RIGHTS, Least, least, undeclared
from sightline.api.table import OPERATIONS
from sightline.catalog.prices import PriceBook
from sightline.control.passwords import Passwords
from sightline.control.presented import PLAIN_COOKIE
from sightline.control.stored_sessions import Origin
from sightline.control.tokens import csrf_of
from sightline.operations.health import health_routes
from sightline.operations.metrics import metrics_route
from sightline.pages.routes import not_found
from sightline.pages.routes import routes as page_routes
from sightline.pages.services import Intake, Running
from sightline.records.access import Scope
from sightline.settings import HttpSettings, Settings
from sightline.wire.http import routes as wire_routes

# Who each is in project alpha: the rights they reach.
REACH = {
    "stranger": {Least.ANYONE},
    "outsider": {Least.ANYONE, Least.PERSON},
    "reader": {Least.ANYONE, Least.PERSON, Least.READER},
    "editor": {Least.ANYONE, Least.PERSON, Least.READER, Least.EDITOR},
    "admin": {Least.ANYONE, Least.PERSON, Least.READER, Least.EDITOR, Least.ADMIN},
    "operator": set(Least) - {Least.SENDER, Least.KEY},
}


class Book:
    """The price list alone."""

    def __call__(self) -> PriceBook:
        """The book in force."""
        return PriceBook()

    def renew(self) -> None:
        """Own prices are not looked at here."""


async def ready() -> dict[str, str]:
    """Nothing is wrong."""
    return {}


@dataclass
class Town:
    """The whole application, and a browser's cookie for each kind of person."""

    server: Server
    client: TestClient
    routes: list[BaseRoute]
    tokens: dict[str, str]

    def ask(self, method: str, path: str, who: str, *, forged: bool = False, project: str = "alpha") -> Any:
        """One request to a route as somebody; `forged`: without what only our own pages know."""
        address = re.sub(r"\{project\}", project, path)
        address = re.sub(r"\{\w+(:path)?\}", TRACE, address)
        token = self.tokens.get(who, "")
        headers = {"cookie": f"{PLAIN_COOKIE}={token}"} if token else {}
        secret = "" if forged or not token else csrf_of(token)
        more: dict[str, Any] = {"params": {"project": project}}
        if method in CHANGING:
            if address.startswith(PREFIX):
                headers["x-csrf-token"] = secret
                more["json"] = {}
            else:
                more["data"] = {"csrf": secret, "project": project}
        self.client.cookies.clear()
        return self.client.request(method, address, headers=headers, **more)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    directory: Path = tmp_path_factory.mktemp("town")
    with serve(directory) as server:
        control, store = server.services.control, server.services.store
        control.__dict__["_passwords"] = Passwords(time_cost=1, memory_kib=8)
        control.add_person("operator@example.com")
        for role in ("reader", "editor", "admin"):
            control.add_person(f"{role}@example.com", roles={"alpha": role})
        control.add_person("outsider@example.com")
        tokens = {}
        for person in control.people():
            tokens[person.email.split("@")[0]] = control.start_session(person, Origin("", ""), 1e6)
        settings = SimpleNamespace(
            settings=Settings(), control=control, gate=server.services.gate, store=store,
            sql=server.services.sql,
            intake=lambda: Intake(), projects=lambda: [p.name for p in control.projects()],
            clock=lambda: 1_764_000_000 * 10**9, journal=server.services.journal, prices=Book(),
            running=Running(0, "all", ready), scrapes=None,
        )  # fmt: skip
        receiver: Any = SimpleNamespace(
            refused=lambda *_: None, in_flight=None, accept=lambda *_: pytest.fail("a cookie sent telemetry")
        )
        routes: list[BaseRoute] = [
            *health_routes({}), metrics_route([]),
            *wire_routes(receiver, server.services.gate, HttpSettings()),
            *server.app.routes, *page_routes(settings), not_found(settings),  # type: ignore[arg-type]
        ]  # fmt: skip
        with TestClient(
            Starlette(routes=routes), base_url="http://localhost", follow_redirects=False
        ) as client:
            yield Town(server, client, routes, tokens)


def test_every_route_is_in_the_table_and_the_table_has_no_other(town: Town) -> None:
    assert undeclared(town.routes) == []
    served = {
        f"{method} {route.path}"
        for route in town.routes
        if isinstance(route, Route) and route.methods
        for method in route.methods - {"HEAD", "OPTIONS"}
    }
    served |= {f"{o.method} {PREFIX}{o.path}" for o in OPERATIONS} | {f"GET {PREFIX}/openapi.json"}
    served |= {"GET /api", "GET /api/{rest:path}"}
    served |= {f"{method} /clickhouse{end}" for method in ("GET", "POST") for end in ("", "/")}
    assert served == set(RIGHTS)


def test_a_route_that_is_not_declared_is_noticed() -> None:
    async def endpoint(_: Any) -> Any: ...

    assert undeclared([Route("/new", endpoint, methods=["GET", "POST"])]) == ["GET /new", "POST /new"]
    assert undeclared([Route("/new", Starlette())]) == ["/new"]
    with pytest.raises(LookupError, match="GET /new is not in RIGHTS"):
        least("GET", "/new")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: f"{o.method} {o.path}")
def test_keys_and_people_need_the_like_of_it(operation: Any) -> None:
    needed = least(operation.method, PREFIX + operation.path)
    if operation.path.startswith("/scores") and needed is Least.EDITOR:
        # Programs that send telemetry send scores too.
        assert operation.scope is Scope.INGEST
        return
    assert operation.scope is {Least.ANYONE: None, Least.READER: Scope.READ}.get(needed, Scope.ADMIN)


@pytest.mark.parametrize("who", REACH)
@pytest.mark.parametrize("route", RIGHTS)
def test_nobody_gets_further_than_the_table_says(town: Town, route: str, who: str) -> None:
    method, path = route.split(" ", 1)
    needed = RIGHTS[route]
    if route == "POST /logout" and who != "stranger":
        return  # would end the session that the next test needs; tests/pages/test_entrance.py has it
    if who == "operator" and "/settings/" in path and method == "POST":
        return  # may do all of it; what that does is in tests/pages/test_people_page.py
    answer = town.ask(method, path, who)
    let_in = needed in REACH[who]
    if needed in {Least.SENDER, Least.KEY}:
        assert answer.status_code in {401, 415}
    elif let_in:
        assert answer.status_code not in {401, 403} or (route == "POST /login" and answer.status_code == 403)
        if path.startswith("/p/") or path in {"/settings/people", "/settings/me"}:
            assert answer.status_code in {200, 302, 303, 404, 422}
    elif who == "stranger":
        assert answer.status_code in {401, 302, 303}
        if answer.status_code != 401:
            assert answer.headers["location"].startswith("/login")
    else:
        assert answer.status_code == 403


READING = {f"{o.method} {PREFIX}{o.path}" for o in OPERATIONS if o.method in CHANGING and not o.changes}


@pytest.mark.parametrize("route", sorted(READING))
def test_what_only_reads_needs_no_token_and_still_is_for_our_own_pages(town: Town, route: str) -> None:
    method, path = route.split(" ", 1)
    assert RIGHTS[route] is Least.READER
    assert town.ask(method, path, "reader", forged=True).status_code == 422  # its body is wrong, no more
    cookie = {"cookie": f"{PLAIN_COOKIE}={town.tokens['reader']}"}
    for foreign in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        answer = town.client.request(method, path, headers=cookie | foreign, json={})
        assert answer.status_code == 403


@pytest.mark.parametrize("route", [r for r in RIGHTS if r.split()[0] in CHANGING and r not in READING])
def test_nothing_changes_without_the_token_of_the_session(town: Town, route: str) -> None:
    method, path = route.split(" ", 1)
    if RIGHTS[route] in {Least.SENDER, Least.KEY} or path in {"/login", "/set-password"}:
        return  # no cookie counts there; what does is tested with them
    answer = town.ask(method, path, "operator", forged=True)
    assert answer.status_code == 403
    assert "session" in answer.text or "x-csrf-token" in answer.text


@pytest.mark.parametrize("route", [r for r in RIGHTS if "{project}" in r or r.split()[1].startswith(PREFIX)])
def test_a_role_in_one_project_opens_no_other(town: Town, route: str) -> None:
    method, path = route.split(" ", 1)
    if RIGHTS[route] is Least.ANYONE:
        return
    there = town.ask(method, path, "admin", project="beta")
    nowhere = town.ask(method, path, "admin", project="gamma")
    if RIGHTS[route] is Least.OPERATOR:
        assert there.status_code == 403
        return
    assert there.status_code == nowhere.status_code == 403
    assert "secret" not in there.text
    assert there.text.replace("beta", "gamma") == nowhere.text, "nobody learns which projects exist"


@pytest.mark.parametrize("where", ["bearer", "x-api-key", "address", "basic"])
@pytest.mark.parametrize("route", RIGHTS)
def test_a_public_key_opens_nothing_but_the_way_in(town: Town, route: str, where: str) -> None:
    control, (method, path) = town.server.services.control, route.split(" ", 1)
    site = "https://app.example"
    _, text = control.create_key("alpha", "public", origins=[site])
    address = re.sub(r"\{\w+(:path)?\}", TRACE, path.replace("{project}", "alpha"))
    basic = base64.b64encode(f"x:{text}".encode()).decode()
    headers = {
        "bearer": {"authorization": f"Bearer {text}"},
        "x-api-key": {"x-api-key": text},
        "address": {},
        "basic": {"authorization": f"Basic {basic}"},
    }[where]
    params = {"project": "alpha"} | ({"key": text} if where == "address" else {})
    more: dict[str, Any] = {"json": {}} if method in CHANGING else {}
    town.client.cookies.clear()
    origins = [{}, {"origin": "http://localhost"}]
    if not path.endswith(("/v1/traces", "/v1/logs")):
        origins.append({"origin": site})  # there it opens; tests/wire/test_public_door.py has it
    for origin in origins:
        answer = town.client.request(method, address, headers=headers | origin, params=params, **more)
        if RIGHTS[route] is Least.ANYONE:
            assert answer.status_code != 500
        else:
            left = answer.status_code in {302, 303} and answer.headers["location"].startswith("/login")
            assert answer.status_code in {401, 403} or left
    assert control.audit("alpha")[0].action == "key.create"


def test_a_person_works_with_the_api_as_their_role(town: Town) -> None:
    names = [p["name"] for p in town.ask("GET", "/api/v1/projects", "reader").json()["projects"]]
    assert names == ["alpha"]
    assert "beta" in town.ask("GET", "/api/v1/projects", "operator").text
    made = town.client.post(
        "/api/v1/keys?project=alpha",
        json={"scope": "read", "label": "by hand"},
        headers={
            "cookie": f"{PLAIN_COOKIE}={town.tokens['admin']}",
            "x-csrf-token": csrf_of(town.tokens["admin"]),
        },
    )
    assert made.status_code == 201
    assert town.server.services.control.audit("alpha")[0].actor == "person:admin@example.com"
    assert town.ask("GET", "/api/v1/traces", "operator", project="gamma").status_code == 404
