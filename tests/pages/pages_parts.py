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
from pathlib import Path

import pages_story as story
import uvicorn
from starlette.applications import Starlette

from sightline.catalog.own_prices import own_price
from sightline.catalog.prices import PriceBook
from sightline.control.control import Control
from sightline.control.public_use import PublicUses
from sightline.journal.disk import Disk
from sightline.journal.quarantine import Entry, Quarantine
from sightline.journal.segment import JournalStats, Layout
from sightline.pages.routes import not_found, routes
from sightline.pages.services import Intake, Running
from sightline.query.scrape_keeper import ScrapeKeeper
from sightline.query.sql_endpoint import SqlEndpoint
from sightline.records.access import DEFAULT_PROJECT, Principal, Scope
from sightline.settings import Settings
from sightline.store.store import Store

OPEN = Principal(DEFAULT_PROJECT, frozenset(Scope), None)


@dataclass
class OpenGate:
    """Nobody needs a key, as on loopback without keys."""

    principal: Principal = OPEN
    public: PublicUses = field(default_factory=PublicUses)

    def identify(self, headers: Mapping[str, str]) -> Principal:
        """Everyone is the same."""
        return self.principal


class Book:
    """The price book with own prices of a control database, as the wiring keeps it."""

    def __init__(self, control: Control | None = None) -> None:
        self.control = control
        self.renew()

    def __call__(self) -> PriceBook:
        """The book in force."""
        return self._book

    def renew(self) -> None:
        """Read own prices again."""
        entries = self.control.prices() if self.control else []
        self._book = PriceBook(own=[own_price(e.as_file_entry(), project=e.project) for e in entries])


class Waiting:
    """A real quarantine in a folder, beside numbers of a journal."""

    def __init__(self, folder: Path | None = None) -> None:
        layout = Layout(folder or Path(tempfile.gettempdir()) / "no-such-journal")
        self.layout, self.quarantine = layout, Quarantine(layout, Disk(), lambda: story.NOW)
        self.numbers = JournalStats(4_200_000, 3, 1000, 0.4, 12, 80_000_000, 0, 2, 0, 0)

    def stats(self) -> JournalStats:
        """The numbers of this moment."""
        return self.numbers

    def quarantined(self) -> list[Entry]:
        """What is in quarantine."""
        return self.quarantine.entries()

    def requeue(self, entry_id: str) -> None:
        """Give a record back."""
        self.quarantine.requeue(entry_id)

    def discard(self, entry_id: str) -> None:
        """Remove an entry."""
        self.quarantine.discard(entry_id)


async def ready() -> Mapping[str, str]:
    """All checks are well."""
    return {"journal": "", "store": "", "digest": ""}


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
    prices: Book = field(default_factory=Book)
    journal: Waiting = field(default_factory=Waiting)
    scrapes: ScrapeKeeper | None = None
    running: Running = field(default_factory=lambda: Running(story.NOW - 7_384 * story.S, "all", ready))


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
