"""Log records: the list of a filter, how many over time, one in full, and what stood around it.

The list has the order of the table (time), and records of one moment that of a hash of what they say, so that
a page goes on exactly where the one before ended while others arrive. Records that are alike in both are told
apart by their number. Errors of the store pass through.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sightline.query import trace_rows
from sightline.query.buckets import Buckets, buckets
from sightline.query.filter.compiler import Sql, Statement, indented
from sightline.query.filter.predicates import Always
from sightline.query.filter.vocabulary import LOGS, SEVERITY
from sightline.query.filter.words import SEVERITIES
from sightline.query.row_selection import RowSelection, holds, select_rows
from sightline.query.traces import BadCursor, contents
from sightline.query.window import LATEST, Window
from sightline.records.logs import LogCounts, LogKey, LogLine, LogPage, LogRecord
from sightline.records.trace import Content, ContentRef
from sightline.store.store import Store

MAX_PAGE = 1_000
# How much of a body a line of a list has, in bytes.
LINE_BYTES = 2_000
# How far around a record others of its service are looked for.
AROUND = 3_600 * 10**9
# Steps between records that are named in an address; beyond it the address is not one of ours.
_MOST_ALIKE = 1_000_000
_KEY = re.compile(r"(\d{1,19})-([0-9a-f]{16})-(\d{1,7})")
# By class: 0 is not known, 1 is trace (1 to 4), … 6 is fatal.
NAMES = ("", *SEVERITIES)
CLASS = f"toUInt8(ifNull(intDiv({SEVERITY} + 3, 4), 0))"
HASH = (
    "cityHash64(s.observed_time, s.received_at, s.severity_number, s.severity_text, ifNull(s.service, ''),"
    " s.event_name, s.trace_id, s.span_id, s.body)"
)
_LINE = (
    "toUnixTimestamp64Nano(s.time) AS moment",
    f"{HASH} AS hash",
    f"{CLASS} AS class",
    "s.severity_text AS severity_text",
    "ifNull(s.service, '') AS service_name",
    "ifNull(s.environment, '') AS environment_name",
    "s.event_name AS event",
    "s.scope AS scope_name",
    "s.trace_id AS trace",
    "s.span_id AS span",
    "length(s.body) AS size",
)
_FULL = (
    "s.body AS piece",
    "s.severity_number AS severity_number",
    "s.body_type AS body_type",
    "ifNull(s.service_version, '') AS version",
    "s.scope_version AS scope_version",
    "toUnixTimestamp64Nano(s.observed_time) AS observed",
    "toUnixTimestamp64Nano(s.received_at) AS received",
    "1000 * toUnixTimestamp64Micro(s.digested_at) AS digested",
    "s.source AS source",
    "s.dropped_attributes AS dropped_attributes",
    "s.content.field AS fields",
    "arrayMap(h -> lower(hex(h)), s.content.hash) AS hashes",
    "s.content.size AS sizes",
    "toJSONString(s.attributes) AS attributes_json",
    "toJSONString(s.resource) AS resource_json",
)


def read_key(text: str) -> LogKey:
    """A record's key as an address has it. Raises BadCursor."""
    found = _KEY.fullmatch(text)
    if not found or int(found[1]) > LATEST or int(found[3]) > _MOST_ALIKE:
        raise BadCursor(f"{text[:80]!r} was not made by this server; start again without it")
    return LogKey(int(found[1]), int(found[2], 16), int(found[3]))


async def list_logs(
    store: Store,
    selection: RowSelection,
    *,
    limit: int = 100,
    cursor: str | None = None,
    oldest: bool = False,
) -> LogPage:
    """Records of a selection, latest first or oldest first, from behind a cursor on. Raises BadCursor."""
    rows, more = await _listed(store, selection, limit, cursor, oldest, full=False)
    lines = tuple(_line(row, key) for key, row in rows)
    return LogPage(lines, str(lines[-1].key) if more and lines else None)


async def list_records(
    store: Store,
    selection: RowSelection,
    *,
    limit: int = 100,
    cursor: str | None = None,
    oldest: bool = False,
) -> tuple[tuple[LogRecord, ...], str | None]:
    """The same in full but for their long texts, and the cursor of the page behind. Raises BadCursor."""
    rows, more = await _listed(store, selection, limit, cursor, oldest, full=True)
    records = tuple(_record(row, key, [Content(ref, None, False) for ref in _refs(row)]) for key, row in rows)
    return records, str(records[-1].line.key) if more and records else None


