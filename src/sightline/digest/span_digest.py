"""One segment of traces, from the journal's file to rows that can be queried."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sightline.catalog.conventions import Catalog
from sightline.digest import tree
from sightline.digest.canonical import CANON, CanonicalQuery, canonical_query, resources_query
from sightline.digest.changed_hours import ChangedHours, hours_of
from sightline.digest.columns import word_keys
from sightline.digest.contents import ContentPass, Size, expiry
from sightline.digest.policy import Policies, Timer, by_project
from sightline.digest.pricing import Prices, cost_plan, models_select
from sightline.digest.recent import RecentTraces, Span
from sightline.digest.score_pass import ScorePass, Waiting
from sightline.digest.settle import REMOTE_SCRATCH, Settler, drop_leftovers, own_name
from sightline.digest.span_staging import SpanStaging
from sightline.digest.spans import cost_select, insert_spans, tree_select
from sightline.digest.staging import SCRATCH, Facts, Staging
from sightline.digest.target import JSON_SETTINGS, Target
from sightline.digest.warm import warm_segment
from sightline.records.ingest import IMPORT
from sightline.store.store import DATABASE, Connection, clause

_TREE = np.dtype(
    [("row", "<u4"), ("own", "<u8"), ("depth", "<u2"), ("usage", "u1"), ("skew", "<u8"), ("rank", "<u4")]
)
# What is read of the canonical spans: their trees' columns, and how much content they have.
_STAGED = np.dtype([*tree.SPAN.descr, ("texts", "<u4"), ("longest", "<u4")])
# Several small blocks, so that both cores can work on what is read from scratch tables.
_SCRATCH_SETTINGS = {
    "min_insert_block_size_rows": 1,
    "min_insert_block_size_bytes": 1,
    # Nothing here is selective, and optimising plans of long expressions is half of the statement's cost.
    "query_plan_enable_optimizations": 0,
}

TRACE_HASH = "sipHash64(toString(project), toFixedString(unhex(trace_id), 16))"
# Traces of a segment that began before what is remembered are looked up: so many, among spans begun so near
# (ns).
LOOKED_UP = 200
# An import brings days of traces, and some may have arrived when they ran: their copies must be seen.
LOOKED_UP_IMPORTED = 50_000
AROUND_OLD = 2 * 86_400 * 10**9
# How near (ns) in time the parts of a trace begin that several processes store on one server.
AROUND_SHARED = 3600 * 10**9


class SpanDigest:
    """Digests segments of traces; belongs to one thread. `local` decodes, `target` is the store.

    With `beside`, a second connection to the same embedded store, contents are written in a thread of their
    own.
    """

    def __init__(
        self,
        local: Connection,
        target: Target,
        staging: Staging,
        catalog: Catalog,
        prices: Callable[[], Prices],
        policies: Policies,
        clock: Callable[[], int],
        worker: int = 0,
        beside: Connection | None = None,
        waiting: Waiting | None = None,
    ) -> None:
        self._local, self._target = local, target
        self._beside = beside or local
        self._catalog, self._prices, self._policies, self._clock = catalog, prices, policies, clock
        self._staging = SpanStaging(local, staging, worker)
        self._scores = ScorePass(local, target, policies, clock, waiting or Waiting())
        writes = Target(self._beside, self._beside) if beside else target
        self._contents = ContentPass(self._beside, writes, worker)
        now = clock()
        scratch, name = (SCRATCH, str(worker)) if target.embedded else (REMOTE_SCRATCH, own_name(now))
        self._settler = Settler(target.connection, scratch, name)
        if not target.embedded:
            drop_leftovers(target.connection, now)
        self._changed = ChangedHours(target.connection)
        self.recent = RecentTraces()
        self._restored = False
        self._remembered = 0
        """Traces that began before this moment (ns) may be stored without being known to `recent`."""
        local.command(
            "CREATE TEMPORARY TABLE IF NOT EXISTS tree (tree_row UInt32, own UInt64, depth UInt16, usage"
            " UInt8, skew UInt64, rank UInt32) ENGINE = Memory"
        )

    @property
    def connections(self) -> tuple[Connection, ...]:
        """The connections it was given, each once."""
        return tuple({id(c): c for c in (self._local, self._target.connection, self._beside)}.values())

    def warm(self) -> None:
        """Run the passes once for nobody, storing nothing: the first segment then takes as long as any
        other."""
        with tempfile.NamedTemporaryFile(suffix=".pb") as file:
            file.write(warm_segment(self._clock()))
            file.flush()
            made = self._canonical(Path(file.name), 1, Timer("warm"), "")
        if made is not None:
            facts, query = made
            self._derive(self._local.table(tree_select(query.columns), _STAGED))
            self._local.raw(self._rows(query.columns, facts, [])[1], settings=JSON_SETTINGS, fmt="Null")

    def digest(self, path: Path, records: int, token: str) -> int:
        """Digest a segment; returns the number of spans stored. `token` makes a repetition harmless."""
        if not self._restored:
            self._restore()
        timer = Timer("traces")
        made = self._canonical(path, records, timer, token)
        if made is None:
            return 0
        facts, query = made
        expires, today = expiry(facts.projects, self._policies, self._clock)
        spans = self._local.table(tree_select(query.columns), _STAGED)
        size = Size(int(spans["texts"].sum()), int(spans["longest"].max(initial=0)))
        write = partial(self._contents.write, CANON, size, expires, token, today)
        with self._beside_of(write):
            self._derive(spans)
            timer.mark("tree")
            going_on = self._going_on(spans)
            names, select = self._rows(query.columns, facts, going_on[0])
            self._target.insert_select(f"{DATABASE}.spans", names, select, token)
            timer.mark("insert")
        timer.mark("content")
        if self._scores.waits(query.columns):
            self._scores.of_responses(CANON, token)
        if not self._target.embedded:
            going_on = self._shared(spans, *going_on)
        self._settle(spans, *going_on)
        now = self._clock()
        self._changed.note(facts.projects, hours_of(spans["start"], going_on[1], now), now)
        timer.mark("settle")
        self._local.command(f"DROP TABLE IF EXISTS {CANON}")
        return facts.rows

    @contextmanager
    def _beside_of(self, write: Callable[[], None]) -> Iterator[None]:
        """Contents are written beside what is done inside: each keeps one core busy for about as long as the
        other. Without a connection for that they are written first."""
        if self._beside is self._local:
            write()
            yield
            return
        with ThreadPoolExecutor(1, thread_name_prefix="digest-content") as pool:
            content = pool.submit(write)
            yield
            content.result()

    def _canonical(
        self, path: Path, records: int, timer: Timer, token: str
    ) -> tuple[Facts, CanonicalQuery] | None:
        """Stage a segment and make its canonical spans in the scratch table `canon`; None when it holds no
        spans. What its spans carry as scores is written, with a `token`."""
        self._staging.load(path, records)
        timer.mark("decode")
        facts = self._staging.facts(word_keys(self._catalog))
        if not facts.rows:
            return None
        query = canonical_query(self._catalog, facts, self._staging.table, self._staging.nested)
        timer.mark("facts")
        self._local.command(f"DROP TABLE IF EXISTS {CANON}")
        self._local.command(f"CREATE TABLE {CANON} ({query.structure}) ENGINE = Memory")
        self._local.command(f"INSERT INTO {CANON} ({query.names}) {query.select}{clause(_SCRATCH_SETTINGS)}")
        self._local.command("DROP TEMPORARY TABLE IF EXISTS resources")
        json = "JSON(max_dynamic_paths = 32)" if self._target.embedded else "String"
        resources = resources_query(self._catalog, facts, self._staging.table, self._staging.nested, json)
        self._local.command(
            f"CREATE TEMPORARY TABLE resources ENGINE = Memory AS {resources}{clause(JSON_SETTINGS)}"
        )
        if token:
            self._scores.of_spans(self._staging.table, facts, token)
        # What was staged is read no more: its memory serves what comes now.
        self._staging.clear()
        timer.mark("canonical")
        return facts, query

    def _derive(self, spans: Any) -> None:
        """Fill the scratch table `tree` with what the neighbours of each span say about it."""
        derived = tree.derive(spans)
        rows = np.zeros(len(spans), _TREE)
        rows["row"], rows["own"], rows["depth"] = spans["row"], derived.own, derived.depth
        rows["usage"], rows["skew"] = derived.source, derived.skew
        rows["rank"] = tree.ranks(spans)
        self._local.command("TRUNCATE TABLE tree")
        self._local.insert_raw(
            "tree",
            ("tree_row", "own", "depth", "usage", "skew", "rank"),
            rows[~derived.superseded].tobytes(),
            "RowBinary",
        )

    def _rows(self, columns: tuple[str, ...], facts: Facts, going_on: Any) -> tuple[list[str], str]:
        """The columns and the SELECT of the rows for table `spans`; `going_on` are traces with a head."""
        self._name_going_on(going_on)
        prices = self._prices()
        models = [row[0] for row in self._local.query(models_select(columns, prices.projects)).rows]
        plan = cost_plan(columns, models, prices)
        retention = by_project({p: self._policies(p).retention_days for p in facts.projects}, 0)
        now = f"fromUnixTimestamp64Micro({self._clock() // 1000}, 'UTC')"
        # Both the rows and the sums of their traces are made of them.
        self._local.command("DROP TEMPORARY TABLE IF EXISTS costs")
        self._local.command(f"CREATE TEMPORARY TABLE costs ENGINE = Memory AS {cost_select(columns, plan)}")
        return insert_spans(columns, facts.events, facts.links, now, f"toUInt16({retention})", plan)

    def _going_on(self, spans: Any) -> tuple[Any, Span | None]:
        """The traces of the segment of which spans are stored, and the range of those spans' start times."""
        traces = np.unique(spans["trace"])
        seen, span = self.recent.known(traces)
        old = np.setdiff1d(np.unique(spans["trace"][spans["start"] < self._remembered]), traces[seen])
        if len(old) > LOOKED_UP:
            old = old[: LOOKED_UP_IMPORTED if self._imported() else LOOKED_UP]
        return self._with_stored(spans, old, traces[seen], span, AROUND_OLD)

    def _imported(self) -> bool:
        """Whether some of the segment come from a file."""
        return bool(self._local.query(f"SELECT count() FROM {CANON} WHERE source = '{IMPORT}'").scalar())

    def _shared(self, spans: Any, traces: Any, span: Span | None) -> tuple[Any, Span | None]:
        """The traces that go on and those of which another process stored a part, once this part is stored.

        Whoever stores last sees both parts.
        """
        others = np.setdiff1d(np.unique(spans["trace"]), traces)
        several = "HAVING min(digested_at) != max(digested_at)"
        return self._with_stored(spans, others, traces, span, AROUND_SHARED, several)

    def _with_stored(
        self, spans: Any, asked: Any, traces: Any, span: Span | None, around: int, having: str = ""
    ) -> tuple[Any, Span | None]:
        """`traces` and `span` with those of the traces `asked` that the store has, and when these began."""
        if not len(asked):
            return traces, span
        starts = spans["start"][np.isin(spans["trace"], asked)]
        self._touch(asked)
        # No ingest date narrows this, so it is bounded in time: the table is sorted by start.
        found = self._target.connection.table(
            f"SELECT {TRACE_HASH} AS trace, min(toUnixTimestamp64Nano(start_time)),"
            " max(toUnixTimestamp64Nano(start_time))"
            f" FROM {DATABASE}.spans WHERE start_time BETWEEN"
            f" fromUnixTimestamp64Nano({max(int(starts.min()) - around, -(2**63))}, 'UTC')"
            f" AND fromUnixTimestamp64Nano({min(int(starts.max()) + around, 2**63 - 1)}, 'UTC')"
            " AND project IN (SELECT project FROM touched) AND trace_id IN (SELECT trace_id FROM touched)"
            f" GROUP BY trace {having}",
            np.dtype([("trace", "<u8"), ("first", "<i8"), ("last", "<i8")]),
        )
        found = found[np.isin(found["trace"], asked)]
        if len(found):
            first, last = int(found["first"].min()), int(found["last"].max())
            span = Span(min(first, span.first), max(last, span.last)) if span else Span(first, last)
        return np.union1d(traces, found["trace"]), span

    def _settle(self, spans: Any, going_on: Any, span: Span | None) -> None:
        """Settle the traces of the segment that go on; remember all of them."""
        if span is not None:
            inside = np.isin(spans["trace"], going_on)
            first = min(span.first, int(spans["start"][inside].min()))
            last = max(span.last, int(spans["start"][inside].max()))
            self._touch(going_on)
            self._settler.settle("touched", Span(first, last))
        self.recent.add(spans["trace"], spans["start"])

    def _name_going_on(self, traces: Any) -> None:
        """The scratch table `going_on`: hashes of some traces of the segment."""
        self._local.command("DROP TEMPORARY TABLE IF EXISTS going_on")
        self._local.command("CREATE TEMPORARY TABLE going_on (trace UInt64) ENGINE = Memory")
        if len(traces):
            self._local.insert_raw("going_on", ("trace",), traces.astype("<u8").tobytes(), "RowBinary")

    def _touch(self, traces: Any) -> None:
        """The temporary table `touched` in the store: which traces to settle."""
        self._name_going_on(traces)
        names = self._local.query(
            f"SELECT DISTINCT toString(project), lower(hex(trace_id)) FROM {CANON} WHERE trace IN"
            " (SELECT trace FROM going_on)"
        ).rows
        target = self._target.connection
        target.command("DROP TEMPORARY TABLE IF EXISTS touched")
        target.command("CREATE TEMPORARY TABLE touched (project String, trace_id String) ENGINE = Memory")
        target.insert("touched", ("project", "trace_id"), [[p for p, _ in names], [t for _, t in names]])

    def _restore(self) -> None:
        """After a start: the traces that were received lately may go on."""
        hour_ago = self._remembered = self._clock() - 3600 * 10**9
        known = self._target.connection.table(
            f"SELECT {TRACE_HASH} AS trace, min(toUnixTimestamp64Nano(start_time)),"
            f" max(toUnixTimestamp64Nano(start_time)) FROM {DATABASE}.spans"
            f" WHERE received_at >= fromUnixTimestamp64Nano({hour_ago}, 'UTC') GROUP BY trace LIMIT 1000000",
            np.dtype([("trace", "<u8"), ("first", "<i8"), ("last", "<i8")]),
        )
        self.recent.add(known["trace"], known["first"])
        self.recent.add(known["trace"], known["last"])
        self._restored = True
