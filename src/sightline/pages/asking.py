"""What lists of sessions and users have in common: filter bar, columns and the next longer range. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import RedirectResponse

from sightline.pages.address import DEFAULT_RANGE, RANGES, Link, View
from sightline.pages.columns import Chosen, Column, asked_for, choose
from sightline.pages.filter_bar import FilterBar, filter_bar
from sightline.query.filter.errors import FilterError
from sightline.query.selection import Selection


def bar(
    view: View, page: str, found: Selection | FilterError, sort: str, hint: str, cols: str | None = None
) -> FilterBar:
    """The filter bar of a list that is sorted by `sort`, empty for its own order; `cols` are its columns."""
    return replace(filter_bar(view, page, found, {"sort": sort or None, "cols": cols}), hint=hint)


@dataclass(frozen=True, slots=True)
class Offer:
    """The columns of a list, and the names of those it usually shows: without scores, and with them."""

    columns: tuple[Column, ...]
    usual: tuple[str, ...]
    scored: tuple[str, ...]

    def chosen(
        self, request: Request, view: View, page: str, sort: str | None, has_scores: bool
    ) -> tuple[Chosen, View] | RedirectResponse:
        """The columns an address asks for, and the view with what is to be said of them.

        A form of check boxes names each column by itself and is led to an address, which has one list.
        """
        given = request.query_params.getlist("cols")
        asked, kept = asked_for(given), {"q": view.q or None, "sort": sort}

        def link(**more: str | None) -> str:
            return view.link(page, **kept | more)

        if len(given) > 1:
            return RedirectResponse(link(cols=",".join(asked)), 302)
        usual = self.scored if has_scores else self.usual
        columns, faults = choose(self.columns, usual, asked, view.carried | kept, link)
        return columns, replace(view, notices=(*view.notices, *faults))


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
