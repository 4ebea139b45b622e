"""What the calls of a trace cost and how many tokens they used, as far as the process can know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sightline.sdk.ended_span import EndedSpan
from sightline.sdk.names import (
    CACHE_READ_TOKENS,
    CACHE_WRITE_TOKENS,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    PROVIDER,
    REQUEST_MODEL,
    RESPONSE_MODEL,
)

_INPUT = (INPUT_TOKENS, "llm.token_count.prompt", "gen_ai.usage.prompt_tokens", "ai.usage.promptTokens")
_OUTPUT = (
    OUTPUT_TOKENS,
    "llm.token_count.completion",
    "gen_ai.usage.completion_tokens",
    "ai.usage.completionTokens",
)
_COST = (
    "llm.cost.total", "gen_ai.usage.cost", "gen_ai.usage.total_cost", "operation.cost", "litellm.cost.total",
    "gen_ai.cost.total_cost",
)  # fmt: skip
_MODEL = (RESPONSE_MODEL, REQUEST_MODEL, "llm.model_name")
_PROVIDER = (PROVIDER, "gen_ai.system", "llm.provider", "llm.system")

Price = Callable[[str, str, int, int, int, int], float | None]
"""(provider, model, input, output, cache read, cache write tokens) to USD, None where there is no price."""


def cost_and_tokens(spans: Sequence[EndedSpan], price: Price) -> tuple[float | None, int | None]:
    """USD and tokens of a trace; None where no span says.

    Usage on a span above others with usage repeats theirs, as agents' spans do, and is not counted again. The
    cost is None as soon as one call has none: a part of the sum would look like a cheap trace.
    """
    used = [(span, found) for span in spans if (found := _usage(span.attributes)) is not None]
    above = _above({span.span_id for span, _ in used}, spans)
    used = [(span, found) for span, found in used if span.span_id not in above]
    if not used:
        return None, None
    known = [f["tokens"] for _, f in used if f["tokens"] is not None]
    costs = [_cost(found, price) for _, found in used]
    return (None if None in costs else sum(c for c in costs if c is not None)), (
        sum(known) if known else None
    )


def _above(with_usage: set[int], spans: Sequence[EndedSpan]) -> set[int]:
    parents = {span.span_id: span.parent_id for span in spans}
    found: set[int] = set()
    for span_id in with_usage:
        parent = parents.get(span_id, 0)
        while parent and parent not in found:
            found.add(parent)
            parent = parents.get(parent, 0)
    return found


def _usage(attributes: Mapping[str, Any]) -> dict[str, Any] | None:
    taken, given, cost = _first(attributes, _INPUT), _first(attributes, _OUTPUT), _first(attributes, _COST)
    if taken is None and given is None and cost is None:
        return None
    return {
        "cost": cost,
        "tokens": None if taken is None and given is None else int((taken or 0) + (given or 0)),
        "input": int(taken or 0),
        "output": int(given or 0),
        "read": int(_first(attributes, (CACHE_READ_TOKENS,)) or 0),
        "write": int(_first(attributes, (CACHE_WRITE_TOKENS,)) or 0),
        "model": next((str(attributes[k]) for k in _MODEL if attributes.get(k)), ""),
        "provider": next((str(attributes[k]) for k in _PROVIDER if attributes.get(k)), ""),
    }


def _first(attributes: Mapping[str, Any], keys: tuple[str, ...]) -> float | None:
    for key in keys:
        value = attributes.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e15:
            return value
    return None


def _cost(used: Mapping[str, Any], price: Price) -> float | None:
    if used["cost"] is not None:
        return float(used["cost"])
    if not used["model"] or used["tokens"] is None:
        return None
    return price(used["provider"], used["model"], used["input"], used["output"], used["read"], used["write"])


def listed_price(
    provider: str, model: str, input_tokens: int, output_tokens: int, cache_read: int, cache_write: int
) -> float | None:
    """The price from the package `genai-prices` (`pip install "sightline[prices]"`); None without it."""
    try:
        from genai_prices import Usage, calc_price
    except ImportError:
        return None
    used = Usage(
        input_tokens=input_tokens, output_tokens=output_tokens, cache_read_tokens=cache_read,
        cache_write_tokens=cache_write,
    )  # fmt: skip
    for known in ((provider or None), None):
        try:
            return float(calc_price(used, model, provider_id=known).total_price)
        except (LookupError, ValueError):
            continue
    return None
