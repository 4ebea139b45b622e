"""Spans wait here until the local root of their trace has ended and the trace is decided. One thread."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator

from sightline.sdk.ended_span import EndedSpan
from sightline.sdk.sampling import KEEP_ALL, Decision, LocalTrace, Sampling, by_ratio, decide
from sightline.sdk.warnings_once import warn_once

MOST_SPANS = 2000
LONGEST_SECONDS = 120.0
_DECISIONS = 10_000
_SECOND = 10**9

Kept = Iterator[tuple[EndedSpan, Decision]]


class _Open:
    __slots__ = ("began", "kept_for", "roots", "spans")

    def __init__(self, began: int) -> None:
        self.began, self.roots = began, 0
        self.spans: list[EndedSpan] = []
        self.kept_for: str | None = None


class LocalTraces:
    """`cost`: USD and tokens of spans, None where unknown. Times are ns since 1970.

    Bounded in every way: a trace by its spans and its age, all of them together by traces, spans and bytes
    (`max_waiting`, `max_bytes`); what exceeds them has the oldest trace decided early.
    """

    def __init__(
        self,
        sampling: Sampling,
        cost: Callable[[list[EndedSpan]], tuple[float | None, int | None]],
        most_spans: int = MOST_SPANS,
        longest: float = LONGEST_SECONDS,
        max_waiting: int = 20_000,
        max_bytes: int = 64 * 2**20,
    ) -> None:
        self._max_waiting, self._max_bytes = max_waiting, max_bytes
        self.waiting, self.bytes = 0, 0
        self._sampling, self._cost = sampling, cost
        self._most, self._longest = most_spans, int(longest * _SECOND)
        self._open: OrderedDict[int, _Open] = OrderedDict()
        self._decided: OrderedDict[int, Decision] = OrderedDict()

    def root_started(self, trace_id: int, at: int) -> Kept:
        """A local root began; spans of its trace wait from now on. What had to leave to make room for it."""
        if not self._sampling.all and trace_id not in self._decided:
            self._open.setdefault(trace_id, _Open(at)).roots += 1
            if len(self._open) > self._max_waiting:
                yield from self._decide(next(iter(self._open)), False)

    def ended(self, span: EndedSpan) -> Kept:
        """A span ended: what can leave now, with its decision."""
        if self._sampling.all:
            yield span, KEEP_ALL
            return
        trace_id = span.trace_id
        known = self._decided.get(trace_id)
        if known is not None:
            yield span, known
            return
        trace = self._open.get(trace_id)
        if trace is None:  # its root began before us, in another process, or long ago
            trace = self._open[trace_id] = _Open(span.start)
        trace.spans.append(span)
        self.waiting += 1
        self.bytes += span.size
        if trace.roots and span.is_local_root:
            trace.roots -= 1
        if not trace.roots:
            yield from self._decide(trace_id, True)
        elif len(trace.spans) >= self._most:
            yield from self._decide(trace_id, False)
        while self.waiting > self._max_waiting or self.bytes > self._max_bytes:
            yield from self._decide(next(iter(self._open)), False)

    def keep(self, trace_id: int, reason: str) -> Kept:
        """The program wants this trace; one already decided stays as it is."""
        trace = self._open.get(trace_id)
        if trace is not None and trace.kept_for is None:
            trace.kept_for = reason
        yield from ()

    def expire(self, now: int | None) -> Kept:
        """Decide what has waited too long; None: everything, since the program ends."""
        while self._open:
            trace_id, trace = next(iter(self._open.items()))
            if now is not None and now - trace.began < self._longest:
                return
            yield from self._decide(trace_id, False)

    def next_end(self, now: int) -> float | None:
        """Seconds until `expire` has something to do."""
        if not self._open:
            return None
        return max(0.0, (next(iter(self._open.values())).began + self._longest - now) / _SECOND)

    def _decide(self, trace_id: int, complete: bool) -> Kept:
        trace = self._open.pop(trace_id)
        self.waiting -= len(trace.spans)
        self.bytes -= sum(span.size for span in trace.spans)
        decision = self._decision(trace_id, trace, complete)
        self._decided[trace_id] = decision
        while len(self._decided) > _DECISIONS:
            self._decided.popitem(last=False)
        for span in trace.spans:
            yield span, decision

    def _decision(self, trace_id: int, trace: _Open, complete: bool) -> Decision:
        spans = trace.spans
        needs_cost = (
            self._sampling.costly is not None or self._sampling.many_tokens is not None or self._sampling.rule
        )
        cost, tokens = self._cost(spans) if needs_cost else (None, None)
        began = min((s.start for s in spans), default=0)
        seen = LocalTrace(
            trace_id,
            tuple(spans),
            (max((s.end for s in spans), default=0) - began) / _SECOND,
            sum(1 for s in spans if s.is_error),
            cost,
            tokens,
            trace.kept_for,
            complete,
        )
        try:
            return decide(self._sampling, seen)
        except Exception as error:  # a border: the rule is the user's own function
            warn_once(
                "sampling rule",
                f"sightline: Sampling(rule=…) raised {type(error).__name__}: {error}. "
                "It keeps nothing until it is corrected; the ratio decides.",
            )
            return by_ratio(self._sampling.ratio, trace_id)
