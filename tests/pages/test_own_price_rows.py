"""Which own price counts, and how prices are written."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sightline.catalog.own_prices import own_price
from sightline.control import ledger
from sightline.pages.own_price_rows import RateLine, State, rows, said, usd
from sightline.records.access import PriceEntry

TODAY = date(2026, 11, 20)
ENTERED = datetime(2026, 11, 1, tzinfo=UTC)


def entry(version: int, begins: str, rates: dict[str, Any] | None, project: str | None = None) -> PriceEntry:
    return PriceEntry(
        version, project, "openai", "gpt-4o*", date.fromisoformat(begins), rates, "n", "key:1", ENTERED
    )


def states(*entries: PriceEntry) -> dict[int, State]:
    found = rows(entries, ledger.in_force(list(entries)), TODAY, {"": True, "a": True}, history=True)
    return {row.version: row.state for row in found}


def test_one_of_the_same_name_counts_at_a_time() -> None:
    two = {"input": 2}
    assert states(
        entry(1, "2026-10-01", two),
        entry(2, "2026-11-01", two),
        entry(3, "2026-12-01", two),
        entry(4, "2026-11-01", two, "a"),
        entry(5, "2026-11-02", {"input": 2, "until": "2026-11-20"}, "a"),
    ) == {1: State.FOLLOWED, 2: State.COUNTS, 3: State.LATER, 4: State.FOLLOWED, 5: State.ENDED}


def test_what_was_replaced_or_withdrawn_is_history() -> None:
    told = (
        entry(1, "2026-10-01", {"input": 2}),
        entry(2, "2026-10-01", {"input": 3}),
        entry(3, "2026-10-01", None),
        entry(4, "2026-09-01", {"nonsense": 3}),
    )
    assert states(*told) == {1: State.REPLACED, 2: State.WITHDRAWN, 3: State.TAKES_BACK, 4: State.WRONG}
    assert [r.version for r in rows(told, ledger.in_force(list(told)), TODAY, {}, history=False)] == [4]


def test_only_what_stands_can_be_taken_back_by_who_may() -> None:
    told = (entry(1, "2026-10-01", {"input": 2}), entry(2, "2026-11-01", {"input": 2}, "a"))
    in_force = ledger.in_force(list(told))
    for may, expected in (({}, set()), ({"a": True}, {2}), ({"": True, "a": True}, {1, 2})):
        found = rows(told, in_force, TODAY, may, history=True)
        assert {row.version for row in found if row.withdrawable} == expected


def test_rates_are_said_by_the_million_with_tiers_and_discounts() -> None:
    rates = {"per": 1000, "input": 0.0025, "request": 0.01, "tier": [{"over": 200000, "input": 0.005}]}
    (row,) = rows([entry(1, "2026-10-01", rates)], [], TODAY, {}, history=True)
    assert row.lines == (
        RateLine(0, (("input", "$2.50"), ("each call", "$0.01"))),
        RateLine(200_000, (("input", "$5.00"), ("each call", "$0.01"))),
    )
    (row,) = rows([entry(1, "2026-10-01", {"discount": 0.125})], [], TODAY, {}, history=True)
    assert row.lines == (RateLine(0, (("off the list", "12.5 %"),)),)


def test_an_amount_keeps_all_its_digits() -> None:
    written = {"2": "$2.00", "0.075": "$0.075", "1234.5": "$1,234.50", "4E-7": "$0.0000004", "100": "$100.00"}
    assert {text: usd(Decimal(text)) for text in written} == written


def test_words_cover_every_class_of_a_price() -> None:
    keys = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h", "reasoning")
    price = own_price({"model": "m", **dict.fromkeys(keys, 1)})
    assert [name for name, _ in said(price.rates)] == [
        "input", "output", "cache read", "cache write, 5 min", "cache write, 1 h", "reasoning"
    ]  # fmt: skip
