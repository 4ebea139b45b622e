from __future__ import annotations

import multiprocessing
import os
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from sightline.control.control import Control
from sightline.control.database import open_engine, parse_url
from sightline.control.errors import ControlUnavailable, SchemaRefused
from sightline.control.migration import HERE, current_revision, migrate, revisions
from sightline.control.schema import METADATA, VERSION_TABLE
from sightline.records.access import PublicLimits, PublicTerms, Scope
from sightline.records.people import Role

# What each revision adds: rows as that schema holds them, and the query that must find them at the newest.
# A new revision needs its entry here (test_every_revision_has_data).
DATA: dict[str, list[str]] = {
    "0001": [
        "INSERT INTO projects VALUES ('shop', '2026-01-02 03:04:05', 14, 7)",
        "INSERT INTO environments VALUES ('shop', 'production', 'the real one', '2026-01-02 03:04:05')",
        "INSERT INTO api_keys (id, project, scope, label, digest, created_at)"
        " VALUES ('abcdefgh1234', 'shop', 'read', 'old', 'none', '2026-01-02 03:04:05')",
        "INSERT INTO settings (project, key, value, updated_at)"
        " VALUES ('shop', 'zone', '\"Europe/Paris\"', '2026-01-02 03:04:05')",
        "INSERT INTO settings (project, key, value, updated_at)"
        " VALUES (NULL, 'zone', '\"UTC\"', '2026-01-02 03:04:05')",
    ],
    "0002": [
        "INSERT INTO prices (project, provider, model, valid_from, rates, note, entered_by, entered_at)"
        " VALUES ('shop', 'openai', 'gpt-*', '2026-01-01', '{\"input\": 1.5}', '', 'cli:ann',"
        " '2026-01-02 03:04:05')",
        "INSERT INTO audit (at, actor, action, project, subject, detail)"
        " VALUES ('2026-01-02 03:04:05', 'cli:ann', 'price.add', 'shop', 'openai/gpt-*', '{}')",
    ],
    "0003": [
        "INSERT INTO people (id, email, name, server_admin, created_at)"
        " VALUES ('aaaabbbbcccc', 'ann@example.com', 'Ann', true, '2026-01-02 03:04:05')",
        "INSERT INTO roles VALUES ('aaaabbbbcccc', 'shop', 'editor')",
        "INSERT INTO links VALUES ('none', 'aaaabbbbcccc', '2026-01-02 03:04:05', '2026-01-09 03:04:05')",
        "INSERT INTO sessions (id, person, digest, created_at, last_seen_at, expires_at, address, agent)"
        " VALUES ('ddddeeeeffff', 'aaaabbbbcccc', 'none', '2026-01-02 03:04:05', '2026-01-02 03:04:05',"
        " '9026-01-02 03:04:05', '192.0.2.1', 'a browser')",
        "INSERT INTO lockouts (subject, failures, last_at) VALUES ('account:x', 3, '2026-01-02 03:04:05')",
    ],
    "0004": [
        "INSERT INTO views (id, project, name, page, query, owner, created_at)"
        " VALUES ('v1', 'shop', 'slow', 'traces', 'q=llm', 'aaaabbbbcccc', '2026-01-02 03:04:05')",
    ],
    "0005": [
        "INSERT INTO score_definitions (project, name, data_type, description, low, high, direction,"
        " categories, archived, created_at, updated_at) VALUES ('shop', 'helpful', 'numeric', 'was it?', 0,"
        " 1, 'higher', '[]', false, '2026-01-02 03:04:05', '2026-01-02 03:04:05')",
    ],
    "0006": [
        "INSERT INTO api_keys (id, project, scope, label, digest, created_at, terms, text)"
        " VALUES ('pppppppp1234', 'shop', 'public', 'page', 'none', '2026-01-02 03:04:06',"
        ' \'{"origins": ["https://a.example"], "requests": 7, "of a later version": 1}\', \'sl_p_x\')',
    ],
}


def check_data(control: Control, revision: str) -> None:
    known = revisions()
    if known.index(revision) >= known.index("0001"):
        project = control.project("shop")
        assert project is not None
        assert (project.retention_days, project.content_days) == (14, 7)
        assert project.created_at.isoformat() == "2026-01-02T03:04:05+00:00"
        assert [e.description for e in control.environments("shop")] == ["the real one"]
        kept = control.keys("shop")[0]
        assert (kept.id, kept.label, kept.scope, kept.terms) == ("abcdefgh1234", "old", Scope.READ, None)
        assert control.setting("shop", "zone") == "Europe/Paris"
        assert control.setting(None, "zone") == "UTC"
    if known.index(revision) >= known.index("0002"):
        assert [(p.model, p.rates) for p in control.prices()] == [("gpt-*", {"input": 1.5})]
        assert [a.actor for a in control.audit("shop")] == ["cli:ann"]
    if known.index(revision) >= known.index("0003"):
        [person] = control.people()
        assert (person.email, person.server_admin, person.has_password) == ("ann@example.com", True, False)
        assert person.roles == {"shop": Role.EDITOR}
        assert [s.agent for s in control.sessions(person.id, idle=1e9)] == ["a browser"]
    if known.index(revision) >= known.index("0004"):
        assert [(v.name, v.query) for v in control.views("shop", "aaaabbbbcccc")] == [("slow", "q=llm")]
    if known.index(revision) >= known.index("0005"):
        assert [(d.name, d.low, d.high) for d in control.score_definitions("shop")] == [("helpful", 0, 1)]
    if known.index(revision) >= known.index("0006"):
        public = control.keys("shop")[1]
        terms = PublicTerms(("https://a.example",), PublicLimits(requests=7))
        assert (public.scope, public.terms, public.text) == (Scope.PUBLIC, terms, "sl_p_x")


