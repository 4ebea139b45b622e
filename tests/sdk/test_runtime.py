"""The whole pipeline in real processes: forks, threads, exits, cancellation, leaks."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import textwrap
import threading
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from tests.sdk.sdk_process import program, run, running
from tests.sdk.sdk_servers import OK, http_server

from sightline.sdk import runtime as runtimes
from sightline.sdk.events import LogEvent
from sightline.sdk.names import SEQUENCE
from sightline.sdk.sampling import Sampling
from sightline.testing import environment, wait_until


def numbers(spans: list[Any]) -> list[int]:
    return [kv.value.int_value for span in spans for kv in span.attributes if kv.key == SEQUENCE]


def senders(taken: Any) -> dict[str, int]:
    """How many spans each sender sent."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    found: dict[str, int] = {}
    for path, _, body in taken.requests:
        if path == "/v1/traces":
            for part in ExportTraceServiceRequest.FromString(body).resource_spans:
                named = {kv.key: kv.value.string_value for kv in part.resource.attributes}
                made = sum(len(scope.spans) for scope in part.scope_spans)
                found[named["service.instance.id"]] = found.get(named["service.instance.id"], 0) + made
    return found


def test_spans_of_many_threads_arrive_once_and_are_numbered_without_gaps() -> None:
    with http_server() as (url, taken), running(endpoint=url, flush_interval=0.02) as (runtime, tracer):

        def work() -> None:
            for _ in range(250):
                with tracer.start_as_current_span("outer"):
                    tracer.start_span("inner").end()

        crew = [threading.Thread(target=work) for _ in range(8)]
        for one in crew:
            one.start()
        for one in crew:
            one.join()
        assert runtime.flush(20)
        spans = taken.spans()
        assert sorted(numbers(spans)) == list(range(1, 4001))
        assert len({s.span_id for s in spans}) == 4000
        counts = runtime.counts().spans
        assert (counts.ended, counts.acknowledged, counts.in_memory, counts.lost) == (4000, 4000, 0, 0)


def test_a_span_is_sent_without_flush_within_the_interval() -> None:
    with http_server() as (url, taken), running(endpoint=url, flush_interval=0.05) as (_, tracer):
        tracer.start_span("a").end()
        wait_until(lambda: len(taken.spans()) == 1, "the span", 5)


def test_a_full_queue_drops_at_once_and_counts() -> None:
    release = threading.Event()

    def slow(path: str, body: bytes) -> Any:
        release.wait(10)
        return OK

    with (
        http_server(slow) as (url, _),
        running(endpoint=url, queue_max_spans=50, flush_interval=0.01) as (runtime, tracer),
    ):
        tracer.start_span("first").end()
        wait_until(lambda: not len(runtime.inbox) and not runtime.inbox.sleeping, "the worker to be busy")
        began = time.perf_counter()
        for _ in range(500):
            tracer.start_span("x").end()
        assert time.perf_counter() - began < 2.0
        release.set()
        assert runtime.flush(20)
        counts = runtime.counts().spans
        assert counts.ended == 501
        assert counts.dropped == {"queue_full": 501 - counts.acknowledged}
        assert 50 <= counts.acknowledged <= 200


def test_the_queue_is_bounded_by_what_texts_take() -> None:
    with running(endpoint="http://127.0.0.1:9", queue_max_bytes=100_000, flush_interval=30) as (
        runtime,
        tracer,
    ):
        for _ in range(50):
            tracer.start_span("big", attributes={"text": "x" * 10_000}).end()
        assert runtime.account.of("traces").dropped["queue_full"] >= 35
        assert runtime.inbox.bytes < 125_000


def test_a_span_larger_than_a_request_may_be_is_cut_and_does_not_block_the_rest() -> None:
    with http_server() as (url, taken), running(endpoint=url, max_value_chars=5000) as (runtime, tracer):
        tracer.start_span("huge", attributes={"text": "é" * 3_000_000}).end()
        tracer.start_span("small").end()
        assert runtime.flush(20)
        huge, small = taken.spans()
        assert (huge.name, small.name) == ("huge", "small")
        assert huge.ByteSize() < 11_000


