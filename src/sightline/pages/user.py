"""One user in the range: figures over time, sessions, the latest and the dearest of their requests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from sightline.pages import formats, sessions
from sightline.pages import users as users_page
from sightline.pages.address import Link, View
from sightline.pages.answers import html
from sightline.pages.asking import wider
from sightline.pages.charts import LOW, RANGE, Chart, Line, chart
from sightline.pages.environment import render
from sightline.pages.figures import fact_text
from sightline.pages.frames import Frames, Table
from sightline.pages.named import ID, name_of, named
from sightline.pages.score_lists import Summing
from sightline.pages.score_rows import RatedChip
from sightline.pages.services import Services
from sightline.pages.shell import Shell
from sightline.pages.traces_rows import kept_text, times_text
from sightline.pages.usage import CostCell, TokensCell, cost_cell, tokens_cell
from sightline.pages.users import rated
from sightline.query import listing, traces, users
from sightline.query import sessions as conversations
from sightline.query.breakdown import breakdown
from sightline.query.filter.spelling import condition
from sightline.query.listing_order import Sort
from sightline.query.measures import Unit
from sightline.query.question import ask
from sightline.query.selection import Target, select, select_sessions
from sightline.records.figures import Breakdown
from sightline.records.sessions import SessionPage, UserSummary
from sightline.records.trace import TracePage, TraceSummary

_SESSIONS, _TRACES = 10, 8
_MEASURES = ("count", "errors", "duration.p95", "cost", "tokens")


@dataclass(frozen=True, slots=True)
class UserFact:
    """A figure of the user; `href` opens what is behind it."""

    label: str
    value: str
    note: str = ""
    href: str = ""
    err: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class TraceLine:
    """A request of the user; `times` and `kept` say how many it stands for, and why it was kept."""

    href: str
    started: int
    error: bool
    name: str
    input: str
    duration_ns: int
    tokens: TokensCell
    cost: CostCell
    times: str = ""
    kept: str = ""


@dataclass(frozen=True, slots=True)
class UserContext:
    """Everything `user.html` shows. `known` is False when the range has nothing of this user."""

    shell: Shell
    now: int
    user_id: str
    list_href: str
    traces_href: str
    sessions_href: str
    known: bool
    facts: tuple[UserFact, ...]
    features: tuple[Link, ...]
    models: tuple[Link, ...]
    more_models: int
    charts: tuple[Chart, ...]
    sessions: tuple[sessions.Row, ...]
    latest: tuple[TraceLine, ...]
    dearest: tuple[TraceLine, ...]
    wider: Link | None
    scores: tuple[RatedChip, ...]
    scored: bool


_ESTIMATED: dict[str, tuple[Unit, tuple[str, ...]]] = {
    "Requests": (Unit.COUNT, ("requests",)),
    "Failed": (Unit.COUNT, ("failed",)),
    "Sessions": (Unit.COUNT, ("sessions",)),
    "Duration p95": (Unit.NANOSECONDS, ("p95_ns",)),
    "Tokens": (Unit.TOKENS, ("input_tokens", "output_tokens")),
    "Cost": (Unit.USD, ("cost_usd",)),
}


def facts(found: UserSummary, view: View, q: str) -> tuple[UserFact, ...]:
    """The figures of the range; of sampled traces what they stand for."""
    return tuple(_estimated(fact, found) for fact in _facts(found, view, q))


def _estimated(fact: UserFact, found: UserSummary) -> UserFact:
    unit, names = _ESTIMATED[fact.label]
    told = fact_text(found.estimates, unit, *names)
    if told is None or fact.value in tuple(formats.Absent):
        return fact
    return replace(fact, value=told[0], title=told[1])


def _facts(found: UserSummary, view: View, q: str) -> tuple[UserFact, ...]:
    tokens = tokens_cell(found.tokens, found.unknown_tokens, found.models.count)
    used = f"{_count(tokens.input)} → {_count(tokens.output)}"
    if tokens.unknown_all:
        used = formats.Absent.NOT_APPLICABLE if tokens.absent else formats.Absent.UNKNOWN
    elif tokens.lower:
        used = f"≥ {used}"
    cost: str = formats.Absent.UNKNOWN if found.unknown_cost else formats.Absent.NOT_APPLICABLE
    if found.cost_usd is not None:
        cost = f"{'≥ ' if found.unknown_cost else ''}{formats.money(found.cost_usd)}"
    share = users_page.failed_share(found)
    return (
        UserFact("Requests", formats.count(found.requests), href=view.link("traces", q=q)),
        UserFact(
            "Failed",
            formats.count(found.failed),
            share,
            view.link("traces", q=f"{q} error") if found.failed else "",
            bool(found.failed),
        ),
        UserFact(
            "Sessions",
            formats.count(found.sessions) if found.sessions else formats.Absent.NOT_SET,
            href=view.link("sessions", q=q) if found.sessions else "",
        ),
        UserFact("Duration p95", "–" if found.p95_ns is None else str(formats.duration(found.p95_ns))),
        UserFact("Tokens", used, f"{found.unknown_tokens:,} calls unknown" if found.unknown_tokens else ""),
        UserFact("Cost", cost, f"{found.unknown_cost:,} calls unpriced" if found.unknown_cost else ""),
    )


def _count(number: int | None) -> str:
    return formats.Absent.UNKNOWN if number is None else formats.count(number)


def charts(found: Breakdown, view: View, user_id: str, now: int) -> tuple[Chart, ...]:
    """Requests, their p95, their cost and tokens over time."""
    columns = list(zip(*found.whole.points, strict=True))
    values = {name: [figure.value for figure in columns[n]] for n, name in enumerate(found.measures)}
    q = condition("user", user_id)
    here = view.link("traces", q=q, range=RANGE)
    failing = view.link("traces", q=f"{q} error", range=RANGE)
    zoom = named(view, "users", user_id, range=RANGE)
    fine = [(a or 0) - (b or 0) for a, b in zip(values["count"], values["errors"], strict=True)]

    def one(id_: str, title: str, lines: Sequence[Line], unit: str, bars: bool) -> Chart:
        return chart(
            id_, title, lines, found.starts, found.end, unit, kind="bars" if bars else "lines", zoom=zoom,
            height=LOW, until=min(found.end, now),
        )  # fmt: skip

    return (
        one(
            "requests", "Requests",
            (Line("ok", "c6", fine, here), Line("failed", "err", values["errors"], failing)), "count", True,
        ),
        one("p95", "Duration p95", (Line("", "c1", values["duration.p95"], here),), "ns", False),
        one("cost", "Cost", (Line("", "c1", values["cost"], here),), "usd", True),
        one("tokens", "Tokens", (Line("", "c1", values["tokens"], here),), "tokens", True),
    )  # fmt: skip


def line(found: TraceSummary, view: View) -> TraceLine:
    """A request of the user."""
    return TraceLine(
        href=view.link("traces", found.trace_id),
        started=found.start_time,
        error=bool(found.errors),
        name=found.name or found.trace_id[:16],
        input=found.input_preview,
        duration_ns=found.duration_ns,
        tokens=tokens_cell(found.tokens, found.unknown_tokens, found.models),
        cost=cost_cell(found.cost_usd, found.unknown_cost),
        times=times_text(found.weight),
        kept=kept_text("trace", found.weight, found.sample_reason),
    )


class UserPages:
    """`/p/{project}/users/{user_id}`; an id may hold slashes."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames
        self._scores = Summing(services)

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [("GET", "/p/{project}/users/{user_id:path}", self.show)]

    async def show(self, request: Request) -> Response:
        """One user; says so when the range has nothing of them."""
        view, principal = await self.frames.view(request, (ID,))
        user_id = name_of(request, "user_id")
        now, store = self.services.clock(), self.services.store
        q = condition("user", user_id)
        requests = select(q, view.window, now, Target.TRACES, view.environment)
        spoken = select_sessions(q, view.window, now, view.environment)
        found, talks, recent, dearest, measured, environments = await asyncio.gather(
            users.one(store, requests, user_id),
            conversations.sessions(store, spoken, _SESSIONS),
            listing.traces(store, requests, limit=_TRACES),
            listing.traces(store, requests, limit=_TRACES, sort=Sort("cost")),
            breakdown(store, ask(requests, _MEASURES)),
            traces.environments(store, view.project, view.since),
        )
        ids = [one.session_id for one in talks.sessions]
        scores, of_talks = await asyncio.gather(
            rated(self._scores, store, view, requests, [user_id]),
            sessions.rated(self._scores, store, view, ids),
        )
        frame = await self.frames.shell(f"User {user_id[:60]}", "users", view, principal, environments)
        mine = tuple(scores.get(user_id, ()))
        shows = context(
            frame, view, user_id, found, talks, recent, dearest, measured, now, mine, of_talks
        )  # fmt: skip
        return html(render("user.html", shows))


