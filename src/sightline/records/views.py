"""Views that someone saved: a page with everything its address says, under a name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SavedView:
    """A saved view. `page` is the page's part of the address, `query` its query string.

    `owner` is the person it belongs to; None: everyone in the project sees it.
    """

    id: str
    project: str
    name: str
    page: str
    query: str
    owner: str | None
    created_at: datetime
