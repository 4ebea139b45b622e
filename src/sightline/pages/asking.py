"""What lists of sessions and users have in common: their filter bar and the next longer range. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from starlette.requests import Request

from sightline.pages.address import DEFAULT_RANGE, RANGES, Link, View
from sightline.pages.columns import asked_for
from sightline.pages.filter_bar import FilterBar, filter_bar
from sightline.query.filter.errors import FilterError
from sightline.query.selection import Selection


def bar(
    view: View, page: str, found: Selection | FilterError, sort: str, hint: str, cols: str | None = None
) -> FilterBar:
    """The filter bar of a list that is sorted by `sort`, empty for its own order; `cols` are its columns."""
    return replace(filter_bar(view, page, found, {"sort": sort or None, "cols": cols}), hint=hint)


def chosen_columns(request: Request) -> tuple[bool, tuple[str, ...]]:
    """Whether a form named the columns one by one, and their names."""
    given = request.query_params.getlist("cols")
    return len(given) > 1, asked_for(given)


def wider(link: Callable[..., str], range_name: str) -> Link | None:
    """The same page with the next longer range, for an empty list; `link` takes the range."""
    names = list(RANGES)
    at = names.index(range_name) if range_name in RANGES else len(names)
    if at + 1 >= len(names):
        return None
    longer = names[at + 1]
    return Link(
        f"Show the {RANGES[longer][0].lower()}", link(range=longer if longer != DEFAULT_RANGE else None)
    )