async def _listed(
    store: Store, selection: RowSelection, limit: int, cursor: str | None, oldest: bool, full: bool
) -> tuple[list[tuple[LogKey, dict[str, Any]]], bool]:
    """Rows with their keys, and whether there are more."""
    limit = max(1, min(limit, MAX_PAGE))
    before = read_key(cursor) if cursor else None
    asked = listing(selection, limit + 1, before, oldest, full)
    rows = (await store.fetch(asked.text, asked.parameters, purpose="logs")).dicts()
    found = []
    for row in rows[:limit]:
        alike = before is not None and (before.time, before.hash) == (row["moment"], row["hash"])
        before = LogKey(row["moment"], row["hash"], before.number + 1 if before and alike else 0)
        found.append((before, row))
    return found, len(rows) > limit


def listing(
    selection: RowSelection, limit: int, after: LogKey | None, oldest: bool, full: bool = False
) -> Statement:
    """The statement for the records of a list behind one of them.

    First only times are read, in the table's own order and as far as the page reaches; then the records of
    those times. Hashes of all that is read in one go would take a hundred times as long.
    """
    sql = selection.sql()
    way, sign = ("ASC", ">") if oldest else ("DESC", "<")
    rows = sql.parameters.value("UInt32", limit)
    reached, behind, skipped = [], [], ""
    if after is not None:
        at = f"fromUnixTimestamp64Nano({sql.parameters.value('Int64', after.time)}, 'UTC')"
        behind.append(f"s.time {sign} {at}")
    times = (
        f"SELECT s.time AS t\n{sql.rows(selection.predicate, *behind)}\nORDER BY s.time {way}\nLIMIT {rows}"
    )
    found = f"s.time IN (\n{indented(times)}\n)"
    if after is not None:
        reached = [_reached(sql, after, oldest), f"(s.time = {at} OR {found})"]
        # Those alike that were listed stand at the beginning: which is which makes no difference.
        skipped = f" OFFSET {sql.parameters.value('UInt32', after.number + 1)}"
    else:
        reached = [found]
    said = _FULL if full else (f"substring(s.body, 1, {LINE_BYTES}) AS piece",)
    columns = indented(",\n".join([*_LINE, *said]))
    return sql.statement(
        f"SELECT\n{columns}\n{sql.rows(selection.predicate, *reached)}\n"
        f"ORDER BY s.time {way}, hash {way}\nLIMIT {rows}{skipped}"
    )


def _reached(sql: Sql, key: LogKey, oldest: bool, alike: bool = True) -> str:
    """The condition for what stands at a key or behind it in the order of the list; not `alike`: behind."""
    moment = f"fromUnixTimestamp64Nano({sql.parameters.value('Int64', key.time)}, 'UTC')"
    sign = ">" if oldest else "<"
    same = f"{HASH} {sign}{'=' * alike} {sql.parameters.value('UInt64', key.hash)}"
    return f"s.time {sign}= {moment} AND (s.time {sign} {moment} OR {same})"


async def newer(store: Store, selection: RowSelection, than: LogKey) -> int:
    """How many records of a selection stand before one of them in a list that begins with the latest."""
    sql = selection.sql()
    behind = _reached(sql, than, oldest=True, alike=False)
    asked = sql.statement(f"SELECT count() AS found\n{sql.rows(selection.predicate, behind)}")
    return int((await store.fetch(asked.text, asked.parameters, purpose="logs")).scalar() or 0)


async def log_counts(store: Store, selection: RowSelection, most: int = 60) -> LogCounts:
    """How many records a selection has by severity over time."""
    spread = buckets(selection.window, most=most)
    asked = counting(selection, spread)
    rows = (await store.fetch(asked.text, asked.parameters, purpose="logs")).rows
    counts = [[0] * len(spread.starts) for _ in NAMES]
    for bucket, class_, found in rows:
        counts[int(class_)][int(bucket)] += int(found)
    some = [at for at, row in enumerate(counts) if any(row)]
    return LogCounts(
        spread.starts,
        spread.end,
        spread.step,
        tuple(NAMES[at] for at in some),
        tuple(tuple(counts[at]) for at in some),
        sum(map(sum, counts)),
    )


