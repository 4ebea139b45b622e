"""Parts of messages as pieces of a page: text, thoughts, tools, pictures, files, structures.

Text is drawn by `markdown`, structures by `json_tree`, pictures by `raster`: whatever they contain, it does
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from sightline.content.json_text import parse
from sightline.pages import formats
from sightline.pages.foreign import escaped, lines, link
from sightline.pages.json_tree import tree
from sightline.pages.markdown import markdown, plain
from sightline.pages.raster import picture
from sightline.records.conversation import (
    Image,
    Media,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)

# Texts longer than these fold, by what they are.
FOLD_SYSTEM, FOLD_SAID, FOLD_RESULT, FOLD_THOUGHT = 320, 3_000, 600, 200
FOLD_LINES = 30
# How much of a page may be drawn as Markdown and as pictures; the rest is shown as text and as a note.
MARKDOWN_BUDGET, PICTURE_BUDGET = 80_000, 2_000_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a block. `body` is its HTML, ready; with a `label` it is named, with a `preview` it folds.

    `took` says how long a call's tool ran, `href` leads to its span.
    `kind` is `text`, `thought`, `refusal`, `call`, `media`, `json` or `raw`. `results` are a call's
    answers, and its `preview` their beginning.
    """

    kind: str
    body: Markup
    label: str = ""
    preview: str = ""
    size: str = ""
    error: bool = False
    results: tuple[Piece, ...] = ()
    took: str = ""
    href: str = ""


class Drawing:
    """One page while its pieces are drawn; it spends the page's budgets."""

    def __init__(self) -> None:
        self.markdown = MARKDOWN_BUDGET
        self.pictures = PICTURE_BUDGET

    def piece(self, part: Part, role: str, results: Sequence[ToolResult] = (), asked: str = "") -> Piece:
        """One part as a piece. `results` are those of a call, `asked` the tool that a result belongs to."""
        if isinstance(part, Text):
            return self._text(part, role)
        if isinstance(part, Reasoning):
            if part.hidden and not part.text:
                return Piece("thought", Markup(), "Thoughts, not told by the provider")
            return folded(Piece("thought", self._words(part.text), "Thoughts"), part.text, FOLD_THOUGHT)
        if isinstance(part, Refusal):
            return Piece("refusal", self._words(part.text), "Refused")
        if isinstance(part, ToolCall):
            answers = tuple(piece for result in results for piece in self._result(result))
            failed = any(result.error for result in results)
            label = f"{part.name or 'tool'}{', run by the provider' if part.provider else ''}"
            said = _said(results[0]) if results else ""
            return Piece("call", structure(part.arguments), label, said, "", failed, answers)
        if isinstance(part, ToolResult):
            label = part.name or asked or "result"
            return Piece("call", Markup(), label, _said(part), "", part.error, self._result(part))
        return self._media(part)

    def _result(self, result: ToolResult) -> tuple[Piece, ...]:
        pieces = tuple(self.piece(part, "tool") for part in result.content)
        return pieces or (Piece("text", Markup('<span class="muted">empty</span>')),)

    def _text(self, part: Text, role: str) -> Piece:
        most = {"system": FOLD_SYSTEM, "tool": FOLD_RESULT}.get(role, FOLD_SAID)
        if part.json:
            return Piece("json", structure(part.text), part.label)
        if part.label == "cut":
            return Piece("raw", pre(part.text), "not complete")
        looks_like_code = role == "tool" or part.text[:1] in ("{", "[")
        body = pre(part.text) if looks_like_code else self._words(part.text)
        return folded(Piece("raw" if looks_like_code else "text", body, part.label), part.text, most)

    def _words(self, text: str) -> Markup:
        self.markdown -= len(text)
        return markdown(text) if self.markdown > 0 else plain(text)

    def _media(self, part: Media) -> Piece:
        kind = type(part).__name__
        facts = [part.name, part.mime, formats.size(len(part.data) * 3 // 4) if part.data else "", part.id]
        label = " · ".join([kind, *(fact[:120] for fact in facts if fact)])
        body = Markup()
        drawn = picture(part.data) if isinstance(part, Image) and part.data else None
        if drawn is not None and drawn.size <= self.pictures:
            self.pictures -= drawn.size
            body = Markup('<img class="pic" src="{}" width="{}" height="{}" alt="{}" loading="lazy">').format(
                drawn.source, drawn.width, drawn.height, formats.shown(part.name) or "Image in the message"
            )
        elif isinstance(part, Image) and part.data:
            label += " · not shown: too large, cut or no known picture"
        if part.url:
            body += Markup("<div>{}</div>").format(link(part.url))
        if part.text:
            body += pre(part.text) if len(part.text) < FOLD_SAID else fold(pre(part.text), part.text)
        return Piece("media", body, label)


def _said(result: ToolResult) -> str:
    """The beginning of what a tool answered."""
    return preview(next((part.text for part in result.content if part.text), ""), 90)


def structure(text: str) -> Markup:
    """A JSON text as a tree, any other text in fixed width."""
    found = parse(text) if text[:1] in ("{", "[") else None
    if found is None or found.cut:
        return pre(text) if text else Markup()
    return Markup('<div class="json">{}</div>').format(tree(found.value))


def pre(text: str) -> Markup:
    """Text in fixed width, with its own spaces and line breaks."""
    return Markup('<pre class="wrap">{}</pre>').format(escaped(lines(text)))


def folded(piece: Piece, text: str, most: int) -> Piece:
    """The piece, folded when its text is long."""
    if len(text) <= most and text.count("\n") <= FOLD_LINES:
        return piece
    return replace(piece, preview=preview(text), size=size(text))


def fold(body: Markup, text: str) -> Markup:
    """HTML behind the beginning of the text it shows."""
    return Markup(
        '<details class="fold"><summary><span class="pre">{}</span><span class="more">Show all, {}</span>'
        '<span class="less">Show less</span></summary>{}</details>'
    ).format(escaped(preview(text)), size(text), body)


def preview(text: str, most: int = 240) -> str:
    """The beginning of a text on one line."""
    return " ".join(text[: 2 * most].split())[:most] + ("…" if len(text) > most else "")


def size(text: str) -> str:
    """How long a text is, in words."""
    return f"{len(text):,} characters"
