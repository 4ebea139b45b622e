from __future__ import annotations

from sightline.content.tool_runs import ran
from sightline.records.conversation import Message, Text, ToolCall, ToolRun


def run(name: str, start: int, call: str = "", parent: str = "agent", span: str = "") -> ToolRun:
    return ToolRun(name, call, span or f"{name}{start}", parent, start, 5, False)


def said(*calls: ToolCall, answer: bool = False) -> Message:
    return Message("assistant", (Text("so"), *calls), answer=answer)


def tied(messages: list[Message], runs: list[ToolRun]) -> dict[tuple[int, int], str]:
    found = ran(messages, runs, "agent", 100, 200)
    return {place: one.span_id for place, one in found.items()}


def test_an_id_ties_wherever_the_tool_ran() -> None:
    messages = [said(ToolCall("look", "{}", "c1"), ToolCall("look", "{}", "c2"), answer=True)]
    runs = [run("look", 300, "c2", "elsewhere"), run("other", 310, "c1")]
    assert tied(messages, runs) == {(0, 1): "other310", (0, 2): "look300"}


def test_without_ids_what_is_asked_runs_afterwards_in_order() -> None:
    messages = [said(ToolCall("look", "1"), ToolCall("buy", "2"), ToolCall("look", "3"), answer=True)]
    runs = [run("look", 10), run("look", 210), run("look", 220), run("look", 230), run("buy", 215)]
    assert tied(messages, runs) == {(0, 1): "look210", (0, 2): "buy215", (0, 3): "look220"}


def test_of_what_was_told_the_last_call_ran_last() -> None:
    # The first call is of another trace of the session.
    messages = [said(ToolCall("look", "1")), said(ToolCall("look", "2")), said(ToolCall("look", "3"))]
    runs = [run("look", 10), run("look", 20), run("look", 98), run("look", 250)]
    assert tied(messages, runs) == {(1, 1): "look10", (2, 1): "look20"}


def test_another_agents_runs_are_not_taken() -> None:
    messages = [said(ToolCall("look", "1"), answer=True)]
    assert tied(messages, [run("look", 210, parent="other agent")]) == {}
    assert tied(messages, []) == {}