def counting(selection: RowSelection, spread: Buckets) -> Statement:
    """The statement that counts records by bucket and severity. Days are those of UTC, all alike."""
    sql = selection.sql()
    first = sql.parameters.value("Int64", spread.starts[0])
    step = sql.parameters.value("Int64", spread.step)
    columns = (
        f"intDiv(toUnixTimestamp64Nano(s.time) - {first}, {step}) AS bucket",
        f"{CLASS} AS class",
        "count() AS found",
    )
    chosen = indented(",\n".join(columns))
    return sql.statement(f"SELECT\n{chosen}\n{sql.rows(selection.predicate)}\nGROUP BY bucket, class")


async def log_record(store: Store, project: str, key: LogKey) -> LogRecord | None:
    """One record in full; None when the project has none of this key."""
    asked = reading(project, key)
    rows = (await store.fetch(asked.text, asked.parameters, purpose="log")).dicts()
    return _record(rows[0], key, await contents(store, project, _refs(rows[0]))) if rows else None


def reading(project: str, key: LogKey) -> Statement:
    """The statement for one record. Those that are alike come in the order of their attributes."""
    sql = Sql(Window(project, min(key.time, LATEST - 1), min(key.time + 1, LATEST)), vocabulary=LOGS)
    columns = indented(",\n".join([*_LINE, *_FULL]))
    same = f"{HASH} = {sql.parameters.value('UInt64', key.hash)}"
    return sql.statement(
        f"SELECT\n{columns}\n{sql.rows(Always(), same)}\nORDER BY attributes_json, resource_json, hashes\n"
        f"LIMIT 1 OFFSET {sql.parameters.value('UInt32', key.number)}"
    )


async def around(
    store: Store, project: str, line: LogLine, now: int, each: int = 8
) -> tuple[tuple[LogLine, ...], tuple[LogLine, ...]]:
    """What the same service said before and after a record, oldest first: `each` records on either side."""
    time = line.key.time
    window = Window(project, max(0, time - AROUND), min(LATEST, time + AROUND))
    same = select_rows(LOGS, "", window, now).beside(holds("service", line.service))
    before, after = await asyncio.gather(
        list_logs(store, same, limit=each, cursor=str(line.key)),
        list_logs(store, same, limit=each, cursor=str(line.key), oldest=True),
    )
    return tuple(reversed(before.lines)), after.lines


def _line(row: Mapping[str, Any], key: LogKey) -> LogLine:
    return LogLine(
        key=key,
        severity=NAMES[row["class"]],
        severity_text=row["severity_text"],
        service=row["service_name"],
        environment=row["environment_name"],
        event=row["event"],
        scope=row["scope_name"],
        body=_text(row["piece"]),
        size=row["size"],
        trace_id=row["trace"],
        span_id=row["span"],
    )


def _text(value: Any) -> str:
    # The engine cuts bytes: a character may be torn, and a body of bytes may be none at all.
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _refs(row: Mapping[str, Any]) -> list[ContentRef]:
    return [
        ContentRef(field.removeprefix("attribute:"), hash_, size)
        for field, hash_, size in zip(row["fields"], row["hashes"], row["sizes"], strict=True)
    ]


def _record(row: Mapping[str, Any], key: LogKey, texts: Sequence[Content]) -> LogRecord:
    return LogRecord(
        line=_line({**row, "piece": row["piece"][:LINE_BYTES]}, key),
        severity_number=row["severity_number"],
        body=_text(row["piece"]),
        body_type=row["body_type"],
        observed=row["observed"],
        received=row["received"],
        digested=row["digested"],
        source=row["source"],
        service_version=row["version"],
        scope_version=row["scope_version"],
        dropped_attributes=row["dropped_attributes"],
        attributes=trace_rows.flat(trace_rows.parsed(row["attributes_json"])),
        resource=trace_rows.flat(trace_rows.parsed(row["resource_json"])),
        contents=tuple((text.ref.field, text) for text in texts),
    )
