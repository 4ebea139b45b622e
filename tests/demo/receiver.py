"""A small HTTP receiver for the demo's senders: answers as told, keeps what it got."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class Received:
    """Bodies by path, headers, and the answers still to give; `(200, "")` when none is left."""

    url: str = ""
    bodies: list[tuple[str, bytes]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)


@contextmanager
def receiver(*answers: tuple[int, str], port: int = 0) -> Iterator[Received]:
    """Serves on loopback; each answer is a status and a Retry-After, used up in order."""
    got, lock = Received(answers=list(answers)), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(200, "")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                status, after = got.answers.pop(0) if got.answers else (200, "")
                got.headers.append(dict(self.headers))
                if status == 200:
                    plain = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
                    got.bodies.append((self.path, plain))
                    got.arrived.set()
            self._answer(status, after)

        def _answer(self, status: int, after: str) -> None:
            self.send_response(status)
            if after:
                self.send_header("Retry-After", after)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"no" if status >= 400 else b"ok")

        def log_message(self, *arguments: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    got.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield got
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
