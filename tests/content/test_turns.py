"""A session reads as its user saw it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tests.content.transcript import content

from sightline.content.conversation import conversation
from sightline.content.turns import turns
from sightline.records.conversation import Conversation, Message, Text, TraceSaid


def span(asked: object = None, answered: object = None) -> Conversation:
    """A span with an input and an output; lists are messages."""
    given = []
    for value, side in ((asked, "input"), (answered, "output")):
        if value is not None:
            field = f"{side}_value" if isinstance(value, str) else f"{side}_messages"
            given.append(content(field, value))
    return conversation(given)


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def bot(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def words(messages: Sequence[Message]) -> list[str]:
    return [p.text for m in messages for p in m.parts if isinstance(p, Text)]


def told(*traces: TraceSaid) -> list[tuple[list[str], list[str]]]:
    return [(words(t.asked), words(t.answered)) for t in turns(traces)]


def test_roots_with_plain_texts() -> None:
    first = TraceSaid("a", 1, span("Hi", "Hello"))
    second = TraceSaid("b", 2, span("And now?", "Now."))
    assert told(second, first) == [(["Hi"], ["Hello"]), (["And now?"], ["Now."])]


def test_a_chat_that_sends_its_whole_history() -> None:
    one = TraceSaid("a", 1, span([user("1")], [bot("one")]))
    two = TraceSaid("b", 2, span([user("1"), bot("one"), user("2")], [bot("two")]))
    three = TraceSaid("c", 3, span([user("1"), bot("one"), user("2"), bot("two"), user("3")], [bot("three")]))
    assert told(one, two, three) == [(["1"], ["one"]), (["2"], ["two"]), (["3"], ["three"])]
    assert [t.repeated for t in turns([one, two, three])] == [0, 2, 4]


def test_a_root_without_words_lets_its_model_calls_speak() -> None:
    system = {"role": "system", "content": "S"}
    call = {"id": "c", "function": {"name": "look", "arguments": "{}"}}
    plan = span([system, user("Why?")], [{"role": "assistant", "content": None, "tool_calls": [call]}])
    done = span([system, user("Why?")], [bot("Because.")])
    [turn] = turns([TraceSaid("a", 1, span(), (plan, done))])
    assert (words(turn.asked), words(turn.answered), turn.tools) == (["Why?"], ["Because."], ("look",))
    own = conversation([content("input_value", json.dumps({"order": {"id": 7}}))])
    assert told(TraceSaid("a", 1, own, (done,))) == [(["Why?"], ["Because."])]
    assert told(TraceSaid("a", 1, own)) == [(['{"order": {"id": 7}}'], [])]


def test_history_that_was_not_shown_is_not_made_up() -> None:
    one = TraceSaid("a", 1, span([user("1")], [bot("one")]))
    other = TraceSaid("b", 2, span([user("x"), bot("y"), user("2")], [bot("two")]))
    assert told(one, other)[1] == (["2"], ["two"])
    # The first trace of what is looked at may carry history from before it.
    assert told(other) == [(["x", "y", "2"], ["two"])]


def test_a_question_asked_twice_is_shown_twice() -> None:
    one = TraceSaid("a", 1, span("Hi", "Hello"))
    two = TraceSaid("b", 2, span("Hi", "Hello again"))
    assert told(one, two) == [(["Hi"], ["Hello"]), (["Hi"], ["Hello again"])]


def test_a_failed_request_has_no_answer() -> None:
    assert told(TraceSaid("a", 1, span("Hi"))) == [(["Hi"], [])]
    assert turns([]) == ()
