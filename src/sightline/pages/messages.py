"""A conversation as blocks to read: who said what, tools beside the turns that asked for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from sightline.content.history import fresh
from sightline.content.json_text import parse
from sightline.content.messages import UNSTRUCTURED
from sightline.pages import formats
from sightline.pages.documents import DocumentRow, document_rows
from sightline.pages.pieces import Drawing, Piece, pre, preview, size, structure
from sightline.records.conversation import (
    Conversation,
    Leftover,
    Message,
    Place,
    ToolCall,
    ToolDefinition,
    ToolResult,
)
from sightline.records.trace import Content

MAX_BLOCKS = 400
_TITLES = {"system": "System", "user": "User", "assistant": "Assistant", "tool": "Tool"}
_FIELDS = {
    "input_value": "Input",
    "output_value": "Output",
    "tool_arguments": "Arguments",
    "tool_result": "Result",
    "tool_definitions": "Tools",
    "params_raw": "Parameters",
    "prompt_template": "Template",
    "prompt_variables": "Variables",
    "error_stacktrace": "Stack trace",
}


@dataclass(frozen=True, slots=True)
class Block:
    """One message. `tone` is `sys`, `out` or empty; `old`: it repeats what an earlier call had."""

    title: str
    tone: str
    pieces: tuple[Piece, ...]
    name: str = ""
    notes: tuple[str, ...] = ()
    rest: Markup | None = None
    old: bool = False


@dataclass(frozen=True, slots=True)
class Exact:
    """A stored text as it is."""

    title: str
    text: str
    note: str


@dataclass(frozen=True, slots=True)
class Messages:
    """Everything the tab shows. `old` are blocks of history, in front of the others.

    `repeats` says what is left out because it is told already. With `exact`, only the stored texts are shown.
    """

    old: tuple[Block, ...]
    blocks: tuple[Block, ...]
    documents: tuple[DocumentRow, ...]
    tools: tuple[Piece, ...]
    others: tuple[Piece, ...]
    repeats: tuple[str, ...]
    exact: tuple[Exact, ...]


def messages(
    found: Conversation,
    previous: Sequence[Message] = (),
    contents: Sequence[Content] = (),
    *,
    exact: bool = False,
    ran: Mapping[Place, Piece] | None = None,
) -> Messages:
    """The view of a conversation. `previous` is what an earlier call of the same agent said; `ran` has, for
    the place of a call, a piece that says how its tool ran."""
    if exact:
        return Messages((), (), (), (), (), (), tuple(map(exactly, contents)))
    known = fresh(previous, found.messages) if previous else frozenset[int]()
    blocks = _blocks(found, known, ran or {})
    first = next((at for at, block in enumerate(blocks) if not block.old), len(blocks))
    return Messages(
        old=tuple(blocks[:first]),
        blocks=tuple(blocks[first:]),
        documents=document_rows(found.documents[:MAX_BLOCKS]),
        tools=tuple(map(_tool, found.tools[:MAX_BLOCKS])),
        others=tuple(_other(left) for left in found.leftovers if not left.repeats),
        repeats=tuple(f"{left.source} repeats {left.repeats}" for left in found.leftovers if left.repeats),
        exact=(),
    )


def spoken(said: Sequence[Message], drawing: Drawing) -> tuple[Block, ...]:
    """Some messages of a session's turn as blocks, drawn from what is left of the page's budgets."""
    return tuple(
        replace(
            _block(message, tuple(drawing.piece(part, message.role) for part in message.parts), False),
            title=_TITLES.get(
                "assistant" if message.answer else message.role, message.role[:20].capitalize()
            ),
        )
        for message in said[-MAX_BLOCKS:]
    )


def _blocks(found: Conversation, known: frozenset[int], ran: Mapping[Place, Piece]) -> list[Block]:
    """The messages in order. A result stands beside its call, unless only one of them is new."""
    beside = {
        result: call for result, call in found.calls.items() if (result[0] in known) == (call[0] in known)
    }
    answers: dict[Place, list[ToolResult]] = {}
    for result, call in beside.items():
        part = found.messages[result[0]].parts[result[1]]
        if isinstance(part, ToolResult):
            answers.setdefault(call, []).append(part)
    drawing = Drawing()
    drawn: dict[int, Block] = {}
    places = _kept(range(len(found.messages)))
    # What is new is drawn first: it has the page's budgets.
    for at in sorted(places, key=lambda at: at in known):
        message = found.messages[at]
        pieces = tuple(
            _timed(
                drawing.piece(part, message.role, answers.get((at, index), ()), _asked(found, (at, index))),
                ran.get((at, index)),
            )
            for index, part in enumerate(message.parts)
            if (at, index) not in beside
        )
        if pieces or message.rest or not message.parts:
            drawn[at] = _block(message, pieces, at in known)
    left_out = len(found.messages) - len(places)
    if left_out:
        gap = next(at for at in range(len(found.messages)) if at not in places)
        note = f"{left_out:,} messages more; the exact text has them"
        drawn[gap] = Block("More", "", (), notes=(note,), old=gap in known)
    return [drawn[at] for at in sorted(drawn)]


def _timed(piece: Piece, run: Piece | None) -> Piece:
    """A call with how its tool ran."""
    if run is None:
        return piece
    return replace(piece, took=run.took, href=run.href, error=piece.error or run.error)


def _kept(places: range) -> set[int]:
    """The messages that are shown: all, or of very many the first and (the answer is there) the last."""
    if len(places) <= MAX_BLOCKS:
        return set(places)
    return {*places[: MAX_BLOCKS // 4], *places[-(MAX_BLOCKS - MAX_BLOCKS // 4) :]}


def _asked(found: Conversation, place: Place) -> str:
    """The name of the tool whose call a result at this place answers."""
    call = found.calls.get(place)
    part = found.messages[call[0]].parts[call[1]] if call else None
    return part.name if isinstance(part, ToolCall) else ""


def _block(message: Message, pieces: tuple[Piece, ...], old: bool) -> Block:
    out = message.answer and message.role not in ("tool", "system")
    title = _TITLES.get(message.role, message.role[:20].capitalize())
    if message.shape == "tool":  # a tool's own span
        title = "Tool"
    elif message.source == "input_value" and message.shape in UNSTRUCTURED:
        title = "Input"
    notes = []
    if message.finish_reason and message.finish_reason.lower() not in _USUAL:
        notes.append(f"ended with {message.finish_reason[:60]}")
    if message.cut:
        notes.append("the stored text ends here")
    return Block(
        "Output" if out else title,
        "sys" if message.role == "system" else "out" if out else "",
        pieces,
        "" if message.name.lower() == message.role else message.name,
        tuple(notes),
        structure(message.rest) if message.rest else None,
        old,
    )


# Ends that need no words: the model was done, or called its tools.
_USUAL = {
    "stop", "end_turn", "tool_call", "tool_calls", "tool-calls", "tool_use", "completed", "complete",
    "finish", "function_call", "finishreason.stop", "stop_sequence", "eos_token",
}  # fmt: skip


def _tool(tool: ToolDefinition) -> Piece:
    body = structure(tool.parameters) + (structure(tool.rest) if tool.rest else Markup())
    return Piece("json", body, tool.name, preview(tool.description) or "no description")


def _other(left: Leftover) -> Piece:
    title = _title(left.source)
    if left.text is None:
        return Piece(
            "raw",
            Markup(),
            f"{title}: the text has expired, or is on its way; times, tokens and cost are here",
        )
    if left.cut:
        title += f", the beginning of {formats.size(left.size)}"
    found = None if left.cut else parse(left.text)
    if found is None or found.cut or isinstance(found.value, str):
        return Piece("raw", pre(left.text), title, preview(left.text), size(left.text))
    return Piece("json", structure(left.text), title, preview(left.text), size(left.text))


def _title(source: str) -> str:
    field, comma, more = source.partition(",")
    name = field.removeprefix("attribute:")
    return _FIELDS.get(name, name.replace("_", " ").capitalize() if name == field else name) + comma + more


def exactly(content: Content) -> Exact:
    """A stored text as it is, or why it is not there."""
    if content.text is None:
        return Exact(
            content.ref.field, "", "the text has expired, or is on its way; times, tokens and cost are here"
        )
    note = formats.size(content.ref.size)
    return Exact(content.ref.field, content.text, f"the beginning of {note}" if content.truncated else note)
