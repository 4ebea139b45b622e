"""What is known of a whole trace, kept on the row of its head: the span that stands for it in lists.

The head is the first root; while no root came, the first span (by start, then by id). Counting traces is
counting heads, and a trace's duration, cost or errors are read without touching its other spans. Late spans
change the sums, and may move the head: `settle` patches both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEAD = "trace_head"
# Rows that sums are made of have these columns, whatever they come from.
ROW = (
    "began", "ended", "failed", "kind", "own", "rollup", "input_tokens", "output_tokens",
    "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "cost_usd", "cost_source",
    "tokens_total", "time_to_first_token_ns", "model", "sample_weight",
)  # fmt: skip
TOKENS = (
    "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens",
)  # fmt: skip


# How many spans one stands for.
WEIGHT = "sample_weight"
# Canonical columns of numbers that sums are made of.
NUMBERS = (*TOKENS, "tokens_total", "time_to_first_token_ns")
# Which model a span called, of the columns that are there.
MODELS = ("response_model", "request_model")


def model_of(columns: Sequence[str]) -> str:
    """The model that answered, else the one that was asked, '' for none; over those of `MODELS` given."""
    return f"ifNull(coalesce({', '.join(columns)}), '')" if columns else "''"


_STREAMED = "(kind IN ('llm', 'http') AND isNotNull(time_to_first_token_ns))"
# A request that says when its answer began knows what its user waited for; the earliest one does.
_TELLING = "(kind = 'http', if(kind = 'http', -began, began)"


@dataclass(frozen=True, slots=True)
class Sum:
    """A column of heads: its type, and its aggregate over rows with the columns `ROW`."""

    name: str
    type: str
    sql: str

    @property
    def nothing(self) -> str:
        """What rows that are no heads have."""
        return {"N": "NULL", "A": "[]"}.get(self.type[0], "0")

    def differs(self, one: str, other: str) -> str:
        """Whether two values of it differ, NULL being equal to NULL."""
        return f"{one} != {other}" if self.type.startswith("Array") else f"NOT ({one} <=> {other})"


SUMS = (
    Sum("trace_duration_ns", "UInt64", "toUInt64(max(ended) - min(began))"),
    Sum("trace_spans", "UInt32", "toUInt32(count())"),
    Sum("trace_errors", "UInt32", "toUInt32(countIf(failed))"),
    Sum("trace_calls", "UInt32", "toUInt32(countIf(kind = 'llm'))"),
    Sum(
        "trace_tokens",
        "Nullable(UInt64)",
        "sumIf(if(isNull(input_tokens) AND isNull(output_tokens), tokens_total,"
        " ifNull(input_tokens, 0) + ifNull(output_tokens, 0)), own)",
    ),
    *(Sum(f"trace_{name}", "Nullable(UInt64)", f"sumIf({name}, own)") for name in TOKENS),
    Sum(
        "trace_models",
        "Array(LowCardinality(String))",
        "arraySort(groupUniqArrayIf(model, kind = 'llm' AND model != ''))",
    ),
    # From the trace's beginning to the first piece of the request's answer, where the request says when that
    # was, else to the first token of the last model call that does.
    Sum(
        "trace_first_token_ns",
        "Nullable(UInt64)",
        f"if(countIf({_STREAMED}) = 0, NULL, toUInt64(greatest(0, maxIf({_TELLING}, began +"
        f" toInt64(ifNull(time_to_first_token_ns, 0))), {_STREAMED}).3 - min(began))))",
    ),
    # Rounded, so that the order of summing makes no difference that would have to be patched.
    Sum("trace_cost_usd", "Nullable(Float64)", "round(sumIf(cost_usd, own), 12)"),
    Sum(
        "trace_unknown_cost",
        "UInt32",
        "toUInt32(countIf(NOT rollup AND ifNull(cost_source = 'unknown', false)))",
    ),
    Sum(
        "trace_unknown_tokens",
        "UInt32",
        "toUInt32(countIf(kind = 'llm' AND NOT rollup AND (isNull(input_tokens) OR isNull(output_tokens))))",
    ),
    # Parts of a trace that several services sampled may have been kept with different chances: the trace is
    # seen whenever its likeliest part is, so it stands for as many as that part does. NULL counts as 1.
    Sum(
        "trace_weight",
        "Nullable(Float64)",
        f"if(countIf(isNotNull({WEIGHT})) = 0, NULL, min(ifNull({WEIGHT}, 1)))",
    ),
)
NAMES = (HEAD, *(one.name for one in SUMS))
