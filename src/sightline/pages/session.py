"""One session: the conversation across its traces as its user saw it, with what each turn took beside it.

Of a long session a window of turns is shown, the latest first of all; older and newer ones by link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sightline.pages import formats, turns
from sightline.pages.address import Link, View
from sightline.pages.answers import Missing, html
from sightline.pages.environment import render
from sightline.pages.figures import fact_text
from sightline.pages.formats import Absent
from sightline.pages.frames import Frames, Table
from sightline.pages.named import ID, name_of, named
from sightline.pages.score_lists import row_chips
from sightline.pages.score_rows import ScoreChip
from sightline.pages.scores_part import ScoresPart, session_scores
from sightline.pages.services import Services
from sightline.pages.sessions import user_href
from sightline.pages.shell import Shell
from sightline.pages.turns import Range, TurnRow
from sightline.query import session_texts
from sightline.query import sessions as questions
from sightline.query.filter.spelling import condition
from sightline.query.measures import Unit
from sightline.records.sessions import Session, SessionSummary, Several, TurnSaid

_TITLE = 160


@dataclass(frozen=True, slots=True)
class SessionFact:
    """A figure of the whole session; `href` opens what is behind it, `err` marks a failure."""

    label: str
    value: str
    note: str = ""
    href: str = ""
    title: str = ""
    err: bool = False


@dataclass(frozen=True, slots=True)
class SessionContext:
    """Everything `session.html` shows. `failed` are links to failed turns near what is shown."""

    shell: Shell
    now: int
    session_id: str
    list_href: str
    traces_href: str
    title: str
    environments: tuple[str, ...]
    facts: tuple[SessionFact, ...]
    notes: tuple[str, ...]
    shown: str
    failed: tuple[Link, ...]
    switch: Link
    first: str
    older: str
    newer: str
    latest: str
    turns: tuple[TurnRow, ...]
    scores: ScoresPart | None = None
    chips: tuple[ScoreChip, ...] = ()
    turn_chips: Mapping[str, tuple[ScoreChip, ...]] = field(default_factory=dict)


_ESTIMATED: dict[str, tuple[Unit, tuple[str, ...]]] = {
    "Turns": (Unit.COUNT, ("turns",)),
    "Failed": (Unit.COUNT, ("failed_turns",)),
    "Tokens": (Unit.TOKENS, ("input_tokens", "output_tokens")),
    "Cost": (Unit.USD, ("cost_usd",)),
}


def facts(found: SessionSummary, view: View) -> tuple[SessionFact, ...]:
    """The figures of the whole session; of sampled traces what they stand for.

    Their links carry no range: a session is shown as a whole.
    """
    return tuple(_estimated(fact, found) for fact in _facts(found, view))


def _estimated(fact: SessionFact, found: SessionSummary) -> SessionFact:
    unit, names = _ESTIMATED.get(fact.label, (Unit.COUNT, ()))
    told = fact_text(found.estimates, unit, *names)
    if told is None or fact.value in tuple(Absent):
        return fact
    return replace(fact, value=told[0], title="; ".join(filter(None, (fact.title, told[1]))))


def _facts(found: SessionSummary, view: View) -> tuple[SessionFact, ...]:
    own = condition("session", found.session_id)
    span = f"{_moment(found.first)}..{_moment(found.last + formats.S)}"

    def listed(q: str) -> str:
        return view.link("traces", q=q, range=span)

    tokens = f"{_count(found.tokens.input)} → {_count(found.tokens.output)}"
    if found.tokens.input is None and found.tokens.output is None:
        tokens = Absent.UNKNOWN if found.calls else Absent.NOT_APPLICABLE
    elif found.unknown_tokens:
        tokens = f"≥ {tokens}"
    cost = "" if found.cost_usd is None else formats.money(found.cost_usd)
    if found.unknown_cost:
        cost = f"≥ {cost}" if cost else Absent.UNKNOWN
    releases = " → ".join(found.releases.some[:3]) + (
        f" +{found.releases.more}" if found.releases.more else ""
    )
    made = [
        SessionFact("Turns", formats.count(found.turns), href=listed(own)),
        SessionFact(
            "Failed",
            formats.count(found.failed_turns),
            f"{_errors(found)} {'span' if found.errors == 1 else 'spans'}" if found.errors else "",
            listed(f"{own} error") if found.errors else "",
            "turns with a failed span",
            bool(found.errors),
        ),
        SessionFact("Duration", str(formats.duration(found.duration_ns)), title="with the pauses"),
        SessionFact("Tokens", tokens, _left_out(found.unknown_tokens, "unknown")),
        SessionFact("Cost", cost or Absent.NOT_APPLICABLE, _left_out(found.unknown_cost, "unpriced")),
        _named("User", "Users", found.users, view),
    ]
    if releases:
        made.append(SessionFact("Release", releases, title=", ".join(found.releases.some)))
    return tuple(made)


def _named(one: str, many: str, found: Several, view: View) -> SessionFact:
    if not found.some:
        return SessionFact(one, Absent.NOT_SET)
    more = f"+{found.count - 1}" if found.count > 1 else ""
    return SessionFact(
        many if more else one, found.some[0], more, user_href(view, found.some[0]), ", ".join(found.some)
    )


def _errors(found: SessionSummary) -> str:
    told = fact_text(found.estimates, Unit.COUNT, "errors")
    return told[0] if told else f"{found.errors:,}"


def _left_out(unknown: int, word: str) -> str:
    return f"{unknown:,} {'call' if unknown == 1 else 'calls'} {word}" if unknown else ""


def _count(number: int | None) -> str:
    return Absent.UNKNOWN if number is None else formats.count(number)


def _moment(ns: int) -> str:
    """A whole second, as ranges in addresses have it."""
    return f"{formats.moment(ns):%Y-%m-%dT%H:%M:%S}Z"


def context(
    shell: Shell,
    view: View,
    found: Session,
    shown: Range,
    said: list[TurnSaid],
    now: int,
    *,
    exact: bool,
) -> SessionContext:
    """What the page shows of a window of a session's turns."""
    summary = found.summary
    listed = found.turns
    here = {"exact": "1" if exact else None}

    def to(**changes: str | None) -> str:
        return named(view, "sessions", summary.session_id, **(here | changes))

    def at(number: int, trace: str) -> Link:
        inside = shown.start < number <= shown.end
        return Link(f"#{number:,}", f"{'' if inside else to(**{'from': trace})}#t-{trace}")

    def trace_href(trace: str, span: str) -> str:
        return view.link("traces", trace, span=span or None)

    notes = []
    if found.truncated:
        notes.append(f"The session has {summary.turns:,} turns; the latest {len(listed):,} can be read here.")
    whole = shown.end - shown.start == len(listed)
    first, last = shown.start > 0, shown.end < len(listed)
    return SessionContext(
        shell=shell,
        now=now,
        session_id=summary.session_id,
        list_href=view.link("sessions"),
        traces_href=view.link("traces", q=condition("session", summary.session_id)),
        title=summary.question[:_TITLE] or summary.session_id[:_TITLE],
        environments=summary.environments.some,
        facts=facts(summary, view),
        notes=tuple(notes),
        shown="" if whole else f"{shown.start + 1:,} to {shown.end:,} of {len(listed):,}",
        failed=tuple(at(number, trace) for number, trace in turns.failures(listed, shown)),
        switch=Link("Read as a conversation", to(exact=None)) if exact else Link("Exact text", to(exact="1")),
        first=to(**{"from": listed[0].trace_id}) if first else "",
        older=to(to=listed[shown.start - 1].trace_id) if first else "",
        newer=to(**{"from": listed[shown.end].trace_id}) if last else "",
        latest=to() if last else "",
        turns=turns.rows(listed, shown, said, trace_href, exact=exact, several_users=summary.users.count > 1),
    )


