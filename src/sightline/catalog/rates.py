"""What a token costs, and what a usage costs: plain data and one pure function.

Rates are `Decimal` USD per token (per request for `request`): lists and contracts are decimal, and a price
must be reproducible to the last digit. The engine gets them as doubles (`rates_columns`): one product of a
rate and a count is then off by less than one part in 10^15.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class ClassRates:
    """USD per unit of each class; None: not priced apart, then its tokens cost what their parent class costs.

    `input` is a plain input token, `cache_write` one written to the cache for five minutes.
    """

    input: Decimal | None = None
    output: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    reasoning: Decimal | None = None
    audio_input: Decimal | None = None
    audio_output: Decimal | None = None
    audio_cache_read: Decimal | None = None
    image_input: Decimal | None = None
    image_output: Decimal | None = None
    image_cache_read: Decimal | None = None
    video_input: Decimal | None = None
    video_output: Decimal | None = None
    request: Decimal | None = None

    def priced(self) -> dict[str, Decimal]:
        """The classes with a price of their own."""
        pairs = ((f.name, getattr(self, f.name)) for f in fields(self))
        return {name: rate for name, rate in pairs if rate is not None}


CLASSES: tuple[str, ...] = tuple(f.name for f in fields(ClassRates) if f.name != "request")

# What a class is made of: a class whose set holds another's is a part of it.
_TRAITS: dict[str, frozenset[str]] = {
    "input": frozenset({"in"}),
    "output": frozenset({"out"}),
    "cache_read": frozenset({"in", "read"}),
    "cache_write": frozenset({"in", "write"}),
    "cache_write_1h": frozenset({"in", "write", "1h"}),
    "reasoning": frozenset({"out", "reasoning"}),
    "audio_input": frozenset({"in", "audio"}),
    "audio_output": frozenset({"out", "audio"}),
    "audio_cache_read": frozenset({"in", "audio", "read"}),
    "image_input": frozenset({"in", "image"}),
    "image_output": frozenset({"out", "image"}),
    "image_cache_read": frozenset({"in", "image", "read"}),
    "video_input": frozenset({"in", "video"}),
    "video_output": frozenset({"out", "video"}),
}
_CACHED = frozenset({"read", "write"})


def orphans(rates: ClassRates) -> list[str]:
    """Classes that have a price although the whole they are part of has none: then no usage adds up."""
    priced = rates.priced()
    return [n for n in priced if n in _TRAITS and ("input" if "in" in _TRAITS[n] else "output") not in priced]


@dataclass(frozen=True, slots=True)
class Tier:
    """Rates for *all* tokens of a call whose input is longer than `over` tokens."""

    over: int
    rates: ClassRates


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates of one model at one provider, valid in [`valid_from`, `valid_to`) (None: unbounded).

    `tiers` ascend. `unpriced`: prices of the list that no counted class can carry (searches, pages, hours).
    `version` names list and release, `source` what was matched and how.
    """

    base: ClassRates
    tiers: tuple[Tier, ...]
    provider: str
    model: str
    version: str
    source: str
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    unpriced: tuple[str, ...] = ()
    currency: str = "USD"

    def at(self, input_tokens: int) -> ClassRates:
        """The rates of a call with this many input tokens."""
        found = self.base
        for tier in self.tiers:
            if input_tokens > tier.over:
                found = tier.rates
        return found


@dataclass(frozen=True, slots=True)
class Usage:
    """Counted tokens of one call; None: not known. Parents include their parts (`input` the cached ones)."""

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    cache_write_1h: int | None = None
    reasoning: int | None = None
    audio_input: int | None = None
    audio_output: int | None = None
    audio_cache_read: int | None = None
    image_input: int | None = None
    image_output: int | None = None
    image_cache_read: int | None = None
    video_input: int | None = None
    video_output: int | None = None
    requests: int = 1


