"""Settings from flags, `SIGHTLINE_…` variables and a TOML file, in this order of precedence.

Whatever is not known is refused with the nearest name; every error says the key, the value, where it came
from and what was expected.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from fractions import Fraction
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from sightline.operations.settings_table import (
    OTHER_VARIABLES,
    Setting,
    sections,
    settings_table,
    shown,
)
from sightline.settings import AuthSettings, Settings

PREFIX = "SIGHTLINE_"
DEFAULT_FILE = Path("sightline.toml")
_SIZES: dict[str, int | Fraction] = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_SIZES |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40, "k": 2**10, "m": 2**20, "g": 2**30}
_TIMES: dict[str, int | Fraction] = {
    "": 1,
    "ms": Fraction(1, 1000),
    "s": 1,
    "m": 60,
    "min": 60,
    "h": 3600,
    "d": 86400,
}
_NO_UNIT: Mapping[str, int | Fraction] = {"": 1}
_UNITS: dict[str, Mapping[str, int | Fraction]] = {"bytes": _SIZES, "seconds": _TIMES}
_LARGEST = 2**62
_QUANTITY = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,2})?)\s*([a-z]*)", re.IGNORECASE)
_TRUE = {"true", "1", "yes", "on"}
_FALSE = {"false", "0", "no", "off"}
_PASSWORD = re.compile(r"(://[^:/@\s]*):[^@\s]*@")


class ConfigurationError(Exception):
    """A setting that cannot be used; the message is one for the person who wrote it."""


def find_file(flag: str | Path | None, environ: Mapping[str, str], folder: Path) -> Path | None:
    """The TOML file to read: `--config`, `SIGHTLINE_CONFIG`, then `sightline.toml` in `folder`.

    A file that was named must exist; none at all is fine.
    """
    for named, source in ((flag, "flag --config"), (environ.get("SIGHTLINE_CONFIG"), "SIGHTLINE_CONFIG")):
        if named:
            path = folder / Path(named).expanduser()
            if not path.is_file():
                raise ConfigurationError(
                    f"The configuration file {path} (from {source}) does not exist. "
                    f"Create it, or leave {source} out."
                )
            return path
    path = folder / DEFAULT_FILE
    return path if path.is_file() else None


def load(flags: Mapping[str, object], environ: Mapping[str, str], file: Path | None) -> Settings:
    """The settings. `flags` has click's names (`http_port`) and None for a flag that was not given.

    Raises `ConfigurationError`.
    """
    table = {setting.key: setting for setting in settings_table()}
    values: dict[str, Any] = {}
    if file is not None:
        values |= _from_file(file, table)
    values |= _from_variables(environ, table)
    values |= _from_flags(flags, table)
    return _checked(_built(values))


def _from_file(file: Path, table: Mapping[str, Setting]) -> dict[str, Any]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The configuration file {file} cannot be read: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"The configuration file {file} is not valid TOML: {error}.") from error
    found: dict[str, Any] = {}
    for name, value in content.items():
        if name in sections():
            if not isinstance(value, dict):
                raise ConfigurationError(
                    f"{name} in {file} is {value!r}, but it is a section: write [{name}] and its keys below."
                )
            entries = {f"{name}.{key}": entry for key, entry in value.items()}
        elif isinstance(value, dict):
            raise _unknown(f"section [{name}] in {file}", name, sections())
        else:
            entries = {name: value}
        for key, entry in entries.items():
            if key not in table:
                raise _unknown(f"key {key} in {file}", key, table)
            found[key] = parse(table[key], entry, str(file))
    return found


def _from_variables(environ: Mapping[str, str], table: Mapping[str, Setting]) -> dict[str, Any]:
    known = {setting.variable: setting for setting in table.values()}
    found: dict[str, Any] = {}
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in OTHER_VARIABLES:
            continue
        if name not in known:
            raise _unknown(f"variable {name}", name, [*known, *OTHER_VARIABLES])
        if environ[name]:  # set but empty counts as not set: that is how containers pass "nothing"
            found[known[name].key] = parse(known[name], environ[name], f"variable {name}")
    return found


def _from_flags(flags: Mapping[str, object], table: Mapping[str, Setting]) -> dict[str, Any]:
    known = {setting.flat: setting for setting in table.values()}
    found: dict[str, Any] = {}
    for name, value in flags.items():
        if value is None:
            continue
        if name not in known:
            raise _unknown(f"flag {name}", name, known)
        found[known[name].key] = parse(known[name], value, f"flag {known[name].flag}")
    return found


def _unknown(what: str, name: str, known: Iterable[str]) -> ConfigurationError:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if not near and "." in name:  # a right section with a wrong key
        near = [key for key in names if key.startswith(name.split(".")[0] + ".")][:1]
    hint = f" Did you mean {near[0]}?" if near else ""
    return ConfigurationError(f"The {what} is not known.{hint} All settings: `sightline serve --help`.")


def parse(setting: Setting, value: object, source: str) -> Any:
    """A raw value (from TOML, or the text of a flag or variable) as the setting's type, within its range."""
    try:
        parsed = _converted(setting, value)
        _in_range(setting, parsed)
    except ValueError:
        given = "…" if setting.key.endswith("secret") else _PASSWORD.sub(r"\1:…@", str(value))
        default = shown(setting, setting.default) or "empty"
        raise ConfigurationError(
            f'{setting.key} is "{given}" (from {source}), but must be {setting.expectation}. '
            f"Correct it, or leave it out for the default: {default}."
        ) from None
    return parsed


