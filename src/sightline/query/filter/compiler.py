"""What a filter means as SQL: the one builder of statements over spans, and over other rows with filters.

Values are always parameters. Identifiers come from the table of fields; paths of attributes are escaped in
`paths`. Every query that the builder writes, also those inside of others, is bound to the project and to a
stretch of time: conditions on the span itself to the one asked about, conditions on its trace, session or
relatives to one that is a little wider (`window.WIDER`).
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sightline.query.filter.comparisons import between, either, known, passes
from sightline.query.filter.contents import in_log, says, sized
from sightline.query.filter.fields import find
from sightline.query.filter.nodes import Quantifier, Relation, Whole
from sightline.query.filter.parameters import Parameters
from sightline.query.filter.predicates import (
    AllOf,
    Always,
    Among,
    AnyOf,
    Compared,
    Contains,
    Counted,
    Known,
    Logged,
    Measure,
    Measured,
    Negated,
    Predicate,
    Says,
    Scored,
    Sized,
    Standing,
    Test,
    of_trace,
)
from sightline.query.filter.relations import related
from sightline.query.filter.score_sql import scored
from sightline.query.filter.vocabulary import SPANS, Vocabulary
from sightline.query.filter.wholes import MEASURES
from sightline.query.phrases import Phrase
from sightline.query.window import Window

_KEYS = {Whole.TRACE: "s.trace_id", Whole.SESSION: "s.session_id"}
# What spans a head has counted: whether there is one needs no look at the others.
_COUNTED: dict[Predicate, str] = {
    Compared(field, (Among((word,)),)): column
    for name, word, column in (("status", "error", "s.trace_errors"), ("kind", "llm", "s.trace_calls"))
    if (field := find(name))
}
_TIMES = ("since", "until")
_WIDE = ("wide_since", "wide_until")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement and its parameters."""

    text: str
    parameters: dict[str, Any]


def indented(text: str, by: int = 4) -> str:
    """A text further to the right."""
    return textwrap.indent(text, " " * by)


def selected(columns: Sequence[str], rest: str) -> str:
    """A SELECT with a line for each column, and what follows them."""
    listed = ",\n".join(columns)
    return f"SELECT\n{indented(listed)}\n{rest}"


