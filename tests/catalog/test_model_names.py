from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.catalog.model_names import Name, list_provider, names

KNOWN = frozenset({"openai", "anthropic", "aws", "google", "fireworks", "azure", "openrouter", "mistral"})


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-4o", Name("gpt-4o")),
        ("GPT-4o", Name("gpt-4o")),
        ("openai/gpt-4o", Name("gpt-4o", "openai")),
        ("openrouter/anthropic/claude-sonnet-4.5", Name("anthropic/claude-sonnet-4.5", "openrouter")),
        ("models/gemini-2.5-pro", Name("gemini-2.5-pro", "google")),
        ("projects/p/locations/l/publishers/google/models/gemini-2.5-pro", Name("gemini-2.5-pro", "google")),
        ("accounts/fireworks/models/llama-v3p1-8b-instruct", Name("llama-v3p1-8b-instruct", "fireworks")),
        (
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            Name("anthropic.claude-sonnet-4-5-20250929-v1:0", "aws"),
        ),
        (
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            Name("us.anthropic.claude-sonnet-4-5-20250929", "aws"),
        ),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", Name("claude-sonnet-4-5", "aws")),
        ("bedrock/amazon.nova-pro-v1:0", Name("amazon.nova-pro-v1:0", "aws")),
        (
            "arn:aws:bedrock:us-east-1:1:inference-profile/eu.amazon.nova-pro-v1:0",
            Name("eu.amazon.nova-pro-v1:0", "aws"),
        ),
        ("claude-sonnet-4@20250514", Name("claude-sonnet-4-20250514")),
        ("gpt-4o-2024-08-06", Name("gpt-4o")),
        ("mistral-large-latest", Name("mistral-large")),
    ],
)
def test_a_name_is_found_under_what_a_list_may_know(model: str, expected: Name) -> None:
    assert expected in list(names(model, KNOWN))


def test_the_name_as_it_is_comes_first() -> None:
    assert next(names("openai/gpt-4o-2024-08-06", KNOWN)) == Name("openai/gpt-4o-2024-08-06")
    assert list(names("  ", KNOWN)) == []


@pytest.mark.parametrize(
    ("provider", "listed"),
    [
        ("azure.ai.openai", "azure"),
        ("az.ai.openai", "azure"),
        ("Azure", "azure"),
        ("aws.bedrock", "aws"),
        ("x_ai", "x-ai"),
        ("grok", "x-ai"),
        ("vertex_ai", "google"),
        ("openai", "openai"),
        ("My Gateway", "my gateway"),
    ],
)
def test_providers_in_the_words_of_the_list(provider: str, listed: str) -> None:
    assert list_provider(provider) == listed


@given(
    st.text(max_size=400)
    | st.lists(st.sampled_from(["a", "/", "models/", "us.", "meta.", "-v1:0", "@"])).map("".join)
)
def test_hostile_names_end(model: str) -> None:
    assert len(list(names(model, KNOWN))) < 50
