from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pages_talk as talk
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages_elements import Elements, assert_harmless
from pages_hostile import ALL, CORPUS, MARKDOWN

from sightline.content.conversation import conversation
from sightline.pages.messages import MAX_BLOCKS, Block, Messages, messages
from sightline.pages.pieces import Piece
from sightline.records.trace import Content, ContentRef


def content(field: str, text: str | None, *, truncated: bool = False) -> Content:
    return Content(ContentRef(field, f"{hash((field, text)):x}", len(text or "")), text, truncated)


def view(*contents: Content, before: Sequence[Content] = (), tool: str = "") -> Messages:
    previous = conversation(before).messages
    return messages(conversation(contents, tool=tool), previous, contents)


def blocks(*contents: Content) -> tuple[Block, ...]:
    return view(*contents).blocks


def words(pieces: Sequence[Piece]) -> str:
    """Everything that pieces show, as text."""
    return "".join(f"{p.label} {Elements(p.body).text} {words(p.results)}" for p in pieces)


def drawn(found: Messages) -> str:
    """All HTML of a view."""
    out = ""
    for block in (*found.old, *found.blocks):
        out += str(block.rest or "") + "".join(html(p) for p in block.pieces)
    out += "".join(str(d.url or "") + html(d.body) for d in found.documents)
    return out + "".join(html(p) for p in (*found.tools, *found.others))


def html(piece: Piece) -> str:
    return str(piece.body) + "".join(html(p) for p in piece.results)


def test_a_chat_reads_in_order_with_its_calls() -> None:
    chat = [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "Hello"}, {"type": "image_url", "image_url": "x"}],
        },
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"function": {"name": "look", "arguments": "{}"}}],
        },
        {"role": "tool", "name": "look", "content": "found"},
    ]
    answer = [{"role": "assistant", "parts": [{"type": "text", "content": "Hi."}]}]
    found = blocks(
        content("output_messages", json.dumps(answer)), content("input_messages", json.dumps(chat))
    )
    assert [(b.title, b.tone) for b in found] == [
        ("System", "sys"),
        ("User", ""),
        ("Assistant", ""),
        ("Output", "out"),
    ]
    assert [p.kind for p in found[1].pieces] == ["text", "media"]
    # What the tool answered stands beside the call that asked for it.
    assert found[2].pieces[0].label == "look"
    assert "found" in words(found[2].pieces[0].results)
    assert words(found[3].pieces).strip() == "Hi."


def test_the_plain_input_is_left_out_where_messages_tell_it() -> None:
    both = [content("input_value", "Hello"), content("input_messages", '[{"role":"user","content":"Hello"}]')]
    assert [words(b.pieces).strip() for b in blocks(*both)] == ["Hello"]
    assert view(*both).repeats == ("input_value repeats input_messages",)


def test_what_is_not_understood_is_shown_as_it_is() -> None:
    assert words(blocks(content("input_value", "just text"))[0].pieces).strip() == "just text"
    assert '{"question": 1' in words(blocks(content("input_value", '{"question": 1'))[0].pieces)
    assert words(blocks(content("tool_result", '{"a":1}'))[0].pieces).split() == ["result", '{"a":', "1}"]
    assert words(blocks(content("input_value", "42"))[0].pieces).strip() == "42"
    assert blocks(content("input_value", "42"))[0].title == "Input"


def test_expired_and_cut_texts_say_so() -> None:
    assert "expired" in view(content("input_value", None)).others[0].label
    assert blocks(content("input_messages", '[{"role":"us', truncated=True))[0].notes == (
        "the stored text ends here",
    )
    assert "the beginning of" in view(content("metadata", '{"a":', truncated=True)).others[0].label


def test_endless_conversations_are_bounded() -> None:
    chat = json.dumps([{"role": "user", "content": "x"}] * 1000)
    found = blocks(content("input_messages", chat), content("output_value", "Done"))
    assert len(found) == MAX_BLOCKS + 1
    assert [b.notes for b in found if b.notes] == [("601 messages more; the exact text has them",)]
    assert words(found[-1].pieces).strip() == "Done"


def test_what_is_new_is_drawn_before_the_history() -> None:
    old = [{"role": "user", "content": "**x** " * 3_000} for _ in range(8)]
    before = content("input_messages", json.dumps(old))
    now = content("input_messages", json.dumps([*old, {"role": "user", "content": "**new**"}]))
    found = view(now, before=[before])
    assert "<strong>new</strong>" in found.blocks[0].pieces[0].body
    assert "<strong>" not in found.old[-1].pieces[0].body


def test_an_unusual_end_is_said() -> None:
    answer = '[{"role":"assistant","content":"x","finish_reason":"%s"}]'
    assert blocks(content("output_messages", answer % "length"))[0].notes == ("ended with length",)
    assert blocks(content("output_messages", answer % "stop"))[0].notes == ()


def test_history_that_was_sent_before_stands_apart() -> None:
    system = {"role": "system", "content": talk.SYSTEM}
    before = [
        content("input_messages", json.dumps([system, talk.QUESTION])),
        content("output_messages", json.dumps([talk.CALLS])),
    ]
    now = content("input_messages", json.dumps([system, talk.QUESTION, talk.CALLS, *talk.RESULTS]))
    found = view(now, content("output_value", "Done"), before=before)
    assert [b.title for b in found.old] == ["System", "User", "Assistant"]
    assert all(b.old for b in found.old)
    # The results are new, though the call that asked for them is not; they name it.
    assert [b.title for b in found.blocks] == ["Tool", "Tool", "Output"]
    assert [b.pieces[0].label for b in found.blocks[:2]] == ["search_knowledge", "lookup_order"]
    assert found.blocks[0].pieces[0].error
    alone = view(now)
    assert alone.old == () and len(alone.blocks[2].pieces[1].results) == 1


