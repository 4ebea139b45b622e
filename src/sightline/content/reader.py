"""Content parts of any family, read by two tables: by the name a part has, and by the keys it carries.

One `Reader` reads one stored text. It gathers what parts leave over, and bounds their number and depth: what
is beyond a bound is told as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from sightline.content.fields import Fields
from sightline.content.json_text import dumps, parse
from sightline.records.conversation import Audio, File, Image, Message, Part, ResultPart, Text

BASE64 = re.compile(r"[A-Za-z0-9+/=_\s-]*")
MAX_PARTS = 1_000
MAX_NESTING = 6

PartReader: TypeAlias = Callable[[Fields, "Reader"], Sequence[Part] | None]
"""Takes a part's fields. None: it is not what its name or key says."""

MessageReader: TypeAlias = Callable[[dict[str, Any], "Reader", str], Sequence[Message] | None]
"""Takes one element of a list, the reader and the role it has when it names none. None: not its shape."""

# Where SDKs write what kind of part it is.
TAGS = ("type", "part_kind", "kind", "block_type", "content_type", "$type")


class Reader:
    """Reads one stored text with the tables given. `leftovers` gathers what parts say beyond their kind."""

    def __init__(
        self,
        by_name: Mapping[str, PartReader],
        by_key: Mapping[str, PartReader],
        elements: Mapping[str, MessageReader],
        media_of: Callable[[str], Image | Audio | File | None],
    ) -> None:
        self._by_name = by_name
        self._by_key = by_key
        self._elements = elements
        self._media_of = media_of
        self._depth = 0
        self.leftovers: list[dict[str, Any]] = []

    def element(self, value: Any, role: str) -> tuple[Message, ...] | None:
        """One element of a list as messages, by the first shape that knows it; None when none does."""
        if not isinstance(value, dict):
            return None
        for name, read in self._elements.items():
            marked = len(self.leftovers)
            found = read(value, self, role)
            if found is not None:
                return tuple(message if message.shape else replace(message, shape=name) for message in found)
            del self.leftovers[marked:]
        return None

    def rest(self, left: Mapping[str, Any]) -> str:
        """What a message and its parts leave over, as JSON text; the parts' share is forgotten then."""
        said = dict(left) | ({"parts": self.leftovers} if self.leftovers else {})
        self.leftovers = []
        return dumps(said) if said else ""

    def parts(self, value: Any) -> tuple[Part, ...]:
        """A message's content, whatever it is. Only null and empty give nothing."""
        if value is None or value in ("", [], {}):
            return ()
        if isinstance(value, str):
            found = self._media_of(value)
            return (Text(value) if found is None else found,)
        if isinstance(value, dict):
            return self.part(value)
        if isinstance(value, list):
            out: list[Part] = []
            for at, piece in enumerate(value):
                if len(out) >= MAX_PARTS:
                    out.append(Text(dumps(value[at:]), json=True, label=f"{len(value) - at} more parts"))
                    break
                out.extend(self.parts(piece))
            return tuple(out)
        return (Text(dumps(value), json=True),)

    def part(self, value: dict[str, Any]) -> tuple[Part, ...]:
        """One object as parts. What is not understood becomes its JSON, under its own name."""
        found = self.understood(value)
        return (Text(dumps(value), json=True, label=_tag(value)[:80]),) if found is None else found

    def understood(self, value: dict[str, Any]) -> tuple[Part, ...] | None:
        """One object as parts; None when no table knows it."""
        if self._depth >= MAX_NESTING:
            return None
        for read in self._candidates(value):
            fields = Fields(value)
            marked = len(self.leftovers)
            self._depth += 1
            try:
                found = read(fields, self)
            finally:
                self._depth -= 1
            if found is not None:
                if left := fields.left():
                    self.leftovers.append({"part": _tag(value)} | left if _tag(value) else left)
                return tuple(found)
            del self.leftovers[marked:]
        return None

    def knows(self, value: Any) -> bool:
        """Whether an object is a part beyond doubt: by its name, or by the only key it has."""
        if not isinstance(value, dict):
            return False
        return normal(_tag(value)) in self._by_name or (len(value) == 1 and next(iter(value)) in self._by_key)

    def result(self, value: Any) -> tuple[ResultPart, ...]:
        """What a tool answered: known parts as parts, words as words, everything else as JSON."""
        if isinstance(value, dict) and normal(_tag(value)) in self._by_name:
            value = [value]
        if isinstance(value, list) and value and all(self.knows(piece) for piece in value):
            out: list[ResultPart] = []
            for piece in value[:MAX_PARTS]:
                for part in self.part(piece):
                    if isinstance(part, Text | Image | Audio | File):
                        out.append(part)
                    else:  # a call or a thought inside a result is told as it is
                        out.append(Text(dumps(piece), json=True, label=_tag(piece)[:80]))
            if len(value) > MAX_PARTS:
                out.append(Text(dumps(value[MAX_PARTS:]), json=True, label=f"{len(value) - MAX_PARTS} more"))
            return tuple(out)
        if isinstance(value, str):
            return (worded(value),) if value else ()
        return () if value is None else (Text(dumps(value), json=True),)

    def _candidates(self, value: dict[str, Any]) -> list[PartReader]:
        found = []
        name = normal(_tag(value))
        if name in self._by_name:
            found.append(self._by_name[name])
        found += [read for key, read in self._by_key.items() if key in value]
        return found


def normal(name: str) -> str:
    """A part's name as the tables spell it: lower case, without the marks between words."""
    return name[:80].lower().replace("-", "").replace("_", "").removesuffix("content") or name.lower()


def worded(text: str) -> Text:
    """A text; marked when it is a JSON document."""
    found = parse(text) if text[:1] in ("{", "[") else None
    return Text(text, json=found is not None and not found.cut)


def _tag(value: Mapping[str, Any]) -> str:
    for key in TAGS:
        if isinstance(value.get(key), str) and value[key]:
            return str(value[key])
    return ""
