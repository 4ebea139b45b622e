"""A result finds the call that asked for it."""

from __future__ import annotations

from sightline.content.pairing import pairs
from sightline.records.conversation import Message, Part, Text, ToolCall, ToolResult


def call(name: str, id_: str = "") -> ToolCall:
    return ToolCall(name, "{}", id_)


def result(name: str = "", id_: str = "") -> ToolResult:
    return ToolResult((), id_, name)


def said(*messages: tuple[Part, ...]) -> list[Message]:
    return [Message("assistant", parts) for parts in messages]


def test_by_id_whatever_the_order() -> None:
    found = pairs(said((call("a", "1"), Text("and"), call("a", "2")), (result("a", "2"), result("", "1"))))
    assert found == {(1, 0): (0, 2), (1, 1): (0, 0)}


def test_by_name_and_order_without_ids() -> None:
    found = pairs(said((call("a"), call("b"), call("a")), (result("b"), result("a"), result("a"))))
    assert found == {(1, 0): (0, 1), (1, 1): (0, 0), (1, 2): (0, 2)}


def test_by_order_alone() -> None:
    assert pairs(said((call("a"), call("b")), (result(), result()))) == {(1, 0): (0, 0), (1, 1): (0, 1)}


def test_a_call_is_answered_once() -> None:
    found = pairs(said((call("a", "1"),), (result("a", "1"),), (result("a", "1"),), (result("a"),)))
    assert found == {(1, 0): (0, 0)}


def test_ids_that_come_again_are_taken_in_order() -> None:
    found = pairs(said((call("a", "1"),), (result("", "1"),), (call("a", "1"),), (result("", "1"),)))
    assert found == {(1, 0): (0, 0), (3, 0): (2, 0)}


def test_a_result_before_any_call_has_none() -> None:
    assert pairs(said((result("a", "1"),), (call("a", "1"),))) == {}
