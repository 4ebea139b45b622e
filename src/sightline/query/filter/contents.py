"""Long texts in SQL: what a span says, found by the hash of its contents.

A text is stored once per project however often it was sent, long ones as lists of parts. So each body is
looked at once, then come the texts whose parts were found, then spans by the hashes of their contents.
"""

from __future__ import annotations

import textwrap

from sightline.query.filter.comparisons import between, either
from sightline.query.filter.parameters import Parameters
from sightline.query.filter.predicates import Between
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
    parameters: Parameters, phrase: Phrase, columns: tuple[str, ...], vocabulary: Vocabulary = SPANS
) -> str:
    """Whether a phrase stands in a content under one of some columns; none: in anything the row says."""
    if not vocabulary.contents:
        plain = parameters.value("String", phrase.plain)
        return either([f"positionCaseInsensitiveUTF8({own}, {plain}) > 0" for own in vocabulary.own])
    found = textwrap.indent(hashes(parameters, phrase), "    ")
    if columns:
        named = f"f IN {parameters.texts(columns)}"
        return f"arrayExists((f, h) -> {named} AND h IN (\n{found}\n), s.content.field, s.content.hash)"
    said = [f"arrayExists(h -> h IN (\n{found}\n), s.content.hash)"]
    if vocabulary is not SPANS:
        # Nearly all of them say it in a column of their own, if at all.
        own = [f"({in_log(parameters, phrase, column)})" for column in vocabulary.own]
        return either([*own, f"(notEmpty(s.content.hash) AND {said[0]})"])
    said.append(_contains(parameters, phrase, "s.name"))
    # Most spans have no message, and an empty text costs as much to match as a short one.
    said.append(f"(notEmpty(s.status_message) AND {_contains(parameters, phrase, 's.status_message')})")
    return either(said)


def hashes(parameters: Parameters, phrase: Phrase) -> str:
    """The SELECT of the hashes of all contents with a phrase."""
    start = "SELECT c.hash\nFROM sightline.content AS c\nWHERE\n    c.project = {project:String}\n    AND "
    found = start + in_text(parameters, phrase, "c.body")
    for _ in range(_LEVELS):
        inner = textwrap.indent(found, " " * 8)
        found = f"{start}arrayExists(h -> h IN (\n{inner}\n    ), arrayPushBack(c.parts, c.hash))"
    return found


def in_log(parameters: Parameters, phrase: Phrase, column: str) -> str:
    """Whether the text of a log record has a phrase. No index holds logs: plain searches for its words come
    first, which are quicker by far than the expression that looks at their order."""
    words = sorted(lookup(phrase).all_of, key=len, reverse=True)[:_SEARCHED]
    found = [f"positionCaseInsensitive({column}, {parameters.value('String', word)}) > 0" for word in words]
    return " AND ".join([*found, _contains(parameters, phrase, column)])


def in_text(parameters: Parameters, phrase: Phrase, column: str) -> str:
    """Whether a content has a phrase: its words are looked up first, an index may answer that."""
    words = lookup(phrase)
    found = []
    if words.all_of:
        found.append(f"hasAllTokens({searched(column)}, {parameters.texts(words.all_of)})")
    for group in words.any_of:
        found.append(f"hasAnyTokens({searched(column)}, {parameters.texts(group)})")
    if not words.exact:
        found.append(_contains(parameters, phrase, column))
    return " AND ".join(found)


def _contains(parameters: Parameters, phrase: Phrase, column: str) -> str:
    if phrase.words:
        return f"match({column}, {parameters.value('String', stored_pattern(phrase))})"
    return f"positionCaseInsensitiveUTF8({column}, {parameters.value('String', phrase.plain)}) > 0"
