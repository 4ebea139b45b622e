"""What a failed statement had written must not stand in front of the next answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sightline.store.rows import StoreError
from sightline.store.store import Connection, embedded_url

# Blocks of rows are written before the failing one comes.
FAILING = "SELECT 'left over' AS a, intDiv(1, 90 - number) FROM numbers(100) SETTINGS max_block_size = 10"


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    opened = Connection(embedded_url(tmp_path_factory.mktemp("failed")), {"max_threads": 1})
    yield opened
    opened.close()


def ask(connection: Connection, how: str, sql: str) -> Any:
    if how == "query":
        return connection.query(sql).rows
    if how == "raw":
        return connection.raw(sql, fmt="TSV")
    return connection.command(sql)


@pytest.mark.parametrize("first", ["query", "raw", "command"])
@pytest.mark.parametrize(("then", "expected"), [("query", [(7,)]), ("raw", b"7\n"), ("command", 7)])
def test_the_next_answer_is_its_own(connection: Connection, first: str, then: str, expected: Any) -> None:
    with pytest.raises(StoreError):
        ask(connection, first, FAILING)
    assert ask(connection, then, "SELECT 7") == expected


def test_a_refused_setting_does_not_stay(connection: Connection) -> None:
    with pytest.raises(StoreError):
        connection.command("CREATE TABLE t (a Int8) ENGINE = Memory", settings={"readonly": 1})
    connection.command("CREATE TABLE t (a Int8) ENGINE = Memory")
    connection.command("DROP TABLE t")


def test_the_connections_settings_stay(connection: Connection) -> None:
    with pytest.raises(StoreError):
        connection.query("SELECT nothing")
    assert connection.query("SELECT value FROM system.settings WHERE name = 'max_threads'").scalar() == "1"
