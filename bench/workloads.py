"""Reproducible load: the same bytes for every candidate, made from a seed.

Each workload is an iterator of `Load`: one encoded `Export*ServiceRequest` and its number of items. As a
command it writes them to a file, each request behind its length as a varint, no headers:

    python bench/workloads.py genai --requests 100 --spans 128 --out genai.bin

| workload | what |
|---|---|
| genai | RAG traces of four spans, OpenTelemetry GenAI, about 1.85 KB a span |
| mixed | eight and more dialects side by side, thousands of distinct sets of attribute names |
| agent | runs of 50 turns that send the whole history again each turn; one run is one request |
| chat | streaming chat turns of the Vercel AI SDK with growing histories |
| logs | log lines, a tenth of them structured, half of them correlated |
| metrics | gauges, sums, both kinds of histograms with exemplars, summaries |
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from google.protobuf.internal.encoder import _VarintBytes  # type: ignore[attr-defined]

from sightline.demo.dialects import DIALECTS
from sightline.demo.encode import log_request, trace_request
from sightline.demo.metrics import machine_metrics, request_metrics
from sightline.demo.shapes import (
    CLIENT,
    INTERNAL,
    SERVER,
    LogLine,
    Message,
    ModelCall,
    Source,
    Span,
    ToolCall,
    Value,
)
from sightline.demo.tape import scoped
from sightline.demo.texts import DOCUMENTS

START = 1_793_000_000 * 10**9
"""When the first request begins, nanoseconds; requests follow each other by 10 ms times their items."""
STEP = 10_000_000
TURNS = 50
TEAMS, USERS, SESSIONS = 20, 5_000, 20_000
MODELS = (
    ("openai", "gpt-4o"),
    ("openai", "gpt-4o-mini"),
    ("anthropic", "claude-sonnet-4-5"),
    ("openai", "gpt-4.1"),
    ("gcp.gemini", "gemini-2.5-pro"),
)
WORDS = sorted({word for _, prose in DOCUMENTS for word in re.findall("[a-z]{3,9}", prose)})


@dataclass(frozen=True, slots=True)
class Load:
    """One request: its bytes, how many spans, lines or points it holds, and the signal it belongs to."""

    payload: bytes
    items: int
    signal: str = "traces"


def text(random: Random, words: int) -> str:
    """Words that compress about as well as prose."""
    return " ".join(random.choices(WORDS, k=words))


def _span(
    random: Random,
    source: Source,
    ids: tuple[bytes, bytes],
    name: str,
    kind: int,
    times: tuple[int, int],
    attributes: dict[str, Value],
    span_id: bytes = b"",
    error: str | None = None,
) -> Span:
    """A span of trace and parent `ids`, from and to `times`."""
    own = span_id or random.randbytes(8)
    return Span(source, ids[0], own, ids[1], name, kind, *times, attributes, (), error)


RAG = Source("rag-api", "1.4.2", "prod", "opentelemetry.instrumentation.openai_v2", "2.3b0", host="h1")


def _rag_trace(random: Random, time: int) -> list[Span]:
    trace, root = random.randbytes(16), random.randbytes(8)
    common: dict[str, Value] = {
        "session.id": f"sess-{random.randrange(SESSIONS)}",
        "user.id": f"user-{random.randrange(USERS)}",
        "team": f"team-{random.randrange(TEAMS)}",
    }
    question, answer = text(random, 20), text(random, 120)
    documents = [text(random, 57) for _ in range(4)]
    took = int(random.lognormvariate(21, 0.4))
    failed = "RateLimitError: 429" if random.random() < 0.02 else None
    flow: dict[str, Value] = {
        **common,
        "gen_ai.operation.name": "invoke_workflow",
        "input.value": question,
        "output.value": answer,
        "feature": random.choice(("chat", "search", "summary")),
        "prompt.version": f"v{random.randrange(1, 4)}",
    }
    embed: dict[str, Value] = {
        **common,
        "gen_ai.operation.name": "embeddings",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "text-embedding-3-small",
        "gen_ai.usage.input_tokens": 30,
        "server.address": "api.openai.com",
    }
    search: dict[str, Value] = {
        **common,
        "db.system.name": "qdrant",
        "db.operation.name": "search",
        "openinference.span.kind": "RETRIEVER",
    }
    for i, document in enumerate(documents):
        search[f"retrieval.documents.{i}.document.content"] = document
        search[f"retrieval.documents.{i}.document.score"] = random.random()
        search[f"retrieval.documents.{i}.document.id"] = f"doc-{random.randrange(10_000)}"
    provider, model = random.choice(MODELS)
    call = ModelCall(
        provider,
        model,
        f"{model}-2025-08-06",
        f"chatcmpl-{random.randbytes(12).hex()}",
        [Message("user", f"{question}\n\n" + "\n".join(documents))],
        Message("assistant", answer),
        system="You are helpful. " + text(random, 40),
        input_tokens=600 + random.randrange(800),
        output_tokens=160 + random.randrange(200),
        cache_read=random.randrange(400),
        temperature=0.7,
        host="api.openai.com",
    )
    rendered = DIALECTS["otel_genai"].render(call, time)
    a, b = time + took // 20, time + took // 6
    answered, below = common | rendered.attributes, (trace, root)
    return [
        _span(random, RAG, (trace, b""), "rag.answer", INTERNAL, (time, time + took), flow, root, failed),
        _span(random, RAG, below, "embeddings text-embedding-3-small", CLIENT, (time, a), embed),
        _span(random, RAG, below, "vector.search", CLIENT, (a, b), search),
        _span(random, RAG, below, rendered.name, CLIENT, (b, time + took), answered, error=failed),
    ]


def genai(requests: int, items: int, seed: int, start: int = START) -> Iterator[Load]:
    """Whole RAG traces; `items` is rounded down to a multiple of four spans."""
    random, time = Random(f"genai:{seed}"), start
    for _ in range(requests):
        spans: list[Span] = []
        for _ in range(max(1, items // 4)):
            spans.extend(_rag_trace(random, time))
            time += STEP
        yield Load(trace_request(spans).SerializeToString(), len(spans))


def _some(random: Random, values: dict[str, Value], share: float = 0.5) -> dict[str, Value]:
    """A random part of the attributes: this is what makes key sets differ span by span."""
    return {k: v for k, v in values.items() if random.random() < share}


def _call(random: Random) -> ModelCall:
    """A model call of which about half the optional facts are known."""
    provider, model = random.choice(MODELS)

    def maybe(low: int, high: int) -> int | None:
        return random.randrange(low, high) if random.random() < 0.5 else None

    known = _some(random, {"prompt_name": "answer", "prompt_version": "3", "host": "api.openai.com"})
    return ModelCall(
        provider,
        model,
        f"{model}-2025-08-06",
        f"resp-{random.randbytes(8).hex()}",
        [Message("user", text(random, 30)) for _ in range(random.randrange(1, 5))],
        Message("assistant", text(random, 40)),
        system=text(random, 20) if random.random() < 0.4 else "",
        input_tokens=random.randrange(1, 2000),
        output_tokens=random.randrange(1, 500),
        cache_read=maybe(0, 400),
        cache_write=maybe(0, 100),
        reasoning_tokens=maybe(0, 200),
        finish=random.choice(("stop", "length")),
        temperature=random.choice((None, 0.0, 0.2, 1.0)),
        max_tokens=random.choice((None, 512, 1024)),
        first_token=maybe(10**8, 10**9),
        **{k: str(v) for k, v in known.items()},  # type: ignore[arg-type]
    )


def _plain(random: Random) -> tuple[str, dict[str, Value]]:
    """An HTTP, database or retriever span."""
    chance = random.random()
    if chance < 0.4:
        path = f"/z/{random.randrange(99)}"
        return "GET /z", {
            "http.request.method": "GET",
            "http.response.status_code": random.choice((200, 200, 404)),
            "url.path": path,
            **_some(
                random,
                {
                    "url.full": f"https://x.example{path}",
                    "server.address": "x.example",
                    "server.port": 443,
                    "network.protocol.version": "1.1",
                    "http.route": "/z",
                    "url.scheme": "https",
                    "user_agent.original": f"Mozilla/5.0 {text(random, 8)}",
                    "client.address": f"10.0.0.{random.randrange(99)}",
                    "http.request.body.size": random.randrange(9999),
                    "network.peer.port": 443,
                },
                0.75,
            ),
        }
    if chance < 0.75:
        return "SELECT", {
            "db.system": "postgresql",
            "db.statement": f"SELECT {text(random, 20)}",
            **_some(
                random,
                {
                    "db.name": "app",
                    "db.user": "u",
                    "db.operation": "SELECT",
                    "net.peer.name": "pg",
                    "net.peer.port": 5432,
                    "db.sql.table": f"t{random.randrange(20)}",
                    "db.row_count": random.randrange(100),
                    "db.pool.wait_ms": random.random(),
                    "db.retry": False,
                },
                0.8,
            ),
        }
    attributes: dict[str, Value] = {"openinference.span.kind": "RETRIEVER", "input.value": text(random, 12)}
    for i in range(random.randrange(2, 6)):
        attributes[f"retrieval.documents.{i}.document.content"] = text(random, 50)
        attributes[f"retrieval.documents.{i}.document.score"] = random.random()
        attributes[f"retrieval.documents.{i}.document.id"] = f"doc{random.randrange(9999)}"
    return "retrieve", attributes


def _who(random: Random) -> dict[str, Value]:
    """Identity and home-made attributes, each there or not."""
    n = random.randrange
    known: dict[str, Value] = {
        "tag.tags": ["x", "y"],
        "app.flag": True,
        "app.empty": "",
        "code.function": "f",
    }
    known |= {"session.id": f"s{n(900)}", "user.id": f"u{n(900)}", "enduser.id": f"e{n(9)}"}
    known |= {"gen_ai.conversation.id": f"c{n(900)}", "app.tenant": f"t{n(40)}", "k8s.pod.name": f"p{n(50)}"}
    known |= {"app.step": n(10), "thread.id": n(99), "app.ratio": random.random(), "metadata": '{"a": 1}'}
    return {**_some(random, known, 0.35), f"app.custom.k{n(60)}": n(99)}


def mixed(requests: int, items: int, seed: int, start: int = START) -> Iterator[Load]:
    """Spans of all dialects and of plain HTTP and databases, shuffled."""
    random, time = Random(f"mixed:{seed}"), start
    dialects = list(DIALECTS.values())
    processes = [Source(f"svc{i}", f"1.{i}", ("prod", "staging")[i % 2], "app", "1") for i in range(5)]
    for _ in range(requests):
        spans: list[Span] = []
        for _ in range(items):
            process, took = random.choice(processes), random.randrange(10**9)
            error = "boom" if random.random() < 0.02 else None
            if random.random() < 0.3:
                name, attributes = _plain(random)
                kind, source = SERVER, process
            else:
                dialect = random.choice(dialects)
                rendered = dialect.render(_call(random), time)
                name, kind, attributes = rendered.name, rendered.kind, rendered.attributes
                source = scoped(process, dialect.scope, dialect.version)
            attributes = attributes | _who(random)
            parent, times = random.choice((b"", random.randbytes(8))), (time, time + took)
            ids = (random.randbytes(16), parent)
            spans.append(_span(random, source, ids, name, kind, times, attributes, error=error))
            time += 1000
        yield Load(trace_request(spans).SerializeToString(), len(spans))


AGENT = Source("agent", "2.0.0", "prod", "opentelemetry.util.genai.handler", "1.3b0")


def agent(requests: int, items: int, seed: int, start: int = START) -> Iterator[Load]:
    """One run of 50 turns a request: a call with the whole history, then a tool; `items` is not used."""
    random, time = Random(f"agent:{seed}"), start
    for _ in range(requests):
        trace, root, begin = random.randbytes(16), random.randbytes(8), time
        below = (trace, root)
        history, spans = [Message("user", text(random, 60))], []
        who: dict[str, Value] = {"gen_ai.conversation.id": f"run-{random.getrandbits(40):010x}"}
        system = text(random, 200)
        for turn in range(TURNS):
            wish = ToolCall(
                f"call_{random.getrandbits(64):016x}", "read_page", {"url": f"https://x.example/{turn}"}
            )
            output, result = Message("assistant", text(random, 25), (wish,)), text(random, 130)
            size = sum(m.tokens for m in history)
            call = ModelCall(
                "anthropic",
                "claude-sonnet-4-5",
                "claude-sonnet-4-5-20250929",
                f"msg_{random.getrandbits(80):020x}",
                list(history),
                output,
                system=system,
                input_tokens=size,
                output_tokens=output.tokens,
                cache_read=size // 10 * 9,
            )
            rendered = DIALECTS["otel_genai"].render(call, time)
            called = who | rendered.attributes
            done, next_turn = time + 10**9, time + 2 * 10**9
            spans.append(_span(random, AGENT, below, rendered.name, CLIENT, (time, done), called))
            tool = {
                **who,
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": "read_page",
                "gen_ai.tool.call.id": wish.id,
                "gen_ai.tool.call.result": result,
            }
            spans.append(
                _span(random, AGENT, below, "execute_tool read_page", INTERNAL, (done, next_turn), tool)
            )
            history += [output, Message("tool", result, call_id=wish.id)]
            time = next_turn
        outer = {**who, "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "reader"}
        spans.append(
            _span(random, AGENT, (trace, b""), "invoke_agent reader", INTERNAL, (begin, time), outer, root)
        )
        yield Load(trace_request(spans).SerializeToString(), len(spans))


SERVED: dict[str, Value] = {
    "http.request.method": "POST",
    "http.route": "/api/chat",
    "http.response.status_code": 200,
}
CHAT = Source("chat", "4.8.0", "prod", "ai", "6.0.326", "nodejs")


def chat(requests: int, items: int, seed: int, start: int = START) -> Iterator[Load]:
    """Sessions of one to twelve streamed turns, each with an HTTP span and a model span."""
    random, time = Random(f"chat:{seed}"), start
    system = text(random, 300)
    history: list[Message] = []
    left = 0
    who: dict[str, Value] = {}
    for _ in range(requests):
        spans: list[Span] = []
        while len(spans) < items:
            if not left:
                left, history = random.randrange(1, 13), []
                who = {
                    "ai.telemetry.metadata.userId": f"user-{random.randrange(USERS)}",
                    "ai.telemetry.metadata.sessionId": f"sess-{random.getrandbits(40):010x}",
                }
            left -= 1
            history.append(Message("user", text(random, 15)))
            answer = Message("assistant", text(random, 70))
            call = replace(
                _call(random),
                messages=list(history),
                output=answer,
                system=system,
                first_token=4 * 10**8,
                provider="openai",
                model="gpt-4o-mini",
                response_model="gpt-4o-mini-2024-07-18",
            )
            rendered = DIALECTS["vercel"].render(call, time)
            trace, root = random.randbytes(16), random.randbytes(8)
            end = time + random.randrange(10**9, 4 * 10**9)
            spans.append(
                _span(random, CHAT, (trace, b""), "POST /api/chat", SERVER, (time, end + 10**6), SERVED, root)
            )
            called = who | rendered.attributes
            spans.append(
                _span(random, CHAT, (trace, root), rendered.name, INTERNAL, (time + 10**6, end), called)
            )
            history.append(answer)
            time += STEP
        yield Load(trace_request(spans).SerializeToString(), len(spans))


def logs(requests: int, items: int, seed: int, start: int = START) -> Iterator[Load]:
    """Log lines of five services."""
    random, time = Random(f"logs:{seed}"), start
    sources = [Source(f"svc{i}", "1.0", "prod", "app.logger") for i in range(5)]
    for _ in range(requests):
        lines: list[LogLine] = []
        for _ in range(items):
            body: Value = text(random, random.randrange(6, 24))
            if random.random() < 0.1:
                body = {"msg": body, "user": f"u{random.randrange(900)}", "n": random.randrange(99)}
            trace = random.randbytes(16) if random.random() < 0.5 else b""
            known = _some(
                random,
                {
                    "code.function": "f",
                    "user.id": f"u{random.randrange(900)}",
                    "app.step": random.randrange(10),
                    "http.route": "/z",
                },
            )
            severity = random.choices((5, 9, 13, 17), (2, 12, 2, 1))[0]
            source, span = random.choice(sources), random.randbytes(8) if trace else b""
            lines.append(LogLine(source, time, severity, body, known, trace, span))
            time += STEP // 10
        yield Load(log_request(lines).SerializeToString(), len(lines), "logs")


def metrics(requests: int, items: int, seed: int, start: int = START) -> Iterator[Load]:
    """What about `items` spans measure in a minute, and what machines count; counted in data points."""
    random, time = Random(f"metrics:{seed}"), start
    for _ in range(requests):
        spans: list[Span] = []
        for _ in range(max(1, items // 4)):
            spans.extend(_rag_trace(random, time))
        for _ in range(items // 4):
            ids, times = (random.randbytes(16), b""), (time, time + random.randrange(10**9))
            spans.append(_span(random, RAG, ids, "POST", SERVER, times, SERVED))
        until = time + 60 * 10**9
        request, points = request_metrics(spans, time, until)
        more, counted = machine_metrics(seed, until, start)
        request.MergeFrom(more)
        yield Load(request.SerializeToString(), points + counted, "metrics")
        time = until


Workload = Callable[..., Iterator[Load]]
WORKLOADS: dict[str, Workload] = {
    "genai": genai,
    "mixed": mixed,
    "agent": agent,
    "chat": chat,
    "logs": logs,
    "metrics": metrics,
}


def write(loads: Iterator[Load], out: Path) -> dict[str, float]:
    """Writes requests, each behind its length; returns what was written."""
    requests = items = size = 0
    with out.open("wb") as file:
        for load in loads:
            file.write(_VarintBytes(len(load.payload)))
            file.write(load.payload)
            requests, items, size = requests + 1, items + load.items, size + len(load.payload)
    each = round(size / max(items, 1), 1)
    return {"requests": requests, "items": items, "bytes": size, "bytes_per_item": each}


def read(path: Path) -> Iterator[bytes]:
    """The requests of a file written by `write`."""
    with path.open("rb") as file:
        while first := file.read(1):
            length, shift, byte = first[0] & 0x7F, 7, first[0]
            while byte & 0x80:
                byte = file.read(1)[0]
                length |= (byte & 0x7F) << shift
                shift += 7
            yield file.read(length)


def main(arguments: list[str]) -> None:
    """Writes one workload to a file and prints what was written as one line of JSON."""
    parser = argparse.ArgumentParser(description="Writes a reproducible load file.")
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--spans", "--items", type=int, default=128, help="items of each request")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--start", type=int, default=START, help="first time, nanoseconds since the epoch")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    loads = WORKLOADS[given.workload](given.requests, given.spans, given.seed, given.start)
    print(json.dumps({"workload": given.workload, "seed": given.seed, **write(loads, given.out)}))


if __name__ == "__main__":
    main(sys.argv[1:])
