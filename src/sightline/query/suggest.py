"""What could be typed next in a filter: fields and words first, then values of a field with counts.

The rest of the filter narrows what is counted, as far as it can be read while someone types. Everything is
bounded in rows and time; when counting takes too long there are suggestions without counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sightline.query import score_suggest
from sightline.query.dimensions import NoDimension
from sightline.query.facets import facet_values
from sightline.query.filter.errors import FilterError
from sightline.query.filter.fields import Field, Type, fields, find
from sightline.query.filter.nodes import Relation, Whole
from sightline.query.filter.spelling import spell_value, value_of
from sightline.query.filter.wholes import MEASURES, measure_of, names
from sightline.query.filter.words import FAILED, KINDS
from sightline.query.in_use import attributes_in_use
from sightline.query.selection import Selection, Target, select
from sightline.query.window import Window
from sightline.records.facets import Suggestion
from sightline.store.rows import Limits, QueryTimeout, QueryTooLarge
from sightline.store.store import Store

MOST = 20
# Someone waits for the next letter: what takes longer comes without counts.
BOUNDS = Limits(seconds=1.5, memory=512 << 20)
_MOST_FIELDS = 14
# A field, its operator, values that are finished, and the value that is being typed, up to the cursor.
_VALUE = re.compile(
    r'(?:^|[\s(\-])(?P<field>(?:attr|resource|(?:trace\.|session\.)?score)\.(?:"[^"]*"|[^\s()":<>=])+|[^\s()":<>=\-][^\s()":<>=]*)'
    r'(?P<operator>:|[<>]=?|!?=)(?P<done>\(?(?:(?:"[^"]*"|[^\s(),"]+),\s*)*)(?P<typed>"[^"]*|[^\s(),"]*)$'
)
_WORD = re.compile(
    r'(?:^|[\s(\-:])(?P<typed>(?:(?:attr|resource|(?:trace\.|session\.)?score)\.(?:"[^"]*"?)?)?(?:[^\s()":<>=\-][^\s()":<>=]*)?)$'
)
_REST = re.compile(r'[^\s()",:<>=]*"?')
_EXAMPLES = {
    Type.DURATION: ("100ms", "1s", "10s", "1m"),
    Type.MONEY: ("0.001", "0.01", "0.1", "1"),
    Type.INTEGER: ("100", "1k", "10k", "100k"),
    Type.NUMBER: ("0", "0.5", "1"),
    Type.SIZE: ("1kb", "10kb", "1mb"),
    Type.TIME: ("-15m", "-1h", "-24h"),
}
_GRAMMAR = (
    ("or", "either of two conditions"),
    ("has:", "a field is known"),
    *((f"{relation} ", "where a span stands") for relation in Relation),
    *((f"{whole}:(any ", f"something about the whole {whole}") for whole in Whole),
)


@dataclass(frozen=True, slots=True)
class Typed:
    """What is being typed: a value of a field, or a word; a suggestion replaces `length` from `offset` on."""

    text: str
    offset: int
    length: int
    field: str = ""
    order: bool = False


async def suggest(
    store: Store,
    text: str,
    cursor: int,
    window: Window,
    now: int,
    target: Target = Target.SPANS,
    environment: str = "",
) -> tuple[Suggestion, ...]:
    """At most 20 suggestions for a filter at a cursor (characters from 0), the likeliest first.

    `environment` narrows what is counted, as in `select`. Errors of the store other than its bounds pass
    through.
    """
    cursor = max(0, min(cursor, len(text)))
    typed = typed_at(text, cursor)
    rest = _rest(text, typed, window, now, target, environment)
    if typed.field:
        return await _values(store, rest, typed, now)
    scores = await _scores(store, window.project, typed)
    fields_ = _fields(typed)[:_MOST_FIELDS]
    found = (*scores, *fields_, *await _attributes(store, rest, typed))[:MOST]
    # A colon that stands there already is not written twice.
    colon = text[typed.offset + typed.length :].startswith(":")
    return tuple(replace(s, length=s.length + (colon and s.text.endswith(":"))) for s in found)


def typed_at(text: str, cursor: int) -> Typed:
    """What is being typed at a cursor."""
    before = text[:cursor]
    after = _REST.match(text, cursor)
    end = after.end() if after else cursor
    if found := _VALUE.search(before):
        start = found.start("typed")
        plain = found["typed"].lstrip('"')
        return Typed(plain, start, end - start, found["field"], found["operator"][0] in "<>")
    found = _WORD.search(before)
    start = found.start("typed") if found else cursor
    return Typed(before[start:], start, end - start)


def _rest(text: str, typed: Typed, window: Window, now: int, target: Target, environment: str) -> Selection:
    """The list that the rest of the filter gives; everything where the rest cannot be read yet."""
    head = text[: typed.offset]
    if typed.field:
        # The condition goes whole: its field, its operator, and the values before this one.
        head = head[: head.rindex(typed.field)].rstrip("-")
    tail = text[typed.offset + typed.length :].lstrip("),")
    for rest in (f"{head} {tail}", head):
        try:
            return select(rest, window, now, target, environment)
        except FilterError:
            continue
    return select("", window, now, target, environment)


def _fields(typed: Typed) -> list[Suggestion]:
    """Fields, measures of wholes, kinds and words of the grammar that begin with or have what is typed."""
    word = typed.text.lower()
    offers: list[tuple[str, str]] = [(f"{f.names[0]}:", _says(f)) for f in fields()]
    offers += [(f"{w}.{m}>", MEASURES[m].says) for w in Whole for m in names(w)]
    offers += [(kind, f"kind:{kind}") for kind in KINDS] + [(FAILED, f"status:{FAILED}"), *_GRAMMAR]
    others = {f"{f.names[0]}:": f.names[1:] for f in fields()}

    def rank(offer: tuple[str, str]) -> tuple[int, int, str] | None:
        all_names = (offer[0], *others.get(offer[0], ()))
        if not word:
            return (0, 0, offer[0])
        begins = [n for n in all_names if n.lower().startswith(word)]
        if begins:
            return (0 if begins[0] == offer[0] else 1, len(offer[0]), offer[0])
        return (
            (2, len(offer[0]), offer[0])
            if len(word) > 1 and any(word in n.lower() for n in all_names)
            else None
        )

    if not word:
        likely = ("kind", "status", "model", "name", "service", "env", "user", "duration", "cost", "tokens")
        offers = [(f"{n}:", _says(f)) for n in likely if (f := find(n))]
        return [Suggestion(t, typed.offset, typed.length, says) for t, says in [*offers, *_GRAMMAR]]
    ranked = sorted((place, offer) for offer in offers if (place := rank(offer)) is not None)
    return [Suggestion(t, typed.offset, typed.length, says) for _, (t, says) in ranked]


def _says(field: Field) -> str:
    return field.says or field.type.value


async def _scores(store: Store, project: str, typed: Typed) -> list[Suggestion]:
    """The project's scores that have what is typed in their name."""
    try:
        return await score_suggest.names(store, project, typed.text, typed.offset, typed.length)
    except (QueryTimeout, QueryTooLarge):
        return []


