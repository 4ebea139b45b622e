"""What differs between two texts, line by line. Pure, bounded in time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import SequenceMatcher

from sightline.content.json_text import parse

MOST_LINES = 1_500
_AROUND = 2
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line: `same`, `left` (only there), `right`, or `gap`, which stands for lines that are the same."""

    side: str
    text: str


def difference(left: str, right: str) -> tuple[DiffLine, ...]:
    """The lines of two texts; what is the same is left out but for two lines around a difference.

    JSON is written out, so that two long lines differ where their values do.
    """
    ours, theirs = _lines(left), _lines(right)
    found: list[DiffLine] = []
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    for group in matcher.get_grouped_opcodes(_AROUND):
        first = group[0][1]
        if first > 0 or found:
            found.append(DiffLine("gap", ""))
        for tag, a, b, c, d in group:
            if tag == "equal":
                found += [DiffLine("same", line) for line in ours[a:b]]
                continue
            found += [DiffLine("left", line) for line in ours[a:b]]
            found += [DiffLine("right", line) for line in theirs[c:d]]
    return tuple(found)


def _lines(text: str) -> list[str]:
    value = parse(text) if text[:1] in ("{", "[") else None
    if value is not None and not value.cut:
        written = json.dumps(value.value, ensure_ascii=False, indent=2, default=str)
        # A line end inside of a value is one here as well.
        text = written.replace("\\n", "\n")
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"… {len(lines) - MOST_LINES:,} lines more"]
    return [line if len(line) <= _LONGEST else line[:_LONGEST] + "…" for line in lines]
