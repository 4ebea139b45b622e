"""In which order a list stands, and the cursor that says how far it was read.

A cursor holds the order, the stretch of time of the first page, and the last row's key and id. So what
arrives while someone turns pages neither shifts them nor comes twice. To everyone else it is opaque.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from sightline.query.filter.errors import nearest
from sightline.query.filter.fields import find
from sightline.query.measures import TRACE_COLUMNS
from sightline.query.selection import Target
from sightline.query.traces import BadCursor
from sightline.query.window import LATEST, Window

TIME = "time"
_START = "toUnixTimestamp64Nano(s.start_time)"
_FIRST_TOKEN = (
    f"maxIf(({_START}, {_START} + ifNull(s.time_to_first_token_ns, 0)),"
    " s.kind = 'llm' AND s.time_to_first_token_ns IS NOT NULL).2"
)
_TOKENS = next(f.sql for f in [find("tokens")] if f)


def _money(sql: str) -> str:
    # Sums of floats differ in their last digits from one run to the next; nano-dollars do not.
    return f"round({sql} * 1e9)"


# What a list is sorted by: whole numbers over the spans of a trace, and over one span. NULL is unknown.
TRACE_KEYS: dict[str, str] = {
    "duration": TRACE_COLUMNS["duration_ns"],
    "cost": _money(TRACE_COLUMNS["cost_usd"]),
    "tokens": TRACE_COLUMNS["tokens"],
    "input": TRACE_COLUMNS["input_tokens"],
    "output": TRACE_COLUMNS["output_tokens"],
    "ttft": f"nullIf({_FIRST_TOKEN}, 0) - min({_START})",
    "spans": "count()",
    "errors": "countIf(s.status = 'error')",
}
SPAN_KEYS: dict[str, str] = {
    "duration": "s.duration_ns",
    "own": "s.own_ns",
    "cost": _money("s.cost_usd"),
    "tokens": _TOKENS,
    "input": "s.input_tokens",
    "output": "s.output_tokens",
    "ttft": "s.time_to_first_token_ns",
}
_KEYS = {Target.TRACES: TRACE_KEYS, Target.SPANS: SPAN_KEYS}
_ALSO = {"start": TIME, "cost_usd": "cost", "duration_ns": "duration"}
# Order, since, until, key (empty: unknown) and ids.
_CURSOR = re.compile(
    r"([+-])([a-z]+)\.(\d{1,19})\.(\d{1,19})\.(-?\d{1,19})?\.([0-9a-f]{1,64}(?:/[0-9a-f]{1,64})?)"
)


class BadSort(ValueError):
    """An order that lists do not have."""


@dataclass(frozen=True, slots=True)
class Sort:
    """What a list is sorted by, and whether the smallest comes first. What is unknown comes last."""

    by: str = TIME
    ascending: bool = False

    def __str__(self) -> str:
        """As addresses have it: `-cost`, `cost`."""
        return self.by if self.ascending else f"-{self.by}"


NEWEST = Sort()


def sort_of(text: str, target: Target) -> Sort:
    """Read an order: `-time` (the newest first, also where nothing is said), `cost`, … Raises BadSort."""
    if not text:
        return NEWEST
    name = text.removeprefix("-")
    name = _ALSO.get(name, name)
    known = sortable(target)
    if name not in known:
        close = nearest(name, known, 0.7)
        hint = (
            f"; did you mean {close}?"
            if close
            else f"; one of {', '.join(known)}, each also with - before it"
        )
        raise BadSort(f"{target} cannot be sorted by {name[:40]!r}{hint}")
    return Sort(name, not text.startswith("-"))


def sortable(target: Target) -> tuple[str, ...]:
    """What traces or spans can be sorted by."""
    return (TIME, *_KEYS[target])


def key_sql(sort: Sort, target: Target) -> str:
    """The expression a list is sorted by, other than time."""
    return f"toInt64({_KEYS[target][sort.by]})"


@dataclass(frozen=True, slots=True)
class Place:
    """The last row that was read: its key (None: unknown) and its id, `trace` or `trace/span`."""

    key: int | None
    id: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a list was read, in which order, and which time it is about."""

    sort: Sort
    since: int
    until: int
    after: Place

    def write(self) -> str:
        """The cursor as opaque text for addresses."""
        sign = "+" if self.sort.ascending else "-"
        key = "" if self.after.key is None else self.after.key
        plain = f"{sign}{self.sort.by}.{self.since}.{self.until}.{key}.{self.after.id}"
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def read_cursor(text: str, sort: Sort, target: Target) -> Cursor:
    """A cursor from its text. Raises BadCursor for one that no list of this order gave."""
    try:
        plain = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)).decode()
    except (ValueError, binascii.Error) as error:
        raise _bad(text) from error
    match = _CURSOR.fullmatch(plain)
    if not match:
        raise _bad(text)
    sign, by, since, until, key, id_ = match.groups()
    found = Cursor(
        Sort(by, sign == "+"), int(since), int(until), Place(None if key is None else int(key), id_)
    )
    key_there = found.after.key
    whole = found.since < found.until <= LATEST and ("/" in id_) is (target is Target.SPANS)
    if by == TIME:
        whole = whole and key_there is not None and found.since <= key_there < found.until
    if not whole or (key_there is not None and abs(key_there) > LATEST):
        raise _bad(text)
    if found.sort != sort:
        raise BadCursor(
            f"the cursor belongs to a list sorted by {found.sort}, not {sort}; start again without one"
        )
    return found


def window_of(window: Window, cursor: Cursor | None) -> Window:
    """The time that a page is about: that of its first page."""
    return Window(window.project, cursor.since, cursor.until) if cursor else window


def _bad(text: str) -> BadCursor:
    return BadCursor(f"cursor {text[:80]!r} was not made by this server; start again without one")