def test_sampling_sends_whole_traces_and_accounts_for_the_rest() -> None:
    sampling = Sampling(ratio=0.2)
    with http_server() as (url, taken), running(endpoint=url, sampling=sampling) as (runtime, tracer):
        for _ in range(300):
            with tracer.start_as_current_span("root"):
                tracer.start_span("child").end()
        assert runtime.flush(20)
        spans = taken.spans()
        weights = {
            kv.value.double_value
            for s in spans
            for kv in s.attributes
            if kv.key == "sightline.sampling.weight"
        }
        assert len(weights) == 1
        assert abs(weights.pop() - 5.0) < 1e-9
        assert all(s.trace_state.startswith("ot=th:") for s in spans)
        assert len(spans) == 2 * len({s.trace_id for s in spans})
        counts = runtime.counts().spans
        assert (counts.ended, counts.sampled_out + counts.acknowledged) == (600, 600)
        assert numbers(spans) == list(range(1, len(spans) + 1))


def test_an_event_goes_its_way_with_a_row_of_numbers_of_its_own() -> None:
    with http_server() as (url, taken), running(endpoint=url) as (runtime, tracer):
        tracer.start_span("a").end()
        runtime.emit(LogEvent("gen_ai.evaluation.result", {"gen_ai.evaluation.name": "x"}, time_ns=5))
        assert runtime.flush(20)
        assert {path for path, _, _ in taken.requests} >= {"/v1/traces", "/v1/logs"}
        assert runtime.counts().logs.acknowledged == 1


def test_the_account_says_what_became_of_everything() -> None:
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    with http_server() as (url, taken), running(endpoint=url) as (runtime, tracer):
        for _ in range(3):
            tracer.start_span("a").end()
        runtime.shutdown(5)
        tracer.start_span("too late").end()
    ((_, _, body),) = [r for r in taken.requests if r[0] == "/v1/metrics"]
    (of,) = ExportMetricsServiceRequest.FromString(body).resource_metrics
    points = {
        (metric.name, point.attributes[0].value.string_value): point.as_int
        for metric in of.scope_metrics[0].metrics
        for point in metric.sum.data_points
    }
    assert points["sightline.sdk.spans", "ended"] == 3
    assert points["sightline.sdk.spans", "acknowledged"] == 3
    assert {kv.key: kv.value.string_value for kv in of.resource.attributes}[
        "service.instance.id"
    ] == runtime.sender
    assert runtime.counts().spans.dropped == {"shutdown": 1}


def test_a_redaction_that_fails_lets_nothing_out() -> None:
    class Broken:
        def apply(self, field: str, text: str) -> str:
            if "secret" in text:
                raise RuntimeError("no")
            return text

    with http_server() as (url, taken), running(endpoint=url, redaction=Broken()) as (runtime, tracer):
        tracer.start_span("a", attributes={"k": "secret"}).end()
        tracer.start_span("b").end()
        assert not runtime.flush(20)  # one of the two is lost
        assert [s.name for s in taken.spans()] == ["b"]
        assert runtime.counts().spans.dropped == {"refused": 1}


FORK = """
    import os, sys
    import sightline
    from opentelemetry import trace
    started = sightline.init(endpoint={url!r}, spool="off", flush_interval=30, quiet=True)
    tracer = trace.get_tracer("x")
    tracer.start_span("before").end()
    pids = []
    for n in range(3):
        pid = os.fork()
        if pid == 0:
            for _ in range(n + 1):
                tracer.start_span(f"child {{n}}").end()
            assert sightline.flush(10)
            counts = sightline.counts().spans
            os._exit(0 if (counts.ended, counts.acknowledged) == (n + 1, n + 1) else 1)
        pids.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0, 0, 0]
    tracer.start_span("after").end()
"""


def test_after_a_fork_each_process_sends_its_own_under_its_own_name() -> None:
    with http_server() as (url, taken):
        done = run(FORK.format(url=url))
        assert done.returncode == 0, done.stderr
        if sys.version_info[:2] != (3, 13):  # counts threads when the one that rested is back
            assert not done.stderr
        assert sorted(senders(taken).values()) == [1, 2, 2, 3]
        assert sorted(s.name for s in taken.spans()) == sorted(
            ["before", "after", "child 0", "child 1", "child 1", "child 2", "child 2", "child 2"]
        )


