"""The cost formula: decimals by hand, and the documented SQL against the plain function."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import chdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.catalog.rates import (
    CLASSES,
    ClassRates,
    CostParts,
    Rates,
    Tier,
    Usage,
    cost,
    rates_columns,
)

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "prices.md"
D = Decimal


def rates(base: ClassRates, *tiers: Tier) -> Rates:
    return Rates(base, tiers, provider="p", model="m", version="v 1", source="test")


CHAT = rates(
    ClassRates(
        input=D("0.000003"),
        output=D("0.000015"),
        cache_read=D("0.0000003"),
        cache_write=D("0.00000375"),
        cache_write_1h=D("0.000006"),
    ),
    Tier(200_000, ClassRates(input=D("0.000006"), output=D("0.0000225"), cache_read=D("0.0000006"))),
)


def test_parts_are_taken_out_of_their_parents() -> None:
    usage = Usage(input=1000, output=10, cache_read=600, cache_write=300, cache_write_1h=100)
    assert cost(CHAT, usage) == CostParts(
        input=100 * D("0.000003"),
        cache=600 * D("0.0000003") + 200 * D("0.00000375") + 100 * D("0.000006"),
        output=10 * D("0.000015"),
        request=D(0),
        total=100 * D("0.000003") + D("0.00018") + D("0.00075") + D("0.0006") + D("0.00015"),
        missing=(),
    )


def test_a_part_without_a_price_costs_what_its_parent_costs() -> None:
    parts = cost(
        rates(ClassRates(input=D(2), output=D(3))), Usage(input=10, cache_read=9, output=5, reasoning=4)
    )
    assert (parts.input, parts.cache, parts.output, parts.total) == (D(2), D(18), D(15), D(35))


def test_reasoning_audio_and_images_where_priced_apart() -> None:
    priced = ClassRates(
        input=D(1), output=D(2), reasoning=D(10), audio_input=D(5), audio_cache_read=D(3), cache_read=D("0.5")
    )
    usage = Usage(input=100, audio_input=40, audio_cache_read=10, cache_read=30, output=20, reasoning=5)
    parts = cost(rates(priced), usage)
    # 10 cached audio, 30 more audio, 20 more cached, 40 plain; 5 reasoning, 15 plain
    assert parts.input == 30 * 5 + 40
    assert parts.cache == 10 * 3 + 20 * D("0.5")
    assert parts.output == 15 * 2 + 5 * 10


def test_a_tier_holds_for_all_tokens_of_a_longer_call() -> None:
    assert cost(CHAT, Usage(input=200_000, output=0)).total == 200_000 * D("0.000003")
    assert cost(CHAT, Usage(input=200_001, output=0)).total == 200_001 * D("0.000006")


@pytest.mark.parametrize(
    ("base", "usage", "missing"),
    [
        (ClassRates(input=D(1), output=D(1)), Usage(), ("input tokens", "output tokens")),
        (ClassRates(input=D(1), output=D(1)), Usage(input=5), ("output tokens",)),
        (ClassRates(output=D(1)), Usage(input=5, output=1), ("input",)),
        (ClassRates(input=D(1)), Usage(input=5, output=1), ("output",)),
        (ClassRates(), Usage(input=0, output=0), ("input", "output")),
    ],
)
def test_what_is_not_known_is_unknown_and_named(
    base: ClassRates, usage: Usage, missing: tuple[str, ...]
) -> None:
    parts = cost(rates(base), usage)
    assert parts.total is None
    assert parts.missing == missing


def test_an_embedding_needs_no_output() -> None:
    assert cost(rates(ClassRates(input=D(1))), Usage(input=5)).total == 5
    assert cost(rates(ClassRates(input=D(1))), Usage(input=5, output=0)).total == 5


def test_a_free_model_costs_nothing_and_that_is_known() -> None:
    assert cost(rates(ClassRates(input=D(0), output=D(0))), Usage(input=5, output=5)).total == 0


def test_a_price_for_each_request() -> None:
    assert cost(rates(ClassRates(request=D("0.01"))), Usage()).total == D("0.01")
    assert cost(rates(ClassRates(request=D("0.01"))), Usage(input=9, output=9)).total == D("0.01")
    assert cost(rates(ClassRates(input=D(1), request=D(2))), Usage(input=1)).total == 3


def test_rates_as_columns_fill_what_the_parent_pays() -> None:
    columns = rates_columns(CHAT)
    assert columns["cache_write_5m_rate"] == 0.00000375
    assert columns["tier_over"] == [200_000]
    assert columns["tier_cache_write_1h_rates"] == [0.000006]
    assert columns["reasoning_rate"] is None
    bare = rates_columns(rates(ClassRates(input=D(2))))
    assert (bare["cache_read_rate"], bare["cache_write_5m_rate"], bare["output_rate"]) == (2.0, 2.0, None)


COLUMNS = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "cache_write_1h": "tokens_cache_write_1h",
    "reasoning": "reasoning_tokens",
    "audio_input": "tokens_audio_input",
    "audio_output": "tokens_audio_output",
    "image_input": "tokens_image_input",
    "image_output": "tokens_image_output",
}
PRICES = st.none() | st.sampled_from([D(0), D("0.25"), D("1.5"), D(3)])
NAMES = [f.name for f in fields(ClassRates) if f.name in COLUMNS or f.name == "request"]
RATE_SETS = st.fixed_dictionaries(dict.fromkeys(NAMES, PRICES)).map(lambda r: ClassRates(**r))


@st.composite
def usages(draw: Any) -> Usage:
    """Plausible counts: parts fit into their parents; any may be unknown."""
    parts = {name: draw(st.none() | st.integers(0, 40)) for name in COLUMNS}
    write = parts["cache_write"]
    hour = parts["cache_write_1h"]
    parts["cache_write_1h"] = None if write is None or hour is None else min(hour, write)
    for whole, names in (
        ("input", ("cache_read", "cache_write", "audio_input", "image_input")),
        ("output", ("reasoning", "audio_output", "image_output")),
    ):
        rest = parts[whole]
        parts[whole] = None if rest is None else rest + sum(parts[n] or 0 for n in names)
    return Usage(**parts)


@settings(max_examples=4, deadline=None)
@given(st.lists(st.tuples(RATE_SETS, RATE_SETS, usages()), min_size=20, max_size=60))
def test_the_documented_sql_computes_what_the_function_computes(
    cases: list[tuple[ClassRates, ClassRates, Usage]],
) -> None:
    found = re.search(r"```sql\n(.*?)```", GUIDE.read_text("utf-8"), re.S)
    assert found
    rows, expected = [], []
    for position, (base, higher, usage) in enumerate(cases):
        table = rates(base, Tier(50, higher))
        counts = {column: getattr(usage, name) for name, column in COLUMNS.items()}
        rows.append({"position": position, **counts, **rates_columns(table)})
        parts = cost(table, usage)
        expected.append(floats([parts.input, parts.cache, parts.output, parts.total]))
    types = ", ".join(f"{column} {sql_type(column)}" for column in rows[0])
    lines = "\n".join(json.dumps(row) for row in rows)
    table_sql = f"(SELECT * FROM format(JSONEachRow, '{types}', '{lines}') ORDER BY position)"
    answer = str(chdb.query(found[1].replace("priced_spans", table_sql), "TSV")).splitlines()
    got = [[None if c == "\\N" else float(c) for c in line.split("\t")] for line in answer]
    assert [pytest.approx(e) for e in expected] == got


def floats(row: list[Decimal | None]) -> list[float | None]:
    return [None if v is None else float(v) for v in row]


def sql_type(column: str) -> str:
    if column == "tier_over":
        return "Array(UInt64)"
    if column == "position" or column in COLUMNS.values():
        return "Nullable(UInt64)"
    return "Array(Nullable(Float64))" if column.startswith("tier_") else "Nullable(Float64)"


@given(RATE_SETS, usages())
def test_more_of_anything_never_costs_less_and_nothing_is_negative(base: ClassRates, usage: Usage) -> None:
    parts = cost(rates(base), usage)
    assert all(p is None or p >= 0 for p in (parts.input, parts.cache, parts.output, parts.total))
    assert (parts.total is None) == bool(parts.missing)
    assert set(base.priced()) <= {*CLASSES, "request"}
