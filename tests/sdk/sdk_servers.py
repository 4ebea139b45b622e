"""Servers that answer what they are told to, also nonsense."""

from __future__ import annotations

import gzip
import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass
class Taken:
    """What a server was sent: path, headers, unpacked body."""

    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def spans(self) -> list[Any]:
        """All spans, in order of arrival."""
        bodies = [
            ExportTraceServiceRequest.FromString(b) for path, _, b in self.requests if path == "/v1/traces"
        ]
        return [s for body in bodies for r in body.resource_spans for c in r.scope_spans for s in c.spans]


Answering = Callable[[str, bytes], tuple[int, dict[str, str], bytes]]
OK: tuple[int, dict[str, str], bytes] = (200, {"content-type": "application/x-protobuf"}, b"")


@contextmanager
def http_server(
    answer: Answering = lambda path, body: OK, tls: ssl.SSLContext | None = None
) -> Iterator[tuple[str, Taken]]:
    """An HTTP server with answers from a function; its address, and what it was sent."""
    taken = Taken()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            packed = self.rfile.read(int(self.headers["content-length"]))
            body = gzip.decompress(packed) if self.headers["content-encoding"] == "gzip" else packed
            status, headers, said = answer(self.path, body)
            taken.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}", taken
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextmanager
def raw_server(speak: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """A TCP server that speaks as it likes once it was spoken to. The event is set when it must end."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.settimeout(5)
                    connection.recv(65536)
                    speak(connection, over)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