def context(
    shell: Shell,
    view: View,
    user_id: str,
    found: UserSummary | None,
    talks: SessionPage,
    recent: TracePage,
    dearest: TracePage,
    measured: Breakdown,
    now: int,
    scores: tuple[RatedChip, ...],
    of_talks: Mapping[str, Sequence[RatedChip]],
) -> UserContext:
    """What the page shows of a user."""
    q = condition("user", user_id)

    def fields(name: str, values: Sequence[str]) -> tuple[Link, ...]:
        return tuple(Link(v, view.link("traces", q=f"{q} {condition(name, v)}")) for v in values)

    return UserContext(
        shell=shell,
        now=now,
        user_id=user_id,
        list_href=view.link("users"),
        traces_href=view.link("traces", q=q),
        sessions_href=view.link("sessions", q=q),
        known=found is not None,
        facts=facts(found, view, q) if found else (),
        features=fields("feature", found.features.some) if found else (),
        models=fields("model", found.models.some) if found else (),
        more_models=found.models.more if found else 0,
        charts=charts(measured, view, user_id, now) if found else (),
        sessions=tuple(sessions.row(one, view, of_talks.get(one.session_id, ())) for one in talks.sessions),
        latest=tuple(line(one, view) for one in recent.traces),
        dearest=tuple(line(one, view) for one in dearest.traces if one.cost_usd),
        wider=wider(lambda **more: named(view, "users", user_id, **more), view.range_name),
        scores=scores,
        scored=any(of_talks.values()),
    )
