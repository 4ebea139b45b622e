"""kill -9 of the whole server under load: every acknowledged span is there exactly once.

    python bench/kill_under_load.py [--rounds 20] [--seed N] [--directory DIR]

Threads send requests over HTTP, each with spans of a trace of its own, in every third trace in two exports
with the root last; some requests are sent a second time. What was answered with 200 is remembered. At a
random moment the server gets SIGKILL, sometimes soon after its start, while it recovers. It is started again
on the same directory and ports, and so on. At the end the server digests what is left, and every acknowledged
span is counted.
"""

from __future__ import annotations

import argparse
import collections
import json
import random
import shutil
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from sightline.operations.client import UnreachableError
from sightline.testing import ServerProcess, span, traces_request

SENDERS = 4
SPANS = 20
TEXT = "It was a bright cold day in April, and the clocks were striking thirteen. "


@dataclass
class Tally:
    """What was acknowledged: trace id → number of spans; and what was found."""

    acknowledged: dict[str, int] = field(default_factory=lambda: collections.defaultdict(int))
    requests: int = 0
    refused: collections.Counter[int] = field(default_factory=collections.Counter)
    unanswered: int = 0
    missing: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    """Traces whose session did not reach every span, though all of them are there."""
    spans_found: int = 0
    quarantined: int = 0
    rounds: int = 0

    @property
    def spans(self) -> int:
        """Spans acknowledged."""
        return sum(self.acknowledged.values())

    @property
    def sound(self) -> bool:
        """Nothing missing, nothing doubled, nothing half derived."""
        return bool(self.spans) and not (self.missing or self.doubled or self.torn or self.quarantined)

    def __str__(self) -> str:
        return (
            f"{self.rounds} kills: {self.spans} spans in {len(self.acknowledged)} traces acknowledged, "
            f"{len(self.missing)} missing, {len(self.doubled)} doubled, {len(self.torn)} without their"
            " session, "
            f"{self.quarantined} in quarantine; {self.unanswered} requests were cut off, refused"
            f" {dict(self.refused)}"
        )


class Sender(threading.Thread):
    """Sends until `over` is set; says with what seed, so that a run can be told again."""

    def __init__(self, server: ServerProcess, tally: Tally, lock: threading.Lock, seed: int) -> None:
        super().__init__(daemon=True)
        self._server, self._tally, self._lock = server, tally, lock
        self._dice = random.Random(seed)
        self.over = threading.Event()

    def run(self) -> None:
        """Send one trace after the other, with small pauses."""
        while not self.over.wait(self._dice.random() * 0.02):
            trace = self._dice.randbytes(16).hex()
            root = self._dice.randbytes(8)
            spans = [
                span(
                    trace, f"step {number}", span_id=self._dice.randbytes(8), parent_span_id=root,
                    attributes={"gen_ai.request.model": "gpt-4o", "gen_ai.operation.name": "chat",
                                "gen_ai.usage.input_tokens": number + 1, "gen_ai.usage.output_tokens": 3,
                                "gen_ai.input.messages": f"{number} {trace} {TEXT * 8}"},
                )
                for number in range(SPANS - 1)
            ]  # fmt: skip
            last = span(trace, "root", span_id=root, attributes={"session.id": f"s-{trace}"})
            if self._dice.random() < 0.33:
                self._send(trace, spans) and self._send(trace, [last])
            else:
                self._send(trace, [*spans, last])

    def _send(self, trace: str, spans: list[object]) -> bool:
        body = traces_request(spans).SerializeToString()  # type: ignore[arg-type]
        done = self._post(body)
        if done:
            with self._lock:
                self._tally.acknowledged[trace] += len(spans)
        if self._dice.random() < 0.05:  # an exporter that did not hear the answer sends the same again
            self._post(body)
        return done

    def _post(self, body: bytes) -> bool:
        try:
            answer = self._server.post("/v1/traces", body)
        except UnreachableError:
            self._tally.unanswered += 1
            self.over.wait(0.05)
            return False
        self._tally.requests += 1
        if answer.status != 200:
            self._tally.refused[answer.status] += 1
        return answer.status == 200


def kill_rounds(directory: Path, rounds: int, seed: int, say: bool = False) -> Tally:
    """Load, kill and start again `rounds` times; then count."""
    dice, tally, lock = random.Random(seed), Tally(), threading.Lock()
    server = ServerProcess(directory / "data")
    senders = [Sender(server, tally, lock, dice.getrandbits(64)) for _ in range(SENDERS)]
    clock = threading.Event()
    try:
        server.start()
        for sender in senders:
            sender.start()
        for number in range(rounds):
            clock.wait(dice.uniform(0.2, 3.0) if dice.random() < 0.8 else dice.uniform(0.0, 0.3))
            server.kill()
            tally.rounds += 1
            if say:
                print(f"kill {number + 1}: {tally.spans} spans acknowledged so far", flush=True)
            # Now and then it is killed again while it is still coming up.
            server.start(ready=dice.random() < 0.8)
        for sender in senders:
            sender.over.set()
        for sender in senders:
            sender.join(60)
        if server.process is not None and server.process.poll() is not None:
            raise RuntimeError(server.output()[-3000:])
        server.settled()
        count(server, tally)
    finally:
        for sender in senders:
            sender.over.set()
        server.kill()
    return tally


def count(server: ServerProcess, tally: Tally) -> None:
    """Compare what is stored with what was acknowledged."""
    tally.quarantined = int(server.measures().get("sightline_quarantine_records", 0))
    stored: dict[str, tuple[int, int, int]] = {}
    for digit in "0123456789abcdef":
        rows = server.sql(
            "SELECT trace_id AS t, count() AS n, uniqExact(span_id) AS u, countIf(session_id = concat('s-',"
            " trace_id)) AS s"
            f" FROM spans WHERE startsWith(trace_id, '{digit}') GROUP BY trace_id"
        )
        stored |= {row["t"]: (int(row["n"]), int(row["u"]), int(row["s"])) for row in rows}
    tally.spans_found = sum(rows for rows, _, _ in stored.values())
    for trace, expected in tally.acknowledged.items():
        rows, unique, with_session = stored.get(trace, (0, 0, 0))
        if unique < expected:
            tally.missing.append(trace)
        if rows != unique or rows > SPANS:
            tally.doubled.append(trace)
        if expected == SPANS and with_session != rows:
            tally.torn.append(trace)


def main() -> int:
    """Run from the command line; exit code 1 when a span is missing or doubled."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**9)
    parser.add_argument("--directory", type=Path, help="where to work; kept afterwards")
    chosen = parser.parse_args()
    directory = chosen.directory or Path(tempfile.mkdtemp(prefix="sightline-kill-"))
    directory.mkdir(parents=True, exist_ok=True)
    print(f"seed {chosen.seed}, in {directory}", flush=True)
    tally = kill_rounds(directory, chosen.rounds, chosen.seed, say=True)
    print(tally)
    if not tally.sound:
        print(
            json.dumps(
                {"missing": tally.missing[:20], "doubled": tally.doubled[:20], "torn": tally.torn[:20]}
            )
        )
        return 1
    if chosen.directory is None:
        shutil.rmtree(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
