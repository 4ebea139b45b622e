"""Under uvicorn, which ends by raising the signal that stopped it: nothing that was served is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import urllib.request
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from tests.sdk.sdk_servers import Taken, http_server

from sightline.testing import environment, free_port, wait_until

APPLICATION = """
    import sightline
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    sightline.init(endpoint={url!r}, service="web", spool="off", flush_interval=30, instrument=False)

    async def hello(request):
        return PlainTextResponse("hello")

    app = Starlette(routes=[Route("/", hello)])
    app.add_middleware(sightline.SightlineMiddleware)
"""


def acknowledged(taken: Taken) -> list[int]:
    """What each report of a process says that the server has of its spans."""
    found = []
    for path, _, body in taken.requests:
        for part in (
            ExportMetricsServiceRequest.FromString(body).resource_metrics if "metrics" in path else ()
        ):
            for metric in part.scope_metrics[0].metrics:
                outcomes = {p.attributes[0].value.string_value: p.as_int for p in metric.sum.data_points}
                if metric.name == "sightline.sdk.spans":
                    found.append(outcomes["acknowledged"])
    return found


@pytest.mark.parametrize("workers", [[], ["--workers", "2"]])
def test_what_was_served_is_sent_when_the_server_is_stopped(tmp_path: Path, workers: list[str]) -> None:
    with http_server() as (url, taken):
        (tmp_path / "web.py").write_text(textwrap.dedent(APPLICATION).format(url=url))
        port = free_port()
        command = [
            sys.executable, "-m", "uvicorn", "web:app", "--port", str(port), "--app-dir", str(tmp_path),
            "--log-level", "warning", *workers,
        ]  # fmt: skip
        with (tmp_path / "log").open("wb") as log:
            uvicorn = subprocess.Popen(command, env=environment(), stdout=log, stderr=log)

        def ask() -> bool:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                    return bool(answer.read())
            except OSError:
                return False

        try:
            wait_until(ask, "uvicorn to answer")
            assert all(ask() for _ in range(20))
            uvicorn.send_signal(signal.SIGTERM)
            uvicorn.wait(30)
        finally:
            uvicorn.kill()
            uvicorn.wait(10)
        assert [s.name for s in taken.spans()].count("GET /") == 21, (tmp_path / "log").read_text()
        assert sum(acknowledged(taken)) >= 21
