"""The schema: its columns are those of the catalog, and a store of each earlier version is brought up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.catalog.conventions import conventions
from sightline.catalog.vocabulary import FieldType
from sightline.digest.trace_sums import NAMES
from sightline.settings import StoreSettings
from sightline.store.rows import SchemaMismatch, StoreError
from sightline.store.schema import Step, applied, migrate, read_step, steps
from sightline.store.store import Connection, Store, embedded_url

# Columns of `spans` that no field of the catalog feeds: what a span is, what was derived, how it is kept.
FIXED = {
    "project",
    "trace_id",
    "span_id",
    "parent_span_id",
    "name",
    "otel_kind",
    "status_message",
    "start_time",
    "duration_ns",
    "own_ns",
    "depth",
    "is_root",
    "skew_ns",
    "late_ns",
    "received_at",
    "digested_at",
    "source",
    "scope",
    "scope_version",
    "trace_state",
    "dropped_attributes",
    "usage_source",
    "cost_usd",
    "cost_source",
    "cost_request",
    "cost_image",
    "price_version",
    "prompt_hash",
    "inherited",
    *NAMES,
    "content.field",
    "content.hash",
    "content.size",
    "events.time",
    "events.name",
    "events.attributes",
    "links.trace_id",
    "links.span_id",
    "links.attributes",
    "attributes",
    "resource",
    "retention_days",
}
TYPES = {
    FieldType.INT: {"Nullable(UInt64)"},
    FieldType.FLOAT: {"Nullable(Float64)"},
    FieldType.BOOL: {"Nullable(Bool)"},
    FieldType.LIST: {"Array(LowCardinality(String))"},
    FieldType.STR: {"Nullable(String)", "LowCardinality(Nullable(String))", "LowCardinality(String)"},
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    store = Store(embedded_url(tmp_path), StoreSettings())
    found = store.writer()
    yield found
    found.close()
    store.close()


def test_the_columns_of_spans_are_those_of_the_catalog(connection: Connection) -> None:
    migrate(connection)
    rows = connection.query(
        "SELECT name, type FROM system.columns WHERE database = 'sightline' AND table = 'spans'"
    ).rows
    columns = {str(name): str(kind) for name, kind in rows}
    fields = [f for f in conventions().span_fields if not f.content]
    expected = {c for f in fields for c in (f.column, f.first) if c}
    assert expected - columns.keys() == set()
    known = {c for f in conventions().fields if not f.content for c in (f.column, f.first) if c}
    assert columns.keys() - known - FIXED == set()
    for field in fields:
        assert columns[field.column] in TYPES[field.type], field.name


def test_every_earlier_schema_with_rows_is_brought_up(tmp_path: Path) -> None:
    shipped = steps()
    for number in range(1, len(shipped) + 1):
        store = Store(embedded_url(tmp_path / str(number)), StoreSettings())
        old = store.writer()
        assert [s.number for s in migrate(old, shipped[:number])] == list(range(1, number + 1))
        old.command(
            "INSERT INTO sightline.spans (project, trace_id, span_id, name, start_time, received_at, retention_days)"  # noqa: E501
            " SELECT 'default', 't', 's', 'kept', now(), now(), 3650"
        )
        old.command(
            "INSERT INTO sightline.content (project, hash, body, expires)"
            " SELECT 'default', 'sixteen bytes ..', 'kept', today() + 30"
        )
        old.close()
        store.close()
        store = Store(embedded_url(tmp_path / str(number)), StoreSettings())
        new = store.writer()
        assert [s.number for s in migrate(new)] == list(range(number + 1, len(shipped) + 1))
        assert migrate(new) == []
        assert applied(new) == {s.number: s.checksum for s in shipped}
        assert new.query("SELECT name FROM sightline.spans").rows == [("kept",)]
        assert new.query("SELECT body FROM sightline.content").rows == [("kept",)]
        assert new.query(
            "SELECT dictGet('sightline.content_texts', 'body', ('default', 'sixteen bytes ..'))"
        ).rows
        for table in ("spans", "content", "logs", "metrics"):
            new.query(f"SELECT * FROM sightline.{table} LIMIT 0")
        new.close()
        store.close()


def test_a_newer_and_a_changed_schema_are_refused(connection: Connection) -> None:
    migrate(connection)
    shipped = steps()
    extra = Step(len(shipped) + 1, "future", "local", "-- target: local\nSELECT 1;\n")
    migrate(connection, [*shipped, extra])
    with pytest.raises(SchemaMismatch, match=f"schema step {extra.number}.*newer version"):
        migrate(connection)
    changed = Step(1, shipped[0].name, "local", shipped[0].text + "\n-- changed\n")
    with pytest.raises(SchemaMismatch, match=r"schema step 1 .* changed after release"):
        migrate(connection, [changed, *shipped[1:], extra])


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [("spans.sql", "-- target: local\n", "NNNN_name"), ("0001_x.sql", "SELECT 1;", "-- target: local")],
)
def test_a_schema_file_of_the_wrong_form_is_named(name: str, text: str, said: str) -> None:
    with pytest.raises(StoreError, match=said):
        read_step(name, text)


def test_statements_for_one_server_and_for_a_cluster() -> None:
    step = steps()[0]
    alone, many = step.statements(), step.statements("main")
    assert len(alone) == len(many)
    assert not any(
        "{" + word + "}" in s for s in alone + many for word in ("replicated", "on_cluster", "cluster")
    )
    assert "ReplicatedMergeTree" in many[0]
    assert "ReplicatedMergeTree" not in alone[0]


def test_every_statement_for_a_cluster_is_read_by_the_engine(connection: Connection) -> None:
    for step in steps():
        for statement in step.statements("main"):
            # The engine writes the statement anew, which it can only when it has understood it.
            read = str(connection.query("SELECT formatQuery({q:String})", {"q": statement}).scalar())
            assert read.startswith(("CREATE", "DROP", "EXCHANGE", "ALTER", "INSERT")), statement
            # Rows are written on one replica and come to the others by themselves.
            on_all = "ON CLUSTER main" in read or "ON CLUSTER 'main'" in read
            assert on_all != read.startswith("INSERT")
            if "ENGINE" in read:
                assert "ENGINE = Replicated" in read
            assert "IF NOT EXISTS" in read or not read.startswith("CREATE")
            assert "IF EXISTS" in read or not read.startswith("DROP")


def test_a_step_that_was_killed_runs_again_from_its_start(connection: Connection) -> None:
    shipped = steps()
    migrate(connection, shipped[:4])
    connection.command(
        "INSERT INTO sightline.content (project, hash, body, expires)"
        " SELECT 'default', toFixedString(toString(number), 16), 'kept', today() + 30 FROM numbers(300)"
    )
    statements = shipped[4].statements()
    for done in range(len(statements) + 1):
        # As after a kill there: the step was not noted, so all of it comes again.
        for statement in [*statements[:done], *statements]:
            connection.command(statement)
        found = connection.query("SELECT uniqExact(hash), min(body) FROM sightline.content").rows
        assert found == [(300, "kept")]
    made = str(connection.query("SHOW CREATE TABLE sightline.content").scalar())
    assert "index_granularity = 128" in made


def test_a_step_has_the_same_tables_on_one_server_and_on_a_cluster() -> None:
    for step in steps():
        for alone, many in zip(step.statements(), step.statements("main"), strict=True):
            many = many.replace("ON CLUSTER 'main'", "").replace("ENGINE = Replicated", "ENGINE = ")
            tokens = "replicated_deduplication_window"
            many = re.sub(rf"\b{tokens} = (\d+), {tokens}_seconds = \d+", rf"non_{tokens} = \1", many)
            assert many.strip() == alone
            assert "CLUSTER" not in alone.replace("CLICKHOUSE", "")


def test_a_name_of_a_cluster_that_is_no_name_is_refused() -> None:
    with pytest.raises(StoreError, match="cluster"):
        steps()[0].statements("x' ENGINE = Null --")
