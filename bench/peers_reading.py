"""Peers from PyPI asked what people ask: the latest traces, one trace, a word in prompts and answers.

    python bench/peers_reading.py [--spans 20480] [--venvs DIRECTORY] [--seconds 150]

Each peer gets the same OTLP requests as Sightline, as many as it stores within `--seconds`; then each
question is asked `--times` times over one connection of HTTP, as the peer's own page or client asks it, with
another trace or word each time. Sightline is asked at the same size in the same run. What a peer refuses is
written down with its answer.
"""

from __future__ import annotations

import argparse
import http.client
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from load import Loader, load_file
from peers import PEERS, Peer, install, rows_of, running
from record import Record, quantile
from running import fresh_server
from workloads import WORDS


@dataclass
class Http:
    """One connection to a server."""

    port: int

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer as JSON. Raises RuntimeError for any status but 200."""
        payload = None if body is None else json.dumps(body)
        self._connection.request(method, path, payload, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path[:80]} answered {answer.status}: {content[:200]!r}")
        return json.loads(content)


Question = Callable[[int], Sequence[Any]]
"""Asks for the n-th time; the rows found."""


def of_phoenix(server: Http) -> dict[str, Question]:
    """List and trace over its REST, text over the GraphQL of its pages."""
    listed = server.ask("GET", "/v1/projects/default/traces?limit=50")["data"]
    node = listed[0]["project_id"]
    search = (
        "query($id: ID!, $says: String!) { node(id: $id) { ... on Project {"
        " spans(first: 50, filterCondition: $says, sort: {col: startTime, dir: desc})"
        " { edges { node { spanId name startTime latencyMs } } } } } }"
    )

    def text(n: int) -> Sequence[Any]:
        says = (
            f"'{WORDS[n * 37 % len(WORDS)]}' in input.value or '{WORDS[n * 37 % len(WORDS)]}' in output.value"
        )
        answer = server.ask("POST", "/graphql", {"query": search, "variables": {"id": node, "says": says}})
        if "errors" in answer:
            raise RuntimeError(str(answer["errors"])[:300])
        return list(answer["data"]["node"]["spans"]["edges"])

    def trace(n: int) -> Sequence[Any]:
        one = listed[n % len(listed)]["trace_id"]
        return list(server.ask("GET", f"/v1/projects/default/spans?trace_id={one}&limit=1000")["data"])

    return {
        "list of 50 traces": lambda n: server.ask("GET", "/v1/projects/default/traces?limit=50")["data"],
        "one trace": trace,
        "a word in texts": text,
    }


def of_mlflow(server: Http) -> dict[str, Question]:
    """Its REST, as its pages and its client use it."""
    place = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}]

    def search(says: str = "") -> Sequence[Any]:
        body = {"locations": place, "max_results": 50} | ({"filter": says} if says else {})
        return list(server.ask("POST", "/api/3.0/mlflow/traces/search", body).get("traces", []))

    listed = search()

    def trace(n: int) -> Sequence[Any]:
        one = quote(listed[n % len(listed)]["trace_id"])
        return list(server.ask("GET", f"/api/3.0/mlflow/traces/get?trace_id={one}")["trace"]["spans"])

    return {
        "list of 50 traces": lambda n: search(),
        "one trace": trace,
        "a word in texts": lambda n: search(f"trace.text ILIKE '%{WORDS[n * 37 % len(WORDS)]}%'"),
    }


def of_sightline(server: Http) -> dict[str, Question]:
    """The same over the API."""
    listed = server.ask("GET", "/api/v1/traces?limit=50&since=0")["traces"]

    def trace(n: int) -> Sequence[Any]:
        return list(server.ask("GET", f"/api/v1/traces/{listed[n % len(listed)]['trace_id']}")["spans"])

    return {
        "list of 50 traces": lambda n: server.ask("GET", "/api/v1/traces?limit=50&since=0")["traces"],
        "one trace": trace,
        "a word in texts": lambda n: server.ask(
            "GET", f"/api/v1/search?q=%22{quote(WORDS[n * 37 % len(WORDS)])}%22&limit=50&since=0"
        )["hits"],
    }


def asked(record: Record, name: str, questions: dict[str, Question], times: int) -> None:
    """Ask each question and write down what it took."""
    for title, question in questions.items():
        took: list[float] = []
        found = 0
        try:
            for n in range(times):
                began = time.perf_counter()
                rows = question(n)
                took.append(time.perf_counter() - began)
                found += bool(rows)
        except (RuntimeError, OSError, http.client.HTTPException, KeyError) as error:
            record.figures[f"{name}: {title}, refused"] = str(error)[:200]
            continue
        record.figures[f"{name}: {title}, p50, ms"] = round(quantile(took, 0.5) * 1e3, 1)
        record.details[f"{name}: {title}, p95, ms"] = round(quantile(took, 0.95) * 1e3, 1)
        record.details[f"{name}: {title}, answers with rows"] = f"{found} of {times}"


def of_peer(record: Record, peer: Peer, programs: Path, path: Path, spans: int, given: Any) -> None:
    """Fill one peer and ask it."""
    folder = Path(tempfile.mkdtemp(prefix="sightline-peer-"))
    try:
        with running(peer, programs, folder) as (_, port, _):
            loader = Loader(path, port, "http", 4, headers=peer.headers)
            count = rows_of(folder / peer.database)
            began, stored = time.perf_counter(), 0
            loader.go()
            while stored < spans and time.perf_counter() - began < given.seconds:
                time.sleep(0.5)
                stored = count()
            if loader.running():
                loader.end()
            time.sleep(2)
            record.figures[f"{peer.package}: spans held"] = count()
            ask = of_phoenix if peer.package == "arize-phoenix" else of_mlflow
            asked(record, peer.package, ask(Http(port)), given.times)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--spans", type=int, default=20_480)
    parser.add_argument("--venvs", type=Path, help="where the peers are installed and kept")
    parser.add_argument("--seconds", type=float, default=150.0, help="longest time for each peer's load")
    parser.add_argument("--times", type=int, default=20, help="how often each question is asked")
    given = parser.parse_args()
    venvs = given.venvs.absolute() if given.venvs else Path(tempfile.gettempdir()) / "sightline-bench-peers"
    venvs.mkdir(parents=True, exist_ok=True)
    record = Record("peers_reading", f"genai, {given.spans} spans, then one question at a time over HTTP")
    path, facts = load_file("genai", given.spans)
    for peer in PEERS:
        programs, _ = install(peer.package, venvs, 900.0)
        try:
            of_peer(record, peer, programs, path, facts["items"], given)
        except (RuntimeError, OSError, KeyError, IndexError) as error:
            record.figures[f"{peer.package}: left out"] = str(error)[:300]
    with fresh_server() as server:
        loader = Loader(path, server.port, "http", 4)
        loader.go()
        loader.result()
        server.wait_stored(facts["items"], 300)
        record.figures["sightline: spans held"] = server.stored()
        asked(record, "sightline", of_sightline(Http(server.port)), given.times)
    record.write()


if __name__ == "__main__":
    main()
