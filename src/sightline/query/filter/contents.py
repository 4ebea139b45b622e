"""Long texts in SQL: what a span says, found by the hash of its contents.

A text is stored once per project however often it was sent, long ones as lists of parts. So each body is
looked at once, then come the texts whose parts were found, then spans by the hashes of their contents.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from sightline.query.filter.comparisons import between, either
from sightline.query.filter.parameters import Parameters
from sightline.query.filter.predicates import Between, Says
from sightline.query.filter.vocabulary import SPANS, Vocabulary
from sightline.query.phrases import Phrase, lookup, searched, stored_pattern

# Texts are lists of parts, long lists are lists of lists of parts.
_LEVELS = 2
# Words of a phrase that are searched for before the whole of it, the longest first.
_SEARCHED = 4


def sized(parameters: Parameters, columns: tuple[str, ...], size: Between | None) -> str:
    """Whether a span has a content under one of some columns (none: any), of this size where one is given."""
    if size is None:
        return (
            f"hasAny(s.content.field, {parameters.texts(columns)})"
            if columns
            else "notEmpty(s.content.field)"
        )
    limits = between(parameters, "n", size)
    if not columns:
        return f"arrayExists(n -> {limits}, s.content.size)"
    named = f"f IN {parameters.texts(columns)}"
    return f"arrayExists((f, n) -> {named} AND {limits}, s.content.field, s.content.size)"


def says(
    parameters: Parameters,
    said: Says,
    vocabulary: Vocabulary = SPANS,
    times: tuple[str, str] = ("since", "until"),
) -> str:
    """Whether a phrase stands in a content under one of some columns; none: in anything the row says.

    `times` are the parameters of the time that the row's statement is about.
    """
    phrase, columns = said.phrase, said.columns
    if not vocabulary.contents:
        plain = parameters.value("String", phrase.plain)
        return either([f"positionCaseInsensitiveUTF8({own}, {plain}) > 0" for own in vocabulary.own])
    found = textwrap.indent(hashes(parameters, said, times), "    ")
    if columns:
        named = f"f IN {parameters.texts(columns)}"
        return f"arrayExists((f, h) -> {named} AND h IN (\n{found}\n), s.content.field, s.content.hash)"
    has = [f"arrayExists(h -> h IN (\n{found}\n), s.content.hash)"]
    if vocabulary is not SPANS:
        # Nearly all of them say it in a column of their own, if at all.
        own = [f"({in_log(parameters, phrase, column)})" for column in vocabulary.own]
        return either([*own, f"(notEmpty(s.content.hash) AND {has[0]})"])
    has.append(f"({in_log(parameters, phrase, 's.name')})")
    # Most spans have no message, and an empty text costs as much to match as a short one.
    has.append(f"(notEmpty(s.status_message) AND {in_log(parameters, phrase, 's.status_message')})")
    return either(has)


_ROWS = "SELECT c.hash\nFROM sightline.content AS c\nWHERE\n    c.project = {project:String}\n    AND "
_KEYED = _ROWS.replace("WHERE", "PREWHERE")


def hashes(parameters: Parameters, said: Says, times: tuple[str, str] = ("since", "until")) -> str:
    """The SELECT of the hashes of all contents with a phrase; near: at least of those that spans have."""
    if said.found.hashes is not None:
        return named(parameters, said.found.hashes)
    words, rest = tests(parameters, said.phrase, "c.body")
    if said.found.near and rest:
        candidates = said_near(said.found.flat, times)
        tokens = " AND ".join([f"c.hash IN (\n{_inner(candidates)}\n    )", *words])
        # Bodies are long: only those that have all words are read, found by their key.
        found = f"{_KEYED}c.hash IN (\n{_inner(_KEYED + tokens)}\n    ) AND {rest}"
    else:
        found = _ROWS + " AND ".join([*words, rest] if rest else words)
    for _ in range(0 if said.found.flat else _LEVELS):
        found = f"{_ROWS}arrayExists(h -> h IN (\n{_inner(found)}\n    ), arrayPushBack(c.parts, c.hash))"
    return found


def named(parameters: Parameters, found: Sequence[str]) -> str:
    """The SELECT of hashes that are known already."""
    return f"SELECT toFixedString(unhex(arrayJoin({parameters.texts(tuple(found))})), 16)"


def said_near(flat: bool, times: tuple[str, str]) -> str:
    """The SELECT of the hashes of what spans of a time say, and of the parts of that."""
    since, until = (f"fromUnixTimestamp64Nano({{{name}:Int64}}, 'UTC')" for name in times)
    levels = [
        "SELECT arrayJoin(n.content.hash)\nFROM sightline.spans AS n\nPREWHERE\n"
        f"    n.project = {{project:String}}\n    AND n.start_time >= {since}\n    AND n.start_time < {until}"
    ]
    for _ in range(0 if flat else _LEVELS):
        levels.append(
            "SELECT arrayJoin(c.parts)\nFROM sightline.content AS c\nPREWHERE\n"
            "    c.project = {project:String}\n"
            f"    AND notEmpty(c.parts) AND c.hash IN (\n{_inner(levels[-1])}\n    )"
        )
    return "\nUNION ALL\n".join(levels)


def _inner(sql: str) -> str:
    return textwrap.indent(sql, " " * 8)


def in_log(parameters: Parameters, phrase: Phrase, column: str) -> str:
    """Whether the text of a log record, or another column, has a phrase. No index holds these: plain searches
    for its words come first. The expression that looks at their order is compiled for each block of rows."""
    words = sorted(lookup(phrase).all_of, key=len, reverse=True)[:_SEARCHED]
    found = [f"positionCaseInsensitive({column}, {parameters.value('String', word)}) > 0" for word in words]
    return " AND ".join([*found, _contains(parameters, phrase, column)])


def in_text(parameters: Parameters, phrase: Phrase, column: str) -> str:
    """Whether a content has a phrase: its words are looked up first, an index may answer that."""
    words, rest = tests(parameters, phrase, column)
    return " AND ".join([*words, rest] if rest else words)


def tests(parameters: Parameters, phrase: Phrase, column: str) -> tuple[list[str], str]:
    """The conditions that look up words of a phrase, and the one that checks what they leave; '': nothing."""
    words = lookup(phrase)
    found = []
    if words.all_of:
        found.append(f"hasAllTokens({searched(column)}, {parameters.texts(words.all_of)})")
    for group in words.any_of:
        found.append(f"hasAnyTokens({searched(column)}, {parameters.texts(group)})")
    return found, "" if words.exact else _contains(parameters, phrase, column)


def _contains(parameters: Parameters, phrase: Phrase, column: str) -> str:
    if phrase.words:
        return f"match({column}, {parameters.value('String', stored_pattern(phrase))})"
    return f"positionCaseInsensitiveUTF8({column}, {parameters.value('String', phrase.plain)}) > 0"
