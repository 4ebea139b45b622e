"""Traces that arrive in several segments: their derived columns are computed again and only what changed is
patched.

A child may come before its parent, a root hours later, a span twice. After each segment the traces that go on
are read back (a few narrow columns), derived anew, and the differences are written as lightweight updates.
Running it twice changes nothing.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import numpy as np

from sightline.digest import tree
from sightline.digest.canonical import TRACE_WIDE
from sightline.digest.recent import Span
from sightline.digest.trace_sums import HEAD, MODELS, NAMES, NUMBERS, SUMS, WEIGHT, model_of
from sightline.digest.usage import USAGE_COLUMNS, called_expression, figures_expression, role_expression
from sightline.store.store import DATABASE, Connection

_SETTLED = np.dtype(
    [("row", "<u4"), ("own", "<u8"), ("depth", "<u2"), ("usage", "u1"), ("skew", "<u8"), ("dead", "u1")]
)
# Parts of a computed cost.
COMPUTED = ("cost_input", "cost_cache_read", "cost_cache_write", "cost_output", "cost_request")
_KEY = "project, trace_id, span_id"


# Scratch tables on a server, which several processes digest into.
REMOTE_SCRATCH = "sightline_scratch"
_KEPT_DAYS = 7


def own_name(now: int) -> str:
    """What tells the scratch tables of one process on a server from those of others; `now` in ns."""
    return f"{datetime.fromtimestamp(now / 1e9, UTC):%Y%m%d}_{uuid.uuid4().hex[:12]}"


def drop_leftovers(connection: Connection, now: int) -> int:
    """Drop scratch tables that processes left on a server a week ago; returns how many.

    One that still runs finds its tables missing and makes them anew.
    """
    before = datetime.fromtimestamp(now / 1e9, UTC) - timedelta(days=_KEPT_DAYS)
    left = connection.query(
        "SELECT name FROM system.tables WHERE database = {d:String}"
        " AND extract(name, '^(?:fixes|dead)_([0-9]{8})_') BETWEEN '1' AND {day:String}",
        {"d": REMOTE_SCRATCH, "day": f"{before:%Y%m%d}"},
    ).rows
    for (name,) in left:
        connection.command(f"DROP TABLE IF EXISTS {REMOTE_SCRATCH}.{name}")
    return len(left)


class Settler:
    """Settles traces in the store through one writing connection; `name` is part of its scratch tables'."""

    def __init__(self, connection: Connection, scratch: str, name: str) -> None:
        self._connection = connection
        self._fixes = f"{scratch}.fixes_{name}"
        self._dead = f"{scratch}.dead_{name}"
        connection.command(f"CREATE DATABASE IF NOT EXISTS {scratch} ENGINE = Memory")
        for table in (self._fixes, self._dead):
            connection.command(f"DROP TABLE IF EXISTS {table}")
        wide = ", ".join(f"{n} Array(String)" if n == "tags" else f"{n} Nullable(String)" for n in TRACE_WIDE)
        connection.command(
            f"CREATE TABLE {self._fixes} (project String, trace_id String, span_id String, hit UInt8, own_ns"
            " UInt64,"
            f" depth UInt16, usage_source Nullable(String), skew_ns UInt64, inherited UInt16, {wide},"
            f" {HEAD} Bool, {', '.join(f'{one.name} {one.type}' for one in SUMS)})"
            f" ENGINE = Join(ANY, LEFT, {_KEY}) SETTINGS persistent = 0"
        )
        connection.command(
            f"CREATE TABLE {self._dead} (project String, trace_id String, span_id String, digested_at"
            " DateTime64(6, 'UTC'),"
            f" hit UInt8) ENGINE = Join(ANY, LEFT, {_KEY}, digested_at) SETTINGS persistent = 0"
        )

    def settle(self, touched: str, span: Span) -> int:
        """Settle the traces of the table `touched` (project, trace_id); their spans start within `span`.

        Returns the number of rows patched or removed.
        """
        where = (
            f"start_time >= fromUnixTimestamp64Nano({span.first}, 'UTC')"
            f" AND start_time <= fromUnixTimestamp64Nano({span.last}, 'UTC')"
            f" AND project IN (SELECT project FROM {touched}) AND trace_id IN (SELECT trace_id FROM"
            f" {touched})"
        )
        self._read(touched, where)
        spans = self._connection.table(
            "SELECT toUInt64(row), sipHash64(project, toFixedString(unhex(trace_id), 16)),"
            " reinterpretAsUInt64(unhex(span_id)),"
            " reinterpretAsUInt64(unhex(parent_span_id)), start, start + duration,"
            f" usage, {role_expression()}, toUInt64(toUnixTimestamp64Micro(digested_at)),"
            f" {figures_expression(NUMBERS, '')}, {called_expression(MODELS, '')}, sipHash64(toString(scope))"
            " FROM live",
            tree.SPAN,
        )
        if not len(spans):
            return 0
        derived = tree.derive(spans)
        settled = np.zeros(len(spans), _SETTLED)
        settled["row"], settled["own"], settled["depth"] = spans["row"], derived.own, derived.depth
        settled["usage"], settled["skew"], settled["dead"] = derived.source, derived.skew, derived.superseded
        self._connection.command("DROP TEMPORARY TABLE IF EXISTS settled")
        self._connection.command(
            "CREATE TEMPORARY TABLE settled (row UInt32, own UInt64, depth UInt16, usage UInt8, skew UInt64,"
            " dead UInt8)"
            " ENGINE = Memory"
        )
        self._connection.insert_raw(
            "settled", ("row", "own", "depth", "usage", "skew", "dead"), settled.tobytes(), "RowBinary"
        )
        changed = self._patch(where)
        if derived.superseded.any():
            changed += self._remove(where)
        return changed

    def _read(self, touched: str, where: str) -> None:
        usage = " OR ".join(f"isNotNull({name})" for name in USAGE_COLUMNS)
        self._connection.command("DROP TEMPORARY TABLE IF EXISTS live")
        self._connection.command(
            "CREATE TEMPORARY TABLE live ENGINE = Memory AS SELECT rowNumberInAllBlocks() AS row,"
            " toString(project) AS project,"
            " trace_id, span_id, parent_span_id, toUnixTimestamp64Nano(start_time) AS start,"
            f" toInt64(duration_ns) AS duration, kind, toUInt8({usage}) AS usage, own_ns, depth,"
            " usage_source, skew_ns, scope,"
            f" inherited, digested_at, status, {', '.join((*NUMBERS, *MODELS, WEIGHT))}, cost_usd,"
            " cost_source,"
            f" {', '.join((*TRACE_WIDE, *NAMES))} FROM {DATABASE}.spans"
            f" WHERE {where} AND (project, trace_id) IN (SELECT project, trace_id FROM {touched})"
        )

    def _patch(self, where: str) -> int:
        """Write the rows whose derived values differ; returns how many."""
        order = "(parent_span_id != '', start, span_id)"
        # What a span said itself, apart from what it took over from its trace.
        own = {
            n: f"if(bitTest(inherited, {i}), {'[]' if n == 'tags' else 'NULL'}, {n})"
            for i, n in enumerate(TRACE_WIDE)
        }
        said = {n: f"notEmpty({value})" if n == "tags" else f"isNotNull({value})" for n, value in own.items()}
        per_trace = ", ".join(f"argMinIf({value}, {order}, {said[n]}) AS t_{n}" for n, value in own.items())
        new = ", ".join(f"if({said[n]}, {value}, t_{n}) AS n_{n}" for n, value in own.items())
        bits = " + ".join(
            f"if(NOT {said[n]} AND {'notEmpty' if n == 'tags' else 'isNotNull'}(t_{n}), {1 << i}, 0)"
            for i, n in enumerate(TRACE_WIDE)
        )
        differs = " OR ".join(
            [f"n_{n} != {n}" if n == "tags" else f"NOT (n_{n} <=> {n})" for n in TRACE_WIDE]
            + ["s.own != own_ns", "s.depth != l.depth", "s.skew != skew_ns", "n_inherited != inherited"]
            + ["NOT (transform(s.usage, [1, 2], ['own', 'rollup'], NULL) <=> usage_source)"]
            + [f"n_{HEAD} != l.{HEAD}", *(one.differs(f"n_{one.name}", f"l.{one.name}") for one in SUMS)]
        )
        heads = f"(l.span_id, l.digested_at) = t.head AS n_{HEAD}, " + ", ".join(
            f"if(n_{HEAD}, t.s_{one.name}, {one.nothing}) AS n_{one.name}" for one in SUMS
        )
        rows = (
            "SELECT live.*, live.start AS began, live.start + live.duration AS ended,"
            f" status = 'error' AS failed, CAST({model_of(MODELS)}, 'String') AS model,"
            " of.usage = 1 AS own, of.usage = 2 AS rollup"
            " FROM live INNER JOIN settled AS of ON live.row = of.row WHERE of.dead = 0"
        )
        sums = ", ".join(f"{one.sql} AS s_{one.name}" for one in SUMS)
        self._connection.command(f"TRUNCATE TABLE {self._fixes}")
        names = ("own_ns", "depth", "usage_source", "skew_ns", "inherited", *TRACE_WIDE, *NAMES)
        self._connection.command(
            f"INSERT INTO {self._fixes} (project, trace_id, span_id, hit, {', '.join(names)})"
            " SELECT l.project, l.trace_id, l.span_id, 1, s.own, s.depth,"
            f" transform(s.usage, [1, 2], ['own', 'rollup'], NULL), s.skew, toUInt16({bits}) AS n_inherited,"
            f" {new}, {heads}"
            " FROM live AS l INNER JOIN settled AS s ON l.row = s.row"
            f" INNER JOIN (SELECT project, trace_id, {per_trace}, {sums},"
            f" argMin((span_id, digested_at), {order}) AS head FROM ({rows}) GROUP BY project, trace_id) AS t"
            f" ON l.project = t.project AND l.trace_id = t.trace_id WHERE s.dead = 0 AND ({differs})"
        )
        count = self._connection.query(
            "SELECT total_rows FROM system.tables WHERE database || '.' || name = {t:String}",
            {"t": self._fixes},
        ).scalar()
        if count:
            fix = {n: f"joinGet('{self._fixes}', '{n}', toString(project), trace_id, span_id)" for n in names}
            # A span that turns out to repeat what stands below it costs nothing of its own.
            repeats = f"ifNull({fix['usage_source']} = 'rollup', 0)"
            fix |= {n: f"if({repeats}, NULL, {n})" for n in ("cost_usd", "cost_source", "price_version")}
            fix |= {n: f"if({repeats} AND isNotNull(price_version), NULL, {n})" for n in COMPUTED}
            sets = ", ".join(f"{n} = {value}" for n, value in fix.items())
            self._connection.command(
                f"UPDATE {DATABASE}.spans SET {sets} WHERE {where}"
                f" AND joinGet('{self._fixes}', 'hit', toString(project), trace_id, span_id) = 1",
                settings={"allow_experimental_lightweight_update": 1},
            )
        return int(count or 0)

    def _remove(self, where: str) -> int:
        """Remove copies of a span that a later copy replaces; returns how many."""
        self._connection.command(f"TRUNCATE TABLE {self._dead}")
        self._connection.command(
            f"INSERT INTO {self._dead} SELECT l.project, l.trace_id, l.span_id, l.digested_at, 1"
            " FROM live AS l INNER JOIN settled AS s ON l.row = s.row WHERE s.dead = 1"
        )
        self._connection.command(
            f"DELETE FROM {DATABASE}.spans WHERE {where}"
            f" AND joinGet('{self._dead}', 'hit', toString(project), trace_id, span_id, digested_at) = 1",
            settings={
                "lightweight_delete_mode": "lightweight_update_force",
                "allow_experimental_lightweight_update": 1,
            },
        )
        return int(self._connection.query("SELECT countIf(dead = 1) FROM settled").scalar())
