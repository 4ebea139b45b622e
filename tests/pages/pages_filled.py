"""A server with everything in it: people, keys, prices, a quarantine; and a project full of hostile text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

import pages_story as story
from pages_addresses import Places
from pages_hostile import ALL, CORPUS, MARKDOWN
from pages_parts import Parts
from pages_people import ANN, inhabited

from sightline.control.errors import InvalidValue
from sightline.control.presented import PLAIN_COOKIE
from sightline.control.public_use import Reason
from sightline.control.stored_sessions import Origin
from sightline.journal.quarantine import Entry
from sightline.query.sql_endpoint import SqlEndpoint
from sightline.records.access import Scope
from sightline.records.ingest import Signal
from sightline.settings import StoreSettings
from sightline.store.store import Connection, Store

HOSTILE = "hostile"
_TEXT = ("String", "LowCardinality(String)", "Nullable(String)", "LowCardinality(Nullable(String))")
# Words of ours: the digest writes no others.
_OURS = frozenset(
    ("project", "trace_id", "span_id", "parent_span_id", "kind", "status", "otel_kind", "usage_source",
     "cost_source", "source", "type", "temporality", "body_type")
)  # fmt: skip
PLAIN = Places(
    "default",
    story.trace_id(4),
    f"{story.trace_id(4)[:8]}0000000c",
    "s_0004",
    "u_20566",
    "prod",
    "gpt-4o",
    "queue",
)
HOSTILE_TRACE = hashlib.md5(b"hostile 0", usedforsecurity=False).hexdigest()


def hostile_places() -> Places:
    """The same, in the hostile project: ids are what senders make of them."""
    text = CORPUS[1]
    return Places(HOSTILE, HOSTILE_TRACE, f"{HOSTILE_TRACE[:8]}00000002", text, text, text, text, text)


def hostile_rows(writer: Connection) -> None:
    """Spans, logs and metrics of project `hostile` with hostile text in every text column."""
    hostile_scores(writer)
    told = story.Told()
    columns = _columns(writer, "spans")
    for number, text in enumerate((*CORPUS[1:], CORPUS[0], ALL, *MARKDOWN)):
        trace = hashlib.md5(f"hostile {number}".encode(), usedforsecurity=False).hexdigest()
        start = story.NOW - (30 + number * 40) * story.S
        texts = {name: text for name in columns if name not in ("name", "retention_days")}
        more: dict[str, Any] = {
            **texts, "tags": [text], "finish_reasons": [text], "project": HOSTILE,
            "attributes": {"plain": text, "nested": {"list": [text]}},
            "events": [(start, text, {"exception.message": text, "exception.stacktrace": ALL})],
        }  # fmt: skip
        told.span(trace, 1, None, text, "agent", start, 3 * story.S, 0, content={"input_value": text}, **more)
        for place, kind in enumerate(("llm", "tool", "retriever", "embedding"), 2):
            told.span(
                trace, place, 1, text, kind, start + place * story.MS, story.S, 1,
                content={
                    "input_messages": json.dumps([{"role": text, "content": text}]),
                    "output_messages": json.dumps([{"role": "assistant", "content": text}]),
                    "tool_arguments": json.dumps({text: text}), "tool_result": text,
                    "retrieval_documents": json.dumps([{"content": text, "url": text, "id": text}]),
                },
                **{**more, "status": "error", "usage_source": "own", "cost_source": "unknown", "events": []},
            )  # fmt: skip
    story.store(told, writer)
    moment = f"{(story.NOW - 60 * story.S) // story.S}.000000000"
    texts = (*CORPUS, ALL)
    _into(
        writer, "logs",
        [
            {**dict.fromkeys(_columns(writer, "logs"), text), "project": HOSTILE, "time": moment,
             "observed_time": moment, "received_at": moment, "digested_at": moment, "severity_number": 17,
             "trace_id": HOSTILE_TRACE, "span_id": f"{HOSTILE_TRACE[:8]}00000002", "source": "http",
             "body_type": "string", "attributes": {"said": text}, "retention_days": 365}
            for text in texts
        ],
    )  # fmt: skip
    _into(
        writer, "metrics",
        [
            {**dict.fromkeys(_columns(writer, "metrics"), text), "project": HOSTILE, "time": moment,
             "start_time": moment, "received_at": moment, "digested_at": moment, "type": "gauge",
             "value": 1.5, "temporality": "", "source": "http", "attributes": {"said": text},
             "retention_days": 365}
            for text in texts
        ],
    )  # fmt: skip


def hostile_scores(writer: Connection) -> None:
    """Scores of the hostile trace, its spans and the hostile session, in which every text is hostile."""
    moment = f"{(story.NOW - 60 * story.S) // story.S}.000000000"
    targets = (
        ("span", HOSTILE_TRACE, f"{HOSTILE_TRACE[:8]}00000002", ""),
        ("trace", HOSTILE_TRACE, "", ""),
        ("session", "", "", CORPUS[1]),
    )
    _into(
        writer, "scores",
        [
            {**dict.fromkeys(_columns(writer, "scores"), text), "project": HOSTILE, "time": moment,
             "received_at": moment, "digested_at": moment, "id": f"{text}{target}", "target": target,
             "trace_id": trace, "span_id": span, "session_id": session, "response_id": "", "value": 0.5,
             "data_type": "numeric", "source": "person", "version": 1, "retention_days": 365}
            for text in (*CORPUS, ALL)
            for target, trace, span, session in targets
        ],
    )  # fmt: skip


def _columns(writer: Connection, table: str) -> list[str]:
    """The columns whose text is a sender's."""
    found = writer.query(
        "SELECT name, type FROM system.columns WHERE database = 'sightline' AND table = {t:String}",
        {"t": table},
    ).rows
    return [name for name, kind in found if kind in _TEXT and name not in _OURS]


