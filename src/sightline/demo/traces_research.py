"""`research-agent`: tens of turns that resend their whole history, sub-agents, and one agent stuck in a loop.

Half of its fleet records with OpenInference, half with Pydantic AI; sub-agents run in a process of
their own that speaks OpenLLMetry. Agent spans repeat the sum of their calls' tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from sightline.demo.dialects import DIALECTS
from sightline.demo.shapes import CLIENT, INTERNAL, Message, Source, ToolCall, Trace, Value, json_text
from sightline.demo.story import SECOND, Story
from sightline.demo.tape import (
    ERROR,
    INFO,
    WARN,
    Tape,
    Usage,
    converse,
    http_client,
    identifier,
    refused,
    scoped,
)
from sightline.demo.texts import FINDINGS, SITES, THOUGHTS, TOPICS
from sightline.demo.world import (
    GEMINI,
    LOOP_USER,
    OPUS,
    RESEARCH_SYSTEM,
    RESEARCH_TOOLS,
    SONNET,
    Model,
    environment,
    user,
)

MILLI = 1_000_000


def finding(random: Random) -> str:
    """One sentence of a source."""
    return random.choice(FINDINGS).format(
        n=random.randrange(3, 480), m=random.randrange(2, 60), y=random.randrange(2009, 2026)
    )


def page(random: Random, sentences: int) -> str:
    """The text of a page."""
    return " ".join(finding(random) for _ in range(sentences))


@dataclass(slots=True)
class Run:
    """An agent's run in progress."""

    tape: Tape
    story: Story
    source: Source
    dialect: str
    model: Model
    topic: str
    agent: bytes
    clock: int
    history: list[Message]
    cached: float = 0.93
    """Share of a resent history that the provider reads from its cache."""


def _arguments(random: Random, name: str, topic: str) -> dict[str, object]:
    site = random.choice(SITES)
    if name == "web_search":
        return {
            "query": f"{topic} {random.choice(('cost', 'study', 'statistics', 'failure rate'))}",
            "since": "2019",
        }
    if name == "read_page":
        return {"url": f"https://{site}/{random.getrandbits(20):05x}", "section": random.randrange(1, 9)}
    if name == "run_python":
        return {"code": f"rows = load('notes.json')\nprint(sum(rows) / {random.randrange(2, 40)})"}
    if name == "note":
        return {"claim": finding(random), "source": f"https://{site}/{random.getrandbits(20):05x}"}
    if name == "write_report":
        return {"title": topic.capitalize(), "body": page(random, 9)}
    return {"question": f"What is known about the running cost of {topic}?"}


def _result(random: Random, name: str) -> str:
    if name == "web_search":
        hits = [
            {"title": finding(random)[:60], "url": f"https://{random.choice(SITES)}/{i}"} for i in range(5)
        ]
        return json_text(hits)
    if name == "read_page":
        return page(random, random.randrange(4, 12))
    if name == "run_python":
        return f"{random.uniform(0.2, 900):.3f}"
    return "ok"


def think(run: Run, output: Message) -> None:
    """One model call on the whole history; appends its output to the history."""
    random = run.tape.random
    call, took = converse(
        random,
        run.model,
        run.history,
        output,
        system=RESEARCH_SYSTEM,
        tools=RESEARCH_TOOLS,
        cached=run.cached if len(run.history) > 3 else 0.0,
        stream=random.random() < 0.3,
        max_tokens=4096,
        prompt=("research-agent", "12"),
    )
    if run.story.rate_limited(run.clock, random):
        end = run.clock + int(random.lognormvariate(5, 0.3) * MILLI)
        message = "overloaded_error: Overloaded"
        failed = refused(call, "OverloadedError", message)
        run.tape.call(run.source, run.dialect, failed, run.clock, end, run.agent)
        run.clock = end + int(random.uniform(0.8, 3) * SECOND)
    run.tape.call(run.source, run.dialect, call, run.clock, run.clock + took, run.agent)
    run.clock += took
    run.history.append(output)


