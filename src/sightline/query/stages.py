"""Where the time of a trace went: the parts of its critical path by stage; they add up to it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sightline.query.critical_path import NOBODY, Part
from sightline.records.trace import SpanColumns

# Kind of span → key, words. A model call is split at its first token; what only arranges others is `between`.
_OF_KIND = {
    "embedding": ("embedding", "Embed"),
    "retriever": ("retriever", "Search"),
    "reranker": ("reranker", "Rerank"),
    "tool": ("tool", "Tools"),
    "guardrail": ("guardrail", "Guardrails"),
    "evaluator": ("guardrail", "Guardrails"),
    "prompt": ("prompt", "Prompts"),
    "http": ("http", "HTTP"),
    "db": ("db", "Database"),
    "messaging": ("messaging", "Messaging"),
    "agent": ("between", "Between"),
    "chain": ("between", "Between"),
    "workflow": ("between", "Between"),
    "task": ("between", "Between"),
}
NOTHING = ("nothing", "No span ran")


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: `length` in ns on the path, `rows` the spans it consists of, the longest part first."""

    key: str
    text: str
    length: int
    rows: tuple[int, ...]


def stages(path: Sequence[Part], columns: SpanColumns) -> tuple[Stage, ...]:
    """The stages in the order in which the path first came to them. Their lengths add up to the path's."""
    found: dict[tuple[str, str], dict[int, int]] = {}
    for part in path:
        for stage, length in _pieces(part, columns):
            rows = found.setdefault(stage, {})
            rows[part.row] = rows.get(part.row, 0) + length
    return tuple(
        Stage(key, text, sum(rows.values()), _longest_first(rows)) for (key, text), rows in found.items()
    )


def _longest_first(rows: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(sorted((row for row in rows if row != NOBODY), key=lambda row: -rows[row]))


def _pieces(part: Part, columns: SpanColumns) -> list[tuple[tuple[str, str], int]]:
    if part.row == NOBODY:
        return [(NOTHING, part.length)]
    kind = columns.kinds[part.row]
    if kind != "llm":
        return [(_OF_KIND.get(kind, ("other", "Other")), part.length)]
    first = columns.first_token[part.row]
    if first < 0:
        return [(("llm", "Model"), part.length)]
    split = min(max(columns.starts[part.row] + first, part.start), part.end)
    pieces = [(("prefill", "First token"), split - part.start), (("decode", "Decode"), part.end - split)]
    return [piece for piece in pieces if piece[1] > 0]
