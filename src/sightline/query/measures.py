"""What can be measured: each measure as one expression over spans, and over traces where it means something.

Usage counts once: only what is a span's own is summed, never what repeats the calls below it. What is not
known is in no sum; it is counted beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sightline.query.filter.errors import nearest
from sightline.query.filter.fields import find
from sightline.query.score_columns import ScoreColumn
from sightline.query.score_targets import ByTarget

_OWN = "s.usage_source = 'own'"
_TOKENS = next(f.sql for f in [find("tokens")] if f)
_FAILED = "countIf(s.status = 'error')"
_RATE = f"{_FAILED} / count()"
_CALL = f"{_OWN} AND s.kind = 'llm'"
_SPOKE = f"{_CALL} AND s.output_tokens IS NOT NULL AND s.duration_ns > 0"
QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
# Up to so many rows percentiles are exact; above, they are estimates within this share of the value, the same
# however the rows are cut into pieces.
EXACT_UP_TO = 1_000_000
ERROR = 0.005


class Unit(StrEnum):
    """What a figure counts; times are nanoseconds."""

    COUNT = "count"
    RATIO = "ratio"
    NANOSECONDS = "ns"
    TOKENS = "tokens"
    USD = "usd"
    TOKENS_PER_SECOND = "tokens/s"
    SCORE = "score"


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure. `spans` and `traces` are its expressions over rows `s`, empty where it means nothing.

    Rows of traces have the columns of `TRACE_COLUMNS`. `unknown` counts what a sum leaves out, of spans and
    of traces. `none` is its value where there are no rows: 0 for what counts or sums, None for the others.
    `quantile`: {quantile} in the expression stands for the engine's function.
    """

    name: str
    unit: Unit
    says: str
    spans: str
    traces: str = ""
    unknown: tuple[str, str] = ("0", "0")
    none: int | None = 0
    score: ScoreColumn | None = None
    """What is joined to the rows for it; then `unknown` counts how many were rated."""
    by_target: ByTarget | None = None
    """How a score is counted over spans with weights."""

    def sql(self, traces: bool, exact: bool = True) -> str:
        """The expression over spans or traces."""
        text = self.traces if traces else self.spans
        return text.replace("{quantile}(", "quantileExact(" if exact else f"quantileDD({ERROR}, ")

    def unknown_sql(self, traces: bool) -> str:
        """The expression that counts what is not known, or of a score how many were rated."""
        return self.unknown[traces]


_NO_COST = ("countIf(s.cost_source = 'unknown')", "sum(s.unknown_cost)")
_NO_TOKENS = (
    "countIf(s.kind = 'llm' AND ifNull(s.usage_source, '') != 'rollup'"
    " AND (s.input_tokens IS NULL OR s.output_tokens IS NULL))",
    "sum(s.unknown_tokens)",
)


def _different(column: str) -> str:
    # By a hash of 64 bits, at half the cost: that two of ten million texts meet has a chance of 1 to 370,000.
    return f"uniqExactIf(sipHash64(s.{column}), s.{column} != '')"


_SESSIONS = _different("session_id")


def _token_sum(name: str, column: str, says: str) -> Measure:
    return Measure(name, Unit.TOKENS, says, f"sumIf({column}, {_OWN})", f"sum(s.{name})", _NO_TOKENS)


def _time(name: str, column: str, says: str, of_traces: bool) -> list[Measure]:
    quantiles = {q: f"{{quantile}}({level})({column})" for q, level in QUANTILES.items()}
    found = quantiles | {"avg": f"avg({column})", "max": f"max({column})"}
    words = {"avg": "mean", "max": "longest"}
    return [
        Measure(
            f"{name}.{q}",
            Unit.NANOSECONDS,
            f"{words.get(q, q)} of {says}",
            sql,
            sql if of_traces else "",
            none=None,
        )
        for q, sql in found.items()
    ]


MEASURES: dict[str, Measure] = {
    m.name: m
    for m in [
        Measure("count", Unit.COUNT, "how many", "count()", "count()"),
        Measure("errors", Unit.COUNT, "how many failed", _FAILED, _FAILED),
        Measure("error_rate", Unit.RATIO, "the share that failed", _RATE, _RATE, none=None),
        Measure("users", Unit.COUNT, "different users", _different("user_id"), _different("user_id")),
        Measure("sessions", Unit.COUNT, "different sessions", _SESSIONS, _SESSIONS),
        Measure("traces", Unit.COUNT, "different traces", _different("trace_id"), "count()"),
        Measure("calls", Unit.COUNT, "calls of a model", "countIf(s.kind = 'llm')", "sum(s.calls)"),
        _token_sum("tokens", _TOKENS, "input and output tokens"),
        _token_sum("input_tokens", "s.input_tokens", "input tokens, with what came from a cache"),
        _token_sum("output_tokens", "s.output_tokens", "output tokens, with reasoning"),
        _token_sum("cache_read_tokens", "s.cache_read_tokens", "input tokens read from a cache"),
        _token_sum("cache_write_tokens", "s.cache_write_tokens", "input tokens written to a cache"),
        _token_sum("reasoning_tokens", "s.reasoning_tokens", "output tokens of reasoning"),
        Measure(
            "cost", Unit.USD, "the known part of the cost", f"sumIf(s.cost_usd, {_OWN})", "sum(s.cost_usd)",
            _NO_COST,
        ),
        Measure(
            "tokens_per_second", Unit.TOKENS_PER_SECOND, "output tokens of model calls by their time",
            f"sumIf(s.output_tokens, {_SPOKE}) / nullIf(sumIf(s.duration_ns, {_SPOKE}) / 1e9, 0)", none=None,
            unknown=(f"countIf({_CALL} AND s.output_tokens IS NULL)", "0"),
        ),
        *_time("duration", "s.duration_ns", "the duration", True),
        *_time("own", "s.own_ns", "the time that no child covers", False),
        *_time("ttft", "s.time_to_first_token_ns", "the time to the first token", False),
    ]
}  # fmt: skip

# A head's row, under the names that the expressions above read.
TRACE_COLUMNS = {
    "start_time": "s.start_time",
    "duration_ns": "s.trace_duration_ns",
    "status": "if(s.trace_errors > 0, 'error', 'ok')",
    "user_id": "s.user_id",
    "session_id": "s.session_id",
    "calls": "s.trace_calls",
    **{m.name: f"s.trace_{m.name}" for m in MEASURES.values() if m.unit is Unit.TOKENS},
    "cost_usd": "s.trace_cost_usd",
    "unknown_cost": "s.trace_unknown_cost",
    "unknown_tokens": "s.trace_unknown_tokens",
}


class UnknownMeasure(ValueError):
    """A measure that does not exist, or not for traces."""


def measure(name: str, traces: bool) -> Measure:
    """A measure by its name. Raises UnknownMeasure."""
    found = MEASURES.get(name)
    usable = [m for m, value in MEASURES.items() if not traces or value.traces]
    if found is None or name not in usable:
        close = nearest(name, usable, 0.7)
        hint = f'; did you mean "{close}"?' if close and close != name else f"; one of {', '.join(usable)}"
        where = " of traces" if traces else ""
        raise UnknownMeasure(f"there is no measure {name[:60]!r}{where}{hint}")
    return found
