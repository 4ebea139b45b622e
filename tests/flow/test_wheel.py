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


@pytest.fixture(scope="module")
def light(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that holds the wheel and what it needs by itself."""
    folder = tmp_path_factory.mktemp("light")
    run(sys.executable, "-m", "venv", folder / "venv")
    found = folder / "venv" / "bin"
    run(found / "python", "-m", "pip", "install", "--quiet", wheel)
    return found


def test_without_extras_the_package_can_be_imported(light: Path) -> None:
    python = light / "python"
    assert run(python, "-c", "import sightline, sightline.sdk; print(sightline.__version__)").strip()


def test_the_light_install_reports_and_writes_a_page(light: Path, tmp_path: Path) -> None:
    log = tmp_path / "app.jsonl"
    log.write_text('{"model": "gpt-4o", "latency_ms": 120, "prompt_tokens": 7, "error": null}\n')
    said = run(light / "sightline", "report", log, "--html", tmp_path / "report.html")
    assert "1 record from 1 file" in said
    assert 'pip install "sightline[prices]"' in said
    assert "<svg" in (tmp_path / "report.html").read_text()


def test_a_program_with_the_light_install_writes_a_file_that_can_be_reported_on(
    light: Path, tmp_path: Path
) -> None:
    program = (
        "import sightline\n"
        f"sightline.init(file={str(tmp_path / 'calls.jsonl')!r}, redaction=sightline.Redaction())\n"
        "with sightline.llm_call('gpt-4o', 'openai', 'Write to ada@example.org') as call:\n"
        "    call.usage(input=12, output=3)\n"
    )
    run(light / "python", "-c", program)
    written = (tmp_path / "calls.jsonl").read_text()
    assert "[EMAIL]" in written
    assert "ada@example.org" not in written
    found = json.loads(run(light / "sightline", "report", tmp_path / "calls.jsonl", "--json"))
    assert (found["calls"]["count"], found["calls"]["input"], found["calls"]["output"]) == (1, 12, 3)


def test_the_light_install_imports_into_a_server(light: Path, address: str, tmp_path: Path) -> None:
    now, trace = time.time_ns(), secrets.token_hex(16)
    span = {"traceId": trace, "spanId": secrets.token_hex(8), "name": "from a file", "kind": 1,
            "startTimeUnixNano": str(now - 1000), "endTimeUnixNano": str(now)}  # fmt: skip
    file = tmp_path / "calls.jsonl"
    file.write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}) + "\n")
    assert "1 requests were taken" in run(light / "sightline", "import", "--url", address, file)
    question: dict[str, object] = {"query": f"SELECT name FROM spans WHERE trace_id = '{trace}'"}
    wait_until(lambda: "from a file" in fetch(f"{address}/api/v1/sql", question)[1], "the span to be found")


@pytest.mark.parametrize("command", ["serve", "demo", "query", "export", "tail", "keys", "journal", "doctor"])
def test_other_commands_say_what_to_install(light: Path, command: str) -> None:
    done = subprocess.run(
        [light / "sightline", command, "--help"], capture_output=True, text=True, check=False, env=bare()
    )
    assert done.returncode == 1
    assert 'pip install "sightline[server]"' in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_light_install_is_small(light: Path) -> None:
    [packages] = (light.parent / "lib").glob("python*/site-packages")
    ours = [
        p
        for p in packages.iterdir()
        if not p.name.startswith(("pip", "setuptools", "pkg_resources", "_dist"))
    ]
    files = [f for p in ours for f in (p.rglob("*") if p.is_dir() else [p]) if f.is_file()]
    assert not {"google", "protobuf", "grpc"} & {p.name for p in ours}
    assert not (packages / "opentelemetry" / "proto").exists()
    size = sum(f.stat().st_size for f in files if f.suffix != ".pyc") / 1e6
    assert size < 15, f"{size:.1f} MB without byte code"


def test_help_is_fast_because_it_imports_nothing(light: Path) -> None:
    asked = "import sys; from sightline.cli import main; main(['--help'], standalone_mode=False); "
    loaded = run(light / "python", "-c", asked + "print(*sorted(m for m in sys.modules if 'sightline' in m))")
    assert loaded.splitlines()[-1] == "sightline sightline.cli"


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
