"""The export as a request: headers, formats, refusals, walls between projects, cells that do nothing."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from typing import Any

import pytest
from tests.api.api_server import OTHER_TRACE, SPANS, TRACE, Server, is_problem, make_key

from sightline.records.access import Scope

HOSTILE = [
    "=1+1",
    "+cmd|'/c calc'!A1",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\x1b[31mred",
    "\u202etxt",
    'say "hi", you\nthere',
]


@pytest.fixture(scope="module")
def hostile(server: Server) -> Server:
    """Project gamma, whose spans are called what a spreadsheet or a terminal would obey."""
    server.services.control.create_project("gamma")
    writer = server.services.store.writer()
    for n, name in enumerate(HOSTILE):
        writer.command(
            "INSERT INTO sightline.spans (project, trace_id, span_id, name, kind, status, status_message,"
            " start_time, received_at, duration_ns, is_root, reported_cost_usd, retention_days)"
            " SELECT 'gamma', {t:String}, {s:String}, {n:String}, 'other', 'ok', {n:String},"
            " now64(9) - 100 + {i:UInt8}, now64(9), 5, true, -1.5, 3650",
            {"t": f"{n + 1:032x}", "s": f"{n + 1:016x}", "n": name, "i": n},
        )
    writer.close()
    return server


def export(server: Server, key: str | None = None, **params: str) -> Any:
    return server.ask("GET", "/export", key=key, params={"project": "alpha", **params})


def test_headers_name_the_file_and_say_how_much(server: Server) -> None:
    found = export(server, q='name:"step 3"', format="csv")
    assert found.status_code == 200
    assert found.headers["x-sightline-count"] == "1"
    assert found.headers["x-sightline-rows"] == "1"
    assert found.headers["content-type"] == "text/csv; charset=utf-8"
    name = found.headers["content-disposition"]
    assert name.startswith('attachment; filename="alpha-spans-name-step-3-')
    assert name.endswith('Z.csv"')


def test_traces_are_counted_as_traces_and_sent_whole(server: Server) -> None:
    found = export(server, q='name:"step 3"', format="jsonl", target="traces")
    assert found.headers["x-sightline-count"] == "1"
    assert found.headers["x-sightline-rows"] == str(SPANS)
    assert len(found.text.splitlines()) == SPANS


def test_the_count_is_that_of_the_operation(server: Server) -> None:
    told = server.ask("GET", "/count", params={"project": "alpha", "q": "kind:llm"}).json()["count"]
    assert export(server, q="kind:llm", format="otlp").headers["x-sightline-count"] == str(told)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"format": "xml"}, "expected one of parquet, csv, jsonl, otlp"),
        ({"target": "users"}, "expected one of spans, traces, logs"),
        ({"content": "perhaps"}, "expected true or false"),
        ({"since": "2026-01-02", "until": "2026-01-01"}, "since has to be before until"),
        ({"since": "yesterday"}, "since is 'yesterday'"),
    ],
)
def test_wrong_parameters_are_problems(server: Server, params: dict[str, str], words: str) -> None:
    assert words in is_problem(export(server, **params), 422)["detail"]


def test_a_wrong_filter_says_where(server: Server) -> None:
    problem = is_problem(export(server, q="error nmae:x"), 422)
    assert (problem["position"], problem["suggestion"]) == (6, "name")


@pytest.mark.parametrize("form", ["csv", "jsonl", "otlp", "parquet"])
@pytest.mark.parametrize("target", ["spans", "traces", "logs"])
def test_nothing_of_another_project(server: Server, form: str, target: str) -> None:
    of_spans = ('name:"beta secret"', "attr.n:2 or kind:llm", "trace:(any llm)")
    for q in ("", f"trace:{OTHER_TRACE}", *(of_spans if target != "logs" else ('"secret"', "has:service"))):
        found = export(server, q=q, format=form, target=target)
        assert found.status_code == 200
        assert b"beta secret" not in found.content
        assert OTHER_TRACE.encode() not in found.content


def test_a_key_reads_its_own_project_alone(server: Server) -> None:
    with_key = make_key(server, "alpha", Scope.READ)
    try:
        assert TRACE in export(server, with_key, format="jsonl").text
        is_problem(server.ask("GET", "/export", key=with_key, params={"project": "beta"}), 403)
        sender = make_key(server, "alpha", Scope.INGEST)
        is_problem(export(server, sender, format="jsonl"), 403)
        is_problem(export(server, format="jsonl"), 401)
    finally:
        control = server.services.control
        for known in control.keys(None):
            control.revoke_key(known.id)


def test_cells_that_a_spreadsheet_would_run_are_text(hostile: Server) -> None:
    key = make_key(hostile, "gamma", Scope.READ)
    found = hostile.ask("GET", "/export", key=key, params={"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(found.text, newline="")))
    assert len(rows) == len(HOSTILE)
    for row, name in zip(rows, HOSTILE, strict=True):
        assert row["name"][0] not in "=+-@\t\r"
        assert row["name"] == row["status_message"]
        if name[0] in "=+-@\t\r":
            assert row["name"] == f"'{name}"
        assert float(row["reported_cost_usd"]) == -1.5  # a number stays one, also below 0
    assert "\x1b" not in found.text
    assert "\u202e" not in found.text


@pytest.mark.parametrize("form", ["jsonl", "otlp"])
def test_json_says_hostile_text_exactly_and_holds_none_of_it(hostile: Server, form: str) -> None:
    key = make_key(hostile, "gamma", Scope.READ)
    found = hostile.ask("GET", "/export", key=key, params={"format": form})
    assert not set("\x1b\u202e\r\t") & set(found.text)
    documents = [json.loads(line) for line in found.text.splitlines()]
    if form == "jsonl":
        names = [row["name"] for row in documents]
    else:
        names = [
            s["name"] for r in documents[0]["resourceSpans"] for c in r["scopeSpans"] for s in c["spans"]
        ]
    assert names == HOSTILE


def test_one_who_asks_for_it_gets_it_packed(hostile: Server) -> None:
    key = make_key(hostile, "alpha", Scope.READ)
    for form, packed in (("csv", True), ("parquet", False)):
        plain = hostile.ask(
            "GET", "/export", key=key, params={"format": form}, headers={"accept-encoding": "identity"}
        )
        found = hostile.ask(
            "GET", "/export", key=key, params={"format": form}, headers={"accept-encoding": "gzip"}
        )
        assert ("content-encoding" in found.headers) is packed
        assert "content-encoding" not in plain.headers
        if packed:
            assert found.content == plain.content


def test_one_who_leaves_ends_the_query(hostile: Server) -> None:
    """Driven as ASGI: a client that goes away after the head."""
    key = make_key(hostile, "alpha", Scope.READ)
    sent: list[dict[str, Any]] = []

    async def go() -> None:
        begun = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if not sent:
                await begun.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)
            begun.set()

        scope = {
            "type": "http", "method": "GET", "path": "/api/v1/export", "query_string": b"format=jsonl",
            "headers": [(b"authorization", f"Bearer {key}".encode()), (b"host", b"127.0.0.1")],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 4318), "scheme": "http", "root_path": "",
            "http_version": "1.1", "raw_path": b"/api/v1/export",
        }  # fmt: skip
        await hostile.app(scope, receive, send)

    hostile.run(go())
    assert sent[0]["status"] == 200
    assert hostile.services.exports is not None
    assert hostile.services.exports._running == 0


def test_head_says_the_count_alone(hostile: Server) -> None:
    key = make_key(hostile, "alpha", Scope.READ)
    found = hostile.ask("HEAD", "/export", key=key)
    assert found.headers["x-sightline-count"] == str(SPANS)
    assert found.content == b""
