"""`sightline doctor` against nothing, strangers, and servers in every condition."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from click.testing import CliRunner
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from tests.operations.server_thread import serving

from sightline.operations import machine_checks, server_checks
from sightline.operations.client import Server, UnreachableError
from sightline.operations.doctor import as_json, as_text, doctor_command, examine
from sightline.operations.findings import Finding, Level
from sightline.operations.health import health_routes
from sightline.settings import GrpcSettings, HttpSettings, Settings


class Wire:
    """What of Sightline the doctor speaks to: it takes OTLP and gives a trace back after `late` requests."""

    def __init__(self, late: int = 0, send: int = 200, read: int = 200, ready: str | None = None) -> None:
        self.late, self.send, self.read, self.ready = late, send, read, ready
        self.traces: dict[str, str] = {}
        self.keys: set[str] = set()

    def routes(self) -> list[Route]:
        async def check() -> str | None:
            return self.ready

        return [
            *health_routes({"journal": check}),
            Route("/v1/traces", self.take, methods=["POST"]),
            Route("/api/v1/traces/{id}", self.give),
        ]

    async def take(self, request: Request) -> Response:
        self.keys.add(request.headers.get("authorization", ""))
        if self.send != 200:
            return JSONResponse({"detail": "not for you"}, self.send)
        message = ExportTraceServiceRequest.FromString(await request.body())
        span = message.resource_spans[0].scope_spans[0].spans[0]
        self.traces[span.trace_id.hex()] = span.name
        return Response(b"", media_type="application/x-protobuf")

    async def give(self, request: Request) -> Response:
        self.late -= 1
        found = self.traces.get(request.path_params["id"])
        if self.read != 200:
            return JSONResponse({"error": "no"}, self.read)
        if found is None or self.late >= 0:
            return JSONResponse({"error": "no such trace"}, 404)
        return JSONResponse({"trace_id": request.path_params["id"], "spans": [{"name": found}], "next": None})


class Time:
    """A clock that moves when someone waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def read(self) -> float:
        return self.now


def trip(wire: Wire, key: str = "", seconds: float = 10.0) -> Finding:
    time = Time()
    with serving([*wire.routes()]) as url:
        return server_checks.round_trip(Server(url, key), seconds, time.wait, time.read)


def test_a_span_is_sent_and_read_back_when_it_becomes_visible() -> None:
    wire = Wire(late=5)
    found = trip(wire, key="secret")
    assert (found.level, found.what) == (Level.OK, "a span was sent and read back after 0.5 s")
    assert wire.keys == {"Bearer secret"}
    assert list(wire.traces.values()) == ["sightline doctor"]


@pytest.mark.parametrize(
    ("wire", "level", "what", "todo"),
    [
        (Wire(late=10**6), Level.FAIL, "cannot be read after 1 s", "backlog"),
        (Wire(send=401), Level.FAIL, "could not be sent: 401 not for you", "--key"),
        (Wire(send=503), Level.FAIL, "503", "/readyz"),
        (Wire(read=403), Level.WARN, "could not be read: 403 no", "admin key"),
        (Wire(read=500), Level.FAIL, "could not be read: 500", "log"),
    ],
)
def test_what_goes_wrong_is_named_with_what_to_do(wire: Wire, level: Level, what: str, todo: str) -> None:
    found = trip(wire, seconds=1)
    assert found.level is level
    assert what in found.what
    assert todo in found.todo


