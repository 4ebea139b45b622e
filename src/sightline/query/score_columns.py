"""Scores as values of rows: one number and one text for each span or trace, joined to a statement's rows.

A span has its own score; a head without one has the trace's. A trace has the mean of those that count on it
and its spans, and the text of the one that stands highest; without any it has its session's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from sightline.query.filter.compiler import Sql, indented
from sightline.query.filter.nodes import Whole
from sightline.query.filter.score_sql import (
    HEAD_KEY,
    ORDER,
    SESSION_KEY,
    SPAN_KEY,
    TRACE_KEY,
    counting,
)
from sightline.query.filter.scored import ScoreField

# A score in words: its label, else true or false, else its number.
_TEXT = (
    "multiIf({label} != '', {label}, isNaN({value}), '', {kind} = 'boolean',"
    " if({value} = 1, 'true', 'false'), toString({value}))"
).format(label=counting("label"), value=counting("value"), kind=counting("data_type"))
_BEST = f"max({ORDER})"
NUMBER = "if(isNaN({value}), NULL, {value})".format(value=counting("value"))


@dataclass(frozen=True, slots=True)
class ScoreColumn:
    """A score of each row `s`: of the span, or with `Whole.TRACE` of its trace.

    `value` is its number, NULL where there is none; `text` is it in words, '' where there is none. With
    `label`, `hit` is whether the text is that.
    """

    field: ScoreField
    label: str = ""

    @property
    def name(self) -> str:
        """An identifier that no other score has."""
        told = f"{self.field.called}\0{self.label}"
        return f"score_{hashlib.sha256(told.encode()).hexdigest()[:12]}"

    def _first(self, column: str) -> str:
        near, far = f"{self.name}_near", f"{self.name}_far"
        return f"if({near}.k != 0, {near}.{column}, {far}.{column})"

    @property
    def value(self) -> str:
        """The expression for its number."""
        return self._first("v")

    @property
    def text(self) -> str:
        """The expression for it in words."""
        return self._first("t")

    @property
    def hit(self) -> str:
        """The expression that is 1 where the text is `label`, 0 where it is another, NULL where there is
        none."""
        return f"if({self.text} = '', NULL, {self._first('x')})"

    @property
    def parts(self) -> dict[str, str]:
        """All of it by name, for rows that are read again."""
        found = {f"{self.name}_value": self.value, f"{self.name}_text": self.text}
        return found | ({f"{self.name}_hit": self.hit} if self.label else {})

    def joins(self, sql: Sql) -> str:
        """What stands behind the rows' table."""
        given = self._of_spans(sql) if self.field.whole is None else self._of_traces(sql)
        near, far = (SPAN_KEY, f"if(s.trace_head, {HEAD_KEY}, 0)")
        scores = (given, given)
        if self.field.whole is Whole.TRACE:
            near, far = TRACE_KEY, f"if(s.session_id != '', {SESSION_KEY}, 0)"
            scores = (given, self._of_spans(sql, "('session')"))
        return "\n".join(
            f"ANY LEFT JOIN (\n{indented(of)}\n) AS {self.name}_{which} ON {key} = {self.name}_{which}.k"
            for which, key, of in (("near", near, scores[0]), ("far", far, scores[1]))
        )

    def _scores(self, sql: Sql, targets: str) -> str:
        name = sql.parameters.value("String", self.field.name)
        return (
            "FROM sightline.scores AS c FINAL\n"
            f"WHERE c.project = {{project:String}} AND c.target IN {targets} AND c.name = {name}"
        )

    def _hits(self, sql: Sql, text: str) -> str:
        return f", {text} = {sql.parameters.value('String', self.label)} AS x" if self.label else ""

    def _of_spans(self, sql: Sql, targets: str = "('span', 'trace')") -> str:
        columns = f"c.subject AS k, {NUMBER} AS v, {_TEXT} AS t{self._hits(sql, _TEXT)}"
        return f"SELECT {columns}\n{self._scores(sql, targets)}\nGROUP BY c.subject"

    def _of_traces(self, sql: Sql) -> str:
        """By trace: the mean of those that count, and the text of the one that stands highest."""
        counted = (
            f"SELECT any(c.trace_key) AS k, {NUMBER} AS value, {_TEXT} AS text, {_BEST} AS best\n"
            f"{self._scores(sql, str(('span', 'trace')))}\nGROUP BY c.subject"
        )
        text = "argMax(w.text, w.best)"
        columns = f"w.k AS k, avg(w.value) AS v, {text} AS t{self._hits(sql, text)}"
        return f"SELECT {columns}\nFROM (\n{indented(counted)}\n) AS w\nGROUP BY w.k"


def joined(source: str, columns: Iterable[ScoreColumn | None], sql: Sql) -> str:
    """FROM and PREWHERE of rows with the scores joined to them; without any it stays as it is."""
    wanted = {column.name: column for column in columns if column}
    if not wanted:
        return source
    joins = "\n".join(column.joins(sql) for column in wanted.values())
    return source.replace("\nPREWHERE", f"\n{joins}\nPREWHERE", 1)
