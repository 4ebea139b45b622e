"""Traces that were stored before their heads carried sums get them, beside the running server.

A part that was written before the column came does not have it on disk: those parts say where to look. What
was done is done for good; what was not is found again at the next start.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import structlog

from sightline.digest.trace_sums import HEAD, MODELS, NAMES, NUMBERS, SUMS, WEIGHT, model_of
from sightline.store.rows import StoreError
from sightline.store.store import DATABASE, Connection, Store

log = structlog.get_logger(__name__)
# Spans looked at in one step, and how far (ns) the rest of a trace may lie from them.
STEP_SPANS = 250_000
AROUND = 86_400 * 10**9
_LAST = 2**63 - 1
_HOUR = 3_600 * 10**9
_KEY = "project, trace_id, span_id"
_TIME = (
    "start_time >= fromUnixTimestamp64Nano({{{0}:Int64}}, 'UTC')"
    " AND start_time <= fromUnixTimestamp64Nano({{{1}:Int64}}, 'UTC')"
)
_INSIDE, _AROUND = _TIME.format("since", "until"), _TIME.format("first", "last")


def complete_heads(connection: Connection, since: int = 0, until: int = _LAST) -> int:
    """Give a head to each trace that has none and has spans that start from `since` to `until` (ns, both
    included); how many got one.

    Doing it again changes nothing. Errors of the store pass through.
    """
    around = {"first": max(0, since - AROUND), "last": min(_LAST, until + AROUND)}
    connection.command("CREATE DATABASE IF NOT EXISTS sightline_heads ENGINE = Memory")
    table = "sightline_heads.found"
    connection.command(f"DROP TABLE IF EXISTS {table}")
    columns = ", ".join(f"{one.name} {one.type}" for one in SUMS)
    connection.command(
        f"CREATE TABLE {table} (project String, trace_id String, span_id String, {HEAD} UInt8, {columns})"
        f" ENGINE = Join(ANY, LEFT, {_KEY}) SETTINGS persistent = 0"
    )
    rows = (
        "SELECT project, trace_id, span_id, (parent_span_id != '', start_time, span_id) AS place,"
        " toUnixTimestamp64Nano(start_time) AS began, began + toInt64(duration_ns) AS ended,"
        " status = 'error' AS failed, kind, ifNull(usage_source = 'own', false) AS own,"
        f" ifNull(usage_source = 'rollup', false) AS rollup, {', '.join((*NUMBERS, WEIGHT))}, cost_usd,"
        " cost_source,"
        f" CAST({model_of(MODELS)}, 'String') AS model"
        f" FROM {DATABASE}.spans WHERE {_AROUND} AND (project, trace_id) IN (SELECT project, trace_id FROM"
        f" {DATABASE}.spans WHERE {_AROUND} GROUP BY project, trace_id"
        f" HAVING NOT max({HEAD}) AND countIf({_INSIDE}) > 0)"
    )
    sums = ", ".join(one.sql for one in SUMS)
    connection.command(
        f"INSERT INTO {table} SELECT project, trace_id, argMin(span_id, place), 1, {sums} FROM ({rows})"
        " GROUP BY project, trace_id",
        {"since": since, "until": until, **around},
    )
    made = int(
        connection.query(
            "SELECT total_rows FROM system.tables WHERE database || '.' || name = {t:String}", {"t": table}
        ).scalar()
        or 0
    )
    if made:
        key = "toString(project), trace_id, span_id"
        sets = ", ".join(f"{name} = joinGet('{table}', '{name}', {key})" for name in NAMES)
        connection.command(
            f"UPDATE {DATABASE}.spans SET {sets} WHERE {_AROUND} AND joinGet('{table}', '{HEAD}', {key}) = 1",
            around,
            settings={"allow_experimental_lightweight_update": 1},
        )
    connection.command(f"DROP TABLE IF EXISTS {table}")
    return made


def hours_without(connection: Connection) -> list[tuple[int, int, int]]:
    """Hours that have roots and no head in parts from before: beginning and end (ns), and how many spans."""
    old = connection.query(
        "SELECT DISTINCT partition_id FROM system.parts WHERE active AND database = {d:String}"
        " AND table = 'spans' AND name NOT IN (SELECT name FROM system.parts_columns WHERE active"
        f" AND database = {{d:String}} AND table = 'spans' AND column = '{HEAD}')",
        {"d": DATABASE},
    ).rows
    if not old:
        return []
    found = connection.query(
        f"SELECT toUnixTimestamp64Nano(toDateTime64(toStartOfHour(start_time), 9, 'UTC')) AS hour, count()"
        f" FROM {DATABASE}.spans WHERE _partition_id IN {{p:Array(String)}} GROUP BY hour"
        f" HAVING countIf(is_root) > countIf({HEAD}) OR countIf({HEAD}) = 0 ORDER BY hour DESC",
        {"p": [row[0] for row in old]},
    ).rows
    return [(int(hour), int(hour) + _HOUR, int(spans)) for hour, spans in found]


class HeadFiller:
    """A thread that completes heads after a start, the latest first; digesting pauses for each step."""

    def __init__(self, store: Store, hold: Callable[[], AbstractContextManager[None]]) -> None:
        self._store, self._hold = store, hold
        self._stop = threading.Event()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heads", daemon=True)

    @property
    def done(self) -> bool:
        """Whether every trace has its head."""
        return self._done.is_set()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """End after the step under way."""
        self._stop.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            with contextlib.closing(self._store.writer()) as connection:
                self.fill(connection)
                if not self._stop.is_set():
                    self._done.set()
        except StoreError as error:
            log.warning("older traces still lack their sums; the next start goes on", reason=str(error)[:500])
        except Exception:  # the border of the thread
            log.exception("completing older traces failed")

    def fill(self, connection: Connection) -> int:
        """Complete all there is; how many traces got a head."""
        hours = hours_without(connection)
        made = 0
        while hours and not self._stop.is_set():
            until, since, spans = hours[0][1], hours[0][0], hours[0][2]
            hours.pop(0)
            # Neighbouring hours together, as far as a step goes.
            while hours and hours[0][1] == since and spans + hours[0][2] <= STEP_SPANS:
                since, spans = hours[0][0], spans + hours[0][2]
                hours.pop(0)
            with self._hold():
                made += complete_heads(connection, since, until - 1)
        if made:
            # Until patches are part of what they change, every question applies them anew.
            connection.command(f"ALTER TABLE {DATABASE}.spans APPLY PATCHES", settings={"mutations_sync": 0})
            log.info("older traces have their sums now", traces=made)
        return made
