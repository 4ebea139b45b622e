"""Sends OTLP requests over HTTP, as an exporter does: keep-alive, bounded, patient when told to wait."""

from __future__ import annotations

import gzip
import http.client
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from sightline.records.ingest import Signal

RETRY = {408, 429, 502, 503, 504}
LONGEST_WAIT = 30.0


class SendError(Exception):
    """The server refused a request for good, or cannot be reached; the message says which and why."""


@dataclass(slots=True)
class Sent:
    """What has gone out so far; `waits` counts answers that asked for patience."""

    requests: int = 0
    items: int = 0
    bytes: int = 0
    waits: int = 0


class Sender:
    """Sends to `url` from a few threads; `submit` blocks when all are busy. Use as a context manager.

    A failed request is kept in `error` and raised by the next `submit` or by leaving the context.
    """

    def __init__(
        self,
        url: str,
        key: str = "",
        *,
        workers: int = 3,
        compress: bool = False,
        patience: float = 120.0,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SendError(f"url {url!r} is no http address; expected for example http://127.0.0.1:4318")
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._path = parts.path.rstrip("/")
        self._headers = {"Content-Type": "application/x-protobuf", "User-Agent": "sightline-demo"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        if compress:
            self._headers["Content-Encoding"] = "gzip"
        self._compress, self._patience, self._clock = compress, patience, clock
        self.stopped = threading.Event()
        self._wait = wait or self.stopped.wait
        self._local = threading.local()
        self._connections: list[http.client.HTTPConnection] = []
        self._most = workers * 2
        self._slots = threading.BoundedSemaphore(self._most)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="demo-send")
        self._lock = threading.Lock()
        self.sent = Sent()
        self.error: SendError | None = None

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        if kind is not None:
            self.stopped.set()
        self._pool.shutdown(wait=True)
        for connection in self._connections:
            connection.close()
        if self.error and kind is None:
            raise self.error

    def flush(self) -> None:
        """Waits until everything submitted is answered; raises what went wrong."""
        for _ in range(self._most):
            self._slots.acquire()
        self._slots.release(self._most)
        if self.error:
            raise self.error

    def submit(self, signal: Signal, payload: bytes, items: int) -> Future[None]:
        """Hands one encoded request to a thread. Raises SendError when an earlier one failed."""
        if self.error:
            raise self.error
        self._slots.acquire()
        return self._pool.submit(self._run, signal, payload, items)

    def _run(self, signal: Signal, payload: bytes, items: int) -> None:
        try:
            self.send(signal, payload, items)
        except SendError as error:
            self.error = self.error or error
        finally:
            self._slots.release()

    def send(self, signal: Signal, payload: bytes, items: int) -> None:
        """Sends one request and waits for its answer, again and again while told to wait."""
        body = gzip.compress(payload, 1) if self._compress else payload
        deadline = self._clock() + self._patience
        pause = 0.5
        while not self.stopped.is_set():
            status, after, answer = self._post(f"{self._path}/v1/{signal}", body)
            if status == 200:
                with self._lock:
                    self.sent.requests += 1
                    self.sent.items += items
                    self.sent.bytes += len(payload)
                return
            if status not in RETRY and status != 0:
                raise SendError(f"POST /v1/{signal} answered {status}: {answer[:300]}")
            delay = min(after if after is not None else pause, LONGEST_WAIT)
            if self._clock() + delay > deadline:
                reason = f"answered {status}" if status else f"failed: {answer}"
                raise SendError(f"POST /v1/{signal} {reason}; gave up after {self._patience:.0f} s")
            with self._lock:
                self.sent.waits += 1
            self._wait(delay)
            pause = min(pause * 2, 8.0)

    def _post(self, path: str, body: bytes) -> tuple[int, float | None, str]:
        """Status (0: no answer), Retry-After in seconds if given, and the answer's text."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            factory = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            connection = self._local.connection = factory(self._host, self._port, timeout=60)
            with self._lock:
                self._connections.append(connection)
        try:
            connection.request("POST", path, body, self._headers)
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()  # it opens again with the next request
            return 0, None, f"{type(error).__name__}: {error}"
        header = response.getheader("Retry-After")
        after = float(header) if header and header.isdigit() else None
        return response.status, after, "" if response.status == 200 else answer.decode(errors="replace")


def wait_ready(url: str, stop: threading.Event, patience: float = 60.0) -> None:
    """Waits until `/readyz` answers 200. Raises SendError after `patience` seconds."""
    parts = urlsplit(url)
    factory = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    deadline = time.monotonic() + patience
    reason = "no answer yet"
    while time.monotonic() < deadline and not stop.is_set():
        connection = factory(parts.hostname or "127.0.0.1", parts.port, timeout=5)
        try:
            connection.request("GET", f"{parts.path.rstrip('/')}/readyz")
            response = connection.getresponse()
            response.read()
            if response.status == 200:
                return
            reason = f"/readyz answered {response.status}"
        except (OSError, http.client.HTTPException) as error:
            reason = f"{type(error).__name__}: {error}"
        finally:
            connection.close()
        stop.wait(0.1)
    if not stop.is_set():
        raise SendError(
            f"{url} was not ready within {patience:.0f} s ({reason}); is `sightline serve` running there?"
        )
