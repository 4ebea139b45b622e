"""`ticket-classifier`, a batch of small calls every night, and `email-drafts`, a small service with Langfuse.

The classifier records with OpenLLMetry's decorators; most of its calls go to a model on own machines, which
has no price. Now and then the root of a batch arrives hours late, or never.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from sightline.demo.shapes import CLIENT, INTERNAL, Message, Source, Trace, Value, json_text
from sightline.demo.story import SECOND, Story
from sightline.demo.tape import ERROR, INFO, WARN, Tape, converse, database, refused, scoped
from sightline.demo.texts import CLOSERS, DOCUMENTS, MAILS, TICKETS
from sightline.demo.traces_research import finding
from sightline.demo.world import (
    CLASSIFY_SYSTEM,
    DRAFT_SYSTEM,
    HAIKU,
    MISTRAL,
    NOVA,
    TRIAGE,
    environment,
    tenant,
    user,
)

MILLI = 1_000_000
TRACELOOP = ("opentelemetry.instrumentation.traceloop", "0.40.14")
BATCH = 25


def _classified(random: Random, topic: str, urgency: int) -> str:
    if random.random() < 0.01:
        return '{"topic": "' + topic + '", "urgency": '
    sentiment = round(random.uniform(-0.9, 0.6), 2)
    return json_text({"topic": topic, "urgency": urgency, "language": "en", "sentiment": sentiment})


def _ticket(tape: Tape, source: Source, story: Story, clock: int, parent: bytes, number: int) -> int:
    """Classifies one ticket and returns when it was done."""
    random = tape.random
    topic, template, urgency = random.choice(TICKETS)
    text = template.format(n=random.randrange(2, 60), m=random.randrange(10))
    model = random.choices((TRIAGE, MISTRAL, NOVA), (6, 3, 1))[0]
    answer = Message("assistant", _classified(random, topic, urgency))
    call, took = converse(
        random,
        model,
        [Message("user", f"Ticket {number}: {text}")],
        answer,
        system=CLASSIFY_SYSTEM,
        max_tokens=60,
        prompt=("classify-ticket", "3"),
    )
    if model is not TRIAGE and story.rate_limited(clock, random):
        end = clock + 70 * MILLI
        failed = refused(call, "RateLimitError", "429 Requests rate limit exceeded")
        tape.call(source, "openllmetry", failed, clock, end, parent)
        clock = end + SECOND
    tape.call(source, "openllmetry", call, clock, clock + took, parent)
    return clock + took


def batch(random: Random, story: Story, start: int) -> Iterator[Trace]:
    """One batch of tickets, several at a time. Its root may come late or not at all."""
    place = "prod" if random.random() < 0.93 else "staging"
    source = Source(
        "ticket-classifier",
        "0.44.2",
        place,
        *TRACELOOP,
        "python",
        "us-east",
        f"batch-{random.randrange(1, 4)}",
        (("team", "operations"),),
    )
    shared: dict[str, Value] = {
        "traceloop.workflow.name": "classify_tickets",
        "traceloop.association.properties.session_id": f"night-{start // (86400 * SECOND)}",
    }
    tape = Tape(random, shared)
    root, task = tape.reserve(), tape.reserve()
    lanes = [start + 40 * MILLI + i * 15 * MILLI for i in range(4)]
    first = random.randrange(10**6)
    for i in range(BATCH):
        lane = min(range(4), key=lanes.__getitem__)
        lanes[lane] = _ticket(tape, source, story, lanes[lane], task, first + i) + 2 * MILLI
    end = max(lanes)
    tape.add(
        source,
        "classify.task",
        INTERNAL,
        start + 30 * MILLI,
        end,
        {
            **shared,
            "traceloop.span.kind": "task",
            "traceloop.entity.name": "classify",
            "traceloop.entity.path": "classify",
        },
        root,
        span_id=task,
    )
    saved = end + int(random.lognormvariate(3.5, 0.4) * MILLI)
    tape.add(
        scoped(source, "opentelemetry.instrumentation.psycopg", "0.61b0"),
        "UPDATE tickets",
        CLIENT,
        end,
        saved,
        database("postgresql", "UPDATE", "tickets", "UPDATE tickets SET topic = $1 WHERE id = $2", BATCH),
        root,
    )
    tape.add(
        source,
        "classify_tickets.workflow",
        INTERNAL,
        start,
        saved + MILLI,
        {
            **shared,
            "traceloop.span.kind": "workflow",
            "traceloop.entity.name": "classify_tickets",
            "traceloop.entity.input": json_text({"args": [], "kwargs": {"limit": BATCH}}),
            "team": "operations",
            "feature": "triage",
            "tickets": BATCH,
            "gen_ai.usage.prompt_tokens": tape.usage.input,
            "gen_ai.usage.completion_tokens": tape.usage.output,
        },
        b"",
        span_id=root,
    )
    tape.log(source, saved, INFO, f"classified {BATCH} tickets", root, tickets=BATCH)
    chance = random.random()
    *others, last = tape.spans
    if chance < 0.04:
        yield Trace(tuple(others), tuple(tape.logs), late=(last,))
    elif chance < 0.07:
        yield Trace(tuple(others), tuple(tape.logs[:-1]))
    else:
        yield tape.trace()


def draft(random: Random, story: Story, start: int) -> Iterator[Trace]:
    """One e-mail draft, recorded with Langfuse; long answers are often cut off."""
    who, place = user(random), environment(random)
    release = "0.9.3" if start < story.slow_since else "0.9.4"
    source = Source("email-drafts", release, place, "langfuse-sdk", "5.0.4", "python", "us-east", "drafts-1")
    shared: dict[str, Value] = {
        "user.id": who,
        "session.id": f"m_{random.getrandbits(32):08x}",
        "langfuse.environment": place,
        "langfuse.release": release,
        "langfuse.trace.tags": ["sales", tenant(who)],
        "langfuse.trace.name": "draft reply",
    }
    tape = Tape(random, shared)
    root = tape.reserve()
    mail = random.choice(MAILS).format(n=random.randrange(8, 900), m=random.randrange(4, 30))
    clock = start + 6 * MILLI
    looked = clock + int(random.lognormvariate(5, 0.3) * MILLI)
    found = [{"title": t, "text": x} for t, x in random.sample(DOCUMENTS, 3)]
    tape.add(
        source,
        "find facts",
        INTERNAL,
        clock,
        looked,
        {
            **shared,
            "langfuse.observation.type": "retriever",
            "langfuse.observation.input": mail,
            "langfuse.observation.output": json_text(found),
        },
        root,
    )
    text = "Thank you for your mail.\n\n" + " ".join(
        [d["text"] for d in found[:2]] + [finding(random), random.choice(CLOSERS)]
    )
    cut = 90 if random.random() < 0.16 else 700
    call, took = converse(
        random,
        HAIKU,
        [Message("user", mail)],
        Message("assistant", text),
        system=DRAFT_SYSTEM,
        stream=True,
        max_tokens=cut,
        prompt=("draft-reply", "7"),
    )
    tape.call(source, "langfuse", call, looked, looked + took, root)
    end = looked + took + 3 * MILLI
    level, said = (WARN, "draft was cut off") if call.finish == "length" else (INFO, "draft ready")
    failed = random.random() < 0.004
    tape.add(
        source,
        "draft reply",
        INTERNAL,
        start,
        end,
        {
            **shared,
            "langfuse.observation.type": "chain",
            "langfuse.observation.input": mail,
            "langfuse.observation.output": text,
            "langfuse.observation.metadata.tenant": json_text(tenant(who)),
            "team": "growth",
            "feature": "email-drafts",
        },
        b"",
        span_id=root,
        error="SMTPServerDisconnected: connection closed" if failed else None,
    )
    tape.log(source, end, ERROR if failed else level, "draft could not be saved" if failed else said, root)
    yield tape.trace()
