"""Doctor's checks of a server: its ports, its clock, and whether a span can be sent and read back."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sightline.operations.client import Server, UnreachableError
from sightline.operations.findings import Finding, fail, ok, warn

_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_ANSWERS = {
    grpc.StatusCode.OK,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.INVALID_ARGUMENT,
}


def http_port(server: Server, host: str) -> Finding:
    """Free, or answered by Sightline."""
    try:
        if server.is_sightline():
            return ok("http port", f"Sightline answers at {server.url}")
    except UnreachableError as error:
        if not listens(server.host, server.port):
            return bindable("http port", host, server.port, "--port")
        what = str(error).rstrip(".")
        return _taken("http port", server.port, "--port", what)
    return _taken("http port", server.port, "--port", f"another program answers at {server.url}")


def grpc_port(host: str, port: int, key: str, *, running: bool, seconds: float = 3.0) -> Finding:
    """Free, or answered by Sightline; `running` says whether its HTTP port is."""
    if port == 0:
        return ok("grpc port", "gRPC is turned off (grpc.port is 0)")
    if not listens(host, port):
        if running:
            todo = "See the server's log; perhaps it runs with another --grpc-port."
            return warn("grpc port", f"Sightline runs, but nobody listens on {port}", todo)
        return bindable("grpc port", host, port, "--grpc-port")
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    metadata = (("authorization", f"Bearer {key}"),) if key else ()
    with grpc.insecure_channel(target) as channel:
        try:
            channel.unary_unary(_EXPORT)(b"", timeout=seconds, metadata=metadata)
            code = grpc.StatusCode.OK
        except grpc.RpcError as error:
            code = error.code()
    if code in _ANSWERS:
        return ok("grpc port", f"OTLP/gRPC answers on {port}")
    if running:
        todo = "See the server's log, and whether another program took the port first."
        return fail("grpc port", f"port {port} does not speak OTLP ({code.name.lower()})", todo)
    return _taken("grpc port", port, "--grpc-port", f"another program listens on {port}")


def _taken(name: str, port: int, flag: str, what: str) -> Finding:
    todo = f"Stop that program (ss -ltnp 'sport = :{port}' names it), or choose another port with {flag}."
    return fail(name, what, todo)


def listens(host: str, port: int) -> bool:
    """Whether a TCP connection can be made."""
    try:
        with socket.create_connection((host, port), timeout=2):
            return True
    except OSError:
        return False


def bindable(name: str, host: str, port: int, flag: str) -> Finding:
    """Whether this user could listen there."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        todo = f"Choose another port with {flag} or another address with --host."
        why = (error.strerror or str(error)).lower()
        return fail(name, f"cannot listen on {host}:{port} ({why})", todo)
    return ok(name, f"{host}:{port} is free")


def server_clock(server: Server, now: Callable[[], float] = time.time) -> Iterator[Finding]:
    """This machine's clock against the server's Date header, whose grain is one second."""
    try:
        date = server.request("GET", "/healthz").headers.get("date", "")
        skew = parsedate_to_datetime(date).timestamp() + 0.5 - now()
    except (UnreachableError, ValueError, TypeError):
        return
    if abs(skew) > 2.5:
        todo = "Let both machines use NTP: spans are shown by their sender's clock."
        yield warn("server clock", f"the server's clock is {skew:+.0f} s off this machine's", todo)
    else:
        yield ok("server clock", "the server's clock agrees with this machine's")


def probe_request(trace_id: bytes, at: int) -> bytes:
    """One span that says what it is, as OTLP protobuf. `at` is nanoseconds since the epoch."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    service = resource.resource.attributes.add()
    service.key, service.value.string_value = "service.name", "sightline-doctor"
    span = resource.scope_spans.add().spans.add()
    span.trace_id, span.span_id = trace_id, secrets.token_bytes(8)
    span.name = "sightline doctor"
    span.start_time_unix_nano, span.end_time_unix_nano = at, at + 1_000_000
    encoded: bytes = request.SerializeToString()
    return encoded


def round_trip(
    server: Server,
    seconds: float = 10.0,
    wait: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Finding:
    """Send a span with an id of its own and read it back through the API, for at most `seconds`."""
    name = "send and read"
    trace_id = secrets.token_bytes(16)
    body = probe_request(trace_id, time.time_ns())
    begin = monotonic()
    try:
        sent = server.request("POST", "/v1/traces", body, {"content-type": "application/x-protobuf"})
        if sent.status != 200:
            return _refused(name, "sent", sent.status, sent.reason)
        while True:
            found = server.request("GET", f"/api/v1/traces/{trace_id.hex()}")
            content = found.json()
            if found.status == 200 and isinstance(content, dict) and content.get("spans"):
                return ok(name, f"a span was sent and read back after {monotonic() - begin:.1f} s")
            if found.status not in {200, 404}:
                return _refused(name, "read", found.status, found.reason)
            if monotonic() - begin > seconds:
                break
            wait(0.1)
    except UnreachableError as error:
        return fail(name, str(error), "See the server's log.")
    todo = (
        "See /readyz, the backlog in /metrics and the server's log; `sightline journal ls` shows what waits."
    )
    return fail(name, f"a span was accepted, but cannot be read after {seconds:g} s", todo)


def _refused(name: str, verb: str, status: int, reason: str) -> Finding:
    what = f"a span could not be {verb}: {status} {reason}".rstrip()
    if status in {401, 403}:
        if verb == "read":
            todo = "The span was accepted, but this key may not read. Give an admin key with --key."
            return warn(name, what, todo)
        return fail(name, what, "Give a key with --key or SIGHTLINE_KEY; it has to be an admin key.")
    if status in {429, 503}:
        return fail(name, what, "The server is under pressure or out of disk: see /readyz and /metrics.")
    return fail(name, what, "See the server's log.")
