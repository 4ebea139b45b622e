"""Any object as JSON text within limits: what a function was given and what it gave back.

Three promises, each tested with hostile objects:

- **Bounded work.** Time and memory follow the limit, not the object: ten million items cost as much as five
  thousand, which are written at most.
- **Nothing of yours runs.** No `__repr__`, `__str__`, `__iter__`, `__len__`, `__getattr__` or property of a
  class that is not known here is called. So nothing lazy is fetched, no iterator is consumed, nothing can
  raise or hang.
- **Always JSON**, however much was left out; what was left out is said where it was.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring
from typing import Final, TypeVar

from sightline.sdk.capture_types import Again, Fields, Items, described, name_of
from sightline.sdk.plain_json import plain_json

T = TypeVar("T")
JSON: Final = "application/json"
PLAIN: Final = "text/plain"
# The least limit that is kept to; a smaller one counts as this.
LEAST: Final = 64
# Characters kept back in every open container for the mark that says how much more there was.
_MARK: Final = 30
# With less than this left nothing further is begun: it is enough for a cut text or an empty container.
_ITEM: Final = 40
_DEPTH: Final = 24
# Values in one text at most, so that a long limit of characters is no long time: some two milliseconds.
_VALUES: Final = 5_000
_MAX_INT_BITS: Final = 2_000
_MAPPINGS: Final = frozenset({dict, OrderedDict, defaultdict})
_SEQUENCES: Final = frozenset({list, tuple, set, frozenset, deque})


def text_of(value: object, limit: int) -> str:
    """`value` as text of at most `limit` characters (64 at least): a string as it is, all else as JSON.

    Never raises, never changes or consumes what it is given, and calls no code of the value's class.

    >>> text_of({"question": "why?", "rows": [1, 2.5, None]}, 1_000)
    '{"question": "why?", "rows": [1, 2.5, null]}'
    >>> text_of("as it is", 1_000)
    'as it is'
    >>> text_of(list(range(10_000_000)), 80)
    '[0, 1, 2, 3, "…[+9999996 more]"]'
    """
    return text_and_type(value, limit)[0]


def text_and_type(value: object, limit: int) -> tuple[str, str]:
    """The text of `value`, and its media type: `text/plain` for a string, else `application/json`.

    >>> text_and_type(3, 100)
    ('3', 'application/json')
    """
    if issubclass(type(value), str):
        return cut(value, limit), PLAIN  # type: ignore[arg-type]
    return json_of(value, limit), JSON


def json_of(value: object, limit: int) -> str:
    """`value` as JSON text of at most `limit` characters (64 at least); a string is quoted, too.

    >>> json_of("quoted", 100)
    '"quoted"'
    """
    plain = plain_json(value, limit)
    if plain is not None:
        return plain
    writer = _Writer(limit if limit > LEAST else LEAST)
    try:
        writer.write(value, 0)
        return "".join(writer.pieces)
    except Exception:  # the border: whatever an object does, the program goes on
        return encode_basestring(f"<unreadable {name_of(type(value))}>"[: LEAST - 2])


def cut(text: str, limit: int) -> str:
    """A plain string of at most `limit` characters (64 at least); a mark says what is missing.

    >>> cut("a" * 200, 64)
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…[+154 characters]'
    """
    limit = limit if limit > LEAST else LEAST
    size = str.__len__(text)
    if size <= limit:
        return _sound(str.__str__(text))
    kept = limit - len(f"…[+{size} characters]")
    return f"{_sound(str.__getitem__(text, slice(0, kept)))}…[+{size - kept} characters]"


def _sound(text: str) -> str:
    """Without lone surrogates, which UTF-8 can't say."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


