"""What could be typed next in a filter over log records or metrics: the counterpart of `suggest`.

Fields and words first, then values with counts in the list that the rest of the filter gives. Everything is
bounded; when counting takes too long there are suggestions without counts.
"""

from __future__ import annotations

from collections.abc import Iterable

from sightline.query.filter import paths
from sightline.query.filter.comparisons import like
from sightline.query.filter.compiler import Statement, indented
from sightline.query.filter.errors import FilterError
from sightline.query.filter.fields import Field, Type
from sightline.query.filter.spelling import spell_name, spell_value, value_of
from sightline.query.filter.vocabulary import Vocabulary
from sightline.query.filter.words import SEVERITIES
from sightline.query.row_selection import RowSelection, select_rows
from sightline.query.suggest import BOUNDS, MOST, Typed, typed_at
from sightline.query.window import Window
from sightline.records.facets import Suggestion
from sightline.store.rows import QueryTimeout, QueryTooLarge
from sightline.store.store import Store

# Attributes are looked for in this many of the latest rows.
LATEST = 20_000
_LIKELY = ("severity", "service", "env", "event", "body", "name", "type", "unit", "has", "or")
_EXAMPLES = {
    Type.TIME: ("-15m", "-1h", "-24h"),
    Type.SIZE: ("1kb", "10kb", "1mb"),
    Type.INTEGER: ("1", "10", "100"),
    Type.SEVERITY: tuple(SEVERITIES),
}
_GRAMMAR = (("or", "either of two conditions"), ("has:", "a field is known"))


async def suggest_rows(
    store: Store,
    vocabulary: Vocabulary,
    text: str,
    cursor: int,
    window: Window,
    now: int,
    environment: str = "",
) -> tuple[Suggestion, ...]:
    """At most 20 suggestions for a filter at a cursor (characters from 0), the likeliest first.

    Errors of the store other than its bounds pass through.
    """
    typed = typed_at(text, max(0, min(cursor, len(text))))
    rest = _rest(vocabulary, text, typed, window, now, environment)
    if not typed.field:
        return _found(typed, _names(vocabulary, typed.text), await _attributes(store, rest, typed.text))
    if typed.field.lower() == "has":
        names = [(f.names[0], f.says) for f in vocabulary.fields]
        return _found(typed, [one for one in names if typed.text.lower() in one[0]], ())
    field = vocabulary.find(typed.field)
    words = _EXAMPLES.get(field.type, field.words) if field else ()
    offered = (
        [(word, field.type.value) for word in words if word.startswith(typed.text.lower())] if field else []
    )
    if typed.order or (field and field.type not in (Type.TEXT, Type.WORD)):
        return _found(typed, offered, ())
    counted = await _values(store, rest, typed, field)
    there = {one.text for one in counted}
    return (*counted, *_found(typed, [one for one in offered if one[0] not in there], ()))[:MOST]


def _found(
    typed: Typed, offers: Iterable[tuple[str, str]], counted: Iterable[tuple[str, str, int]]
) -> tuple[Suggestion, ...]:
    made = [Suggestion(text, typed.offset, typed.length, says) for text, says in offers]
    made += [Suggestion(text, typed.offset, typed.length, says, n) for text, says, n in counted]
    return tuple(made[:MOST])


def _rest(
    vocabulary: Vocabulary, text: str, typed: Typed, window: Window, now: int, environment: str
) -> RowSelection:
    """The list that the rest of the filter gives; everything where the rest cannot be read yet."""
    head = text[: typed.offset]
    if typed.field:
        head = head[: head.rindex(typed.field)].rstrip("-")
    tail = text[typed.offset + typed.length :].lstrip("),")
    for rest in (f"{head} {tail}", head, ""):
        try:
            return select_rows(vocabulary, rest, window, now, environment)
        except FilterError:
            continue
    raise AssertionError("the empty filter is always understood")


def _names(vocabulary: Vocabulary, typed: str) -> list[tuple[str, str]]:
    """Fields and words that begin with what is typed, then those that have it somewhere."""
    word = typed.lower()
    offers = [(f"{f.names[0]}:", f.says) for f in vocabulary.fields]
    offers += [(one, f"{name}:{one}") for name, words in vocabulary.alone for one in words]
    offers += _GRAMMAR
    if not word:
        return [one for one in offers if one[0].rstrip(":") in _LIKELY]
    begins = [one for one in offers if one[0].startswith(word)]
    others = [one for one in offers if one not in begins and len(word) > 1 and word in one[0]]
    return [*sorted(begins), *sorted(others)]


async def _attributes(store: Store, rest: RowSelection, typed: str) -> list[tuple[str, str, int]]:
    """Attributes of the latest rows that have what is typed in their name."""
    word = typed.lower().replace('"', "")
    if not word:
        return []
    asked = using(rest)
    try:
        answer = await store.fetch(asked.text, asked.parameters, limits=BOUNDS, purpose="suggest")
    except (QueryTimeout, QueryTooLarge):
        return []
    found = [(spell_name(f"{head}{key}"), count) for head, key, count in answer.rows if not paths.fault(key)]
    return [(f"{name}:", "an attribute", int(count)) for name, count in found if word in name.lower()]


def using(selection: RowSelection) -> Statement:
    """The statement for the attributes of the latest rows, the commonest first."""
    sql = selection.sql()
    heads = [
        f"arrayMap(k -> ('{head}', k), JSONAllPaths(s.{column}))" for head, column in paths.COLUMNS.items()
    ]
    latest = (
        f"SELECT arrayConcat({', '.join(heads)}) AS keys\n{sql.rows(selection.predicate)}\n"
        f"ORDER BY s.time DESC\nLIMIT {sql.parameters.value('UInt32', LATEST)}"
    )
    return sql.statement(
        "SELECT\n    arrayJoin(keys).1 AS head,\n    arrayJoin(keys).2 AS key,\n    count() AS found\n"
        f"FROM (\n{indented(latest)}\n)\nGROUP BY head, key\nORDER BY found DESC, head, key\nLIMIT 500"
    )


async def _values(
    store: Store, rest: RowSelection, typed: Typed, field: Field | None
) -> tuple[Suggestion, ...]:
    """Values of a field or attribute that begin with what is typed, with their counts."""
    if field:
        text = f"ifNull({field.sql}, '')"
    else:
        head = next((h for h in paths.COLUMNS if typed.field.startswith(h)), "")
        key = typed.field[len(head) :].strip('"')
        if paths.fault(key):
            return ()
        text = f"ifNull({paths.text(paths.Path(paths.COLUMNS[head or 'attr.'], key))}, '')"
    asked = counting(rest, text, typed.text)
    try:
        answer = await store.fetch(asked.text, asked.parameters, limits=BOUNDS, purpose="suggest")
    except (QueryTimeout, QueryTooLarge):
        return ()
    says = field.says if field else "an attribute"
    return tuple(
        Suggestion(spell_value(value_of(str(value))), typed.offset, typed.length, says, int(count))
        for value, count in answer.rows
    )


def counting(selection: RowSelection, text: str, beginning: str) -> Statement:
    """The statement for the most frequent values that begin with a text, in any case of letters."""
    sql = selection.sql()
    begins = sql.parameters.value("String", like([beginning, ""]))
    return sql.statement(
        f"SELECT\n    {text} AS value,\n    count() AS found\n{sql.rows(selection.predicate)}\n"
        f"WHERE value != '' AND value ILIKE {begins}\nGROUP BY value\nORDER BY found DESC, value\n"
        f"LIMIT {sql.parameters.value('UInt32', MOST)}"
    )