def use(run: Run, call: ToolCall, result: str, seconds: float, error: str = "") -> None:
    """Runs one tool, records it in the run's dialect, and appends the result to the history."""
    end = run.clock + int(seconds * SECOND)
    how = DIALECTS[run.dialect]
    if run.dialect == "openinference":
        attributes: dict[str, Value] = {
            "openinference.span.kind": "TOOL",
            "tool.name": call.name,
            "tool.id": call.id,
            "input.value": json_text(call.arguments),
            "input.mime_type": "application/json",
            "output.value": result,
        }
        name = call.name
    else:
        attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": call.name,
            "gen_ai.tool.call.id": call.id,
            "gen_ai.tool.call.arguments": json_text(call.arguments),
            "gen_ai.tool.call.result": result,
        }
        name = f"execute_tool {call.name}"
    if error:
        attributes["error.type"] = error
    span = run.tape.add(
        scoped(run.source, how.scope, how.version),
        name,
        INTERNAL,
        run.clock,
        end,
        {**run.tape.shared, **attributes},
        run.agent,
        error=f"{error}: {result[:80]}" if error else None,
    )
    if call.name == "read_page":
        status = 404 if error else 200
        host = str(call.arguments["url"]).split("/")[2]
        run.tape.add(
            scoped(run.source, "opentelemetry.instrumentation.httpx", "0.61b0"),
            "GET",
            CLIENT,
            run.clock + MILLI,
            end - MILLI,
            http_client("GET", host, "/page", status),
            span,
            error="404 Not Found" if error else None,
        )
    run.clock = end
    run.history.append(Message("tool", result, call_id=call.id))


def _subagent(run: Run, question: str) -> str:
    """A narrow question, answered by a small agent in another process that records with OpenLLMetry."""
    random = run.tape.random
    source = Source(
        "research-subagent",
        "2.3.0",
        run.source.environment,
        "opentelemetry.instrumentation.langchain",
        "0.40.14",
        "python",
        run.source.region,
        f"sub-{random.randrange(1, 9)}",
    )
    span, begin, outer = run.tape.reserve(), run.clock, run.tape.usage
    run.tape.usage = Usage()
    history = [Message("user", question)]
    sub = Run(run.tape, run.story, source, "openllmetry", GEMINI, run.topic, span, begin + 5 * MILLI, history)
    for _ in range(random.randrange(2, 6)):
        name = random.choice(("web_search", "read_page", "read_page"))
        call = ToolCall(identifier(random, "call_"), name, _arguments(random, name, run.topic))
        think(sub, Message("assistant", random.choice(THOUGHTS).format(y=2021), (call,)))
        result, took = _result(random, name), int(random.lognormvariate(6.4, 0.5) * MILLI)
        run.tape.add(
            source,
            f"{name}.tool",
            INTERNAL,
            sub.clock,
            sub.clock + took,
            {
                "traceloop.span.kind": "tool",
                "traceloop.entity.name": name,
                "traceloop.workflow.name": "subagent",
                "traceloop.entity.input": json_text(call.arguments),
                "traceloop.entity.output": json_text(result),
            },
            span,
        )
        sub.clock += took
        history.append(Message("tool", result, call_id=call.id))
    answer = finding(random)
    think(sub, Message("assistant", answer))
    run.tape.add(
        source,
        "subagent.agent",
        INTERNAL,
        begin,
        sub.clock + MILLI,
        {
            "traceloop.span.kind": "agent",
            "traceloop.entity.name": "subagent",
            "traceloop.workflow.name": "subagent",
            "traceloop.entity.input": json_text({"question": question}),
            "traceloop.entity.output": json_text(answer),
            "gen_ai.usage.prompt_tokens": run.tape.usage.input,
            "gen_ai.usage.completion_tokens": run.tape.usage.output,
        },
        run.agent,
        span_id=span,
    )
    run.tape.usage = Usage(
        outer.input + run.tape.usage.input,
        outer.output + run.tape.usage.output,
        outer.cached + run.tape.usage.cached,
    )
    run.clock = sub.clock + MILLI
    return answer


def _begin(random: Random, story: Story, start: int, who: str, model: Model, host: str) -> Run:
    place = environment(random)
    dialect = "openinference" if random.random() < 0.5 else "pydantic_ai"
    how = DIALECTS[dialect]
    source = Source(
        "research-agent",
        "1.18.0" if start < story.slow_since else "1.19.0",
        place,
        how.scope,
        how.version,
        "python",
        "eu-west",
        host,
        (("team", "strategy"),),
    )
    session = f"r_{random.getrandbits(40):010x}"
    shared: dict[str, Value] = {"session.id": session}
    if dialect == "openinference":
        shared["user.id"] = who
    tape = Tape(random, shared)
    topic = random.choice(TOPICS)
    text = f"Write a report of two pages about {topic}: costs, what fails, and who uses it. Sources please."
    return Run(
        tape,
        story,
        source,
        dialect,
        model,
        topic,
        tape.reserve(),
        start + 20 * MILLI,
        [Message("user", text)],
    )


