"""One engine for all tests of the digest, each with a project of its own; and control on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.control.conftest import cluster, postgres_url, url

from digest.engine import Engine, opened

__all__ = ["cluster", "postgres_url", "url"]


@pytest.fixture(scope="package")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The engine; opening one takes a second."""
    with opened(tmp_path_factory.mktemp("digest")) as found:
        yield found
