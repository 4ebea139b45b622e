"""Logs: every kind of body, typed attributes, content apart, linked to spans."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from digest.compare import content
from digest.engine import Engine
from digest.otlp import START, any_value, key_values
from sightline.catalog.conventions import conventions
from sightline.records.ingest import Signal


def request(*records: LogRecord, resource: Any = ()) -> ExportLogsServiceRequest:
    """A request of log records."""
    found = ExportLogsServiceRequest()
    outer = found.resource_logs.add()
    outer.resource.attributes.extend(key_values(dict(resource).items()))
    inner = outer.scope_logs.add()
    inner.scope.name, inner.scope.version = "app", "1.2"
    inner.log_records.extend(records)
    return found


def record(body: Any = "hi", attributes: Any = (), **more: Any) -> LogRecord:
    """A log record."""
    pairs = attributes.items() if isinstance(attributes, dict) else attributes
    more = {"time_unix_nano": START, "severity_number": 9, "severity_text": "INFO"} | more
    return LogRecord(body=any_value(body), attributes=key_values(pairs), **more)


def stored(engine: Engine, *requests: ExportLogsServiceRequest) -> list[dict[str, Any]]:
    """The rows after digesting requests as one segment, in the order of their severity text."""
    project = engine.fresh()
    assert engine.digest(Signal.LOGS, requests, project) >= 0
    rows = engine.rows(
        "SELECT * EXCEPT (attributes, resource), toJSONString(attributes) AS a, toJSONString(resource) AS r,"
        " JSONAllPathsWithTypes(attributes) AS types, arrayMap(h -> hex(h), `content.hash`) AS hashes,"
        " toUnixTimestamp64Nano(time) AS at, toUnixTimestamp64Nano(observed_time) AS observed"
        " FROM sightline.logs WHERE project = {p:String} ORDER BY severity_text",
        p=project,
    )
    texts = content(engine, project)
    for row in rows:
        row["attributes"], row["resource"] = orjson.loads(row["a"]), orjson.loads(row["r"])
        row["texts"] = dict(zip(row["content.field"], [texts[h] for h in row["hashes"]], strict=True))
    return rows


BODIES = [
    ("text", "text", "string"),
    ("", "", "string"),
    (None, "", "empty"),
    (True, "true", "bool"),
    (False, "false", "bool"),
    (0, "0", "int"),
    (2**53 + 1, "9007199254740993", "int"),
    (-(2**63), str(-(2**63)), "int"),
    (3.0, "3.0", "double"),
    (float("nan"), "nan", "double"),
    (b"\x00\xff", "AP8=", "bytes"),
    ([1, "a", None], '[1,"a",null]', "array"),
    ([], "[]", "array"),
    ({"k": {"x": 2.5}}, '{"k":{"x":2.5}}', "map"),
    ({}, "{}", "map"),
    ("a'b\\c\n\0é😀" * 500, "a'b\\c\n\0é😀" * 500, "string"),
]


def test_bodies_of_every_kind(engine: Engine) -> None:
    rows = stored(
        engine, request(*[record(body, severity_text=f"{i:03}") for i, (body, _, _) in enumerate(BODIES)])
    )
    assert [(row["body"], row["body_type"]) for row in rows] == [(text, kind) for _, text, kind in BODIES]


@pytest.mark.parametrize("body", BODIES, ids=lambda b: b[2])
def test_a_body_alone(engine: Engine, body: tuple[Any, str, str]) -> None:
    (row,) = stored(engine, request(record(body[0])))
    assert (row["body"], row["body_type"]) == body[1:]


def test_a_record_is_linked_to_its_span_and_keeps_its_surroundings(engine: Engine) -> None:
    made = record(
        trace_id=bytes(15) + b"\x01", span_id=bytes(7) + b"\x02", event_name="e", dropped_attributes_count=3,
        observed_time_unix_nano=START + 5, severity_number=17,
    )  # fmt: skip
    resource = {"service.name": "shop", "service.version": "2", "deployment.environment": "dev", "n": 1}
    (row,) = stored(engine, request(made, resource=resource))
    assert (row["trace_id"], row["span_id"]) == ("0" * 31 + "1", "0" * 15 + "2")
    assert (row["service"], row["service_version"], row["environment"]) == ("shop", "2", "dev")
    assert (row["scope"], row["scope_version"], row["event_name"]) == ("app", "1.2", "e")
    assert (row["severity_number"], row["dropped_attributes"]) == (17, 3)
    assert (row["at"], row["observed"]) == (START, START + 5)
    assert row["resource"]["n"] == 1
    (alone,) = stored(engine, request(record()))
    assert (alone["trace_id"], alone["span_id"], alone["service"]) == ("", "", None)


def test_a_record_without_a_time_stands_where_it_was_observed_or_received(engine: Engine) -> None:
    (row,) = stored(engine, request(record(time_unix_nano=0, observed_time_unix_nano=START + 7)))
    assert row["at"] == START + 7
    (row,) = stored(engine, request(record(time_unix_nano=0)))
    assert row["at"] == row["observed"] > START


@pytest.mark.parametrize("at", [1, 2**63 - 1, 2**63, 2**64 - 1])
def test_absurd_times(engine: Engine, at: int) -> None:
    (row,) = stored(engine, request(record(time_unix_nano=at, observed_time_unix_nano=at)))
    assert row["at"] == min(at, 2**63 - 1)


def test_attributes_keep_their_types(engine: Engine) -> None:
    values = {
        "s": "x",
        "i": 2**53 + 1,
        "d": 3.0,
        "b": True,
        "a": [1, 2],
        "m": {"x": 1},
        "n": float("inf"),
        "y": b"\x01",
    }
    (row,) = stored(engine, request(record(attributes=values)))
    assert row["attributes"]["i"] == 2**53 + 1
    assert row["attributes"]["n"] == "inf"
    assert {k: row["types"][k] for k in ("s", "i", "d", "b", "m.x")} == {
        "s": "String", "i": "Int64", "d": "Float64", "b": "Bool", "m.x": "Int64",
    }  # fmt: skip


def test_content_and_numbered_keys_go_to_content_and_denied_ones_nowhere(engine: Engine) -> None:
    denied = next(k for k in conventions().deny if not k.endswith("*"))
    attributes = {
        "gen_ai.input.messages": '[{"role":"user"}]',
        "llm.input_messages.0.message.content": "hello",
        denied: "secret-value",
        "long": "x" * 50_000,
        "kept": 1,
    }
    (row,) = stored(engine, request(record(attributes=attributes), resource={denied: "secret-value"}))
    assert row["attributes"] == {"kept": 1}
    assert row["texts"] == {
        "attribute:gen_ai.input.messages": '[{"role":"user"}]',
        "attribute:llm.input_messages.0.message.content": "hello",
        "attribute:long": "x" * 50_000,
    }
    assert "secret-value" not in str(row)


def test_a_segment_digested_twice_adds_nothing(engine: Engine) -> None:
    project = engine.fresh()
    for _ in range(2):
        engine.digest(Signal.LOGS, [request(record(), record())], project, token=f"{project}-logs")
    assert engine.scalar("SELECT count() FROM sightline.logs WHERE project = {p:String}", p=project) == 2


def test_hostile_keys_and_an_empty_request(engine: Engine) -> None:
    (row,) = stored(
        engine, request(record(attributes=[("a", 1), ("a.b", 2), ("x", 1), ("x", 2), ("", 3), ("`'\\\"", 4)]))
    )
    assert row["types"]["a.b"] == row["types"]["a"] == "Int64"
    assert row["attributes"]["x"] == 1
    assert stored(engine, ExportLogsServiceRequest()) == []
