"""What the tests of queries share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.query import filter_story
from tests.query.sql_two_projects import two_projects

from sightline.store.store import Store

__all__ = ["two_projects"]


@pytest.fixture(scope="module")
def told_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The store of `filter_story`; nobody writes into it."""
    with filter_story.opened(tmp_path_factory.mktemp("filter")) as found:
        yield found
