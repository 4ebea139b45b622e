"""What an agent sends again is recognised, however its SDK writes it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sightline.content.history import fresh, longest_start
from sightline.content.messages import read
from sightline.records.conversation import Message, Reasoning, Text, ToolCall, ToolResult

SYSTEM = Message("system", (Text("Be brief."),))
ASKED = Message("user", (Text("Find it."),))
CALLED = Message("assistant", (Reasoning("hm"), ToolCall("look", '{"a": 1, "b": 2}', "c1")), answer=True)
RESULT = Message("tool", (ToolResult((Text('{"x":1}', json=True),), "c1"),))
ANSWER = Message("assistant", (Text("Here."),), answer=True)


def test_a_turn_of_an_agent_repeats_the_turn_before() -> None:
    previous = [SYSTEM, ASKED, CALLED]
    sent = replace(CALLED, parts=(ToolCall("look", '{"b":2,"a":1}', "other"),), answer=False)
    assert fresh(previous, [SYSTEM, ASKED, sent, RESULT, ANSWER]) == {0, 1, 2}


def test_the_answer_is_always_new() -> None:
    assert fresh([SYSTEM, ASKED, ANSWER], [SYSTEM, ASKED, ANSWER]) == {0, 1}


def test_a_changed_system_prompt_stands_out_and_the_rest_repeats() -> None:
    now = Message("system", (Text("Be brief. It is 12:01."),))
    assert fresh([SYSTEM, ASKED, CALLED], [now, ASKED, replace(CALLED, answer=False), RESULT]) == {1, 2}


def test_a_history_cut_at_its_front_repeats() -> None:
    older = [Message("user", (Text(str(n)),)) for n in range(6)]
    assert fresh([SYSTEM, *older], [SYSTEM, *older[3:], ASKED]) == {0, 1, 2, 3}


def test_nothing_repeats_when_the_beginning_differs() -> None:
    assert fresh([SYSTEM, ASKED], [Message("user", (Text("Other."),)), ASKED]) == frozenset()
    assert fresh([], [SYSTEM, ASKED]) == frozenset()


def test_shapes_do_not_matter() -> None:
    one = read('[{"role":"user","content":"Hi"},{"role":"assistant","content":"Yo"}]').messages
    two = read(
        '[{"role":"user","parts":[{"type":"text","content":"Hi "}]},{"role":"model","parts":[{"text":"Yo"}]}]'
    )
    assert fresh(one, two.messages) == {0, 1}


@given(st.lists(st.integers(0, 2), max_size=30), st.lists(st.integers(0, 2), max_size=30))
def test_the_longest_start_is_that_of_a_plain_search(pattern: list[int], text: list[int]) -> None:
    plain = 0
    for size in range(1, len(pattern) + 1):
        if any(text[at : at + size] == pattern[:size] for at in range(len(text))):
            plain = size
    assert longest_start(pattern, text) == plain
