"""What the store holds of generated spans beside what the reference says."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import orjson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from digest.engine import Engine
from digest.generated import CATALOG, Sent
from digest.otlp import add, span
from sightline.catalog.reference import read
from sightline.catalog.values import parse_json
from sightline.catalog.vocabulary import FieldType
from sightline.digest.canonical import TRACE_WIDE
from sightline.records.ingest import Signal

COLUMNS = [
    c
    for f in CATALOG.span_fields
    if not f.content
    for c in (f.column, f.first)
    if c and f.column not in ("kind",)
] + ["kind"]
LISTS = {f.column for f in CATALOG.span_fields if f.type is FieldType.LIST}
CONTENT = [f.column for f in CATALOG.span_fields if f.content]
PRICED = {"cost_input", "cost_output", "cost_cache_read", "cost_cache_write"}


def send(engine: Engine, batch: Sequence[Sent], project: str, per_request: int = 50) -> None:
    """Digest spans as one segment of several requests; each span is a trace of its own."""
    requests = []
    for first in range(0, len(batch), per_request):
        request = ExportTraceServiceRequest()
        for i, sent in enumerate(batch[first : first + per_request], first + 1):
            facts = sent.facts
            made = span(
                i, i, b"" if facts.is_root else b"\xffparent!", start=facts.start_time, attributes=facts.attributes,  # noqa: E501
                name=facts.name, kind=sent.kind, dropped_attributes_count=facts.dropped_attributes,
                trace_state=facts.trace_state,
            )  # fmt: skip
            made.status.code, made.status.message = facts.status_code, facts.status_message  # type: ignore[assignment]
            add(request, [made], facts.resource, facts.scope)
        requests.append(request)
    engine.digest(Signal.TRACES, requests, project)


def stored(engine: Engine, project: str) -> dict[int, dict[str, Any]]:
    """The rows of a project by the number of their span."""
    texts = content(engine, project)
    rows = engine.rows(
        "SELECT * EXCEPT (attributes, resource), toJSONString(attributes) AS attributes_json, toJSONString(resource) AS resource_json,"  # noqa: E501
        " JSONAllPathsWithTypes(attributes) AS attribute_types,"
        " arrayMap(h -> hex(h), `content.hash`) AS hashes FROM sightline.spans WHERE project = {p:String}",
        p=project,
    )
    for row in rows:
        row["content"] = [(f, texts.get(h)) for f, h in zip(row["content.field"], row["hashes"], strict=True)]
    return {int(row["span_id"], 16): row for row in rows}


def content(engine: Engine, project: str) -> dict[str, str]:
    """All texts of a project by hash (upper-case hex), put together from their parts here."""
    rows = engine.rows(
        "SELECT hex(hash) AS id, hex(argMax(body, expires)) AS body, arrayMap(h -> hex(h), argMax(parts, expires)) AS p"  # noqa: E501
        " FROM sightline.content WHERE project = {p:String} GROUP BY hash",
        p=project,
    )
    known = {row["id"]: row for row in rows}

    def whole(id_: str) -> bytes:
        row = known[id_]
        return bytes.fromhex(row["body"]) + b"".join(whole(part) for part in row["p"])

    return {id_: whole(id_).decode("utf-8", "surrogateescape") for id_ in known}


def same(want: Any, got: Any) -> bool:
    """Equality of values and of their types."""
    if isinstance(want, float) and isinstance(got, float):
        return math.isclose(want, got, rel_tol=1e-15, abs_tol=0.0)
    if isinstance(want, str) and isinstance(got, str) and want[:1] in ("{", "[") and want != got:
        return parse_json(want) == parse_json(got) is not None
    if isinstance(want, list) and isinstance(got, list):
        return len(want) == len(got) and all(map(_same_element, want, got))
    return type(want) is type(got) and bool(want == got)


def _same_element(want: Any, got: Any) -> bool:
    """The same of two elements of a list: the engine writes large doubles inside of them as whole numbers."""
    if isinstance(want, str) and isinstance(got, str) and want[:1] in ("{", "[") and want != got:
        return bool(json.loads(want) == json.loads(got))
    return same(want, got)


def wanted(sent: Sent) -> dict[str, Any]:
    """Every canonical column as the reference reads it, absent ones as the table has them."""
    values = read(sent.facts).values
    return {c: list(values.get(c, ())) if c in LISTS else values.get(c) for c in [*COLUMNS, *CONTENT]}  # type: ignore[arg-type]


def differences(engine: Engine, batch: Sequence[Sent], project: str) -> list[str]:
    """A line for each column that differs."""
    found = []
    rows = stored(engine, project)
    for i, sent in enumerate(batch, 1):
        row = rows.get(i)
        if row is None:
            found.append(f"span {i} is missing")
            continue
        want = wanted(sent)
        texts: dict[str, list[Any]] = {}
        for name, text in row["content"]:
            texts.setdefault(name, []).append(text)
        for column in COLUMNS:
            if column in PRICED and want[column] is None:
                continue
            got = list(row[column]) if column in LISTS else row[column]
            if not same(want[column], got):
                found.append(f"{i} {column}: stored {got!r}, expected {want[column]!r} {_why(sent, column)}")
        for column in CONTENT:
            got = texts.get(column, [None])[0]
            expected = want[column]
            if column in LISTS:
                expected = expected or None
            if not same(expected, got):
                found.append(
                    f"{i} content {column}: stored {got!r}, expected {expected!r} {_why(sent, column)}"
                )
        if row["inherited"]:
            found.append(f"{i}: inherited {row['inherited']} of {TRACE_WIDE}")
    return found


def _why(sent: Sent, column: str) -> str:
    field = next(f for f in CATALOG.fields if column in (f.column, f.first))
    keys = {s.attribute for s in field.sources}
    around = [(k, v) for k, v in sent.facts.attributes if k in keys]
    resource = [(k, v) for k, v in sent.facts.resource if k in keys]
    return f"from {around} resource {resource} scope {sent.facts.scope!r}"[:1500]


def attributes_of(row: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a row as plain data."""
    found: dict[str, Any] = orjson.loads(row["attributes_json"])
    return found