class _Writer:
    """Writes JSON into `pieces` while characters are left.

    Every item costs two characters at least, so that items are bounded as characters are.
    """

    __slots__ = ("_open", "_values", "left", "pieces")

    def __init__(self, limit: int) -> None:
        self.left = limit
        self.pieces: list[str] = []
        self._open: set[int] = set()
        self._values = _VALUES

    def write(self, value: object, depth: int) -> None:
        """One value, in whatever is left; the ordinary types first."""
        self._values -= 1
        kind = type(value)
        if kind is str:
            self._string(value)  # type: ignore[arg-type]
        elif value is None:
            self._raw("null")
        elif value is True:
            self._raw("true")
        elif value is False:
            self._raw("false")
        elif kind is int:
            self._int(value)  # type: ignore[arg-type]
        elif kind is float:
            self._float(value)  # type: ignore[arg-type]
        elif kind in _MAPPINGS:
            self._object(value, value.items(), len(value), depth)  # type: ignore[attr-defined, arg-type]
        elif kind in _SEQUENCES:
            self._array(value, value, len(value), depth)  # type: ignore[arg-type]
        else:
            self._described(value, depth)

    def _described(self, value: object, depth: int) -> None:
        what = described(value)
        if isinstance(what, str):
            self._string(what)
        elif isinstance(what, Fields):
            self._object(value, what.pairs, what.total, depth)
        elif isinstance(what, Items):
            self._array(value, what.items, what.total, depth)
        elif isinstance(what, Again) and depth < _DEPTH:
            self.write(what.value, depth + 1)
        else:
            self._string(f"<{name_of(type(value))}>")

    def _raw(self, text: str) -> None:
        self.pieces.append(text)
        self.left -= len(text)

    def _int(self, value: int) -> None:
        # Digits of a huge number take quadratic time.
        bits = value.bit_length()
        text = int.__repr__(value) if bits <= _MAX_INT_BITS else f'"<int of {bits} bits>"'
        self._raw(text if len(text) <= max(self.left, _ITEM) else f'"<int of {bits} bits>"')

    def _float(self, value: float) -> None:
        finite = value - value == 0.0
        name = "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
        self._raw(float.__repr__(value) if finite else f'"{name}"')

    def _string(self, text: str) -> None:
        size = len(text)
        if size + 2 <= self.left:
            quoted = encode_basestring(text if text.isascii() else _sound(text))
            if len(quoted) <= self.left:
                self._raw(quoted)
                return
        # Too long, or so after its escapes, which make up to six characters of one.
        room = max(self.left - 24, 1)
        quoted, kept = encode_basestring(_sound(text[:room])), room
        if len(quoted) > room + 2:
            kept = room // 6
            quoted = encode_basestring(_sound(text[:kept]))
        self._raw(f'{quoted[:-1]}…[+{size - kept}]"')

    def _enter(self, value: object, depth: int) -> bool:
        if depth >= _DEPTH or id(value) in self._open:
            self._raw('"<cycle>"' if id(value) in self._open else '"…"')
            return False
        self._open.add(id(value))
        self.left -= 2 + _MARK
        return True

    def _leave(self, value: object, end: str) -> None:
        self.pieces.append(end)
        self.left += _MARK
        self._open.discard(id(value))

    def _array(self, value: object, items: Iterable[object], total: int, depth: int) -> None:
        if not self._enter(value, depth):
            return
        self.pieces.append("[")
        for done, item in enumerate(_steady(items)):
            if self.left < _ITEM or self._values <= 0:
                self._raw(f'{", " if done else ""}"…[+{total - done} more]"')
                break
            if done:
                self._raw(", ")
            self.write(item, depth + 1)
        self._leave(value, "]")

    def _object(self, value: object, pairs: Iterable[tuple[object, object]], total: int, depth: int) -> None:
        if not self._enter(value, depth):
            return
        self.pieces.append("{")
        for done, (key, item) in enumerate(_steady(pairs)):
            if self.left < 2 * _ITEM or self._values <= 0:
                self._raw(f'{", " if done else ""}"…": "+{total - done} more"')
                break
            if done:
                self._raw(", ")
            self._key(key)
            self.write(item, depth + 1)
        self._leave(value, "}")

    def _key(self, key: object) -> None:
        # The value keeps its place.
        self.left -= _ITEM
        text = key if type(key) is str else key_text(key)
        self._string(text)
        self.pieces.append(": ")
        self.left += _ITEM - 2


def _steady(items: Iterable[T]) -> Iterator[T]:
    """The items until another thread changes the container under us, which ends them."""
    iterator = iter(items)
    while True:
        try:
            item = next(iterator)
        except (StopIteration, RuntimeError):
            return
        yield item


def key_text(key: object) -> str:
    """A mapping's key as a string: a number as JSON says it, a tuple as its JSON, anything else by its type.

    >>> key_text(7), key_text(("a", 1))
    ('7', '["a", 1]')
    """
    text, kind = text_and_type(key, 2 * LEAST)
    return text[1:-1] if kind is JSON and text.startswith('"<') else text
