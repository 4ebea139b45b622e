"""What a span costs in Node: OpenTelemetry's SDK alone, with its own exporter, and Sightline's SDK.

    python bench/sdk_js.py [--spans 50000] [--rounds 3] [--record]

Each variant runs in a process of its own, several times, the fastest counts. `caller` is the time within the
program's own calls; `all` is the CPU of the whole process with encoding, compressing and sending, for a span.
A sink in another process answers 200. Also the sizes of what browsers and Node load.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from record import Record

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "flow")]
from tests.flow.js_parts import Installed, run  # noqa: E402  # the package as its users have it

VARIANTS = (
    "otel",
    "otel, exporting",
    "sightline",
    "sightline, a tenth",
    "sightline, redacted",
    "sightline, to disk",
)
EXPORTER = "@opentelemetry/exporter-trace-otlp-proto@<0.300"


class Sink(BaseHTTPRequestHandler):
    """Takes everything."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        if length:
            self.rfile.read(length)
        else:
            while size := int(self.rfile.readline(), 16):
                self.rfile.read(size + 2)
            self.rfile.readline()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, ValueError):
            return  # the program has ended

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def measured(spans: int, rounds: int) -> tuple[dict[str, dict[str, Any]], Path]:
    """The best of each variant, and the installed package."""
    installed = Installed()
    found: dict[str, dict[str, Any]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadingHTTPServer(("127.0.0.1", 0), Sink) as serving,
    ):
        here = Path(folder)
        shutil.copy(ROOT / "bench" / "sdk_js_program.mjs", here)
        installed.pack(here)
        packages = [f"./{next(here.glob('*.tgz')).name}", EXPORTER]
        run(*installed.npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", *packages, cwd=here)
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{serving.server_port}"
        for turn in range(rounds):
            for variant in VARIANTS:
                env = {"SPOOL": str(here / f"spool-{turn}")}
                words = (installed.node, "sdk_js_program.mjs", variant, str(spans), url)
                one = json.loads(run(*words, cwd=here, env=env).splitlines()[-1])
                best = found.setdefault(variant, one)
                if one["caller"] < best["caller"]:
                    found[variant] = one | {"all": min(one["all"], best["all"])}
                else:
                    best["all"] = min(one["all"], best["all"])
        serving.shutdown()
    return found, installed.folder / "node_modules" / "@sightline" / "sdk"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--record", action="store_true")
    given = parser.parse_args()
    record = Record(
        "sdk_js", f"{given.spans} spans in traces of ten, nine with 8 attributes and 250 characters"
    )
    found, package = measured(given.spans, given.rounds)
    for variant, one in found.items():
        record.figures[f"{variant}: caller, µs a span"] = round(one["caller"], 1)
        record.figures[f"{variant}: all, µs of CPU a span"] = round(one["all"], 1)
        record.details[f"{variant}: import and init, ms"] = round(one["importMs"], 1)
        record.details[f"{variant}: resident at the end, MiB"] = round(one["rss"])
        if one.get("counts"):
            counts = one["counts"]
            made = given.spans + 3_000
            assert counts["ended"] == made and not counts["dropped"], counts
            assert counts["acknowledged"] + counts["sampledOut"] == made, counts
    minified = (package / "dist" / "browser.min.js").read_bytes()
    record.figures["browser: bytes compressed"] = len(gzip.compress(minified, 9))
    record.details["browser: bytes"] = len(minified)
    record.details["node: version"] = run(Installed().node, "--version", cwd=ROOT).strip()
    if given.record:
        record.write()
    else:
        print(json.dumps(record.figures | record.details, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
