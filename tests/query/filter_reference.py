"""The filter language in plain Python, over rows in memory: what the SQL is held against."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sightline.query.filter.fields import Field
from sightline.query.filter.nodes import Quantifier, Relation, Whole
from sightline.query.filter.paths import Path
from sightline.query.filter.predicates import (
    AllOf,
    Always,
    Among,
    AnyOf,
    Between,
    Compared,
    Counted,
    Is,
    Known,
    Like,
    Measured,
    Negated,
    Predicate,
    Scored,
    Sized,
    Standing,
    Test,
)
from sightline.query.filter.scored import ScoreField

Row = dict[str, Any]


@dataclass
class World:
    """Spans as rows of plain values; None is unknown."""

    rows: list[Row]
    by_trace: dict[str, list[Row]] = field(default_factory=dict)
    by_session: dict[str, list[Row]] = field(default_factory=dict)
    scores: list[Row] = field(default_factory=list)
    """As they are stored, those that count and those that do not."""

    def __post_init__(self) -> None:
        for row in self.rows:
            self.by_trace.setdefault(row["trace_id"], []).append(row)
            if row["session_id"] is not None:
                self.by_session.setdefault(row["session_id"], []).append(row)

    def matching(self, predicate: Predicate) -> set[tuple[str, str]]:
        """Trace and span ids of the spans that match."""
        return {(r["trace_id"], r["span_id"]) for r in self.rows if self.holds(predicate, r)}

    def traces(self, predicate: Predicate) -> set[str]:
        """Ids of the traces with a span that matches."""
        return {trace for trace, _ in self.matching(predicate)}

    def holds(self, predicate: Predicate, row: Row) -> bool:
        match predicate:
            case Always():
                return True
            case AllOf(parts):
                return all(self.holds(p, row) for p in parts)
            case AnyOf(parts):
                return any(self.holds(p, row) for p in parts)
            case Negated(part):
                return not self.holds(part, row)
            case Compared(target, tests):
                return any(passes(value(target, row), test) for test in tests)
            case Known(target):
                return value(target, row) not in (None, "")
            case Measured(measure, tests):
                spans = self._of(measure.whole, row)
                if spans is None:
                    return False
                found = figure(measure.name, spans)
                return found is not None and (not tests or any(passes(found, test) for test in tests))
            case Counted(whole, quantifier, part):
                spans = self._of(whole, row)
                if spans is None:
                    return False
                hits = [self.holds(part, r) for r in spans]
                return {Quantifier.ANY: any, Quantifier.ALL: all}.get(quantifier, lambda h: not any(h))(hits)
            case Standing(relation, part):
                return any(self.holds(part, r) for r in self._relatives(relation, row))
            case Scored(asked, tests):
                return any(scored(score, asked, tests) for score in self._scores(asked, row))
            case Sized():
                return False  # these rows have no contents
        raise TypeError(f"the reference knows no {predicate}")

    def _scores(self, asked: ScoreField, row: Row) -> list[Row]:
        """The scores that count, of the name asked for, in reach of a span."""
        by_target: dict[tuple[str, ...], list[Row]] = {}
        for score in self.scores:
            if score["name"] == asked.name or not asked.name:
                ids = (score["target"], score["trace_id"], score["span_id"], score["session_id"])
                # Without a name it is only asked whether there is one.
                by_target.setdefault((*ids, score["name"]), []).append(score)
        counting = [max(found, key=lambda s: (STANDING[s["source"]], s["time"], s["id"]))
                    for found in by_target.values()]  # fmt: skip
        return [score for score in counting if self._reaches(asked.whole, score, row)]

    def _reaches(self, whole: Whole | None, score: Row, row: Row) -> bool:
        target, trace = score["target"], row["trace_id"]
        if whole is None:
            own = target == "span" and score["span_id"] == row["span_id"]
            return score["trace_id"] == trace and (own or (target == "trace" and self._head(row)))
        if target == "session":
            return row["session_id"] is not None and score["session_id"] == row["session_id"]
        if whole is Whole.TRACE:
            return bool(score["trace_id"] == trace)
        session = self.by_session.get(row["session_id"], [])
        heads = {r["trace_id"] for r in session if self._head(r)}
        return score["trace_id"] in heads

    def _head(self, row: Row) -> bool:
        """The first root, else the first span, stands for the trace."""
        spans = self.by_trace[row["trace_id"]]
        roots = [r for r in spans if not r["parent_span_id"]]
        return row is min(roots or spans, key=lambda r: (r["start"], r["span_id"]))

    def _of(self, whole: Whole, row: Row) -> list[Row] | None:
        if whole is Whole.TRACE:
            return self.by_trace[row["trace_id"]]
        return self.by_session.get(row["session_id"])

    def _relatives(self, relation: Relation, row: Row) -> Iterable[Row]:
        spans = self.by_trace[row["trace_id"]]
        if relation is Relation.CHILD:
            return self._up(spans, row)[:1]
        if relation is Relation.PARENT:
            return [r for r in spans if any(a is row for a in self._up(spans, r)[:1])]
        if relation is Relation.UNDER:
            return self._up(spans, row)
        return [r for r in spans if any(a is row for a in self._up(spans, r))]

    def _up(self, spans: list[Row], row: Row) -> list[Row]:
        found: list[Row] = []
        at = row
        # A span that stands at the top has nothing above it, also where it names a parent.
        while at["depth"]:
            at = next(r for r in spans if r["span_id"] == at["parent_span_id"])
            found.append(at)
        return found


STANDING = {"person": 4, "end_user": 3, "evaluator": 2, "rule": 1}


def scored(score: Row, asked: ScoreField, tests: tuple[Test, ...] | None) -> bool:
    """Whether a score passes."""
    if asked.aspect != "value":
        found = score[asked.aspect] or None
        return found is not None if tests is None else any(passes(found, test) for test in tests)
    if tests is None:
        return True
    for test in tests:
        if isinstance(test, Between):
            hit = passes(score["value"], test)
        elif isinstance(test, Is):
            hit = score["data_type"] == "boolean" and score["value"] == test.value
        else:
            hit = passes(score["label"] or None, test)
        if hit:
            return True
    return False


def value(target: Field | Path, row: Row) -> Any:
    """What a row has for a field or attribute."""
    if isinstance(target, Path):
        return row["attributes"].get(target.key)
    found = row[target.sql.removeprefix("s.")]
    return None if target.empty and found == "" else found


def passes(found: Any, test: Test) -> bool:
    """Whether a value passes; attributes may be of any type."""
    if found is None:
        return False
    match test:
        case Among(texts):
            return told(found) in texts
        case Like(segments):
            if not any(segments):
                return found != ""
            return re.fullmatch(".*".join(map(re.escape, segments)), told(found), re.DOTALL) is not None
        case Is(value):
            return bool(found) == value
        case Between(low, high, low_open, high_open):
            number = as_number(found)
            if number is None:
                return False
            above = low is None or (number > low if low_open else number >= low)
            return above and (high is None or (number < high if high_open else number <= high))


def told(found: Any) -> str:
    """A value as text, as JSON has it."""
    return str(found).lower() if isinstance(found, bool) else str(found)


def as_number(found: Any) -> float | int | None:
    """A value as a number; a truth value is none."""
    if isinstance(found, bool):
        return None
    try:
        return found if isinstance(found, int | float) else float(found)
    except ValueError:
        return None


def figure(name: str, spans: list[Row]) -> Any:
    """A measure of a trace or session."""
    own = [r for r in spans if r["usage_source"] == "own"]

    def known(values: Iterable[Any]) -> Any:
        there = [v for v in values if v is not None]
        return sum(there) if there else None

    match name:
        case "duration":
            return max(r["start"] + r["duration_ns"] for r in spans) - min(r["start"] for r in spans)
        case "cost":
            return known(r["cost_usd"] for r in own)
        case "input":
            return known(r["input_tokens"] for r in own)
        case "spans":
            return len(spans)
        case "errors":
            return sum(r["status"] == "error" for r in spans)
        case "calls":
            return sum(r["kind"] == "llm" for r in spans)
        case "traces":
            return len({r["trace_id"] for r in spans})
    raise TypeError(f"the reference knows no {name}")
