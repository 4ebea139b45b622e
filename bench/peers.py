"""Peers from PyPI with the same bytes: rate from received to queryable, memory, install size, time to start.

    python bench/peers.py [--spans 5120] [--venvs DIRECTORY] [--only arize-phoenix mlflow]

Each peer is installed with pip into a virtual environment of its own (kept in DIRECTORY, by default a
temporary one) and run as its documentation says, on SQLite and on loopback, without telemetry. It gets the
OTLP requests that Sightline gets, over as many connections; a span counts as queryable when its row is in the
peer's database. What cannot be installed or does not answer in time is left out with its reason.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from load import Loader, load_file
from record import Record
from running import free_port, fresh_server, process_memory


@dataclass(frozen=True)
class Peer:
    """How a peer is run; `command` and `environment` may name {port}, {other} (a second one) and {folder}."""

    package: str
    command: tuple[str, ...]
    health: str
    database: str
    environment: dict[str, str] = field(default_factory=dict)
    headers: tuple[str, ...] = ()


PEERS = (
    Peer(
        "arize-phoenix",
        ("phoenix", "serve"),
        "/healthz",
        "phoenix.db",
        {
            "PHOENIX_WORKING_DIR": "{folder}",
            "PHOENIX_HOST": "127.0.0.1",
            "PHOENIX_PORT": "{port}",
            "PHOENIX_GRPC_PORT": "{other}",
            "PHOENIX_TELEMETRY_ENABLED": "false",
        },
    ),
    Peer(
        "mlflow",
        (
            "mlflow",
            "server",
            "--host",
            "127.0.0.1",
            "--port",
            "{port}",
            "--workers",
            "1",
            "--backend-store-uri",
            "sqlite:///{folder}/mlflow.db",
        ),
        "/health",
        "mlflow.db",
        {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"},
        ("x-mlflow-experiment-id:0",),
    ),
)


def install(package: str, venvs: Path, seconds: float) -> tuple[Path, float]:
    """The environment's `bin`, and the seconds it took to install it; 0.0 when it was there."""
    folder = venvs / package
    if (folder / ".installed").exists():
        return folder / "bin", 0.0
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", package]
    subprocess.run(pip, check=True, capture_output=True, timeout=seconds)
    (folder / ".installed").touch()
    return folder / "bin", time.perf_counter() - began


