"""One request and its answer, over real sockets, whatever the other side says."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)
from tests.sdk.sdk_servers import http_server, raw_server

from sightline.sdk.exporter_settings import Destination
from sightline.sdk.packed import compressed
from sightline.sdk.sending import Answer, Fate, Sender, judged

BODY = compressed(b"body")


def to(
    endpoint: str, seconds: float = 3.0, headers: dict[str, str] | None = None, **more: Any
) -> Destination:
    return Destination({"traces": f"{endpoint}/v1/traces"}, headers or {}, seconds, **more)


def send(endpoint: str, seconds: float = 3.0, **headers: str) -> Answer:
    sender = Sender(to(endpoint, seconds, headers), "sightline-python/test")
    try:
        return sender.send("traces", BODY)
    finally:
        sender.close()


def test_a_request_has_its_key_its_kind_and_its_compression() -> None:
    with http_server() as (url, taken):
        assert send(f"{url}/base", authorization="Bearer k").fate is Fate.TAKEN
    ((path, headers, body),) = taken.requests
    assert (path, body) == ("/base/v1/traces", b"body")
    assert headers["authorization"] == "Bearer k"
    assert headers["content-type"] == "application/x-protobuf"
    assert headers["user-agent"] == "sightline-python/test"


def test_one_connection_serves_many_requests() -> None:
    peers = set()
    with http_server() as (url, _):
        sender = Sender(to(url), "x")
        for _ in range(5):
            assert sender.send("traces", BODY).fate is Fate.TAKEN
            peers.add(sender._pool.connection_from_url(url).num_connections)
        sender.close()
    assert peers == {1}


@pytest.mark.parametrize(
    ("status", "headers", "fate", "pause"),
    [
        (200, {}, Fate.TAKEN, None),
        (200, {"content-type": "text/html"}, Fate.LOCKED_OUT, None),
        (401, {}, Fate.LOCKED_OUT, None),
        (403, {}, Fate.LOCKED_OUT, None),
        (404, {}, Fate.LOCKED_OUT, None),
        (302, {"location": "http://127.0.0.1:1/"}, Fate.LOCKED_OUT, None),
        (204, {}, Fate.LOCKED_OUT, None),
        (407, {}, Fate.LOCKED_OUT, None),
        (400, {}, Fate.REFUSED, None),
        (413, {}, Fate.TOO_LARGE, None),
        (429, {"retry-after": "7"}, Fate.LATER, 7.0),
        (503, {"retry-after": "nonsense"}, Fate.LATER, None),
        (503, {"retry-after": "999999"}, Fate.LATER, 600.0),
        (503, {"retry-after": "-5"}, Fate.LATER, 0.0),
        (500, {}, Fate.LATER, None),
    ],
)
def test_what_each_answer_means(
    status: int, headers: dict[str, str], fate: Fate, pause: float | None
) -> None:
    with http_server(lambda path, body: (status, headers, b"")) as (url, taken):
        answer = send(url)
    assert (answer.fate, answer.status, answer.pause) == (fate, status, pause)
    assert len(taken.requests) == 1  # nothing is tried again or followed here


def test_a_partial_success_says_how_many_were_left_out_and_why() -> None:
    partial = ExportTracePartialSuccess(rejected_spans=3, error_message="no trace_id")
    body = ExportTraceServiceResponse(partial_success=partial).SerializeToString()
    with http_server(lambda path, _: (200, {"content-type": "application/x-protobuf"}, body)) as (url, _):
        answer = send(url)
    assert (answer.rejected, answer.reason) == (3, ": no trace_id")


@pytest.mark.parametrize("head", ["HTTP/1.0 200 OK", "HTTP/1.1 200 OK\r\nconnection: close"])
def test_an_answer_that_ends_the_connection_is_read(head: str) -> None:
    """As servers that shut down and many proxies give it; the body comes a moment later."""
    partial = ExportTracePartialSuccess(rejected_spans=3, error_message="no trace_id")
    body = ExportTraceServiceResponse(partial_success=partial).SerializeToString()

    def speak(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(f"{head}\r\ncontent-type: application/x-protobuf\r\n\r\n".encode())
        over.wait(0.05)
        connection.sendall(body)
        connection.shutdown(socket.SHUT_RDWR)

    with raw_server(speak) as url:
        answer = send(url)
    assert (answer.fate, answer.rejected, answer.reason) == (Fate.TAKEN, 3, ": no trace_id")


@pytest.mark.parametrize(
    ("headers", "body", "fate"),
    [
        ({}, b"Client sent an HTTP request to an HTTPS server.\n", Fate.LOCKED_OUT),
        ({"content-type": "text/html"}, b"<html><title>400 The plain HTTP request", Fate.LOCKED_OUT),
        ({"content-type": "text/plain"}, b"span 3 has no trace id", Fate.REFUSED),
        ({"content-type": "application/json"}, b'{"message": "<html is no name"}', Fate.REFUSED),
    ],
)
def test_a_server_that_means_another_protocol_does_not_refuse_what_was_sent(
    headers: dict[str, str], body: bytes, fate: Fate
) -> None:
    with http_server(lambda path, _: (400, headers, body)) as (url, _):
        assert send(url).fate is fate


def _other_protocol(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"\x00\x00\x1e\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00d\r\n")


def test_another_protocol_on_the_port_is_named() -> None:
    with raw_server(_other_protocol) as url:
        reason = send(url).reason
        assert reason.endswith("(SIGHTLINE_URL is to be the port for HTTP, 4318 unless it was changed)")
        assert "\\x" not in reason
    with http_server() as (url, _):
        assert "is its address http://…?" in send(url.replace("http:", "https:")).reason


def test_a_redirect_says_where_to() -> None:
    """To https most often, which is one letter in the address."""
    with http_server(lambda path, _: (308, {"location": "https://sightline.example/v1"}, b"")) as (url, _):
        assert "(308, which points to https://sightline.example/v1)" in send(url).reason


def _drip(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not over.wait(0.05):
        connection.sendall(b"x")


def _slow_body(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
    while not over.wait(0.05):
        connection.sendall(b"x")


def _endless(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while not over.is_set():
        connection.sendall(b"x" * 65536)


def _silent(connection: socket.socket, over: threading.Event) -> None:
    over.wait(20)


def _nonsense(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"\x00\xff SSH-2.0 what\r\n\r\n")


def _hang_up(connection: socket.socket, over: threading.Event) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def _many_heads(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 100_000 + b"\r\n")


def _bad_chunks(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n")


@pytest.mark.parametrize(
    "speak", [_drip, _slow_body, _endless, _silent, _nonsense, _hang_up, _many_heads, _bad_chunks]
)
def test_no_server_can_hold_the_worker_longer_than_the_time_out(
    speak: Callable[[socket.socket, threading.Event], None],
) -> None:
    with raw_server(speak) as url:
        began = time.monotonic()
        answer = send(url, seconds=0.5)
        assert time.monotonic() - began < 3.0
    assert answer.fate is not Fate.REFUSED
    if speak is not _endless:
        assert answer.fate is Fate.LATER


def test_nobody_there_is_later() -> None:
    assert send("http://127.0.0.1:9").fate is Fate.LATER
    unknown = send("http://does-not-exist.invalid:4318")
    assert unknown.fate is Fate.LATER
    assert unknown.reason.startswith("http://does-not-exist.invalid:4318/v1/traces: Failed to resolve")


def test_a_proxy_of_the_environment_is_used_unless_the_host_is_excepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with http_server() as (proxy, taken):
        for name in ("HTTP_PROXY", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", proxy)
        assert send("http://sightline.invalid:4318").fate is Fate.TAKEN
        assert taken.requests[0][0] == "http://sightline.invalid:4318/v1/traces"
        monkeypatch.setenv("no_proxy", "sightline.invalid")
        assert send("http://sightline.invalid:4318").fate is Fate.LATER


def test_a_proxy_that_is_in_the_way_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://someone:secret@127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "127.0.0.1:9")
    for scheme in ("http", "https"):
        reason = send(f"{scheme}://sightline.invalid:4318").reason
        assert reason == (
            f"{scheme}://sightline.invalid:4318/v1/traces through the proxy http://127.0.0.1:9:"
            " [Errno 111] Connection refused"
        )
    with http_server(lambda path, _: (501, {}, b"")) as (proxy, _):
        monkeypatch.setenv("https_proxy", proxy)
        reason = send("https://sightline.invalid:4318").reason
    assert "Tunnel connection failed: 501" in reason
    assert reason.count("(") == reason.count(")")


@settings(deadline=None)
@given(st.integers(100, 999), st.dictionaries(st.sampled_from(
    ["content-type", "retry-after", "Retry-After"]), st.text()), st.binary())  # fmt: skip
def test_any_answer_has_a_meaning(status: int, headers: dict[str, str], body: bytes) -> None:
    answer = judged(status, headers, body, "http://x")
    assert isinstance(answer.fate, Fate)
    assert len(answer.reason) < 1000
    assert "\n" not in answer.reason


def test_what_is_not_to_be_compressed_is_sent_plain() -> None:
    with http_server() as (url, taken):
        sender = Sender(to(url, compression="none"), "x")
        assert sender.send("traces", BODY).fate is Fate.TAKEN
        sender.close()
    ((_, headers, body),) = taken.requests
    assert "content-encoding" not in headers
    assert body == b"body"
