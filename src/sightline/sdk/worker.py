"""The background thread: takes what ended, decides about traces, encodes, and hands requests to delivery."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from sightline.sdk import fork_lock
from sightline.sdk.batching import Batch, Request
from sightline.sdk.counts import ENDED, LOGS, REFUSED, SAMPLED_OUT, SPANS, Account
from sightline.sdk.driving import end_abandoned
from sightline.sdk.events import LogEvent
from sightline.sdk.inbox import Inbox, Keep, RootStarted
from sightline.sdk.local_traces import LocalTraces
from sightline.sdk.own_threads import make_no_spans, rested, started
from sightline.sdk.sampling import KEEP_ALL, Decision
from sightline.sdk.warnings_once import warn_once

if TYPE_CHECKING:
    from sightline.sdk.encoding import Encoder
    from sightline.sdk.ended_span import EndedSpan

BATCH_BYTES = 1 << 20
HURRY = 512
_REPORT_EVERY = 15.0
_SLICE = 16
_LONGEST_WARM_UP = 5.0


class Delivery(Protocol):
    """Where requests go: a server (`delivery.Delivery`) or a file (`file_mode.FileDelivery`)."""

    @property
    def spool_bytes(self) -> int:
        """What the spool takes on disk."""
        ...

    def spooled(self, signal: str) -> int:
        """Items of this process that are safe on disk."""
        ...

    def deliver(self, request: Request, deadline: float | None = None) -> None:
        """Bring it to the server, the file, the disk or memory, or count it as dropped."""
        ...

    def report(self, request: Request, final: bool, deadline: float | None = None) -> None:
        """Take the account."""
        ...

    def tend(self, deadline: float | None = None) -> bool:
        """Send what was kept; whether nothing is left in memory."""
        ...

    def to_disk(self) -> bool:
        """Move what waits in memory to the disk; whether nothing is left in memory."""
        ...

    def pause(self) -> float | None:
        """Seconds until `tend` has something to do."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...

    def abandon(self) -> None:
        """After a fork, in the child: let go and touch nothing."""
        ...


class Flush:
    """Someone who waits for everything that ended before. `deadline` in monotonic seconds.

    `account`: the process may end now, so its account goes along.
    """

    def __init__(self, deadline: float, account: bool = False) -> None:
        self.deadline, self.account = deadline, account
        self.over = threading.Event()
        self.safe = False


