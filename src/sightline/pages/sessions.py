"""The list of sessions: what was asked first and answered last, and what each came to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sightline.pages.address import Link, View
from sightline.pages.answers import Missing, html
from sightline.pages.asking import Offer, bar, wider
from sightline.pages.columns import Chosen, Column, Head, heads
from sightline.pages.environment import render
from sightline.pages.figures import Shown, estimated, narrow
from sightline.pages.filter_bar import FilterBar
from sightline.pages.frames import Frames, Table
from sightline.pages.named import named
from sightline.pages.score_lists import Summing
from sightline.pages.score_rows import RatedChip
from sightline.pages.services import Services
from sightline.pages.shell import Shell
from sightline.pages.traces_rows import short_model
from sightline.pages.usage import CostCell, TokensCell, cost_cell, tokens_cell
from sightline.query import sessions as questions
from sightline.query import traces
from sightline.query.filter.errors import FilterError
from sightline.query.filter.spelling import condition
from sightline.query.measures import Unit
from sightline.query.score_groups import Found, of_sessions
from sightline.query.selection import Selection, select_sessions
from sightline.records.sessions import SessionPage, SessionSummary
from sightline.store.store import Store

PAGE = 50
UNITS = {"turns": Unit.COUNT, "errors": Unit.COUNT}
HINT = "conditions must hold for one span of the session"
COLUMNS = (
    Column("Last", "last", "w-tm", "When its last span began"),
    Column("", style="w-st"),
    Column("Session", style="w-se"),
    Column("First question, last answer", name="said"),
    Column("Turns", "turns", "num w-n2", "Requests (traces) of the session", name="turns"),
    Column("Errors", "errors", "num w-n2", "Failed spans", name="errors"),
    Column(
        "Duration",
        "duration",
        "num w-n",
        "From its first start to its last end, with the pauses",
        name="duration",
    ),
    Column("Tokens", "tokens", "num w-tok", "Input to output, of all its calls of models", name="tokens"),
    Column("Cost", "cost", "num w-co", name="cost"),
    Column("Model", style="w-mo", name="model"),
    Column("User", style="w-us", name="user"),
    Column("Scores", style="fb", title="What it was given, else what its turns were", name="feedback"),
)
USUAL = ("said", "turns", "errors", "duration", "tokens", "cost", "model", "user")
# With scores the words keep their room.
SCORED = (*(name for name in USUAL if name != "model"), "feedback")
OFFER = Offer(COLUMNS, USUAL, SCORED)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list. `turns_href` lists its traces, `errors_href` its failed spans' traces.

    `about` has what stored turns and errors stand for, where traces were sampled.
    """

    session_id: str
    href: str
    last: int
    error: str
    question: str
    answer: str
    turns: int
    turns_href: str
    errors: int
    errors_href: str
    duration_ns: int
    tokens: TokensCell
    cost: CostCell
    model: str
    more_models: int
    user: str
    user_href: str
    more_users: int
    scores: tuple[RatedChip, ...] = ()
    about: Mapping[str, Shown] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SessionsContext:
    """Everything `sessions.html` shows."""

    shell: Shell
    now: int
    bar: FilterBar
    columns: Chosen
    heads: tuple[Head, ...]
    rows: tuple[Row, ...]
    order: str
    older: str
    newest: str
    wider: Link | None


def session_href(view: View, session_id: str) -> str:
    """The page of a session."""
    return named(view, "sessions", session_id)


def user_href(view: View, user_id: str) -> str:
    """The page of a user, or the traces that have none."""
    return named(view, "users", user_id) if user_id else view.link("traces", q="-has:user")


def row(found: SessionSummary, view: View, scores: Sequence[RatedChip] = ()) -> Row:
    """A line from a summary."""
    own = condition("session", found.session_id)
    user = found.users.some[0] if found.users.some else ""
    model = found.models.some[0] if found.models.some else ""
    turns = f"{found.failed_turns} of its {found.turns} turns" if found.turns > 1 else "its turn"
    return Row(
        session_id=found.session_id,
        href=session_href(view, found.session_id),
        last=found.last,
        error=f"{turns} had a failure" if found.errors else "",
        question=found.question,
        answer=found.answer,
        turns=found.turns,
        turns_href=view.link("traces", q=own),
        errors=found.errors,
        errors_href=view.link("traces", q=f"{own} error") if found.errors else "",
        duration_ns=found.duration_ns,
        tokens=tokens_cell(found.tokens, found.unknown_tokens, found.calls, found.estimates),
        cost=cost_cell(found.cost_usd, found.unknown_cost, found.estimates),
        model=short_model(model),
        more_models=max(0, found.models.count - 1),
        user=user,
        user_href=user_href(view, user) if user else "",
        more_users=max(0, found.users.count - 1),
        scores=tuple(scores),
        about={name: narrow(one) for name, one in estimated(found.estimates, UNITS).items()},
    )


