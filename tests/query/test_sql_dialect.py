"""What clients of the ClickHouse protocol say beyond our SQL becomes our SQL, and nothing else changes."""

# ruff: noqa: E501 -- a query stays on its line

from __future__ import annotations

import pytest

from sightline.query.sql_dialect import Facts, as_select, translate
from sightline.query.sql_errors import SqlError
from sightline.query.sql_relations import Column, Relation

FACTS = Facts("26.9.2.1", "it's me")
SPANS = {"spans": Relation("spans", (Column("name", "String", "name"),), "x", ())}

TRANSLATED = [
    ("SELECT version(), timezone()", "SELECT '26.9.2.1' AS `version()`, 'UTC' AS `timezone()`"),
    ("SELECT version() AS v", "SELECT '26.9.2.1' AS v"),
    ("SELECT currentUser() AS user", "SELECT 'it\\'s me' AS user"),
    ("SELECT revision()", "SELECT toUInt32(54460) AS `revision()`"),
    ("SELECT 'version()', `version()` FROM spans", "SELECT 'version()', `version()` FROM spans"),
    ("SELECT name FROM system.tables", "SELECT name FROM sightline_system_tables AS tables"),
    ("SELECT t.name FROM system.tables AS t", "SELECT t.name FROM sightline_system_tables AS t"),
    ("SELECT system.tables.name FROM system.tables", "SELECT tables.name FROM sightline_system_tables AS tables"),
    ("SELECT 'system.tables' FROM `system`.`settings`", "SELECT 'system.tables' FROM sightline_system_settings AS settings"),
    ("SELECT * FROM default.spans", "SELECT * FROM spans"),
    ("SELECT default.spans.name FROM default.spans", "SELECT spans.name FROM spans"),
    ("SELECT a.default.x FROM spans", "SELECT a.default.x FROM spans"),
]  # fmt: skip


@pytest.mark.parametrize(("canonical", "wanted"), TRANSLATED)
def test_translated(canonical: str, wanted: str) -> None:
    assert translate(canonical, FACTS).text == wanted
    asked = translate(f"{canonical} FORMAT CSV", FACTS)
    assert (asked.text, asked.format) == (wanted, "CSV")


def test_what_only_looks_like_a_format_stays() -> None:
    for text in (
        "SELECT 1 AS x ORDER BY FORMAT DESC",
        "SELECT 'a FORMAT CSV'",
        "INSERT INTO x FORMAT Values",
    ):
        assert translate(text, FACTS) == translate(text, FACTS).__class__(text, "")


def test_other_tables_of_the_engine_are_refused_with_what_there_is() -> None:
    with pytest.raises(SqlError, match=r"system\.processes is not available.*system\.columns"):
        translate("SELECT * FROM system.processes", FACTS)


@pytest.mark.parametrize(
    ("statement", "part"),
    [
        ("show databases", "FROM system.databases"),
        ("SHOW TABLES", "database = 'default' AND name LIKE '%'"),
        ("SHOW TABLES FROM `default` LIKE 's%';", "database = 'default' AND name LIKE 's%'"),
        ('DESC TABLE "default"."spans" FORMAT JSON', "table = 'spans' ORDER BY position FORMAT JSON"),
        ("describe spans", "database = 'default' AND table = 'spans'"),
        ("EXISTS TABLE spans", "name = 'spans'"),
        ("SELECT 1", "SELECT 1"),
        ("SHOW CREATE TABLE spans", "SHOW CREATE TABLE spans"),
    ],
)
def test_statements_become_selects(statement: str, part: str) -> None:
    assert part in as_select(statement, SPANS)


def test_an_unknown_table_is_named() -> None:
    with pytest.raises(SqlError, match=r'no table "spnas".*Did you mean "spans"'):
        as_select("describe spnas", SPANS)
