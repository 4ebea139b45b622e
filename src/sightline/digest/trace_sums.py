"""What is known of a whole trace, kept on the row of its head: the span that stands for it in lists.

The head is the first root; while no root came, the first span (by start, then by id). Counting traces is
counting heads, and a trace's duration, cost or errors are read without touching its other spans. Late spans
change the sums, and may move the head: `settle` patches both.
"""

from __future__ import annotations

from dataclasses import dataclass

HEAD = "trace_head"
# Rows that sums are made of have these columns, whatever they come from.
ROW = (
    "began", "ended", "failed", "kind", "own", "rollup", "input_tokens", "output_tokens",
    "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "cost_usd", "cost_source",
)  # fmt: skip
TOKENS = (
    "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sum:
    """A column of heads: its type, and its aggregate over rows with the columns `ROW`."""

    name: str
    type: str
    sql: str

    @property
    def nothing(self) -> str:
        """What rows that are no heads have."""
        return "NULL" if self.type.startswith("Nullable") else "0"


SUMS = (
    Sum("trace_duration_ns", "UInt64", "toUInt64(max(ended) - min(began))"),
    Sum("trace_spans", "UInt32", "toUInt32(count())"),
    Sum("trace_errors", "UInt32", "toUInt32(countIf(failed))"),
    Sum("trace_calls", "UInt32", "toUInt32(countIf(kind = 'llm'))"),
    *(Sum(f"trace_{name}", "Nullable(UInt64)", f"sumIf({name}, own)") for name in TOKENS),
    # Rounded, so that the order of summing makes no difference that would have to be patched.
    Sum("trace_cost_usd", "Nullable(Float64)", "round(sumIf(cost_usd, own), 12)"),
    Sum("trace_unknown_cost", "UInt32", "toUInt32(countIf(ifNull(cost_source = 'unknown', false)))"),
    Sum(
        "trace_unknown_tokens",
        "UInt32",
        "toUInt32(countIf(kind = 'llm' AND NOT rollup AND (isNull(input_tokens) OR isNull(output_tokens))))",
    ),
)
NAMES = (HEAD, *(one.name for one in SUMS))
