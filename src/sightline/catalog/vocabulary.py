"""The typed form of the conventions: canonical fields, their sources, families, words and emitters.

These records hold no rules of their own; `conventions` reads them from TOML, `reference` applies them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """Where a source stands. Only the first four are read from a span; the others are kept as data."""

    ATTRIBUTE = "attribute"
    """A span attribute, else a resource attribute of that name."""
    RESOURCE = "resource"
    """A resource attribute only."""
    SPAN = "span"
    """A field of the span itself: `name`, `status.code`, `status.message`, `droppedAttributesCount`,
    `traceState`."""
    SCOPE = "scope"
    """A field of the instrumentation scope: `name`."""
    EVENT = "event"
    LOG = "log"
    BODY = "body"
    HEADER = "header"
    BAGGAGE = "baggage"
    METRIC = "metric"
    MULTIPART = "multipart"
    PREFIX = "prefix"
    FAMILY = "family"
    DERIVED = "derived"


ON_SPAN = frozenset({Scope.ATTRIBUTE, Scope.RESOURCE, Scope.SPAN, Scope.SCOPE})


class FieldType(StrEnum):
    """The type of a canonical field; `list` is a list of texts."""

    STR = "str"
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    LIST = "list"


# Steps that say something about the value without changing it.
REMARKS = frozenset(
    {
        "cache_included",
        "cache_excluded",
        "cache_inferred",
        "reasoning_inferred",
        "reasoning_excluded",
        "not_redacted",
        "weight",
    }
)
# Steps after which the attribute itself must not stay, since it may hold what the step took out.
REPLACING = frozenset({"url_redact"})


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a transform, `name` or `name:argument`; docs/formats/catalog.md lists them."""

    name: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """One place a field may be read from.

    `path` is the way inside the JSON text (or structure) of the attribute, as object keys. `kinds` empty:
    any kind. `emitter` empty: any sender. `skip` not empty: data only, and the reason why.
    """

    attribute: str
    convention: str
    scope: Scope
    path: tuple[str, ...]
    steps: tuple[Step, ...]
    kinds: frozenset[str]
    emitter: str
    root_only: bool
    skip: str

    @property
    def applies(self) -> bool:
        """Whether this source is read from spans."""
        return self.scope in ON_SPAN and not self.skip

    @property
    def verbatim(self) -> bool:
        """Whether the field stands for all that the attribute said, so that the attribute need not stay."""
        return not self.path and all(step.name in REMARKS | REPLACING for step in self.steps)

    def has(self, step: str) -> bool:
        """Whether the transform contains the step of this name."""
        return any(s.name == step for s in self.steps)


@dataclass(frozen=True, slots=True)
class Field:
    """A canonical field. `sources` stand in order of precedence.

    `column` is its name in table `spans`. `content`: it holds what people and models said, kept byte-exact.
    `structural`: it comes from the span itself or from the key, not from these sources. `default` fills it
    when no source answers; `first` names the column that holds the first element of a list.
    """

    name: str
    column: str
    type: FieldType
    content: bool
    structural: bool
    default: str
    first: str
    note: str
    sources: tuple[Source, ...]

    @property
    def applicable(self) -> tuple[Source, ...]:
        """The sources that are read from spans, in order; none for a structural field."""
        return () if self.structural else tuple(s for s in self.sources if s.applies)


@dataclass(frozen=True, slots=True)
class Family:
    """Numbered attributes that become one map column. Without prefixes: all numbered keys left over."""

    name: str
    column: str
    field: str
    prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression (the common part of RE2 and Python) searched for in a word, and its meaning."""

    match: re.Pattern[str]
    value: str


@dataclass(frozen=True, slots=True)
class Words:
    """The words of the dialects for one thing: exact words first, then patterns in order.

    `keep`: an unknown word passes as it is, unless it is in `reject`; else it is no answer.
    """

    name: str
    exact: dict[str, str]
    patterns: tuple[Pattern, ...]
    reject: frozenset[str]
    keep: bool

    def translate(self, word: str) -> str | None:
        """The canonical word, or None when `word` is no answer."""
        if word in self.exact:
            return self.exact[word]
        if word in self.reject:
            return None
        for pattern in self.patterns:
            found = pattern.match.search(word)
            if found:
                return found.expand(pattern.value) if "\\" in pattern.value else pattern.value
        return word if self.keep and word else None


@dataclass(frozen=True, slots=True)
class Emitter:
    """How a sender is recognised. `cache`: `included`, `excluded` or empty (unknown), see the token rules.

    Entries of `scopes` and `markers` may end in `*`: a prefix.
    """

    name: str
    scopes: tuple[str, ...]
    markers: tuple[str, ...]
    services: tuple[str, ...]
    cache: str

    def sends(self, scope: str, keys: frozenset[str], service: str) -> bool:
        """Whether a span of this scope name, attribute keys and service comes from this sender."""
        return (
            any(_matches(pattern, scope) for pattern in self.scopes)
            or service in self.services
            or any(_matches(pattern, key) for pattern in self.markers for key in keys)
        )


def _matches(pattern: str, text: str) -> bool:
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern
