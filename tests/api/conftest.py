"""A server for the tests of the API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.api.api_server import Server, serve


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("api")) as running:
        yield running
