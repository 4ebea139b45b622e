"""`helpdesk-api`: a RAG service behind a gateway, asked in sessions of a few questions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from sightline.demo.feedback import judge, rate_session
from sightline.demo.helpdesk_steps import AGENT_SCOPE, MILLI, Turn, run_steps
from sightline.demo.shapes import INTERNAL, SERVER, Message, Source, Trace, Value
from sightline.demo.story import MINUTE, Story
from sightline.demo.tape import ERROR, INFO, Tape, http_server
from sightline.demo.texts import FOLLOW_UPS, QUESTIONS
from sightline.demo.world import environment, tenant, user

REGION_SHARES = (("eu-west", 0.5), ("us-east", 0.84), ("ap-south", 1.0))
GATEWAY_SCOPE = ("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp", "0.63.0")
FAILURES = {200: "", 503: "RateLimitError", 504: "rerank_timeout"}


def region(random: Random) -> str:
    """Where a request runs."""
    chance = random.random()
    return next(name for name, upto in REGION_SHARES if chance <= upto)


@dataclass(slots=True)
class Session:
    """What stays the same over the turns of a session, and the history that grows."""

    id: str
    user: str
    environment: str
    region: str
    feature: str
    question: str
    language: str
    topic: int
    history: list[Message]


def _agent_attributes(session: Session, turn: Turn, text: str, failed: str) -> dict[str, Value]:
    """The agent's span: who asks and for what, and the sum of its calls' tokens again."""
    attributes: dict[str, Value] = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "helpdesk_agent",
        "gen_ai.conversation.id": session.id,
        "session.id": session.id,
        "user.id": session.user,
        "feature": session.feature,
        "tenant.id": tenant(session.user),
        "tag.tags": ["rag", session.feature, session.language],
        "prompt.version": turn.version,
        "input.value": turn.question,
        "gen_ai.usage.input_tokens": turn.tape.usage.input,
        "gen_ai.usage.output_tokens": turn.tape.usage.output,
    }
    if turn.random.random() > 0.03:
        attributes["team"] = "search" if session.feature == "doc-search" else "support"
    if text:
        attributes["output.value"] = text
    if failed:
        attributes["error.type"] = failed
    return attributes


def request(random: Random, story: Story, start: int, session: Session) -> Trace:
    """One request to `POST /v1/answer`, from the gateway down."""
    place, where = session.environment, session.region
    host = f"helpdesk-{random.randrange(1, 7)}"
    release = story.release(start, place)
    team = (("team", "support"),)
    source = Source("helpdesk-api", release, place, *AGENT_SCOPE, "python", where, host, team)
    edge = f"gw-{random.randrange(1, 4)}"
    gateway = Source("api-gateway", "3.9.1", place, *GATEWAY_SCOPE, "go", where, edge)
    tape = Tape(random, {"gen_ai.conversation.id": session.id})
    root, agent = tape.reserve(), tape.reserve()
    begin = start + int(random.lognormvariate(4.0, 0.4) * MILLI)
    version = story.prompt(start, random)
    turn = Turn(
        tape=tape,
        story=story,
        source=source,
        version=version,
        question=session.question,
        language=session.language,
        topic=session.topic,
        user=session.user,
        history=list(session.history),
        agent=agent,
        clock=begin + 6 * MILLI,
    )
    status, text = run_steps(turn)
    if text:
        session.history = turn.history
    failed = FAILURES[status]
    attributes = _agent_attributes(session, turn, text, failed)
    name = "invoke_agent helpdesk_agent"
    closed = turn.clock + 4 * MILLI
    tape.add(source, name, INTERNAL, begin, closed, attributes, root, span_id=agent, error=failed or None)
    end = turn.clock + 9 * MILLI
    client = f"10.0.{random.randrange(9)}.{random.randrange(250)}"
    served = http_server("POST", "/v1/answer", "/v1/answer", status, client)
    error = str(status) if status >= 500 else None
    tape.add(gateway, "POST /v1/answer", SERVER, start, end, served, b"", span_id=root, error=error)
    level, said = (ERROR, f"answer failed: {failed}") if failed else (INFO, "answered")
    took = (end - start) // MILLI
    tape.log(
        source,
        end - 5 * MILLI,
        level,
        said,
        agent,
        duration_ms=took,
        prompt__version=version,
        http__response__status_code=status,
    )
    judge(tape, source, agent, root, end, text, version)
    rate_session(tape, source, session.id, root, end)
    return tape.trace()


def conversation(random: Random, story: Story, start: int) -> Iterator[Trace]:
    """A user's session of one to five questions, minutes apart."""
    language, template, topic = random.choice(QUESTIONS[:2] if random.random() < 0.12 else QUESTIONS)
    session = Session(
        id=f"s_{random.getrandbits(32):08x}",
        user=user(random),
        environment=environment(random),
        region=region(random),
        feature="doc-search" if random.random() < 0.25 else "support-chat",
        question=template.format(n=random.randrange(2, 49)),
        language=language,
        topic=topic,
        history=[],
    )
    time = start
    for _ in range(1 + min(4, int(random.expovariate(1.1)))):
        yield request(random, story, time, session)
        time += int(random.lognormvariate(0.2, 0.7) * 2 * MINUTE)
        session.question = random.choice(FOLLOW_UPS).format(n=random.randrange(2, 20))
