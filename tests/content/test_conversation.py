"""Which field tells a span's conversation, which repeats it, and that none is lost."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.content.transcript import content

from sightline.content.conversation import INPUTS, OUTPUTS, conversation
from sightline.records.conversation import Leftover, Text, ToolCall, ToolResult
from sightline.records.trace import SpanEvent

CHAT = [{"role": "user", "content": "Hello"}]


def said(*contents: Any, **more: Any) -> list[tuple[str, str]]:
    """Role and text of each message."""
    return [
        (m.role, "".join(p.text for p in m.parts if isinstance(p, Text)))
        for m in conversation(contents, **more).messages
    ]


def repeats(*contents: Any) -> dict[str, str]:
    return {left.source: left.repeats for left in conversation(contents).leftovers}


def test_the_order_is_system_input_output() -> None:
    given_ = [
        content("output_messages", [{"role": "assistant", "content": "Hi"}]),
        content("input_messages", CHAT),
        content("system_instructions", "Be brief."),
    ]
    assert said(*given_) == [("system", "Be brief."), ("user", "Hello"), ("assistant", "Hi")]
    assert [m.answer for m in conversation(given_).messages] == [False, False, True]


def test_a_field_that_says_the_same_is_left_out_and_says_so() -> None:
    both = [content("input_value", "Hello"), content("input_messages", CHAT)]
    assert said(*both) == [("user", "Hello")]
    assert repeats(*both) == {"input_value": "input_messages"}


def test_a_field_that_says_more_is_not_hidden() -> None:
    assert repeats(content("input_messages", CHAT), content("input_value", "Hello, and more")) == {
        "input_value": ""
    }
    longer = [*CHAT, {"role": "assistant", "content": "Hi"}, {"role": "user", "content": "More"}]
    both = [content("input_messages", CHAT), content("input_value", longer)]
    assert len(said(*both)) == 3 and repeats(*both) == {"input_messages": "input_value"}


def test_the_system_prompt_stands_once() -> None:
    chat = [{"role": "system", "content": "Be brief."}, *CHAT]
    assert said(content("system_instructions", "Be brief."), content("input_messages", chat)) == [
        ("system", "Be brief."),
        ("user", "Hello"),
    ]
    other = said(content("system_instructions", "Be long."), content("input_messages", chat))
    assert [text for _, text in other] == ["Be long.", "Be brief.", "Hello"]


def test_expired_and_cut_texts_say_so() -> None:
    found = conversation(
        [content("input_value", None), content("output_value", '[{"role":"us', truncated=True)]
    )
    assert Leftover("input_value", None, 0) in found.leftovers
    assert found.messages[-1].cut


def test_calls_in_a_field_of_their_own_join_the_answer_once() -> None:
    calls = [{"toolCallId": "c1", "toolName": "look", "input": {"a": 1}}]
    found = conversation([content("output_value", "Let me look."), content("tool_calls", calls)])
    [message] = found.messages
    assert message.parts == (Text("Let me look."), ToolCall("look", '{"a": 1}', "c1"))
    answer = [{"role": "assistant", "content": [{"type": "tool-call", **calls[0]}]}]
    again = conversation([content("output_messages", answer), content("tool_calls", calls)])
    assert len(again.messages) == 1 and len(again.messages[0].parts) == 1
    assert again.leftovers[0].repeats == "output_messages"
    alone = conversation([content("tool_calls", calls)])
    assert alone.messages[0].role == "assistant" and alone.messages[0].answer


def test_a_tools_span_is_its_call_and_its_result() -> None:
    given_ = [
        content("tool_arguments", '{"a": 1}'),
        content("tool_result", "found"),
        content("input_value", '{"a":1}'),
        content("output_value", "found"),
    ]
    found = conversation(given_, tool="look")
    assert [m.parts for m in found.messages] == [
        (ToolCall("look", '{"a": 1}'),),
        (ToolResult((Text("found"),), name="look"),),
    ]
    assert found.calls == {(1, 0): (0, 0)}
    assert conversation(given_[:1] + given_[3:], tool="look").messages[1].parts == (Text("found"),)


def test_messages_of_events_stand_where_attributes_have_none() -> None:
    happened = [SpanEvent(1, "gen_ai.user.message", {"content": "Hello"})]
    assert said(happened=happened) == [("user", "Hello")]
    assert said(content("input_value", "Hello"), happened=happened) == [("user", "Hello")]
    assert said(content("input_messages", CHAT), happened=happened) == [("user", "Hello")]


def test_contents_of_other_fields_stay() -> None:
    found = conversation([content("metadata", {"a": 1}), content("attribute:app.dump", "text")])
    assert found.messages == ()
    assert [(left.source, left.text) for left in found.leftovers] == [
        ("attribute:app.dump", "text"),
        ("metadata", '{"a": 1}'),
    ]


FIELDS = st.sampled_from(
    [*INPUTS, *OUTPUTS, "system_instructions", "tool_calls", "tool_result", "metadata", "odd"]
)
TEXTS = st.text(alphabet="leaf0123456789 ", min_size=1) | st.sampled_from(
    [json.dumps(v) for v in (CHAT, {"messages": CHAT}, {"a": 1}, "x", [{"type": "text", "text": "x"}])]
)


@given(st.dictionaries(FIELDS, TEXTS, max_size=5))
def test_every_content_is_read_kept_or_said_to_repeat(given_: dict[str, str]) -> None:
    found = conversation([content(field, text) for field, text in given_.items()])
    shown = repr(found)
    sources = {m.source for m in found.messages} | {left.source for left in found.leftovers}
    for field, text in given_.items():
        assert field in sources or text.strip() in shown or not text.strip()


@given(st.lists(st.tuples(FIELDS, st.text() | st.none()), max_size=5))
def test_any_contents_make_a_conversation(given_: list[tuple[str, str | None]]) -> None:
    conversation([content(field, text) for field, text in given_])
