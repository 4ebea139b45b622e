"""The price book over the real list, and over one's own prices."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from genai_prices.types import (
    ClauseEquals,
    ClauseStartsWith,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    Tier,
    TieredPrices,
    TimeOfDateConstraint,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.catalog.base_prices import GenaiPrices
from sightline.catalog.own_prices import own_price
from sightline.catalog.prices import PriceBook
from sightline.catalog.rates import Usage, cost

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MILLION = 1_000_000
D = Decimal


@pytest.fixture(scope="module")
def real() -> PriceBook:
    return PriceBook()


@pytest.mark.parametrize(
    ("provider", "model", "found"),
    [
        ("openai", "gpt-4o", "openai/gpt-4o"),
        ("azure.ai.openai", "gpt-4o-2024-08-06", "azure/gpt-4o"),
        (
            "aws.bedrock",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "aws/regional.anthropic.claude-sonnet-4-5",
        ),
        ("gcp.gemini", "models/gemini-2.5-pro", "google/gemini-2.5-pro"),
        ("gcp.vertex_ai", "claude-sonnet-4@20250514", "google/claude-4-sonnet"),
        ("litellm", "openai/gpt-4o", "openai/gpt-4o, provider from the model's prefix"),
        (None, "claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4-5, provider from the model's name"),
        ("openai", "deepseek-chat", "deepseek/deepseek-chat, provider from the model's name"),
    ],
)
def test_models_as_spans_name_them_are_found(
    real: PriceBook, provider: str | None, model: str, found: str
) -> None:
    rates = real.resolve(provider, model, None, NOW)
    assert rates is not None
    assert rates.source.startswith(found)
    assert rates.version.startswith("genai-prices 0.")
    assert rates.currency == "USD"
    assert rates.base.input is not None and rates.base.input > 0


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("ollama", "deepseek-r1"),
        ("azure.ai.openai", "my-deployment"),
        (None, "nonsense"),
        (None, None),
        ("groq", "gpt-4o"),
    ],
)
def test_what_no_list_knows_has_no_rates(real: PriceBook, provider: str | None, model: str | None) -> None:
    assert real.resolve(provider, model, None, NOW) is None


def test_the_model_that_answered_counts_before_the_one_asked_for(real: PriceBook) -> None:
    rates = real.resolve("openai", "gpt-4o", "gpt-4o-mini-2024-07-18", NOW)
    assert rates is not None and rates.model == "gpt-4o-mini"
    rates = real.resolve("azure.ai.openai", "my-deployment", "gpt-4o-2024-08-06", NOW)
    assert rates is not None and rates.model == "gpt-4o"


# Real answers of provider APIs with the decimal prices they were billed at.
GOLDEN = [
    ("anthropic", "claude-sonnet-4-6", Usage(input=26447, output=528), "0.079341", "0.00792"),
    ("aws", "claude-sonnet-4-6", Usage(input=26447, output=528), "0.0872751", "0.008712"),
    ("anthropic", "claude-sonnet-4-5-20250929", Usage(input=14, output=65), "0.000042", "0.000975"),
    ("google", "claude-sonnet-4-5-20250929", Usage(input=14, output=65), "0.000042", "0.000975"),
]


@pytest.mark.parametrize(("provider", "model", "usage", "input_price", "output_price"), GOLDEN)
def test_golden_prices(
    real: PriceBook, provider: str, model: str, usage: Usage, input_price: str, output_price: str
) -> None:
    rates = real.resolve(provider, model, None, NOW)
    assert rates is not None
    parts = cost(rates, usage)
    assert parts.input is not None and parts.cache is not None
    assert (parts.input + parts.cache, parts.output) == (D(input_price), D(output_price))


def made_list() -> GenaiPrices:
    """A small list of our own making, so that dates, windows and tiers are known."""
    dated = ModelInfo(
        id="dated",
        match=ClauseStartsWith("dated"),
        prices=[
            ConditionalPrice(prices=ModelPrice(input_mtok=D(10), output_mtok=D(20))),
            ConditionalPrice(
                StartDateConstraint(date(2026, 6, 1)), prices=ModelPrice(input_mtok=D(5), output_mtok=D(8))
            ),
        ],
    )
    nightly = ModelInfo(
        id="nightly",
        match=ClauseEquals("nightly"),
        prices=[
            ConditionalPrice(prices=ModelPrice(input_mtok=D(4), output_mtok=D(4))),
            ConditionalPrice(
                TimeOfDateConstraint(time(22, tzinfo=UTC), time(6, tzinfo=UTC)),
                prices=ModelPrice(input_mtok=D(1), output_mtok=D(1)),
            ),
        ],
    )
    tiered = ModelInfo(
        id="tiered",
        match=ClauseEquals("tiered"),
        prices=ModelPrice(
            input_mtok=TieredPrices(D(1), [Tier(100, D(2)), Tier(1000, D(3))]),
            output_mtok=TieredPrices(D(5), [Tier(1000, D(6))]),
            cache_read_mtok=D("0.1"),
            web_searches_kcount=D(10),
        ),
    )
    empty = ModelInfo(id="empty", match=ClauseEquals("empty"), prices=ModelPrice())
    acme = Provider(
        id="acme",
        name="Acme",
        api_pattern="https://acme",
        model_match=ClauseEquals("dated"),
        models=[dated, nightly, tiered, empty],
    )
    return GenaiPrices([acme], "test")


def test_prices_change_on_their_date() -> None:
    book = PriceBook(made_list())
    before = book.resolve("acme", "dated", None, datetime(2026, 5, 31, 23, 59, 59, tzinfo=UTC))
    after = book.resolve("acme", "dated", None, datetime(2026, 6, 1))
    assert before is not None and after is not None
    assert (before.base.input, after.base.input) == (D(10) / MILLION, D(5) / MILLION)
    assert before.valid_to == after.valid_from == datetime(2026, 6, 1, tzinfo=UTC)


def test_prices_by_the_time_of_day() -> None:
    book = PriceBook(made_list())
    day, night = (book.resolve("acme", "nightly", None, NOW.replace(hour=h)) for h in (12, 23))
    assert day is not None and night is not None
    assert (day.base.input, night.base.input) == (D(4) / MILLION, D(1) / MILLION)
    assert (day.valid_from, day.valid_to) == (NOW.replace(hour=6), NOW.replace(hour=22))
    assert night.valid_to == NOW.replace(hour=6) + timedelta(days=1)


def test_tiers_of_several_classes_become_one_ladder() -> None:
    rates = PriceBook(made_list()).resolve("acme", "tiered", None, NOW)
    assert rates is not None
    ladder = [(t.over, t.rates.input, t.rates.output, t.rates.cache_read) for t in rates.tiers]
    m = MILLION
    assert ladder == [(100, D(2) / m, D(5) / m, D("0.1") / m), (1000, D(3) / m, D(6) / m, D("0.1") / m)]
    assert rates.unpriced == ("web_searches_kcount",)


def test_a_model_listed_without_prices_is_unknown() -> None:
    assert PriceBook(made_list()).resolve("acme", "empty", None, NOW) is None


def own(**record: Any) -> Any:
    return own_price({"model": "dated", **record})


def test_ones_own_price_wins_while_it_is_valid() -> None:
    contract = own(provider="acme", input=1, output=2, **{"from": "2026-11-01", "until": "2026-12-01"})
    book = PriceBook(made_list(), [contract])
    inside, outside = (book.resolve("acme", "dated", None, at) for at in (NOW, NOW + timedelta(days=30)))
    assert inside is not None and outside is not None
    assert (inside.base.input, outside.base.input) == (D(1) / MILLION, D(5) / MILLION)
    assert inside.valid_to == outside.valid_from == datetime(2026, 12, 1, tzinfo=UTC)
    assert book.version == "genai-prices test + 1 own"


def test_the_most_exact_of_ones_own_prices_wins() -> None:
    prices = [
        own(model="*", input=1),
        own(model="dat*", input=2),
        own(model="dated", input=3),
        own(model="dat*", provider="acme", input=4),
        own(model="dated", provider="acme", input=5),
        own(model="dated", provider="acme", input=6, **{"from": "2026-01-01"}),
        own(model="dated", provider="acme", input=7, **{"from": "2027-01-01"}),
    ]
    for last, expected in enumerate([1, 2, 3, 4, 5, 6, 6], 1):
        rates = PriceBook(made_list(), prices[:last]).resolve("acme", "Dated", None, NOW)
        assert rates is not None and rates.base.input == D(expected) / MILLION


def test_days_of_other_models_prices_do_not_bound_a_price() -> None:
    far = own_price({"model": "other", "input": 1, "from": "2026-11-19", "until": "2026-11-22"})
    near = own_price({"model": "dat*", "input": 2, "until": "2026-11-25"})
    rates = PriceBook(made_list(), [far, near]).resolve("acme", "dated", None, NOW)
    assert rates is not None and rates.valid_to == datetime(2026, 11, 25, tzinfo=UTC)
    assert rates.valid_from != datetime(2026, 11, 19, tzinfo=UTC)


def test_a_price_of_a_project_is_nobody_elses() -> None:
    prices = [
        own(model="dated", input=1),
        own_price({"model": "dated", "input": 2, "from": "2026-01-01"}, project="shop"),
        own_price({"model": "dat*", "provider": "acme", "input": 3}, project="desk"),
    ]
    book = PriceBook(made_list(), prices)
    assert book.projects == {"shop", "desk"}
    found = {
        project: book.resolve("acme", "dated", None, NOW, project=project)
        for project in ("shop", "desk", "other", None)
    }
    costs = {project: rates.base.input * MILLION if rates else None for project, rates in found.items()}
    assert costs == {"shop": 2, "desk": 3, "other": 1, None: 1}
    assert PriceBook(made_list(), prices[1:2]).resolve("acme", "no such", None, NOW, project="desk") is None


def test_a_discount_takes_a_share_off_the_list() -> None:
    book = PriceBook(
        made_list(), [own_price({"model": "*", "discount": "0.25", "source": "deal", "version": "d 1"})]
    )
    rates = book.resolve("acme", "tiered", None, NOW)
    assert rates is not None
    assert rates.base.input == D("0.75") / MILLION
    assert rates.tiers[1].rates.output == D("4.5") / MILLION
    assert rates.version == "d 1 on genai-prices test"
    assert book.resolve("acme", "nothing", None, NOW) is None


def test_ones_own_price_reaches_models_no_list_knows() -> None:
    book = PriceBook(
        made_list(), [own_price({"model": "llama*", "provider": "vllm", "input": 1, "output": 1})]
    )
    assert book.resolve("vllm", "Llama-3.3-70b", None, NOW) is not None
    assert book.resolve("other", "Llama-3.3-70b", None, NOW) is None


def test_an_own_price_is_found_behind_a_routing_prefix() -> None:
    book = PriceBook(
        made_list(), [own_price({"model": "gpt-4o", "provider": "azure", "input": 1, "output": 1})]
    )
    assert book.resolve("azure.ai.openai", "azure/gpt-4o-2024-08-06", None, NOW) is not None


def test_each_model_is_looked_up_once() -> None:
    class Counting(GenaiPrices):
        looked_up = 0

        def match(self, provider: str | None, model: str) -> Any:
            Counting.looked_up += 1
            return super().match(provider, model)

    book = PriceBook(Counting(made_list()._all, "test"))
    for hour in range(24):
        book.resolve("acme", "nightly", None, NOW.replace(hour=hour))
        book.resolve("acme", "unknown", None, NOW.replace(hour=hour))
    assert Counting.looked_up == 2


@settings(max_examples=60, deadline=None)
@given(st.none() | st.text(max_size=30), st.none() | st.text(max_size=60), st.none() | st.text(max_size=60))
def test_hostile_names_have_no_rates_and_do_no_harm(
    real: PriceBook, provider: str | None, request: str | None, response: str | None
) -> None:
    rates = real.resolve(provider, request, response, NOW)
    assert rates is None or rates.base.priced()
