"""The settings as a table, derived from the one declaration in `sightline.settings`.

Names, defaults and types come from the dataclasses, explanations from their docstrings in the source.
"""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from sightline import settings as declaration
from sightline.settings import Settings

SIZE_FROM = 2**20  # A whole number with a default this large is a size in bytes.
# Where zero has a meaning of its own ("keep nothing", "any free port"); all other numbers are above zero.
_ZERO_ALLOWED = ("port", "keep_", "min_", "rate", "retry_window")
CHOICES: dict[str, tuple[str, ...]] = {
    "log.level": ("debug", "info", "warning", "error"),
    "log.format": ("auto", "json", "console"),
    "auth.oidc_role": ("", "reader", "editor", "admin"),
}
# Variables that begin with SIGHTLINE_ and are no settings of the server.
OTHER_VARIABLES: dict[str, str] = {
    "SIGHTLINE_CONFIG": "The TOML file; `--config` wins over it.",
    "SIGHTLINE_KEY": "The API key that `sightline doctor`, `backup` and other clients use.",
    "SIGHTLINE_URL": "The address of the server that such commands talk to.",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `key` is its name in TOML with the section, as in `http.port`.

    `kind` is int, float, bool, str, Path or tuple (of str); `unit` is `bytes`, `seconds` or empty.
    `low` is the smallest value allowed (`above` it when exclusive), `high` the largest.
    """

    key: str
    kind: type
    default: Any
    doc: str
    unit: str
    low: float
    above: bool
    high: float | None
    choices: tuple[str, ...]

    @property
    def flat(self) -> str:
        """The name of the click parameter: `http_port`."""
        return self.key.replace(".", "_")

    @property
    def flag(self) -> str:
        """The command-line flag: `--http-port`."""
        return "--" + self.flat.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable: `SIGHTLINE_HTTP_PORT`."""
        return "SIGHTLINE_" + self.flat.upper()

    @property
    def expectation(self) -> str:
        """What a value has to be, for people."""
        if self.choices:
            return "one of " + ", ".join(choice or "empty" for choice in self.choices)
        if self.kind is bool:
            return "true or false"
        if self.kind is tuple:
            return "a list of texts (separated by commas in a flag or variable)"
        if self.kind is Path:
            return "a path"
        if self.kind is str:
            return "a text"
        border = f"above {self.low:g}" if self.above else f"{self.low:g} or more"
        if self.high is not None:
            border = f"from {self.low:g} to {self.high:g}"
        if self.unit == "bytes":
            return f"a size {border}, such as 1048576, 64MiB or 2GiB"
        if self.unit == "seconds":
            return f"a time {border}, such as 0.5, 500ms, 10s or 24h"
        return f"a whole number {border}"


@cache
def settings_table() -> tuple[Setting, ...]:
    """Every setting, in the order of the declaration."""
    return tuple(_walk(Settings, ""))


def sections() -> dict[str, type]:
    """Section name (`http`) to its dataclass."""
    return {f.name: t for f, t in _typed_fields(Settings) if is_dataclass(t) and isinstance(t, type)}


def _typed_fields(owner: type) -> Iterator[tuple[Field[Any], Any]]:
    hints = get_type_hints(owner)
    for entry in fields(owner):
        yield entry, hints[entry.name]


def _walk(owner: type, prefix: str) -> Iterator[Setting]:
    for entry, hint in _typed_fields(owner):
        if is_dataclass(hint) and isinstance(hint, type):
            yield from _walk(hint, f"{prefix}{entry.name}.")
        else:
            yield _setting(owner, entry, hint, prefix)


def _setting(owner: type, entry: Field[Any], hint: Any, prefix: str) -> Setting:
    kind: type = tuple if isinstance(hint, types.GenericAlias) else hint
    if kind not in {int, float, bool, str, Path, tuple}:
        raise TypeError(f"{owner.__name__}.{entry.name} has the type {hint}, which no flag or file can give")
    default = entry.default if entry.default is not MISSING else None
    if entry.default is MISSING and entry.default_factory is not MISSING:
        default = entry.default_factory()
    key = prefix + entry.name
    unit = "seconds" if kind is float else ""
    if kind is int and default is not None and default >= SIZE_FROM:
        unit = "bytes"
    return Setting(
        key=key,
        kind=kind,
        default=default,
        doc=_documentation().get((owner.__name__, entry.name), ""),
        unit=unit,
        low=0,
        above=not entry.name.startswith(_ZERO_ALLOWED),
        high=65535 if entry.name == "port" else None,
        choices=CHOICES.get(key, ()),
    )


@cache
def _documentation() -> dict[tuple[str, str], str]:
    """(class, attribute) to the string that stands below the attribute in the source."""
    found: dict[tuple[str, str], str] = {}
    for node in ast.parse(inspect.getsource(declaration)).body:
        if not isinstance(node, ast.ClassDef):
            continue
        for target, below in zip(node.body, node.body[1:], strict=False):
            if (
                isinstance(target, ast.AnnAssign)
                and isinstance(target.target, ast.Name)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
                and isinstance(below.value.value, str)
            ):
                found[node.name, target.target.id] = " ".join(below.value.value.split())
    return found


def shown(setting: Setting, value: Any) -> str:
    """A value as one would write it: `64MiB`, `500ms`, `true`, `a, b`; empty texts as nothing."""
    if setting.kind is bool:
        return "true" if value else "false"
    if setting.kind is tuple:
        return ", ".join(value)
    if setting.unit == "bytes":
        for name, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
            if value and value % size == 0:
                return f"{value // size}{name}"
    if setting.unit == "seconds":
        if value and value % 3600 == 0:
            return f"{value / 3600:g}h"
        return f"{value * 1000:g}ms" if 0 < value < 1 else f"{value:g}s"
    return str(value)


def reference() -> str:
    """The lists of the configuration guide in Markdown: one table for each section, then the variables."""
    owners: dict[str, type] = {"": Settings, **sections()}
    parts: list[str] = []
    for section, owner in owners.items():
        about = (inspect.getdoc(owner) or "").split("\n\n")[0]
        title = f"### `[{section}]`\n\n{about}" if section else "### At the top of the file"
        lines = [title, "", "| key | flag | variable | default | value |", "|---|---|---|---|---|"]
        for setting in settings_table():
            head, _, name = setting.key.rpartition(".")
            if head != section:
                continue
            default = f"`{shown(setting, setting.default)}`" if shown(setting, setting.default) else "empty"
            meaning = f"{setting.doc} " if setting.doc else ""
            expected = setting.expectation[0].upper() + setting.expectation[1:]
            meaning = (meaning + expected + ".").replace("|", "\\|")
            row = f"| `{name}` | `{setting.flag}` | `{setting.variable}` | {default} | {meaning} |"
            lines.append(row)
        parts.append("\n".join(lines))
    others = ["### Other variables", "", "| variable | meaning |", "|---|---|"]
    others += [f"| `{name}` | {meaning} |" for name, meaning in OTHER_VARIABLES.items()]
    return "\n\n".join([*parts, "\n".join(others)]) + "\n"
