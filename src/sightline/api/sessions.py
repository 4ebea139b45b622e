"""Reading: sessions, one session with what was said in it, and users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sightline.api import shapes
from sightline.api.moments import iso
from sightline.api.operations import Call, Operation, Parameter
from sightline.api.parameters import CURSOR, PROJECT, SELECTED, limit, selection, told, window
from sightline.api.problems import Problem
from sightline.query import session_texts, sessions, users
from sightline.query.cursors import read_cursor
from sightline.query.selection import Target, select_sessions
from sightline.query.traces import BadCursor
from sightline.records.access import Scope
from sightline.records.conversation import Message
from sightline.records.figures import Figure
from sightline.records.sessions import SessionSummary, Several, ToolRun, TurnFigures, TurnSaid, UserSummary
from sightline.records.trace import Content, Tokens

PER_PAGE = 50
TURNS_PER_PAGE, MOST_TURNS = 50, 200


async def list_sessions(call: Call) -> Mapping[str, Any]:
    """A page of the sessions that match."""
    chosen = select_sessions(call.text("q") or "", window(call), call.now, call.text("environment") or "")
    sort, cursor = call.text("sort") or sessions.LATEST_FIRST, call.text("cursor")
    most = call.number("limit", PER_PAGE, sessions.MAX_PAGE)
    page = await sessions.sessions(call.services.store, chosen, most, sort, cursor)
    asked = told(chosen) | _first_page(cursor, sort) | {"target": "sessions"}
    found = [_session(one) for one in page.sessions]
    return {**asked, "sort": sort, "sessions": found, "next": page.next}


async def list_users(call: Call) -> Mapping[str, Any]:
    """A page of the users of matching traces; on the first page what has no user comes last."""
    chosen = selection(call, Target.TRACES)
    sort, cursor = call.text("sort") or users.MOST_REQUESTS, call.text("cursor")
    most = call.number("limit", PER_PAGE, users.MAX_PAGE)
    page = await users.users(call.services.store, chosen, most, sort, cursor)
    asked = told(chosen) | _first_page(cursor, sort)
    return {**asked, "sort": sort, "users": [_user(one) for one in page.users], "next": page.next}


def _first_page(cursor: str | None, sort: str) -> dict[str, str]:
    """The time of the first page, which a cursor is about."""
    at = read_cursor(cursor, sort)
    return {"since": iso(at.since), "until": iso(at.until)} if at else {}


async def one_session(call: Call) -> Mapping[str, Any]:
    """A page of a session's turns in the order they began, with the session's figures."""
    session_id = str(call.request.path_params["session_id"])
    store = call.services.store
    most = call.number("limit", TURNS_PER_PAGE, MOST_TURNS)
    texts = call.flag("texts", True)
    found = await sessions.session(store, call.project, session_id)
    if found is None:
        raise Problem(404, f"There is no session {session_id[:80]!r} in project {call.project}.")
    turns = found.turns
    start = _start(call.text("cursor"), turns)
    shown = turns[start : start + most]
    said: Sequence[TurnSaid] = ()
    if texts:
        before = turns[start - 1] if start else None
        said = await session_texts.said(store, call.project, session_id, shown, before)
    by_trace = {one.trace_id: one for one in said}
    return {
        "project": call.project,
        **_session(found.summary),
        "truncated": found.truncated,
        "turns": [_turn(turn, by_trace.get(turn.trace_id)) for turn in shown],
        "next": shown[-1].trace_id if start + most < len(turns) else None,
    }


def _start(cursor: str | None, turns: Sequence[TurnFigures]) -> int:
    """Behind the turn that a cursor names."""
    if not cursor:
        return 0
    place = next((at for at, turn in enumerate(turns) if turn.trace_id == cursor), None)
    if place is None:
        raise BadCursor(f"cursor {cursor[:80]!r} was not made by this server; start again without one")
    return place + 1


def _tokens(tokens: Tokens) -> dict[str, int | None]:
    return {f"{name}_tokens": value for name, value in asdict(tokens).items()}


def _several(found: Several) -> dict[str, Any]:
    return {"some": found.some, "count": found.count}


def _session(found: SessionSummary) -> dict[str, Any]:
    return {
        "session_id": found.session_id,
        "first": iso(found.first),
        "last": iso(found.last),
        "duration_ns": found.duration_ns,
        "turn_count": found.turns,
        "failed_turns": found.failed_turns,
        "spans": found.spans,
        "errors": found.errors,
        "calls": found.calls,
        **_tokens(found.tokens),
        "cost_usd": found.cost_usd,
        "unknown_cost": found.unknown_cost,
        "unknown_tokens": found.unknown_tokens,
        "users": _several(found.users),
        "models": _several(found.models),
        "environments": _several(found.environments),
        "releases": _several(found.releases),
        "question": found.question,
        "answer": found.answer,
        "estimates": _estimates(found.estimates),
    }


def _user(found: UserSummary) -> dict[str, Any]:
    return {
        "user_id": found.user_id or None,
        "requests": found.requests,
        "failed": found.failed,
        "sessions": found.sessions,
        "spans": found.spans,
        **_tokens(found.tokens),
        "cost_usd": found.cost_usd,
        "unknown_cost": found.unknown_cost,
        "unknown_tokens": found.unknown_tokens,
        "duration_p95_ns": found.p95_ns,
        "first": iso(found.first),
        "last": iso(found.last),
        "features": _several(found.features),
        "models": _several(found.models),
        "estimates": _estimates(found.estimates),
    }


def _estimates(found: Mapping[str, Figure]) -> dict[str, Any] | None:
    """What stored rows stand for, by the names of their figures; None where each stands for itself."""
    named = {("duration_p95_ns" if name == "p95_ns" else name): one for name, one in found.items()}
    return {
        ("turn_count" if name == "turns" else name): {
            "value": one.value, "stored": one.stored, "margin": one.margin, "at_least": one.at_least,
        }
        for name, one in named.items()
    } or None  # fmt: skip


def _turn(turn: TurnFigures, said: TurnSaid | None) -> dict[str, Any]:
    fields = asdict(turn)
    del fields["tokens"]
    found = {**fields, "start_time": iso(turn.start_time), **_tokens(turn.tokens)}
    if said is not None:
        found |= {
            "asked": [_message(message) for message in said.asked],
            "answered": [_message(message) for message in said.answered],
            "repeated": said.repeated,
            "tool_runs": [_run(run) for run in said.tools],
            "expired": said.expired,
        }
    return found


def _message(message: Message) -> dict[str, Any]:
    parts = [{"type": type(part).__name__.lower(), **asdict(part)} for part in message.parts]
    return {"role": message.role, "name": message.name, "parts": parts, "cut": message.cut}


def _run(run: ToolRun) -> dict[str, Any]:
    return {
        "span_id": run.span_id,
        "name": run.name,
        "start_time": iso(run.start_time),
        "duration_ns": run.duration_ns,
        "failed": run.failed,
        "message": run.message,
        "arguments": _text(run.arguments),
        "result": _text(run.result),
    }


def _text(content: Content | None) -> dict[str, Any] | None:
    if content is None:
        return None
    return {
        "text": content.text,
        "hash": content.ref.hash,
        "size": content.ref.size,
        "cut": content.truncated,
    }


def _sort(orders: Sequence[str], default: str) -> Parameter:
    text = f"One of {', '.join(orders)}; with - before it the largest first."
    return Parameter("sort", text, {**shapes.TEXT, "default": default})


_FIGURES = {
    "spans": shapes.WHOLE, "input_tokens": shapes.MAYBE_WHOLE, "output_tokens": shapes.MAYBE_WHOLE,
    "cost_usd": shapes.MAYBE_NUMBER, "unknown_cost": shapes.WHOLE, "unknown_tokens": shapes.WHOLE,
}  # fmt: skip
_ESTIMATES = {
    "estimates": {
        "type": ["object", "null"],
        "description": "What stored rows stand for, by the names of figures; null where nothing was sampled.",
        "additionalProperties": shapes.record(value=shapes.MAYBE_NUMBER, **shapes.OF_ESTIMATES),
    }
}
_SEVERAL = shapes.record(some=shapes.listed(shapes.TEXT), count=shapes.WHOLE)
_SESSION_LINE = {
    "session_id": shapes.TEXT, "first": shapes.TIME, "last": shapes.TIME, "duration_ns": shapes.WHOLE,
    "turn_count": {**shapes.WHOLE, "description": "Traces of the session."},
    "failed_turns": {**shapes.WHOLE, "description": "Traces with a failed span."},
    "errors": {**shapes.WHOLE, "description": "Failed spans."}, "calls": shapes.WHOLE, **_FIGURES,
    "users": _SEVERAL, "models": _SEVERAL, "environments": _SEVERAL, "releases": _SEVERAL, **_ESTIMATES,
    "question": {**shapes.TEXT, "description": "The beginning of the first question."},
    "answer": {**shapes.TEXT, "description": "The beginning of the last answer."},
}  # fmt: skip
_USER_LINE = {
    "user_id": {"type": ["string", "null"], "description": "null: requests that name no user."},
    "requests": shapes.WHOLE, "failed": shapes.WHOLE, "sessions": shapes.WHOLE, **_FIGURES,
    "duration_p95_ns": shapes.MAYBE_WHOLE, "first": shapes.TIME, "last": shapes.TIME, "features": _SEVERAL,
    "models": _SEVERAL, **_ESTIMATES,
}  # fmt: skip
_TURN = shapes.record(
    "trace_id", "start_time", "duration_ns", "failure",
    trace_id=shapes.TEXT, name=shapes.TEXT, start_time=shapes.TIME, duration_ns=shapes.WHOLE,
    time_to_first_token_ns=shapes.MAYBE_WHOLE, failure=shapes.TEXT, root_failed=shapes.FLAG, **_FIGURES,
    asked=shapes.listed(shapes.ANYTHING), answered=shapes.listed(shapes.ANYTHING), repeated=shapes.WHOLE,
    tool_runs=shapes.listed(shapes.ANYTHING), expired=shapes.FLAG,
)  # fmt: skip
_SESSION_ID = Parameter("session_id", "As it was sent, quoted; may hold slashes.", shapes.TEXT, "path")

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/sessions",
        list_sessions,
        "Sessions that match",
        Scope.READ,
        shapes.told(
            sort=shapes.TEXT, sessions=shapes.listed(shapes.record(**_SESSION_LINE)), next=shapes.CURSOR
        ),
        "A session matches when one of its spans in the time meets the filter; its figures are those of all"
        " its spans in the time.",
        parameters=(
            *SELECTED,
            _sort(tuple(sessions.ORDERS), sessions.LATEST_FIRST),
            CURSOR,
            limit(PER_PAGE, sessions.MAX_PAGE),
        ),
    ),
    Operation(
        "GET",
        "/sessions/{session_id:path}",
        one_session,
        "One session, its turns with what was asked and answered",
        Scope.READ,
        shapes.record(
            **_SESSION_LINE, project=shapes.TEXT, truncated=shapes.FLAG, turns=shapes.listed(_TURN),
            next=shapes.CURSOR,
        ),
        "The whole session, whenever it was. A turn has what is new in its question, without the history that"
        " came with it.",
        parameters=(
            _SESSION_ID,
            PROJECT,
            CURSOR,
            limit(TURNS_PER_PAGE, MOST_TURNS, "turns on a page"),
            Parameter("texts", "Questions, answers and tools too.", {**shapes.FLAG, "default": True}),
        ),
    ),
    Operation(
        "GET",
        "/users",
        list_users,
        "Users of matching traces",
        Scope.READ,
        shapes.told(sort=shapes.TEXT, users=shapes.listed(shapes.record(**_USER_LINE)), next=shapes.CURSOR),
        "Figures are those of the user's traces that meet the filter. On the first page requests that name no"
        " user are one entry more, with user_id null.",
        parameters=(
            *SELECTED,
            _sort(tuple(users.ORDERS), users.MOST_REQUESTS),
            CURSOR,
            limit(PER_PAGE, users.MAX_PAGE),
        ),
    ),
)  # fmt: skip
