"""Model names as they arrive, and the names under which a price list may know them.

Gateways and clouds put routing prefixes in front (`openai/gpt-4o`, `us.anthropic.claude-…-v1:0`,
`models/gemini-…`, `projects/…/models/…`) and versions behind. The name itself is never changed in a span.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sightline.catalog.conventions import conventions

SELF_HOSTED = frozenset(
    {
        "ollama",
        "vllm",
        "lmstudio",
        "lm_studio",
        "llama.cpp",
        "llama_cpp",
        "llamafile",
        "localai",
        "sglang",
        "tgi",
    }
    | {"triton", "self_hosted", "local"}
)
"""Providers that charge nothing by the token: only prices of one's own apply."""

_REGION = re.compile(r"^(?:us|eu|apac|ap|us-gov|jp|au|ca|sa|global)\.(?=[a-z0-9-]+\.)")
_BEDROCK = re.compile(r"^(?:amazon|anthropic|meta|cohere|mistral|ai21|deepseek|qwen|openai|stability)\.")
_REVISION = re.compile(r"-v[0-9]+(?::[0-9]+[a-z0-9]*)?$|:[0-9]+$")
_DATE = re.compile(r"-(?:20[0-9]{6}|20[0-9]{2}-[0-9]{2}-[0-9]{2}|latest)$")
_DEPTH = 6
"""Routing prefixes followed at most; names are hostile input."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name to look for; `provider` (a price list's word) is what its prefix says, or empty."""

    model: str
    provider: str = ""


def list_provider(provider: str) -> str:
    """The price list's word for a provider as spans name it; lower case, unknown words unchanged."""
    words = conventions().words
    canonical = words["provider"].translate(provider.strip()) or provider.strip()
    return words["price_list_provider"].translate(canonical.lower()) or canonical.lower()


def names(model: str, known: frozenset[str]) -> Iterator[Name]:
    """Names to try, the most exact first. `known`: the providers a price list has."""
    seen: set[Name] = set()
    whole = list(_without_prefixes(model.strip().lower()[:300], known))
    trimmed = [Name(short, n.provider) for n in whole for short in _without_suffixes(n.model)]
    for name in whole + trimmed:
        if name.model and name not in seen:
            seen.add(name)
            yield name


def _without_prefixes(model: str, known: frozenset[str]) -> Iterator[Name]:
    provider = ""
    for _ in range(_DEPTH):
        if not provider and (_REGION.match(model) or _BEDROCK.match(model)):
            provider = "aws"
        yield Name(model, provider)
        if model.startswith("arn:aws"):
            provider, model = "aws", model.rpartition("/")[2]
        elif "/models/" in f"/{model}":
            provider = "fireworks" if model.startswith("accounts/fireworks/") else "google"
            model = model.rpartition("models/")[2]
        elif "/" in model:
            head, _, model = model.partition("/")
            listed = list_provider(head)
            provider = listed if listed in known else provider
        elif _REGION.match(model):
            model = _REGION.sub("", model)
        elif _BEDROCK.match(model):
            model = model.partition(".")[2]
        else:
            break


def _without_suffixes(model: str) -> Iterator[str]:
    dashed = model.replace("@", "-")
    if dashed != model:
        yield dashed
    plain = _REVISION.sub("", dashed)
    if plain != dashed:
        yield plain
    undated = _DATE.sub("", plain)
    if undated != plain:
        yield undated
