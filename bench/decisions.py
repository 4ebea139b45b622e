"""The measurements behind the decision records, each with both sides: `docs/adr/`.

    PYTHONPATH=src python bench/decisions.py [trees|late|analysis|content]

Prints medians of several runs, in milliseconds. Everything happens in a temporary directory.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from workloads import START, agent, mixed

from sightline.catalog.conventions import conventions
from sightline.catalog.prices import PriceBook
from sightline.digest import canonical, columns, contents, steps, tokens, tree
from sightline.digest.columns import word_keys
from sightline.digest.policy import Policy
from sightline.digest.signals import SignalDigests
from sightline.digest.span_staging import SpanStaging
from sightline.digest.staging import Staging
from sightline.journal.format import encode_header
from sightline.records.ingest import Signal, Submission
from sightline.settings import StoreSettings
from sightline.store.schema import migrate
from sightline.store.store import Connection, Store, embedded_url

SPANS = 17_408
IN_SQL = """
CREATE TEMPORARY TABLE derived ENGINE = Memory AS
WITH RECURSIVE
    steps AS (
        SELECT trace, span, parent, 0 AS depth FROM spans WHERE parent = 0
        UNION ALL
        SELECT c.trace, c.span, c.parent, p.depth + 1 FROM spans AS c
        INNER JOIN steps AS p ON c.trace = p.trace AND c.parent = p.span
    ),
    covered AS (
        SELECT trace, parent AS span, arrayFold(
            (a, x) -> (greatest(a.1, x.2), a.2 + greatest(0, x.2 - greatest(x.1, a.1))),
            arraySort(groupArray((start, end))), (toInt64(0), toInt64(0))).2 AS time
        FROM (
            SELECT c.trace, c.parent, greatest(c.start, p.start) AS start, least(c.end, p.end) AS end
            FROM spans AS c INNER JOIN spans AS p ON c.trace = p.trace AND c.parent = p.span
            WHERE start < end
        ) GROUP BY trace, parent
    )
