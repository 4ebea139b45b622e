"""Readers beside a load: four typical questions over the API, together at a rate, each from a thread of its
own."""

from __future__ import annotations

import http.client
import json
import threading
import time
from typing import Any

QUESTIONS = ("latest traces", "trace by id", "p95 by model", "cost by user")
P95_BY_MODEL = (
    "SELECT request_model, count() AS calls, quantile(0.95)(duration_ns) / 1e6 AS p95_ms FROM spans"
    " WHERE kind = 'llm' GROUP BY request_model ORDER BY calls DESC LIMIT 20"
)
COST_BY_USER = (
    "SELECT user_id, sum(cost_usd) AS cost, sum(input_tokens) AS tokens FROM spans WHERE usage_source = 'own'"
    " GROUP BY user_id ORDER BY cost DESC LIMIT 50"
)


class Readers:
    """Asks until stopped; `took` holds the seconds of every answer by question, `errors` what failed."""

    def __init__(self, port: int, rate: float, threads: int = 4) -> None:
        self._port, self._interval = port, threads / rate
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._traces: list[str] = []
        self.took: dict[str, list[float]] = {name: [] for name in QUESTIONS}
        self.errors: list[str] = []
        self.began = time.perf_counter()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(threads)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> float:
        """End; the seconds it ran."""
        ended = time.perf_counter()
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return ended - self.began

    def _run(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        asked = 0
        while not self._stop.is_set():
            due = self.began + (asked + number / len(self._threads)) * self._interval
            if self._stop.wait(max(0.0, due - time.perf_counter())):
                return
            name = QUESTIONS[(asked + number) % len(QUESTIONS)]
            asked += 1
            began = time.perf_counter()
            try:
                answer = self._ask(connection, name)
            except (OSError, http.client.HTTPException, RuntimeError) as error:
                self.errors.append(f"{name}: {error}"[:200])
                connection.close()
                continue
            if answer is not None:
                with self._lock:
                    # Counted from when it was due: a late answer must not make the next ones look fast.
                    self.took[name].append(time.perf_counter() - min(began, due))

    def _ask(self, connection: http.client.HTTPConnection, name: str) -> Any:
        if name == "latest traces":
            page = _answer(connection, "GET", "/api/v1/traces?limit=50")
            self._traces = [trace["trace_id"] for trace in page["traces"]] or self._traces
            return page
        if name == "trace by id":
            known = self._traces
            return _answer(connection, "GET", f"/api/v1/traces/{known[len(known) // 2]}") if known else None
        statement = P95_BY_MODEL if name == "p95 by model" else COST_BY_USER
        return _answer(connection, "POST", "/api/v1/sql", {"query": statement})


def _answer(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None) -> Any:
    payload = None if body is None else json.dumps(body)
    connection.request(method, path, payload, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {content[:150]!r}")
    return json.loads(content)