def test_long_texts_fold_by_what_they_are() -> None:
    long = "word " * 200
    chat = [{"role": "system", "content": long}, {"role": "user", "content": long}]
    system, user = blocks(content("input_messages", json.dumps(chat)))
    assert system.pieces[0].preview.endswith("…") and system.pieces[0].size == "1,000 characters"
    assert not user.pieces[0].preview


def test_pictures_are_shown_when_they_are_pictures() -> None:
    def image(data: str, mime: str = "image/png") -> Piece:
        part = {"type": "image_url", "image_url": {"url": f"data:{mime};base64,{data}"}}
        return blocks(content("input_messages", json.dumps([{"role": "user", "content": [part]}])))[0].pieces[
            0
        ]

    assert '<img class="pic"' in image(talk.png(20, 10)).body
    assert "not shown" in image("PHN2Zz4=", "image/svg+xml").label
    assert "not shown" in image(talk.png(20, 10)[:20]).label and not image("AAAA").body
    remote = (
        '[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x.example/a.png"}}]}]'
    )
    piece = blocks(content("input_messages", remote))[0].pieces[0]
    assert "img" not in piece.body and 'href="https://x.example/a.png"' in piece.body


def test_pictures_of_a_page_are_bounded_together() -> None:
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{talk.png(20, 10)}"}}
    chat = json.dumps([{"role": "user", "content": [part] * 3}])
    found = messages(conversation([content("input_messages", chat)]))
    assert sum("<img" in p.body for p in found.blocks[0].pieces) == 3


def test_documents_tools_and_everything_else_have_a_place() -> None:
    found = view(
        content("retrieval_documents", json.dumps(talk.DOCUMENTS)),
        content("tool_definitions", json.dumps(talk.TOOLS)),
        content("params_raw", '{"temperature": 0.2}'),
    )
    assert [(d.title, d.score) for d in found.documents] == [("Terms", "0.9132"), ("faq-12", "0.41")]
    assert found.documents[0].facts[0] == ("id", "terms-2026")
    assert found.tools[0].label == "lookup_order" and found.others[0].label == "Parameters"


def test_the_exact_text_is_what_is_stored() -> None:
    stored = [content("input_messages", '[{"role": "user"}]'), content("output_value", None)]
    found = messages(conversation(stored), (), stored, exact=True)
    assert [(e.title, e.text) for e in found.exact] == [
        ("input_messages", '[{"role": "user"}]'),
        ("output_value", ""),
    ]
    assert found.blocks == () and "expired" in found.exact[1].note


def said(**message: Any) -> str:
    return json.dumps([{"role": "user"} | message])


SHAPES: tuple[Callable[[str], str], ...] = (
    lambda x: x,
    lambda x: said(content=x),
    lambda x: said(role=x, name=x, content=[{"type": "text", "text": x}, {"type": x, "a": x}]),
    lambda x: said(tool_calls=[{"id": x, "function": {"name": x, "arguments": x}}]),
    lambda x: said(role="tool", tool_call_id=x, content=x),
    lambda x: said(content=[{"type": "image_url", "image_url": {"url": x}}]),
    lambda x: said(content=[{"type": "file", "file": {"filename": x, "file_id": x}}]),
    lambda x: said(refusal=x, reasoning_content=x, annotations=[x]),
    lambda x: json.dumps([{"id": x, "content": x, "score": 1, "metadata": {x: x, "url": x, "title": x}}]),
    lambda x: json.dumps({x: {x: [x]}}),
    lambda x: f"data:image/png;base64,{x}",
)
FIELDS = (
    "input_messages", "output_value", "system_instructions", "tool_result", "retrieval_documents",
    "tool_definitions", "odd",
)  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_hostile_texts_of_every_shape_do_nothing(field: str) -> None:
    for text in (*CORPUS, *MARKDOWN, ALL):
        for shape in SHAPES:
            assert_harmless(drawn(view(content(field, shape(text)))))


KEYS = st.sampled_from(
    [
        "role",
        "content",
        "parts",
        "tool_calls",
        "type",
        "message",
        "messages",
        "name",
        "function",
        "text",
        "url",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(CORPUS),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS | st.text(), inner),
    max_leaves=20,
)


@given(JSON, st.sampled_from(FIELDS))
def test_any_shape_is_shown_and_none_fails(value: Any, field: str) -> None:
    found = view(content(field, json.dumps(value)))
    assert_harmless(drawn(found))
    assert found.blocks or found.others or found.documents or found.tools


@given(st.text(), st.sampled_from(["input_messages", "input_value"]))
def test_any_text_is_shown(text: str, field: str) -> None:
    assert len(blocks(content(field, text))) >= bool(text)


def test_a_bomb_of_brackets_is_text() -> None:
    [block] = blocks(content("input_value", "[" * 100_000))
    assert block.pieces[0].kind == "raw" and block.pieces[0].preview
