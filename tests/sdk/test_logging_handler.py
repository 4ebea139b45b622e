"""`logging` and structlog, for real: records beside their spans, never about themselves, bounded."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider
from tests.sdk.sdk_process import run

from sightline.sdk import runtime
from sightline.sdk.events import LogEvent
from sightline.sdk.logging_handler import LoggingHandler, TraceIdFilter, severity
from sightline.sdk.structlog_processor import StructlogProcessor
from sightline.testing import ServerProcess

TRACER = TracerProvider(shutdown_on_exit=False).get_tracer("test")


class Emitted:
    """Stands where the runtime does and keeps what it is given."""

    def __init__(self) -> None:
        self.events: list[LogEvent] = []
        self.loggers: list[logging.Logger] = []

    def emit(self, event: LogEvent) -> None:
        for logger in self.loggers:
            logger.error("said while sending")
        self.events.append(event)


@pytest.fixture
def emitted(monkeypatch: pytest.MonkeyPatch) -> Emitted:
    made = Emitted()
    monkeypatch.setattr(runtime, "current", lambda: made)
    return made


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    logger = logging.getLogger("shop.checkout")
    handler = LoggingHandler()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    yield logger
    logger.removeHandler(handler)


class Nasty:
    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


def test_a_record_has_its_span_and_its_place(emitted: Emitted, log: logging.Logger) -> None:
    with TRACER.start_as_current_span("work") as span:
        log.warning("paid %d of %s", 3, "many", extra={"order": "o-1", "total": 1.5, "tags": ["a"]})
    [event] = emitted.events
    context = span.get_span_context()
    assert (event.trace_id, event.span_id) == (context.trace_id, context.span_id)
    assert (event.body, event.severity) == ("paid 3 of many", 13)
    assert event.attributes["logger.name"] == "shop.checkout"
    assert (event.attributes["order"], event.attributes["total"]) == ("o-1", 1.5)
    assert event.attributes["tags"] == ["a"]
    assert event.attributes["code.function.name"] == "test_a_record_has_its_span_and_its_place"
    assert event.time_ns > 10**18


def test_an_exception_is_told(emitted: Emitted, log: logging.Logger) -> None:
    try:
        raise KeyError("x")
    except KeyError:
        log.exception("failed")
    attributes = emitted.events[0].attributes
    assert attributes["exception.type"] == "KeyError"
    assert attributes["exception.stacktrace"].endswith("KeyError: 'x'\n")


@pytest.mark.parametrize(
    "name", ["sightline", "sightline.sdk.worker", "urllib3.connectionpool", "opentelemetry.sdk"]
)
def test_what_is_said_about_sending_is_not_sent(emitted: Emitted, name: str) -> None:
    LoggingHandler().handle(logging.makeLogRecord({"name": name, "msg": "x"}))
    assert emitted.events == []


def test_nor_what_is_said_while_a_record_is_taken(emitted: Emitted, log: logging.Logger) -> None:
    emitted.loggers.append(log)
    log.info("once")
    assert [e.body for e in emitted.events] == ["once"]


def test_nothing_that_is_logged_does_harm(emitted: Emitted) -> None:
    fields = {"nasty": Nasty(), **{f"f{n}": n for n in range(1000)}}
    for said in ({"msg": "%d", "args": ("no number",)}, {"msg": Nasty()}, {"msg": "x" * 10**6, **fields}):
        LoggingHandler().handle(logging.makeLogRecord(said))
    bodies = [e.body for e in emitted.events]
    assert bodies[0] == "%d"
    assert bodies[1] == "<Nasty>"
    assert len(str(bodies[2])) == 32_000
    assert emitted.events[2].attributes["nasty"] == "<Nasty>"
    assert len(emitted.events[2].attributes) <= 64 + 5


def test_a_runtime_that_fails_is_not_heard(monkeypatch: pytest.MonkeyPatch, log: logging.Logger) -> None:
    monkeypatch.setattr(runtime, "current", lambda: 1 / 0)
    log.info("fine")
    monkeypatch.setattr(runtime, "current", lambda: None)
    log.info("fine")


def test_levels_keep_their_order() -> None:
    told = [severity(level) for level in range(101)]
    assert told == sorted(told)
    assert (told[10], told[20], told[30], told[40], told[50]) == (5, 9, 13, 17, 21)
    assert max(told) == 24


def test_a_filter_gives_ids_to_formats() -> None:
    record, formatter = logging.makeLogRecord({"msg": "m"}), logging.Formatter("%(trace_id)s %(span_id)s")
    assert TraceIdFilter().filter(record)
    assert formatter.format(record) == "- -"
    with TRACER.start_as_current_span("work") as span:
        TraceIdFilter().filter(record)
        context = span.get_span_context()
    assert formatter.format(record) == f"{context.trace_id:032x} {context.span_id:016x}"


def events(**processor: Any) -> list[dict[str, Any]]:
    """Events of a structlog logger that has the processor, as its last processor sees them."""
    seen: list[dict[str, Any]] = []

    def last(logger: Any, method: str, event: dict[str, Any]) -> str:
        seen.append(event)
        raise structlog.DropEvent

    log = structlog.wrap_logger(
        structlog.PrintLogger(),
        processors=[structlog.processors.add_log_level, StructlogProcessor(**processor), last],
    )
    with TRACER.start_as_current_span("work"):
        log.warning("slow", seconds=3, who=Nasty())
        try:
            raise ValueError("v")
        except ValueError:
            log.exception("failed")
    log.info("outside")
    return seen


def test_structlog_events_have_ids(emitted: Emitted) -> None:
    seen = events()
    assert len(seen[0]["trace_id"]) == 32
    assert len(seen[0]["span_id"]) == 16
    assert "trace_id" not in seen[2]
    assert emitted.events == []


def test_structlog_events_are_sent_where_asked(emitted: Emitted) -> None:
    events(ship=True)
    slow, failed, outside = emitted.events
    assert (slow.body, slow.severity, slow.attributes["seconds"]) == ("slow", 13, 3)
    assert slow.attributes["who"] == "<Nasty>"
    assert (failed.severity, failed.attributes["exception.type"]) == (17, "ValueError")
    assert failed.trace_id == slow.trace_id != 0
    assert outside.trace_id == 0


@pytest.mark.flow
def test_a_server_has_the_record_beside_its_span(tmp_path) -> None:
    program = """
        import logging, structlog, sightline
        sightline.init(endpoint={url!r}, service="logs", spool="off", instrument=False)
        logging.getLogger().addHandler(sightline.LoggingHandler())
        logging.getLogger().setLevel(logging.DEBUG)
        structlog.configure(processors=[structlog.processors.add_log_level,
            sightline.StructlogProcessor(ship=True), structlog.processors.JSONRenderer()])
        from opentelemetry import trace
        with trace.get_tracer("mine").start_as_current_span("work"):
            logging.getLogger("shop").error("sold out", extra={{"order": "o-1"}})
            structlog.get_logger().info("sold", amount=3)
        assert sightline.flush()
    """
    with ServerProcess(tmp_path / "data") as server:
        done = run(program.format(url=server.url))
        assert done.returncode == 0, done.stderr
        rows = server.wait_for(
            "SELECT l.body AS body, l.severity_number AS severity, s.name AS span, l.service AS service,"
            " toString(l.attributes.order) AS said, toString(l.attributes.amount) AS amount"
            " FROM logs AS l JOIN spans AS s ON l.span_id = s.span_id AND l.trace_id = s.trace_id"
            " ORDER BY l.time",
            lambda rows: len(rows) == 2,
        )
    assert [(r["body"], r["severity"], r["span"], r["service"]) for r in rows] == [
        ("sold out", 17, "work", "logs"), ("sold", 9, "work", "logs"),
    ]  # fmt: skip
    assert rows[0]["said"] == "o-1"
    assert rows[1]["amount"] == "3"
