"""Canonical token counts: input always includes what came from cache, output always includes reasoning.

Senders differ (conventions, "token semantics per provider"). What a sender is known to do decides; where it is
not known, the reported total decides, and last whether the cache is larger than the input it would be part of.
"""

from __future__ import annotations

from sightline.digest.columns import Candidate, Columns
from sightline.digest.steps import array


def _remark(candidates: list[Candidate], remarks: dict[str, int]) -> str:
    """Which remark the winning source carries, as a number; 0 for none."""
    codes = [next((code for name, code in remarks.items() if c.source.has(name)), 0) for c in candidates]
    if len(set(codes)) == 1:
        return str(codes[0])
    return f"multiIf({', '.join(f'isNotNull({c.value}), {n}' for c, n in zip(candidates, codes, strict=True))}, 0)"


def _plain(columns: Columns, name: str) -> str:
    return f"ifNull({columns.expression(name) or 'NULL'}, 0)"


def input_tokens(columns: Columns) -> str | None:
    """Input tokens including cache reads and writes, or None when no source occurs."""
    value = columns.expression("tokens.input")
    if value is None:
        return None
    cached = [columns.expression(f"tokens.{name}") for name in ("cache_read", "cache_write")]
    if not any(cached):
        return value
    candidates = columns.candidates(columns.catalog.field("tokens.input"))
    remark = _remark(candidates, {"cache_included": 1, "cache_excluded": 2, "cache_inferred": 3})
    cache = " + ".join(f"ifNull({c}, 0)" for c in cached if c)
    total, output = columns.expression("tokens.total"), _plain(columns, "tokens.output")
    by_total = ""
    if total:
        by_total = (
            f"ifNull({total}, 0) = {value} + {output} AND ({cache}) <= {value}, 0,"
            f" ifNull({total}, 0) = {value} + {output} + {cache}, 1, "
        )
    known = {mode: [e.name for e in columns.catalog.emitters if e.cache == mode] for mode in ("included", "excluded")}
    excluded = (
        f"multiIf({remark} = 1, 0, {remark} = 2, 1, {remark} = 0, 0,"
        f" hasAny(emitters, {array(known['included'])}), 0, hasAny(emitters, {array(known['excluded'])}), 1,"
        f" {by_total}({cache}) > {value}, 1, 0)"
    )
    return f"{value} + if(ifNull({excluded}, 0) = 1, {cache}, 0)"


def output_tokens(columns: Columns) -> str | None:
    """Output tokens including reasoning, or None when no source occurs."""
    value = columns.expression("tokens.output")
    reasoning = columns.expression("tokens.reasoning")
    if value is None or reasoning is None:
        return value
    candidates = columns.candidates(columns.catalog.field("tokens.output"))
    remark = _remark(candidates, {"reasoning_excluded": 1, "reasoning_inferred": 2})
    total = columns.expression("tokens.total")
    inferred = (
        f"{remark} = 2 AND ifNull({total}, 0) = {_plain(columns, 'tokens.input')} + {value} + {reasoning}"
        if total
        else "0"
    )
    return f"{value} + if(ifNull({remark} = 1 OR {inferred}, 0), ifNull({reasoning}, 0), 0)"