def _converted(setting: Setting, value: object) -> Any:
    if setting.kind is bool:
        return _boolean(value)
    if setting.kind in (int, float):
        return _number(setting, value)
    if setting.kind is tuple:
        items = value.split(",") if isinstance(value, str) else value
        if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
            raise ValueError
        return tuple(item.strip() for item in items if item.strip())
    if setting.kind is Path and isinstance(value, Path):
        return value.expanduser()
    if not isinstance(value, str) or "\0" in value:
        raise ValueError
    if setting.kind is Path:
        if not value.strip():
            raise ValueError
        return Path(value).expanduser()
    if setting.choices:
        value = value.strip().lower()
        if value not in setting.choices:
            raise ValueError
    return value


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = value.strip().lower() if isinstance(value, str) else ""
    if text not in _TRUE | _FALSE:
        raise ValueError
    return text in _TRUE


def _number(setting: Setting, value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError
    number = _quantity(value, setting.unit) if isinstance(value, str) else value
    if abs(number) > _LARGEST or math.isnan(number):
        raise ValueError
    if setting.kind is float:
        return float(number)
    if number != int(number):
        raise ValueError
    return int(number)


def _quantity(text: str, unit: str) -> int | float:
    units = _UNITS.get(unit, _NO_UNIT)
    match = _QUANTITY.fullmatch(text.strip())
    if match is None or match[2].lower() not in units:
        raise ValueError
    if not match[2] and re.fullmatch(r"[+-]?\d{1,18}", match[1]):
        return int(match[1])
    # Through Fraction, so that 1.1GiB does not depend on how floats round on the way.
    scaled = Fraction(match[1]) * units[match[2].lower()] if len(match[1]) < 40 else Fraction(-1)
    return int(scaled) if scaled.denominator == 1 else float(scaled)


def _in_range(setting: Setting, value: Any) -> None:
    if setting.kind not in (int, float):
        return
    too_low = value <= setting.low if setting.above else value < setting.low
    if too_low or (setting.high is not None and value > setting.high):
        raise ValueError


def _built(values: Mapping[str, Any]) -> Settings:
    own = {key: value for key, value in values.items() if "." not in key}
    for name, owner in sections().items():
        inner = {key.partition(".")[2]: v for key, v in values.items() if key.startswith(name + ".")}
        if inner:
            own[name] = owner(**inner)
    return dataclasses.replace(Settings(), **own)


def _checked(settings: Settings) -> Settings:
    """Rules that concern more than one setting."""
    if settings.http.port and settings.http.port == settings.grpc.port:
        raise ConfigurationError(
            f"http.port and grpc.port are both {settings.http.port}, but HTTP and gRPC need a port each. "
            "Change one, or set grpc.port to 0 to turn gRPC off."
        )
    _check_auth(settings.auth)
    for text in settings.http.trusted_proxies:
        try:
            ip_network(text, strict=False)
        except ValueError as error:
            raise ConfigurationError(
                f"http.trusted_proxies has {text!r}, which is no address and no network; write addresses such"
                " as 10.0.0.7 and networks such as 10.0.0.0/8."
            ) from error
    journal = settings.journal
    if journal.max_backlog < journal.segment_bytes:
        raise ConfigurationError(
            f"journal.max_backlog is {journal.max_backlog}, less than journal.segment_bytes "
            f"({journal.segment_bytes}): no segment would ever fit. Raise the one or lower the other."
        )
    return settings


def _check_auth(auth: AuthSettings) -> None:
    if auth.oidc_issuer and not auth.oidc_client_id:
        raise ConfigurationError(
            "auth.oidc_issuer is set and auth.oidc_client_id is not. Register Sightline with the provider and"
            " set what it is called there."
        )
    if auth.oidc_role and not auth.oidc_domains:
        raise ConfigurationError(
            f"auth.oidc_role is {auth.oidc_role!r} and auth.oidc_domains is empty: everyone with an account"
            " at the provider would come in. Name the domains of your people's addresses."
        )
