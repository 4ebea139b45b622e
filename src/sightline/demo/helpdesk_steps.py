"""The steps of `helpdesk-api`: guard, plan, search, rerank, look-up, answer, guard.

Model calls are recorded with OpenTelemetry GenAI, retrieval with OpenInference: as mixed as real stacks are.
Here the release makes reranks slow, prompt v42 makes them time out, and one user's orders cannot be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from sightline.demo.shapes import (
    CLIENT,
    INTERNAL,
    SERVER,
    Document,
    Message,
    ModelCall,
    Source,
    ToolCall,
    Value,
    json_text,
)
from sightline.demo.story import SECOND, Story
from sightline.demo.tape import (
    ERROR,
    INFO,
    WARN,
    Tape,
    converse,
    database,
    http_client,
    http_server,
    identifier,
    refused,
    scoped,
)
from sightline.demo.texts import CLOSERS, DOCUMENTS, OPENERS
from sightline.demo.world import (
    EMBEDDER,
    FORBIDDEN_USER,
    GPT_4O,
    HELPDESK_SYSTEM,
    HELPDESK_TOOLS,
    O4_MINI,
    PLAN_SYSTEM,
    RERANKER,
    SONNET,
)

MILLI = 1_000_000
AGENT_SCOPE = ("opentelemetry.util.genai.handler", "1.3b0")
OI_SCOPE = ("openinference.instrumentation", "0.1.72")
OPENAI_SCOPE = ("opentelemetry.instrumentation.genai.openai", "1.3b0")
PSYCOPG_SCOPE = ("opentelemetry.instrumentation.psycopg", "0.61b0")
HTTPX_SCOPE = ("opentelemetry.instrumentation.httpx", "0.61b0")
SKEWED_HOST = "orders-7"
SKEW = 1800 * MILLI
"""How far the clock of one host of `order-service` is behind."""


@dataclass(slots=True)
class Turn:
    """One question on its way, with what its steps need to know. `clock` is the time its last step ended."""

    tape: Tape
    story: Story
    source: Source
    version: str
    question: str
    language: str
    topic: int
    user: str
    history: list[Message]
    agent: bytes
    clock: int

    @property
    def random(self) -> Random:
        """The trace's own dice."""
        return self.tape.random

    def near(self, mu: float, sigma: float) -> int:
        """A duration around `e**mu` milliseconds, in nanoseconds."""
        return int(self.random.lognormvariate(mu, sigma) * MILLI)


def answer_text(random: Random, language: str, topic: int) -> str:
    """An answer out of the documents, in the manner of the language."""
    sentences = DOCUMENTS[topic][1].split(". ")
    first = random.randrange(max(1, len(sentences) - 1))
    picked = [f"{s.rstrip('.')} [1]." for s in sentences[first : first + 2]]
    other = DOCUMENTS[(topic + random.choice((1, 2, 5))) % len(DOCUMENTS)][1].split(". ")
    if random.random() < 0.4:
        picked.append(f"{other[0].rstrip('.')} [3].")
    closer = [random.choice(CLOSERS)] if random.random() < 0.5 else []
    return " ".join([random.choice(OPENERS.get(language, OPENERS["en"])), *picked, *closer])


