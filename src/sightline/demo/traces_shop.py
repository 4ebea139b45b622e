"""`shop-chat`: a streaming chat bot in Node, recorded by the Vercel AI SDK; its sessions last for days.

Since prompt 8 nothing is read from the provider's cache any more. The outer `ai.streamText` span repeats the
usage of the calls inside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from sightline.demo.shapes import INTERNAL, SERVER, Message, Source, ToolCall, Trace, Value, json_text
from sightline.demo.story import DAY, HOUR, MINUTE, Story
from sightline.demo.tape import ERROR, INFO, WARN, Tape, converse, http_server, identifier, refused, scoped
from sightline.demo.texts import PRODUCTS, SHOP_FOLLOW_UPS, SHOP_QUESTIONS
from sightline.demo.world import GEMINI, GPT_4O_MINI, SHOP_SYSTEM, SHOP_TOOLS, Model, environment, user

MILLI = 1_000_000
AI = ("ai", "6.0.326")
NODE_HTTP = ("@opentelemetry/instrumentation-http", "0.211.0")
PRAISE = (
    "fits your plan best",
    "is the lightest of them",
    "is the one I would take",
    "costs least and lasts",
)


def _tool(random: Random, question: str) -> tuple[ToolCall, str]:
    chance = random.random()
    call_id = identifier(random, "call_")
    if "order" in question or chance < 0.15:
        number = f"AP{random.randrange(10**6):06d}"
        result = {"order": number, "status": "in transit", "at": random.choice(("Graz", "Bergen", "Lyon"))}
        return ToolCall(call_id, "track_order", {"order": number}), json_text(result)
    if chance < 0.35:
        sku = random.choice(PRODUCTS)[0]
        stock = {"sku": sku, "stock": {"Bergen": random.randrange(9), "Graz": random.randrange(9)}}
        return ToolCall(call_id, "check_stock", {"sku": sku, "city": "Graz"}), json_text(stock)
    found = random.sample(PRODUCTS, 4)
    listed = [{"sku": s, "name": n, "price": p, "stock": random.randrange(30)} for s, n, p in found]
    return ToolCall(call_id, "find_products", {"query": question[:60], "max_price": 400}), json_text(listed)


def _reply(random: Random) -> str:
    lines = [
        f"- **{name}** ({sku}), {price} USD: {random.choice(PRAISE)}."
        for sku, name, price in random.sample(PRODUCTS, random.randrange(1, 4))
    ]
    return "\n".join(
        [
            random.choice(("Happy to help! 🏔️", "Sure:", "Gern:", "Good choice of season 🍂")),
            *lines,
            random.choice(("Shall I check the stock near you?", "Which size do you need?", "Anything else?")),
        ]
    )


def _source(story: Story, start: int, place: str, random: Random) -> Source:
    version = "4.7.0" if start < story.uncached_since else "4.8.0"
    return Source(
        "shop-chat",
        version,
        place,
        *AI,
        "nodejs",
        random.choice(("eu-west", "us-east")),
        f"shop-{random.randrange(1, 9)}",
        (("team", "growth"),),
    )


def _metadata(session: str, who: str, place: str, prompt: str) -> dict[str, Value]:
    return {
        "ai.telemetry.functionId": "shop-chat",
        "ai.telemetry.metadata.userId": who,
        "ai.telemetry.metadata.sessionId": session,
        "ai.telemetry.metadata.tags": ["shop", "stream"],
        "ai.telemetry.metadata.environment": place,
        "ai.telemetry.metadata.langfusePrompt": json_text({"name": "shop-assistant", "version": int(prompt)}),
        "resource.name": "shop-chat",
    }


@dataclass(slots=True)
class Chat:
    """A customer's session: who talks to which model, and what was said."""

    session: str
    user: str
    environment: str
    model: Model
    history: list[Message]


def _run_tool(tape: Tape, source: Source, wish: ToolCall, result: str, clock: int, parent: bytes) -> int:
    end = clock + int(tape.random.lognormvariate(5, 0.5) * MILLI)
    attributes: dict[str, Value] = {
        **tape.shared,
        "operation.name": "ai.toolCall shop-chat",
        "ai.operationId": "ai.toolCall",
        "ai.toolCall.name": wish.name,
        "ai.toolCall.id": wish.id,
        "ai.toolCall.args": json_text(wish.arguments),
        "ai.toolCall.result": result,
    }
    tape.add(source, "ai.toolCall", INTERNAL, clock, end, attributes, parent)
    return end


