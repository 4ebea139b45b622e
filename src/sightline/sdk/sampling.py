"""Which local traces are kept, with which weight. Pure: no clock, no state, nothing of OpenTelemetry.

    Sampling(ratio=0.1, slow=5.0, costly=0.05)

keeps every trace with an error, every one above five seconds or five cents, and a tenth of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

RANDOM_BITS = 56
_SPACE = 1 << RANDOM_BITS
_MASK = _SPACE - 1


class SpanView(Protocol):
    """What a rule may read of a span that has ended."""

    @property
    def name(self) -> str:
        """The span's name."""
        ...

    @property
    def attributes(self) -> Mapping[str, object] | None:
        """Its attributes as they were when it ended."""
        ...


@dataclass(frozen=True, slots=True)
class LocalTrace:
    """The part of a trace that one process made, as a rule sees it when its root has ended.

    `seconds`: from the first start to the last end. `cost`: USD, None where unknown. `tokens`: input and
    output of all calls, None where no span says. `complete`: False when it was decided early because it grew
    too long or too large.
    """

    trace_id: int
    spans: tuple[SpanView, ...]
    seconds: float
    errors: int
    cost: float | None
    tokens: int | None
    kept_for: str | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which traces are kept, decided when the local root ends.

    `ratio`: the part (0 to 1) kept of traces that no rule keeps; the same traces in every service, since it
    looks at the trace id. `keep_errors`, `keep_feedback`: always keep traces with an error, with a score or
    feedback. `slow`: always keep those longer than so many seconds. `costly`: dearer than so many USD.
    `many_tokens`: with more tokens than this. `rule`: your own function; True keeps, False leaves it to the
    ratio; one that raises keeps nothing and is warned of once. Raises TypeError and ValueError for what can
    be no such rule, when it is made.

    >>> Sampling(ratio=0.1).all
    False
    """

    ratio: float = 1.0
    keep_errors: bool = True
    keep_feedback: bool = True
    slow: float | None = None
    costly: float | None = None
    many_tokens: int | None = None
    rule: Callable[[LocalTrace], bool] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        for name, value in (("slow", self.slow), ("costly", self.costly), ("many_tokens", self.many_tokens)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
                raise TypeError(
                    f"Sampling({name}={value!r:.60}): expected a number, or None for no such rule"
                )
        if self.rule is not None and not callable(self.rule):
            raise TypeError(f"Sampling(rule={self.rule!r:.60}): expected a function of a trace")
        if isinstance(self.ratio, bool) or not isinstance(self.ratio, int | float):
            raise TypeError(f"Sampling(ratio={self.ratio!r:.60}): expected a number from 0 to 1")
        if not 0.0 <= self.ratio <= 1.0:
            raise ValueError(f"Sampling(ratio={self.ratio!r}): expected a number from 0 to 1; 0.1 keeps 10 %")

    @property
    def all(self) -> bool:
        """Whether everything is kept, so that nothing has to wait for its trace's end."""
        return self.ratio >= 1.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a local trace: kept with a weight (1 / probability) and a reason, or left out."""

    keep: bool
    weight: float = 1.0
    reason: str = ""
    threshold: int = 0


KEEP_ALL = Decision(True)


def threshold(ratio: float) -> int:
    """The rejection threshold of OpenTelemetry's consistent probability sampling, 0 to 2**56.

    >>> threshold(1.0), threshold(0.5) == 2**55
    (0, True)
    """
    return min(_SPACE, max(0, round((1.0 - ratio) * _SPACE)))


def probability(rejected: int) -> float:
    """The part that a threshold lets through."""
    return (_SPACE - rejected) / _SPACE


def trace_state(rejected: int) -> str:
    """A threshold as OpenTelemetry writes it into trace state: hex digits without trailing zeros.

    >>> trace_state(2**55), trace_state(0)
    ('th:8', 'th:0')
    """
    return "th:" + (f"{rejected:014x}".rstrip("0") or "0")


def decide(sampling: Sampling, trace: LocalTrace) -> Decision:
    """The decision for a trace. Raises what the user's own rule raises."""
    if sampling.all:
        return KEEP_ALL
    if reason := _rule_that_keeps(sampling, trace):
        return Decision(True, 1.0, reason)
    return by_ratio(sampling.ratio, trace.trace_id)


def by_ratio(ratio: float, trace_id: int) -> Decision:
    """The decision by trace id alone: every service with the same ratio keeps the same traces."""
    rejected = threshold(ratio)
    if trace_id & _MASK < rejected:
        return Decision(False)
    return Decision(True, 1.0 / probability(rejected), "ratio", rejected)


def _rule_that_keeps(sampling: Sampling, trace: LocalTrace) -> str:
    if sampling.keep_errors and trace.errors:
        return "error"
    if trace.kept_for is not None and (sampling.keep_feedback or trace.kept_for != "feedback"):
        return trace.kept_for
    if sampling.slow is not None and trace.seconds > sampling.slow:
        return "slow"
    if sampling.costly is not None and trace.cost is not None and trace.cost > sampling.costly:
        return "cost"
    if sampling.many_tokens is not None and (trace.tokens or 0) > sampling.many_tokens:
        return "cost"
    if sampling.rule is not None and sampling.rule(trace):
        return "rule"
    return ""


def keep_trace(reason: str = "rule") -> None:
    """Keep the current trace whatever the ratio says; nothing without an open span or without `init()`.

    >>> import sightline
    >>> with sightline.span("answer"):
    ...     sightline.keep_trace()
    """
    from sightline.sdk.runtime import current

    runtime = current()
    if runtime is not None:
        runtime.keep_current_trace(reason)