class Sql:
    """Builds one statement over the spans of a window, or over the rows of another vocabulary's table;
    parameters gather as conditions are written.

    `reach` is where relatives of the window's spans are looked for, when it is not the usual hour more.
    """

    def __init__(self, window: Window, reach: Window | None = None, vocabulary: Vocabulary = SPANS) -> None:
        self._window = window
        self._reach = reach or window.wider()
        self._vocabulary = vocabulary
        self._times = _TIMES  # of the rows whose conditions are being written
        self.parameters = Parameters(project=window.project, since=window.since, until=window.until)

    def statement(self, text: str) -> Statement:
        """The statement of this text with what was written into it."""
        return Statement(text, dict(self.parameters.given))

    def spans(self, predicate: Predicate, *conditions: str) -> str:
        """FROM and PREWHERE for the spans of the window that match."""
        return self._from("sightline.spans AS s", "s.start_time", _TIMES, predicate, *conditions)

    def rows(self, predicate: Predicate, *conditions: str) -> str:
        """FROM and PREWHERE for those rows `s` of the vocabulary's table in the window that match."""
        words = self._vocabulary
        return self._from(f"sightline.{words.table} AS s", f"s.{words.time}", _TIMES, predicate, *conditions)

    def near_spans(self, predicate: Predicate, *conditions: str) -> str:
        """The same in the wider stretch, where relatives of the window's spans are looked for."""
        self._widen()
        return self._from("sightline.spans AS s", "s.start_time", _WIDE, predicate, *conditions)

    def traces(self, predicate: Predicate, *conditions: str) -> str:
        """FROM and PREWHERE for the traces that match: their heads, one span for each trace.

        A trace matches when one of its spans does; what counts for the whole trace is asked of its head. It
        stands where that starts: its first root, or its first span while no root came.
        """
        parts = predicate.parts if isinstance(predicate, AllOf) else (predicate,)
        of_spans = tuple(part for part in parts if not of_trace(part))
        inner: list[str] = []
        if len(of_spans) == 1 and (counted := _COUNTED.get(of_spans[0])):
            inner.append(f"{counted} > 0")
        elif of_spans:
            matching = f"SELECT s.trace_id\n{self.near_spans(AllOf(of_spans))}"
            inner.append(f"s.trace_id IN (\n{indented(matching)}\n)")
        of_heads = [self._of_head(part) for part in parts if of_trace(part) and not isinstance(part, Always)]
        return self.spans(Always(), "s.trace_head", *conditions, *of_heads, *inner)

    def _of_head(self, predicate: Predicate) -> str:
        """A predicate as an expression over a head, which knows its trace's measures."""
        match predicate:
            case AllOf(parts):
                return f"({' AND '.join(map(self._of_head, parts))})"
            case AnyOf(parts):
                return f"({' OR '.join(map(self._of_head, parts))})"
            case Negated(part):
                return f"NOT ifNull({self._of_head(part)}, false)"
            case Measured(measure, tests) if measure.whole is Whole.TRACE:
                return self._within(MEASURES[measure.name].head, tests)
            case _:
                return self.condition(predicate)

    def logs(self, *conditions: str) -> str:
        """FROM and PREWHERE for the log records `l` of the window that meet some conditions."""
        return self._from("sightline.logs AS l", "l.time", _TIMES, Always(), *conditions)

    def _widen(self) -> None:
        self.parameters.given |= {"wide_since": self._reach.since, "wide_until": self._reach.until}

    def _from(
        self, table: str, time: str, times: tuple[str, str], predicate: Predicate, *conditions: str
    ) -> str:
        alias = table[-1]
        parts = predicate.parts if isinstance(predicate, AllOf) else (predicate,)
        outer, self._times = self._times, times
        lines = [
            f"{alias}.project = {{project:String}}",
            f"{time} >= fromUnixTimestamp64Nano({{{times[0]}:Int64}}, 'UTC')",
            f"{time} < fromUnixTimestamp64Nano({{{times[1]}:Int64}}, 'UTC')",
            *conditions,
            *(self.condition(part) for part in parts if not isinstance(part, Always)),
        ]
        self._times = outer
        together = "\nAND ".join(lines)
        return f"FROM {table}\nPREWHERE\n{indented(together)}"

    def condition(self, predicate: Predicate) -> str:
        """A predicate as an expression over a span `s`: true, or false or NULL where it does not hold."""
        match predicate:
            case Always():
                return "true"
            case AllOf(parts):
                return f"({' AND '.join(map(self.condition, parts))})"
            case AnyOf(parts):
                return f"({' OR '.join(map(self.condition, parts))})"
            case Negated(part):
                # Unknown is not true, so its negation is.
                return f"NOT ifNull({self.condition(part)}, false)"
            case Compared(target, tests):
                return passes(self.parameters, target, tests)
            case Known(target):
                return known(target)
            case Measured(measure, tests):
                return self._measured(measure, tests)
            case Sized(columns, size):
                return sized(self.parameters, columns, size)
            case Says():
                return says(self.parameters, predicate, self._vocabulary, self._times)
            case Contains(phrase, sql):
                return f"({in_log(self.parameters, phrase, sql)})"
            case Logged(phrase):
                return self._logged(phrase)
            case Scored(field, tests):
                return scored(self.parameters, field, tests, self._near_heads)
            case Standing(relation, part):
                return self._standing(relation, part)
            case Counted(whole, quantifier, part):
                return self._counted(whole, quantifier, part)

    def _near_heads(self, condition: str) -> str:
        return indented(self.near_spans(Always(), "s.trace_head", condition))

    def _logged(self, phrase: Phrase | None) -> str:
        self._widen()
        found = [in_log(self.parameters, phrase, "l.body")] if phrase else []
        logs = self._from("sightline.logs AS l", "l.time", _WIDE, Always(), *found)
        return f"(s.trace_id, s.span_id) IN (\n{indented(f'SELECT l.trace_id, l.span_id{chr(10)}{logs}')}\n)"

    # Other spans.

    def _standing(self, relation: Relation, part: Predicate) -> str:
        outer, self._times = self._times, _WIDE
        there = self.condition(part)
        self._times = outer
        return related(relation, there, lambda *more: self.near_spans(Always(), *more))

    def _counted(self, whole: Whole, quantifier: Quantifier, part: Predicate) -> str:
        if quantifier is Quantifier.ALL:
            part = Negated(part)
        key = _KEYS[whole]
        known = () if whole is Whole.TRACE else (f"{key} IS NOT NULL",)
        matching = indented(f"SELECT {key}\n{self.near_spans(part, *known)}")
        return f"{key} {'IN' if quantifier is Quantifier.ANY else 'NOT IN'} (\n{matching}\n)"

    def _measured(self, measure: Measure, tests: Sequence[Test]) -> str:
        key = _KEYS[measure.whole]
        if measure.whole is Whole.TRACE:
            passing = self._within(MEASURES[measure.name].head, tests)
            wholes = f"SELECT {key}\n{self.near_spans(Always(), 's.trace_head', passing)}"
        else:
            having = self._within(MEASURES[measure.name].sql, tests)
            known = self.near_spans(Always(), f"{key} IS NOT NULL")
            wholes = f"SELECT {key}\n{known}\nGROUP BY {key}\nHAVING {having}"
        return f"{key} IN (\n{indented(wholes)}\n)"

    def _within(self, sql: str, tests: Sequence[Test]) -> str:
        """A measure within limits; without any it is known."""
        return either([between(self.parameters, sql, t) for t in tests]) if tests else f"{sql} IS NOT NULL"
