"""What people ask of a large store, as HTTP requests: lists, facets, charts, texts, pages.

    python bench/pages.py DIRECTORY [--times 20] [--days 30] [--arriving 0]

DIRECTORY is one of `make_directory.py` (10,000,000 spans). Every question is asked `--times` times over one
connection, each time with another filter of its kind, so that no answer can come from a cache. With
`--arriving 5000` that many spans a second are sent meanwhile. Times are from the request to the last byte.
"""

from __future__ import annotations

import argparse
import http.client
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from load import Loader, load_file
from record import Record, quantile
from running import Server, fresh_server
from workloads import MODELS, TEAMS, WORDS

FILTERS = (
    "error",
    "llm",
    "retriever",
    f"model:{MODELS[0][1]}*",
    "provider:anthropic",
    "duration>5s",
    "cost>0.003",
    "user:user-17",
    "user:user-4711",
    f"team:team-{TEAMS - 1}",
    "feature:search",
    "-env:prod",
    "llm tokens>1200",
    "trace:(any llm error)",
    "llm error",
    "has:session",
    "trace.cost>0.005",
    "prompt.version:v2",
    "session:sess-99",
    "name:rag* user:user-1*",
)
_PARTS = re.compile(rb'<div id="(\w+)"[^>]* hx-get="([^"]+)" hx-trigger="load"')
MEASURES = "count,cost,duration.p95"
DIMENSIONS = ("model", "team", "feature", "env", "service", "provider", "kind", "status")


@dataclass(frozen=True)
class Asked:
    """A question: its name, the goal of p50 or p95 in ms, and its path for the n-th time."""

    name: str
    share: float
    goal: int
    path: Callable[[int], str]


def _api(page: str, **parameters: Any) -> str:
    return f"/api/v1/{page}?{urlencode({k: v for k, v in parameters.items() if v != ''})}"


def _page(page: str, **parameters: Any) -> str:
    return f"/p/default/{page}?{urlencode({k: v for k, v in parameters.items() if v != ''})}"


def questions(days: int) -> list[Asked]:
    """Every row of the issue's table that one request answers."""
    since, wide = f"-{days}d", f"{days}d"

    def text(n: int) -> str:
        return WORDS[n * 41 % len(WORDS)]

    def by(n: int, many: int) -> str:
        return ",".join(DIMENSIONS[(n + k) % len(DIMENSIONS)] for k in range(many))

    def spans(page: str, **parameters: Any) -> str:
        return _api(page, **({"since": since, "target": "spans"} | parameters))

    def said(q: str) -> str:
        return _api("search", q=q, limit=50, since=since)

    def chart(q: str) -> str:
        return spans("series", q=q, measure="count,errors")

    def grouped(dimensions: str) -> str:
        return spans("series", measure=MEASURES, by=dimensions)

    def one(n: int) -> str:
        return FILTERS[n % len(FILTERS)]

    return [
        Asked("traces, latest 50", 0.95, 200, lambda n: _api("traces", limit=50, since=f"-{1 + n}d")),
        Asked("traces, one filter", 0.95, 200, lambda n: _api("traces", q=one(n), limit=50, since=since)),
        Asked("spans, one filter", 0.95, 200, lambda n: _api("spans", q=one(n), limit=50, since=since)),
        Asked("facets, no filter", 0.95, 200, lambda n: spans("facets", since=f"-{days - n % 3}d")),
        Asked("facets, one filter", 0.95, 200, lambda n: spans("facets", q=one(n))),
        Asked("histogram, one filter", 0.95, 200, lambda n: chart(one(n))),
        Asked("a common word", 0.5, 400, lambda n: said(f'"{text(n)}"')),
        Asked("two words", 0.5, 400, lambda n: said(f'"{text(n)} {text(n + 1)}"')),
        Asked("a rare word", 0.5, 400, lambda n: said(str(1000 + n * 379 % 9000))),
        Asked("a word that nothing says", 0.5, 400, lambda n: said(f"xq{n:07}")),
        Asked("page of traces", 0.95, 200, lambda n: _page("traces", q=one(n), range=wide)),
        Asked("overview", 0.95, 500, lambda n: _page("", range=wide, vs="" if n % 2 else "prev")),
        Asked(
            "explore, three dimensions", 0.95, 500,
            lambda n: _page("explore", measure=MEASURES, by=by(n, 3), range=wide),
        ),
        Asked("series, three dimensions", 0.95, 500, lambda n: grouped(by(n, 3))),
    ]  # fmt: skip


