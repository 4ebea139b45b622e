"""The base price list: the package `genai-prices`, turned into rates.

The package is data from PyPI, updated with the release of Sightline's environment; nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from importlib.metadata import version
from typing import Any

from sightline.catalog.model_names import SELF_HOSTED, Name, list_provider, names
from sightline.catalog.rates import ClassRates, Rates, Tier

MILLION = Decimal(1_000_000)
# Price of the list → our class and the units one price stands for.
PRICE_KEYS: dict[str, tuple[str, Decimal]] = {
    "input_mtok": ("input", MILLION),
    "output_mtok": ("output", MILLION),
    "cache_read_mtok": ("cache_read", MILLION),
    "cache_write_mtok": ("cache_write", MILLION),
    "cache_write_1h_mtok": ("cache_write_1h", MILLION),
    "output_reasoning_mtok": ("reasoning", MILLION),
    "input_audio_mtok": ("audio_input", MILLION),
    "output_audio_mtok": ("audio_output", MILLION),
    "cache_audio_read_mtok": ("audio_cache_read", MILLION),
    "input_image_mtok": ("image_input", MILLION),
    "output_image_mtok": ("image_output", MILLION),
    "cache_image_read_mtok": ("image_cache_read", MILLION),
    "input_video_mtok": ("video_input", MILLION),
    "output_video_mtok": ("video_output", MILLION),
    "requests_kcount": ("request", Decimal(1000)),
}

SPOKEN_BY_OTHERS = frozenset({"openai", "anthropic"})
"""Providers whose API others offer, too: instrumentations then name the SDK's vendor, not who answers."""


@dataclass(frozen=True, slots=True)
class Match:
    """A model of the list (the package's own records) and how it was found."""

    provider: Any
    model: Any
    how: str


class GenaiPrices:
    """Finds models in the list and reads their prices at a moment."""

    def __init__(self, providers: list[Any] | None = None, release: str = "") -> None:
        """`providers`: the package's records of another release of the list; its own when left out."""
        if providers is None:
            # Slow to import (thousands of models), and needed only where something is priced.
            from genai_prices.data import providers as shipped

            providers = shipped
        self.version = f"genai-prices {release or version('genai-prices')}"
        self._all = list(providers)
        self._providers = {p.id: p for p in self._all}
        self._known = frozenset(self._providers)

    def match(self, provider: str | None, model: str) -> Match | None:
        """The model of the list: at the provider, at the one its prefix names, or by its name alone."""
        listed = list_provider(provider) if provider else ""
        if listed in SELF_HOSTED:
            return None
        candidates = list(names(model, self._known))
        stated = self._provider(listed)
        if stated is not None:
            for name in candidates:
                if found := self._find(stated, name.model):
                    return Match(stated, found, f"{stated.id}/{found.id}")
        for name in candidates:
            at = self._providers.get(name.provider)
            if at is not None and (found := self._find(at, name.model)):
                return Match(at, found, f"{at.id}/{found.id}, provider from the model's prefix")
        # Elsewhere another provider's price would be a guess about somebody else's bill.
        return self._by_name(candidates) if stated is None or stated.id in SPOKEN_BY_OTHERS else None

    def _by_name(self, candidates: list[Name]) -> Match | None:
        for name in candidates:
            for provider in self._all:
                if provider.model_match is None or not provider.model_match.is_match(name.model):
                    continue
                if found := self._find(provider, name.model):
                    return Match(provider, found, f"{provider.id}/{found.id}, provider from the model's name")
        return None

    def _provider(self, listed: str) -> Any | None:
        if not listed or listed in self._providers:
            return self._providers.get(listed)
        matching = (p for p in self._all if p.provider_match and p.provider_match.is_match(listed))
        return next(matching, None)

    def _find(self, provider: Any, model: str) -> Any | None:
        return provider.find_model(model, all_providers=self._all)

    def rates(self, match: Match, at: datetime, context: dict[str, str]) -> Rates | None:
        """The rates of a matched model at a moment; None when the list prices nothing that is counted."""
        price = match.model.get_prices(at, context or None)
        values = {k: v for k, v in price.__dict__.items() if v is not None and not k.startswith("_")}
        starts = sorted({t.start for v in values.values() if hasattr(v, "tiers") for t in v.tiers})
        base = _class_rates(values, None)
        if not base.priced():
            return None
        begin, end = _validity(match.model, at)
        return Rates(
            base=base,
            tiers=tuple(Tier(start, _class_rates(values, start)) for start in starts),
            provider=match.provider.id,
            model=match.model.id,
            version=self.version,
            source=match.how,
            valid_from=begin,
            valid_to=end,
            unpriced=tuple(sorted(values.keys() - PRICE_KEYS.keys())),
        )


def _class_rates(values: dict[str, Any], start: int | None) -> ClassRates:
    found: dict[str, Decimal] = {}
    for key, value in values.items():
        if key in PRICE_KEYS:
            name, units = PRICE_KEYS[key]
            found[name] = _tiered(value, start) / units
    return ClassRates(**found)


def _tiered(value: Any, start: int | None) -> Decimal:
    """The price of a call just above `start` input tokens; None: of a short call."""
    if isinstance(value, Decimal):
        return value
    price: Decimal = value.base
    for tier in value.tiers:
        if start is not None and start >= tier.start:
            price = tier.price
    return price


def _validity(model: Any, at: datetime) -> tuple[datetime | None, datetime | None]:
    """The span of time around `at` in which no condition of the model's prices changes."""
    moments = sorted(_changes(model, at))
    before = [m for m in moments if m <= at]
    after = [m for m in moments if m > at]
    return (before[-1] if before else None), (after[0] if after else None)


def _changes(model: Any, at: datetime) -> Iterator[datetime]:
    conditional = model.prices if isinstance(model.prices, list) else []
    for constraint in [c.constraint for c in (*conditional, *(model.price_variants or ()))]:
        if constraint is None:
            continue
        if hasattr(constraint, "start_date"):
            yield datetime.combine(constraint.start_date, time(), UTC)
            continue
        for moment in (constraint.start_time, constraint.end_time):
            for days in (-1, 0, 1):
                yield _on_day(at.date() + timedelta(days), moment)


def _on_day(day: date, moment: time) -> datetime:
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return datetime.combine(day, zoned).astimezone(UTC)
