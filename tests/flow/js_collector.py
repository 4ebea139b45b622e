"""A receiver that keeps what the JavaScript SDK sends it, and Node in other versions than the machine's."""

from __future__ import annotations

import gzip
import json
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from js_parts import Installed, http_server, run
from tests.flow.shared_places import KEPT, alone


@dataclass
class Collected:
    """Requests so far, each with its path and its body as JSON."""

    url: str = ""
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def spans(self) -> list[dict[str, Any]]:
        """All spans, each with its attributes as a dictionary and the name of its scope."""
        found = []
        for path, body in list(self.requests):
            if path.split("?")[0].endswith("/v1/traces"):
                for scope in (s for r in body["resourceSpans"] for s in r["scopeSpans"]):
                    for span in scope["spans"]:
                        found.append(span | {"attributes": plain(span), "scope": scope["scope"]["name"]})
        return found


def plain(record: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a record of OTLP/JSON."""
    return {a["key"]: next(iter(a["value"].values())) for a in record["attributes"]}


@contextmanager
def collecting() -> Iterator[Collected]:
    """A server that takes everything."""
    found = Collected()

    class Take(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            found.requests.append((self.path, json.loads(body)))
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with http_server(Take) as url:
        found.url = url
        yield found


# Where npm has runtimes as programs: the package of each machine, and the program in it.
RUNTIMES = {
    "node": ("node-{system}-{machine}", {"arm64": "arm64"}, "bin/node"),
    "bun": ("@oven/bun-{system}-{machine}", {"arm64": "aarch64"}, "bin/bun"),
    "deno": ("@deno/{system}-{machine}{libc}", {"arm64": "arm64"}, "deno"),
}


def program_of(installed: Installed, runtime: str, version: str) -> str:
    """A runtime of a version, from npm, kept beside the applications; its program."""
    machine = {"x86_64": "x64", "AMD64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine())
    if sys.platform not in ("linux", "darwin") or machine is None:
        pytest.skip(f"npm has no {runtime} for {sys.platform} on {platform.machine()}")
    pattern, named, path = RUNTIMES[runtime]
    package = pattern.format(
        system=sys.platform,
        machine=named.get(machine, machine),
        libc="-glibc" if sys.platform == "linux" else "",
    )
    folder = KEPT / "sightline-nodes" / (version if runtime == "node" else f"{runtime}-{version}")
    program = folder / "node_modules" / f"other-{runtime}" / path
    with alone(folder):
        if not program.exists():
            (folder / "package.json").write_text("{}")
            name = f"other-{runtime}@npm:{package}@{version}"
            quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error")
            run(*installed.npm, "install", *quiet, name, cwd=folder)
            program.chmod(0o755)
    return str(program)


def node_of(installed: Installed, version: str) -> str:
    """The program of another version of Node."""
    return program_of(installed, "node", version)
