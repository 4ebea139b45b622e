from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from sightline.pages.messages import MAX_BLOCKS, blocks
from sightline.records.trace import Content, ContentRef


def content(field: str, text: str | None, *, truncated: bool = False) -> Content:
    return Content(ContentRef(field, "00" * 16, len(text or "")), text, truncated)


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
        [content("output_messages", json.dumps(answer)), content("input_messages", json.dumps(chat))]
    )
    assert [(b.title, b.tone) for b in found] == [
        ("System", "sys"),
        ("User", ""),
        ("Assistant", ""),
        ("Tool", ""),
        ("Output", "out"),
    ]
    assert found[1].text.startswith("Hello\n{")
    assert found[2].calls[0].name == "look"
    assert found[3].calls[0].arguments == "found"
    assert found[4].text == "Hi."


def test_the_plain_input_is_left_out_where_messages_tell_it() -> None:
    both = [content("input_value", "Hello"), content("input_messages", '[{"role":"user","content":"Hello"}]')]
    assert [b.text for b in blocks(both)] == ["Hello"]


def test_what_is_not_understood_is_shown_as_it_is() -> None:
    assert blocks([content("input_value", "just text")])[0].text == "just text"
    assert blocks([content("input_value", '{"question": 1')])[0].text == '{"question": 1'
    assert blocks([content("tool_result", '{"a":1}')])[0].text == '{\n  "a": 1\n}'
    assert blocks([content("input_value", "42")])[0].text == "42"


def test_expired_and_cut_texts_say_so() -> None:
    assert "expired" in blocks([content("input_value", None)])[0].note
    assert "beginning of" in blocks([content("input_messages", '[{"role":"us', truncated=True)])[0].note


def test_endless_conversations_are_bounded() -> None:
    chat = json.dumps([{"role": "user", "content": "x"}] * 1000)
    assert len(blocks([content("input_messages", chat)])) == MAX_BLOCKS + 1


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
        "arguments",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS | st.text(), inner),
    max_leaves=20,
)


FIELDS = st.sampled_from(["input_messages", "output_value", "system_instructions", "tool_result", "odd"])


@given(JSON, FIELDS)
def test_any_shape_is_shown_and_none_fails(value: object, field: str) -> None:
    found = blocks([content(field, json.dumps(value))])
    assert (isinstance(value, list | dict) and not value) or found


@given(st.text(), st.sampled_from(["input_messages", "input_value"]))
def test_any_text_is_shown_whole(text: str, field: str) -> None:
    found = blocks([content(field, text)])
    assert len(found) >= 1


def test_a_bomb_of_brackets_is_text() -> None:
    assert blocks([content("input_value", "[" * 100_000)])[0].code
