"""Where a text was found: the latest spans that say it with the places that do, and log records.

Which spans match is the filter's business. Here their contents are looked through once more, only theirs, for
the pieces to show.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from sightline.content.texts import leaf_hashes, stored
from sightline.query.excerpts import BEFORE, LENGTH, excerpt
from sightline.query.filter.compiler import Sql, Statement, indented
from sightline.query.filter.contents import in_log
from sightline.query.filter.parameters import Parameters
from sightline.query.filter.predicates import (
    Contains,
    Logged,
    Negated,
    Predicate,
    Says,
    children,
)
from sightline.query.phrases import MAX_WORDS, Phrase, ranges, read_phrase, stored_pattern
from sightline.query.said import IN_ANY_ORDER, is_stretched, latest_first, looked_up
from sightline.query.selection import Selection
from sightline.query.statements import statement
from sightline.query.window import Window
from sightline.records.hits import Excerpt, LogHit, Place, SpanHit
from sightline.store.store import Store

MOST = 200


def phrases_of(predicate: Predicate) -> tuple[Phrase, ...]:
    """The phrases a filter asks for, not those it excludes: what to mark in texts that are shown."""
    match predicate:
        case Negated():
            return ()
        case Says(phrase) | Contains(phrase):
            return (phrase,)
        case Logged(phrase):
            return (phrase,) if phrase else ()
        case _:
            found = [phrase for part in children(predicate) for phrase in phrases_of(part)]
            return tuple(dict.fromkeys(found))


async def search(store: Store, selection: Selection, *, limit: int = 50) -> tuple[SpanHit, ...]:
    """The latest spans of a selection, with the places in them that have its phrases.

    A span may match for another reason and then has no places. Errors of the store pass through.
    """
    phrases = phrases_of(selection.predicate)
    limit = max(1, min(limit, MOST))

    async def asked(part: Selection, most: int) -> list[tuple[Any, ...]]:
        one = latest(part, most)
        return (await store.fetch(one.text + order, one.parameters, purpose="search")).rows

    selection = await looked_up(store, selection)
    stretched = is_stretched(selection.predicate)
    order = IN_ANY_ORDER if stretched else ""
    if stretched:
        keys = await latest_first(store, selection, limit, asked)
    else:
        keys = await asked(selection, limit)
    rows = await _details(store, selection.window.project, keys)
    project = selection.window.project
    hashes = sorted({hash_ for row in rows for hash_ in row["hashes"]}) if phrases else []
    trees = await stored(store, project, hashes, limit=0)
    leaves = {hash_: [leaf for leaf in leaf_hashes(hash_, trees) if leaf] for hash_ in hashes}
    found = await _excerpts(
        store, project, sorted({leaf for some in leaves.values() for leaf in some}), phrases
    )
    return tuple(_hit(row, phrases, leaves, found) for row in rows)


def latest(selection: Selection, limit: int) -> Statement:
    """The statement for the ids and starts of the latest spans of a selection.

    In the order of the table and no other, so that reading ends with the last row that is needed.
    """
    sql = Sql(selection.window)
    return sql.statement(
        "SELECT\n    s.trace_id AS trace_id,\n    s.span_id AS span_id,\n"
        f"    toUnixTimestamp64Nano(s.start_time) AS started\n{sql.spans(selection.predicate)}\n"
        "ORDER BY s.start_time DESC\n"
        f"LIMIT {sql.parameters.value('UInt32', limit)}"
    )


async def _details(store: Store, project: str, keys: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """What these spans say, in their order."""
    if not keys:
        return []
    given = {
        "project": project,
        "starts": sorted({int(row[2]) for row in keys}),
        "trace_ids": sorted({str(row[0]) for row in keys}),
        "span_ids": sorted({str(row[1]) for row in keys}),
    }
    answer = await store.fetch(statement("span_sayings"), given, purpose="search")
    found = {(row["trace_id"], row["span_id"], row["started"]): row for row in answer.dicts()}
    return [found[key] for key in map(tuple, keys) if key in found]


def pieces(project: str, hashes: Sequence[str], phrases: Sequence[Phrase]) -> Statement:
    """The statement for those of some stored texts that have one of some phrases, with a piece around it."""
    parameters = Parameters(project=project)
    pattern = parameters.value("String", "|".join(f"(?:{_pattern(phrase)})" for phrase in _few(phrases)))
    at = f"position(c.body, extract(c.body, {pattern}))"
    first = parameters.value("UInt32", BEFORE)
    length = parameters.value("UInt32", LENGTH)
    # As a subquery: only its set is looked up in the primary key.
    ids = f"(SELECT toFixedString(unhex(arrayJoin({parameters.texts(tuple(hashes))})), 16))"
    columns = (
        "lower(hex(c.hash)) AS id",
        f"{at} AS at",
        f"substring(c.body, greatest(at - {first}, 1), {length}) AS piece",
        "length(c.body) AS size",
    )
    chosen = ",\n".join(columns)
    return Statement(
        f"SELECT\n{indented(chosen)}\nFROM sightline.content AS c\n"
        f"PREWHERE c.project = {{project:String}} AND c.hash IN {ids}\nWHERE match(c.body, {pattern})",
        parameters.given,
    )


def _few(phrases: Sequence[Phrase]) -> list[Phrase]:
    """As many phrases as the engine compiles into one expression; the first one always."""
    words = list(accumulate(len(phrase.words) for phrase in phrases))
    return [phrase for n, phrase in enumerate(phrases) if n == 0 or words[n] <= MAX_WORDS]


def _pattern(phrase: Phrase) -> str:
    return stored_pattern(phrase) if phrase.words else f"(?i){re.escape(phrase.plain)}"


async def _excerpts(
    store: Store, project: str, hashes: Sequence[str], phrases: Sequence[Phrase]
) -> dict[str, Excerpt]:
    if not hashes:
        return {}
    asked = pieces(project, hashes, phrases)
    rows = (await store.fetch(asked.text, asked.parameters, purpose="search")).dicts()
    return {row["id"]: _cut(row["piece"], row["at"], row["size"], phrases) for row in rows}


def _cut(piece: Any, at: int, size: int, phrases: Sequence[Phrase]) -> Excerpt:
    # The engine cuts bytes: a character may be torn on either side.
    text = piece.decode("utf-8", "ignore") if isinstance(piece, bytes) else str(piece)
    begin = max(at - BEFORE, 1)
    return excerpt(text, phrases, before=begin > 1, after=begin - 1 + LENGTH < size)


def _hit(
    row: Mapping[str, Any],
    phrases: Sequence[Phrase],
    leaves: Mapping[str, Sequence[str]],
    found: Mapping[str, Excerpt],
) -> SpanHit:
    places = []
    for field, text in (("name", row["name"]), ("status_message", row["message"])):
        if marks := ranges(text, phrases):
            places.append(Place(field, "", Excerpt(text, marks)))
    for field, hash_ in zip(row["fields"], row["hashes"], strict=True):
        piece = next((found[leaf] for leaf in leaves.get(hash_, ()) if leaf in found), None)
        if piece:
            places.append(Place(field, hash_, piece))
    return SpanHit(row["trace_id"], row["span_id"], row["name"], row["kind"], row["started"], tuple(places))


async def search_logs(store: Store, window: Window, text: str, *, limit: int = 50) -> tuple[LogHit, ...]:
    """The latest log records of a window with a phrase in their text. Errors of the store pass through."""
    phrase = read_phrase(text.split("*"))
    asked = log_records(window, phrase, max(1, min(limit, MOST)))
    rows = (await store.fetch(asked.text, asked.parameters, purpose="search")).dicts()
    return tuple(
        LogHit(
            row["moment"],
            row["trace_id"],
            row["span_id"],
            row["severity"],
            row["service_name"],
            _cut(row["piece"], row["at"], row["size"], [phrase]),
        )
        for row in rows
    )


def log_records(window: Window, phrase: Phrase, limit: int) -> Statement:
    """The statement for the latest log records with a phrase, each with a piece around it."""
    sql = Sql(window)
    at = f"position(l.body, extract(l.body, {sql.parameters.value('String', f'(?:{_pattern(phrase)})')}))"
    first, length = sql.parameters.value("UInt32", BEFORE), sql.parameters.value("UInt32", LENGTH)
    columns = (
        "toUnixTimestamp64Nano(l.time) AS moment",
        "l.trace_id AS trace_id",
        "l.span_id AS span_id",
        "l.severity_text AS severity",
        "ifNull(l.service, '') AS service_name",
        f"{at} AS at",
        f"substring(l.body, greatest(at - {first}, 1), {length}) AS piece",
        "length(l.body) AS size",
    )
    chosen = ",\n".join(columns)
    return sql.statement(
        f"SELECT\n{indented(chosen)}\n{sql.logs(in_log(sql.parameters, phrase, 'l.body'))}\n"
        f"ORDER BY l.time DESC\nLIMIT {sql.parameters.value('UInt32', limit)}"
    )
