"""The list of users: what their requests come to. What no request names a user for is a row of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sightline.pages import formats
from sightline.pages.address import Link, View
from sightline.pages.answers import Missing, html
from sightline.pages.asking import Offer, bar, wider
from sightline.pages.columns import Chosen, Column, Head, heads
from sightline.pages.environment import render
from sightline.pages.figures import Shown, estimated, narrow
from sightline.pages.filter_bar import FilterBar, chosen
from sightline.pages.frames import Frames, Table
from sightline.pages.score_lists import Summing
from sightline.pages.score_rows import RatedChip
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
from sightline.query.score_groups import Found, of_users
from sightline.query.selection import Selection
from sightline.records.sessions import UserPage, UserSummary
from sightline.store.store import Store

PAGE = 100
UNITS = {
    "requests": Unit.COUNT, "failed": Unit.COUNT, "sessions": Unit.COUNT, "p95_ns": Unit.NANOSECONDS,
}  # fmt: skip
HINT = "conditions must hold for one span of a request"
COLUMNS = (
    Column("User", style="w-who"),
    Column("Requests", "requests", "num", "Traces", name="requests"),
    Column("Failed", "failed", "num", "Requests with a failed span", name="failed"),
    Column("Sessions", "sessions", "num", name="sessions"),
    Column("p95", "p95", "num", "p95 of the duration of requests", name="p95"),
    Column("Tokens", "tokens", "num w-tok", "Input to output, of all calls of models", name="tokens"),
    Column("Cost", "cost", "num w-co", name="cost"),
    Column("Features", style="w-fe", name="features"),
    Column("Models", style="w-mo2", name="models"),
    Column("First", style="num w-tm2", name="first"),
    Column("Last", "last", "num w-tm2", name="last"),
    Column("Scores", style="fb", title="What their requests were given", name="feedback"),
)
USUAL = tuple(column.name for column in COLUMNS if column.name not in ("", "feedback"))
# When somebody came first says least of them.
SCORED = (*(name for name in USUAL if name != "first"), "feedback")
OFFER = Offer(COLUMNS, USUAL, SCORED)
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
    scores: tuple[RatedChip, ...] = ()
    about: Mapping[str, Shown] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UsersContext:
    """Everything `users.html` shows."""

    shell: Shell
    now: int
    bar: FilterBar
    columns: Chosen
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


def row(found: UserSummary, view: View, scores: Sequence[RatedChip] = ()) -> UserRow:
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
        scores=tuple(scores),
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
    columns: Chosen,
    scores: Mapping[str, Sequence[RatedChip]],
) -> UsersContext:
    """What the page shows of one answer of the store."""
    given = sort if sort != questions.MOST_REQUESTS else ""
    kept = {"q": view.q, "sort": given or None, "cols": columns.cols}

    def link(order: str) -> str:
        return view.link("users", **kept | {"sort": order if order != questions.MOST_REQUESTS else None})

    return UsersContext(
        shell=shell,
        now=now,
        bar=bar(view, "users", found, given, HINT, columns.cols),
        columns=columns,
        heads=heads(columns.columns, sort, link),
        rows=tuple(row(one, view, scores.get(one.user_id, ())) for one in page.users),
        named=sum(bool(one.user_id) for one in page.users),
        more=view.link("users", **kept, cursor=page.next) if page.next else "",
        begin=link(sort) if cursor else "",
        wider=wider(lambda **more: view.link("users", **kept | more), view.range_name),
    )


async def rated(
    scores: Summing, store: Store, view: View, selection: Selection, ids: Sequence[str]
) -> Mapping[str, Sequence[RatedChip]]:
    """Chips of some users among the traces of a selection; each leads to those that were rated."""

    def link(id_: str, q: str, _: bool) -> str:
        return view.link("traces", q=f"{own(id_, view.q)} {q}")

    def ask(names: Sequence[str]) -> Awaitable[Found]:
        return of_users(store, selection, ids, names)

    return await scores.chips(view.project, ask, link, "requests")


class UsersPages:
    """`/p/{project}/users`."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames
        self._scores = Summing(services)

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [("GET", "/p/{project}/users", self.show)]

    async def show(self, request: Request) -> Response:
        """The list of users."""
        view, principal = await self.frames.view(request, ("q", "sort", "cursor", "cols"))
        now, store = self.services.clock(), self.services.store
        cursor = request.query_params.get("cursor")
        sort = request.query_params.get("sort", "")
        if sort.removeprefix("-") not in questions.ORDERS:
            sort = questions.MOST_REQUESTS
        given = sort if sort != questions.MOST_REQUESTS else None
        has_scores = bool(await self._scores.seen(view.project))
        offered = OFFER.chosen(request, view, "users", given, has_scores)
        if isinstance(offered, RedirectResponse):
            return offered
        columns, view = offered
        found = chosen(view, now)
        try:
            page, environments = await asyncio.gather(
                self._listed(found, sort, cursor), traces.environments(store, view.project, view.since)
            )
        except traces.BadCursor as error:
            raise Missing(f"This page of the list cannot be opened: {error}.") from error
        frame = await self.frames.shell("Users", "users", view, principal, environments)
        scores: Mapping[str, Sequence[RatedChip]] = {}
        if "feedback" in columns and not isinstance(found, FilterError):
            ids = [one.user_id for one in page.users]
            scores = await rated(self._scores, store, view, found, ids)
        shows = context(frame, view, page, now, sort, cursor, found, columns, scores)
        return html(render("users.html", shows))

    async def _listed(self, found: Selection | FilterError, sort: str, cursor: str | None) -> UserPage:
        if isinstance(found, FilterError):
            return UserPage((), None)
        return await questions.users(self.services.store, found, PAGE, sort, cursor)
