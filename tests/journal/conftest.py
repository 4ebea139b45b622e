"""The journal's coroutines are tested on asyncio, the loop it is written for."""

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
