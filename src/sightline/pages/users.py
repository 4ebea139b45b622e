"""The list of users: what their requests come to. What no request names a user for is a row of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from sightline.pages import formats
from sightline.pages.address import Link, View
from sightline.pages.answers import Missing, html
from sightline.pages.asking import bar, wider
from sightline.pages.columns import Column, Head, heads
from sightline.pages.environment import render
from sightline.pages.figures import Shown, estimated, narrow
from sightline.pages.filter_bar import FilterBar, chosen
from sightline.pages.frames import Frames, Table
from sightline.pages.services import Services
from sightline.pages.sessions import user_href
from sightline.pages.shell import Shell
from sightline.pages.traces_rows import short_model
from sightline.pages.usage import CostCell, TokensCell, cost_cell, tokens_cell
from sightline.query import traces
from sightline.query import users as questions
from sightline.query.filter.errors import FilterError
from sightline.query.filter.spelling import condition
from sightline.query.measures import Unit
from sightline.query.selection import Selection
from sightline.records.sessions import UserPage, UserSummary

PAGE = 100
UNITS = {
    "requests": Unit.COUNT, "failed": Unit.COUNT, "sessions": Unit.COUNT, "p95_ns": Unit.NANOSECONDS,
}  # fmt: skip
HINT = "conditions must hold for one span of a request"
COLUMNS = (
    Column("User", style="w-who"),
    Column("Requests", "requests", "num", "Traces"),
    Column("Failed", "failed", "num", "Requests with a failed span"),
    Column("Sessions", "sessions", "num"),
    Column("p95", "p95", "num", "p95 of the duration of requests"),
    Column("Tokens", "tokens", "num w-tok", "Input to output, of all calls of models"),
    Column("Cost", "cost", "num w-co"),
    Column("Features", style="w-fe"),
    Column("Models", style="w-mo2"),
    Column("First", style="num w-tm2"),
    Column("Last", "last", "num w-tm2"),
)
NOT_SET = "-has:user"


@dataclass(frozen=True, slots=True)
class UserRow:
    """One line of the list; an empty `user_id` is: not set. `failed_share` is empty where nothing failed.

    `about` has what stored requests stand for, where traces were sampled.
    """

    user_id: str
    href: str
    requests: int
    requests_href: str
    failed: int
    failed_share: str
    failed_href: str
    sessions: int
    sessions_href: str
    p95_ns: int | None
    tokens: TokensCell
    cost: CostCell
    features: tuple[str, ...]
    more_features: int
    models: tuple[str, ...]
    more_models: int
    first: int
    last: int
    about: Mapping[str, Shown] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UsersContext:
    """Everything `users.html` shows."""

    shell: Shell
    now: int
    bar: FilterBar
    heads: tuple[Head, ...]
    rows: tuple[UserRow, ...]
    named: int
    more: str
    begin: str
    wider: Link | None


def own(user_id: str, q: str = "") -> str:
    """The filter of a user's requests among those of `q`."""
    mine = condition("user", user_id) if user_id else NOT_SET
    return f"({q}) {mine}" if q else mine


def failed_share(found: UserSummary) -> str:
    """The share of a user's requests that failed, of all that the stored ones stand for."""
    if not found.failed:
        return ""
    both = [found.estimates.get(name) for name in ("failed", "requests")]
    failed, requests = (int(one.value or 0) if one else None for one in both)
    if failed is None or not requests:
        failed, requests = found.failed, found.requests
    return formats.percent(failed, requests, found.requests)


def row(found: UserSummary, view: View) -> UserRow:
    """A line from a summary."""
    mine = own(found.user_id, view.q)
    return UserRow(
        user_id=found.user_id,
        href=user_href(view, found.user_id),
        requests=found.requests,
        requests_href=view.link("traces", q=mine),
        failed=found.failed,
        failed_share=failed_share(found),
        failed_href=view.link("traces", q=f"{mine} error") if found.failed else "",
        sessions=found.sessions,
        sessions_href=view.link("sessions", q=mine) if found.sessions else "",
        p95_ns=found.p95_ns,
        tokens=tokens_cell(found.tokens, found.unknown_tokens, found.models.count, found.estimates),
        cost=cost_cell(found.cost_usd, found.unknown_cost, found.estimates),
        features=found.features.some[:2],
        more_features=max(0, found.features.count - 2),
        models=tuple(short_model(name) for name in found.models.some[:1]),
        more_models=max(0, found.models.count - 1),
        first=found.first,
        last=found.last,
        about={name: narrow(one) for name, one in estimated(found.estimates, UNITS).items()},
    )


def context(
    shell: Shell,
    view: View,
    page: UserPage,
    now: int,
    sort: str,
    cursor: str | None,
    found: Selection | FilterError,
) -> UsersContext:
    """What the page shows of one answer of the store."""
    given = sort if sort != questions.MOST_REQUESTS else ""

    def link(order: str) -> str:
        return view.link("users", q=view.q, sort=order if order != questions.MOST_REQUESTS else None)

    return UsersContext(
        shell=shell,
        now=now,
        bar=bar(view, "users", found, given, HINT),
        heads=heads(COLUMNS, sort, link),
        rows=tuple(row(one, view) for one in page.users),
        named=sum(bool(one.user_id) for one in page.users),
        more=view.link("users", q=view.q, sort=given or None, cursor=page.next) if page.next else "",
        begin=link(sort) if cursor else "",
        wider=wider(lambda **more: view.link("users", q=view.q, sort=given or None, **more), view.range_name),
    )


class UsersPages:
    """`/p/{project}/users`."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [("GET", "/p/{project}/users", self.show)]

    async def show(self, request: Request) -> Response:
        """The list of users."""
        view, principal = await self.frames.view(request, ("q", "sort", "cursor"))
        now, store = self.services.clock(), self.services.store
        cursor = request.query_params.get("cursor")
        sort = request.query_params.get("sort", "")
        if sort.removeprefix("-") not in questions.ORDERS:
            sort = questions.MOST_REQUESTS
        found = chosen(view, now)
        try:
            page, environments = await asyncio.gather(
                self._listed(found, sort, cursor), traces.environments(store, view.project, view.since)
            )
        except traces.BadCursor as error:
            raise Missing(f"This page of the list cannot be opened: {error}.") from error
        frame = await self.frames.shell("Users", "users", view, principal, environments)
        return html(render("users.html", context(frame, view, page, now, sort, cursor, found)))

    async def _listed(self, found: Selection | FilterError, sort: str, cursor: str | None) -> UserPage:
        if isinstance(found, FilterError):
            return UserPage((), None)
        return await questions.users(self.services.store, found, PAGE, sort, cursor)