def _into(writer: Connection, table: str, rows: Sequence[dict[str, Any]]) -> None:
    types = dict(
        writer.query(
            "SELECT name, type FROM system.columns WHERE database = 'sightline' AND table = {t:String}",
            {"t": table},
        ).rows
    )
    names = sorted(rows[0])
    structure = ", ".join(f"`{name}` {types[name]}" for name in names)
    columns = ", ".join(f"`{name}`" for name in names)
    writer.command(
        f"INSERT INTO sightline.{table} ({columns}) SELECT {columns}"
        " FROM format(JSONEachRow, {structure:String}, {lines:String})",
        {"structure": structure, "lines": "\n".join(map(json.dumps, rows))},
    )


def set_aside(folder: Path, name: str, reason: str, project: str, kind: str = "record") -> Entry:
    """An entry of the quarantine in a journal's folder."""
    quarantine = folder / "quarantine"
    quarantine.mkdir(parents=True, exist_ok=True)
    (folder / "ready").mkdir(exist_ok=True)
    ending = "traces.seg" if kind == "record" else "damaged"
    entry = Entry(
        name, kind, reason, story.NOW - 90 * story.S, name, Signal.TRACES, project, "http", 3, 1234,
        story.NOW - 120 * story.S, f"{name}.{ending}",
    )  # fmt: skip
    fields = {f: getattr(entry, f) for f in Entry.__slots__}
    (quarantine / entry.file).write_bytes(b"bytes")
    (quarantine / f"{name}.reason").write_text(json.dumps(fields))
    return entry


@contextmanager
def filled(store: Store, directory: Path) -> Iterator[Parts]:
    """A server in use: `inhabited`, with keys, prices, environments and a quarantine, hostile ones too."""
    with inhabited(store, directory) as parts:
        control = parts.control
        control.create_project(HOSTILE)
        for text in ("production", *CORPUS):
            with suppress(InvalidValue):
                control.create_environment("default", text, text)
            with suppress(InvalidValue):
                control.create_key("default", Scope.INGEST, text)
                public, _ = control.create_key(
                    "default", Scope.PUBLIC, text, origins=["*", "https://a.example"]
                )
                parts.gate.public.refused(public.id, Reason.ORIGIN, text)
            with suppress(InvalidValue):
                control.add_price(text, text, date(2026, 11, 1), {"input": 2.5, "output": 10}, note=text)
            with suppress(InvalidValue):
                control.add_price("*", text, date(2026, 11, 1), {"input": 1}, project=HOSTILE, note=text)
        control.withdraw_price(1)
        parts.prices.renew()
        journal = parts.settings.data / "journal"
        for number, text in enumerate(("the engine refused it", *CORPUS)):
            set_aside(journal, f"20261120T143000-{number:09d}", text, "default")
        set_aside(journal, "20261120T143001-000000000-d7", "a checksum is wrong", "", "damage")
        # The page of SQL asks it.
        sql = SqlEndpoint(store, StoreSettings())
        sql.open()
        parts.sql = sql
        try:
            yield parts
        finally:
            sql.close()


def cookie_of(parts: Parts, email: str = ANN) -> dict[str, str]:
    """The cookie of a browser in which somebody has signed in."""
    person = next(p for p in parts.control.people() if p.email == email)
    return {"name": PLAIN_COOKIE, "value": parts.control.start_session(person, Origin("", ""), 1e6)}
