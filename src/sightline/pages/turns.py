"""The turns of a session as they are read: what was said, and beside it what it took. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sightline.content.messages import result
from sightline.pages import formats
from sightline.pages.messages import Block, Exact, exactly, spoken
from sightline.pages.pieces import Drawing, Piece
from sightline.pages.traces_rows import kept_text, short_model, times_text
from sightline.pages.usage import CostCell, TokensCell, cost_cell, tokens_cell
from sightline.records.conversation import Text, ToolCall, ToolResult
from sightline.records.sessions import ToolRun, TurnFigures, TurnSaid

# Turns on a page, and the pause (ns) from which on it is told.
WINDOW = 50
PAUSE = 10 * 60 * formats.S
_JUMPS = 8


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that ran: the call with its result, where its span is, how long it took."""

    piece: Piece
    href: str
    duration_ns: int


@dataclass(frozen=True, slots=True)
class TurnRow:
    """One turn. `before` are lines that stand between it and the turn above: a pause, another release.

    `failure` says what failed, `failed` whether the request itself did. `silent` says why there is nothing to
    read. `tools` is the line that unfolds into `ran`; `more_tools` are only in the trace. `times` is how many
    it stands for where traces were sampled, `kept` the title of that.
    """

    id: str
    number: int
    href: str
    before: tuple[str, ...]
    started: int
    name: str
    asked: tuple[Block, ...]
    answered: tuple[Block, ...]
    silent: str
    repeated: int
    tools: str
    tool_failed: bool
    ran: tuple[Tool, ...]
    more_tools: int
    exact: tuple[Exact, ...]
    failed: bool
    failure: str
    duration_ns: int
    first_token_ns: int | None
    tokens: TokensCell
    cost: CostCell
    calls: int
    model: str
    model_short: str
    more_models: int
    user: str
    spans: int
    errors: int
    times: str = ""
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Range:
    """Which turns are shown: from `start` up to, without, `end`."""

    start: int
    end: int


def window_of(turns: Sequence[TurnFigures], first: str, last: str, size: int = WINDOW) -> Range:
    """The turns that begin with trace `first`, or that end with trace `last`; else the latest.

    Near an end of the session the window is moved, not cut, so that there is always a full one.
    """
    places = {turn.trace_id: at for at, turn in enumerate(turns)}
    if first in places:
        start = max(0, min(places[first], len(turns) - size))
        return Range(start, min(len(turns), start + size))
    end = max(places[last] + 1, min(size, len(turns))) if last in places else len(turns)
    return Range(max(0, end - size), end)


