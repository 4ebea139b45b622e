"""A server for each file of tests, and what several of them ask it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sightline.testing import ServerProcess


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A running server, shared by the tests of one file."""
    with ServerProcess(tmp_path_factory.mktemp("flow") / "data") as running:
        yield running