def asking(server: Server, asked: Asked, times: int) -> tuple[list[float], dict[str, int]]:
    """Seconds of each answer, and what was refused: status and how often."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    took: list[float] = []
    refused: dict[str, int] = {}
    for n in range(times):
        path = asked.path(n)
        began = time.perf_counter()
        connection.request("GET", path, headers={"Accept": "*/*"})
        answer = connection.getresponse()
        body = answer.read()
        took.append(time.perf_counter() - began)
        # A browser asks for the parts that come by themselves; what nobody asks for would go on for a while.
        for part, there in _PARTS.findall(body):
            connection.request(
                "GET", unescape(there.decode()), headers={"HX-Request": "true", "HX-Target": part.decode()}
            )
            connection.getresponse().read()
        if answer.status != 200:
            told = f"{answer.status} {path[:90]} {body[:160]!r}"
            refused[told] = refused.get(told, 0) + 1
    connection.close()
    return took, refused


class Arriving:
    """So many spans a second, until stopped."""

    def __init__(self, port: int, rate: int, seconds: int) -> None:
        # Other ids at each run, and times that end about now.
        now = time.time_ns()
        path, _ = load_file("genai", rate * seconds, seed=now % 10**9, start=now - rate * seconds * 10**7)
        self._loader = Loader(path, port, "http", 4, interval=128 / rate)
        self._loader.go()
        self._path = path

    def stop(self) -> None:
        """End sending."""
        self._ran = self._loader.running()
        if self._ran:
            self._loader.end()
        self._path.unlink(missing_ok=True)
        self._path.with_suffix(".info").unlink(missing_ok=True)
        if not self._ran:
            raise RuntimeError(
                "the spans to send came to an end before the questions did; ask for more --seconds"
            )


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--arriving", type=int, default=0, help="spans a second that are sent meanwhile")
    parser.add_argument("--seconds", type=int, default=180, help="of spans that are made to be sent")
    parser.add_argument("--only", default="", help="only questions whose name contains this")
    given = parser.parse_args()
    record = Record("pages_arriving" if given.arriving else "pages", "")
    with fresh_server(directory=given.directory.absolute()) as server:
        there = server.sql("SELECT count() AS n, countIf(notEmpty(content.hash)) AS said FROM spans")[0]
        record.workload = (
            f"{there['n']:,} spans, {there['said']:,} with content, in a range of {given.days} days"
            + (f", while {given.arriving} spans/s arrive" if given.arriving else "")
        )
        arriving = Arriving(server.port, given.arriving, given.seconds) if given.arriving else None
        try:
            for asked in questions(given.days):
                if given.only not in asked.name:
                    continue
                asking(server, asked, 1)
                took, refused = asking(server, asked, given.times)
                goal = asked.goal * (1.5 if arriving and asked.goal == 200 else 1)
                record.figures[f"{asked.name}, p{round(asked.share * 100)}, ms (goal {goal:g})"] = round(
                    quantile(took, asked.share) * 1e3
                )
                record.details[f"{asked.name}, p50 and p95, ms"] = [
                    round(quantile(took, share) * 1e3) for share in (0.5, 0.95)
                ]
                if refused:
                    record.details[f"{asked.name}, refused"] = refused
        finally:
            if arriving:
                arriving.stop()
        record.figures["peak memory, MB"] = round(server.memory()[1])
    record.write()


if __name__ == "__main__":
    main()
