"""Reads the conventions (which attribute feeds which canonical field) from the dated TOML files beside it.

`conventions()` is the shipped catalog, read once. Errors name the file, the entry and what was expected.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from sightline.catalog.vocabulary import (
    Emitter,
    Family,
    Field,
    FieldType,
    Pattern,
    Scope,
    Source,
    Step,
    Words,
)

SHIPPED = Path(__file__).with_name("conventions")

# The steps a transform of a span source may have; the value says whether the step needs an argument.
STEPS: dict[str, bool] = {
    "json2": False,
    "enum": True,
    "const": True,
    "const_if_true": True,
    "equals": True,
    "is": True,
    "above": True,
    "matches": True,
    "not": False,
    "minus_one": False,
    "inverse": False,
    "percent": False,
    "adjusted_count": False,
    "s_to_ns": False,
    "ms_to_ns": False,
    "iso_minus_start_ns": False,
    "before_first_dot": False,
    "split_comma": False,
    "strip_prefix": True,
    "strip_python_class_repr": False,
    "date_suffix": False,
    "url_host": False,
    "url_redact": False,
    "python_repr": True,
    "usage": True,
    "cache_included": False,
    "cache_excluded": False,
    "cache_inferred": False,
    "reasoning_inferred": False,
    "reasoning_excluded": False,
    "not_redacted": False,
    "weight": False,
}
INDEX = re.compile(r"(?:^|\.)[0-9]+(?:\.|$)")


class CatalogError(ValueError):
    """A data file of the catalog says something impossible."""


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """All conventions. `fields` in the order of the files, names and columns unique."""

    fields: tuple[Field, ...]
    families: tuple[Family, ...]
    words: dict[str, Words]
    emitters: tuple[Emitter, ...]
    deny: tuple[str, ...]
    keys: frozenset[str]
    """Every attribute key that some field reads."""
    version: str
    """The newest date of the files."""

    def field(self, name: str) -> Field:
        """The field of this canonical name; KeyError when there is none."""
        for found in self.fields:
            if found.name == name:
                return found
        raise KeyError(name)

    @property
    def span_fields(self) -> tuple[Field, ...]:
        """The fields that are read from spans."""
        return tuple(f for f in self.fields if f.applicable)

    def family(self, key: str) -> Family | None:
        """The family of a numbered key, or None: then the key is an ordinary attribute."""
        if not INDEX.search(key) or key in self.keys:
            return None
        for family in self.families:
            if not family.prefixes or any(
                key.startswith(p) and re.match(r"[0-9]+(?:\.|$)", key[len(p) :]) for p in family.prefixes
            ):
                return family
        return None

    def denied(self, key: str) -> bool:
        """Whether the value of this key must not be stored."""
        return any(key.startswith(d[:-1]) if d.endswith("*") else key == d for d in self.deny)


@cache
def conventions() -> Catalog:
    """The shipped conventions, read once."""
    return load(SHIPPED)


def load(directory: Path) -> Catalog:
    """Read all `*.toml` files of a directory. Raises CatalogError."""
    fields: dict[str, Field] = {}
    extends: list[tuple[str, dict[str, Any]]] = []
    families: list[Family] = []
    words: dict[str, Words] = {}
    emitters: list[Emitter] = []
    deny: list[str] = []
    newest = date.min
    for path in sorted(directory.glob("*.toml")):
        document = _document(path)
        newest = max(newest, date.fromisoformat(document["date"]))
        for entry in document.get("field", []):
            field = _field(path.name, entry)
            if field.name in fields:
                raise CatalogError(f"{path.name}: field {field.name} stands twice; keep one")
            fields[field.name] = field
        extends += [(path.name, entry) for entry in document.get("extend", [])]
        families += [_family(path.name, entry) for entry in document.get("family", [])]
        for entry in document.get("enum", []):
            words[entry["name"]] = _words(path.name, entry)
        emitters += [_emitter(path.name, entry) for entry in document.get("emitter", [])]
        deny += document.get("deny", {}).get("keys", [])
    for file, entry in extends:
        _extend(file, entry, fields)
    families.sort(key=lambda f: not f.prefixes)
    places = (Scope.ATTRIBUTE, Scope.RESOURCE)
    keys = frozenset(s.attribute for f in fields.values() for s in f.applicable if s.scope in places)
    catalog = Catalog(
        fields=tuple(fields.values()),
        families=tuple(families),
        words=words,
        emitters=tuple(emitters),
        deny=tuple(deny),
        keys=keys,
        version=newest.isoformat(),
    )
    _check(catalog)
    return catalog


def _document(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise CatalogError(f"{path.name}: not TOML: {error}") from error
    for key in ("date", "source"):
        if not isinstance(document.get(key), str):
            raise CatalogError(f"{path.name}: `{key}` is missing; write it as text at the top of the file")
    unknown = document.keys() - {"date", "source", "field", "extend", "family", "enum", "emitter", "deny"}
    if unknown:
        raise CatalogError(f"{path.name}: unknown key {sorted(unknown)[0]!r} at the top level")
    return document


def _strict(file: str, what: str, entry: dict[str, Any], allowed: set[str], needed: set[str]) -> None:
    for key in entry.keys() - allowed - needed:
        raise CatalogError(
            f"{file}: {what}: unknown key {key!r}; known are {', '.join(sorted(allowed | needed))}"
        )
    for key in needed - entry.keys():
        raise CatalogError(f"{file}: {what}: `{key}` is missing")


def _field(file: str, entry: dict[str, Any]) -> Field:
    what = f"field {entry.get('name', '?')}"
    optional = {"content", "structural", "default", "first", "note"}
    _strict(file, what, entry, optional, {"name", "column", "type", "sources"})
    if not re.fullmatch(r"[a-z][a-z0-9_]*", entry["column"]):
        raise CatalogError(f"{file}: {what}: column {entry['column']!r} is not in snake_case")
    if entry["type"] not in set(FieldType):
        raise CatalogError(
            f"{file}: {what}: type {entry['type']!r} is unknown; one of {', '.join(FieldType)}"
        )
    structural = entry.get("structural", False)
    return Field(
        name=entry["name"],
        column=entry["column"],
        type=FieldType(entry["type"]),
        content=entry.get("content", False),
        structural=structural,
        default=entry.get("default", ""),
        first=entry.get("first", ""),
        note=entry.get("note", ""),
        sources=tuple(_sources(file, what, entry["sources"], structural)),
    )


def _sources(file: str, what: str, entries: list[dict[str, Any]], structural: bool) -> Iterator[Source]:
    for entry in entries:
        where = f"{what}: source {entry.get('attribute', '?')}"
        optional = {"scope", "path", "transform", "kinds", "emitter", "root_only", "skip"}
        _strict(file, where, entry, optional, {"attribute", "convention"})
        scope = entry.get("scope", "attribute")
        if scope not in set(Scope):
            raise CatalogError(f"{file}: {where}: scope {scope!r} is unknown; one of {', '.join(Scope)}")
        source = Source(
            attribute=entry["attribute"],
            convention=entry["convention"],
            scope=Scope(scope),
            path=_path(file, where, entry.get("path", "")),
            steps=_steps(entry.get("transform", "")),
            kinds=frozenset(entry.get("kinds", ())),
            emitter=entry.get("emitter", ""),
            root_only=entry.get("root_only", False),
            skip=entry.get("skip", ""),
        )
        if source.applies and not structural:
            if "[]" in source.path:
                raise CatalogError(f"{file}: {where}: a path through a list needs a reason in `skip`")
            for step in source.steps:
                if step.name not in STEPS or bool(step.argument) != STEPS[step.name]:
                    text = f"{step.name}:{step.argument}".rstrip(":")
                    raise CatalogError(f"{file}: {where}: transform {text!r} is unknown; see `STEPS`")
        yield source


def _path(file: str, where: str, text: str) -> tuple[str, ...]:
    if not text:
        return ()
    if not re.fullmatch(r"\$(\[\]|\.[A-Za-z0-9_-]+)+", text):
        raise CatalogError(f"{file}: {where}: path {text!r} is not of the form $.a.b")
    return tuple(re.findall(r"\[\]|[A-Za-z0-9_-]+", text))


def _steps(text: str) -> tuple[Step, ...]:
    parts = (part.partition(":") for part in text.split("|")) if text else ()
    return tuple(Step(name, argument) for name, _, argument in parts)


def _family(file: str, entry: dict[str, Any]) -> Family:
    _strict(file, f"family {entry.get('name', '?')}", entry, {"field"}, {"name", "column", "prefixes"})
    return Family(entry["name"], entry["column"], entry.get("field", ""), tuple(entry["prefixes"]))


def _words(file: str, entry: dict[str, Any]) -> Words:
    what = f"enum {entry.get('name', '?')}"
    _strict(file, what, entry, {"otherwise", "note", "reject", "patterns", "map"}, {"name"})
    otherwise = entry.get("otherwise", "reject")
    if otherwise not in ("keep", "reject"):
        raise CatalogError(f"{file}: {what}: otherwise {otherwise!r} is unknown; `keep` or `reject`")
    patterns = []
    for pattern in entry.get("patterns", []):
        try:
            patterns.append(Pattern(re.compile(pattern["match"], re.ASCII), pattern["value"]))
        except re.error as error:
            raise CatalogError(f"{file}: {what}: pattern {pattern['match']!r}: {error}") from error
    reject = frozenset(entry.get("reject", ()))
    return Words(entry["name"], dict(entry.get("map", {})), tuple(patterns), reject, otherwise == "keep")


def _emitter(file: str, entry: dict[str, Any]) -> Emitter:
    what = f"emitter {entry.get('name', '?')}"
    _strict(file, what, entry, {"services", "cache"}, {"name", "scopes", "markers"})
    if entry.get("cache", "") not in ("", "included", "excluded"):
        raise CatalogError(f"{file}: {what}: cache {entry['cache']!r} is unknown; `included` or `excluded`")
    return Emitter(
        entry["name"],
        tuple(entry["scopes"]),
        tuple(entry["markers"]),
        tuple(entry.get("services", ())),
        entry.get("cache", ""),
    )


def _extend(file: str, entry: dict[str, Any], fields: dict[str, Field]) -> None:
    what = f"extend {entry.get('name', '?')}"
    _strict(file, what, entry, {"before", "after"}, {"name"})
    if entry["name"] not in fields:
        raise CatalogError(f"{file}: {what}: there is no field of this name")
    field = fields[entry["name"]]
    before = tuple(_sources(file, what, entry.get("before", []), field.structural))
    after = tuple(_sources(file, what, entry.get("after", []), field.structural))
    fields[field.name] = replace(field, sources=before + field.sources + after)


def _check(catalog: Catalog) -> None:
    """What can only be seen when everything is read."""
    owners: dict[str, str] = {}
    columns = [(c, f"field {f.name}") for f in catalog.fields for c in (f.column, f.first) if c]
    for column, owner in columns + [(f.column, f"family {f.name}") for f in catalog.families]:
        if column in owners:
            raise CatalogError(f"column {column} belongs to {owners[column]} and to {owner}; rename one")
        owners[column] = owner
    emitters = {e.name for e in catalog.emitters}
    for field in catalog.fields:
        for source in field.applicable:
            where = f"field {field.name}: source {source.attribute}"
            if source.emitter and source.emitter not in emitters:
                raise CatalogError(f"{where}: emitter {source.emitter} is unknown")
            for step in source.steps:
                if step.name == "enum" and step.argument not in catalog.words:
                    raise CatalogError(f"{where}: enum {step.argument} is unknown")
