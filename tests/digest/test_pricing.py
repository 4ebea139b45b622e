"""Costs of the engine against `catalog.rates.cost`, span by span."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from digest.engine import Engine
from digest.otlp import START, span, traces
from sightline.catalog.own_prices import own_price
from sightline.catalog.prices import PriceBook
from sightline.catalog.rates import Usage, cost
from sightline.records.ingest import Signal

# A day has one price: that of its noon (UTC).
AT = datetime.fromtimestamp(START / 1e9, UTC).replace(hour=12)
MODELS = [
    ("openai", "gpt-4o"),
    ("openai", "gpt-4o-mini"),
    ("openai", "o3-mini"),
    ("openai", "gpt-4o-audio-preview"),
    ("openai", "text-embedding-3-small"),
    ("anthropic", "claude-sonnet-4-5"),
    ("anthropic", "claude-3-5-haiku-latest"),
    ("gcp.gemini", "gemini-2.5-pro"),
    ("gcp.gemini", "gemini-2.5-flash"),
    ("cohere", "command-r-plus"),
    ("mistral_ai", "mistral-large-latest"),
    ("deepseek", "deepseek-chat"),
    ("x_ai", "grok-4"),
    ("perplexity", "sonar"),
    ("openai", "no-such-model-at-all"),
]
KEYS = {
    "input": "gen_ai.usage.input_tokens",
    "output": "gen_ai.usage.output_tokens",
    "cache_read": "gen_ai.usage.cache_read.input_tokens",
    "cache_write": "gen_ai.usage.cache_creation.input_tokens",
    "reasoning": "gen_ai.usage.reasoning.output_tokens",
}
COLUMNS = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "cache_write_1h": "tokens_cache_write_1h",
    "reasoning": "reasoning_tokens",
    "audio_input": "tokens_audio_input",
    "audio_output": "tokens_audio_output",
    "image_input": "tokens_image_input",
    "image_output": "tokens_image_output",
}


@st.composite
def usages(draw: st.DrawFn) -> dict[str, int]:
    """Counts as a sender reports them, parts within their wholes or not."""
    big = st.sampled_from([0, 1, 999, 1000, 127_999, 128_000, 128_001, 200_000, 200_001, 272_001, 1_000_000])
    found: dict[str, int] = {}
    if draw(st.integers(0, 9)) > 0:
        found["input"] = draw(big | st.integers(0, 5000))
    if draw(st.integers(0, 9)) > 1:
        found["output"] = draw(big | st.integers(0, 5000))
    for name in ("cache_read", "cache_write"):
        if draw(st.integers(0, 2)) == 0:
            found[name] = draw(st.integers(0, found.get("input", 0) // 2 + 10))
    if draw(st.integers(0, 2)) == 0:
        found["reasoning"] = draw(st.integers(0, found.get("output", 0) + 5))
    return found


def generated(count: int) -> list[tuple[tuple[str, str], dict[str, int]]]:
    """Models with a usage."""
    found: list[Any] = []

    @settings(max_examples=count, phases=[Phase.generate], database=None, deadline=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @seed(5)
    @given(st.sampled_from(MODELS), usages())
    def collect(model: tuple[str, str], usage: dict[str, int]) -> None:
        found.append((model, usage))

    collect()
    return found


def attributes(model: tuple[str, str], usage: dict[str, int], **more: Any) -> dict[str, Any]:
    found = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": model[0],
        "gen_ai.request.model": model[1],
    }
    return found | {KEYS[name]: count for name, count in usage.items()} | more


def rows(engine: Engine, spans: list[Any]) -> list[dict[str, Any]]:
    project = engine.fresh()
    engine.digest(Signal.TRACES, [traces(spans)], project)
    names = ", ".join(COLUMNS.values())
    return engine.rows(
        f"SELECT span_id, kind, usage_source, cost_usd, cost_source, price_version, cost_input, cost_cache_read,"  # noqa: E501
        f" cost_cache_write, cost_output, cost_request, reported_cost_usd, {names}"
        " FROM sightline.spans WHERE project = {p:String} ORDER BY trace_id, span_id",
        p=project,
    )


def test_costs_are_those_of_the_catalog(engine: Engine) -> None:
    cases = generated(300) + [(m, {"input": 250_000, "output": 900, "cache_read": 1000}) for m in MODELS]
    spans = [span(i, i, attributes=attributes(model, usage)) for i, (model, usage) in enumerate(cases, 1)]
    book, computed = PriceBook(), 0
    for (model, _), row in zip(cases, rows(engine, spans), strict=True):
        rates = book.resolve(model[0], model[1], None, AT)
        # The counts as stored: what canonicalisation made of them is another test's matter.
        usage = Usage(**{name: row[column] for name, column in COLUMNS.items()})
        want = cost(rates, usage).total if rates else None
        if want is None:
            assert (row["cost_usd"], row["cost_source"], row["price_version"]) == (None, "unknown", None), row
            continue
        computed += 1
        assert row["cost_usd"] == pytest.approx(float(want), rel=1e-9, abs=1e-18), (
            model,
            usage,
            cost(rates, usage),
        )
        assert (row["cost_source"], row["price_version"]) == ("computed", rates.version if rates else None)
        parts = [row[f"cost_{n}"] for n in ("input", "cache_read", "cache_write", "output", "request")]
        assert sum(p or 0 for p in parts) == pytest.approx(row["cost_usd"], rel=1e-9, abs=1e-18)
    assert computed > 150


def test_a_price_of_one_project_prices_no_other(engine: Engine) -> None:
    spans = [span(1, 1, attributes=attributes(MODELS[0], {"input": 1000, "output": 100}))]
    ours, others = engine.fresh(), engine.fresh()
    before, engine.prices = (
        engine.prices,
        PriceBook(own=[own_price({"model": "*", "input": 7, "output": 70}, project=ours)]),
    )
    try:
        for project in (ours, others):
            engine.digest(Signal.TRACES, [traces(spans)], project)
    finally:
        engine.prices = before
    found = {
        row["project"]: row["cost_usd"]
        for row in engine.rows(
            "SELECT toString(project) AS project, cost_usd FROM sightline.spans"
            " WHERE project IN {p:Array(String)}",
            p=[ours, others],
        )
    }
    listed = PriceBook().resolve(*MODELS[0], None, AT)
    assert listed is not None
    expected = cost(listed, Usage(input=1000, output=100)).total
    assert found == {ours: pytest.approx(0.014), others: pytest.approx(float(expected or 0))}


def test_what_the_sender_says_it_cost_wins(engine: Engine) -> None:
    usage = {"input": 1000, "output": 10}
    known, unknown = attributes(MODELS[0], usage), attributes(MODELS[-1], usage)
    told = {"gen_ai.usage.cost": 0.25}
    found = rows(engine, [span(1, 1, attributes=known | told), span(2, 2, attributes=unknown | told)])
    for row in found:
        assert (row["cost_usd"], row["cost_source"], row["price_version"]) == (0.25, "reported", None)


def test_a_reported_zero_is_a_cost(engine: Engine) -> None:
    (row,) = rows(
        engine, [span(1, 1, attributes=attributes(MODELS[0], {"input": 5}) | {"gen_ai.usage.cost": 0.0})]
    )
    assert (row["cost_usd"], row["cost_source"]) == (0.0, "reported")


def test_a_call_without_usage_is_unknown_and_a_span_that_is_no_call_has_no_cost(engine: Engine) -> None:
    call, work = rows(engine, [span(1, 1, attributes=attributes(MODELS[0], {})), span(2, 2)])
    assert (call["cost_usd"], call["cost_source"]) == (None, "unknown")
    assert (work["cost_usd"], work["cost_source"]) == (None, None)


def test_a_rollup_costs_nothing_of_its_own(engine: Engine) -> None:
    usage = attributes(MODELS[0], {"input": 1000, "output": 10})
    agent = span(1, 1, attributes=usage | {"gen_ai.operation.name": "invoke_agent"})
    above, below = rows(engine, [agent, span(1, 2, 1, attributes=usage)])
    assert (above["usage_source"], above["cost_usd"], above["cost_source"]) == ("rollup", None, None)
    assert below["cost_usd"] > 0


def test_an_embedding_is_priced_by_its_input(engine: Engine) -> None:
    found = attributes(("openai", "text-embedding-3-small"), {"input": 1_000_000})
    (row,) = rows(engine, [span(1, 1, attributes=found | {"gen_ai.operation.name": "embeddings"})])
    assert row["cost_usd"] == pytest.approx(0.02)


def test_a_name_with_the_character_that_separates_names_harms_nobody(engine: Engine) -> None:
    usage = {"input": 1000, "output": 10}
    odd, fine = rows(
        engine,
        [
            span(1, 1, attributes=attributes(("openai\x1f", "gpt\x1f\x1f4o\x1f2026-01-01"), usage)),
            span(2, 2, attributes=attributes(MODELS[0], usage)),
        ],
    )
    assert (odd["cost_usd"], odd["cost_source"]) == (None, "unknown")
    assert fine["cost_usd"] > 0
