"""An agent's trace with everything a conversation can hold: Markdown, code, pictures, tools, documents."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from typing import Any

from pages_story import MS, NOW, S, Told, trace_id

PROJECT = "talk"
TRACE = trace_id(777)
FIRST, SECOND, RETRIEVER = (f"{TRACE[:8]}{number:08x}" for number in (3, 6, 4))
SYSTEM = (
    "You are the helpdesk of a project planning tool. Answer only from the documents given. If they disagree,"
    " say so and name both.\n\n## Tone\n- friendly, short\n- never promise a refund\n\n"
    "<policy>Refunds need a receipt.</policy>\n" + "Write in the language of the question. " * 12
)
THOUGHTS = (
    "The user asks about a refund after 40 days. The terms say 30 days, so I need the order's date. " * 4
)
ANSWER = """## Your refund

Annual plans can be refunded **in full within 30 days** of payment. Yours was 40 days ago, so:

1. a full refund is *no longer* possible,
2. the unused months can come back as credit.

| plan | paid | refund |
|:-----|-----:|:------:|
| team-annual | $1,200 | credit |
| add-on `seats` | $96 | none |

> “Annual plans can be refunded within 30 days.” — [the terms](https://docs.example.com/terms?from=helpdesk)

```python
def refund(order: Order, days: int = 30) -> Decimal:
    # only what was paid in time
    return order.paid if order.age <= days else Decimal("0.00")
```

![a chart](https://tracker.example.net/pixel.png) See also [your orders](javascript:alert(1)).
"""


def png(width: int, height: int) -> str:
    """A picture of two colours as base64."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    row = b"".join(bytes((38, 85, 170) if x % 40 < 20 else (192, 122, 0)) for x in range(width))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress((b"\0" + row) * height)) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + body).decode()


QUESTION: dict[str, Any] = {
    "role": "user",
    "content": [
        {"type": "text", "text": "Can I get a refund on an annual plan after 40 days? This is my invoice:"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png(160, 80)}"}},
        {"type": "file", "file": {"filename": "invoice.pdf", "file_id": "file-abc"}},
    ],
}
CALLS: dict[str, Any] = {
    "role": "assistant",
    "content": None,
    "reasoning_content": THOUGHTS,
    "tool_calls": [
        {"id": "c1", "function": {"name": "search_knowledge", "arguments": '{"query":"refund annual plan"}'}},
        {"id": "c2", "function": {"name": "lookup_order", "arguments": '{"user":"u_58213"}'}},
    ],
}
ORDER = {
    "plan": "team-annual",
    "paid": "2026-10-11",
    "seats": 12,
    "lines": [{"sku": f"seat-{n}", "price": 96.5, "notes": None} for n in range(6)],
    "note": "Renewed automatically after the trial. " * 15,
}
RESULTS: list[dict[str, Any]] = [
    {"role": "tool", "tool_call_id": "c1", "content": "timeout after 5000 ms", "status": "error"},
    {"role": "tool", "tool_call_id": "c2", "content": json.dumps(ORDER)},
]
DOCUMENTS = [
    {
        "id": "terms-2026",
        "score": 0.9132,
        "content": "Annual plans can be refunded in full within 30 days of payment. " * 8,
        "metadata": {"title": "Terms", "url": "https://docs.example.com/terms", "page": 3},
    },
    {"id": "faq-12", "score": 0.41, "content": "Credit is applied to the next invoice."},
]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "lookup_order",
            "description": "Looks up the order of a user.",
            "parameters": {"type": "object", "properties": {"user": {"type": "string"}}},
        },
    }
]


def talk(told: Told, project: str = PROJECT) -> str:
    """An agent that calls its model twice, the second time with its history, and a retriever between."""
    start = NOW - 60 * S
    model = {"provider": "openai", "request_model": "gpt-4o", "response_model": "gpt-4o-2024-11-20"}
    used = {"usage_source": "own", "input_tokens": 900, "output_tokens": 120, "cost_usd": 0.004, **model}
    system = {"role": "system", "content": SYSTEM}

    def add(
        number: int, parent: int | None, name: str, kind: str, at: int, took: int, depth: int, **more: Any
    ) -> None:
        told.span(
            TRACE, number, parent, name, kind, start + at * MS, took * MS, depth, project=project, **more
        )

    answered = [{"role": "assistant", "content": ANSWER, "finish_reason": "length"}]
    add(1, None, "POST /v1/answer", "http", 0, 6000, 0, content={"input_value": "Can I get a refund?"})
    add(2, 1, "helpdesk_agent", "agent", 10, 5900, 1)
    first = {
        "input_messages": json.dumps([system, QUESTION]),
        "input_value": json.dumps([system, QUESTION]),
        "output_messages": json.dumps([CALLS]),
        "tool_definitions": json.dumps(TOOLS),
        "params_raw": '{"temperature": 0.2}',
    }
    add(3, 2, "plan", "llm", 20, 900, 2, content=first, **used)
    found = {"input_value": "refund annual plan", "retrieval_documents": json.dumps(DOCUMENTS)}
    add(4, 2, "search_knowledge", "retriever", 1000, 300, 2, content=found)
    called = {"tool_arguments": '{"user":"u_58213"}', "tool_result": json.dumps(ORDER)}
    add(5, 2, "lookup_order", "tool", 1000, 394, 2, tool_name="lookup_order", content=called)
    second = {
        "input_messages": json.dumps([system, QUESTION, CALLS, *RESULTS]),
        "output_messages": json.dumps(answered),
    }
    add(6, 2, "answer", "llm", 1500, 2000, 2, content=second, **used)
    return TRACE