POOL = """
    import multiprocessing
    import sightline
    from opentelemetry import trace

    def work(n):
        {again}
        with trace.get_tracer("x").start_as_current_span("job"):
            return n

    if __name__ == "__main__":
        sightline.init(endpoint={url!r}, spool="off", flush_interval=30, quiet=True)
        with trace.get_tracer("x").start_as_current_span("main"):
            crew = [multiprocessing.get_context({method!r}).Process(target=work, args=(n,)) for n in range(3)]
            for one in crew: one.start()
            for one in crew: one.join()
            assert [one.exitcode for one in crew] == [0, 0, 0]
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_of_multiprocessing_send_what_they_made_at_their_end(tmp_path: Path, method: str) -> None:
    with http_server() as (url, taken):
        again = (
            f"sightline.init(endpoint={url!r}, spool='off', flush_interval=30, quiet=True)"
            if method == "spawn"
            else "pass"
        )
        script = tmp_path / "jobs.py"
        script.write_text(textwrap.dedent(POOL).format(url=url, method=method, again=again))
        command = [program("")[0], str(script)]
        done = subprocess.run(
            command, env=environment(), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        assert not done.stderr
        assert sorted(s.name for s in taken.spans()) == ["job", "job", "job", "main"]
        assert len(senders(taken)) == 4


EXITS = {
    "plain": "",
    "exception": "raise SystemExit(0)",
    "from a daemon thread": """
import threading, time
def work():
    while True:
        tracer.start_span("busy").end()
        time.sleep(0.001)
threading.Thread(target=work, daemon=True).start()
time.sleep(0.05)
""",
    "first span at exit": """
