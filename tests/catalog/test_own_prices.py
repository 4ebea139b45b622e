from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sightline.catalog.own_prices import PriceError, load_own_prices, own_price
from sightline.catalog.rates import ClassRates

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "prices.md"


def test_the_example_of_the_guide_is_read(tmp_path: Path) -> None:
    found = re.search(r"```toml\n(.*?)```", GUIDE.read_text("utf-8"), re.S)
    assert found
    (tmp_path / "contract-4711.toml").write_text(found[1])
    contract, hosted, share = load_own_prices(tmp_path)
    assert contract.rates == ClassRates(
        input=Decimal("0.000002"), cache_read=Decimal("0.000001"), output=Decimal("0.000008")
    )
    assert contract.begin == datetime(2026, 11, 1, tzinfo=UTC)
    assert contract.version == "contract-4711 2026-11-01"
    assert contract.tiers[0].over == 200_000
    # What a tier does not name stays as it is below.
    assert contract.tiers[0].rates.cache_read == Decimal("0.000001")
    assert hosted.rates.input == Decimal("0.0000002")
    assert share.discount == Decimal("0.12")


def test_no_directory_is_no_prices(tmp_path: Path) -> None:
    assert load_own_prices(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"model": "m", "input": 1, "colour": 2}, "price: unknown key 'colour'"),
        ({"input": 1}, "`model` is missing"),
        ({"model": "m"}, "no rate; give at least one of"),
        ({"model": "m", "input": -1}, "`input` is -1"),
        ({"model": "m", "input": "much"}, "`input` is 'much'; give a number"),
        ({"model": "m", "input": float("nan")}, "`input` is nan"),
        ({"model": "m", "input": True}, "`input` is True"),
        ({"model": "m", "cache_read": 1}, "`cache_read` is part of a whole; give the rate of `input`"),
        ({"model": "m", "discount": 1.5}, "`discount` is a share from 0 to 1"),
        ({"model": "m", "discount": 0.5, "input": 1}, "stands alone"),
        ({"model": "m", "input": 1, "from": "soon"}, "`from` is 'soon'; give a date"),
        ({"model": "m", "input": 1, "from": "2026-02-01", "until": "2026-01-01"}, "is not after"),
        ({"model": "m", "input": 1, "tier": [{"input": 2}]}, "a tier's `over` is None"),
        ({"model": "m", "input": 1, "tier": [{"over": 1, "red": 2}]}, "unknown key 'red' in the tier over 1"),
    ],
)
def test_a_wrong_price_is_refused_with_its_key(record: dict[str, Any], said: str) -> None:
    with pytest.raises(PriceError, match=re.escape(said)):
        own_price(record)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x", "own.toml: not TOML"),
        ("[[price]]\nmodel = 'm'", "own.toml: write `date` and `source`"),
        ("date = 2026-01-01\nsource = 's'\nfee = 1", "own.toml: unknown key 'fee'"),
        ("date = 2026-01-01\nsource = 's'\n[[price]]\nmodel = 'm'", "own.toml: price 1: no rate"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(PriceError, match=re.escape(said)):
        load_own_prices(tmp_path)
