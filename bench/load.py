"""Sends a file of encoded requests over a few connections, from a process of its own, and says how it went.

As a command (the other measurements start it so):

    python bench/load.py genai.bin --port 4318 [--protocol http|grpc|json] [--connections 4] [--rate SPANS]

Without a rate each connection sends as soon as it is answered; with one, requests are sent at their time
whether or not the one before was answered, as far as the connections reach. 429 and 503 are waited out and
sent again. The last line of its output is JSON.
"""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from record import quantile
from workloads import START, WORKLOADS, read, write

CACHE = Path(tempfile.gettempdir()) / "sightline-bench-load"


def load_file(
    workload: str, spans: int, each: int = 128, seed: int = 7, protocol: str = "http", start: int = START
) -> tuple[Path, dict[str, Any]]:
    """A file with about so many spans, made once and kept in the temporary directory; and what it holds."""
    per_request = 101 if workload == "agent" else each
    requests = max(1, spans // per_request)
    name = f"{workload}-{requests}-{each}-{seed}-{start}{'-json' if protocol == 'json' else ''}"
    CACHE.mkdir(exist_ok=True)
    path, facts = CACHE / f"{name}.bin", CACHE / f"{name}.info"
    if not facts.exists():
        found: dict[str, Any] = write(WORKLOADS[workload](requests, each, seed, start), path)
        if protocol == "json":
            found["json_bytes"] = _as_json(path)
        facts.write_text(json.dumps(found))
    return path, json.loads(facts.read_text())


def _as_json(path: Path) -> int:
    """Rewrite a file's requests as OTLP/JSON (ids in hex); returns their bytes."""
    import base64

    import orjson
    from google.protobuf.internal.encoder import _VarintBytes  # type: ignore[attr-defined]
    from google.protobuf.json_format import MessageToDict
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    size, other = 0, path.with_suffix(".part")
    with other.open("wb") as file:
        for payload in read(path):
            found = MessageToDict(ExportTraceServiceRequest.FromString(payload), use_integers_for_enums=True)
            for resource in found["resourceSpans"]:
                for span in (s for scope in resource["scopeSpans"] for s in scope["spans"]):
                    for key in ("traceId", "spanId", "parentSpanId"):
                        if key in span:
                            span[key] = base64.b64decode(span[key]).hex()
            encoded = orjson.dumps(found)
            file.write(_VarintBytes(len(encoded)))
            file.write(encoded)
            size += len(encoded)
    other.replace(path)
    return size


def segments(path: Path, directory: Path, size: int) -> list[tuple[Path, int]]:
    """The requests of a file in length-delimited files of about `size` bytes, and how many each holds."""
    from google.protobuf.internal.encoder import _VarintBytes  # type: ignore[attr-defined]

    found: list[tuple[Path, int]] = []
    held, count = bytearray(), 0

    def flush() -> None:
        nonlocal held, count
        if count:
            part = directory / f"{path.stem}-{len(found)}.seg"
            part.write_bytes(held)
            found.append((part, count))
        held, count = bytearray(), 0

    for payload in read(path):
        held += _VarintBytes(len(payload)) + payload
        count += 1
        if len(held) >= size:
            flush()
    flush()
    return found


Send = Callable[[bytes], int]
"""Sends one request; 200, or the status that asks to wait."""


def http_sender(port: int, content_type: str) -> Send:
    """A sender over one kept HTTP connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Content-Type": content_type}

    def send(payload: bytes) -> int:
        connection.request("POST", "/v1/traces", payload, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    return send


def grpc_sender(port: int) -> Send:
    """A sender over one gRPC channel that passes the bytes through."""
    import grpc

    limits = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", -1)]
    channel = grpc.insecure_channel(f"127.0.0.1:{port}", limits)
    call = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
    wait = (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE)

    def send(payload: bytes) -> int:
        try:
            call(payload, timeout=120)
        except grpc.RpcError as error:
            if error.code() in wait:
                return 429
            raise
        return 200

    return send


class Sending:
    """The state that the threads of one run share."""

    def __init__(self, payloads: Iterator[bytes], interval: float) -> None:
        self._payloads, self._interval, self._lock = payloads, interval, threading.Lock()
        self._number, self._began = 0, time.perf_counter()
        self.latencies: list[float] = []
        self.waits = 0
        self.errors: list[str] = []

    def next(self) -> tuple[float, bytes] | None:
        """The next request and when it is due."""
        with self._lock:
            payload = next(self._payloads, None)
            due = self._began + self._number * self._interval
            self._number += 1
        return None if payload is None else (due, payload)

    def run(self, send: Send) -> None:
        """Send until nothing is left."""
        while (item := self.next()) is not None and not self.errors:
            due, payload = item
            if self._interval and (early := due - time.perf_counter()) > 0:
                time.sleep(early)
            began = time.perf_counter()
            try:
                while (status := send(payload)) in (429, 503):
                    self.waits += 1
                    time.sleep(0.25)
                if status != 200:
                    raise RuntimeError(f"answered {status}")
            except Exception as error:  # what ends one connection is reported and ends the run
                self.errors.append(f"{type(error).__name__}: {error}"[:300])
                return
            self.latencies.append(time.perf_counter() - began)


def main() -> None:
    """Send, then print one line of JSON: times are seconds, `began` and `ended` on the machine's monotonic
    clock."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--protocol", choices=("http", "grpc", "json"), default="http")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--interval", type=float, default=0.0, help="seconds between requests; 0: at once")
    given = parser.parse_args()
    payloads = list(read(given.file))  # read before the clock starts: the disk is the server's
    print("ready", flush=True)
    sys.stdin.readline()
    sending = Sending(iter(payloads), given.interval)
    kinds = {"http": "application/x-protobuf", "json": "application/json"}
    threads = []
    began, cpu = time.perf_counter(), time.process_time()
    for _ in range(given.connections):
        port = given.port
        send = grpc_sender(port) if given.protocol == "grpc" else http_sender(port, kinds[given.protocol])
        threads.append(threading.Thread(target=sending.run, args=(send,)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    ended = time.perf_counter()
    answered = sending.latencies
    print(
        json.dumps(
            {
                "began": began,
                "ended": ended,
                "requests": len(answered),
                "cpu": round(time.process_time() - cpu, 2),
                "p50": quantile(answered, 0.5),
                "p99": quantile(answered, 0.99),
                "max": max(answered, default=0.0),
                "waits": sending.waits,
                "errors": sending.errors[:3],
            }
        )
    )


class Loader:
    """The load in its own process: it reads its file first, then waits for `go`."""

    def __init__(self, path: Path, port: int, protocol: str, connections: int, interval: float = 0.0) -> None:
        self._process = subprocess.Popen(
            [
                *(sys.executable, __file__, str(path), "--port", str(port), "--protocol", protocol),
                *("--connections", str(connections), "--interval", str(interval)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def go(self) -> None:
        """Begin to send."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def running(self) -> bool:
        """Whether it still sends."""
        return self._process.poll() is None

    def result(self) -> dict[str, Any]:
        """Wait for the end; what was sent. Raises RuntimeError when something was refused."""
        assert self._process.stdout is not None
        found: dict[str, Any] = json.loads(self._process.stdout.read().splitlines()[-1])
        self._process.wait()
        if found["errors"]:
            raise RuntimeError(f"the load was not accepted: {found['errors']}")
        return found

    def end(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()


if __name__ == "__main__":
    main()
