"""A believable project as rows of the store: a help desk, a slow rerank, errors, late spans."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from sightline.digest.heads import complete_heads
from sightline.store.store import Connection

S = 10**9
MS = 10**6
NOW = 1_795_185_140 * S  # Fri 20 Nov 2026, 14:32:20 UTC
SYSTEM = "You are the helpdesk of a project planning tool. Answer only from the documents given."
ANSWER = (
    "Annual plans can be refunded in full within 30 days of payment. Yours was 40 days ago, so a full "
    "refund is no longer possible."
)
QUESTIONS = (
    "Can I get a refund on an annual plan after 40 days?",
    "What is your refund policy if I upgraded halfway through the year?",
    "Does the refund policy cover add-on seats bought in May?",
    "money back please",
    "Please send the refund policy as a PDF",
    "My trial renewed by mistake, refund?",
)


@dataclass
class Told:
    """Rows so far, and the texts they refer to."""

    spans: list[dict[str, Any]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)

    def text(self, body: str) -> tuple[str, int]:
        digest = hashlib.sha256(body.encode()).digest()[:16].hex()
        self.texts[digest] = body
        return digest, len(body.encode())

    def span(
        self,
        trace: str,
        number: int,
        parent: int | None,
        name: str,
        kind: str,
        start: int,
        duration: int,
        depth: int,
        *,
        content: dict[str, str] | None = None,
        project: str = "default",
        **columns: Any,
    ) -> None:
        """One span; `start` and `duration` in nanoseconds, `number` and `parent` become ids."""
        refs = {name: self.text(body) for name, body in (content or {}).items()}
        self.spans.append(
            {
                "project": project,
                "trace_id": trace,
                "span_id": f"{trace[:8]}{number:08x}",
                "parent_span_id": "" if parent is None else f"{trace[:8]}{parent:08x}",
                "name": name,
                "kind": kind,
                "status": "ok",
                "start": start,
                "duration_ns": duration,
                "depth": depth,
                "is_root": parent is None,
                "content": refs,
                "retention_days": 365,
                **columns,
            }
        )


def trace_id(number: int) -> str:
    """Ids that look like ids and stay the same."""
    return hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()


def request(told: Told, number: int, start: int, *, failing: bool = False, project: str = "default") -> str:
    """One answer of the help desk: guard, plan, search, rerank, tool, answer."""
    trace = trace_id(number)
    question = QUESTIONS[number % len(QUESTIONS)]
    factor = 1 + (number * 7 % 11) / 10

    def at(ms: float) -> int:
        return start + int(ms * factor * MS)

    def took(ms: float) -> int:
        return int(ms * factor * MS)

    who = {"user_id": f"u_{20418 + number * 37}", "session_id": f"s_{number:04x}", "environment": "prod"}
    model = {"provider": "openai", "request_model": "gpt-4o", "response_model": "gpt-4o-2024-11-20"}
    add = told.span
    kw: dict[str, Any] = {"project": project}
    add(
        trace,
        1,
        None,
        "POST /v1/answer",
        "http",
        at(0),
        took(5840),
        0,
        service="api-gateway",
        **who,
        **kw,
        content={"input_value": question},
        attributes={"http.route": "/v1/answer", "app.region": "eu-west"},
    )
    add(
        trace,
        2,
        1,
        "helpdesk_agent",
        "agent",
        at(64),
        took(5750),
        1,
        service="support-chat",
        release="2026.11.3",
        input_tokens=7634,
        output_tokens=334,
        usage_source="rollup",
        **who,
        **kw,
    )
    add(trace, 3, 2, "injection check", "guardrail", at(68), took(74), 2, service="support-chat", **kw)
    add(
        trace,
        4,
        2,
        "plan",
        "llm",
        at(146),
        took(900),
        2,
        service="support-chat",
        usage_source="own",
        input_tokens=1412,
        output_tokens=186,
        reasoning_tokens=128,
        cost_usd=0.002372,
        cost_source="computed",
        time_to_first_token_ns=took(742),
        **(model | {"request_model": "o4-mini", "response_model": "o4-mini"}),
        **kw,
    )
    add(trace, 5, 2, "search_knowledge", "chain", at(1050), took(2540), 2, service="support-chat", **kw)
    add(
        trace,
        6,
        5,
        "embed query",
        "embedding",
        at(1054),
        took(74),
        3,
        service="support-chat",
        usage_source="own",
        input_tokens=18,
        cost_usd=0.00000036,
        cost_source="computed",
        request_model="text-embedding-3-small",
        **kw,
    )
    add(trace, 7, 5, "vector search", "retriever", at(1130), took(168), 3, service="support-chat", **kw)
    add(trace, 8, 5, "keyword search", "retriever", at(1130), took(106), 3, service="support-chat", **kw)
    add(
        trace,
        9,
        5,
        "rerank",
        "reranker",
        at(1302),
        took(2280),
        3,
        service="support-chat",
        usage_source="own",
        cost_source="unknown",
        request_model="bge-v2-m3",
        **kw,
    )
    add(
        trace,
        10,
        2,
        "lookup_order",
        "tool",
        at(1052),
        took(394),
        2,
        service="support-chat",
        tool_name="lookup_order",
        content={"tool_arguments": '{"user":"u_58213"}', "tool_result": '{"paid":"2026-10-11"}'},
        **kw,
    )
    add(trace, 11, 10, "GET /orders", "http", at(1058), took(380), 3, service="orders", **kw)
    answer = json.dumps([{"role": "assistant", "content": ANSWER}])
    messages = json.dumps(
        [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": question},
            {
                "role": "assistant",
                "tool_calls": [
                    {"function": {"name": "search_knowledge", "arguments": '{"query":"refund annual"}'}},
                    {"function": {"name": "lookup_order", "arguments": '{"user":"u_58213"}'}},
                ],
            },
            {"role": "tool", "name": "lookup_order", "content": '{"plan":"team-annual","paid":"2026-10-11"}'},
        ]
    )
    failed = {
        "status": "error",
        "status_message": "stream aborted by the provider",
        "error_type": "stream_aborted",
    }
    add(
        trace,
        12,
        2,
        "answer",
        "llm",
        at(3616),
        took(2080),
        2,
        service="support-chat",
        usage_source="own",
        input_tokens=6204,
        output_tokens=None if failing else 148,
        cache_read_tokens=3584,
        cost_usd=None if failing else 0.01251,
        cost_input=None if failing else 0.00655,
        cost_cache_read=None if failing else 0.00448,
        cost_output=None if failing else 0.00148,
        cost_source="unknown" if failing else "computed",
        time_to_first_token_ns=took(604),
        streaming=True,
        finish_reason="error" if failing else "stop",
        content={"input_messages": messages, "output_messages": answer},
        attributes={"gen_ai.request.custom": {"nested": [1, 2]}, "promo_code": "AUTUMN"},
        events=[(at(3700), "gen_ai.choice", {"index": 0})],
        **model,
        **(failed if failing else {}),
        **kw,
    )
    # By its own clock the check began before the agent that called it.
    add(trace, 13, 12, "output check", "guardrail", at(3616) - 12 * MS, took(104), 3, service="guards", **kw)
    return trace


def helpdesk(told: Told, count: int = 24, project: str = "default") -> list[str]:
    """Requests over the last hour, every seventh failing; one with a missing parent, one with a circle."""
    made = [
        request(told, n, NOW - (20 + n * 140) * S, failing=n % 7 == 4, project=project) for n in range(count)
    ]
    late = trace_id(900)
    start = NOW - 300 * S
    told.span(late, 1, None, "nightly digest", "workflow", start, 3 * S, 0, service="batch", project=project)
    told.span(
        late,
        7,
        6,
        "summarise",
        "llm",
        start + S,
        S,
        0,
        service="batch",
        request_model="gpt-4o-mini",
        is_root=False,
        usage_source="own",
        input_tokens=900,
        output_tokens=120,
        cost_usd=0.0002,
        cost_source="computed",
        project=project,
    )
    told.span(late, 8, 9, "ping", "other", start + S, S // 2, 0, is_root=False, project=project)
    told.span(late, 9, 8, "pong", "other", start + S, S // 2, 1, is_root=False, project=project)
    return [*made, late]


def store(told: Told, connection: Connection) -> None:
    """Write what was told."""
    plain = sorted({key for row in told.spans for key in row} - {"start", "content", "events", "attributes"})
    lines = []
    for row in told.spans:
        line = {key: row.get(key) for key in plain if row.get(key) is not None}
        line |= {
            "start_time": f"{row['start'] // S}.{row['start'] % S:09d}",
            "received_at": f"{(row['start'] + row['duration_ns']) // S}.000000000",
            "digested_at": f"{(row['start'] + row['duration_ns']) // S}.000000",
            "content.field": list(row["content"]),
            "content.size": [size for _, size in row["content"].values()],
            "hashes": [hash_ for hash_, _ in row["content"].values()],
            "events.time": [f"{t // S}.{t % S:09d}" for t, _, _ in row.get("events", ())],
            "events.name": [name for _, name, _ in row.get("events", ())],
            "events.attributes": [json.dumps(attributes) for _, _, attributes in row.get("events", ())],
            "attributes": row.get("attributes", {}),
        }
        lines.append(json.dumps(line))
    columns = sorted({key for line in lines for key in json.loads(line)} - {"hashes"})
    types = dict(
        connection.query(
            "SELECT name, type FROM system.columns WHERE database = 'sightline' AND table = 'spans'"
        ).rows
    )
    structure = ", ".join(f"`{c}` {types[c]}" for c in columns) + ", hashes Array(String)"
    names = ", ".join(f"`{c}`" for c in columns)
    connection.command(
        f"INSERT INTO sightline.spans ({names}, `content.hash`) SELECT {names},"
        " arrayMap(h -> toFixedString(unhex(h), 16), hashes)"
        " FROM format(JSONEachRow, {structure:String}, {lines:String})",
        {"structure": structure, "lines": "\n".join(lines)},
    )
    complete_heads(connection)
    projects = {row["project"] for row in told.spans}
    bodies = "\n".join(
        json.dumps({"project": project, "h": hash_, "body": body})
        for project in projects
        for hash_, body in told.texts.items()
    )
    connection.command(
        "INSERT INTO sightline.content (project, hash, body, parts, expires)"
        " SELECT project, toFixedString(unhex(h), 16), body, [], toDate('2099-01-01')"
        " FROM format(JSONEachRow, 'project String, h String, body String', {lines:String})",
        {"lines": bodies},
    )
