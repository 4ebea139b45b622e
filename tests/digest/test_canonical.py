"""Every canonical column of the engine is compared with the plain reading of the same rules."""

from __future__ import annotations

import math
from typing import Any
from unittest import mock

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.internal.conjecture import providers

from catalog.test_reference import GOLDEN
from digest.compare import attributes_of, differences, send, stored
from digest.engine import Engine
from digest.generated import CATALOG, Sent, spans
from digest.otlp import any_value
from sightline.catalog.reference import SpanFacts, read
from sightline.catalog.vocabulary import Scope
from sightline.digest.anyvalue import plain


def generate(count: int, number: int, size: int = 14) -> list[Sent]:
    """Generated spans. They are digested together, since a segment has a fixed cost."""
    found: list[Sent] = []

    # Hypothesis also takes constants of all loaded modules: what another test imports would change these.
    apart = mock.patch.object(providers, "_get_local_constants", providers.Constants)

    @apart
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @seed(number)
    @given(spans(size))
    def collect(sent: Sent) -> None:
        found.append(sent)

    collect()
    return found


@pytest.mark.parametrize(("count", "number", "size"), [(60, 1, 14), (60, 2, 14), (80, 3, 5), (12, 4, 30)])
def test_generated_spans_are_read_as_the_catalog_says(
    engine: Engine, count: int, number: int, size: int
) -> None:
    batch = generate(count, number, size)
    project = engine.fresh()
    send(engine, batch, project)
    assert differences(engine, batch, project) == []
    for i, row in stored(engine, project).items():
        assert kept(batch[i - 1], row) == []


@pytest.mark.parametrize("said", ['"STOP"', '["model_length", "STOP", "TOOL_CALL"]'])
def test_words_of_a_list_inside_json_are_translated_each(engine: Engine, said: str) -> None:
    answer = f'{{"finish_reason": {said}}}'
    facts = SpanFacts(
        name="call_llm", scope="gcp.vertex.agent", attributes=[("gcp.vertex.agent.llm_response", answer)]
    )
    batch = [Sent(facts)]
    project = engine.fresh()
    send(engine, batch, project)
    assert differences(engine, batch, project) == []
    assert set(stored(engine, project)[1]["finish_reasons"]) <= {"length", "stop", "tool_call"}


@pytest.mark.parametrize("number", range(8))
def test_a_segment_of_one_span(engine: Engine, number: int) -> None:
    # Expressions are made from what occurs, so what is rare together must also be right alone.
    batch = generate(8, 100 + number, 8)[-1:]
    project = engine.fresh()
    send(engine, batch, project)
    assert differences(engine, batch, project) == []
    assert kept(batch[0], stored(engine, project)[1]) == []


TYPES = {str: "String", int: "Int64", float: "Float64", bool: "Bool"}


def kept(sent: Sent, row: dict[str, Any]) -> list[str]:
    """What is wrong about where a span's attributes were kept."""
    wrong = []
    texts = dict(row["content"])
    attributes, resource = attributes_of(row), orjson.loads(row["resource_json"])
    everything = orjson.dumps([attributes, resource]).decode() + "".join(map(str, texts.values()))
    if "denied-" in everything:
        wrong.append(f"a denied value is stored: {everything}")
    winners = {
        s.attribute for s in read(sent.facts).sources.values() if s.scope is Scope.ATTRIBUTE and s.verbatim
    }
    content_keys = {s.attribute for f in CATALOG.span_fields if f.content for s in f.applicable}
    flat = flattened(attributes)
    seen: set[str] = set()
    for key, value in sent.facts.attributes:
        first = key not in seen
        seen.add(key)
        if not first or CATALOG.denied(key) or "\0" in key:
            continue
        if CATALOG.family(key) or key in content_keys:
            # `a.b` that was sent beside `a` is a path below it and no part of it.
            others = tuple(k for k, _ in sent.facts.attributes if k.startswith(f"{key}."))
            if any(p == key or (p.startswith(f"{key}.") and not p.startswith(others)) for p in flat):
                wrong.append(f"{key} is content and a JSON path")
            continue
        want = orjson.loads(orjson.dumps(plain(any_value(value))))
        if key in winners or empty(want):
            continue
        paths = row["attribute_types"]
        below = [p for p in paths if p.startswith(f"{key}.")]
        # Where a key is both a value and an object (`a` and `a.b`), reading JSON text back shows one of them.
        if not (key in paths or below) or not (below or found_in(attributes, key, want)):
            wrong.append(f"{key}: {want!r} is not in {attributes!r} of {sent}")
        said = paths.get(key)
        if said and type(want) in TYPES and said != TYPES[type(want)]:
            wrong.append(f"{key}: {want!r} is stored as {said}")
    return wrong


def flattened(value: Any, prefix: str = "") -> set[str]:
    """The paths of an object's leaves."""
    found = set()
    for key, inner in value.items():
        if isinstance(inner, dict) and inner:
            found |= flattened(inner, f"{prefix}{key}.")
        else:
            found.add(prefix + key)
    return found


def found_in(attributes: Any, key: str, want: Any) -> bool:
    """Whether an attribute stands in the JSON, dots of its key being levels of objects."""
    if isinstance(attributes, dict):
        for path, value in attributes.items():
            if path == key and equal(value, want):
                return True
            if key.startswith(path + ".") and found_in(value, key[len(path) + 1 :], want):
                return True
    return False


def empty(value: Any) -> bool:
    """Whether a value says nothing that a JSON column keeps."""
    return value is None or value == [] or (isinstance(value, dict) and all(map(empty, value.values())))


def equal(got: Any, want: Any) -> bool:
    """Equal in value and type; empty members and nulls do not survive in a JSON column."""
    if isinstance(want, dict) and isinstance(got, dict):
        return True
    if isinstance(want, list) and isinstance(got, list):
        return len(got) == len(want)
    if isinstance(want, float) and isinstance(got, int | float) and not isinstance(got, bool):
        return math.isclose(got, want, rel_tol=1e-15)
    return isinstance(got, bool) == isinstance(want, bool) and bool(got == want)


def test_spans_of_known_senders_together(engine: Engine) -> None:
    batch = [Sent(facts) for facts, _ in GOLDEN.values()]
    project = engine.fresh()
    send(engine, batch, project)
    assert differences(engine, batch, project) == []


@pytest.mark.parametrize("cached", [0, 60, 388])
@pytest.mark.parametrize("total", [None, 180 + 20, 180 + 20 + 388])
def test_what_a_known_sender_does_decides_about_the_cache(
    engine: Engine, cached: int, total: int | None
) -> None:
    # A sender whose input has the cache in it, one of which nothing is known, and others beside each other.
    usage = [("llm.token_count.prompt_details.cache_write", cached)]
    usage += [("llm.token_count.total", total)] if total else []
    senders: list[list[tuple[str, Any]]] = [
        [("ai.usage.inputTokens", 180), ("ai.usage.outputTokens", 20), ("ai.operationId", "ai.generateText")],
        [("gen_ai.usage.input_tokens", 180), ("gen_ai.usage.output_tokens", 20)],
        [("llm.token_count.prompt", 180), ("llm.token_count.completion", 20)],
    ]
    batch = [
        Sent(SpanFacts([*sender, *usage], scope=scope))
        for sender in senders
        for scope in ("", "codex", "claude_code")
    ]
    project = engine.fresh()
    send(engine, batch, project)
    assert differences(engine, batch, project) == []