import atexit
atexit.register(lambda: tracer.start_span("at exit").end())
""",
}


@pytest.mark.parametrize("how", EXITS)
def test_a_program_ends_quietly_and_soon_and_nothing_that_ended_is_lost(how: str) -> None:
    code = (
        "import sightline\nfrom opentelemetry import trace\n"
        "sightline.init(endpoint={url!r}, spool='off', flush_interval=30, quiet=True)\n"
        "tracer = trace.get_tracer('x')\ntracer.start_span('last words').end()\n" + EXITS[how]
    )
    with http_server() as (url, taken):
        done = run(code.format(url=url))
        assert (done.returncode, done.stderr) == (0, "")
        assert "last words" in [s.name for s in taken.spans()]


def test_a_server_that_hangs_does_not_keep_a_program_from_ending() -> None:
    release = threading.Event()

    def hang(path: str, body: bytes) -> Any:
        release.wait(30)
        return OK

    code = """
        import sightline
        from opentelemetry import trace
        sightline.init(endpoint={url!r}, spool="off", quiet=True)
        trace.get_tracer("x").start_span("a").end()
    """
    with http_server(hang) as (url, _):
        began = time.monotonic()
        done = run(code.format(url=url))
        assert done.returncode == 0
        assert time.monotonic() - began < runtimes.EXIT_SECONDS + 4
        release.set()


def test_flush_is_true_only_for_what_is_safe(tmp_path: Path) -> None:
    with running(endpoint="http://127.0.0.1:9", spool="off") as (runtime, tracer):
        tracer.start_span("a").end()
        assert not runtime.flush(5)
    with running(endpoint="http://127.0.0.1:9", spool="auto", spool_dir=tmp_path) as (runtime, tracer):
        tracer.start_span("a").end()
        assert runtime.flush(5)
        assert (runtime.counts().spans.spooled, runtime.counts().spans.in_memory) == (1, 0)


def test_flush_before_anything_was_made_is_true_and_a_flush_that_is_late_is_false() -> None:
    with http_server() as (url, _), running(endpoint=url) as (runtime, tracer):
        assert runtime.flush(5)
        tracer.start_span("a").end()
        assert not runtime.flush(0)
        assert runtime.flush(5)


def test_cancelled_tasks_end_their_spans_and_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with http_server() as (url, taken), running(endpoint=url) as (runtime, tracer):

        async def work() -> None:
            with tracer.start_as_current_span("task"):
                await asyncio.Event().wait()

        async def main() -> None:
            tasks = [asyncio.create_task(work()) for _ in range(20)]
            await asyncio.wait(tasks, timeout=0.01)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run(main())
        assert runtime.flush(10)
        assert len(taken.spans()) == 20
    assert not caplog.records


def test_nothing_grows_over_many_thousands_of_traces() -> None:
    """Half of them never end, and all are sampled, so that every table is used."""
    with http_server() as (url, _), running(
        endpoint=url, sampling=Sampling(ratio=0.01), flush_interval=0.02, queue_max_spans=5000
    ) as (runtime, tracer):  # fmt: skip

        def round_() -> None:
            for _ in range(2000):
                with tracer.start_as_current_span("root", attributes={"text": "x" * 100}):
                    tracer.start_span("child").end()
                tracer.start_span("forgotten")
            assert runtime.flush(20)

        for _ in range(7):  # fills what is bounded: 10,000 decisions are remembered
            round_()
        table = runtime.worker._traces
        for _ in table.expire(time.time_ns() + 10**12):
            pass
        gc.collect()
        tracemalloc.start()
        try:
            round_()
            for _ in table.expire(time.time_ns() + 10**12):
                pass
            gc.collect()
            before = tracemalloc.get_traced_memory()[0]
            for _ in range(4):
                round_()
                for _ in table.expire(time.time_ns() + 10**12):
                    pass
            gc.collect()
            grown = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()
        # the server double keeps what it is sent: some hundred requests of a few kilobytes
        assert grown < 3_000_000, f"{grown / 8000:.0f} bytes for each trace"


def test_a_span_that_is_forgotten_is_not_held() -> None:
    import weakref

    with running(endpoint="http://127.0.0.1:9", sampling=Sampling(ratio=0.5)) as (_, tracer):
        span = tracer.start_span("forgotten")
        seen = weakref.ref(span)
        del span
        gc.collect()
        assert seen() is None


def test_a_finalizer_that_ends_a_span_in_the_middle_of_everything_is_no_dead_lock() -> None:
    with http_server() as (url, taken), running(endpoint=url, flush_interval=0.01) as (runtime, tracer):

        class Ends:
            def __init__(self) -> None:
                self.span = tracer.start_span("by the collector")
                self.me = self

            def __del__(self) -> None:
                self.span.end()

        old = gc.get_threshold()
        gc.set_threshold(5)
        try:
            for _ in range(500):
                Ends()
                tracer.start_span("plain").end()
        finally:
            gc.set_threshold(*old)
        gc.collect()
        assert runtime.flush(20)
        assert len(taken.spans()) == 1000


def test_keep_trace_without_a_span_or_without_init_is_harmless() -> None:
    from sightline.sdk.sampling import keep_trace

    keep_trace()
    with http_server() as (url, taken), running(endpoint=url, sampling=0.0) as (runtime, tracer):
        runtime.keep_current_trace("rule")
        with tracer.start_as_current_span("kept"):
            runtime.keep_current_trace("feedback")
        tracer.start_span("not kept").end()
        assert runtime.flush(10)
        assert [s.name for s in taken.spans()] == ["kept"]


def test_unsampled_spans_of_the_programs_own_sampler_are_left_alone() -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

    from sightline.sdk.processor import SpanProcessor

    with http_server() as (url, taken), running(endpoint=url) as (runtime, _):
        provider = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)
        provider.add_span_processor(SpanProcessor(runtime))
        with provider.get_tracer("x").start_as_current_span("a") as span:
            assert isinstance(span, trace.NonRecordingSpan)
        assert runtime.flush(10)
        assert taken.spans() == []


def test_counts_can_be_written_as_text() -> None:
    with running(endpoint="http://127.0.0.1:9") as (runtime, _):
        assert json.loads(json.dumps({"ended": runtime.counts().spans.ended})) == {"ended": 0}
