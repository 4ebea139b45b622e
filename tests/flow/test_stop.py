"""SIGTERM while senders are busy: it ends in time with exit code 0, and what it acknowledged is there
afterwards."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from sightline.operations.client import UnreachableError
from sightline.testing import ServerProcess, span, traces_request, wait_until

pytestmark = pytest.mark.flow
REQUEST = 50


class Sender(threading.Thread):
    """Sends until nobody answers; remembers what was acknowledged."""

    def __init__(self, server: ServerProcess) -> None:
        super().__init__(daemon=True)
        self.server, self.acknowledged, self.statuses = server, list[str](), set[int]()

    def run(self) -> None:
        while True:
            spans = [span(attributes={"gen_ai.request.model": "gpt-4o"}) for _ in range(REQUEST)]
            try:
                answer = self.server.post("/v1/traces", traces_request(spans).SerializeToString())
            except UnreachableError:
                return
            self.statuses.add(answer.status)
            if answer.status == 200:
                self.acknowledged += [s.trace_id.hex() for s in spans]


def test_sigterm_under_load_loses_nothing_and_takes_less_than_ten_seconds(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server:
        senders = [Sender(server) for _ in range(4)]
        for sender in senders:
            sender.start()
        wait_until(lambda: sum(len(s.acknowledged) for s in senders) > 2000, "load")
        code, seconds = server.stop()
        for sender in senders:
            sender.join(30)
        assert (code, seconds < 10) == (0, True), (
            f"exit code {code} after {seconds:.1f} s: {server.output()[-3000:]}"
        )
        assert "Traceback" not in server.output()
        assert set().union(*(s.statuses for s in senders)) <= {200, 429, 503}
        server.start()
        server.settled()
        sent = {trace for s in senders for trace in s.acknowledged}
        rows = server.sql("SELECT count() AS n, uniqExact(trace_id) AS traces FROM spans")
        assert rows[0]["n"] == rows[0]["traces"], "none twice"
        stored = {
            row["trace_id"]
            for digit in "0123456789abcdef"
            for row in server.sql(
                f"SELECT trace_id FROM spans WHERE startsWith(trace_id, '{digit}') LIMIT 10000"
            )
        }
        assert sent <= stored, f"{len(sent - stored)} of {len(sent)} are missing"