def context(
    shell: Shell,
    view: View,
    page: SessionPage,
    now: int,
    sort: str,
    cursor: str | None,
    found: Selection | FilterError,
    columns: Chosen,
    scores: Mapping[str, Sequence[RatedChip]],
) -> SessionsContext:
    """What the page shows of one answer of the store."""
    given = sort if sort != questions.LATEST_FIRST else ""
    kept = {"q": view.q, "sort": given or None, "cols": columns.cols}

    def link(order: str) -> str:
        own = order if order != questions.LATEST_FIRST else None
        return view.link("sessions", **kept | {"sort": own})

    name = sort.removeprefix("-")
    words = {c.order: c.text.lower() for c in COLUMNS if c.order} | {"last": "latest", "first": "first"}
    if name == "last":
        order = "latest first" if sort.startswith("-") else "earliest first"
    else:
        order = f"by {words[name]}, {'most' if sort.startswith('-') else 'least'} first"
    return SessionsContext(
        shell=shell,
        now=now,
        bar=bar(view, "sessions", found, given, HINT, columns.cols),
        columns=columns,
        heads=heads(columns.columns, sort, link),
        rows=tuple(row(one, view, scores.get(one.session_id, ())) for one in page.sessions),
        order=order,
        older=view.link("sessions", **kept, cursor=page.next) if page.next else "",
        newest=link(sort) if cursor else "",
        wider=wider(lambda **more: view.link("sessions", **kept | more), view.range_name),
    )


async def rated(
    scores: Summing, store: Store, view: View, ids: Sequence[str]
) -> Mapping[str, Sequence[RatedChip]]:
    """Chips of some sessions: their own lead to the session, others to its requests that were rated."""

    def link(id_: str, q: str, own: bool) -> str:
        return session_href(view, id_) if own else view.link("traces", q=f"{condition('session', id_)} {q}")

    def ask(names: Sequence[str]) -> Awaitable[Found]:
        return of_sessions(store, view.window, ids, names)

    return await scores.chips(view.project, ask, link, "turns")


class SessionsPages:
    """`/p/{project}/sessions`."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames
        self._scores = Summing(services)

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [("GET", "/p/{project}/sessions", self.show)]

    async def show(self, request: Request) -> Response:
        """The list of sessions."""
        view, principal = await self.frames.view(request, ("q", "sort", "cursor", "cols"))
        now, store = self.services.clock(), self.services.store
        cursor = request.query_params.get("cursor")
        sort = request.query_params.get("sort", "")
        if sort.removeprefix("-") not in questions.ORDERS:
            sort = questions.LATEST_FIRST
        given = sort if sort != questions.LATEST_FIRST else None
        has_scores = bool(await self._scores.seen(view.project))
        offered = OFFER.chosen(request, view, "sessions", given, has_scores)
        if isinstance(offered, RedirectResponse):
            return offered
        columns, view = offered
        found = _chosen(view, now)
        try:
            page, environments = await asyncio.gather(
                self._listed(found, sort, cursor), traces.environments(store, view.project, view.since)
            )
        except traces.BadCursor as error:
            raise Missing(f"This page of the list cannot be opened: {error}.") from error
        frame = await self.frames.shell("Sessions", "sessions", view, principal, environments)
        scores = await self._rated(view, page) if "feedback" in columns else {}
        shows = context(frame, view, page, now, sort, cursor, found, columns, scores)
        return html(render("sessions.html", shows))

    async def _rated(self, view: View, page: SessionPage) -> Mapping[str, Sequence[RatedChip]]:
        ids = [one.session_id for one in page.sessions]
        return await rated(self._scores, self.services.store, view, ids)

    async def _listed(self, found: Selection | FilterError, sort: str, cursor: str | None) -> SessionPage:
        if isinstance(found, FilterError):
            return SessionPage((), None)
        return await questions.sessions(self.services.store, found, PAGE, sort, cursor)


def _chosen(view: View, now: int) -> Selection | FilterError:
    try:
        return select_sessions(view.q, view.window, now, view.environment)
    except FilterError as error:
        return error
