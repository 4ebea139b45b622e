"""Conversations over several traces: a chat that sends its history, a failure, hostile ids, a long one."""

from __future__ import annotations

import json
from typing import Any

from pages_story import MS, NOW, S, Told, trace_id

PROJECT, OTHER = "sessions", "elsewhere"
CHAT, LONG, AGENT = "c_1f3a", "c_long", "run/7"
# Ids that a path, a query or a page could stumble over.
HOSTILE = (
    "a/b?c", "..", "x#y&z=1", "‮evil‬", "<script>alert(1)</script>", "100%25", "né ü/", "a//b", " sp ",
    '"quoted\\"', "*",
)  # fmt: skip
HOUR = 3600 * S
MODEL = {"provider": "openai", "request_model": "gpt-4o-mini", "response_model": "gpt-4o-mini-2024-07-18"}
SAID = [
    ("Which shoes are best for a marathon?", "Take **cushioned** shoes:\n\n1. Aero 3\n2. Cloud 9"),
    ("Do you have Aero 3 in size 44?", "Yes, two pairs are left.\n\n```json\n{\"sku\": \"aero-3-44\"}\n```"),
    ("And in blue?", ""),
    ("Hello? And in blue?", "Sorry for the wait. Blue is back next week."),
]  # fmt: skip


def turn(
    told: Told,
    number: int,
    session: str,
    start: int,
    history: list[dict[str, Any]],
    answer: str,
    *,
    project: str = PROJECT,
    failing: bool = False,
    tool: bool = False,
    **who: Any,
) -> str:
    """One request of a chat: an HTTP root without texts, the agent, a call of a model, perhaps a tool."""
    trace = trace_id(number)
    kw: dict[str, Any] = {"project": project, "session_id": session, "service": "shop-chat", **who}
    failed = {"status": "error", "status_message": "429 Too Many Requests", "error_type": "rate_limit"}
    told.span(
        trace, 1, None, "POST /api/chat", "http", start, 2000 * MS, 0, **kw, **(failed if failing else {})
    )
    content = {"input_value": history[-1]["content"]} | ({"output_value": answer} if answer else {})
    told.span(
        trace, 2, 1, "chat", "agent", start + 2 * MS, 1990 * MS, 1, content=content, usage_source="rollup",
        input_tokens=120, output_tokens=30, **kw,
    )  # fmt: skip
    if tool:
        told.span(
            trace, 4, 2, "look_up", "tool", start + 10 * MS, 80 * MS, 2, tool_name="look_up",
            content={"tool_arguments": '{"sku": "aero-3-44"}', "tool_result": '{"left": 2}'}, **kw,
        )  # fmt: skip
    spoken = {"input_messages": json.dumps([{"role": "system", "content": "Sell shoes."}, *history])}
    if answer:
        spoken["output_messages"] = json.dumps([{"role": "assistant", "content": answer}])
    told.span(
        trace, 3, 2, "gpt", "llm", start + 100 * MS, 1800 * MS, 2, content=spoken, usage_source="own",
        input_tokens=120, output_tokens=None if failing else 30, cost_usd=None if failing else 0.0004,
        cost_source="unknown" if failing else "computed", time_to_first_token_ns=400 * MS,
        **MODEL, **kw, **(failed if failing else {}),
    )  # fmt: skip
    return trace


def chat(told: Told, project: str = PROJECT) -> list[str]:
    """Four turns: the third fails, the fourth comes three hours later with another release."""
    history: list[dict[str, Any]] = []
    made = []
    for n, (question, answer) in enumerate(SAID):
        history.append({"role": "user", "content": question})
        at = NOW - 5 * HOUR + n * 60 * S + (3 * HOUR if n == 3 else 0)
        made.append(
            turn(
                told, 4000 + n, CHAT, at, list(history), answer, project=project, failing=not answer,
                tool=n == 1,
                user_id="u_anna", environment="prod", release="4.8.0" if n == 3 else "4.7.0", feature="shop",
            )
        )  # fmt: skip
        if answer:
            history.append({"role": "assistant", "content": answer})
    return made


def hostile(told: Told) -> None:
    """One turn for each hostile id, by a user of the same name."""
    for n, name in enumerate(HOSTILE):
        said = [{"role": "user", "content": f"<img src=x onerror=alert({n})> question {n}"}]
        turn(told, 5000 + n, name, NOW - 6 * HOUR - n * S, said, f"answer {n}", user_id=name)


def long(told: Told, turns: int = 1000) -> None:
    """A session of a thousand turns by nobody, some of which failed."""
    for n in range(turns):
        said = [{"role": "user", "content": f"question number {n}"}]
        turn(
            told, 10_000 + n, LONG, NOW - 20 * HOUR + n * 60 * S, said, f"answer {n}", failing=n % 250 == 100
        )


def elsewhere(told: Told) -> None:
    """The same session and user in another project, with a secret."""
    said = [{"role": "user", "content": "the SECRET question"}]
    turn(told, 4900, CHAT, NOW - HOUR, said, "the SECRET answer", project=OTHER, user_id="u_anna")


def everything(told: Told, turns: int = 1000) -> None:
    """All of it."""
    chat(told)
    hostile(told)
    long(told, turns)
    elsewhere(told)