def installed_mb(folder: Path) -> float:
    """Megabytes of an environment's files."""
    files = (p.lstat().st_size for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    return sum(files) / 1e6


def family(pid: int) -> list[int]:
    """A process and those below it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                parents.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for member in found:
        found += parents.get(member, [])
    return found


class MemoryWatch:
    """The highest sum of the resident memory of a process and those below it, MB, read twice a second."""

    def __init__(self, pid: int) -> None:
        self._pid, self.now, self.peak = pid, 0.0, 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.5):
            self.now = sum(process_memory(member)[0] for member in family(self._pid))
            self.peak = max(self.peak, self.now)

    def stop(self) -> None:
        """End watching."""
        self._stop.set()
        self._thread.join()


@contextlib.contextmanager
def running(peer: Peer, programs: Path, folder: Path) -> Iterator[tuple[int, int, float]]:
    """A started peer: its process id, its port, and the seconds until it answered."""
    names = {"port": str(free_port()), "other": str(free_port()), "folder": str(folder)}
    environment = {k: v.format(**names) for k, v in peer.environment.items()}
    command = [part.format(**names) for part in peer.command]
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    path = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
    began = time.perf_counter()
    process = subprocess.Popen(
        [str(programs / command[0]), *command[1:]],
        cwd=folder,
        env={**kept, **environment, "PATH": path, "HOME": str(folder)},
        stdout=(folder / "log").open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        while not _answers(int(names["port"]), peer.health):
            if process.poll() is not None or time.perf_counter() - began > 180:
                raise RuntimeError(
                    f"{peer.package} did not start: {(folder / 'log').read_text(errors='replace')[-800:]}"
                )
            time.sleep(0.05)
        yield process.pid, int(names["port"]), time.perf_counter() - began
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def rows_of(database: Path) -> Callable[[], int]:
    """Counts the rows of table `spans` of an SQLite file that another process writes."""

    def count() -> int:
        with contextlib.closing(
            sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)
        ) as open_file:
            return int(open_file.execute("SELECT count(*) FROM spans").fetchone()[0])

    return count


def measure(peer: Peer, programs: Path, path: Path, spans: int, seconds: float) -> dict[str, Any]:
    """Start, idle memory, rate and peak memory of one peer."""
    folder = Path(tempfile.mkdtemp(prefix="sightline-peer-"))
    try:
        with running(peer, programs, folder) as (pid, port, started):
            watch = MemoryWatch(pid)
            try:
                time.sleep(3)
                idle = watch.now
                loader = Loader(path, port, "http", 4, headers=peer.headers)
                count = rows_of(folder / peer.database)
                began = time.perf_counter()
                loader.go()
                stored = 0
                while stored < spans and time.perf_counter() - began < seconds:
                    time.sleep(0.25)
                    stored = count()
                took = time.perf_counter() - began
                if loader.running() and stored < spans:
                    loader.end()
                else:
                    loader.result()
            finally:
                watch.stop()
        return {"start": started, "idle": idle, "stored": stored, "rate": stored / took, "peak": watch.peak}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sightline(path: Path, spans: int) -> dict[str, Any]:
    """The same for Sightline."""
    with fresh_server() as server:
        watch = MemoryWatch(server.pid)
        try:
            time.sleep(3)
            idle = watch.now
            loader = Loader(path, server.port, "http", 4)
            loader.go()
            result = loader.result()
            ended, stored = server.wait_stored(spans, 300)
            time.sleep(1)
        finally:
            watch.stop()
        rate = stored / (ended - result["began"])
        return {
            "start": server.ready_seconds,
            "idle": idle,
            "stored": stored,
            "rate": rate,
            "peak": watch.peak,
        }


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--spans", type=int, default=5120, help="spans for the peers")
    parser.add_argument("--venvs", type=Path, help="where the peers are installed and kept")
    parser.add_argument("--only", nargs="*", default=[peer.package for peer in PEERS])
    parser.add_argument("--install-seconds", type=float, default=900.0)
    parser.add_argument("--seconds", type=float, default=180.0, help="longest time for each peer's load")
    given = parser.parse_args()
    venvs = given.venvs.absolute() if given.venvs else Path(tempfile.gettempdir()) / "sightline-bench-peers"
    venvs.mkdir(parents=True, exist_ok=True)
    record = Record("peers", f"genai, {given.spans} spans, 128 a request, OTLP over HTTP, 4 connections")
    path, facts = load_file("genai", given.spans)
    for peer in (p for p in PEERS if p.package in given.only):
        try:
            programs, took = install(peer.package, venvs, given.install_seconds)
            found = measure(peer, programs, path, facts["items"], given.seconds)
        except (RuntimeError, subprocess.SubprocessError, OSError, sqlite3.Error) as error:
            record.figures[f"{peer.package}: left out"] = str(error)[:300]
            continue
        shown = subprocess.run(
            [str(programs / "python"), "-m", "pip", "show", peer.package], capture_output=True, text=True
        ).stdout
        name = f"{peer.package}"
        record.figures[f"{name}: version"] = shown.split("Version: ")[1].split("\n")[0]
        record.figures |= _figures(name, found)
        record.figures[f"{name}: installed, MB"] = round(installed_mb(venvs / peer.package))
        if took:
            record.figures[f"{name}: to install, s"] = round(took)
    record.figures |= _figures("sightline", sightline(path, facts["items"]))
    more, facts = load_file("genai", given.spans * 20)
    longer = sightline(more, facts["items"])
    record.figures[f"sightline with {facts['items']} spans, spans/s"] = round(longer["rate"])
    record.figures[f"sightline with {facts['items']} spans, peak memory, MB"] = round(longer["peak"])
    if (venvs / "sightline").is_dir():
        record.figures["sightline: installed, MB"] = round(installed_mb(venvs / "sightline"))
    record.write()


def _figures(name: str, found: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{name}: received to queryable, spans/s": round(found["rate"]),
        f"{name}: spans stored": found["stored"],
        f"{name}: start, s": round(found["start"], 1),
        f"{name}: idle, MB": round(found["idle"]),
        f"{name}: peak memory, MB": round(found["peak"]),
    }


if __name__ == "__main__":
    main()
