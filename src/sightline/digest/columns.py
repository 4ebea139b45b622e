"""Expressions for the canonical columns, generated from the catalog and from what occurs in a segment.

Each field becomes the first of its sources that occurs and survives its transform; nothing that does not
occur in the segment costs anything. Query analysis is the fixed cost of a segment, so expressions are short:
every attribute in use is a column of its own (`v5` its raw value, `a5` its text, `t5` its type code, `n5` its
number), and a transform over few distinct words is worked out in Python, once for each word (`Facts.words`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, reduce
from typing import Any

from sightline.catalog.conventions import Catalog
from sightline.catalog.transforms import Surroundings
from sightline.catalog.transforms import apply as apply_to_value
from sightline.catalog.values import as_type
from sightline.catalog.vocabulary import Field, FieldType, Scope, Source
from sightline.digest.anyvalue import (
    BLANK,
    DOUBLE,
    INT,
    NEGATIVE,
    PADDED,
    SHORT,
    STRING,
    double_of,
    integer_in,
    integer_of,
    string_of,
    text_of,
)
from sightline.digest.staging import Facts
from sightline.digest.steps import (
    REMARKS,
    apply,
    array,
    at_path,
    both,
    either,
    quoted,
    translated_each,
    unquoted,
    weighty,
)
from sightline.digest.typed import NULL_OF, TEXT, by_word, typed

_ANY_TEXT = frozenset({STRING, BLANK, PADDED})
# Steps over which a number stays a number.
_DIRECT = REMARKS | {"weight"}
# Expressions at least so long get a column of their own: they are used up to three times.
_LONG = 80
_NULL_OF_EMPTY = re.compile(r"nullIf\((\w+), ''\)")
_NUMBER_COLUMN = re.compile(r"toUInt64\((n\d+)\)")
# Steps that depend on the word alone and change it, so that they are worth doing once for each word.
WORD_STEPS = frozenset(
    {
        "enum", "const_if_true", "equals", "is", "matches", "not", "before_first_dot", "split_comma",
        "strip_prefix", "strip_python_class_repr", "date_suffix", "url_host", "above",
    }
)  # fmt: skip


@cache
def word_keys(catalog: Catalog) -> tuple[str, ...]:
    """Attributes whose distinct words are collected as facts."""
    return tuple(
        sorted(
            {
                source.attribute
                for field in catalog.span_fields
                for source in field.applicable
                if source.scope in (Scope.ATTRIBUTE, Scope.RESOURCE)
                and not source.path
                and any(step.name in WORD_STEPS for step in source.steps)
            }
        )
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """One source as it occurs in a segment. `value` is typed and NULL (or []) when it has no answer.

    `key` is the number of the span attribute it takes for itself, 0 for none. `sure`: it answers whenever the
    key is there, so that nothing needs to be tested. `answers`: all it can say, None when that is not known.
    `many`: its value is a list.
    """

    source: Source
    value: str
    key: int
    sure: bool
    answers: frozenset[str] | None = None
    many: bool = False

    @property
    def there(self) -> str:
        """Whether it has an answer, as a condition."""
        if self.many:
            return f"notEmpty({self.value})"
        if short := _NULL_OF_EMPTY.fullmatch(self.value):
            return f"{short[1]} != ''"
        if short := _NUMBER_COLUMN.fullmatch(self.value):
            return f"isNotNull({short[1]})"
        return f"isNotNull({self.value})"


class Numbering:
    """Numbers for the known keys of a segment: span attributes and resource attributes apart, from 1."""

    def __init__(self, facts: Facts, catalog: Catalog, nested: str) -> None:
        self.facts = facts
        self._nested = quoted(nested)
        self.span = {k: i for i, k in enumerate(sorted(k for k in facts.keys if k in catalog.keys), 1)}
        self.resource = {
            k: i for i, k in enumerate(sorted(k for k in facts.resource_keys if k in catalog.keys), 1)
        }
        self.family: dict[str, str] = {}
        self.denied: list[str] = []
        self.used: dict[str, str] = {}
        for key in sorted(facts.keys):
            if catalog.denied(key):
                self.denied.append(key)
            elif key not in self.span:
                family = catalog.family(key)
                if family:
                    self.family[key] = family.column

    def text(self, key: str, resource: bool) -> tuple[str, str, frozenset[int]]:
        """Text and type code of an attribute as columns, and the type codes that occur. Nested values
        decoded."""
        if not resource:
            n, types, longest = self.span[key], self.facts.keys[key], self.facts.longest[key]
            if types <= {STRING, BLANK, PADDED} and longest < SHORT:
                self.used[f"a{n}"] = string_of(self._at(n), longest)
            else:
                v = self._raw(n)
                self.used[f"a{n}"] = text_of(v, types, longest, self._nested)
            self.used[f"t{n}"] = f"reinterpretAsUInt8({self._at(n)})"
            return f"a{n}", f"t{n}", types
        n, types, longest = (
            self.resource[key],
            self.facts.resource_keys[key],
            self.facts.resource_longest[key],
        )
        v = self._raw(n, resource)
        self.used |= {f"r{n}": text_of(v, types, longest, self._nested), f"rt{n}": f"reinterpretAsUInt8({v})"}
        return f"r{n}", f"rt{n}", types

    def number(self, key: str, kind: FieldType) -> tuple[str, bool] | None:
        """A span attribute as a number column where all of its values are numbers of that kind, and whether
        it always answers; None when its text has to be read."""
        n, types, longest = self.span[key], self.facts.keys[key], self.facts.longest[key]
        name = f"n{n}"
        if types <= {INT, NEGATIVE} and kind in (FieldType.INT, FieldType.FLOAT):
            if longest <= 8:
                self.used[f"u{n}"] = f"reinterpretAsUInt64({self._at(n)})"
                self.used[name] = f"if(u{n} = 0, NULL, {integer_in(f'u{n}', longest)})"
            else:
                v = self._raw(n)
                self.used[name] = f"if({v} = '', NULL, {integer_of(v, longest)})"
            if kind is FieldType.FLOAT:
                return f"toFloat64({name})", True
            if NEGATIVE in types:
                return f"if(ifNull({name} < 0, 0), NULL, toUInt64({name}))", False
            return f"toUInt64({name})", True
        if types == {DOUBLE} and kind is FieldType.FLOAT:
            v = self._raw(n)
            self.used[name] = f"if({v} = '', NULL, {double_of(v)})"
            return f"if(isFinite(ifNull({name}, 0)), {name}, NULL)", False
        return None

    def unquoted(self, x: str) -> str:
        """A text without one layer of JSON string, as a column: several fields look into the same text."""
        name = f"q{x}"
        self.used[name] = unquoted(x)
        return name

    def _at(self, number: int) -> str:
        """A span attribute's raw value; '' when it is absent."""
        return f"vals[indexOf(kid, {number})]"

    def _raw(self, number: int, resource: bool = False) -> str:
        """A raw value as a column."""
        name = f"{'rv' if resource else 'v'}{number}"
        at = f"CAST(rvals[indexOf(rkid, {number})], 'String')"
        self.used[name] = at if resource else self._at(number)
        return name