def failures(turns: Sequence[TurnFigures], shown: Range) -> list[tuple[int, str]]:
    """Number and trace of failed turns: those around what is shown, at most a few."""
    failed = [(at + 1, turn.trace_id) for at, turn in enumerate(turns) if turn.errors]
    behind = next((n for n, (number, _) in enumerate(failed) if number > shown.start), len(failed))
    first = max(0, min(behind - _JUMPS // 2, len(failed) - _JUMPS))
    return failed[first : first + _JUMPS]


def rows(
    turns: Sequence[TurnFigures],
    shown: Range,
    said: Sequence[TurnSaid],
    link: Callable[[str, str], str],
    *,
    exact: bool,
    several_users: bool,
) -> tuple[TurnRow, ...]:
    """The shown turns; `link` gives the address of a trace, or of a span of it."""
    drawing = Drawing()
    by_trace = {one.trace_id: one for one in said}
    before = between(turns)
    return tuple(
        _row(at, turns[at], by_trace.get(turns[at].trace_id), before[at], drawing, link, exact, several_users)
        for at in range(shown.start, shown.end)
    )


def between(turns: Sequence[TurnFigures]) -> list[tuple[str, ...]]:
    """What is told in front of each turn: how long nothing happened, and what is another from there on."""
    out: list[tuple[str, ...]] = [()] if turns else []
    ended = turns[0].end_time if turns else 0
    release = turns[0].release if turns else ""
    for earlier, turn in pairwise(turns):
        lines = []
        pause = turn.start_time - ended
        if pause >= PAUSE:
            lines.append(f"{later(pause)} later")
        elif turn.start_time < earlier.end_time:
            lines.append("began before the turn above had ended")
        if turn.release and release and turn.release != release:
            lines.append(f"release {turn.release}, before {release}")
        if turn.environment and earlier.environment and turn.environment != earlier.environment:
            lines.append(f"environment {turn.environment}, before {earlier.environment}")
        out.append(tuple(lines))
        ended, release = max(ended, turn.end_time), turn.release or release
    return out


def later(ns: int) -> str:
    """A pause in words: `12 min`, `3 h`, `2 days`."""
    minutes = round(ns / (60 * formats.S))
    if minutes < 60:
        return f"{minutes} min"
    hours = round(minutes / 60)
    if hours < 48:
        return f"{hours} h"
    return f"{round(hours / 24)} days"


def _row(
    at: int,
    turn: TurnFigures,
    said: TurnSaid | None,
    before: tuple[str, ...],
    drawing: Drawing,
    link: Callable[[str, str], str],
    exact: bool,
    several_users: bool,
) -> TurnRow:
    asked = spoken(said.asked, drawing) if said and not exact else ()
    answered = spoken(said.answered, drawing) if said and not exact else ()
    runs = said.tools if said and not exact else ()
    return TurnRow(
        id=turn.trace_id,
        number=at + 1,
        href=link(turn.trace_id, ""),
        before=before,
        started=turn.start_time,
        name=turn.name,
        asked=asked,
        answered=answered,
        silent="" if exact else _silent(turn, said, bool(asked), bool(answered)),
        repeated=said.repeated if said and not exact else 0,
        tools=_line(runs, turn.tools),
        tool_failed=any(run.failed for run in runs),
        ran=tuple(
            Tool(_piece(run, drawing), link(turn.trace_id, run.span_id), run.duration_ns) for run in runs
        ),
        more_tools=max(0, turn.tools - len(runs)),
        exact=tuple(map(exactly, said.exact)) if said and exact else (),
        failed=turn.root_failed,
        failure=_failure(turn),
        duration_ns=turn.duration_ns,
        first_token_ns=turn.time_to_first_token_ns,
        tokens=tokens_cell(turn.tokens, turn.unknown_tokens, turn.calls),
        cost=cost_cell(turn.cost_usd, turn.unknown_cost),
        calls=turn.calls,
        model=turn.model,
        model_short=short_model(turn.model),
        more_models=max(0, turn.models - 1),
        user=turn.user_id if several_users else "",
        spans=turn.spans,
        errors=turn.errors,
        times=times_text(turn.weight),
        kept=kept_text("turn", turn.weight, turn.sample_reason),
    )


def _failure(turn: TurnFigures) -> str:
    if not turn.errors:
        return ""
    if turn.root_failed:
        return turn.failure
    steps = "1 of its steps" if turn.errors == 1 else f"{turn.errors:,} of its steps"
    return f"{steps} failed, the request itself did not: {turn.failure}"


def _silent(turn: TurnFigures, said: TurnSaid | None, asked: bool, answered: bool) -> str:
    if asked and answered:
        return ""
    if said and said.expired:
        return "Texts of this turn have expired, or are on their way; its figures are here."
    if asked:
        return "" if turn.root_failed else "No answer was recorded."
    if answered:
        return "No question was recorded."
    return "Its spans carry no prompts or answers. Many SDKs leave content out until it is switched on."


def _line(runs: Sequence[ToolRun], count: int) -> str:
    """The tools of a turn in one line: `3 tools: look_up ×2, search`."""
    if not runs:
        return ""
    names = Counter(run.name for run in runs)
    told = ", ".join(name if n == 1 else f"{name} ×{n}" for name, n in names.most_common(6))
    more = ", …" if len(names) > 6 else ""
    return f"{count:,} {'tool' if count == 1 else 'tools'}: {told}{more}"


def _piece(run: ToolRun, drawing: Drawing) -> Piece:
    """A tool's call with its result, as in the inspector."""
    arguments = run.arguments.text or "" if run.arguments else ""
    results = []
    if run.result is not None and run.result.text:
        results.append(ToolResult(result(run.result.text), name=run.name, error=run.failed))
    elif run.failed:
        results.append(ToolResult((Text(run.message or "failed without a word"),), name=run.name, error=True))
    return drawing.piece(ToolCall(run.name, arguments), "assistant", results)
