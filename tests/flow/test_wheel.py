"""The wheel alone, installed where neither the repository nor Node is: it serves, shows pages, takes and
finds spans."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.testing import free_port, wait_until

pytestmark = [pytest.mark.flow, pytest.mark.timeout(600)]
ROOT = Path(__file__).parents[2]
# What is not Python but must travel with it.
CARRIED = (
    r"pages/static/build/manifest\.json",
    r"pages/static/build/.+\.css",
    r"pages/static/build/.+\.js",
    r"pages/templates/_shell\.html",
    r"store/schema/0001_.+\.sql",
    r"query/sql/.+\.sql",
    r"journal/record\.proto",
    r"digest/otlp\.proto",
    r"catalog/conventions/.+\.toml",
    r"control/migrations/versions/0001_.+\.py",
)


def run(*command: str | Path) -> str:
    """A command's output; its error output is the message when it fails."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, env=bare())
    assert done.returncode == 0, f"{command}: {done.stderr[-3000:]}"
    return done.stdout


def bare(first: Path | None = None) -> dict[str, str]:
    """This environment without paths of Python; with `first`, only programs of that folder are found."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SIGHTLINE_", "OTEL_"))}
    return kept | ({"PATH": str(first)} if first else {})


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this repository with its front end."""
    run(sys.executable, ROOT / "frontend" / "build.py")
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
    (made,) = folder.glob("sightline-*.whl")
    return made


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that holds the wheel with the server's dependencies."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", folder / "venv")
    found = folder / "venv" / "bin"
    run(found / "python", "-m", "pip", "install", "--quiet", f"sightline[server] @ {wheel.as_uri()}")
    return found


@pytest.fixture(scope="module")
def address(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where `sightline serve`, started in an empty folder, answers."""
    port, empty = free_port(), tmp_path_factory.mktemp("empty")
    log = empty.parent / "serve.log"
    command = [programs / "sightline", "serve", "--port", str(port), "--grpc-port", str(free_port())]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=empty, env=bare(programs), stdout=output, stderr=output)
    try:
        url = f"http://127.0.0.1:{port}"

        def ready() -> bool:
            assert process.poll() is None or pytest.fail(f"the server ended:\n{log.read_text()[-3000:]}")
            try:
                return fetch(f"{url}/readyz")[0] == 200
            except OSError:
                return False

        wait_until(ready, "the installed server to be ready", 60.0)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def fetch(url: str, body: dict[str, object] | None = None) -> tuple[int, str]:
    """Status and text of an answer; JSON is sent when there is a body. Raises OSError."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"} if data else {})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.status, answer.read().decode()


def test_what_is_not_python_travels_with_it(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    missing = [want for want in CARRIED if not any(re.fullmatch(f"sightline/{want}", n) for n in names)]
    assert not missing


def test_without_extras_the_package_can_be_imported(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", wheel)
    assert run(python, "-c", "import sightline, sightline.sdk; print(sightline.__version__)").strip()


def test_pages_come_with_their_files(address: str) -> None:
    status, page = fetch(address)
    assert status == 200
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert files
    assert [fetch(address + file)[0] for file in files] == [200] * len(files)


def test_a_span_sent_is_found(address: str) -> None:
    trace, now = secrets.token_hex(16), time.time_ns()
    span = {
        "traceId": trace,
        "spanId": secrets.token_hex(8),
        "name": "from a wheel",
        "startTimeUnixNano": str(now - 1000),
        "endTimeUnixNano": str(now),
    }
    assert fetch(f"{address}/v1/traces", {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})[0] == 200
    question: dict[str, object] = {"query": f"SELECT name FROM spans WHERE trace_id = '{trace}'"}
    wait_until(lambda: "from a wheel" in fetch(f"{address}/api/v1/sql", question)[1], "the span to be found")
