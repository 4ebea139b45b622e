"""A real store with the help desk in it, and the pages over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sightline.pages.routes import not_found, routes
from sightline.pages.services import Intake
from sightline.records.access import DEFAULT_PROJECT, Principal, Scope
from sightline.settings import Settings, StoreSettings
from sightline.store import schema
from sightline.store.store import Store, embedded_url
import pages_story as story

OPEN = Principal(DEFAULT_PROJECT, frozenset(Scope), None)


@dataclass
class OpenGate:
    """Nobody needs a key, as on loopback without keys."""

    principal: Principal = OPEN

    def authenticate(self, headers: Mapping[str, str]) -> Principal:
        """Everyone is the same."""
        return self.principal


@dataclass
class Parts:
    """Everything the pages need, each part replaceable."""

    store: Store
    gate: OpenGate = field(default_factory=OpenGate)
    settings: Settings = field(default_factory=Settings)
    intake: Callable[[], Intake] = lambda: Intake(612.0, 1.2, 0, 5, 0, "")
    projects: Callable[[], Sequence[str]] = lambda: ["default", "empty", "hostile"]
    clock: Callable[[], int] = lambda: story.NOW


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with the story in project `default`."""
    directory: Path = tmp_path_factory.mktemp("pages")
    found = Store(embedded_url(directory), StoreSettings())
    writer = found.writer()
    schema.migrate(writer)
    told = story.Told()
    story.helpdesk(told)
    story.store(told, writer)
    yield found
    writer.close()
    found.close()


@pytest.fixture
def parts(store: Store) -> Parts:
    """The pages' surroundings."""
    return Parts(store)


@pytest.fixture
def client(parts: Parts) -> Iterator[TestClient]:
    """A browser without scripts."""
    with TestClient(Starlette(routes=[*routes(parts), not_found(parts)]), follow_redirects=False) as found:
        yield found
