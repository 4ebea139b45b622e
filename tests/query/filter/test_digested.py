"""Filters over what the digest made of OTLP: late roots, attributes that became columns, texts in parts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest
from tests.digest.engine import Engine, opened
from tests.digest.otlp import START, span, traces

from sightline.query.facets import facets
from sightline.query.search import search
from sightline.query.selection import Target, count, select
from sightline.query.window import Window
from sightline.records.ingest import Signal

SECOND = 10**9
MESSAGES = [
    {"role": "user" if n % 2 else "assistant", "content": f"Turn {n}: die Rückgabe\nand the word mark{n}"}
    for n in range(60)
]  # fmt: skip


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with opened(tmp_path_factory.mktemp("digested")) as found:
        child = span(
            7, 2, 1, start=START + SECOND, length=SECOND, name="chat",
            attributes={
                "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "app.tier": 2,
                "gen_ai.usage.input_tokens": 12, "gen_ai.usage.output_tokens": 3,
                "gen_ai.input.messages": json.dumps(MESSAGES),
            },
        )  # fmt: skip
        said = {"user.id": "alice", "app.tier": "2"}
        root = span(7, 1, start=START, length=3 * SECOND, name="answer", attributes=said)
        other = span(8, 1, start=START, length=SECOND, name="answer", attributes={"user.id": "bob"})
        # The child comes first; what its root says of the whole trace is written later.
        for spans in ([child], [root], [other]):
            found.digest(Signal.TRACES, [traces(spans, {"service.name": "support"})], "p")
        yield found


def found(engine: Engine, text: str, target: Target = Target.SPANS) -> int:
    window = Window("p", START - SECOND, START + 60 * SECOND)
    return asyncio.run(count(engine.store, select(text, window, START, target)))


@pytest.mark.parametrize(
    ("text", "spans", "traces"),
    [
        ("", 3, 2),
        ("user:alice", 2, 1),
        ("user:alice llm", 1, 1),
        ("llm under name:answer", 1, 1),
        ("-user:alice", 1, 1),
        ("gen_ai.request.model:gpt-4o", 1, 1),
        ("attr.gen_ai.usage.input_tokens:12", 1, 1),
        ("app.tier:2", 2, 1),
        ("app.tier>1", 2, 1),
        ('app.tier:"2"', 2, 1),
        ("mark0", 1, 1),
        ("mark59", 1, 1),
        ('"die Rückgabe and the word mark31"', 1, 1),
        ("rückgabe", 1, 1),
        ("gen_ai.input.messages:mark7", 1, 1),
        ("input.text:mark7 -output.text:mark7", 1, 1),
        ("mark60", 0, 0),
        ("trace:(any llm and duration>2s)", 2, 1),
        ("service:support", 3, 2),
        ("resource.service.name:support", 3, 2),
    ],
)
def test_what_the_digest_made(engine: Engine, text: str, spans: int, traces: int) -> None:
    assert (found(engine, text), found(engine, text, Target.TRACES)) == (spans, traces)


def test_a_hit_is_in_one_part_of_the_history(engine: Engine) -> None:
    window = Window("p", START - SECOND, START + 60 * SECOND)
    [hit] = asyncio.run(search(engine.store, select("mark31", window, START)))
    [place] = hit.places
    assert place.field == "input_messages" and "Rückgabe\nand the word mark31" in place.excerpt.text
    assert [place.excerpt.text[a:b] for a, b in place.excerpt.ranges] == ["mark31"]


def test_facets_of_what_was_patched(engine: Engine) -> None:
    window = Window("p", START - SECOND, START + 60 * SECOND)
    for target, alice in ((Target.SPANS, 2), (Target.TRACES, 1)):
        answer = asyncio.run(facets(engine.store, select("", window, START, target), START, ["user"]))
        assert {v.text: v.count for v in answer.facets[0].top} == {"alice": alice, "bob": 1}
