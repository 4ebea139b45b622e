"""Logs: the records that a filter finds, how many over time, one in full beside them, and what comes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from sightline.pages.address import DEFAULT_RANGE, RANGES, Link, View
from sightline.pages.answers import Missing, html, part
from sightline.pages.charts import Chart
from sightline.pages.environment import render
from sightline.pages.filter_bar import FilterBar
from sightline.pages.frames import Frames, Table
from sightline.pages.log_lines import Rail, Row, histogram, rails, row
from sightline.pages.log_record import Opened, opened
from sightline.pages.row_filter import chosen_rows, row_bar
from sightline.pages.services import Services
from sightline.pages.shell import Shell
from sightline.query import logs as questions
from sightline.query.filter.errors import FilterError
from sightline.query.filter.nodes import And
from sightline.query.filter.spelling import spell
from sightline.query.filter.vocabulary import LOGS
from sightline.query.log_facets import COUNTED, log_facets
from sightline.query.row_selection import RowSelection, without
from sightline.query.search import phrases_of
from sightline.query.traces import BadCursor, environments
from sightline.records.logs import LogKey, LogPage

PAGE = 100
PANE, LIST, LIVE = "log-record", "log-list", "log-live"
PARAMETERS = ("q", "cursor", "rec", "order", "wrap", "live", "from")


@dataclass(frozen=True, slots=True)
class Live:
    """The live tail. `poll` is asked for news; `waiting` records are not listed yet, `show` lists them."""

    on: bool
    switch: str
    poll: str
    waiting: int
    show: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of the list. `wider`, and `clear` without the filter, are offered where nothing was found.

    `unread`: the filter is unclear.
    """

    unread: bool
    rows: tuple[Row, ...]
    wrap: bool
    oldest: bool
    older: str
    newest: str
    clear: str
    wider: Link | None


@dataclass(frozen=True, slots=True)
class Pane:
    """The opened record; `lost`: one was asked for that is not there (any more)."""

    record: Opened | None
    lost: bool
    close: str


@dataclass(frozen=True, slots=True)
class LogsContext:
    """Everything `logs.html` shows."""

    shell: Shell
    now: int
    bar: FilterBar
    total: int | None
    chart: Chart | None
    rails: tuple[Rail, ...]
    listed: Listed
    switches: tuple[Link, ...]
    live: Live
    pane: Pane


@dataclass(frozen=True, slots=True)
class ListPart:
    """The list alone."""

    now: int
    listed: Listed
    live: Live


@dataclass(frozen=True, slots=True)
class PanePart:
    """The opened record alone."""

    now: int
    pane: Pane


@dataclass(frozen=True, slots=True)
class LivePart:
    """The bar of the live tail alone."""

    live: Live


@dataclass(frozen=True, slots=True)
class _Asked:
    """The page's own parameters."""

    cursor: str
    rec: str
    oldest: bool
    wrap: bool
    live: bool
    since: str

    def link(self, view: View, **changes: str | None) -> str:
        """The same list with some parameters changed."""
        mine: dict[str, str | None] = {
            "q": view.q,
            "order": "oldest" if self.oldest else None,
            "wrap": "1" if self.wrap else None,
            "live": "1" if self.live else None,
            "cursor": self.cursor,
        }
        return view.link("logs", **(mine | changes))


def _asked(query: Mapping[str, str]) -> _Asked:
    cursor, oldest = query.get("cursor", ""), query.get("order") == "oldest"
    live = query.get("live") == "1" and not cursor and not oldest
    return _Asked(cursor, query.get("rec", ""), oldest, query.get("wrap") == "1", live, query.get("from", ""))


