"""Copies of the control database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from tests.control.conftest import Cluster

from sightline.control.control import Control
from sightline.control.schema import VERSION_TABLE
from sightline.operations.control_copy import (
    _from_json,
    _to_json,
    copy_sqlite,
    export_records,
    import_records,
    sqlite_path,
)
from sightline.operations.manifest import BackupError
from sightline.records.access import Scope


def database(path: Path, *, rows: bool, version: str = "0001") -> str:
    url = f"sqlite:///{path}"
    metadata = sa.MetaData()
    projects = sa.Table(
        "projects",
        metadata,
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("at", sa.DateTime),
        sa.Column("extra", sa.JSON),
    )
    keys = sa.Table(
        "api_keys",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("project", sa.ForeignKey("projects.name")),
        sa.Column("hash", sa.LargeBinary),
    )
    versions = sa.Table("control_version", metadata, sa.Column("version_num", sa.Text, primary_key=True))
    engine = sa.create_engine(url)
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(versions).values(version_num=version))
        connection.execute(
            sa.insert(projects).values(name="default", at=datetime(2026, 1, 2, 3), extra={"a": [1]})
        )
        if rows:
            connection.execute(sa.insert(keys).values(id=7, project="default", hash=b"\0\xff"))
    engine.dispose()
    return url


def test_a_live_sqlite_database_is_copied_with_its_write_ahead_log(tmp_path: Path) -> None:
    source = tmp_path / "live.db"
    with closing(sqlite3.connect(source)) as live:
        live.execute("PRAGMA journal_mode = WAL")
        live.execute("CREATE TABLE t (a)")
        live.execute("INSERT INTO t VALUES (1)")
        live.commit()
        live.execute("INSERT INTO t VALUES (2)")  # not committed: not in the copy
        copy_sqlite(source, tmp_path / "deep" / "copy.db")
    with closing(sqlite3.connect(tmp_path / "deep" / "copy.db")) as copy:
        assert copy.execute("SELECT a FROM t").fetchall() == [(1,)]
    assert sorted(p.name for p in (tmp_path / "deep").iterdir()) == ["copy.db"]


def test_records_go_from_one_database_to_another(tmp_path: Path) -> None:
    source = database(tmp_path / "a.db", rows=True)
    target = database(tmp_path / "b.db", rows=False)
    export_records(source, tmp_path / "records.jsonl")
    import_records(tmp_path / "records.jsonl", target, "control_version")
    export_records(target, tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_text() == (tmp_path / "records.jsonl").read_text()
    assert len((tmp_path / "again.jsonl").read_text().splitlines()) == 3


def test_a_database_with_keys_is_not_overwritten(tmp_path: Path) -> None:
    source = database(tmp_path / "a.db", rows=True)
    export_records(source, tmp_path / "records.jsonl")
    with pytest.raises(BackupError, match="already holds api_keys"):
        import_records(tmp_path / "records.jsonl", source, "control_version")


def test_another_schema_is_refused(tmp_path: Path) -> None:
    export_records(database(tmp_path / "a.db", rows=True), tmp_path / "records.jsonl")
    target = database(tmp_path / "b.db", rows=False, version="0002")
    with pytest.raises(BackupError, match=r"0002.*0001"):
        import_records(tmp_path / "records.jsonl", target, "control_version")


def test_a_postgres_control_database_is_moved_to_another(cluster: Cluster, tmp_path: Path) -> None:
    source, target = cluster.new_database(), cluster.new_database()
    first, second = Control(source), Control(target)
    try:
        first.migrate()
        second.migrate()
        first.create_project("shop", retention_days=7, content_days=3)
        _, secret = first.create_key("shop", Scope.INGEST, "collector")
        first.set_setting("shop", "colour", {"of": ["the", "sea"]})
        export_records(source, tmp_path / "records.jsonl")
        import_records(tmp_path / "records.jsonl", target, VERSION_TABLE)
        assert second.projects() == first.projects()
        found = second.find_key(secret)
        assert found is not None
        assert found.project == "shop"
        assert second.setting("shop", "colour") == {"of": ["the", "sea"]}
        second.create_key("shop", Scope.READ, "goes on counting where the first stopped")
        with pytest.raises(BackupError, match="already holds"):
            import_records(tmp_path / "records.jsonl", target, VERSION_TABLE)
    finally:
        first.close()
        second.close()


@given(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.binary()
    | st.datetimes(timezones=st.just(UTC))
    | st.dates()
    | st.decimals(allow_nan=False).map(Decimal)
    | st.lists(st.integers())
    | st.dictionaries(st.text(), st.text())
)
def test_values_survive_as_json(value: object) -> None:
    assert _from_json(_to_json(value)) == value


def test_which_urls_are_files() -> None:
    assert sqlite_path("sqlite:////var/x.db") == Path("/var/x.db")
    assert sqlite_path("postgresql://me@db/x") is None
