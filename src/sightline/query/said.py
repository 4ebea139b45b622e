"""Questions about what spans say, the quick way: texts are asked first, then the latest spans.

A phrase that few texts have is looked for once, and the statement gets their hashes. One that many have is
in many spans, too: the latest of them are found in the newest stretch of time, or in a few. How it is asked
makes no difference to what is found.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from sightline.query.filter.compiler import Sql, Statement
from sightline.query.filter.contents import in_text, named, tests
from sightline.query.filter.parameters import Parameters
from sightline.query.filter.predicates import (
    Always,
    Counted,
    Found,
    Logged,
    Measured,
    Predicate,
    Says,
    Standing,
    with_found,
    within,
)
from sightline.query.phrases import Phrase
from sightline.query.selection import Selection, knowing
from sightline.query.window import Window
from sightline.store.store import Store

# So many texts are named in a statement; so many are read to see whether words stand next to each other.
MOST_NAMED = 2_000
# So many where several statements look at all spans.
MOST_COUNTED = 20_000
_LEVELS = 2
# How many spans the first stretch has, how much larger the next may be, and from where on the rest is one.
FIRST = 20_000
_GROWTH = 10
_STRETCHED = 400_000
# How often a stretch with too many spans is made shorter.
_GUESSES = 3
_ELSEWHERE = Counted | Measured | Standing | Logged


async def looked_up(store: Store, selection: Selection, *, every: bool = False) -> Selection:
    """The selection with the texts of its phrases, where they are few. Errors of the store pass through.

    `every`: for questions that look at all spans, several of them; more are named, and every text with all
    words is read once here, not by each statement.
    """
    said = [part for part in within(selection.predicate) if isinstance(part, Says)]
    phrases = list(dict.fromkeys(part.phrase for part in said if part.found.hashes is None))
    if not phrases:
        return selection
    project = selection.window.project
    flat = not (await _rows(store, parted(project)))
    look = _every_text if every else _texts
    texts = await asyncio.gather(*(look(store, project, phrase, flat) for phrase in phrases))
    found = dict(selection.texts) | {
        phrase: Found(flat, None if hashes is None else tuple(hashes))
        for phrase, hashes in zip(phrases, texts, strict=True)
    }
    return knowing(selection, found)


async def _texts(store: Store, project: str, phrase: Phrase, flat: bool) -> list[str] | None:
    """The hashes of all texts with a phrase; None when they may be more than are named."""
    words, rest = tests(Parameters(), phrase, "c.body")
    if not words:
        return None
    hashes = await _rows(store, with_words(project, phrase, MOST_NAMED))
    if hashes and rest and len(hashes) <= MOST_NAMED:
        hashes = await _rows(store, in_order(project, phrase, hashes))
    return await _with_wholes(store, project, hashes, flat, MOST_NAMED)


async def _every_text(store: Store, project: str, phrase: Phrase, flat: bool) -> list[str] | None:
    """The same where more are named, however many texts must be read for it."""
    hashes = await _rows(store, with_phrase(project, phrase, MOST_COUNTED))
    return await _with_wholes(store, project, hashes, flat, MOST_COUNTED)


async def _with_wholes(
    store: Store, project: str, hashes: list[str], flat: bool, most: int
) -> list[str] | None:
    """Texts and those whose parts they are; None when they are too many."""
    for _ in range(0 if flat else _LEVELS):
        if not hashes or len(hashes) > most:
            break
        hashes = list({*hashes, *await _rows(store, having(project, hashes))})
    return None if len(hashes) > most else sorted(hashes)


async def _rows(store: Store, asked: Statement) -> list[str]:
    answer = await store.fetch(asked.text, asked.parameters, purpose="texts")
    return list(dict.fromkeys(str(row[0]) for row in answer.rows))


_TEXTS = (
    "SELECT lower(hex(c.hash)) AS id\nFROM sightline.content AS c\nPREWHERE c.project = {project:String} AND "
)


def parted(project: str) -> Statement:
    """The statement that has a row when a project has texts in parts."""
    return Statement(f"{_TEXTS}notEmpty(c.parts)\nLIMIT 1", {"project": project})


def with_words(project: str, phrase: Phrase, most: int) -> Statement:
    """The statement for the texts with all words of a phrase; one more than `most` are too many."""
    parameters = Parameters(project=project)
    words, _ = tests(parameters, phrase, "c.body")
    return _some(parameters, words, most)


def with_phrase(project: str, phrase: Phrase, most: int) -> Statement:
    """The statement for the texts with a phrase; one more than `most` are too many."""
    parameters = Parameters(project=project)
    return _some(parameters, [in_text(parameters, phrase, "c.body")], most)


def _some(parameters: Parameters, conditions: Sequence[str], most: int) -> Statement:
    text = _TEXTS.replace("SELECT", "SELECT DISTINCT")
    limit = parameters.value("UInt32", most + 1)
    return Statement(f"{text}{' AND '.join(conditions)}\nLIMIT {limit}", parameters.given)


def in_order(project: str, phrase: Phrase, hashes: Sequence[str]) -> Statement:
    """The statement for those of some texts in which the words stand as in the phrase."""
    parameters = Parameters(project=project)
    _, rest = tests(parameters, phrase, "c.body")
    return Statement(f"{_TEXTS}c.hash IN ({named(parameters, hashes)}) AND {rest}", parameters.given)


def having(project: str, hashes: Sequence[str]) -> Statement:
    """The statement for the texts that have some of others as parts."""
    parameters = Parameters(project=project)
    some = named(parameters, hashes)
    return Statement(
        f"{_TEXTS}notEmpty(c.parts) AND arrayExists(h -> h IN ({some}), c.parts)", parameters.given
    )


def is_stretched(predicate: Predicate) -> bool:
    """Whether its latest spans are looked for in stretches: it looks into texts, and at no other spans."""
    parts = list(within(predicate))
    return any(isinstance(p, Says) for p in parts) and not any(isinstance(p, _ELSEWHERE) for p in parts)


_Row = tuple[Any, ...]


async def latest_first(
    store: Store,
    selection: Selection,
    wanted: int,
    ask: Callable[[Selection, int], Awaitable[list[_Row]]],
) -> list[_Row]:
    """The first rows of a selection of spans, newest first: `ask` gives those of a part of its time.

    The first stretch is short; how many rows it has says how long the next should be.
    """
    rest: Window | None = selection.window
    rows: list[_Row] = []
    seen, size = 0, _first(selection.predicate)
    width = 0
    while rest and len(rows) < wanted:
        short = seen < _STRETCHED
        stretch, rest, there = await _newest(store, rest, size, width) if short else (rest, None, 0)
        predicate = near(selection.predicate) if short else selection.predicate
        rows += await ask(replace(selection, window=stretch, predicate=predicate), wanted - len(rows))
        seen += there
        left = wanted - len(rows)
        most = max(there, size) * _GROWTH
        size = max(FIRST, min(most, round(1.2 * seen * left / len(rows)) if rows else most))
        # About as many spans to a second as there were in this stretch.
        width = stretch.length * size // max(there, 1)
    return rows


def _first(predicate: Predicate) -> int:
    """How many spans the first stretch has: more where all texts are known and only spans are read."""
    said = [part.found for part in within(predicate) if isinstance(part, Says)]
    return FIRST if any(found.hashes is None for found in said) else 10 * FIRST


# The end of a statement for a stretch. In the order of the table each part would be read in small blocks
# until it has a row, which takes three times as long where few rows match.
IN_ANY_ORDER = "\nSETTINGS optimize_read_in_order = 0"


def near(predicate: Predicate) -> Predicate:
    """The predicate whose texts are looked for among those of its own time only."""
    return with_found(predicate, lambda part: replace(part.found, near=True))


async def _newest(store: Store, rest: Window, size: int, width: int) -> tuple[Window, Window | None, int]:
    """The newest part of a time with about so many spans, what is left, and how many it has.

    `width` (ns) is how long it should be; 0: as long as the latest spans say.
    """
    if not width:
        asked = nth(rest, FIRST)
        begins = (await store.fetch(asked.text, asked.parameters, purpose="texts")).scalar()
        # All may have started at one moment.
        if begins is None or int(begins) + 1 >= rest.until:
            return rest, None, FIRST
        width = (rest.until - int(begins) - 1) * size // FIRST
    for _ in range(_GUESSES):
        since = max(rest.since, rest.until - max(width, 1))
        stretch = replace(rest, since=since)
        asked = spans_in(stretch)
        there = int((await store.fetch(asked.text, asked.parameters, purpose="texts")).scalar() or 0)
        if there <= 2 * size:
            break
        width = width * size // there
    return stretch, replace(rest, until=since) if since > rest.since else None, there


def spans_in(window: Window) -> Statement:
    """The statement for how many spans a window has."""
    sql = Sql(window)
    return sql.statement(f"SELECT count() AS found\n{sql.spans(Always())}")


def nth(rest: Window, number: int) -> Statement:
    """The statement for when the span with so many later ones in a window started."""
    sql = Sql(rest)
    return sql.statement(
        "SELECT toUnixTimestamp64Nano(s.start_time) AS started\n"
        f"{sql.spans(Always())}\nORDER BY s.start_time DESC\n"
        f"LIMIT 1 OFFSET {sql.parameters.value('UInt32', number)}"
    )