SELECT s.trace AS trace, s.span AS span, d.depth AS depth, s.end - s.start - c.time AS own
FROM spans AS s INNER JOIN steps AS d ON s.trace = d.trace AND s.span = d.span
LEFT JOIN covered AS c ON s.trace = c.trace AND s.span = c.span
"""


def median_ms(
    work: Callable[[], object],
    before: Callable[[], object] = lambda: None,
    runs: int = 7,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """The median time of some runs, in ms; `before` is not counted."""
    times = []
    for _ in range(runs):
        before()
        began = clock()
        work()
        times.append((clock() - began) * 1000)
    return statistics.median(times)


def forest(spans: int, of_trace: int = 14) -> np.ndarray:
    """Traces of `of_trace` spans, each span below an earlier one of its trace and inside its time."""
    dice = np.random.default_rng(1)
    made = np.zeros(spans, tree.SPAN)
    made["row"] = np.arange(spans)
    made["trace"] = np.arange(spans) // of_trace + 1
    made["span"] = np.arange(spans) + 1
    place = np.arange(spans) % of_trace
    above = np.arange(spans) - place + (dice.random(spans) * place).astype(np.int64)
    made["parent"] = np.where(place == 0, 0, made["span"][above])
    made["start"], made["end"] = 10**18 + place * 10**6, 10**18 + 10**9 - place * 10**6
    made["usage"] = made["role"] = place % 3 == 2
    return made


def trees() -> None:
    """Span trees: numpy between two statements, against one more statement."""
    spans = forest(SPANS)
    connection = Connection("chdb://", {"max_threads": 2})
    connection.command(
        "CREATE TEMPORARY TABLE spans (row UInt64, trace UInt64, span UInt64, parent UInt64, start Int64,"
        " end Int64, usage UInt8, model UInt8, version UInt64, figures UInt64, called UInt64, maker UInt64)"
        " ENGINE = Memory"
    )
    connection.insert_raw("spans", spans.dtype.names or (), spans.tobytes(), "RowBinary")
    connection.command("CREATE TEMPORARY TABLE back (row UInt32, own UInt64, depth UInt16) ENGINE = Memory")
    packed = np.dtype([("row", "<u4"), ("own", "<u8"), ("depth", "<u2")])

    def both_ways() -> None:
        read = connection.table("SELECT * FROM spans", tree.SPAN)
        derived = tree.derive(read)
        rows = np.zeros(len(read), packed)
        rows["row"], rows["own"], rows["depth"] = read["row"], derived.own, derived.depth
        connection.insert_raw("back", ("row", "own", "depth"), rows.tobytes(), "RowBinary")

    alone = median_ms(lambda: tree.derive(spans))
    whole = median_ms(both_ways, lambda: connection.command("TRUNCATE TABLE back"))
    drop = "DROP TEMPORARY TABLE IF EXISTS derived"
    sql = median_ms(lambda: connection.command(IN_SQL), lambda: connection.command(drop))
    compared = connection.query(
        "SELECT count(), countIf(b.own = d.own AND b.depth = d.depth) FROM derived AS d INNER JOIN spans AS s"
        " ON d.trace = s.trace AND d.span = s.span INNER JOIN back AS b ON s.row = b.row"
    ).rows[0]
    connection.command("TRUNCATE TABLE spans")
    connection.insert_raw("spans", spans.dtype.names or (), spans[:1].tobytes(), "RowBinary")
    one = median_ms(lambda: connection.command(IN_SQL), lambda: connection.command(drop))
    print(f"trees of {SPANS} spans: numpy {alone:.1f} ms ({alone / SPANS * 1000:.2f} us a span),")
    print(f"  with reading and writing back {whole:.1f} ms; own time and depth in SQL {sql:.1f} ms,")
    print(f"  of which for a single span {one:.1f} ms; equal in {compared[1]} of {compared[0]}")
    connection.close()


def late() -> None:
    """Late changes: lightweight updates, against new versions of rows and FINAL."""
    rows, changed = 1_000_000, 5_000
    columns = (
        "project LowCardinality(String), trace_id String, span_id String, start DateTime64(9, 'UTC'),"
        " name LowCardinality(String), duration UInt64, own UInt64, team LowCardinality(Nullable(String)),"
        " version UInt64"
    )
    made = (
        "SELECT 'p', lower(hex(sipHash128(intDiv(number, 14)))), lower(hex(sipHash64(number))),"
        " toDateTime64('2026-11-01 00:00:00', 9, 'UTC') + toIntervalMillisecond(number), 'step',"
        f" number % 997, number % 997, NULL, {{v}} FROM numbers({rows})"
    )
    blocks = "SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1"
    with tempfile.TemporaryDirectory() as folder:
        c = Connection(f"chdb://{folder}", {"max_threads": 2, "allow_experimental_lightweight_update": 1})
        c.command("CREATE DATABASE t")
        c.command(f"CREATE TABLE t.patched ({columns}) ENGINE = MergeTree ORDER BY (project, start) {blocks}")
        c.command(
            f"CREATE TABLE t.replaced ({columns}) ENGINE = ReplacingMergeTree(version)"
            " ORDER BY (project, start, trace_id, span_id)"
        )
        for table in ("patched", "replaced"):
            c.command(f"INSERT INTO t.{table} {made.format(v=1)}")
        scan_own = "SELECT sum(own) FROM t.{} {}"
        scan_other = "SELECT sum(duration) FROM t.{} {}"
        plain = [median_ms(lambda q=q: c.query(q.format("patched", ""))) for q in (scan_own, scan_other)]
        where = f"start < toDateTime64('2026-11-01 00:00:00', 9, 'UTC') + toIntervalMillisecond({changed})"
        update = median_ms(
            lambda: c.command(f"UPDATE t.patched SET own = own + 1, team = 'search' WHERE {where}")
        )
        after = [median_ms(lambda q=q: c.query(q.format("patched", ""))) for q in (scan_own, scan_other)]
        again = f"INSERT INTO t.replaced {made.format(v=2)}".replace(
            f"numbers({rows})", f"numbers({changed})"
        )
        insert = median_ms(lambda: c.command(again))
        final = [
            median_ms(lambda q=q: c.query(q.format("replaced", "FINAL"))) for q in (scan_own, scan_other)
        ]
        print(f"{changed} of {rows} rows change late: update {update:.1f} ms; new versions {insert:.1f} ms")
        print(
            f"  sum of what changed: before {plain[0]:.1f}, patched {after[0]:.1f}, FINAL {final[0]:.1f} ms"
        )
        print(
            f"  sum of another column: before {plain[1]:.1f}, patched {after[1]:.1f}, FINAL {final[1]:.1f} ms"
        )
        c.close()


def analysis() -> None:
    """The statement that makes canonical columns, for a segment of many dialects: what its analysis takes."""
    path = Path(tempfile.mkdtemp()) / "mixed.pb"
    with path.open("wb") as file:
        for load in mixed(8, 512, 1):
            given = Submission("p", Signal.TRACES, load.payload, START, "otlp-http", load.items)
            file.write(encode_header(given, bytes(16)) + load.payload)
    limits = {
        "max_query_size": 64 << 20,
        "max_ast_elements": 4_000_000,
        "max_expanded_ast_elements": 4_000_000,
    }
    c = Connection(
        "chdb://", {"max_threads": 2, "compile_expressions": 0, "max_parser_backtracks": 0, **limits}
    )
    staging = SpanStaging(c, Staging(c, 0), 0)
    staging.load(path, 8)
    facts = staging.facts(word_keys(conventions()))
    as_ifs = (steps.both, steps.either)
    chains = (lambda a, b: f"({a} AND {b})", lambda a, b: f"({a} OR {b})")
    for name, (both, either) in {"AND and OR": chains, "ifs": as_ifs}.items():
        for module in (steps, columns, canonical, tokens):
            for function, made in (("both", both), ("either", either)):
                if hasattr(module, function):
                    setattr(module, function, made)
        select = canonical.canonical_query(conventions(), facts, staging.table, staging.nested).select
        for on in (1, 0):
            asked = {"query_plan_enable_optimizations": on}
            took = median_ms(
                lambda q=select, s=asked: c.query(f"EXPLAIN {q}", settings=s), runs=3, clock=time.process_time
            )
            print(
                f"{len(facts.keys)} keys, {len(select) // 1000} kB of SQL, {name},"
                f" plan optimisations {'on' if on else 'off'}: {took:.0f} ms of processor"
            )
    c.close()


def content() -> None:
    """Agent runs that send their whole history with each turn: whole texts by hash, against parts by hash."""
    loads = list(agent(4, 50, 1))
    print(f"{len(loads)} runs of 50 turns, {sum(len(load.payload) for load in loads) / 1e6:.1f} MB sent")
    # One directory for both: a process may open only one.
    folder = Path(tempfile.mkdtemp())
    store = Store(embedded_url(folder), StoreSettings())
    writer = store.writer()
    migrate(writer)
    make = SignalDigests(store, conventions(), PriceBook, lambda _: Policy(3650, 3650), time.time_ns)
    for name, split_from in (("whole texts", 1 << 40), ("parts", contents.SPLIT_FROM)):
        contents.SPLIT_FROM = split_from
        digest = make()[Signal.TRACES]
        spent = time.process_time()
        for number, load in enumerate(loads):
            path = folder / f"{number}.pb"
            given = Submission("p", Signal.TRACES, load.payload, time.time_ns(), "otlp-http", load.items)
            path.write_bytes(encode_header(given, bytes(16)) + load.payload)
            digest.digest(path, 1, f"{name}{number}")
        spent = time.process_time() - spent
        for table in ("content", "spans"):
            writer.command(f"OPTIMIZE TABLE sightline.{table} FINAL")
        rows, size = writer.query("SELECT count(), sum(length(body)) FROM sightline.content").rows[0]
        disk = dict(
            writer.query(
                "SELECT table, sum(bytes_on_disk) FROM system.parts"
                " WHERE active AND database = 'sightline' GROUP BY table"
            ).rows
        )
        print(f"  {name}: {rows} rows, {size / 1e6:.2f} MB of text; {spent:.1f} s of processor")
        print(f"    on disk: content {disk['content'] / 1e3:.0f} kB, spans {disk['spans'] / 1e3:.0f} kB")
        for table in ("content", "spans"):
            writer.command(f"TRUNCATE TABLE sightline.{table}")


if __name__ == "__main__":
    for chosen in sys.argv[1:] or ["trees", "late", "analysis", "content"]:
        {"trees": trees, "late": late, "analysis": analysis, "content": content}[chosen]()
