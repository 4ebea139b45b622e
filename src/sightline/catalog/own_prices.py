"""Prices of one's own: contracts, discounts, self-hosted models. Dated TOML files or records, one format.

The format is described in docs/guide/prices.md. What is wrong with an entry is said with its file and key.
"""

from __future__ import annotations

import fnmatch
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from sightline.catalog.rates import ClassRates, Rates, Tier, orphans

RATE_KEYS = tuple("cache_write_5m" if f.name == "cache_write" else f.name for f in fields(ClassRates))
_KEYS = {"provider", "model", "from", "until", "per", "discount", "tier", "version", "source", *RATE_KEYS}


class PriceError(ValueError):
    """A price of one's own says something impossible."""


@dataclass(frozen=True, slots=True)
class OwnPrice:
    """A price of one's own. `provider` and `model` may hold `*`; valid in [`begin`, `end`).

    With `discount` (0 to 1) the base list's rates count, less that share; else `rates` and `tiers`. `project`
    None: for every project.
    """

    provider: str
    model: str
    begin: datetime | None
    end: datetime | None
    rates: ClassRates
    tiers: tuple[Tier, ...]
    discount: Decimal | None
    version: str
    source: str
    project: str | None = None

    def matches(self, provider: str, models: Iterable[str], at: datetime, project: str | None = None) -> bool:
        """Whether it applies to one of these names (lower case) at this provider and moment, in a project."""
        if (self.begin and at < self.begin) or (self.end and at >= self.end):
            return False
        return self.ever(provider, models, project)

    def ever(self, provider: str, models: Iterable[str], project: str | None = None) -> bool:
        """Whether it does at some moment."""
        if self.project is not None and self.project != project:
            return False
        if not fnmatch.fnmatchcase(provider, self.provider):
            return False
        return any(fnmatch.fnmatchcase(model, self.model) for model in models)

    @property
    def rank(self) -> tuple[bool, bool, int, bool, datetime]:
        """Sorts prices that match: a named provider, an exact model, a longer pattern, a price of the project
        itself, a later start win."""
        start = self.begin or datetime.min.replace(tzinfo=UTC)
        return (
            "*" not in self.provider,
            "*" not in self.model,
            len(self.model),
            self.project is not None,
            start,
        )

    def applied(self, provider: str, model: str, base: Rates | None) -> Rates | None:
        """The rates this price gives; None for a discount on what the base list does not have."""
        if self.discount is None:
            return Rates(
                base=self.rates,
                tiers=self.tiers,
                provider=provider,
                model=model,
                version=self.version,
                source=self.source,
                valid_from=self.begin,
                valid_to=self.end,
            )
        if base is None:
            return None
        share = 1 - self.discount
        return replace(
            base,
            base=_scaled(base.base, share),
            tiers=tuple(Tier(t.over, _scaled(t.rates, share)) for t in base.tiers),
            version=f"{self.version} on {base.version}",
            source=f"{self.source}: {self.discount:%} off {base.source}",
            valid_from=_latest(self.begin, base.valid_from),
            valid_to=_earliest(self.end, base.valid_to),
        )


def load_own_prices(directory: Path) -> list[OwnPrice]:
    """All entries of `*.toml` in a directory (none when it is not there). Raises PriceError."""
    found: list[OwnPrice] = []
    for path in sorted(directory.glob("*.toml")):
        try:
            document = tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise PriceError(f"{path.name}: not TOML: {error}") from error
        unknown = document.keys() - {"date", "source", "price"}
        if unknown:
            raise PriceError(
                f"{path.name}: unknown key {sorted(unknown)[0]!r}; known are date, source, price"
            )
        if not isinstance(document.get("source"), str) or "date" not in document:
            raise PriceError(
                f"{path.name}: write `date` and `source` (text) at the top: where the prices are from"
            )
        version = f"{path.stem} {document['date']}"
        for number, entry in enumerate(document.get("price", []), 1):
            defaults = {"version": version, "source": document["source"]}
            found.append(own_price({**defaults, **entry}, f"{path.name}: price {number}"))
    return found


