"""Fills a server: history first, the newest hour first, then live traffic at a stated rate.

Everything goes through an `Outbox`, so that what is sent does not depend on how.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from sightline.demo.encode import log_request, span_batches, trace_request
from sightline.demo.metrics import machine_metrics, request_metrics
from sightline.demo.schedule import TRACES_PER_DAY, LiveTraffic, history
from sightline.demo.shapes import LogLine, Span, Trace
from sightline.demo.story import DAY, HOUR, MINUTE, SECOND, Story
from sightline.records.ingest import Signal

HORIZON = 2 * HOUR
"""Live turns further ahead than this are not waited for."""
METRIC_STEP = 10 * MINUTE
LIVE_METRICS = 30 * SECOND


class Outbox(Protocol):
    """Takes encoded requests; may block while the receiver is busy."""

    def submit(self, signal: Signal, payload: bytes, items: int) -> object:
        """Takes one `Export*ServiceRequest`, encoded, with its number of items."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send. `now` is the end of the history, in nanoseconds; `traces` is about how many it has."""

    now: int
    seed: int = 1
    days: float = 7.0
    traces: int = 0
    """0: `TRACES_PER_DAY` for each day."""
    rate: float = 25.0
    """Live spans a second."""

    @property
    def scale(self) -> float:
        """Volume as a multiple of the normal one."""
        return self.traces / (TRACES_PER_DAY * self.days) if self.traces else 1.0

    @property
    def hours(self) -> int:
        """Steps of the history."""
        return int(self.now // HOUR - (self.now - self.days * DAY) // HOUR) + 1


@dataclass(slots=True)
class Rest:
    """What history leaves for later: spans and lines that end after `now`, and those that come late."""

    spans: list[Span]
    logs: list[LogLine]
    late: list[Span]


def send_spans(outbox: Outbox, spans: Iterable[Span]) -> int:
    """Sends spans in requests of an exporter's size; returns how many."""
    sent = 0
    for batch in span_batches(spans):
        outbox.submit(Signal.TRACES, trace_request(batch).SerializeToString(), len(batch))
        sent += len(batch)
    return sent


def send_logs(outbox: Outbox, lines: Sequence[LogLine]) -> None:
    """Sends log lines in one request, if there are any."""
    for i in range(0, len(lines), 512):
        part = lines[i : i + 512]
        outbox.submit(Signal.LOGS, log_request(part).SerializeToString(), len(part))


def send_metrics(outbox: Outbox, plan: Plan, spans: Sequence[Span], start: int, end: int) -> None:
    """Sends what was measured between two moments, in steps of `METRIC_STEP`, in one request."""
    request, points = ExportMetricsServiceRequest(), 0
    origin = int(plan.now - plan.days * DAY)
    for begin in range(start, end, METRIC_STEP):
        until = min(begin + METRIC_STEP, end)
        inside = (span for span in spans if begin <= span.end < until)
        for part, found in (request_metrics(inside, begin, until), machine_metrics(plan.seed, until, origin)):
            request.MergeFrom(part)
            points += found
    if points:
        outbox.submit(Signal.METRICS, request.SerializeToString(), points)


def send_history(outbox: Outbox, plan: Plan) -> Iterator[tuple[int, Rest]]:
    """Sends the history hour by hour and yields, after each hour, the spans sent and what is left for later.

    The last step sends what arrives late: roots that come long after their children.
    """
    story = Story.around(plan.now)
    rest = Rest([], [], [])
    for hour, traces in history(plan.seed, story, plan.days, plan.scale):
        spans: list[Span] = []
        logs: list[LogLine] = []
        for trace in traces:
            _divide(trace, plan.now, spans, logs, rest)
        sent = send_spans(outbox, spans)
        send_logs(outbox, logs)
        begin = max(hour * HOUR, int(plan.now - plan.days * DAY))
        send_metrics(outbox, plan, spans, begin, min((hour + 1) * HOUR, plan.now))
        yield sent, rest
    yield send_spans(outbox, rest.late), rest


def _divide(trace: Trace, now: int, spans: list[Span], logs: list[LogLine], rest: Rest) -> None:
    for span in trace.spans:
        if span.end < now:
            spans.append(span)
        elif span.start < now + HORIZON:
            rest.spans.append(span)
    for line in trace.logs:
        if line.time < now:
            logs.append(line)
        elif line.time < now + HORIZON:
            rest.logs.append(line)
    rest.late.extend(span for span in trace.late if span.end < now)


class Live:
    """Live traffic: a span is sent when it ends, so a trace arrives in parts, children first."""

    def __init__(self, outbox: Outbox, plan: Plan, rest: Rest) -> None:
        story = Story.around(plan.now)
        self._outbox, self._plan = outbox, plan
        self._traffic = LiveTraffic(plan.seed, story, plan.rate)
        self._order = 0
        self._waiting: list[tuple[int, int, Span | LogLine]] = []
        self._recent: list[Span] = []
        self._measured = plan.now
        for span in rest.spans:
            self._hold(span.end, span)
        for line in rest.logs:
            self._hold(line.time, line)

    def _hold(self, time: int, item: Span | LogLine) -> None:
        self._order += 1
        heapq.heappush(self._waiting, (time, self._order, item))

    def step(self, now: int) -> int:
        """Sends everything that has ended by `now`; returns the number of spans."""
        for trace in self._traffic.until(now):
            for span in (*trace.spans, *trace.late):
                if span.start < now + HORIZON:
                    self._hold(span.end + (HORIZON // 2 if span in trace.late else 0), span)
            for line in trace.logs:
                if line.time < now + HORIZON:
                    self._hold(line.time, line)
        spans: list[Span] = []
        logs: list[LogLine] = []
        while self._waiting and self._waiting[0][0] <= now:
            item = heapq.heappop(self._waiting)[2]
            if isinstance(item, Span):
                spans.append(item)
            else:
                logs.append(item)
        sent = send_spans(self._outbox, spans)
        send_logs(self._outbox, logs)
        self._recent.extend(spans)
        if now - self._measured >= LIVE_METRICS:
            send_metrics(self._outbox, self._plan, self._recent, self._measured, now)
            self._recent, self._measured = [], now
        return sent

    def run(self, clock: Callable[[], int], stop: threading.Event, told: Callable[[int], None]) -> None:
        """Steps about once a second until `stop`; tells the spans of each step."""
        while not stop.wait(1.0):
            told(self.step(clock()))
