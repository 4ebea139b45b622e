"""A store on a cluster: what the server would be told, as text that the engine can read; and what is refused.

No cluster runs here: nothing of this proves that one takes the statements.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sightline.settings import StoreSettings
from sightline.store.cluster import check_cluster, embedded_refusal, for_cluster
from sightline.store.rows import Rows, SchemaMismatch, StoreError
from sightline.store.schema import Step, migrate, steps
from sightline.store.store import Connection, Store, embedded_url

GOLDEN = Path(__file__).with_name("golden") / "cluster.sql"
LOCAL = """-- target: local
-- Every server has it.
CREATE TABLE IF NOT EXISTS sightline.things {on_cluster}
(
    project LowCardinality(String),
    time DateTime64(9, 'UTC')
)
ENGINE = {replicated}ReplacingMergeTree(time)
ORDER BY project
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1;

ALTER TABLE sightline.things {on_cluster} ADD COLUMN IF NOT EXISTS more String;
"""
DISTRIBUTED = """-- target: distributed
-- Only a cluster has it.
CREATE TABLE IF NOT EXISTS sightline.all_things {on_cluster} AS sightline.things
ENGINE = Distributed('{cluster}', 'sightline', 'things', sipHash64(project));
"""
STEPS = [Step(1, "things", "local", LOCAL), Step(2, "all_things", "distributed", DISTRIBUTED)]


class Server:
    """Stands for a connection to a server of a cluster, which cannot run here: keeps what it is told."""

    embedded = False

    def __init__(self, shards: Mapping[str, int], engine: str | None = None) -> None:
        self.shards, self.engine = shards, engine
        self.told: list[str] = []

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Rows:
        if "system.clusters" in sql:
            return Rows((), (), list(self.shards.items()))
        if "engine" in sql:
            return Rows((), (), [(self.engine,)] if self.engine else [])
        if "system.tables" in sql:
            return Rows((), (), [(int(self.engine is not None),)])
        return Rows((), (), [])

    def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        for name, value in (parameters or {}).items():
            kind = "UInt32" if isinstance(value, int) else "String"
            sql = sql.replace(f"{{{name}:{kind}}}", repr(value))
        self.told.append(sql)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    store = Store(embedded_url(tmp_path), StoreSettings())
    found = store.writer()
    yield found
    found.close()
    store.close()


def told(cluster: str, known: list[Step], **more: Any) -> list[str]:
    server = Server({"main": 1, "shop-2": 1, "wide": 3}, **more)
    migrate(server, known, cluster)  # type: ignore[arg-type]
    return server.told


def test_what_a_cluster_is_told() -> None:
    """Regenerate with `UPDATE_GOLDEN=1 pytest tests/store/test_cluster.py`."""
    text = "".join(f"{statement};\n\n" for statement in told("main", STEPS))
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


def test_the_engine_reads_every_statement_of_it(connection: Connection) -> None:
    for statement in [*told("main", STEPS), *told("shop-2", steps(), engine="ReplicatedMergeTree")]:
        connection.query(f"EXPLAIN AST {statement}")
        connection.query("SELECT formatQuery({q:String})", {"q": statement})


def test_one_server_gets_no_step_for_clusters_and_has_it_behind_it() -> None:
    said = told("", STEPS)
    assert not [s for s in said if "CLUSTER" in s or "Replicated" in s or "Distributed" in s]
    assert [s for s in said if "INSERT" in s and "'all_things'" in s]


def test_a_cluster_remembers_tokens_for_as_long_as_the_journal_keeps_segments() -> None:
    made = [s for s in told("main", steps()) if "deduplication_window" in s]
    assert made
    for statement in made:
        assert "non_replicated" not in statement
        assert "replicated_deduplication_window_seconds = 604800" in statement


def test_a_later_start_looks_at_what_other_replicas_were_told() -> None:
    assert told("main", [], engine="ReplicatedMergeTree")[0] == "SYSTEM SYNC REPLICA sightline.schema_steps"


@pytest.mark.parametrize(
    ("cluster", "engine", "error", "said"),
    [
        ("mian", None, StoreError, "'mian', which the server does not know; it lists main, shop-2, wide"),
        ("wide", None, StoreError, "has 3 shards"),
        ("main", "MergeTree", SchemaMismatch, "made without a cluster.*Leave store.cluster empty"),
        ("", "ReplicatedMergeTree", SchemaMismatch, "made for a cluster.*Set store.cluster"),
        ("x' ENGINE = Null --", None, StoreError, "expected letters, digits"),
    ],
)
def test_what_is_refused(cluster: str, engine: str | None, error: type[Exception], said: str) -> None:
    server = Server({"main": 1, "shop-2": 1, "wide": 3}, engine)
    with pytest.raises(error, match=said):
        migrate(server, STEPS, cluster)  # type: ignore[arg-type]
    assert server.told == []


def test_an_embedded_store_is_in_no_cluster(connection: Connection) -> None:
    with pytest.raises(StoreError, match=r"the embedded one, which is in no cluster. Set store.url"):
        migrate(connection, cluster="main")
    check_cluster(connection, "")
    assert embedded_refusal("main", embedded=False) is None


def test_a_store_of_one_server_stays_one(connection: Connection) -> None:
    migrate(connection)
    check_cluster(connection, "")
    assert for_cluster("{on_cluster}{replicated}{cluster}", "") == ""