class LogsPages:
    """`/p/{project}/logs`."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [("GET", "/p/{project}/logs", self.show)]

    async def show(self, request: Request) -> Response:
        """The list, or the part of it that htmx asks for. Raises Missing."""
        view, principal = await self.frames.view(request, PARAMETERS)
        now, asked, wanted = self.services.clock(), _asked(request.query_params), part(request)
        found = chosen_rows(view, LOGS, now)
        selection = None if isinstance(found, FilterError) else found
        try:
            if wanted == PANE:
                return html(
                    render("_log_record.html", PanePart(now, await self._pane(view, asked, selection)))
                )
            if wanted == LIVE:
                return html(render("_log_live.html", LivePart(await self._live(view, asked, selection))))
            page = await self._page(asked, selection)
            live, listed = _live(view, asked, page), _listed(view, asked, page, selection)
            if wanted == LIST:
                return html(render("_log_list.html", ListPart(now, listed, live)))
            pane = await self._pane(view, asked, selection)
        except BadCursor as error:
            raise Missing(f"This place in the list cannot be opened: {error}.") from error
        total, chart, beside, names = await self._figures(view, selection)
        shell = await self.frames.shell("Logs", "logs", view, principal, names)
        hidden = {"order": "oldest" if asked.oldest else None, "wrap": "1" if asked.wrap else None}
        bar = row_bar(view, ("logs",), LOGS, found, hidden)
        context = LogsContext(
            shell, now, bar, total, chart, beside, listed, _switches(view, asked), live, pane
        )  # fmt: skip
        return html(render("logs.html", context))

    async def _page(self, asked: _Asked, selection: RowSelection | None) -> LogPage:
        if selection is None:
            return LogPage((), None)
        cursor = asked.cursor or None
        store = self.services.store
        return await questions.list_logs(store, selection, limit=PAGE, cursor=cursor, oldest=asked.oldest)

    async def _figures(
        self, view: View, selection: RowSelection | None
    ) -> tuple[int | None, Chart | None, tuple[Rail, ...], list[str]]:
        """How many there are, over time and by value; what cannot be read has no figures."""
        store = self.services.store
        if selection is None:
            return None, None, (), await environments(store, view.project, view.since)
        counts, values, names = await asyncio.gather(
            questions.log_counts(store, selection),
            log_facets(store, selection),
            environments(store, view.project, view.since),
        )
        parts = selection.node.parts if isinstance(selection.node, And) else (selection.node,)
        others = {name: spell(without(LOGS, selection.node, name)) for name in COUNTED}
        beside = rails(values, view, frozenset(map(spell, parts)), others)
        return counts.total, histogram(counts, view, selection.text), beside, names

    async def _pane(self, view: View, asked: _Asked, selection: RowSelection | None) -> Pane:
        close = asked.link(view)
        if not asked.rec:
            return Pane(None, False, close)
        key, store, now = questions.read_key(asked.rec), self.services.store, self.services.clock()
        record = await questions.log_record(store, view.project, key)
        if record is None:
            return Pane(None, True, close)
        context = await questions.around(store, view.project, record.line, now)
        phrases = phrases_of(selection.predicate) if selection else ()

        def open_(other: str) -> str:
            return asked.link(view, rec=other)

        return Pane(opened(record, view, context, phrases, open_), False, close)

    async def _live(self, view: View, asked: _Asked, selection: RowSelection | None) -> Live:
        """How many records there are that the reader does not see yet."""
        if selection is None or not asked.live:
            return _live(view, asked, LogPage((), None))
        if not asked.since:
            found = await questions.list_logs(self.services.store, selection, limit=1)
            waiting = len(found.lines)
        else:
            waiting = await questions.newer(self.services.store, selection, questions.read_key(asked.since))
        return Live(
            True,
            asked.link(view, live=None),
            asked.link(view, **{"from": asked.since}),
            waiting,
            asked.link(view),
        )


def _live(view: View, asked: _Asked, page: LogPage) -> Live:
    first: LogKey | None = page.lines[0].key if page.lines else None
    poll = asked.link(view, **{"from": str(first) if first else None}) if asked.live else ""
    switch = asked.link(view, live=None if asked.live else "1", cursor=None, order=None)
    return Live(asked.live, switch, poll, 0, asked.link(view))


def _listed(view: View, asked: _Asked, page: LogPage, selection: RowSelection | None) -> Listed:
    phrases = phrases_of(selection.predicate) if selection else ()

    def open_(key: str) -> str:
        return asked.link(view, rec=key)

    return Listed(
        unread=selection is None,
        rows=tuple(row(line, view, asked.rec, phrases, asked.wrap, open_) for line in page.lines),
        wrap=asked.wrap,
        oldest=asked.oldest,
        older=asked.link(view, cursor=page.next, live=None) if page.next else "",
        newest=asked.link(view, cursor=None) if asked.cursor else "",
        clear=asked.link(view, q=None, cursor=None) if view.q else "",
        wider=_wider(view, asked),
    )


def _switches(view: View, asked: _Asked) -> tuple[Link, ...]:
    """What turns the list around and its lines open."""
    order = asked.link(view, order=None if asked.oldest else "oldest", cursor=None, live=None)
    wrap = asked.link(view, wrap=None if asked.wrap else "1", rec=asked.rec)
    return (Link("Oldest first", order, asked.oldest), Link("Wrap", wrap, asked.wrap))


def _wider(view: View, asked: _Asked) -> Link | None:
    """The next longer range, for an empty list."""
    names = list(RANGES)
    at = names.index(view.range_name) if view.range_name in RANGES else len(names)
    if at + 1 >= len(names):
        return None
    name = names[at + 1]
    href = asked.link(view, range=name if name != DEFAULT_RANGE else None, cursor=None)
    return Link(f"Show the {RANGES[name][0].lower()}", href)