def _call(
    tape: Tape, story: Story, source: Source, chat: Chat, output: Message, clock: int, parent: bytes
) -> int:
    """One step of the stream: a call on the whole history, tried again when refused."""
    random = tape.random
    cached, system = 0.88, SHOP_SYSTEM
    if story.shop_prompt(clock) == "8":
        cached, system = 0.0, f"It is {clock // MINUTE} minutes since the epoch.\n{SHOP_SYSTEM}"
    most = None if random.random() < 0.97 else 60
    sent = list(chat.history)
    call, took = converse(
        random,
        chat.model,
        sent,
        output,
        system=system,
        tools=SHOP_TOOLS,
        stream=True,
        cached=cached,
        max_tokens=most,
    )
    if story.rate_limited(clock, random):
        end = clock + 90 * MILLI
        failed = refused(call, "AI_APICallError", "Too Many Requests")
        span = tape.call(source, "vercel", failed, clock, end, parent)
        tape.log(source, end, WARN, "AI_RetryError: attempt 1 of 3 failed: Too Many Requests", span)
        clock = end + int(random.uniform(0.9, 2.2) * 1000) * MILLI
    tape.call(source, "vercel", call, clock, clock + took, parent)
    chat.history.append(output)
    return clock + took


def turn(random: Random, story: Story, start: int, chat: Chat) -> Trace:
    """One message of a customer, answered over a stream; the chat's history grows."""
    source = _source(story, start, chat.environment, random)
    tape = Tape(random, _metadata(chat.session, chat.user, chat.environment, story.shop_prompt(start)))
    root, outer = tape.reserve(), tape.reserve()
    question, clock, steps = chat.history[-1].text, start + 12 * MILLI, 1
    if random.random() < 0.62:
        steps = 2
        wish, result = _tool(random, question)
        clock = _call(tape, story, source, chat, Message("assistant", tool_calls=(wish,)), clock, outer)
        clock = _run_tool(tape, source, wish, result, clock, outer)
        chat.history.append(Message("tool", result, call_id=wish.id))
    answer = Message("assistant", _reply(random))
    clock = _call(tape, story, source, chat, answer, clock, outer)
    attributes: dict[str, Value] = {
        **tape.shared,
        "operation.name": "ai.streamText shop-chat",
        "ai.operationId": "ai.streamText",
        "ai.model.id": chat.model.name,
        "ai.model.provider": chat.model.provider,
        "ai.prompt": json_text({"prompt": question}),
        "ai.response.text": answer.text,
        "ai.usage.inputTokens": tape.usage.input,
        "ai.usage.outputTokens": tape.usage.output,
        "ai.settings.maxRetries": 2,
    }
    begin = start + 8 * MILLI
    tape.add(source, "ai.streamText", INTERNAL, begin, clock + 2 * MILLI, attributes, root, span_id=outer)
    aborted = random.random() < 0.01
    served = http_server("POST", "/api/chat", "/api/chat", 499 if aborted else 200, "10.9.0.7")
    served |= {
        "session.id": chat.session,
        "user.id": chat.user,
        "team": "growth",
        "feature": "shop-assistant",
    }
    http, end = scoped(source, *NODE_HTTP), clock + 5 * MILLI
    error = "client closed the stream" if aborted else None
    tape.add(http, "POST /api/chat", SERVER, start, end, served, b"", span_id=root, error=error)
    if aborted:
        tape.log(source, end, ERROR, "stream aborted", root)
    else:
        tape.log(source, end, INFO, {"msg": "chat turn", "steps": steps, "session": chat.session}, root)
    return tape.trace()


def conversation(random: Random, story: Story, start: int) -> Iterator[Trace]:
    """A customer's session: a few messages at once, then perhaps again on another day."""
    _, template = random.choice(SHOP_QUESTIONS)
    chat = Chat(
        session=f"c_{random.getrandbits(36):09x}",
        user=user(random),
        environment=environment(random),
        model=GPT_4O_MINI if random.random() < 0.7 else GEMINI,
        history=[Message("user", template.format(n=random.randrange(2, 40)))],
    )
    time = start
    for _ in range(1 + min(11, int(random.expovariate(0.5)))):
        yield turn(random, story, time, chat)
        pause = random.random()
        time += int(random.lognormvariate(0.3, 0.6) * MINUTE)
        if pause < 0.12:
            time += int(random.uniform(0.6, 2.4) * DAY)
        elif pause < 0.25:
            time += int(random.uniform(0.5, 5) * HOUR)
        chat.history.append(Message("user", random.choice(SHOP_FOLLOW_UPS)))
