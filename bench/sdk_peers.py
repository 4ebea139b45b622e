"""What observing costs a program: Sightline's SDK beside others from PyPI, all in one run on one workload.

    python bench/sdk_peers.py [--venvs DIRECTORY] [--requests 2000] [--seconds 15]

Every SDK is installed in an environment of its own and sends to a receiver that takes everything at once
(a process of its own), so that no server's speed counts. `sdk_peer_program.py` is the program. Rounds go
round all SDKs in turn, so that what else the machine does meets all of them alike; the median counts.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from record import ROOT, Record
from sdk_peer_program import SPANS

PROGRAM = ROOT / "bench" / "sdk_peer_program.py"
PACKAGES = {
    "no instrumentation": ([], ""),
    "opentelemetry-sdk": (
        ["opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"],
        "opentelemetry.sdk.trace",
    ),
    "sightline": ([str(ROOT)], "sightline"),
    "langfuse": (["langfuse"], "langfuse"),
    "langsmith": (["langsmith"], "langsmith"),
    "mlflow": (["mlflow-tracing", "opentelemetry-exporter-otlp-proto-http"], "mlflow"),
    "openinference": (["arize-phoenix-otel", "openinference-instrumentation"], "phoenix.otel"),
}  # fmt: skip
EVERYWHERE = ("pip", "setuptools", "pkg_resources", "_distutils")
DISTRIBUTION = {"openinference": "openinference-instrumentation", "mlflow": "mlflow-tracing"}
_RECEIVER = """
import http.server, json, sys
class Take(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    requests = taken = 0
    def do_GET(self):
        body = json.dumps({"requests": Take.requests, "bytes": Take.taken} if self.path == "/taken" else
            {"version": "0.9.0", "batch_ingest_config": {"use_multipart_endpoint": True, "size_limit": 100,
             "size_limit_bytes": 20971520, "scale_up_qsize_trigger": 1000, "scale_up_nthreads_limit": 16,
             "scale_down_nempty_trigger": 4}}).encode()
        self.send_response(200); self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def do_POST(self):
        if self.headers.get("transfer-encoding") == "chunked":
            size = 0
            while piece := int(self.rfile.readline().split(b";")[0], 16):
                size += len(self.rfile.read(piece)); self.rfile.readline()
            self.rfile.readline()
        else:
            size = len(self.rfile.read(int(self.headers.get("content-length", 0))))
        Take.requests += 1; Take.taken += size
        self.send_response(200)
        self.send_header("content-type", self.headers.get("content-type", "application/json"))
        self.send_header("content-length", "0"); self.end_headers()
    do_PATCH = do_PUT = do_POST
    def log_message(self, *words): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Take)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


@contextmanager
def receiver() -> Iterator[str]:
    """A server that takes everything."""
    process = subprocess.Popen([sys.executable, "-c", _RECEIVER], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()


def python_of(folder: Path) -> Path:
    """The interpreter of an environment."""
    return folder / "bin" / "python"


def install(venvs: Path, peer: str) -> Path:
    """An environment with the newest of a peer; made once, Sightline's each time."""
    folder = venvs / peer.replace(" ", "-")
    packages = PACKAGES[peer][0]
    if peer == "sightline" and folder.exists():
        shutil.rmtree(folder)
    if not folder.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        if packages:
            subprocess.run([python_of(folder), "-m", "pip", "install", "-q", *packages], check=True)
    return folder


def installed_mb(folder: Path) -> float:
    """What the packages take on the disk, without what every environment has."""
    site = next((folder / "lib").glob("python*/site-packages"))
    own = [
        p
        for p in site.iterdir()
        if not p.name.startswith(("pip", "setuptools", "pkg_resources", "_distutils"))
    ]
    files = (f for p in own for f in ([p] if p.is_file() else p.rglob("*")) if f.is_file())
    return round(sum(f.stat().st_size for f in files) / 1e6, 1)


def version_of(folder: Path, peer: str) -> str:
    """The version that was measured."""
    name = DISTRIBUTION.get(peer, peer)
    asked = f"from importlib.metadata import version; print(version({name!r}))"
    return subprocess.run(
        [python_of(folder), "-c", asked], check=True, capture_output=True, text=True
    ).stdout.strip()


def import_ms(folder: Path, module: str) -> float:
    """The time of an import in a fresh process; files are read before."""
    asked = f"import time; t = time.perf_counter(); import {module}; print((time.perf_counter() - t) * 1e3)"
    took = [
        float(
            subprocess.run(
                [python_of(folder), "-c", asked], check=True, capture_output=True, text=True
            ).stdout
        )
        for _ in range(6)
    ]
    return round(statistics.median(took[1:]), 1)


def run(folder: Path, peer: str, url: str, mode: str, count: int) -> dict[str, float]:
    """One round of the program."""
    with tempfile.TemporaryDirectory() as spool:
        environment = {"PATH": os.environ["PATH"], "HOME": spool, "BENCH_SPOOL": spool}
        done = subprocess.run(
            [python_of(folder), PROGRAM, peer, url, mode, str(count)],
            check=True, capture_output=True, text=True, env=environment, cwd=spool, timeout=600,
        )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def taken(url: str) -> int:
    """The bytes that the receiver has taken so far."""
    with urllib.request.urlopen(f"{url}/taken", timeout=30) as answer:
        return int(json.load(answer)["bytes"])


def main() -> None:
    """Measure all, write one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--venvs", type=Path, default=None)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=list(PACKAGES))
    chosen = parser.parse_args()
    record = Record(
        "sdk_peers",
        f"{chosen.requests} requests of ten spans as fast as they go, then 100 requests/s of 200 ms for"
        f" {chosen.seconds} s; {chosen.rounds} rounds, medians",
    )
    with tempfile.TemporaryDirectory() as made, receiver() as url:
        venvs = (chosen.venvs or Path(made)).absolute()
        folders = {peer: install(venvs, peer) for peer in chosen.only}
        found: dict[tuple[str, str], list[float]] = defaultdict(list)
        for _ in range(chosen.rounds):
            for mode, count in (("tight", chosen.requests), ("paced", chosen.seconds * 100)):
                for peer, folder in folders.items():
                    before = taken(url)
                    for label, value in run(folder, peer, url, mode, count).items():
                        found[peer, label if label.startswith("set up") else f"{mode}: {label}"].append(value)
                    # That it sent what it was to send; compressed where that is its default.
                    sent = (taken(url) - before) / count / SPANS
                    if bool(sent) != bool(PACKAGES[peer][0]):
                        raise SystemExit(f"{peer} sent {sent:g} bytes a span: what it did is no measurement")
                    found[peer, f"{mode}: sent, bytes a span"].append(round(sent, 1))
        for peer, folder in folders.items():
            module = PACKAGES[peer][1]
            if module:
                record.figures[f"{peer}: version"] = version_of(folder, peer)
                record.figures[f"{peer}: installed, MB"] = installed_mb(folder)
                record.figures[f"{peer}: import, ms"] = import_ms(folder, module)
            for (whose, label), values in found.items():
                if whose == peer:
                    record.figures[f"{peer}: {label}"] = round(statistics.median(values), 2)
                    record.details[f"{peer}: {label}, all rounds"] = values
    record.write()


if __name__ == "__main__":
    main()
