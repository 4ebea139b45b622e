"""Pages with real people behind a real gate, for tests and pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from pages_parts import Book, Parts, Waiting
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sightline.control.control import Control
from sightline.control.gate import Gate
from sightline.control.passwords import Passwords
from sightline.pages.routes import not_found, routes
from sightline.settings import Settings
from sightline.store.store import Store

PASSWORD = "four words are good"
BASE = "http://localhost:4318"
ANN, BOB, EVE, ZOE = (f"{name}@example.com" for name in ("ann", "bob", "eve", "zoe"))


@contextmanager
def inhabited(store: Store, directory: Path) -> Iterator[Parts]:
    """Pages with ann (server administrator), bob (admin of talk, reader of default), eve (editor of talk)
    and zoe, who has no role. All have the same password."""
    control = Control(f"sqlite:///{directory}/control.db", passwords=Passwords(time_cost=1, memory_kib=8))
    control.migrate()
    control.create_project("talk")
    control.create_project("empty")
    control.add_person(ANN, "Ann Archer")
    control.add_person(BOB, "Bob", roles={"talk": "admin", "default": "reader"})
    control.add_person(EVE, roles={"talk": "editor"})
    control.add_person(ZOE)
    for email in (ANN, BOB, EVE, ZOE):
        control.use_link(control.make_link(email)[1], PASSWORD)
    gate = Gate(control, loopback=True)
    names = lambda: [p.name for p in control.projects()]  # noqa: E731
    try:
        yield Parts(
            store,
            control,
            gate=gate,  # type: ignore[arg-type]
            settings=Settings(data=directory),
            projects=names,
            prices=Book(control),
            journal=Waiting(directory / "journal"),
        )
    finally:
        gate.close()
        control.close()


class Visitor:
    """A browser without scripts: keeps cookies, sends forms as they stand on a page."""

    def __init__(self, parts: Parts, base: str = BASE) -> None:
        app = Starlette(routes=[*routes(parts), not_found(parts)])
        self.client = TestClient(app, base_url=base, follow_redirects=False)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.client.get(path, **more)

    def post(self, path: str, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
        return self.client.post(path, data=fields, headers=headers)

    def sign_in(self, email: str, password: str = PASSWORD, **more: str) -> httpx.Response:
        return self.post("/login", email=email, password=password, **more)

    def token(self, path: str = "/settings/me") -> str:
        """The token that the forms of this session bring."""
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get(path).text)
        assert found
        return found[1]


def signed_in(parts: Parts, email: str) -> Visitor:
    """A browser in which somebody has signed in."""
    visitor = Visitor(parts)
    assert visitor.sign_in(email).status_code == 303
    return visitor
