"""What the digest leaves in a remote store is what it leaves in an embedded one, column by column."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from conformance.remote import remote_store
from digest.compare import send
from digest.engine import NOW, SECOND, Engine, opened
from digest.otlp import START, span, traces
from digest.test_canonical import generate
from digest.test_log_digest import record
from digest.test_log_digest import request as logs
from digest.test_metric_digest import TIMES, gauge
from digest.test_metric_digest import request as metrics
from digest.test_settle import WIDE, cases
from sightline.records.ingest import Signal
from sightline.settings import StoreSettings
from sightline.store.schema import migrate
from sightline.store.store import Store

ORDER = {
    "spans": "project, trace_id, span_id, digested_at",
    "logs": "project, time, severity_text",
    "metrics": "project, name, time",
    "content": "project, hash, expires",
}
DICE = random.Random(5)
LONG = "".join(DICE.choices('abcdefghij {}",\n', k=40_000))
HISTORY = [{"role": "user", "content": "".join(DICE.choices("etaoin ", k=700))} for _ in range(40)]


@contextmanager
def remote_engine(folder: Path) -> Iterator[Engine]:
    """A digest in this process on a remote store."""
    with remote_store(folder / "remote") as url:
        store = Store(url, StoreSettings())
        reader = store.writer(max_query_size=16 << 20)
        migrate(reader)
        engine = Engine(folder, store, reader)
        try:
            yield engine
        finally:
            engine.close()
            reader.close()
            store.close()


@dataclass(frozen=True)
class Outcome:
    """What is stored at the end, and what was answered on the way."""

    tables: dict[str, list[dict[str, Any]]]
    said: dict[str, Any]


def call(trace: int, id_: int, parent: int = 0, **attributes: Any) -> Span:
    """A call of a model."""
    usage = {"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 10}
    model = {
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.provider.name": "openai",
        "gen_ai.operation.name": "chat",
    }
    return span(trace, id_, parent, start=START + id_, attributes=usage | model | attributes)


def story(engine: Engine) -> Outcome:
    """Segments of all signals, in an order that settles traces, repeats segments and begins anew."""
    said: dict[str, Any] = {}
    one = traces(
        [call(1, 1, **WIDE), call(1, 2, 1), call(2, 1), span(3, 1)], {"service.name": "shop", "n": 1.5}
    )
    said["stored"] = engine.digest(Signal.TRACES, [one], "several", token="one")
    said["again"] = engine.digest(Signal.TRACES, [one], "several", token="one")
    engine.restart()
    said["after a start"] = engine.digest(Signal.TRACES, [one], "several", token="one")

    # A trace over three segments whose root comes last; its usage turns out to be repeated.
    agent = call(9, 1, **WIDE, **{"gen_ai.operation.name": "invoke_agent"})
    # Other tokens than the call inside it: with the same ones it would be that call, seen twice.
    outer = call(9, 2, 1, **{"gen_ai.usage.input_tokens": 77})
    for number, made in enumerate((call(9, 3, 2), outer, agent, agent)):
        engine.digest(Signal.TRACES, [traces([made])], "late", token=f"late-{number}")
    for number, segment in enumerate(cases(5, 4)[-1][1]):
        engine.digest(Signal.TRACES, [traces(segment)], "scattered", token=f"scattered-{number}")

    # More weeks than a server lets one insert have partitions by itself.
    weeks = [span(100 + i, 1, start=NOW - i * 7 * 86_400 * SECOND) for i in range(104)]
    said["weeks"] = engine.digest(Signal.TRACES, [traces(weeks)], "weeks", token="weeks")

    messages = {
        "gen_ai.input.messages": orjson.dumps(HISTORY).decode(),
        "other.long": LONG,
        "input.value": "x",
    }
    engine.digest(
        Signal.TRACES, [traces([call(5, 1, **messages), call(5, 2, 1, **messages)])], "texts", token="t1"
    )
    engine.digest(Signal.TRACES, [traces([call(6, 1, **messages)])], "texts", token="t2")

    send(engine, generate(25, 3), "generated")

    bodies = ["text", None, True, 7, 0.5, b"\xff\0", ["a", 1], {"k": {"n": [None, "v"]}}, LONG]
    attributes = {"a": 1, "a.b": "x", "long": LONG, "gen_ai.input.messages": "[]", "list": ["x", 2]}
    records = [record(b, attributes, severity_text=f"{i:02}") for i, b in enumerate(bodies)]
    for _ in range(2):
        said["logs"] = engine.digest(
            Signal.LOGS, [logs(*records, resource={"service.name": "s"})], "logs", token="l"
        )
    points = [gauge("a", as_double=0.1), gauge("b", as_int=2**63 - 1), Metric(name="h", unit="s")]
    points[2].histogram.data_points.add(
        **TIMES, count=3, sum=1.5, bucket_counts=[1, 2], explicit_bounds=[0.5]
    ).exemplars.add(as_double=0.3, span_id=bytes(8), trace_id=bytes(16))
    for _ in range(2):
        said["metrics"] = engine.digest(Signal.METRICS, [metrics(*points)], "metrics", token="m")
    return Outcome({table: lines(engine, table, order) for table, order in ORDER.items()}, said)


def lines(engine: Engine, table: str, order: str) -> list[dict[str, Any]]:
    """All rows of a table with all their columns."""
    columns = (
        "project, hex(hash), arrayMap(x -> hex(x), parts), hex(body), expires" if table == "content" else "*"
    )
    final = "FINAL" if table == "content" else ""
    raw = engine.reader.raw(
        f"SELECT {columns} FROM sightline.{table} {final} ORDER BY {order}", fmt="JSONEachRow"
    )
    return [orjson.loads(line.decode("utf-8", "replace")) for line in raw.splitlines()]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """The same story on both; one after the other, since a process opens one engine at a time."""
    found = {}
    for side, engine in (("remote", remote_engine), ("embedded", opened)):
        with engine(tmp_path_factory.mktemp(side)) as running:
            found[side] = story(running)
    return found


@pytest.mark.parametrize("table", sorted(ORDER))
def test_every_column_is_the_same(outcomes: dict[str, Outcome], table: str) -> None:
    embedded, remote = (outcomes[side].tables[table] for side in ("embedded", "remote"))
    assert len(remote) == len(embedded) > 0
    assert remote[0].keys() == embedded[0].keys()
    for name in embedded[0]:
        assert [row[name] for row in remote] == [row[name] for row in embedded], name


def test_the_digest_says_the_same(outcomes: dict[str, Outcome]) -> None:
    assert outcomes["remote"].said == outcomes["embedded"].said


def test_a_repeated_segment_adds_nothing(outcomes: dict[str, Outcome]) -> None:
    tables = outcomes["remote"].tables
    assert outcomes["remote"].said["stored"] == 4
    assert [r["span_id"][-1] for r in tables["spans"] if r["project"] == "several"] == ["1", "2", "1", "1"]
    assert len(tables["logs"]) == 9
    assert len(tables["metrics"]) == 3


def test_a_trace_over_several_segments_is_settled(outcomes: dict[str, Outcome]) -> None:
    rows = [r for r in outcomes["remote"].tables["spans"] if r["project"] == "late"]
    assert [(r["span_id"][-1], r["depth"], r["usage_source"]) for r in rows] == [
        ("1", 0, "rollup"), ("2", 1, "own"), ("3", 2, "own"),
    ]  # fmt: skip
    assert {r["session_id"] for r in rows} == {"s"}
    assert rows[0]["cost_usd"] is None
    assert rows[1]["cost_usd"] > 0