def engine_of(url: str) -> sa.Engine:
    return open_engine(parse_url(url))


def test_every_revision_has_data_and_only_goes_forward() -> None:
    assert revisions() == sorted(DATA), "a new revision adds rows of its schema to DATA"
    for step in (HERE / "versions").glob("*.py"):
        assert "def downgrade" not in step.read_text(), f"{step.name}: forward only"


@pytest.mark.parametrize("start", revisions())
def test_data_of_every_earlier_revision_survives(url: str, start: str) -> None:
    engine = engine_of(url)
    for revision in revisions()[: revisions().index(start) + 1]:
        assert migrate(engine, revision) == revision
        with engine.execution_options(writes=True).begin() as db:
            for statement in DATA[revision]:
                if engine.dialect.name == "postgresql":
                    db.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
                db.exec_driver_sql(statement)
    engine.dispose()

    control = Control(url)
    control.migrate()
    check_data(control, start)
    control.migrate()  # a second time changes nothing
    check_data(control, start)
    # The newest schema takes new rows beside the old ones.
    control.create_key("shop", "admin")
    control.create_key("shop", "public", origins=["https://b.example"])
    control.add_price("openai", "gpt-*", control.project("shop").created_at.date(), {"input": 2})  # type: ignore[union-attr]
    control.close()


def test_the_newest_revision_is_the_schema(url: str) -> None:
    engine = engine_of(url)
    migrate(engine)
    with engine.connect() as db:
        context = MigrationContext.configure(
            db, opts={"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_a_newer_database_is_refused_and_left_alone(url: str) -> None:
    engine = engine_of(url)
    migrate(engine)
    with engine.execution_options(writes=True).begin() as db:
        db.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(SchemaRefused, match=r"at revision 9999, .* a newer Sightline wrote it\. Install"):
        migrate(engine)
    with engine.connect() as db:
        assert current_revision(db) == "9999"
    engine.dispose()


def test_a_foreign_database_is_refused_and_left_alone(url: str) -> None:
    engine = engine_of(url)
    with engine.execution_options(writes=True).begin() as db:
        db.exec_driver_sql("CREATE TABLE settings (mine int)")
    with pytest.raises(SchemaRefused, match="already has a table 'settings' that is not Sightline's"):
        migrate(engine)
    with engine.connect() as db:
        assert sa.inspect(db).get_table_names() == ["settings"]
    engine.dispose()


def test_a_step_that_fails_leaves_nothing_behind(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = engine_of(url)
    migrate(engine, "0001")

    def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("half way")

    with monkeypatch.context() as patch:
        patch.setattr("alembic.op.create_index", broken)  # 0002 has made two tables by then
        with pytest.raises(RuntimeError, match="half way"):
            migrate(engine)
    with engine.connect() as db:
        assert current_revision(db) == "0001"
        assert not sa.inspect(db).has_table("prices")
    assert migrate(engine) == revisions()[-1]
    engine.dispose()


def _start(url: str, gate: object, answers: object) -> None:
    """One process of several that start at once."""
    gate.wait()  # type: ignore[attr-defined]
    try:
        control = Control(url)
        control.migrate()
        answers.put([p.name for p in control.projects()])  # type: ignore[attr-defined]
        control.close()
    except BaseException as error:
        answers.put(repr(error))  # type: ignore[attr-defined]
        raise


@pytest.mark.parametrize("known", [None, "0001"])
def test_processes_that_start_at_once_do_not_race(url: str, known: str | None) -> None:
    if known is not None:
        engine = engine_of(url)
        migrate(engine, known)
        engine.dispose()
    spawn = multiprocessing.get_context("spawn")
    gate, answers = spawn.Barrier(4), spawn.Queue()
    processes = [spawn.Process(target=_start, args=(url, gate, answers)) for _ in range(4)]
    for process in processes:
        process.start()
    found = [answers.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(60)
    assert found == [["default"]] * 4
    assert [p.exitcode for p in processes] == [0] * 4


def test_sqlite_is_set_up_to_be_read_while_written(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "control.db"
    control = Control(f"sqlite:///{path}")
    control.migrate()
    control.close()
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()
    assert oct(path.stat().st_mode & 0o777) == "0o600", "digests are nobody else's business"


def test_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    path.write_bytes(b"no database " * 1000)
    with pytest.raises(ControlUnavailable, match=r"control\.db fails: file is not a database\. .*restore it"):
        Control(f"sqlite:///{path}").migrate()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ControlUnavailable, match=r"cannot be opened for writing: .*--data"):
        Control(f"sqlite:///{tmp_path}/file/control.db")
    if os.geteuid() != 0:  # nothing is read-only to root
        tmp_path.chmod(0o500)
        with pytest.raises(ControlUnavailable, match="cannot be opened for writing: Permission denied"):
            Control(f"sqlite:///{tmp_path}/control.db")


def test_an_unreachable_server_is_named_without_its_password() -> None:
    control = Control("postgres://ann:hunter2@127.0.0.1:1/sightline")
    with pytest.raises(ControlUnavailable, match="Check that the server runs") as caught:
        control.migrate()
    assert "hunter2" not in str(caught.value)
    assert "ann:***@127.0.0.1:1/sightline" in str(caught.value)