async def _attributes(store: Store, rest: Selection, typed: Typed) -> list[Suggestion]:
    """Attributes in use that have what is typed in their name."""
    word = typed.text.lower().replace('"', "")
    if not word:
        return []
    try:
        used = await attributes_in_use(store, rest, BOUNDS)
    except (QueryTimeout, QueryTooLarge):
        return []
    return [
        Suggestion(f"{a.name}:", typed.offset, typed.length, "an attribute", a.count)
        for a in used
        if word in a.name.lower().replace('"', "")
    ]


async def _values(store: Store, rest: Selection, typed: Typed, now: int) -> tuple[Suggestion, ...]:
    field = find(typed.field)
    whole = measure_of(typed.field, None)
    kind = whole[1].type if whole else field.type if field else Type.TEXT
    if typed.field.lower() == "has":
        scores = await _scores(store, rest.window.project, typed)
        named = [s for s in _fields(typed) if s.text.endswith(":") and s.text != "has:"]
        return tuple(Suggestion(s.text.rstrip(":<."), s.offset, s.length, s.says) for s in (*scores, *named))[
            :MOST
        ]
    scored = await score_suggest.values(
        store, rest.window.project, typed.field, typed.text, typed.offset, typed.length
    )
    if scored is not None:
        return tuple(scored)
    if typed.order or (kind in _EXAMPLES and kind is not Type.INTEGER):
        return _literal(typed, _EXAMPLES.get(kind, ()), kind.value)
    if kind is Type.BOOL:
        return _literal(typed, ("true", "false"), kind.value)
    try:
        facet = await facet_values(store, rest, now, typed.field, typed.text, limit=MOST, limits=BOUNDS)
    except (QueryTimeout, QueryTooLarge, NoDimension):
        return _literal(typed, field.words if field else (), kind.value)
    counted = [
        Suggestion(spell_value(value_of(v.text)), typed.offset, typed.length, kind.value, v.count)
        for v in facet.top
        if v.text
    ]
    there = {s.text for s in counted}
    words = [s for s in _literal(typed, field.words if field else (), kind.value) if s.text not in there]
    return (*counted, *words)[:MOST]


def _literal(typed: Typed, values: tuple[str, ...], says: str) -> tuple[Suggestion, ...]:
    word = typed.text.lower()
    return tuple(
        Suggestion(value, typed.offset, typed.length, says) for value in values if value.startswith(word)
    )[:MOST]
