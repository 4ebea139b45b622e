"""The filter bar over lists of log records and of metrics: the bar of `filter_bar` with their own words."""

from __future__ import annotations

from collections.abc import Mapping

from sightline.pages.address import View, path_of
from sightline.pages.filter_bar import FilterBar, mistake_of
from sightline.query.filter.errors import FilterError
from sightline.query.filter.vocabulary import LOGS, METRICS, Vocabulary
from sightline.query.row_selection import RowSelection, select_rows

_HINTS = {
    LOGS.table: "all conditions must hold for the record",
    METRICS.table: "all conditions must hold for the point",
}
_EXAMPLES = {
    LOGS.table: 'severity>=warn service:api "timed out" attr.http.route:/pay*',
    METRICS.table: "service:api attr.model:gpt-4o*",
}


def chosen_rows(view: View, vocabulary: Vocabulary, now: int) -> RowSelection | FilterError:
    """What the address asks for: its filter in its range and environment; or why it cannot be understood."""
    try:
        return select_rows(vocabulary, view.q, view.window, now, view.environment)
    except FilterError as error:
        return error


def row_bar(
    view: View,
    pages: tuple[str, ...],
    vocabulary: Vocabulary,
    found: RowSelection | FilterError,
    hidden: Mapping[str, str | None],
) -> FilterBar:
    """The bar of a page, whose address below the project is `pages`."""
    kept = view.carried | dict(hidden)
    return FilterBar(
        action=path_of(view.project, *pages),
        kept=tuple((name, value) for name, value in kept.items() if value),
        q=view.q,
        hint=_HINTS[vocabulary.table],
        suggest=view.link("suggest", target=vocabulary.table),
        clear=view.link(*pages, **kept) if view.q else "",
        mistake=mistake_of(view, "/".join(pages), found, kept) if isinstance(found, FilterError) else None,
        example=_EXAMPLES[vocabulary.table],
    )