@dataclass(frozen=True, slots=True)
class CostParts:
    """What a usage costs in USD: `input` without the cache, `cache` apart, `output` with reasoning.

    A part is None when it is not known; then `total` is None, too, and `missing` names each token class that
    had no price (`input`) or no count (`input tokens`).
    """

    input: Decimal | None
    cache: Decimal | None
    output: Decimal | None
    request: Decimal
    total: Decimal | None
    missing: tuple[str, ...]


def cost(rates: Rates, usage: Usage) -> CostParts:
    """Price a usage. Parts are taken out of their parents only where they have a price of their own."""
    priced = rates.at(usage.input or 0)
    missing: list[str] = []
    inputs = _side("input", priced, usage, missing)
    outputs = _side("output", priced, usage, missing)
    request = (priced.request or ZERO) * usage.requests
    plain = cache = output = None
    if inputs is not None:
        cache = sum((c for name, c in inputs.items() if _CACHED & _TRAITS[name]), ZERO)
        plain = sum(inputs.values(), ZERO) - cache
    if outputs is not None:
        output = sum(outputs.values(), ZERO)
    total = None
    if plain is not None and cache is not None and output is not None:
        total = plain + cache + output + request
    return CostParts(plain, cache, output, request, total, tuple(missing))


def _filled(priced: ClassRates) -> dict[str, Decimal]:
    """Priced classes; cached tokens without a price cost what input costs, but still show as cache."""
    found = priced.priced()
    if priced.input is not None:
        for name in ("cache_read", "cache_write"):
            found.setdefault(name, priced.input)
    return found


def _side(side: str, priced: ClassRates, usage: Usage, missing: list[str]) -> dict[str, Decimal] | None:
    """Cost of each class of one direction; None, with the reason in `missing`, when it is not known."""
    count, rate = getattr(usage, side), getattr(priced, side)
    if rate is None:
        # Models priced by the call, or on the other side only (embeddings), are not unpriced.
        other = priced.output if side == "input" else priced.input
        if priced.request is not None or (not count and other is not None):
            return {}
        missing.append(side)
        return None
    if count is None:
        missing.append(f"{side} tokens")
        return None
    rates = _filled(priced)
    names = [n for n in CLASSES if n in rates and _TRAITS[side] <= _TRAITS[n]]
    own: dict[str, int] = {}
    for name in sorted(names, key=lambda n: -len(_TRAITS[n])):
        inside = sum(tokens for part, tokens in own.items() if _TRAITS[name] < _TRAITS[part])
        own[name] = max(0, (getattr(usage, name) or 0) - inside)
    return {name: tokens * rates[name] for name, tokens in own.items()}


# Columns whose class is never null where its parent is priced: the engine need not ask.
_FILLED = {
    "cache_read": ("cache_read", "input"),
    "cache_write_5m": ("cache_write", "input"),
    "cache_write_1h": ("cache_write_1h", "cache_write", "input"),
}
_NULLABLE = ("reasoning", "audio_input", "audio_output", "image_input", "image_output")
RATE_COLUMNS: tuple[str, ...] = tuple(
    f"{name}_rate" for name in ("input", *_FILLED, "output", *_NULLABLE, "request")
)


def rates_columns(rates: Rates) -> dict[str, Any]:
    """Rates as flat columns for a join: `…_rate` doubles or None, `tier_over` integers, `tier_…_rates` lists.

    The formula that goes with them is in docs/guide/prices.md.
    """
    columns: dict[str, Any] = dict(_flat(rates.base))
    columns["tier_over"] = [tier.over for tier in rates.tiers]
    flat = [_flat(tier.rates) for tier in rates.tiers]
    for name in RATE_COLUMNS:
        columns[f"tier_{name}s"] = [row[name] for row in flat]
    return columns


def _flat(rates: ClassRates) -> dict[str, float | None]:
    row: dict[str, float | None] = {}
    for name in ("input", *_FILLED, "output", *_NULLABLE, "request"):
        known = (getattr(rates, n) for n in _FILLED.get(name, (name,)))
        rate = next((k for k in known if k is not None), None)
        row[f"{name}_rate"] = None if rate is None else float(rate)
    return row