def find_documents(random: Random, topic: int, count: int) -> list[Document]:
    """The best `count` chunks for a topic, best first."""
    score = 0.93 - random.random() * 0.1
    found: list[Document] = []
    for i in range(count):
        index = (topic + (0, 1, 3, 7, 12, 5, 9, 16)[i % 8] + (i // 8) * 2) % len(DOCUMENTS)
        title, content = DOCUMENTS[index]
        found.append(Document(f"kb-{index:03d}#{i % 3}", title, content, round(score, 4)))
        score *= 0.9 + random.random() * 0.07
    return found


def flat_documents(prefix: str, documents: list[Document]) -> dict[str, Value]:
    """OpenInference's flattened list of documents."""
    attributes: dict[str, Value] = {}
    for i, document in enumerate(documents):
        base = f"{prefix}.{i}.document"
        attributes[f"{base}.id"] = document.id
        attributes[f"{base}.content"] = document.content
        attributes[f"{base}.score"] = document.score
        attributes[f"{base}.metadata"] = json_text({"title": document.title})
    return attributes


def _guard(turn: Turn, name: str, text: str) -> None:
    end = turn.clock + turn.near(4.2, 0.3)
    attributes: dict[str, Value] = {
        "openinference.span.kind": "GUARDRAIL",
        "input.value": text[:400],
        "output.value": "pass",
        "guardrail.rules": 14,
    }
    source = scoped(turn.source, *OI_SCOPE)
    turn.tape.add(source, name, INTERNAL, turn.clock, end, attributes, turn.agent)
    turn.clock = end


def _embed(turn: Turn, start: int, parent: bytes) -> int:
    end = start + turn.near(4.2, 0.25)
    attributes: dict[str, Value] = {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": EMBEDDER,
        "gen_ai.response.model": EMBEDDER,
        "gen_ai.usage.input_tokens": len(turn.question) // 4 + 2,
        "gen_ai.embeddings.dimension.count": 1536,
        "server.address": "api.openai.com",
        "server.port": 443,
    }
    source = scoped(turn.source, *OPENAI_SCOPE)
    turn.tape.add(source, f"embeddings {EMBEDDER}", CLIENT, start, end, attributes, parent)
    return end


def _vector_search(turn: Turn, start: int, parent: bytes, found: list[Document]) -> int:
    end = start + turn.near(5.0, 0.25)
    attributes: dict[str, Value] = {
        "openinference.span.kind": "RETRIEVER",
        "input.value": turn.question,
        "db.system.name": "qdrant",
        "db.operation.name": "search",
        "db.collection.name": "help-centre",
        "server.address": "qdrant.internal",
        "metadata": json_text({"top_k": 50}),
        **flat_documents("retrieval.documents", found),
    }
    turn.tape.add(scoped(turn.source, *OI_SCOPE), "vector search", CLIENT, start, end, attributes, parent)
    return end


def _keyword_search(turn: Turn, start: int, parent: bytes) -> int:
    end = start + turn.near(4.6, 0.3)
    query = "SELECT id, body FROM chunks WHERE search @@ websearch_to_tsquery($1) LIMIT 50"
    attributes = database("postgresql", "SELECT", "chunks", query, 50)
    turn.tape.add(
        scoped(turn.source, *PSYCOPG_SCOPE), "SELECT chunks", CLIENT, start, end, attributes, parent
    )
    return end


def _rerank(turn: Turn, start: int, parent: bytes, documents: list[Document]) -> tuple[int, bool]:
    """End of the rerank, and whether it came in time."""
    release = turn.source.version
    seconds = turn.story.rerank_seconds(start, release, turn.random)
    late = turn.story.rerank_times_out(start, turn.source.region, turn.version, turn.random)
    end = start + int((3.0 if late else min(seconds, 2.95)) * SECOND)
    source = scoped(turn.source, *OI_SCOPE)
    attributes: dict[str, Value] = {
        "openinference.span.kind": "RERANKER",
        "reranker.model_name": RERANKER,
        "reranker.query": turn.question,
        "reranker.top_k": 6,
        "rerank.candidates": 50 if release == turn.story.new_release else 20,
        **flat_documents("reranker.input_documents", documents),
    }
    if not late:
        attributes |= flat_documents("reranker.output_documents", documents[:4])
        turn.tape.add(source, "rerank", INTERNAL, start, end, attributes, parent)
        return end, True
    attributes["error.type"] = "rerank_timeout"
    message = "rerank_timeout: no answer from reranker within 3000 ms"
    span = turn.tape.add(source, "rerank", INTERNAL, start, end, attributes, parent, error=message)
    said = {"reranker": RERANKER, "prompt__version": turn.version, "region": turn.source.region}
    turn.tape.log(turn.source, end, ERROR, "rerank timed out after 3000 ms", span, **said)
    return end, False


def _tool_attributes(turn: Turn, call: ToolCall, result: str, error: str) -> dict[str, Value]:
    attributes: dict[str, Value] = {
        **turn.tape.shared,
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": call.name,
        "gen_ai.tool.call.id": call.id,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.arguments": json_text(call.arguments),
    }
    if error:
        attributes["error.type"] = error
    else:
        attributes["gen_ai.tool.call.result"] = result
    return attributes


def _search(turn: Turn, start: int, call: ToolCall) -> tuple[int, list[Document]]:
    """The knowledge search; no documents when the rerank timed out."""
    tool = turn.tape.reserve()
    embedded = _embed(turn, start + 4 * MILLI, tool)
    found = find_documents(turn.random, turn.topic, 6)
    vector = _vector_search(turn, embedded, tool, found)
    words = _keyword_search(turn, embedded, tool)
    end, intime = _rerank(turn, max(vector, words) + 3 * MILLI, tool, found)
    end += 3 * MILLI
    kept = found[:4] if intime else []
    result = json_text([{"id": d.id, "title": d.title, "score": d.score} for d in kept])
    failed = "" if intime else "rerank_timeout"
    attributes = _tool_attributes(turn, call, result, failed)
    source, name = scoped(turn.source, *AGENT_SCOPE), "execute_tool search_knowledge"
    error = failed or None
    turn.tape.add(source, name, INTERNAL, start, end, attributes, turn.agent, span_id=tool, error=error)
    return end, kept


def _order_service(turn: Turn, start: int, took: int, status: int, client: bytes) -> None:
    """The other side of the look-up, in Java; the clock of one of its hosts is behind."""
    host = f"orders-{turn.random.randrange(1, 9)}"
    scope = ("io.opentelemetry.spring-webmvc-6.0", "2.21.0")
    place = turn.source.environment
    orders = Source("order-service", "5.12.0", place, *scope, "java", turn.source.region, host)
    begin = start + 8 * MILLI - (SKEW if host == SKEWED_HOST else 0)
    served = http_server("GET", "/orders/{user}", f"/orders/{turn.user}", status, "10.2.0.14")
    name, end = "GET /orders/{user}", begin + took - 10 * MILLI
    server = turn.tape.add(orders, name, SERVER, begin, end, served, client)
    query = "SELECT plan, paid_at, seats FROM orders WHERE user_id = ? ORDER BY paid_at DESC LIMIT 1"
    read = database("postgresql", "SELECT", "orders", query, 1)
    jdbc = scoped(orders, "io.opentelemetry.jdbc", "2.21.0")
    inner = begin + 5 * MILLI
    turn.tape.add(jdbc, "SELECT boards.orders", CLIENT, inner, inner + took // 2, read, server)


def _look_up(turn: Turn, start: int, call: ToolCall) -> tuple[int, str]:
    """Asks `order-service`; forbidden for one user."""
    forbidden = turn.user == FORBIDDEN_USER
    status = 403 if forbidden else 200
    tool, client = turn.tape.reserve(), turn.tape.reserve()
    took = max(turn.near(5.7, 0.4), 30 * MILLI)
    end = start + took + MILLI
    _order_service(turn, start, took, status, client)
    asked = http_client("GET", "orders.internal", f"/orders/{turn.user}", status)
    error = "403 Forbidden" if forbidden else None
    http = scoped(turn.source, *HTTPX_SCOPE)
    turn.tape.add(
        http, "GET", CLIENT, start + 2 * MILLI, start + took, asked, tool, span_id=client, error=error
    )
    seats = turn.random.randrange(2, 40)
    result = json_text({"plan": "team-annual", "paid": "2026-10-11", "seats": seats})
    if forbidden:
        result = json_text({"error": "forbidden"})
        said = f"lookup_order refused for {turn.user}: 403"
        turn.tape.log(turn.source, start + took, ERROR, said, tool, tool=call.name)
    attributes = _tool_attributes(turn, call, result, "PermissionError" if forbidden else "")
    message = "PermissionError: order service answered 403" if forbidden else None
    source, name = scoped(turn.source, *AGENT_SCOPE), "execute_tool lookup_order"
    turn.tape.add(source, name, INTERNAL, start, end, attributes, turn.agent, span_id=tool, error=message)
    return end, result


def _plan(turn: Turn) -> list[ToolCall]:
    """Asks a reasoning model which tools to use; adds the question and the wish to the history."""
    random = turn.random
    asked = {"query": turn.question, "top_k": 50}
    calls = [ToolCall(identifier(random, "call_"), "search_knowledge", asked)]
    if turn.topic in (0, 1, 2, 3, 11) or random.random() < 0.15:
        calls.append(ToolCall(identifier(random, "call_"), "lookup_order", {"user": turn.user}))
    wish = Message("assistant", tool_calls=tuple(calls))
    turn.history.append(Message("user", turn.question))
    call, took = converse(
        random,
        O4_MINI,
        list(turn.history),
        wish,
        system=PLAN_SYSTEM,
        tools=HELPDESK_TOOLS,
        reasoning=64 * random.randrange(1, 7),
        stream=True,
        max_tokens=2048,
    )
    turn.tape.call(turn.source, "otel_genai", call, turn.clock, turn.clock + took, turn.agent)
    turn.clock += took
    turn.history.append(wish)
    return calls


def _retried(turn: Turn, dialect: str, call: ModelCall) -> bool:
    """Records the attempts the provider refused; False when it never gave in."""
    for attempt in range(1, 5):
        if not turn.story.rate_limited(turn.clock, turn.random):
            return True
        end = turn.clock + turn.near(4.6, 0.3)
        limit = "limit 2,000,000 tokens per minute"
        message = f"Error code: 429 - Rate limit reached for {call.model}: {limit}"
        failed = refused(call, "RateLimitError", message)
        span = turn.tape.call(turn.source, dialect, failed, turn.clock, end, turn.agent)
        said = f"rate limited by {call.provider}, retry {attempt} of 3"
        turn.tape.log(turn.source, end, WARN, said, span, attempt=attempt)
        turn.clock = end + int(2**attempt * 400 * turn.random.uniform(0.8, 1.2)) * MILLI
    return False


def _judge(turn: Turn, span: bytes, documents: int) -> None:
    """One answer in ten is judged against its documents."""
    score = min(1.0, turn.random.betavariate(14, 1.3))
    attributes: dict[str, Value] = {
        "gen_ai__evaluation__name": "groundedness",
        "gen_ai__evaluation__score__value": round(score, 2),
        "gen_ai__evaluation__score__label": "pass" if score > 0.7 else "fail",
        "gen_ai__evaluation__explanation": f"{documents} documents checked sentence by sentence.",
    }
    time = turn.clock + 2 * SECOND
    turn.tape.log(turn.source, time, INFO, None, span, "gen_ai.evaluation.result", **attributes)


def _content_event(turn: Turn, span: bytes, call: ModelCall, answer: Message) -> None:
    """Staging records content in a log event beside the span, as structures."""
    attributes: dict[str, Value] = {
        "gen_ai__operation__name": "chat",
        "gen_ai__request__model": call.model,
        "gen_ai__input__messages": [{"role": m.role, "parts": m.parts} for m in call.messages],
        "gen_ai__output__messages": [{"role": answer.role, "parts": answer.parts}],
    }
    name = "gen_ai.client.inference.operation.details"
    turn.tape.log(turn.source, turn.clock, INFO, None, span, name, **attributes)


def _answer(turn: Turn, documents: list[Document]) -> str:
    """The answering call, after refused attempts when the rate is limited. Empty: it failed for good."""
    random = turn.random
    answer = Message("assistant", answer_text(random, turn.language, turn.topic))
    truncated = random.random() < 0.012
    capture = turn.source.environment != "staging"
    call, took = converse(
        random,
        SONNET if random.random() < 0.14 else GPT_4O,
        turn.history,
        answer,
        system=HELPDESK_SYSTEM,
        tools=HELPDESK_TOOLS,
        stream=True,
        cached=0.7 if random.random() < 0.85 else 0.0,
        max_tokens=48 if truncated else 1024,
        prompt=("support-answer", turn.version),
        capture=capture,
    )
    dialect = "otel_genai_old" if turn.source.environment == "dev" else "otel_genai"
    if not _retried(turn, dialect, call):
        return ""
    span = turn.tape.call(turn.source, dialect, call, turn.clock, turn.clock + took, turn.agent)
    turn.clock += took
    if not capture:
        _content_event(turn, span, call, answer)
    if random.random() < 0.1:
        _judge(turn, span, len(documents))
    # The next question of the session sends questions and answers again, not what the tools found.
    turn.history = [m for m in turn.history if m.role in ("user", "assistant") and not m.tool_calls]
    turn.history.append(answer)
    return answer.text


def _build_prompt(turn: Turn) -> None:
    end = turn.clock + turn.near(2.9, 0.2)
    attributes: dict[str, Value] = {
        "openinference.span.kind": "PROMPT",
        "prompt.id": "support-answer",
        "llm.prompt_template.version": turn.version,
        "input.value": turn.question,
    }
    source = scoped(turn.source, *OI_SCOPE)
    turn.tape.add(source, "support-answer", INTERNAL, turn.clock, end, attributes, turn.agent)
    turn.clock = end


def run_steps(turn: Turn) -> tuple[int, str]:
    """Runs the agent's steps; returns the HTTP status and the answer, empty when it failed."""
    _guard(turn, "injection check", turn.question)
    calls = _plan(turn)
    end, documents = _search(turn, turn.clock, calls[0])
    texts = json_text([{"id": d.id, "text": d.content} for d in documents])
    results = [Message("tool", texts, call_id=calls[0].id)]
    if len(calls) > 1:
        looked, result = _look_up(turn, turn.clock + MILLI, calls[1])
        end = max(end, looked)
        results.append(Message("tool", result, call_id=calls[1].id))
    turn.clock = end
    if not documents:
        return 504, ""
    turn.history.extend(results)
    _build_prompt(turn)
    text = _answer(turn, documents)
    if not text:
        return 503, ""
    _guard(turn, "output check", text)
    return 200, text
