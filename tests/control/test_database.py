from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from sightline.control.control import Control
from sightline.control.database import open_engine, parse_url
from sightline.control.errors import ControlUnavailable, InvalidValue
from sightline.control.schema import Utc


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgres_is_understood(scheme: str) -> None:
    url = parse_url(f"{scheme}://ann:secret@db.example:5433/sight")
    assert url.drivername == "postgresql+psycopg"
    assert (url.username, url.password, url.host, url.port, url.database) == (
        "ann",
        "secret",
        "db.example",
        5433,
        "sight",
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "control.db",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://ann:secret@db/sight",
        "postgresql+asyncpg://db/x",
    ],
)
def test_other_urls_are_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(InvalidValue, match=r"expected sqlite:///path") as caught:
        Control(text)
    assert "secret" not in str(caught.value)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sightline.control.database.find_spec", lambda _: None)
    with pytest.raises(InvalidValue, match=r'pip install "sightline\[postgres\]"'):
        parse_url("postgres://db/sight")


def test_a_moment_comes_back_as_the_same_moment(url: str) -> None:
    engine = open_engine(parse_url(url))
    table = sa.Table("moments", sa.MetaData(), sa.Column("at", Utc))
    moment = datetime(2026, 7, 1, 14, 30, 15, 123456, timezone(timedelta(hours=5, minutes=30)))
    with engine.execution_options(writes=True).begin() as db:
        table.create(db)
        db.execute(table.insert().values(at=moment))
        found = db.execute(sa.select(table.c.at)).scalar_one()
    engine.dispose()
    assert found == moment
    assert found.tzinfo is UTC


def test_a_moment_without_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        Utc().process_bind_param(datetime(2026, 1, 1), sa.create_engine("sqlite://").dialect)


def test_references_are_enforced(url: str) -> None:
    control = Control(url)
    control.migrate()
    engine = open_engine(parse_url(url))
    insert = "INSERT INTO environments VALUES ('nowhere', 'x', '', '2026-01-01 00:00:00')"
    with pytest.raises(sa.exc.IntegrityError), engine.execution_options(writes=True).begin() as db:
        db.exec_driver_sql(insert)
    engine.dispose()
    control.close()


def test_a_reader_goes_on_beside_a_writer_and_a_second_writer_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sightline.control.database.BUSY_SECONDS", 0.05)
    control = Control(f"sqlite:///{tmp_path}/control.db")
    control.migrate()
    with control._writer.begin() as held:
        held.exec_driver_sql("UPDATE projects SET retention_days = 1")
        assert [p.retention_days for p in control.projects()] == [90]
        with pytest.raises(ControlUnavailable, match=r"database is locked\. Another program holds it"):
            control.create_project("shop")
    assert [p.retention_days for p in control.projects()] == [1]
    control.close()
