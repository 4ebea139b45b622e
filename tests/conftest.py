"""What tests of several folders need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.pages.pages_browser import Browser, browser, chromium


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """One browser for the tests of a file; without Chromium they are skipped."""
    program = chromium()
    if program is None:
        pytest.skip("no Chromium on this machine")
    with browser(program) as found:
        yield found
