"""Scores in SQL: those that count, joined to spans, traces and sessions by a hash of what they are about."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sightline.query.filter.comparisons import between, either, known, passes
from sightline.query.filter.nodes import Whole
from sightline.query.filter.parameters import Parameters
from sightline.query.filter.predicates import Among, Between, Is, Like, Test
from sightline.query.filter.scored import VALUE, ScoreField, aspect_field

# What a span, its trace and its session are called where scores are; `subject` of table `scores` is made so.
SPAN_KEY = "cityHash64(s.trace_id, s.span_id)"
HEAD_KEY = "cityHash64(s.trace_id, '')"
TRACE_KEY = "cityHash64(s.trace_id)"
SESSION_KEY = "cityHash64('', '', assumeNotNull(s.session_id))"
SESSION_OR_NONE = f"if(ifNull(s.session_id, '') != '', {SESSION_KEY}, 0)"
# The newest of the highest standing; its id decides between equals, so that it is the same one everywhere.
# As one number: the engine compares tuples at twice the cost.
ORDER = (
    "bitOr(bitShiftLeft(toUInt128(c.standing), 124),"
    " bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60),"
    " toUInt128(bitShiftRight(cityHash64(c.id), 4))))"
)
_COLUMNS = ("value", "label", "data_type", "source", "author", "method", "comment", "correction")
# The trace or session that a score belongs to, and that the scores of one target do.
WHOLE_OF_ONE = "if(c.target = 'session', c.subject, c.trace_key)"
WHOLE = "if(any(c.target) = 'session', c.subject, any(c.trace_key))"
# A score's number without NULLs, which aggregates would pass over to another score; no value is NaN.
NUMBER = "ifNull(c.value, nan)"


def counting(column: str) -> str:
    """A column of the score that counts, among the scores of one name on one target."""
    said = NUMBER if column == "value" else f"c.{column}"
    return f"argMax({said}, {ORDER})"


def in_words(labelled: str, label: str, missing: str, number: str, data_type: str) -> str:
    """Arms of a `multiIf` for what a score says: its label, nothing, true or false, else its number."""
    return (
        f"{labelled}, {label}, {missing}, '', {data_type} = 'boolean',"
        f" if({number} = 1, 'true', 'false'), toString({number})"
    )


def targets(whole: Whole | None) -> str:
    """Which targets are looked at."""
    return "('span', 'trace')" if whole is None else "('span', 'trace', 'session')"


def scored(
    parameters: Parameters,
    field: ScoreField,
    tests: Sequence[Test] | None,
    near_heads: Callable[[str], str],
) -> str:
    """The condition on a span `s` that a score of it passes one of some tests; None: there is one.

    `near_heads` gives FROM and PREWHERE of the heads near the time asked about that meet a condition.
    """
    keys = _keys(parameters, field, tests)
    if field.whole is None:
        return f"({SPAN_KEY} IN (\n{keys}\n) OR (s.trace_head AND {HEAD_KEY} IN (\n{keys}\n)))"
    session = f"(s.session_id IS NOT NULL AND {SESSION_KEY} IN (\n{keys}\n))"
    if field.whole is Whole.TRACE:
        return f"({TRACE_KEY} IN (\n{keys}\n) OR {session})"
    heads = near_heads(f"{TRACE_KEY} IN (\n{keys}\n)")
    return f"({session} OR s.session_id IN (\n    SELECT s.session_id\n{heads}\n))"


def _keys(parameters: Parameters, field: ScoreField, tests: Sequence[Test] | None) -> str:
    """A SELECT of what the scores that pass are about, as keys."""
    lines = ["c.project = {project:String}", f"c.target IN {targets(field.whole)}"]
    if field.name:
        lines.append(f"c.name = {parameters.value('String', field.name)}")
    conditions = "\n    AND ".join(lines)
    source = f"FROM sightline.scores AS c FINAL\n    WHERE {conditions}"
    if tests is None and field.aspect == VALUE:
        key = "c.subject" if field.whole is None else WHOLE_OF_ONE
        return f"    SELECT {key}\n    {source}"
    key = "c.subject" if field.whole is None else WHOLE
    by = "c.subject"
    return (
        f"    SELECT {key}\n    {source}\n    GROUP BY {by}\n    HAVING {_passes(parameters, field, tests)}"
    )


def _passes(parameters: Parameters, field: ScoreField, tests: Sequence[Test] | None) -> str:
    if field.aspect != VALUE:
        asked = aspect_field(field, counting(field.aspect))
        return known(asked) if tests is None else passes(parameters, asked, tests)
    return either([_value_passes(parameters, test) for test in tests or ()])


def _value_passes(parameters: Parameters, test: Test) -> str:
    """A number by its value, a word by its label, truth by the value of a boolean."""
    match test:
        case Between():
            return between(parameters, counting("value"), test)
        case Is(truth):
            return f"({counting('data_type')} = 'boolean' AND {counting('value')} = {int(truth)})"
        case Among() | Like():
            label = aspect_field(ScoreField(None, "label", "label"), counting("label"))
            return passes(parameters, label, [test])
