"""JSON Schemas of bodies and answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sightline.control.names import LIMITS
from sightline.query.scrape import KINDS, LABELS, MOST_SETS

Schema = Mapping[str, Any]
TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
MAYBE_WHOLE: Schema = {"type": ["integer", "null"]}
MAYBE_NUMBER: Schema = {"type": ["number", "null"], "description": "null is unknown, never 0."}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time", "description": "UTC, nine digits of a second."}
WHEN: Schema = {"type": "string"}
TARGET: Schema = {"type": "string", "enum": ["spans", "traces"]}
CURSOR: Schema = {
    "type": ["string", "null"],
    "description": "Ask for the next page with it; null at the end.",
}
ANYTHING: Schema = {"type": "object", "additionalProperties": True}
PROJECT_NAME: Schema = {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,62}$"}
DAYS: Schema = {"type": "integer", "minimum": 1, "maximum": 36500}


# What a figure says of sampled rows, beside its value.
OF_ESTIMATES: Mapping[str, Schema] = {
    "stored": {
        **MAYBE_WHOLE,
        "description": "Rows that an estimate was made of; null where nothing was left out by sampling.",
    },
    "margin": {
        **MAYBE_NUMBER,
        "description": "Half the width of the 95 % interval around an estimate; null where none is known.",
    },
    "at_least": {**FLAG, "description": "What sampling left out may have more: a lower bound."},
}


def record(*required: str, **properties: Schema) -> Schema:
    """An object; `required` names the properties it always has (all, when none is named)."""
    return {"type": "object", "properties": properties, "required": list(required or properties)}


def strict(*required: str, **properties: Schema) -> Schema:
    """An object of a request: nothing but these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def shown(schema: Schema, **example: Any) -> Schema:
    """A body with one that works, for people to begin with."""
    return {**schema, "examples": [example]}


