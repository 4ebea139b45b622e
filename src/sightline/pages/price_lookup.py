"""Which price a model resolves to: the answer of the price book in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sightline.catalog.prices import PriceBook
from sightline.catalog.rates import Rates
from sightline.pages import own_price_rows as own
from sightline.pages.own_price_rows import RateLine


@dataclass(frozen=True, slots=True)
class Found:
    """What a lookup answers. `lines` is empty when no list knows the model."""

    model: str
    provider: str
    on: str
    lines: tuple[RateLine, ...] = ()
    matched: str = ""
    version: str = ""
    source: str = ""
    valid: str = ""
    unpriced: tuple[str, ...] = ()


def look_up(book: PriceBook, project: str, model: str, provider: str, on: str) -> Found:
    """What a model costs in a project on a day (`2026-11-20`), as the book in force answers it."""
    at = datetime.fromisoformat(on).replace(hour=12, tzinfo=UTC)
    rates = book.resolve(provider or None, model, None, at, project=project)
    return Found(model, provider, on) if rates is None else _answer(rates, model, provider, on)


def _answer(rates: Rates, model: str, provider: str, on: str) -> Found:
    begins = f"from {rates.valid_from:%Y-%m-%d}" if rates.valid_from else ""
    ends = f"until {rates.valid_to:%Y-%m-%d}" if rates.valid_to else ""
    return Found(
        model=model,
        provider=provider,
        on=on,
        lines=own.resolved(rates),
        matched=f"{rates.provider}/{rates.model}" if rates.provider else rates.model,
        version=rates.version,
        source=rates.source,
        valid=" ".join(filter(None, (begins, ends))) or "always",
        unpriced=rates.unpriced,
    )