class Columns:
    """The canonical fields of one segment as expressions over its staged spans; `nested` is the table of
    their nested values."""

    def __init__(self, catalog: Catalog, facts: Facts, nested: str) -> None:
        self.catalog = catalog
        self.facts = facts
        self.numbers = Numbering(facts, catalog, nested)
        self._by_name = {field.name: field for field in catalog.span_fields}
        self._found: dict[str, list[Candidate]] = {}
        self.shared: dict[str, str] = {}
        """Long values as columns, over those of the attributes and the kind."""
        self._around = Surroundings(catalog.words, 0)
        # Senders and kinds that may occur in this segment: a source of others is not even written down.
        self.senders = self._senders()
        self.kinds: frozenset[str] | None = None
        self.kinds = self._kinds()

    def candidates(self, field: Field) -> list[Candidate]:
        """The sources of a field that occur in the segment, in order of precedence."""
        if field.name not in self._found:
            found: dict[str, Candidate] = {}
            for source in field.applicable:
                for resource in (False, True):
                    candidate = self._candidate(field, source, resource)
                    if candidate:
                        found.setdefault(candidate.value, candidate)
            # A kind is made before the layer of the shared columns, which may depend on it.
            once = field.name == "span.kind"
            self._found[field.name] = [c if once else self._shared(c) for c in found.values()]
        return self._found[field.name]

    def _shared(self, candidate: Candidate) -> Candidate:
        """A long value stands once, as a column of its own: fields, winners and remarks all ask for it."""
        if len(candidate.value) < _LONG:
            return candidate
        name = f"y{len(self.shared) + 1}"
        self.shared[name] = candidate.value
        return replace(candidate, value=name)

    def _candidate(self, field: Field, source: Source, resource: bool) -> Candidate | None:
        if source.emitter and source.emitter not in self.senders:
            return None
        if source.kinds and self.kinds is not None and not source.kinds & self.kinds:
            return None
        place = self._place(source, resource)
        if place is None:
            return None
        x, t, types, taken = place
        worded = self._by_word(field, source, x, resource)
        plain = taken and not source.path and all(step.name in _DIRECT for step in source.steps)
        direct = self.numbers.number(source.attribute, field.type) if plain else None
        answers: frozenset[str] | None = None
        if worded is not None:
            (value, answers), sure = worded, False
        elif direct is not None:
            value, sure = (weighty(direct[0]), False) if source.has("weight") else direct
        elif source.path or source.steps:
            if source.path:
                x = at_path(self.numbers.unquoted(x), source.path)
            for step in source.steps:
                if field.type is not FieldType.LIST or step.name not in ("enum", "split_comma"):
                    x = apply(x, step, self.catalog.words)
            if not source.verbatim or source.has("not_redacted") or source.has("weight"):
                t, types = TEXT, _ANY_TEXT
            value, sure = typed(field.type, x, t, types, field.content)
            sure = sure and source.verbatim
            for step in source.steps:
                if field.type is FieldType.LIST and step.name == "enum":
                    value = translated_each(value, self.catalog.words[step.argument])
            if source.steps and source.steps[-1].name == "const":
                answers = frozenset({source.steps[-1].argument})
        else:
            value, sure = typed(field.type, x, t, types, field.content)
        if value == NULL_OF[field.type]:
            return None
        return Candidate(
            source,
            self._guarded(source, value, field.type),
            taken,
            sure,
            answers,
            field.type is FieldType.LIST,
        )

    def _place(self, source: Source, resource: bool) -> tuple[str, str, frozenset[int], int] | None:
        """Text, type code, possible codes and number of the attribute a source reads; None when it is not
        here."""
        if source.scope in (Scope.ATTRIBUTE, Scope.RESOURCE):
            known = self.numbers.resource if resource else self.numbers.span
            if source.attribute not in known or (source.scope is Scope.RESOURCE and not resource):
                return None
            if (source.attribute in self.numbers.denied) and not resource:
                return None
            return (
                *self.numbers.text(source.attribute, resource),
                0 if resource else known[source.attribute],
            )
        if resource or (source.attribute == "status.message" and not self.facts.messages):
            return None
        if source.attribute == "traceState" and not self.facts.thresholds:
            return None
        columns = {
            "name": "name", "status.code": "toString(code)", "status.message": "message",
            "droppedAttributesCount": "toString(dropped)", "traceState": "trace_state",
        }  # fmt: skip
        return "scope" if source.scope is Scope.SCOPE else columns[source.attribute], TEXT, _ANY_TEXT, 0

    def _by_word(
        self, field: Field, source: Source, x: str, resource: bool
    ) -> tuple[str, frozenset[str]] | None:
        """The value by the distinct words of the segment, and what it can be; None when the source is not of
        that kind."""
        if source.path or not any(step.name in WORD_STEPS for step in source.steps):
            return None
        if source.scope is Scope.SCOPE:
            words: dict[str, Any] | None = {scope: scope for scope in self.facts.scopes if scope}
        elif source.scope is Scope.SPAN:
            words = self._of_span(source.attribute)
        else:
            words = (self.facts.resource_words if resource else self.facts.words).get(source.attribute)
        if words is None:
            return None
        meant: dict[str, Any] = {}
        for text, value in words.items():
            for step in source.steps:
                if value is not None:
                    value = apply_to_value(step, value, field.type, self._around)
            canonical = as_type(field.type, value, field.content)
            if canonical is not None:
                meant[text] = canonical
        return by_word(field.type, x, meant), frozenset(map(str, meant.values()))

    def _of_span(self, attribute: str) -> dict[str, Any] | None:
        """The distinct words of a span's own field, None when they are not known."""
        if attribute == "name":
            return self.facts.names
        if attribute == "traceState":
            return None
        if attribute == "droppedAttributesCount":
            return None if self.facts.dropped else {"0": 0}
        return {str(n): n for n in range(4)} if attribute == "status.code" else None

    def _guarded(self, source: Source, value: str, kind: FieldType) -> str:
        conditions = []
        if source.emitter:
            conditions.append(f"has(emitters, {quoted(source.emitter)})")
        kinds = source.kinds if self.kinds is None else source.kinds & self.kinds
        if kinds and kinds != self.kinds:
            conditions.append(f"kind IN ({', '.join(quoted(k) for k in sorted(kinds))})")
        if source.root_only:
            conditions.append("parent_id = ''")
        return f"if({reduce(both, conditions)}, {value}, {NULL_OF[kind]})" if conditions else value

    def expression(self, name: str) -> str | None:
        """A field's value, or None when no source of it occurs in the segment."""
        field = self._by_name[name]
        found = [c.value for c in self.candidates(field)]
        if field.type is FieldType.LIST:
            if not found:
                return None
            chain = found[-1]
            for value in reversed(found[:-1]):
                chain = f"if(notEmpty({value}), {value}, {chain})"
            return chain
        if field.default:
            found.append(quoted(field.default))
        if not found:
            return None
        return found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"

    def _kinds(self) -> frozenset[str] | None:
        """The kinds that may occur in the segment, None when they are not known."""
        field = self._by_name["span.kind"]
        kinds = {"other", field.default}
        for candidate in self.candidates(field):
            if candidate.answers is None:
                return None
            kinds |= candidate.answers
        return frozenset(kinds - {""})

    def _senders(self) -> dict[str, str]:
        """The test for each sender that may occur in the segment."""
        keys = frozenset(self.facts.keys)
        services = self.facts.resource_words.get("service.name")
        found: dict[str, str] = {}
        for emitter in self.catalog.emitters:
            tests = []
            scopes = [s for s in self.facts.scopes if emitter.sends(s, frozenset(), "")]
            if scopes:
                tests.append(f"scope IN ({', '.join(quoted(s) for s in scopes)})")
            markers = [k for k in keys if emitter.sends("", frozenset({k}), "")]
            if markers:
                tests.append(f"hasAny(keys, {array(sorted(markers))})")
            named = services is None or not services.keys().isdisjoint(emitter.services)
            if emitter.services and named and "service.name" in self.numbers.resource:
                tests.append(
                    f"substring(rvals[indexOf(rkid, {self.numbers.resource['service.name']})], 3)"
                    f" IN ({', '.join(quoted(s) for s in emitter.services)})"
                )
            if tests:
                found[emitter.name] = reduce(either, tests)
        return found

    def emitters(self) -> str:
        """Array of the senders a span comes from."""
        parts = [f"if({test}, {quoted(name)}, '')" for name, test in self.senders.items()]
        return f"arrayFilter(e -> e != '', [{', '.join(parts)}])" if parts else "[]::Array(String)"