def listed(schema: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": schema}


def told(**properties: Schema) -> Schema:
    """An answer about a selection: what was asked as it was understood, and what was found."""
    asked = {
        "project": PROJECT_NAME,
        "since": TIME,
        "until": TIME,
        "environment": MAYBE_TEXT,
        "filter": {**TEXT, "description": "The canonical text of the filter."},
        "target": TARGET,
    }
    return record(**asked, **properties)


SQL_BODY = shown(
    strict(
        "query",
        query={"type": "string", "minLength": 1, "maxLength": 65536, "description": "One SELECT."},
        parameters={
            "type": "object",
            "description": "Values for {name:Type} in the query.",
            "additionalProperties": True,
        },
    ),
    query="SELECT model, count() AS calls FROM spans GROUP BY model",
)
SQL_ANSWER = record(
    columns=listed(TEXT),
    types=listed(TEXT),
    data=listed(ANYTHING),
    rows=WHOLE,
    truncated=FLAG,
    elapsed_ms=NUMBER,
)
SPAN = record(
    "span_id",
    "name",
    "start_time",
    "duration_ns",
    trace_id=TEXT,
    span_id=TEXT,
    parent_span_id=TEXT,
    name=TEXT,
    kind=TEXT,
    status=TEXT,
    start_time=TIME,
    duration_ns=WHOLE,
    attributes=ANYTHING,
)
TRACE = record("trace_id", "spans", "next", trace_id=TEXT, spans=listed(SPAN), next=CURSOR)
LOG = record(
    "key",
    "time",
    "body",
    "attributes",
    "resource",
    key=TEXT,
    time=TIME,
    observed_time=TIME,
    received_at=TIME,
    severity=MAYBE_TEXT,
    severity_number=MAYBE_WHOLE,
    severity_text=MAYBE_TEXT,
    event=MAYBE_TEXT,
    service=MAYBE_TEXT,
    service_version=MAYBE_TEXT,
    environment=MAYBE_TEXT,
    scope=MAYBE_TEXT,
    trace_id=MAYBE_TEXT,
    span_id=MAYBE_TEXT,
    body=TEXT,
    body_type=TEXT,
    attributes=ANYTHING,
    resource=ANYTHING,
    dropped_attributes=WHOLE,
    contents=listed(ANYTHING),
)
LOGS = record(
    project=TEXT, filter=TEXT, environment=MAYBE_TEXT, since=TIME, until=TIME, logs=listed(LOG), next=CURSOR
)
METRIC_INFO = record(
    name=TEXT,
    type=TEXT,
    unit=TEXT,
    description=TEXT,
    temporality=MAYBE_TEXT,
    monotonic=FLAG,
    points=WHOLE,
    series=MAYBE_NUMBER,
    first_seen=TIME,
    last_seen=TIME,
    services=listed(TEXT),
)
METRICS = record(
    project=TEXT,
    filter=TEXT,
    environment=MAYBE_TEXT,
    since=TIME,
    until=TIME,
    metrics=listed(METRIC_INFO),
    total=WHOLE,
    next=CURSOR,
)
METRIC_LINE = record(
    group=MAYBE_TEXT,
    other=FLAG,
    quantile=MAYBE_TEXT,
    filter=MAYBE_TEXT,
    whole=MAYBE_NUMBER,
    values=listed(MAYBE_NUMBER),
)
METRIC = record(
    project=TEXT,
    filter=TEXT,
    environment=MAYBE_TEXT,
    since=TIME,
    until=TIME,
    metric=METRIC_INFO,
    aggregate=TEXT,
    by=MAYBE_TEXT,
    starts=listed(TIME),
    end=TIME,
    step_seconds=NUMBER,
    groups=WHOLE,
    lines=listed(METRIC_LINE),
    exemplars=listed(ANYTHING),
)
PROJECT = record(name=PROJECT_NAME, created_at=TIME, retention_days=WHOLE, content_days=WHOLE)
PROJECTS = record(projects=listed(PROJECT))
PROJECT_BODY = shown(
    strict("name", name=PROJECT_NAME, retention_days=DAYS, content_days=DAYS),
    name="shop",
    retention_days=90,
    content_days=14,
)
SCOPE: Schema = {"type": "string", "enum": ["ingest", "read", "admin", "public"]}
PUBLIC_TERMS = record(
    origins=listed(TEXT), requests=WHOLE, items=WHOLE, address_requests=WHOLE, address_items=WHOLE,
    request_bytes=WHOLE,
)  # fmt: skip
KEY = record(
    "id", "project", "scope", id=TEXT, project=TEXT, scope=SCOPE, label=TEXT, created_at=TIME,
    public=PUBLIC_TERMS, key={"type": "string", "description": "Of a public key alone."},
)  # fmt: skip
KEYS = record(keys=listed(KEY))
_LABEL: Schema = {"type": "string", "maxLength": 200}
_TERMS: dict[str, Schema] = {
    "origins": {
        "type": "array",
        "items": {"type": "string", "maxLength": 300},
        "maxItems": 50,
        "description": "Of a public key: the sites whose pages may use it, such as https://app.example,"
        " https://*.example.com, or * for all.",
    },
    **{
        name: {
            "type": "integer",
            "minimum": least,
            "maximum": most,
            "description": f"Of a public key: {what}.",
        }
        for (name, (least, most)), what in zip(
            LIMITS.items(),
            (
                "requests a minute",
                "spans and log records a minute",
                "requests a minute from one address",
                "spans and log records a minute from one address",
                "bytes of one request, unpacked",
            ),
            strict=True,
        )
    },
}
KEY_BODY = shown(strict("scope", scope=SCOPE, label=_LABEL, **_TERMS), scope="read", label="dashboards")
KEY_CHANGE_BODY = shown(strict(label=_LABEL, **_TERMS), origins=["https://app.example"], requests=6000)
NEW_KEY = record(
    "id", "key", id=TEXT, project=TEXT, scope=SCOPE, key={"type": "string", "description": "Shown once."}
)
PRICE_ITEM = strict(
    "provider",
    "model",
    "valid_from",
    "rates",
    provider={"type": "string", "minLength": 1, "maxLength": 200},
    model={"type": "string", "minLength": 1, "maxLength": 200, "description": "A name, or a pattern with *."},
    valid_from={"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    rates={"type": "object", "description": "Keys of a price file's entry: input, output, cache_read, …"},
    note={"type": "string", "maxLength": 200},
    every_project=FLAG,
)
PRICES_BODY = shown(
    strict("prices", prices=listed(PRICE_ITEM)),
    prices=[
        {
            "provider": "acme",
            "model": "chat-*",
            "valid_from": "2026-11-01",
            "rates": {"input": 1.5, "output": 6},
        }
    ],
)
PRICE = record(
    "version", "provider", "model", version=WHOLE, provider=TEXT, model=TEXT, valid_from=TEXT, rates=ANYTHING
)
PRICES = record(prices=listed(PRICE))
ENTRY = record(
    "id", "reason", id=TEXT, kind=TEXT, reason=TEXT, time=TIME, signal=TEXT, project=TEXT, items=WHOLE
)
QUARANTINE = record(entries=listed(ENTRY))
DECIDED = record(id=TEXT)
_ACCOUNT: Schema = {
    "type": ["object", "null"],
    "properties": {
        "state": {
            "type": "string",
            "enum": ["complete", "waiting", "dropped", "missing", "unnumbered", "quiet"],
        },
        "says": {**TEXT, "description": "The verdict in words."},
        "missing": {**WHOLE, "description": "What is lost or late without a reason."},
        "stored": {**WHOLE, "description": "Rows of the time asked about."},
        "numbers": {"type": ["object", "null"], "additionalProperties": True},
        "report": {"type": ["object", "null"], "additionalProperties": True},
    },
}
_SENDER = record(
    sender=MAYBE_TEXT, service=MAYBE_TEXT, version=MAYBE_TEXT, sdk=MAYBE_TEXT, first_seen=TIME,
    last_seen=TIME, spool_bytes=MAYBE_WHOLE, missing=WHOLE, spans=_ACCOUNT, logs=_ACCOUNT,
)  # fmt: skip
SENDERS = record(
    project=PROJECT_NAME, since=TIME, until=TIME, senders=listed(_SENDER), more=FLAG, quarantined=WHOLE
)
BACKUP_BODY = shown(
    strict("directory", directory={"type": "string", "minLength": 1, "maxLength": 4096}),
    directory="/backups/monday",
)
SCRAPE_BODY = shown(
    strict(
        "labels",
        labels={"type": "array", "items": {"type": "string", "enum": list(LABELS)}},
        kinds={"type": "array", "items": {"type": "string", "enum": list(KINDS)}},
        sets={"type": "integer", "minimum": 1, "maximum": MOST_SETS, "description": "Most label sets."},
    ),
    labels=["model", "team"],
)
SCRAPE_SETTINGS = record(labels=listed(TEXT), kinds=listed(TEXT), sets=WHOLE)
HEALTH = record(
    "status",
    "versions",
    status={"type": "string", "enum": ["ok", "degraded"]},
    versions=ANYTHING,
    store=ANYTHING,
    public_keys=listed(
        record(
            "id",
            "accepted",
            "refused",
            id=TEXT,
            label=TEXT,
            accepted=WHOLE,
            refused=ANYTHING,
            last_refused_at=MAYBE_TEXT,
            last_reason=MAYBE_TEXT,
            last_origin=TEXT,
        )
    ),
)
PROBLEM = record(
    "title", "status", "detail", type=TEXT, title=TEXT, status=WHOLE, detail=TEXT, instance=TEXT, reason=TEXT,
    position=WHOLE, length=WHOLE, suggestion=TEXT, errors=listed(record(pointer=TEXT, detail=TEXT)),
)  # fmt: skip
