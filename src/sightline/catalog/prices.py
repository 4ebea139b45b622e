"""The price book: which rates apply to a provider's model at a moment. One's own prices win over the list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from sightline.catalog.base_prices import GenaiPrices, Match
from sightline.catalog.model_names import list_provider, names
from sightline.catalog.own_prices import OwnPrice
from sightline.catalog.rates import Rates

LARGEST_CACHE = 20_000
"""Distinct models kept resolved; names are the senders', so the number must be bounded."""


class BaseList(Protocol):
    """A list of public prices."""

    version: str

    def match(self, provider: str | None, model: str) -> Match | None:
        """The model of the list, or None."""
        ...

    def rates(self, match: Match, at: datetime, context: dict[str, str]) -> Rates | None:
        """Its rates at a moment, or None."""
        ...


class PriceBook:
    """Resolves rates. Each distinct model is looked up once; a book never changes: build a new one."""

    def __init__(self, base: BaseList | None = None, own: Iterable[OwnPrice] = ()) -> None:
        self._base: BaseList = base if base is not None else GenaiPrices()
        self._own = sorted(own, key=lambda price: price.rank, reverse=True)
        self.projects = frozenset(price.project for price in self._own if price.project is not None)
        """Projects with prices of their own; in all others models cost the same."""
        self._matches: dict[tuple[str | None, str], Match | None] = {}
        self._resolved: dict[tuple[str | None, ...], Rates | None] = {}

    @property
    def version(self) -> str:
        """The base list's name and release, with the number of one's own prices."""
        return f"{self._base.version} + {len(self._own)} own" if self._own else self._base.version

    def resolve(
        self,
        provider: str | None,
        request_model: str | None,
        response_model: str | None,
        at: datetime,
        service_tier: str | None = None,
        *,
        project: str | None = None,
    ) -> Rates | None:
        """The rates at a moment (no zone: UTC), or None when no list knows the model. `project`: for whose
        spans; None: for those of a project without prices of its own.

        The model that answered counts before the model that was asked for: it is what was billed.
        """
        moment = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        project = project if project in self.projects else None
        key = (provider, request_model, response_model, service_tier, project)
        known = self._resolved.get(key)
        if known is not None and _covers(known, moment):
            return known
        rates = self._resolve(provider, request_model, response_model, moment, service_tier, project)
        if len(self._resolved) >= LARGEST_CACHE:
            self._resolved.clear()
        self._resolved[key] = rates
        return rates

    def _resolve(
        self,
        provider: str | None,
        request: str | None,
        response: str | None,
        at: datetime,
        tier: str | None,
        project: str | None,
    ) -> Rates | None:
        models = [m for m in dict.fromkeys((response, request)) if m and m.strip()]
        context = {"service_tier": tier} if tier else {}
        base = None
        for model in models:
            match = self._match(provider, model)
            base = self._base.rates(match, at, context) if match else None
            if base is not None:
                break
        spelled = [(model.strip().lower(), *(n.model for n in names(model, frozenset()))) for model in models]
        words = {(provider or "").lower(), list_provider(provider) if provider else ""}
        # The best of one's own prices for the first model that has one.
        about = [
            [p for p in self._own if any(p.ever(word, spelling, project) for word in words)]
            for spelling in spelled
        ]
        own = next(
            (p for prices, s in zip(about, spelled, strict=True) for p in prices
             if any(p.matches(word, s, at, project) for word in words)),
            None,
        )  # fmt: skip
        rates = base if own is None else own.applied(provider or "", models[0], base) or base
        return _bounded(rates, at, [price for prices in about for price in prices])

    def _match(self, provider: str | None, model: str) -> Match | None:
        key = (provider, model)
        if key not in self._matches:
            if len(self._matches) >= LARGEST_CACHE:
                self._matches.clear()
            self._matches[key] = self._base.match(provider, model)
        return self._matches[key]


def _bounded(rates: Rates | None, at: datetime, own: Iterable[OwnPrice]) -> Rates | None:
    """Rates whose validity ends where one of these prices begins or ends."""
    if rates is None:
        return None
    changes = [m for p in own for m in (p.begin, p.end) if m]
    before = [m for m in (*changes, rates.valid_from) if m and m <= at]
    after = [m for m in (*changes, rates.valid_to) if m and m > at]
    return replace(rates, valid_from=max(before, default=None), valid_to=min(after, default=None))


def _covers(rates: Rates, at: datetime) -> bool:
    return (rates.valid_from is None or rates.valid_from <= at) and (
        rates.valid_to is None or at < rates.valid_to
    )
