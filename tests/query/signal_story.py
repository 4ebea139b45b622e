"""Log records and data points with something for every condition, in two projects that say the same.

Rows are dictionaries of columns; what is left out has the column's default. Times are nanoseconds.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sightline.query.window import Window
from sightline.settings import StoreSettings
from sightline.store import schema
from sightline.store.store import Connection, Store, embedded_url

sys.path.insert(0, str(Path(__file__).parents[1] / "pages"))
import pages_hostile

S = 10**9
NOW = 1_795_185_140 * S
HOUR = 3_600 * S
WINDOW = Window("default", NOW - 24 * HOUR, NOW + 1)
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "00f067aa0ba902b7"
ANSI = "\x1b[31mred\x1b[0m \u202etxt.exe \x00 bell\x07"
SAID = "what only a long attribute says: quagga"


def text_hash(text: str) -> str:
    """The hash under which a text is stored."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def record(at: int, body: str, number: int = 9, **columns: Any) -> dict[str, Any]:
    """A log record `at` nanoseconds before now."""
    moment = NOW - at
    return {
        "project": "default", "time": moment, "observed_time": moment, "received_at": moment,
        "digested_at": moment, "severity_number": number, "body": body, "body_type": "string",
        "service": "api", "environment": "prod", "scope": "app", "retention_days": 3650, "attributes": {},
        "resource": {"host.name": "web-1"},
    } | columns  # fmt: skip


def logs() -> list[dict[str, Any]]:
    """The records of both projects."""
    found = [
        record(10 * S, "checkout timed out after 3000 ms", 17, trace_id=TRACE, span_id=SPAN,
               attributes={"http.route": "/pay", "retries": 3}),
        record(20 * S, "checkout started", 9, trace_id=TRACE, attributes={"http.route": "/pay"}),
        record(30 * S, "cache is slow", 13, service="worker"),
        record(40 * S, "only a word", 0, severity_text="WARNING"),
        record(50 * S, "nobody said", 0, service=None, environment=None),
        record(60 * S, '{"msg":"refund","order":{"id":7}}', 5, body_type="map", event_name="order.refund"),
        record(70 * S, ANSI + " " + pages_hostile.ALL, 21, service="<b>evil", environment="staging"),
        record(80 * S, "", 9, event_name="gen_ai.client.inference.operation.details",
               **{"content.field": ["attribute:gen_ai.input.messages"], "content.size": [len(SAID)],
                  "hashes": [text_hash(SAID)]}),
    ]  # fmt: skip
    # Alike in everything that is told apart by, at one moment.
    found += [record(90 * S, "the same again", attributes={"n": n}) for n in range(7)]
    # Many at one moment that differ.
    found += [record(100 * S, f"burst {n}", 9, service="burst") for n in range(40)]
    hidden = {"service": "hidden", "event_name": "hidden.event", "scope": "hidden-scope"}
    found.append(
        record(15 * S, "secret of the other", 17, project="other", environment="hidden-env", **hidden)
    )
    return found


def point(name: str, kind: str, at: int, **columns: Any) -> dict[str, Any]:
    """A data point `at` nanoseconds before now."""
    moment = NOW - at
    return {
        "project": "default", "name": name, "type": kind, "time": moment, "received_at": moment,
        "digested_at": moment, "service": "api", "environment": "prod", "retention_days": 3650,
        "attributes": {}, "resource": {},
    } | columns  # fmt: skip


_TIMES = frozenset({"time", "start_time", "observed_time", "received_at", "digested_at", "exemplars.time"})


def _moment(value: int) -> str:
    # Small numbers would be read as days.
    return f"{value // S}.{value % S:09d}" if value else "1970-01-01 00:00:00"


def write(connection: Connection, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """Store rows of a table."""
    types = dict(
        connection.query(
            "SELECT name, type FROM system.columns WHERE database = 'sightline' AND table = {t:String}",
            {"t": table},
        ).rows
    )
    columns = sorted({key for row in rows for key in row} - {"hashes"})
    structure = ", ".join(f"`{c}` {types[c]}" for c in columns) + ", hashes Array(String)"
    names = ", ".join(f"`{c}`" for c in columns)
    lines = []
    for row in rows:
        line = dict(row)
        for key in _TIMES & row.keys():
            value = row[key]
            line[key] = [_moment(one) for one in value] if isinstance(value, list) else _moment(value)
        lines.append(json.dumps(line).replace("Infinity", '"inf"'))
    hashes = ", `content.hash`" if table == "logs" else ""
    read = ", arrayMap(h -> toFixedString(unhex(h), 16), hashes)" if hashes else ""
    connection.command(
        f"INSERT INTO sightline.{table} ({names}{hashes}) SELECT {names}{read}"
        " FROM format(JSONEachRow, {structure:String}, {lines:String})",
        {"structure": structure, "lines": "\n".join(lines)},
    )


def text(connection: Connection, project: str, body: str) -> None:
    """Store a long text."""
    connection.command(
        "INSERT INTO sightline.content (project, hash, body, parts, expires) SELECT {p:String},"
        " toFixedString(unhex({h:String}), 16), {b:String}, [], toDate('2099-01-01')",
        {"p": project, "h": text_hash(body), "b": body},
    )


@contextmanager
def opened(folder: Path, points: Sequence[dict[str, Any]] = ()) -> Iterator[Store]:
    """A store with the records, and with some data points."""
    store = Store(embedded_url(folder), StoreSettings())
    writer = store.writer()
    schema.migrate(writer)
    write(writer, "logs", logs())
    text(writer, "default", SAID)
    if points:
        write(writer, "metrics", points)
    yield store
    writer.close()
    store.close()
