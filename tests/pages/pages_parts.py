"""What the pages need, each part replaceable."""

from __future__ import annotations

import atexit
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

import pages_story as story
import uvicorn
from starlette.applications import Starlette

from sightline.control.control import Control
from sightline.pages.routes import not_found, routes
from sightline.pages.services import Intake
from sightline.query.sql_endpoint import SqlEndpoint
from sightline.records.access import DEFAULT_PROJECT, Principal, Scope
from sightline.settings import Settings
from sightline.store.store import Store

OPEN = Principal(DEFAULT_PROJECT, frozenset(Scope), None)


@dataclass
class OpenGate:
    """Nobody needs a key, as on loopback without keys."""

    principal: Principal = OPEN

    def identify(self, headers: Mapping[str, str]) -> Principal:
        """Everyone is the same."""
        return self.principal


@cache
def empty_control() -> Control:
    """A control database without people and keys, one for all tests that need no more."""
    folder = tempfile.TemporaryDirectory()
    made = Control(f"sqlite:///{folder.name}/control.db")
    made.migrate()
    atexit.register(folder.cleanup)
    atexit.register(made.close)
    return made


@dataclass
class Parts:
    """Everything the pages need, each part replaceable."""

    store: Store
    control: Control = field(default_factory=empty_control)
    gate: OpenGate = field(default_factory=OpenGate)
    settings: Settings = field(default_factory=Settings)
    sql: SqlEndpoint = None  # type: ignore[assignment]
    intake: Callable[[], Intake] = lambda: Intake(612.0, 1.2, 0, 5, 0, "")
    projects: Callable[[], Sequence[str]] = lambda: ["default", "empty", "hostile", "talk"]
    clock: Callable[[], int] = lambda: story.NOW


class _Server(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answering = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        self.answering.set()


@contextmanager
def serving(parts: Parts) -> Iterator[str]:
    """The pages on a free port of loopback; gives their address."""
    app = Starlette(routes=[*routes(parts), not_found(parts)])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = _Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            if not server.answering.wait(20):
                raise TimeoutError("the pages did not start within 20 s")
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
