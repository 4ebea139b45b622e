"""The Python client: patience, problems, pages, exports that are whole or nothing; its guide, run."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.docs.blocks import ROOT, blocks

from sightline.client import Client, ClientError, Incomplete, MissingLibrary, Refused, Unreachable
from sightline.client.records import Span as SpanRecord
from sightline.client.records import made, moment
from sightline.client.transport import Transport
from sightline.testing import ServerProcess, environment, free_port, span, traces_request

Answer = Callable[[BaseHTTPRequestHandler], None]


class Stub:
    """A server that answers what a test wants, one after another."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[str] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                stub.asked.append(self.path)
                stub.answers.pop(0)(self)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def stub() -> Iterator[Stub]:
    found = Stub()
    thread = threading.Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join()


def answer(status: int, body: Any, **headers: str) -> Answer:
    def send(handler: BaseHTTPRequestHandler) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return send


def chunked(pieces: list[bytes], whole: bool, **headers: str) -> Answer:
    """An answer in chunks, which ends as it should or is cut."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.send_header("X-Sightline-Count", "2")
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        for piece in pieces:
            handler.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        if whole:
            handler.wfile.write(b"0\r\n\r\n")
        handler.close_connection = True

    return send


def test_a_server_that_asks_for_patience_gets_it(stub: Stub) -> None:
    waited: list[float] = []
    transport = Transport(stub.url, wait=waited.append)
    stub.answers += [answer(429, {}, Retry_After="7"), answer(503, {}), answer(200, {"ok": 1})]
    assert transport.request("GET", "/x").json() == {"ok": 1}
    assert waited == [7.0, 2.0]
    stub.answers += [answer(429, {"detail": "busy"}, Retry_After="9999")] * 6
    with pytest.raises(Refused, match="busy"):
        transport.request("GET", "/x")
    assert waited[2:] == [60.0] * 5
    transport.close()


def test_a_problem_is_an_error_with_its_parts(stub: Stub) -> None:
    problem = {
        "title": "Unprocessable Entity", "status": 422, "detail": "There is no field nmae.",
        "reason": "filter", "position": 9, "length": 4, "suggestion": "name",
    }  # fmt: skip
    stub.answers.append(answer(422, problem))
    with Client(stub.url) as client, pytest.raises(Refused) as caught:
        client.spans("kind:llm nmae:x").first(1)
    error = caught.value
    assert (error.status, error.title, error.detail) == (422, problem["title"], problem["detail"])
    assert (error.position, error.length, error.suggestion, error.reason) == (9, 4, "name", "filter")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"", b"\xff"])
def test_what_is_no_problem_document_is_still_an_error(stub: Stub, body: bytes) -> None:
    stub.answers += [answer(404, body), answer(200, b"<html>")]
    with Client(stub.url) as client:
        with pytest.raises(Refused, match="404"):
            client.get("/x")
        with pytest.raises(ClientError, match="is it a Sightline"):
            client.get("/x")


def test_lists_ask_for_the_next_page_when_the_walk_comes_to_it(stub: Stub) -> None:
    def page(*names: str, next_: str | None) -> Answer:
        spans = [
            {
                "span_id": n,
                "name": n,
                "start_time": "2026-11-25T12:00:00.123456789Z",
                "duration_ns": 1,
                "odd": n,
            }
            for n in names
        ]
        return answer(200, {"spans": spans, "next": next_})

    stub.answers += [page("a", "b", next_="c1"), page("c", next_=None)]
    with Client(stub.url, project="shop") as client:
        walk = iter(client.spans("kind:llm", "-1h"))
        assert [next(walk).name, next(walk).name] == ["a", "b"]
        assert len(stub.asked) == 1
        last = next(walk)
        assert last.more == {"odd": "c"}
        assert last.start_time == datetime(2026, 11, 25, 12, 0, 0, 123456, UTC)
        assert list(walk) == []
        with pytest.raises(FrozenInstanceError):
            last.name = "other"  # type: ignore[misc]
    assert stub.asked[0] == "/api/v1/spans?project=shop&q=kind%3Allm&since=-1h&limit=500"
    assert stub.asked[1].endswith("&cursor=c1")


def test_a_count_says_what_the_stored_ones_stand_for(stub: Stub) -> None:
    stub.answers += [answer(200, {"count": 1147, "estimate": 6133, "margin": 438.2})]
    with Client(stub.url) as client:
        found = client.count("llm", target="traces")
    assert (found.found, found.estimate, found.margin, int(found)) == (1147, 6133, 438.2, 6133)


def test_an_export_is_whole_or_nothing(stub: Stub, tmp_path: Path) -> None:
    path = tmp_path / "it.jsonl"
    packed = gzip.compress(b"one\ntwo\n")
    stub.answers += [
        chunked([b"one\n", b"two\n"], whole=True),
        chunked([packed[:9], packed[9:]], whole=True, Content_Encoding="gzip"),
        chunked([b"one\n"], whole=False),
        chunked([packed[:9]], whole=True, Content_Encoding="gzip"),
        answer(200, b"hello"),
    ]
    with Client(stub.url) as client:
        for _ in range(2):
            assert client.export(path, since="-1h") == 2
            assert path.read_bytes() == b"one\ntwo\n"
            path.unlink()
        for _ in range(3):
            with pytest.raises(Incomplete):
                client.export(path)
        with pytest.raises(ValueError, match=r"\.parquet"):
            client.export(tmp_path / "it.xls")
    assert list(tmp_path.iterdir()) == []


def test_moments() -> None:
    assert moment("2026-11-25T12:00:00Z") == datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert moment("2026-11-25T12:00:00.000000001Z") == datetime(2026, 11, 25, 12, tzinfo=UTC)
    document = {"span_id": "1", "name": "n", "start_time": "2026-11-25T12:00:00Z", "duration_ns": 1}
    assert made(SpanRecord, document).cost_usd is None


def test_nobody_answers() -> None:
    with pytest.raises(Unreachable, match="does not answer"):
        Client(f"http://127.0.0.1:{free_port()}").get("/health")
    with pytest.raises(Unreachable, match="no address"):
        Client("ftp://x")


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, stub: Stub) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    stub.answers.append(answer(200, {"spans": [], "next": None}))
    with Client(stub.url) as client, pytest.raises(MissingLibrary, match="pip install polars"):
        client.spans().to_polars()


def test_importing_sightline_loads_nothing_and_the_client_only_python() -> None:
    code = (
        "import sys; before = set(sys.modules); import sightline; new = set(sys.modules) - before;"
        "assert not [m for m in new if m.startswith('sightline.')], new;"
        "from sightline import Client; import sysconfig;"
        "server = {'clickhouse_connect', 'click', 'httpx', 'numpy', 'orjson'};"
        "bad = [m for m in sys.modules if m.split('.')[0] in server];"
        "assert not bad, bad; assert not hasattr(sightline, 'Clients')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_example_of_the_guide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    examples = [b.text for b in blocks((ROOT / "docs/guide/client.md").read_text()) if b.language == "python"]
    assert len(examples) > 5
    llm = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 5}
    with ServerProcess(tmp_path / "data") as server:
        spans = [span(name="chat", attributes=llm) for _ in range(3)]
        spans[0].status.code = 2
        spans[0].end_time_unix_nano += 5 * 10**9
        assert server.post("/v1/traces", traces_request(spans).SerializeToString()).status == 200
        server.settled()
        monkeypatch.setenv("SIGHTLINE_URL", server.url)
        monkeypatch.chdir(tmp_path)
        known: dict[str, Any] = {}
        for example in examples:
            exec(example, known)
        assert len(known["ten"]) == 3
        assert len(known["frame"]) == 3
        assert known["count"] == 3
        assert len(known["whole"].spans) == 1
        assert [row["figures"]["count"]["value"] for row in known["figures"].rows] == [3]
        assert re.search(r"422 There is no field nmae.* 0 name", capsys.readouterr().out)
        known["client"].close()


def test_scores_are_given_listed_and_taken_back(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server, Client(server.url) as client:
        trace = "0af7651916cd43dd8448eb211c80319c"
        id_ = client.score("helpful", True, trace_id=trace, source="end_user", comment="yes")
        client.score("verdict", trace_id=trace, span_id="00f067aa0ba902b7", label="wrong", id="mine")
        server.settled()
        helpful = client.scores("helpful").first(5)
        assert [(s.id, s.value, s.source, s.comment, s.target) for s in helpful] == [
            (id_, 1.0, "end_user", "yes", "trace")
        ]
        assert {s.name for s in client.scores(trace_id=trace)} == {"helpful", "verdict"}
        client.take_back("mine")
        server.settled()
        assert [s.name for s in client.scores(trace_id=trace)] == ["helpful"]
        with pytest.raises(Refused, match="says nothing"):
            client.score("helpful", trace_id=trace)
