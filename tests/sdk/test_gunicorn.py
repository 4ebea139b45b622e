"""Under gunicorn, loaded before its workers are forked: each worker sends its own, also when stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import urllib.request
from pathlib import Path

from tests.sdk.sdk_servers import http_server
from tests.sdk.test_runtime import senders

from sightline.testing import environment, free_port, wait_until

APPLICATION = """
    import os
    import sightline
    from opentelemetry import trace
    sightline.init(endpoint={url!r}, service="web", spool="off", flush_interval=30, quiet=True)
    with trace.get_tracer("x").start_as_current_span("loading"):
        pass

    def application(environ, start_response):
        with trace.get_tracer("x").start_as_current_span("request"):
            start_response("200 OK", [("content-type", "text/plain")])
            return [str(os.getpid()).encode()]
"""


def test_workers_that_were_forked_after_init_each_send_what_they_served(tmp_path: Path) -> None:
    with http_server() as (url, taken):
        (tmp_path / "web.py").write_text(textwrap.dedent(APPLICATION).format(url=url))
        port = free_port()
        command = [
            sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--bind", f"127.0.0.1:{port}",
            "--chdir", str(tmp_path), "--log-level", "warning", "web",
        ]  # fmt: skip
        with (tmp_path / "log").open("wb") as log:
            gunicorn = subprocess.Popen(command, env=environment(), stdout=log, stderr=log)
        try:

            def ask() -> bytes | None:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                        body: bytes = answer.read()
                        return body
                except OSError:
                    return None

            wait_until(ask, "gunicorn to answer")
            served = [answered for _ in range(30) if (answered := ask())]
            assert len(served) == 30
            gunicorn.send_signal(signal.SIGTERM)
            assert gunicorn.wait(30) == 0, (tmp_path / "log").read_text()
        finally:
            gunicorn.kill()
            gunicorn.wait(10)
        spans = [s.name for s in taken.spans()]
        assert spans.count("request") == 31
        assert spans.count("loading") == 1
        assert len(senders(taken)) == len({*served}) + 1
        assert (tmp_path / "log").read_text() == ""
