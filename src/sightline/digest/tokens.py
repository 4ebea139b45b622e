"""Canonical token counts: input always includes what came from cache, output always includes reasoning.

Senders differ (conventions, "token semantics per provider"). What a sender is known to do decides; where it
is not known, the reported total decides, and last whether the cache is larger than the input it would be part
of.
"""

from __future__ import annotations

from collections.abc import Collection

from sightline.digest.columns import Candidate, Columns
from sightline.digest.steps import array, both, either


def _remark(candidates: list[Candidate], remarks: dict[str, int]) -> str:
    """Which remark the winning source carries, as a number; 0 for none."""
    codes = [next((code for name, code in remarks.items() if c.source.has(name)), 0) for c in candidates]
    if len(set(codes)) == 1:
        return str(codes[0])
    pairs = (f"{c.there}, {n}" for c, n in zip(candidates, codes, strict=True))
    return f"multiIf({', '.join(pairs)}, 0)"


def remarks(columns: Columns) -> dict[str, str]:
    """Columns `m_input` and `m_output`: what the winning sources say about cache and reasoning."""
    found = {}
    for name, column, kinds in (
        ("tokens.input", "m_input", {"cache_excluded": 2, "cache_inferred": 3}),
        ("tokens.output", "m_output", {"reasoning_excluded": 1, "reasoning_inferred": 2}),
    ):
        candidates = columns.candidates(columns.catalog.field(name))
        if candidates:
            found[column] = _remark(candidates, kinds)
    return found


def _count(name: str, present: Collection[str]) -> str:
    return f"ifNull(c_{name}, 0)" if name in present else "0"


def input_tokens(columns: Columns, present: Collection[str]) -> str:
    """Input tokens including cache reads and writes, over the canonical columns `present`."""
    read, write = _count("cache_read_tokens", present), _count("cache_write_tokens", present)
    if (read, write) == ("0", "0"):
        return "c_input_tokens"
    cache = f"({read} + {write})"
    reported, total, output = (
        "ifNull(c_input_tokens, 0)",
        _count("tokens_total", present),
        _count("output_tokens", present),
    )
    senders = [e for e in columns.catalog.emitters if e.cache and e.name in columns.senders]
    by_total = both(f"{total} > 0", both(f"{cache} > 0", f"{total} = {reported} + {output} + {cache}"))
    says = either(f"{cache} > {reported}", by_total)
    if senders:
        # Known senders decide; of several, one that includes the cache.
        arms = [
            f"hasAny(emitters, {array(names)}), {value}"
            for way, value in (("included", 0), ("excluded", 1))
            if (names := [e.name for e in senders if e.cache == way])
        ]
        says = f"multiIf({', '.join(arms)}, {says})"
    apart = either("m_input = 2", both("m_input = 3", says))
    return f"c_input_tokens + if({apart}, {cache}, 0)"


def output_tokens(present: Collection[str]) -> str:
    """Output tokens including reasoning, over the canonical columns `present`."""
    reasoning, total = _count("reasoning_tokens", present), _count("tokens_total", present)
    if reasoning == "0":
        return "c_output_tokens"
    whole = f"{_count('input_tokens', present)} + ifNull(c_output_tokens, 0) + {reasoning}"
    inferred = both("m_output = 2", both(f"{reasoning} > 0", f"{total} = {whole}"))
    return f"c_output_tokens + if({either('m_output = 1', inferred)}, {reasoning}, 0)"
