"""How many golden usages the price book prices exactly.

    python bench/price_golden.py --data usages.jsonl [--at 2026-11-20] [--misses 20]

The file holds one real API answer per line: `body` (with its `usage`), `model`, and `extracted`: the token
counts and the decimal prices that are right for it, by provider and API flavour. It prints the shares that
are exact, and the reasons of the rest. Tokens are extracted by the base list's own extractors, so the first
share says whether they still agree; the second is the price book's and `cost`'s. The list moves on: a miss
counts as `the list changed` when the package's own calculation says exactly what ours says.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from genai_prices.data import providers
from genai_prices.types import Usage as ListUsage

from sightline.catalog.prices import PriceBook
from sightline.catalog.rates import CostParts, Usage, cost

TOKENS = {
    "input_tokens": "input",
    "output_tokens": "output",
    "cache_read_tokens": "cache_read",
    "cache_write_tokens": "cache_write",
    "cache_write_1h_tokens": "cache_write_1h",
    "output_reasoning_tokens": "reasoning",
    "input_audio_tokens": "audio_input",
    "output_audio_tokens": "audio_output",
    "cache_audio_read_tokens": "audio_cache_read",
    "input_image_tokens": "image_input",
    "output_image_tokens": "image_output",
    "cache_image_read_tokens": "image_cache_read",
    "input_video_tokens": "video_input",
    "output_video_tokens": "video_output",
}

PROVIDERS = {p.id: p for p in providers}


@dataclass(frozen=True)
class Case:
    """One answer as one provider and API flavour would bill it."""

    body: Any
    model: str | None
    provider: str
    flavor: str
    usage: dict[str, int]
    input_price: str | None
    output_price: str | None


def cases(path: Path) -> Iterator[Case]:
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        for extracted in row["extracted"]:
            for one in extracted["extractors"]:
                prices = one.get("input_price"), one.get("output_price")
                yield Case(
                    row["body"],
                    row.get("model"),
                    one["provider_id"],
                    one["api_flavor"],
                    extracted["usage"],
                    *prices,
                )


def extract(case: Case) -> tuple[str | None, dict[str, int]] | str:
    """The model and the token counts, or why there are none."""
    provider = PROVIDERS.get(case.provider)
    if provider is None:
        return "the list no longer has the provider"
    try:
        model, usage = provider.extract_usage(case.body, api_flavor=case.flavor)
    except ValueError as error:
        return f"no usage extracted: {str(error)[:60]}"
    return model, {k: v for k, v in vars(usage).items() if v}


def counted(tokens: dict[str, int]) -> Usage:
    """Counts as Sightline keeps them; a side that was not reported is zero in the golden prices."""
    known = {TOKENS[k]: v for k, v in tokens.items() if k in TOKENS}
    return Usage(**{"input": 0, "output": 0, **known})


def package_agrees(case: Case, model: str | None, parts: CostParts, at: datetime) -> bool:
    """Whether the package's own calculation says what ours says, so that only the list has changed."""
    provider = PROVIDERS[case.provider]
    found = provider.find_model(model or case.model or "", all_providers=list(providers))
    if found is None or parts.input is None or parts.cache is None:
        return False
    price = found.calc_price(ListUsage(**case.usage), provider, genai_request_timestamp=at)
    return (price.input_price, price.output_price) == (parts.input + parts.cache, parts.output)


def verdict(case: Case, parts: CostParts) -> str:
    sides = {"input": parts.input is not None and parts.cache is not None and parts.input + parts.cache}
    sides["output"] = parts.output if parts.output is not None else False
    for side, golden in (("input", case.input_price), ("output", case.output_price)):
        if sides[side] is False:
            return f"{side} not priced" + (" (golden says 0)" if not Decimal(golden or 0) else "")
        if sides[side] != Decimal(golden or 0):
            return f"{side} differs"
    return "exact"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--at", type=datetime.fromisoformat, default=datetime.now(UTC))
    parser.add_argument("--misses", type=int, default=12, help="misses to show in full")
    options = parser.parse_args()
    book = PriceBook()
    at = options.at if options.at.tzinfo else options.at.replace(tzinfo=UTC)
    tokens: Counter[str] = Counter()
    prices: Counter[str] = Counter()
    silent: Counter[str] = Counter()
    shown: list[str] = []
    for case in cases(options.data):
        found = extract(case)
        if isinstance(found, str):
            tokens[found] += 1
            continue
        model, usage = found
        tokens["exact" if usage == {k: v for k, v in case.usage.items() if v} else "counts differ"] += 1
        rates = book.resolve(case.provider, case.model, model, at)
        if case.input_price is None:
            silent["priced by the model's name" if rates else "no price either"] += 1
            continue
        outcome = "no rates"
        if rates:
            parts = cost(rates, counted(case.usage))
            outcome = verdict(case, parts)
            if outcome != "exact" and package_agrees(case, model, parts, at):
                outcome = "the list changed"
        prices[outcome] += 1
        if outcome not in ("exact", "the list changed") and len(shown) < options.misses:
            shown.append(f"{outcome}: {case.provider} {model or case.model} {case.usage} golden")
            shown[-1] += f" {case.input_price}/{case.output_price}, rates {rates and rates.source}"
    report(book.version, tokens, prices, silent, shown)


def report(
    version: str, tokens: Counter[str], prices: Counter[str], silent: Counter[str], shown: list[str]
) -> None:
    print(f"{version}")
    for title, counts in (("tokens", tokens), ("prices", prices), ("cases without a golden price", silent)):
        total = sum(counts.values())
        share = f", exact {counts['exact'] / total:.2%}" if counts["exact"] else ""
        print(f"\n{title}: {total} cases{share}")
        for reason, count in counts.most_common():
            print(f"  {count:6d}  {reason}")
    for line in shown:
        print(f"  {line}")


if __name__ == "__main__":
    main()
