"""Reading is total, bounded, and loses nothing, whatever was sent and wherever it was cut."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.content.transcript import CASES, case, contents_of

from sightline.content.messages import ELEMENTS, MAX_MESSAGES, WHOLES, read
from sightline.content.parts.table import BY_KEY, BY_NAME
from sightline.records.conversation import Message, Text

KEYS = sorted(
    {
        *BY_KEY, "role", "content", "parts", "tool_calls", "message", "messages", "name", "text", "arguments",
        "input", "output", "choices", "delta", "candidates", "contents", "blocks", "items", "generations",
        "replies", "inputs", "outputs", "kwargs", "args", "prompt", "system", "instructions", "chat_history",
        "reasoning_content", "thinking", "response", "result", "source", "data", "url", "title", "query",
        "question", "tool_call_id", "additional_kwargs", "metadata", "tool_results", "other", "summary",
        "value", "error", "tool_plan", "images", "completion",
    }
)  # fmt: skip
NAMES = sorted({*BY_NAME, "human", "ai", "message", "AssistantMessage", "request", "response", "unknown"})
ROLES = st.sampled_from(["user", "assistant", "system", "tool", "model", "human", "function", "critic"])
# What reading uses up without telling it: order, identity, structure, and what only a provider can open.
UNTOLD = re.compile(
    r"cachePoint|type|kind|part_kind|role|index|id|lc|status|state|detail|signature|encrypted_content"
)


def trees(leaf: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Structures that look like what SDKs send."""
    typed = st.fixed_dictionaries({}, optional={"type": st.sampled_from(NAMES), "role": ROLES})

    def deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        objects = st.builds(
            lambda a, b: a | b, st.dictionaries(st.sampled_from(KEYS), inner, max_size=4), typed
        )
        return st.lists(inner, max_size=4) | objects

    return st.recursive(leaf, deeper, max_leaves=25)


ANY = trees(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8))


@given(ANY, st.sampled_from(["user", "assistant", "system", "tool"]))
def test_any_structure_is_read(value: Any, role: str) -> None:
    text = json.dumps(value)
    found = read(text, role)
    assert found.messages or found.rest or not value
    assert all(isinstance(m, Message) and m.role for m in found.messages)


@given(st.text(), st.booleans())
def test_any_text_is_read_whole(text: str, cut: bool) -> None:
    found = read(text, cut=cut)
    assert bool(found.messages) == bool(text)
    if not text.strip().startswith(("{", "[", '"')) and not text.startswith("data:"):
        assert [m.parts for m in found.messages] == ([(Text(text),)] if text else [])


@given(trees(st.just("leaf")), ROLES)
def test_what_is_said_is_never_lost(value: Any, role: str) -> None:
    numbers = itertools.count()
    told: list[str] = []

    def name(at: Any, untold: bool = False) -> Any:
        if isinstance(at, dict):
            return {
                k: v if k in ("type", "role") else name(v, untold or bool(UNTOLD.fullmatch(k)))
                for k, v in at.items()
            }
        if isinstance(at, list):
            return [name(v, untold) for v in at]
        leaf = f"leaf{next(numbers)}."
        if not untold:
            told.append(leaf)
        return leaf

    named = name({"role": role, "content": value})
    found = repr(read(json.dumps([named, {"role": "user", "content": "last"}])))
    missing = [leaf for leaf in told if leaf not in found]
    assert not missing, (named, found)


@pytest.mark.parametrize("name", CASES)
def test_a_cut_text_is_read_as_far_as_it_goes(name: str) -> None:
    for content in contents_of(case(name)):
        text = content.text or ""
        whole = read(text).messages
        step = max(1, len(text) // 150)
        for end in range(1, len(text), step):
            found = read(text[:end], cut=True)
            assert found.cut and found.messages
            # All but the last message are the whole text's own, where the beginning tells the shape.
            if text[:1] == "[" and '"role"' in text and len(found.messages) > 1:
                assert list(found.messages[:-1]) == list(whole[: len(found.messages) - 1])


def test_the_cut_message_says_so_and_keeps_its_end() -> None:
    chat = json.dumps([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "I think that"}])
    first, last = read(chat[:-6], cut=True).messages
    assert (first.cut, last.cut) == (False, True)
    assert last.parts == (Text("I think t"),) and last.role == "assistant"
    half = read('[{"role": "user", "content": "Hi"}, {"role": "assistant", "cont').messages[-1]
    assert half.parts[-1] == Text('"cont', label="cut")
    encoded = json.dumps(chat)[:-9]
    assert read(encoded).messages[-1].cut and read(encoded).messages[0].parts == (Text("Hi"),)


@pytest.mark.parametrize(
    "text", ["[INFO] started", "{name}, hello", '["a" b', "[1] as before", '"Hello" he said', "[", "{"]
)
def test_text_that_only_begins_like_json_is_text(text: str) -> None:
    [message] = read(text).messages
    assert message.parts == (Text(text),)


def test_numbers_of_the_users_own_stay_text() -> None:
    assert read("123").messages[0].parts == (Text("123"),)
    assert read('"quoted"').messages[0].parts == (Text("quoted"),)


BOMBS = {
    "brackets": "[" * 200_000,
    "objects": '{"messages":' * 50_000,
    "closed": "[" * 50_000 + "]" * 50_000,
    "backslashes": '["' + "\\" * 200_000,
    "quotes": '["' + '\\"' * 100_000,
    "messages": json.dumps([{"role": "user", "content": "x"}] * (MAX_MESSAGES + 10)),
    "parts": json.dumps([{"role": "user", "content": [{"type": "text", "text": "x"}] * 20_000}]),
    "digits": '[{"role":"user","content":' + "9" * 100_000 + "}]",
    "nested results": '[{"role":"user","content":'
    + '[{"type":"tool_result","content":' * 30
    + '"x"'
    + "}]" * 31,
    "indexes": json.dumps({f"llm.input_messages.{10**17 + n}.message.content": "x" for n in range(2_000)}),
    "surrogates": '[{"role":"user","content":"' + "\\ud800" * 20_000 + '"}]',
    "segments": json.dumps({"gen_ai.prompt.0." + "a." * 5_000 + "b": "x"}),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_hostile_texts_are_bounded(name: str) -> None:
    found = read(BOMBS[name])
    assert found.messages
    assert len(found.messages) <= MAX_MESSAGES + 1
    json.dumps([repr(m) for m in found.messages]).encode()
    for message in found.messages:
        for part in message.parts:
            repr(part).encode()


def test_the_tables_name_every_shape_once() -> None:
    assert ELEMENTS.keys() & WHOLES.keys() == {"gemini", "langchain", "openai_responses"}
