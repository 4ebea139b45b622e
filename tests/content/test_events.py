"""Messages of span events and of log records."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sightline.content.events import NAMES, found, said, spoken
from sightline.records.conversation import Text, ToolCall
from sightline.records.trace import SpanEvent


def test_a_log_records_body_is_the_message() -> None:
    [message] = said("gen_ai.user.message", {"gen_ai.system": "openai"}, {"content": "Hi", "role": "user"})
    assert (message.role, message.parts, message.answer) == ("user", (Text("Hi"),), False)
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    body = {"index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant", "tool_calls": [call]}}
    [choice] = said("gen_ai.choice", {}, body)
    assert choice.parts == (ToolCall("f", "{}", "c"),)
    assert (choice.finish_reason, choice.answer, choice.source) == ("tool_calls", True, "event:gen_ai.choice")


def test_the_details_of_an_operation_may_be_a_structure() -> None:
    attributes = {
        "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "Q"}]}],
        "gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": "text", "content": "A"}]}],
    }
    told = said("gen_ai.client.inference.operation.details", attributes)
    assert [(m.role, m.answer) for m in told] == [("user", False), ("assistant", True)]


def test_other_events_say_nothing() -> None:
    assert (
        spoken([SpanEvent(1, "exception", {"content": "x"}), SpanEvent(2, "gen_ai.choice", {"index": 0})])
        == ()
    )
    assert found([SpanEvent(1, "exception", {})]) == ()


ATTRIBUTES = st.dictionaries(
    st.sampled_from(
        ["content", "role", "message", "id", "tool_calls", "gen_ai.prompt", "a.b", "finish_reason"]
    )
    | st.text(),
    st.none() | st.text() | st.integers() | st.lists(st.text()) | st.just('[{"text": "x"}]'),
)


@given(st.sampled_from(sorted(NAMES)), ATTRIBUTES, st.none() | st.text() | ATTRIBUTES)
def test_any_event_is_answered(name: str, attributes: dict[str, Any], body: Any) -> None:
    said(name, attributes, body)
    found([SpanEvent(1, "db.query.result", attributes)])
