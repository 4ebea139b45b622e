"""Background jobs: the decorator, and Celery's own worker on a transport in memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import celery
import pytest
from celery.contrib.testing.worker import start_worker
from opentelemetry.trace import StatusCode
from tests.sdk.web_spans import Memory, remembered

import sightline
from sightline.sdk.jobs import CONTEXT, instrument_celery, job, job_headers
from sightline.testing import wait_until


@pytest.fixture(scope="module", autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Celery's worker sets up the logging of its whole process."""
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)


@pytest.fixture
def memory() -> Iterator[Memory]:
    with remembered() as memory:
        yield memory


def test_a_run_is_a_span_that_goes_on_with_who_asked(memory: Memory) -> None:
    @job
    def double(n: int) -> int:
        return 2 * n

    with sightline.span("request"), sightline.context(user="ada", plan="pro"):
        headers = job_headers()
    assert double(4, job_headers=headers) == 8
    asked, ran = memory.spans(2)
    assert ran.name.endswith("double")
    assert ran.context.trace_id == asked.context.trace_id
    assert ran.parent is not None
    assert ran.parent.span_id == asked.context.span_id
    assert "ada" in headers[CONTEXT], "the whole context, not only what strangers may see"
    assert (ran.attributes or {})["sightline.kind"] == "task"


def test_without_headers_it_is_a_trace_of_its_own(memory: Memory) -> None:
    assert job(name="nightly", attempt=lambda: 3)(lambda: "x")() == "x"
    span = memory.one()
    assert (span.name, span.parent) == ("nightly", None)
    assert (span.attributes or {})["sightline.job.attempt"] == 3


def test_failures_go_on_their_way(memory: Memory) -> None:
    @job(attempt=lambda: 1 // 0)
    def fails() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fails()
    assert memory.one().status.status_code is StatusCode.ERROR


def test_asynchronous_jobs(memory: Memory) -> None:
    @job
    async def later() -> str:
        return sightline.current_span().trace_id

    assert asyncio.run(later()) == f"{memory.one().context.trace_id:032x}"


@pytest.mark.parametrize("carried", ["", "no json", "[1]", "x" * 10_000, None, 7])
def test_headers_that_say_nothing_do_no_harm(memory: Memory, carried: object) -> None:
    assert job(lambda: 1)(job_headers={CONTEXT: carried, "traceparent": "nonsense"}) == 1
    assert memory.one().parent is None


@pytest.fixture(scope="module")
def app() -> Iterator[celery.Celery]:
    made = celery.Celery("shop", broker="memory://", backend="cache+memory://")
    made.conf.update(broker_connection_retry_on_startup=False, worker_hijack_root_logger=False)

    @made.task(name="shop.double")
    def double(n: int) -> int:
        with sightline.span("inside"):
            return 2 * n

    @made.task(name="shop.fails")
    def fails() -> None:
        raise ValueError("no")

    @made.task(name="shop.retries", bind=True, max_retries=1)
    def retries(self: celery.Task) -> str:
        if self.request.retries == 0:
            raise self.retry(countdown=0, exc=RuntimeError("again"))
        return "done"

    instrument_celery(made)
    instrument_celery(made)
    with start_worker(made, pool="solo", perform_ping_check=False, loglevel="ERROR"):
        yield made


def test_celery_carries_trace_and_context(app: celery.Celery, memory: Memory) -> None:
    with sightline.span("request") as request, sightline.context(user="ada"):
        result = app.tasks["shop.double"].delay(4)
    assert result.get(timeout=10) == 8
    wait_until(lambda: len(memory.exporter.get_finished_spans()) == 3, "the task's span")
    by_name = {s.name: s for s in memory.spans(3)}
    ran, inside = by_name["shop.double"], by_name["inside"]
    assert f"{ran.context.trace_id:032x}" == request.trace_id
    assert ran.parent is not None
    assert f"{ran.parent.span_id:016x}" == request.span_id
    assert inside.parent is not None
    assert inside.parent.span_id == ran.context.span_id
    attributes = ran.attributes or {}
    assert (attributes["messaging.message.id"], attributes["sightline.job.attempt"]) == (result.id, 1)


def test_celery_failures_and_retries(app: celery.Celery, memory: Memory) -> None:
    with pytest.raises(ValueError, match="no"):
        app.tasks["shop.fails"].delay().get(timeout=10)
    assert memory.one().status.status_code is StatusCode.ERROR
    memory.exporter.clear()
    with sightline.span("request"):
        result = app.tasks["shop.retries"].delay()
    assert result.get(timeout=10) == "done"
    runs = [s for s in memory.spans(3) if s.name == "shop.retries"]
    assert sorted((s.attributes or {})["sightline.job.attempt"] for s in runs) == [1, 2]
    assert len({s.context.trace_id for s in runs}) == 1


def test_celery_eagerly_is_below_who_asks(app: celery.Celery, memory: Memory) -> None:
    with sightline.span("request") as request:
        assert app.tasks["shop.double"].apply(args=[2]).get() == 4
    spans = memory.spans(3)
    assert {f"{s.context.trace_id:032x}" for s in spans} == {request.trace_id}