@contextmanager
def listening() -> Iterator[int]:
    """A port on which somebody listens who never says anything useful."""
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        yield stranger.getsockname()[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def settings(data: Path, http: int, grpc_: int) -> Settings:
    return Settings(data=data, http=HttpSettings(port=http), grpc=GrpcSettings(port=grpc_))


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def test_before_the_first_start_all_is_well_and_the_span_is_not_tried(tmp_path: Path) -> None:
    found = by_name(examine(settings(tmp_path / "new", free_port(), free_port())))
    assert [f for f in found.values() if f.level is Level.FAIL] == []
    assert "is free" in found["http port"].what
    assert "is free" in found["grpc port"].what
    assert found["send and read"].level is Level.WARN
    assert "will be made there" in found["data"].what
    assert found["engine"].level is Level.OK
    assert not (tmp_path / "new").exists()


def test_a_running_server_is_checked_whole(tmp_path: Path) -> None:
    with serving([*Wire().routes()]) as url, grpc_server() as port:
        found = by_name(examine(settings(tmp_path, Server(url).port, port)))
    assert {f.level for f in found.values()} <= {Level.OK, Level.WARN}
    assert "Sightline answers" in found["http port"].what
    assert "OTLP/gRPC answers" in found["grpc port"].what
    assert found["server clock"].level is Level.OK
    assert found["ready"].level is Level.OK
    assert found["send and read"].level is Level.OK


@contextmanager
def grpc_server(respond: Callable[[bytes, Any], bytes] = lambda request, context: b"") -> Iterator[int]:
    from concurrent.futures import ThreadPoolExecutor

    server = grpc.server(ThreadPoolExecutor(1))
    service = "opentelemetry.proto.collector.trace.v1.TraceService"
    handlers = {"Export": grpc.unary_unary_rpc_method_handler(respond)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port: int = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(0).wait()


def test_a_server_that_is_not_ready_says_why(tmp_path: Path) -> None:
    with serving([*Wire(ready="the disk is full").routes()]) as url:
        found = by_name(examine(settings(tmp_path, 1, 2), url=url))
    assert found["ready"].what == "the server is not ready (journal: the disk is full)"
    assert "data" not in found, "another machine's server says nothing about this directory"


def test_a_stranger_on_the_http_port_is_named(tmp_path: Path) -> None:
    async def hello(_: Request) -> Response:
        return PlainTextResponse("hello")

    with serving([Route("/healthz", hello)]) as url:
        found = by_name(examine(settings(tmp_path, Server(url).port, 0)))
    assert found["http port"].level is Level.FAIL
    assert "another program answers" in found["http port"].what
    assert "ss -ltnp" in found["http port"].todo
    assert "turned off" in found["grpc port"].what


def test_a_stranger_on_the_grpc_port_is_named() -> None:
    with listening() as port:
        found = server_checks.grpc_port("127.0.0.1", port, "", running=False, seconds=0.2)
    assert found.level is Level.FAIL
    assert "another program" in found.what


def test_a_port_that_cannot_be_had_is_named() -> None:
    found = server_checks.bindable("http port", "192.0.2.1", 4318, "--port")
    assert found.level is Level.FAIL
    assert "--host" in found.todo


def test_a_server_without_grpc_is_worth_a_warning() -> None:
    found = server_checks.grpc_port("127.0.0.1", free_port(), "", running=True)
    assert found.level is Level.WARN


def test_the_servers_clock_is_compared() -> None:
    with serving([*Wire().routes()]) as url:
        (found,) = server_checks.server_clock(Server(url), now=lambda: 0.0)
    assert found.level is Level.WARN
    assert "off this machine's" in found.what


def test_no_server_at_the_address_given_is_a_failure(tmp_path: Path) -> None:
    found = by_name(examine(Settings(data=tmp_path), url=f"http://127.0.0.1:{free_port()}"))
    assert found["http port"].level is Level.FAIL
    assert by_name(examine(Settings(data=tmp_path), url="gopher://x"))["address"].level is Level.FAIL


@pytest.mark.parametrize(
    ("kind", "level"),
    [("ext4", Level.OK), ("nfs4", Level.WARN), ("tmpfs", Level.WARN), ("overlay", Level.WARN)],
)
def test_file_systems_that_lose_data_are_named(tmp_path: Path, kind: str, level: Level) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/a / xfs rw 0 0\nb {tmp_path} {kind} rw 0 0\n")
    assert machine_checks.file_system(tmp_path / "deeper", mounts) == kind
    assert machine_checks._file_system(tmp_path, mounts).level is level


def test_a_file_where_the_directory_should_be(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    (found,) = machine_checks.data_directory(tmp_path / "data", 0)
    assert found.level is Level.FAIL


def test_too_little_disk_is_a_failure(tmp_path: Path) -> None:
    found = by_name(list(machine_checks.data_directory(tmp_path, min_free=1 << 60)))
    assert found["disk"].level is Level.FAIL
    assert "journal.min_free_disk" in found["disk"].todo


@pytest.mark.parametrize(
    ("now", "monotonic", "level"),
    [
        ([0.0, 0.0, 0.0], [0.0, 0.0], Level.FAIL),
        ([1.8e9, 1.8e9, 1.8e9], [0.0, 0.0], Level.WARN),  # the file is stamped by the real clock
    ],
)
def test_a_wrong_clock_is_seen(
    tmp_path: Path, now: list[float], monotonic: list[float], level: Level
) -> None:
    ticks, steps = iter(now), iter(monotonic)
    (found,) = machine_checks.clock(tmp_path, lambda: next(ticks), lambda: next(steps))
    assert found.level is level


def test_the_answer_for_programs_and_for_people() -> None:
    findings = [Finding("a", Level.OK, "fine"), Finding("b", Level.FAIL, "broken", "Mend it.")]
    content = json.loads(as_json(findings))
    assert content["ok"] is False
    assert content["findings"][1] == {"name": "b", "level": "fail", "what": "broken", "todo": "Mend it."}
    assert as_text(findings).splitlines() == [
        "ok    a: fine",
        "FAIL  b: broken",
        "      → Mend it.",
        "2 checks: 1 failed, 0 with a warning.",
    ]


def test_the_command_fails_when_a_check_does(tmp_path: Path) -> None:
    arguments = ["--url", f"http://127.0.0.1:{free_port()}", "--data", str(tmp_path), "--json"]
    answer = CliRunner().invoke(doctor_command, arguments)
    assert answer.exit_code == 1
    assert json.loads(answer.output)["ok"] is False


def test_an_address_that_is_none_is_refused() -> None:
    for url in ("http://", "ftp://x", "http://x:port"):
        with pytest.raises(UnreachableError, match="no address"):
            Server(url)