class SessionPages:
    """`/p/{project}/sessions/{session_id}`; an id may hold slashes."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [("GET", "/p/{project}/sessions/{session_id:path}", self.show)]

    async def show(self, request: Request) -> Response:
        """One session, or the window of its turns that the address names."""
        view, principal = await self.frames.view(
            request, ("from", "to", "exact", ID, "score_done", "score_undo")
        )
        session_id = name_of(request, "session_id")
        store, query = self.services.store, request.query_params
        found = await questions.session(store, view.project, session_id)
        if found is None:
            raise Missing(
                f"Project {view.project} has no session {session_id[:80]}. It may not have arrived "
                "yet, or its retention is over."
            )
        shown = turns.window_of(found.turns, query.get("from", ""), query.get("to", ""))
        said = await session_texts.said(
            store,
            view.project,
            session_id,
            found.turns[shown.start : shown.end],
            found.turns[shown.start - 1] if shown.start else None,
        )
        frame = await self.frames.shell("Session", "sessions", view, principal)
        exact = query.get("exact") == "1"
        filled = await run_in_threadpool(
            context, frame, view, found, shown, said, self.services.clock(), exact=exact
        )
        scored = await session_scores(self.services, request, principal, view.project, session_id)
        ids = [(turn.trace_id, "") for turn in found.turns[shown.start : shown.end]]
        of_turns = await row_chips(self.services, view.project, ids)
        by_turn = {trace: given for (trace, _), given in of_turns.items()}
        filled = replace(filled, scores=scored.part, chips=scored.chips, turn_chips=by_turn)
        return html(await run_in_threadpool(render, "session.html", filled))