def _finish(run: Run, start: int, who: str, error: str = "") -> Trace:
    """Closes the agent's span, which repeats the sum of its calls."""
    report = run.history[-1].text or run.topic
    shared: dict[str, Value] = {
        **run.tape.shared,
        "user.id": who,
        "team": "strategy",
        "feature": "research",
        "input.value": run.history[0].text,
        "output.value": report[:4000],
    }
    if run.dialect == "openinference":
        shared |= {
            "openinference.span.kind": "AGENT",
            "agent.name": "research_agent",
            "llm.token_count.prompt": run.tape.usage.input,
            "llm.token_count.completion": run.tape.usage.output,
            "tag.tags": ["agent", "long-running"],
        }
        name = "research_agent.run"
    else:
        shared |= {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "research_agent",
            "gen_ai.usage.input_tokens": run.tape.usage.input,
            "gen_ai.usage.output_tokens": run.tape.usage.output,
            "gen_ai.usage.cache_read.input_tokens": run.tape.usage.cached,
            "logfire.tags": ["agent", "long-running"],
        }
        name = "invoke_agent research_agent"
    if error:
        shared["error.type"] = error
    run.tape.add(
        run.source,
        name,
        INTERNAL,
        start,
        run.clock + 8 * MILLI,
        shared,
        b"",
        span_id=run.agent,
        error=f"{error}: stopped after {len(run.history)} messages" if error else None,
    )
    run.tape.log(
        run.source,
        run.clock + 6 * MILLI,
        ERROR if error else INFO,
        error or f"report on {run.topic} finished",
        run.agent,
        messages=len(run.history),
    )
    return run.tape.trace()


def conversation(random: Random, story: Story, start: int) -> Iterator[Trace]:
    """One run of 8 to 60 turns."""
    who = user(random)
    model = SONNET if random.random() < 0.8 else OPUS
    run = _begin(random, story, start, who, model, f"research-{random.randrange(1, 5)}")
    for _ in range(min(60, 8 + int(random.lognormvariate(2.5, 0.7)))):
        name = random.choices(
            ("web_search", "read_page", "run_python", "note", "ask_subagent"), (5, 9, 2, 4, 0.6)
        )[0]
        call = ToolCall(identifier(random, "toolu_"), name, _arguments(random, name, run.topic))
        thought = random.choice(THOUGHTS).format(y=random.randrange(2012, 2026))
        think(run, Message("assistant", thought, (call,)))
        if name == "ask_subagent":
            answer = _subagent(run, str(call.arguments["question"]))
            use(run, call, answer, 0.002)
        elif name == "read_page" and random.random() < 0.04:
            use(run, call, "404: page not found", 0.3, "HTTPStatusError")
        else:
            use(run, call, _result(random, name), random.lognormvariate(-0.4, 0.7))
    call = ToolCall(
        identifier(random, "toolu_"), "write_report", _arguments(random, "write_report", run.topic)
    )
    think(run, Message("assistant", "The open questions are answered.", (call,)))
    use(run, call, "saved", 0.05)
    think(run, Message("assistant", page(random, 4)))
    yield _finish(run, start, who)


def stuck(random: Random, story: Story, start: int, turns: int = 214) -> Trace:
    """An agent that reads the same page until its budget stops it: the costliest trace of the demo."""
    run = _begin(random, story, start, LOOP_USER, OPUS, "research-2")
    run.cached = 0.0
    arguments = {"url": "https://stats.example.net/0a1f3", "section": 3}
    text = f"Section 3 of 3. {page(random, 4)} [continues on section 3]"
    for i in range(turns):
        call = ToolCall(identifier(random, "toolu_"), "read_page", arguments)
        think(run, Message("assistant", "The table is split over two pages. Read section 3 again.", (call,)))
        use(run, call, text, random.lognormvariate(-1.2, 0.3))
        if i % 40 == 39:
            run.tape.log(
                run.source,
                run.clock,
                WARN,
                f"read_page called {i + 1} times with the same arguments",
                run.agent,
                tool="read_page",
            )
    return _finish(run, start, LOOP_USER, "BudgetExceeded")
