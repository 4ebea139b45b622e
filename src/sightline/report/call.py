"""One record of a report: a span or a line of a log, read."""

from __future__ import annotations

from dataclasses import dataclass

MODEL_KINDS = frozenset({"llm", "embedding", "reranker", "speech", "transcription"})
"""Kinds that are calls of a model: the server's."""


@dataclass(slots=True)
class Call:
    """What one span or line says; None is unknown.

    Times and durations are nanoseconds; `time` since the epoch. `key`, `parent`: ids as numbers, 0 for none.
    `weight`: how many it stands for. `answer`: characters of the answer. `error` is its type, empty when it
    succeeded. Tokens of the input include cached ones.
    """

    time: int | None = None
    duration: int | None = None
    ttft: int | None = None
    name: str = ""
    kind: str = "other"
    provider: str | None = None
    model: str | None = None
    asked_model: str | None = None
    tier: str | None = None
    service: str | None = None
    user: str | None = None
    feature: str | None = None
    error: str = ""
    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    cache_write_1h: int | None = None
    reasoning: int | None = None
    audio_input: int | None = None
    audio_output: int | None = None
    total: int | None = None
    cost: float | None = None
    cost_reported: bool = False
    weight: float = 1.0
    answer: int | None = None
    excerpt: str = ""
    trace: str = ""
    span: str = ""
    key: int = 0
    parent: int = 0

    @property
    def is_model(self) -> bool:
        """Whether it is a call of a model."""
        return self.kind in MODEL_KINDS

    @property
    def has_usage(self) -> bool:
        """Whether it tells tokens or a cost of its own."""
        return not (self.input is None and self.output is None and self.cost is None and self.total is None)