class Worker:
    """One for each process. `build` makes encoder and delivery, in the thread, when they are first needed;

    `starting` is called before the thread starts, `ending` when it must end (see `own_threads.started`).
    """

    def __init__(
        self,
        inbox: Inbox,
        traces: LocalTraces,
        account: Account,
        build: Callable[[], tuple[Encoder, Delivery]],
        flush_interval: float,
        report: Callable[[Encoder, Delivery], Request] | None = None,
        starting: Callable[[], None] | None = None,
        ending: Callable[[], None] | None = None,
    ) -> None:
        self._starting, self._ending = starting, ending or self._end
        self.inbox, self._traces, self._account, self._build = inbox, traces, account, build
        self._interval, self._report = flush_interval, report
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._flushes: deque[Flush] = deque()
        self._turn_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._start_lock = threading.RLock()
        self._stop = False
        self._no_threads = False
        self._warm = threading.Event()
        self._busy = self._to_rest = self._resting = False
        self._due: float | None = None
        self._parts: tuple[Encoder, Delivery] | None = None
        self._numbers = {SPANS: 0, LOGS: 0}
        self._batches = {SPANS: Batch(SPANS), LOGS: Batch(LOGS)}
        self._reported = time.monotonic()
        self._unsafe = False
        self._closed = False
        self._last_changes = 0

    # -- called by the program's threads -------------------------------------------------------------------

    def wake(self) -> None:
        """Look at the inbox soon; starts the thread when it does not run yet."""
        if self._thread is None and not self._no_threads:
            self._start()
        self._bell.put(None)

    def ring(self) -> None:
        """The same from a finalizer: takes no lock and starts nothing."""
        self._bell.put(None)

    def attend(self) -> None:
        """Have the thread run, so that `ring` is heard."""
        if self._thread is None:
            self.wake()

    def flush(self, timeout: float, account: bool = False) -> bool:
        """Wait until all that ended before is acknowledged or safe; False when it is not in time."""
        waiting = Flush(time.monotonic() + max(0.0, timeout), account)
        self._flushes.append(waiting)
        self.wake()
        thread = self._thread
        if thread is None or not thread.is_alive():
            self._turn()
        elif thread is threading.current_thread():
            return False
        waiting.over.wait(max(0.0, waiting.deadline - time.monotonic()) + 0.05)
        return waiting.safe

    def stop(self, timeout: float) -> None:
        """Send what there is, within `timeout` seconds, and end the thread."""
        end = time.monotonic() + timeout
        self._stop = True
        self.flush(timeout)
        self._bell.put(None)
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(max(0.1, end - time.monotonic()))
        if thread is None or not thread.is_alive():
            self._close_parts()

    def _end(self) -> None:
        self.stop(1.0)

    def rest(self) -> None:
        """Before a fork: have no thread, unless it is at work, which is not waited for.

        Python 3.12 and later warn of a fork beside threads, also where this is the only one; and what a
        thread holds at that moment, the child holds for ever.
        """
        thread = self._thread
        if thread is None or thread is threading.current_thread() or not thread.is_alive():
            return
        self._warm.wait(_LONGEST_WARM_UP)
        if self._busy:
            return
        self._to_rest = True
        self._bell.put(None)
        rested(thread)
        with self._start_lock:
            self._to_rest = False

    def go_on(self) -> None:
        """After the fork, in the parent."""
        if self._resting:
            self._resting = False
            if self._thread is None and not self._stop:
                self._start()

    def abandon(self) -> None:
        """After a fork, in the child: the thread is not here, and what is open is the parent's."""
        if self._parts is not None:
            self._parts[1].abandon()

    def _close_parts(self) -> None:
        with self._turn_lock:
            if self._parts is not None and not self._closed:
                self._closed = True
                self._parts[1].close()

    @property
    def delivery(self) -> Delivery | None:
        """Where requests go, once there was one."""
        return self._parts[1] if self._parts else None

    def _start(self) -> None:
        with self._start_lock:
            if self._thread is not None or self._no_threads:
                return
            starting, self._starting = self._starting, None
            try:
                if starting is not None:
                    starting()
                self._thread = started(self._run, "sightline-worker", self._ending)
            except RuntimeError:  # the interpreter is on its way out
                self._no_threads = True

    # -- the thread ----------------------------------------------------------------------------------------

    def _run(self) -> None:
        make_no_spans()
        self._warm_up()
        while not self._stop or self._flushes:
            self._sleep()
            if self._to_rest and self._rests():
                return
            self._turn()
        self._close_parts()

    def _rests(self) -> bool:
        with self._start_lock:
            if self._to_rest and not self._stop:
                self._thread, self._resting = None, True
                return True
        return False

    def _warm_up(self) -> None:
        """Import what is heavy now and not when the program ends, which may be soon."""
        with self._turn_lock:
            try:
                self._made()
            except Exception as error:  # a border: the first turn tries again
                warn_once("worker", f"sightline: not ready yet ({type(error).__name__}: {error}).")
        self._warm.set()

    def _sleep(self) -> None:
        """Until there is something to do; a little longer when spans come one by one."""
        if self._flushes:
            return
        inbox = self.inbox
        inbox.hurried, inbox.sleeping = False, True
        if not len(inbox) and not self._ring(self._next_need()):
            return
        inbox.sleeping = False
        self._hear()  # else the bell of the first span would cut the interval short
        if len(inbox) < HURRY and not (self._flushes or self._stop or self._to_rest):
            self._due = self._due or time.monotonic() + self._interval  # a rest does not put it off
            self._ring(max(0.0, self._due - time.monotonic()))
        if not self._to_rest:
            self._due = None

    def _ring(self, seconds: float | None) -> bool:
        try:
            self._bell.get(timeout=seconds)
        except queue.Empty:
            return False
        self._hear()
        return True

    def _hear(self) -> None:
        while not self._bell.empty():
            self._bell.get_nowait()

    def _next_need(self) -> float | None:
        now = time.monotonic()
        needs = [self._traces.next_end(time.time_ns())]
        if self._parts is not None:
            needs.append(self._parts[1].pause())
            needs.append(max(0.0, self._reported + _REPORT_EVERY - now) if self._unreported() else None)
        times = [need for need in needs if need is not None]
        return max(0.01, min(times)) if times else None

    def _unreported(self) -> bool:
        return self._report is not None and self._account.changes != self._last_changes

    def _turn(self) -> None:
        with self._turn_lock:
            self._busy = True
            flushes = [self._flushes.popleft() for _ in range(len(self._flushes))]
            try:
                deadline = min((f.deadline for f in flushes), default=None)
                self._work(deadline, self._stop or any(f.account for f in flushes))
            except Exception as error:  # a border: whatever happens here must not end the thread
                self._unsafe = True
                warn_once(
                    "worker", f"sightline: telemetry could not be handled ({type(error).__name__}: {error})."
                )
            for waiting in flushes:
                waiting.safe = not self._unsafe
                waiting.over.set()
            self._busy = False

    def _work(self, deadline: float | None, final: bool) -> None:
        encoder, delivery = self._made()
        lost = self._account.lost_on_the_way
        end_abandoned()
        for at, item in enumerate(self.inbox.take(len(self.inbox))):
            self._handle(item, encoder, delivery, deadline)
            if at % _SLICE == _SLICE - 1:
                time.sleep(0)  # lets the program's threads have the interpreter
        for span, decision in self._traces.expire(None if self._stop else time.time_ns()):
            self._leave(span, decision, encoder, delivery, deadline)
        for signal in self._batches:
            self._close(signal, delivery, deadline)
        safe = delivery.tend(deadline) or (deadline is not None and delivery.to_disk())
        self._unsafe = not safe or self._account.lost_on_the_way != lost
        now = time.monotonic()
        due = final or now - self._reported >= _REPORT_EVERY
        if self._report is not None and due and self._unreported():
            self._reported, self._last_changes = now, self._account.changes
            delivery.report(self._report(encoder, delivery), final, deadline)

    def _made(self) -> tuple[Encoder, Delivery]:
        """Encoder and delivery, made when they are first needed."""
        if self._parts is None:
            with fork_lock.importing():
                self._parts = self._build()
        return self._parts

    def _handle(self, item: Any, encoder: Encoder, delivery: Delivery, deadline: float | None) -> None:
        kind = type(item)
        if kind is RootStarted:
            for span, decision in self._traces.root_started(item.trace_id, item.at):
                self._leave(span, decision, encoder, delivery, deadline)
        elif kind is Keep:
            for span, decision in self._traces.keep(item.trace_id, item.reason):
                self._leave(span, decision, encoder, delivery, deadline)
        elif kind is Request:
            delivery.deliver(item, deadline)
        elif kind is LogEvent:
            self._account.add(LOGS, ENDED)
            self._leave(item, KEEP_ALL, encoder, delivery, deadline)
        else:
            self._account.add(SPANS, ENDED)
            if item.dropped_attributes:
                _warn_of_lost_attributes(item)
            for span, decision in self._traces.ended(item):
                self._leave(span, decision, encoder, delivery, deadline)

    def _leave(
        self, item: Any, decision: Decision, encoder: Encoder, delivery: Delivery, deadline: float | None
    ) -> None:
        """Number and encode an item, or count it as sampled out."""
        signal = LOGS if isinstance(item, LogEvent) else SPANS
        if not decision.keep:
            self._account.add(signal, SAMPLED_OUT)
            return
        number = self._numbers[signal] + 1
        try:
            if isinstance(item, LogEvent):
                made, resource, scope = (
                    encoder.event(item, number),
                    encoder.own_resource(),
                    encoder.scope(None),
                )
            else:
                made = encoder.span(item, number, decision)
                resource, scope = encoder.resource(item.resource), encoder.scope(item.scope)
        except Exception as error:  # a border: attributes and redactions are the program's own
            self._account.drop(signal, REFUSED)
            name = getattr(item, "name", "an event")
            warn_once(
                f"encoding {type(error).__name__}",
                f"sightline: {str(name)[:80]!r} cannot be sent ({type(error).__name__}: {str(error)[:200]}). "
                "It is dropped and counted; check its attributes and your redaction.",
            )
            return
        self._numbers[signal] = number
        batch = self._batches[signal]
        batch.add(resource, scope, made, number)
        if batch.bytes >= BATCH_BYTES:
            self._close(signal, delivery, deadline)

    def _close(self, signal: str, delivery: Delivery, deadline: float | None) -> None:
        batch = self._batches[signal]
        if batch.items:
            self._batches[signal] = Batch(signal)
            delivery.deliver(batch.request(), deadline)


def _warn_of_lost_attributes(span: EndedSpan) -> None:
    scope = getattr(span.scope, "name", None) or "the program"
    warn_once(
        "attributes",
        f"sightline: a span of {scope} has more attributes than the tracer provider keeps; "
        f"{span.dropped_attributes} were dropped, the oldest first, which say whom and what it is for. "
        "Set OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT=10000, or let sightline.init() make the provider.",
    )
