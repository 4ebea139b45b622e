"""`clickhouse-connect` on a whole server: connect, ask, parameters, frames, long answers, failures, projects."""

# ruff: noqa: E501 -- a query stays on its line

from __future__ import annotations

import base64
import datetime
from collections.abc import Iterator
from typing import Any

import clickhouse_connect
import httpx
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from sightline.testing import ServerProcess, wait_until

pytestmark = pytest.mark.flow
ROWS = 6_000_000


def connect(server: ServerProcess, **more: Any) -> Any:
    return clickhouse_connect.get_client(host="127.0.0.1", port=server.port, proxy_path="/clickhouse", **more)


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[Any]:
    connected = connect(server)
    yield connected
    connected.close()


def test_it_connects(client: Any) -> None:
    assert client.ping()
    assert client.server_version
    assert client.server_tz in (datetime.UTC, datetime.UTC) or str(client.server_tz) == "UTC"
    assert client.command("SELECT currentDatabase()") == "default"
    tables = ["content", "logs", "metrics", "scores", "spans", "traces"]
    assert client.command("SHOW TABLES").split() == tables
    assert client.command("EXISTS TABLE spans") == 1
    assert "duration_ns" in client.query("SELECT * FROM spans LIMIT 0").column_names


def test_values_come_back_as_they_are(client: Any) -> None:
    answer = client.query(
        "SELECT 1 AS a, 'x' AS b, [1, 2] AS c, map('k', 1.5) AS d, NULL AS e, toDateTime64(0, 9, 'UTC') AS f"
    )
    assert answer.column_names == ("a", "b", "c", "d", "e", "f")
    epoch = datetime.datetime.fromtimestamp(0, datetime.UTC).replace(tzinfo=None)
    assert answer.result_rows == [(1, "x", [1, 2], {"k": 1.5}, None, epoch)]


def test_parameters(client: Any) -> None:
    given = {"a": "it's\ta \\ slash", "n": 41, "l": ["a'b", "c\\d"], "d": datetime.date(2026, 11, 1)}
    answer = client.query("SELECT {a:String}, {n:Int64} + 1, {l:Array(String)}, {d:Date}", parameters=given)
    assert answer.result_rows == [(given["a"], 42, given["l"], given["d"])]
    long = ["x" * 100 for _ in range(500)]  # beyond an address: the driver sends a form
    assert client.query("SELECT length({l:Array(String)})", parameters={"l": long}).result_rows == [(500,)]


def test_frames(client: Any) -> None:
    pytest.importorskip("pandas")
    frame = client.query_df("SELECT number AS n, toString(number) AS s FROM numbers(1000)")
    assert list(frame.columns) == ["n", "s"]
    assert int(frame["n"].sum()) == 499_500
    pytest.importorskip("pyarrow")
    assert client.query_arrow("SELECT number AS n FROM numbers(1000)").num_rows == 1000


def test_a_long_answer_takes_no_memory_of_the_server(server: ServerProcess, client: Any) -> None:
    before, most, rows = resident(server), 0.0, 0
    query = f"SELECT number, repeat('x', 60) AS s FROM numbers({ROWS})"
    with client.query_row_block_stream(query) as blocks:
        for count, block in enumerate(blocks):
            rows += len(block)
            if count % 50 == 0:
                most = max(most, resident(server))
    assert rows == ROWS
    # 400 MB went through.
    assert most - before < 150e6


def resident(server: ServerProcess) -> float:
    text = httpx.get(f"{server.url}/metrics").text
    line = next(line for line in text.splitlines() if line.startswith("process_resident_memory_bytes "))
    return float(line.split()[1])


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT nmae FROM spans", 'code: 47.*Did you mean "name"'),
        ("SELEC 1", "code: 62.*line 1, column 7"),
        ("SELECT * FROM system.processes", "code: 47.*not available"),
        ("SELECT * FROM sightline.spans", "code: 497.*out of reach"),
        (
            "SELECT toInt8(if(number = 2999999, 'x', '1')) FROM numbers(3000000)",
            "Code: 6.*Cannot parse string 'x'",
        ),
    ],
)
def test_failures_say_what_is_wrong(client: Any, query: str, said: str) -> None:
    with pytest.raises(Exception, match=f"(?s){said}"):
        assert client.query(query).result_rows  # read when it is asked for
    assert client.command("SELECT 1") == 1


def test_a_client_that_leaves_stops_its_query(server: ServerProcess) -> None:
    for _ in range(4):  # more often than there are connections
        with httpx.stream(
            "POST", f"{server.url}/clickhouse", content="SELECT number FROM numbers(100000000000)"
        ) as answer:
            next(answer.iter_raw())
    wait_until(lambda: httpx.post(f"{server.url}/clickhouse", content="SELECT 1").text == "1\n", "an answer")


def test_what_grafanas_driver_sends(server: ServerProcess) -> None:
    """The words of clickhouse-go: Basic, a revision, Native, gzip, a database, and settings."""
    asked = {"database": "default", "default_format": "Native", "client_protocol_version": "54485", "enable_http_compression": "1",
             "max_execution_time": "60", "query_id": "q"}  # fmt: skip
    headers = {"Authorization": "Basic " + base64.b64encode(b"default:").decode(), "Accept-Encoding": "gzip"}
    hello = httpx.post(f"{server.url}/clickhouse", params=asked, headers=headers,
                       content="SELECT displayName(), version(), revision(), timezone()")  # fmt: skip
    assert hello.headers["content-encoding"] == "gzip"
    info, columns_and_rows = b"\x01\x00\x02\xff\xff\xff\xff\x00", b"\x04\x01"
    assert hello.content.startswith(info + columns_and_rows + b"\x0ddisplayName()\x06String\x00\x09Sightline")
    one = httpx.post(f"{server.url}/clickhouse", params=asked, headers=headers, content="SELECT 1")
    assert one.content == info + b"\x01\x01\x011\x05UInt8\x00\x01"


def test_a_key_sees_its_own_project(server: ServerProcess) -> None:
    """Last in this file: from the first key on, one is needed."""
    api = f"{server.url}/api/v1"
    assert httpx.post(f"{api}/projects", json={"name": "shop"}).status_code == 201
    secret = httpx.post(f"{api}/keys", params={"project": "shop"}, json={"scope": "read"}).json()["key"]
    with pytest.raises(DatabaseError, match="AUTHENTICATION_FAILED"):
        connect(server)
    shop = connect(server, username="shop", password=secret)
    assert shop.query("SELECT count() FROM spans").result_rows == [(0,)]
    assert connect(server, access_token=secret).command("SELECT 1") == 1
