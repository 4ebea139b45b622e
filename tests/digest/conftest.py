"""One engine for all tests of the digest: each test takes a project of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from digest.engine import Engine, opened


@pytest.fixture(scope="package")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The engine; opening one takes a second."""
    with opened(tmp_path_factory.mktemp("digest")) as found:
        yield found
