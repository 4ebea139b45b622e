"""Environments come onto the list by themselves: once, bounded, and with several processes at it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, NumberDataPoint
from structlog.testing import capture_logs

from digest.engine import SECOND, Engine
from digest.otlp import START, key_values, span, traces
from sightline.control.control import Control
from sightline.control.errors import ControlUnavailable
from sightline.digest.environments import _QUESTION, MOST, EnvironmentFinder
from sightline.measures import ENVIRONMENTS_REFUSED
from sightline.records.ingest import Signal
from sightline.store.rows import StoreError

KEY = "deployment.environment.name"


@pytest.fixture
def control(url: str) -> Iterator[Control]:
    """Control over SQLite and over Postgres."""
    opened = Control(url)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def project(engine: Engine, control: Control) -> str:
    """A project that control knows."""
    name = engine.fresh()
    control.create_project(name)
    return name


@pytest.fixture
def finder(engine: Engine, control: Control) -> EnvironmentFinder:
    """A finder that is not started; what other tests have stored was looked at."""
    found = EnvironmentFinder(engine.store, control, engine.clock)
    found.look()
    return found


def send(engine: Engine, finder: EnvironmentFinder, project: str, names: Sequence[str]) -> None:
    """Digest a span in each of these environments, and tell the finder as the loop does."""
    began = engine.clock()
    spans = [span(n, 1, attributes={KEY: name}) for n, name in enumerate(names, 1)]
    engine.digest(Signal.TRACES, [traces(spans)], project)
    finder.stored(began)


def listed(control: Control, project: str) -> list[str]:
    return [environment.name for environment in control.environments(project)]


def refused(reason: str) -> float:
    return float(ENVIRONMENTS_REFUSED.labels(reason)._value.get())


def test_environments_of_all_signals_are_made_once(
    engine: Engine, control: Control, project: str, finder: EnvironmentFinder
) -> None:
    control.create_environment(project, "staging", "before the real one")
    send(engine, finder, project, ["production", "staging", "production"])
    began = engine.clock()
    logs = ExportLogsServiceRequest()
    logs.resource_logs.add().scope_logs.add().log_records.append(LogRecord(time_unix_nano=START))
    logs.resource_logs[0].resource.attributes.extend(key_values([(KEY, "of logs")]))
    engine.digest(Signal.LOGS, [logs], project)
    metrics = ExportMetricsServiceRequest()
    metric = Metric(name="g")
    metric.gauge.data_points.append(NumberDataPoint(time_unix_nano=START, as_int=1))
    metrics.resource_metrics.add().scope_metrics.add().metrics.append(metric)
    metrics.resource_metrics[0].resource.attributes.extend(key_values([(KEY, "of metrics")]))
    engine.digest(Signal.METRICS, [metrics], project)
    finder.stored(began)
    assert finder.look() == 3
    assert listed(control, project) == ["of logs", "of metrics", "production", "staging"]
    assert control.environments(project)[3].description == "before the real one"
    made = [a for a in control.audit(project) if a.action == "environment.create"]
    assert {a.subject for a in made if a.actor == "system"} >= {"of logs", "of metrics", "production"}
    send(engine, finder, project, ["production"])
    assert finder.look() == 0


def test_nothing_new_asks_nothing(
    engine: Engine, finder: EnvironmentFinder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine.store, "query", lambda *_a, **_k: pytest.fail("the store was asked"))
    assert finder.look() == 0


def test_only_parts_written_since_are_read(engine: Engine, project: str, finder: EnvironmentFinder) -> None:
    send(engine, finder, project, ["production"])
    values = {"since": engine.clock() // 1000 - 10**9, "age": 3600}

    def rows_read(question: str) -> int:
        return sum(row[3] for row in engine.reader.query(f"EXPLAIN ESTIMATE {question}", values).rows)

    assert rows_read(_QUESTION) > 0
    assert rows_read(_QUESTION.replace("now()", "(now() + toIntervalHour(2))")) == 0


def test_names_that_control_refuses_are_left_out(
    engine: Engine, control: Control, project: str, finder: EnvironmentFinder
) -> None:
    before = refused("name")
    names = ["x" * 201, "y" * 100_000, "a\x1b[31m", "a\nb", "  ", "good", " padded "]
    with capture_logs() as logs:
        send(engine, finder, project, names)
        finder.look()
    assert listed(control, project) == ["good", "padded"]
    assert refused("name") == before + 4  # blanks name nothing, so the digest has no environment there
    assert len([entry for entry in logs if "not put on its project's list" in entry["event"]]) == 1


def test_a_project_has_a_bounded_number(
    engine: Engine, control: Control, project: str, finder: EnvironmentFinder
) -> None:
    before = refused("limit")
    with capture_logs() as logs:
        send(engine, finder, project, [f"host-{n}" for n in range(MOST + 5)])
        assert finder.look() == MOST
        send(engine, finder, project, [f"host-{n}" for n in range(MOST + 7)])
        assert finder.look() == 0
    assert len(listed(control, project)) == MOST
    assert refused("limit") == before + 7
    [told] = [entry for entry in logs if entry.get("project") == project]
    assert str(MOST) in told["reason"]


def test_a_removed_one_comes_back_when_it_sends(
    engine: Engine, control: Control, project: str, finder: EnvironmentFinder
) -> None:
    send(engine, finder, project, ["production", "staging"])
    assert finder.look() == 2
    control.remove_environment(project, "staging")
    engine.clock.now += 61 * SECOND
    send(engine, finder, project, ["production"])
    assert finder.look() == 0
    send(engine, finder, project, ["staging"])
    assert finder.look() == 1


def test_data_of_a_project_that_is_gone_stops_nothing(
    engine: Engine, control: Control, project: str, finder: EnvironmentFinder
) -> None:
    send(engine, finder, engine.fresh(), ["production"])
    send(engine, finder, project, ["production"])
    assert finder.look() == 1


def test_what_fails_is_found_later(
    engine: Engine,
    control: Control,
    project: str,
    finder: EnvironmentFinder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(error: Exception) -> Any:
        def failing(*_: Any, **__: Any) -> Any:
            raise error

        return failing

    send(engine, finder, project, ["production"])
    with monkeypatch.context() as broken:
        broken.setattr(engine.store, "query", fail(StoreError("gone", 210)))
        assert finder.look() == 0
    with monkeypatch.context() as broken:
        broken.setattr(control, "create_environment", fail(ControlUnavailable("down")))
        assert finder.look() == 0
    with monkeypatch.context() as broken, pytest.raises(ZeroDivisionError):
        broken.setattr(control, "create_environment", fail(ZeroDivisionError()))
        finder.look()
    assert finder.look() == 1


def test_what_a_killed_process_left_is_found_after_the_start(
    engine: Engine, control: Control, project: str, finder: EnvironmentFinder
) -> None:
    send(engine, finder, project, ["production"])
    again = EnvironmentFinder(engine.store, control, engine.clock)
    assert again.look() == 1


def test_processes_at_once_make_each_one_once(
    engine: Engine, url: str, control: Control, project: str, finder: EnvironmentFinder
) -> None:
    names = [f"e{n:02d}" for n in range(20)]
    controls = [Control(url) for _ in range(3)]
    finders = [EnvironmentFinder(engine.store, c, engine.clock) for c in controls]
    send(engine, finder, project, names)
    gate = threading.Barrier(len(finders))
    made: list[int] = []

    def look(one: EnvironmentFinder) -> None:
        gate.wait()
        made.append(one.look())

    threads = [threading.Thread(target=look, args=(f,)) for f in finders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for opened in controls:
        opened.close()
    assert sum(made) == len(names)
    assert listed(control, project) == names
