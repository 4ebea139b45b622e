"""One trace of about 30,000 spans: a nightly run that rewrites a help centre, four articles at a time.

Most of its spans are like their neighbours (412 articles with their sections, 1,560 links, 410 reviews); some
fail, one article is slow, one is dear. Made from a seed, like the other workloads.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from workloads import START, Load

from sightline.demo.encode import trace_request
from sightline.demo.shapes import INTERNAL, Source, Span, Value

MS = 10**6
SOURCE = Source("docs-sync", "2026.11.3", "batch", "openinference.instrumentation", "0.1.40", host="n1")
ARTICLES, LINKS, REVIEWS = 412, 1_560, 410
SPANS_PER_REQUEST = 512


class Night:
    """The run while it is made."""

    def __init__(self, seed: int, start: int) -> None:
        self.random = Random(f"night:{seed}")
        self.trace = self.random.randbytes(16)
        self.start = start
        self.spans: list[Span] = []

    def span(
        self,
        name: str,
        kind: str,
        parent: bytes,
        start: int,
        end: int,
        attributes: dict[str, Value] | None = None,
        error: str | None = None,
        own: bytes = b"",
    ) -> bytes:
        """Add one span; its id."""
        id_ = own or self.random.randbytes(8)
        said: dict[str, Value] = {"openinference.span.kind": kind, **(attributes or {})}
        self.spans.append(Span(SOURCE, self.trace, id_, parent, name, INTERNAL, start, end, said, (), error))
        return id_

    def took(self, median_ms: float, spread: float = 0.35) -> int:
        """Nanoseconds around a median."""
        return int(self.random.lognormvariate(0, spread) * median_ms * MS)

    def call(self, name: str, parent: bytes, start: int, median_ms: float, tokens: int) -> int:
        """A model call; when it ended."""
        end = start + self.took(median_ms)
        self.span(
            name,
            "LLM",
            parent,
            start,
            end,
            {
                "llm.model_name": "gpt-4o-2024-11-20",
                "llm.provider": "openai",
                "llm.token_count.prompt": tokens,
                "llm.token_count.completion": tokens // 9,
                "input.value": f"{name} of section {self.random.randrange(9999)}",
            },
        )
        return end

    def article(self, number: int, parent: bytes, start: int) -> int:
        """One article; when it was done."""
        own = self.random.randbytes(8)
        sections = 412 if number == 87 else max(3, int(self.random.lognormvariate(3.0, 0.4)))
        clock = self.call("outline", own, start + 5 * MS, 6_200, 2_400)
        for _ in range(sections):
            end = clock + self.took(412)
            failed = "TimeoutError: read timed out" if self.random.random() < 0.0012 else None
            self.span("fetch_section", "TOOL", own, clock, end, {"tool.name": "fetch_section"}, failed)
            clock = end + MS
        for _ in range(sections):
            end = clock + self.took(96)
            said: dict[str, Value] = {
                "embedding.model_name": "text-embedding-3-small",
                "llm.token_count.prompt": 320,
            }
            self.span("embed", "EMBEDDING", own, clock, end, said)
            clock = end
        for _ in range(max(1, int(sections * 0.95))):
            end = clock + self.took(248)
            self.span("rerank", "RERANKER", own, clock, end, {"reranker.model_name": "bge-v2-m3"})
            clock = end
        for _ in range(3):
            clock = self.call("draft", own, clock + MS, 8_100, 40_000 if number == 12 else 6_000)
        end = clock + self.took(1_900)
        self.span("style check", "GUARDRAIL", own, clock, end)
        failed = "context_length_exceeded" if number in (301, 302, 388) else None
        self.span("rewrite_article", "AGENT", parent, start, end + 2 * MS, {"article": number}, failed, own)
        return end + 2 * MS

    def lanes(self, name: str, parent: bytes, count: int, wide: int, start: int, median_ms: float) -> int:
        """Many short spans, several at a time; when the last one ended."""
        free = [start + n * MS for n in range(wide)]
        for _ in range(count):
            lane = free.index(min(free))
            end = free[lane] + self.took(median_ms)
            failed = "404 Not Found" if self.random.random() < 0.002 else None
            self.span(name, "CHAIN", parent, free[lane], end, None, failed)
            free[lane] = end + MS
        return max(free)

    def run(self) -> list[Span]:
        """The whole of it; the root comes last, as it ends last."""
        root = self.random.randbytes(8)
        clock = self.start + 4 * MS
        self.span("load_catalogue", "TOOL", root, clock, clock + 2_100 * MS, {"tool.name": "load_catalogue"})
        clock = self.call("plan", root, clock + 2_101 * MS, 8_400, 9_000)
        free = [clock + n * MS for n in range(4)]
        for number in range(ARTICLES):
            lane = free.index(min(free))
            free[lane] = self.article(number, root, free[lane]) + MS
        clock = self.lanes("check_links", root, LINKS, 32, max(free), 7_200)
        clock = self.lanes("consistency_review", root, REVIEWS, 4, clock, 3_500)
        self.span("publish", "TOOL", root, clock, clock + 13_000 * MS, {"tool.name": "publish"})
        end = clock + 13_010 * MS
        said: dict[str, Value] = {"input.value": "Rewrite the help centre, nightly run", "user.id": "cron"}
        self.span("rewrite_help_center", "CHAIN", b"", self.start, end, said, None, root)
        return self.spans


def night(seed: int = 7, start: int = START) -> tuple[str, Iterator[Load]]:
    """The trace's id, and its requests as a batch processor sends them."""
    made = Night(seed, start)
    spans = made.run()

    def loads() -> Iterator[Load]:
        for first in range(0, len(spans), SPANS_PER_REQUEST):
            some = spans[first : first + SPANS_PER_REQUEST]
            yield Load(trace_request(some).SerializeToString(), len(some))

    return made.trace.hex(), loads()