def own_price(record: Mapping[str, Any], where: str = "price", project: str | None = None) -> OwnPrice:
    """One entry of a file, or one record with the same keys, for a project or (None) for every one.

    Raises PriceError naming `where` and the key.
    """
    for key in record.keys() - _KEYS:
        raise PriceError(f"{where}: unknown key {key!r}; known are {', '.join(sorted(_KEYS))}")
    model = record.get("model")
    if not isinstance(model, str) or not model:
        raise PriceError(f'{where}: `model` is missing; give a name or a pattern such as "gpt-4o*"')
    per = _number(record, "per", where) or Decimal(1_000_000)
    discount = _number(record, "discount", where)
    rates = _rates(record, per, where)
    if discount is not None and (discount > 1 or rates.priced()):
        raise PriceError(f"{where}: `discount` is a share from 0 to 1 and stands alone, without rates")
    if discount is None and not rates.priced():
        raise PriceError(f"{where}: no rate; give at least one of {', '.join(RATE_KEYS)}, or a discount")
    if alone := orphans(rates):
        raise PriceError(
            f"{where}: `{alone[0]}` is part of a whole; give the rate of `input` or `output`, too"
        )
    begin, end = _moment(record, "from", where), _moment(record, "until", where)
    if begin and end and end <= begin:
        raise PriceError(f"{where}: `until` {end:%Y-%m-%d} is not after `from` {begin:%Y-%m-%d}")
    return OwnPrice(
        provider=str(record.get("provider") or "*").lower(),
        model=model.strip().lower(),
        begin=begin,
        end=end,
        rates=rates,
        tiers=tuple(_tiers(record, rates, per, where)),
        discount=discount,
        version=str(record.get("version") or "own price"),
        source=str(record.get("source") or "own price"),
        project=project,
    )


def _tiers(record: Mapping[str, Any], base: ClassRates, per: Decimal, where: str) -> list[Tier]:
    tiers: list[Tier] = []
    for entry in record.get("tier") or ():
        over = entry.get("over")
        if not isinstance(over, int) or over < 0:
            raise PriceError(f"{where}: a tier's `over` is {over!r}; give a number of input tokens")
        for key in entry.keys() - {"over", *RATE_KEYS}:
            raise PriceError(f"{where}: unknown key {key!r} in the tier over {over}")
        higher = _rates(entry, per, where).priced()
        tiers.append(Tier(over, replace(base, **higher)))
    return sorted(tiers, key=lambda tier: tier.over)


def _rates(record: Mapping[str, Any], per: Decimal, where: str) -> ClassRates:
    found: dict[str, Decimal] = {}
    for key in RATE_KEYS:
        value = _number(record, key, where)
        if value is not None:
            name = "cache_write" if key == "cache_write_5m" else key
            found[name] = value if key == "request" else value / per
    return ClassRates(**found)


def _number(record: Mapping[str, Any], key: str, where: str) -> Decimal | None:
    value = record.get(key)
    if value is None:
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise PriceError(f"{where}: `{key}` is {value!r}; give a number") from error
    if isinstance(value, bool) or not number.is_finite() or number < 0:
        raise PriceError(f"{where}: `{key}` is {value!r}; give a number that is not negative")
    return number


def _moment(record: Mapping[str, Any], key: str, where: str) -> datetime | None:
    value = record.get(key)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise PriceError(f"{where}: `{key}` is {value!r}; give a date such as 2026-11-01") from error
    if value is None or isinstance(value, datetime):
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    raise PriceError(f"{where}: `{key}` is {value!r}; give a date such as 2026-11-01")


def _scaled(rates: ClassRates, share: Decimal) -> ClassRates:
    return ClassRates(**{name: rate * share for name, rate in rates.priced().items()})


def _latest(*moments: datetime | None) -> datetime | None:
    return max((m for m in moments if m), default=None)


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((m for m in moments if m), default=None)
