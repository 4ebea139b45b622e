"""Scores as values of rows: one number and one text for each span or trace, joined to a statement's rows.

A span has its own score; a head without one has the trace's. A trace has the mean of those that count on it
and its spans, and the text of the one that stands highest; without any it has its session's. Where scores are
counted over spans, each span brings what it was given and what its trace was given (`score_targets.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from sightline.query.filter.nodes import Whole
from sightline.query.filter.score_sql import TRACE_KEY
from sightline.query.filter.scored import ScoreField
from sightline.query.score_targets import packed

# The joined tables: of a row itself, and of what it is part of.
SPAN, OF_TRACE = "span_scores", "head_scores"
TRACE, OF_SESSION = "trace_scores", "session_scores"
PLACES = {None: (SPAN, OF_TRACE), Whole.TRACE: (TRACE, OF_SESSION)}


@dataclass(frozen=True, slots=True)
class ScoreColumn:
    """A score of each row `s`: of the span, or with `Whole.TRACE` of its trace.

    `value` is its number, NULL where there is none; `text` is it in words, '' where there is none. With
    `label`, `hit` is whether the text is that. `counted` is which of these (`value`, `text`, `hit`) is
    counted once for each span or trace that has it, over whatever spans.
    """

    field: ScoreField
    label: str = ""
    counted: str = ""

    @property
    def name(self) -> str:
        """An identifier that no other score has."""
        told = f"{self.field.called}\0{self.label}"
        return f"score_{hashlib.sha256(told.encode()).hexdigest()[:12]}"

    def _first(self, column: str, none: str) -> str:
        near, far = (f"{place}.{self.name}" for place in PLACES[self.field.whole])
        if self.field.whole is None:
            return f"multiIf({near}_h, {near}_{column}, s.trace_head, {far}_{column}, {none})"
        return f"if({near}_h, {near}_{column}, {far}_{column})"

    @property
    def value(self) -> str:
        """The expression for its number."""
        return self._first("v", "NULL")

    @property
    def text(self) -> str:
        """The expression for it in words."""
        return self._first("t", "''")

    @property
    def hit(self) -> str:
        """The expression that is 1 where the text is `label`, 0 where it is another, NULL where there is
        none."""
        return f"if({self.text} = '', NULL, {self._first('x', '0')})"

    @property
    def targets(self) -> str:
        """The expression for what the row brings of it: an array of targets with their numbers, packed; 0 is
        none."""
        if self.field.whole is None:
            return f"[{', '.join(f'{place}.{self.name}_{self.counted}' for place in PLACES[None])}]"
        number = {"value": self.value, "hit": self.hit, "text": f"if({self.text} = '', NULL, 1)"}[
            self.counted
        ]
        return f"[if({number} IS NULL, 0, {packed(TRACE_KEY, f'assumeNotNull({number})')})]"

    @property
    def parts(self) -> dict[str, str]:
        """All of it by name, for rows that are read again."""
        found = {f"{self.name}_value": self.value, f"{self.name}_text": self.text}
        return found | ({f"{self.name}_hit": self.hit} if self.label else {})


def different(columns: Iterable[ScoreColumn | None]) -> list[ScoreColumn]:
    """The columns that are there, each once."""
    return list(dict.fromkeys(column for column in columns if column))
