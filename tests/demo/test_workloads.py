"""The workloads of bench/ are made with the demo's parts, so they are tested here."""

from __future__ import annotations

import importlib.util
import json
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.demo.collect import Kept, attributes_of, metrics_of

from sightline.records.ingest import Signal


@pytest.fixture(scope="module")
def workloads() -> ModuleType:
    path = Path(__file__).parents[2] / "bench" / "workloads.py"
    spec = importlib.util.spec_from_file_location("bench_workloads", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_workloads"] = module
    spec.loader.exec_module(module)
    return module


NAMES = ["genai", "mixed", "agent", "chat", "logs", "metrics"]


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_bytes(workloads: ModuleType, name: str) -> None:
    make = workloads.WORKLOADS[name]
    assert list(make(2, 40, 1)) == list(make(2, 40, 1)) != list(make(2, 40, 2))


def count(signal: str, payload: bytes) -> int:
    if signal == "traces":
        traces = ExportTraceServiceRequest.FromString(payload)
        return sum(len(s.spans) for r in traces.resource_spans for s in r.scope_spans)
    if signal == "logs":
        logs = ExportLogsServiceRequest.FromString(payload)
        return sum(len(s.log_records) for r in logs.resource_logs for s in r.scope_logs)
    ExportMetricsServiceRequest.FromString(payload)
    kept = Kept([(Signal.METRICS, payload, 0)])
    return sum(len(getattr(m, m.WhichOneof("data")).data_points) for m in metrics_of(kept))


@pytest.mark.parametrize("name", NAMES)
def test_requests_parse_and_hold_what_they_say(workloads: ModuleType, name: str) -> None:
    loads = list(workloads.WORKLOADS[name](3, 40, 5))
    assert len(loads) == 3
    assert all(count(load.signal, load.payload) == load.items > 0 for load in loads)


def test_files_come_back(workloads: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "load.bin"
    workloads.main(["chat", "--requests", "3", "--spans", "30", "--seed", "9", "--out", str(out)])
    said = json.loads(capsys.readouterr().out)
    loads = list(workloads.chat(3, 30, 9))
    assert list(workloads.read(out)) == [load.payload for load in loads]
    assert said["items"] == sum(load.items for load in loads) and said["requests"] == 3


def test_genai_spans_have_the_size_the_figures_are_given_for(workloads: ModuleType) -> None:
    loads = list(workloads.genai(2, 400, 7))
    each = sum(len(load.payload) for load in loads) / sum(load.items for load in loads)
    assert 1750 < each < 1950


def test_mixed_key_sets_differ_by_the_thousand(workloads: ModuleType) -> None:
    sets = set()
    for load in workloads.mixed(4, 500, 7):
        for group in ExportTraceServiceRequest.FromString(load.payload).resource_spans:
            for part in group.scope_spans:
                sets.update(frozenset(attributes_of(span.attributes)) for span in part.spans)
    assert len(sets) > 1000


def test_an_agent_resends_everything(workloads: ModuleType) -> None:
    load = next(workloads.agent(1, 0, 7))
    request = ExportTraceServiceRequest.FromString(load.payload)
    calls = [
        json.loads(attributes_of(span.attributes)["gen_ai.input.messages"])
        for span in request.resource_spans[0].scope_spans[0].spans
        if span.name.startswith("chat ")
    ]
    assert len(calls) == workloads.TURNS
    assert all(after[: len(before)] == before for before, after in pairwise(calls))
    once = len(json.dumps(calls[-1], ensure_ascii=False))
    assert len(load.payload) > 20 * once
