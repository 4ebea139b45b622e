"""A real store with the help desk in it, and the pages over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pages_story as story
import pages_talk
import pytest
from pages_parts import Parts
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sightline.pages.routes import not_found, routes
from sightline.query.sql_endpoint import SqlEndpoint
from sightline.settings import StoreSettings
from sightline.store import schema
from sightline.store.store import Store, embedded_url


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with the story in project `default`, and a conversation in project `talk`."""
    directory: Path = tmp_path_factory.mktemp("pages")
    found = Store(embedded_url(directory), StoreSettings())
    writer = found.writer()
    schema.migrate(writer)
    told = story.Told()
    story.helpdesk(told)
    pages_talk.talk(told)
    story.store(told, writer)
    yield found
    writer.close()
    found.close()


@pytest.fixture(scope="module")
def sql(store: Store) -> Iterator[SqlEndpoint]:
    """What answers readers' own SQL."""
    found = SqlEndpoint(store, StoreSettings())
    found.open()
    yield found
    found.close()


@pytest.fixture
def parts(store: Store, sql: SqlEndpoint) -> Parts:
    """The pages' surroundings."""
    return Parts(store, sql=sql)


@pytest.fixture
def client(parts: Parts) -> Iterator[TestClient]:
    """A browser without scripts."""
    with TestClient(Starlette(routes=[*routes(parts), not_found(parts)]), follow_redirects=False) as found:
        yield found
