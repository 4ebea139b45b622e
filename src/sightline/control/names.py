"""What names, labels, days and values may be. Every function returns the value or raises InvalidValue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from sightline.control.database import to_json
from sightline.control.errors import InvalidValue
from sightline.records.access import PublicLimits, Scope
from sightline.records.people import Role

PROJECT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
SETTING = re.compile(r"[a-z0-9][a-z0-9_.-]{0,127}")
EMAIL = re.compile(r"[^@\s<>\"',;]{1,64}@[^@\s<>\"',;]{1,189}")
MAX_TEXT = 200
MAX_DAYS = 36_500
MAX_JSON = 256 * 1024
# From, to: of each limit of a public key.
LIMITS: Mapping[str, tuple[int, int]] = {
    "requests": (1, 10_000_000),
    "items": (1, 100_000_000),
    "address_requests": (1, 10_000_000),
    "address_items": (1, 100_000_000),
    "request_bytes": (2**10, 16 * 2**20),
}


def project_name(name: str) -> str:
    """A project's name: `[a-z0-9][a-z0-9_-]{0,62}`."""
    if not PROJECT.fullmatch(name):
        raise InvalidValue(
            f"The project name {_brief(name)} does not fit: 1 to 63 of a-z, 0-9, - and _,"
            " beginning with a letter or digit, for example 'my-app'."
        )
    return name


def setting_key(key: str) -> str:
    """A setting's key: `[a-z0-9][a-z0-9_.-]{0,127}`."""
    if not SETTING.fullmatch(key):
        raise InvalidValue(
            f"The setting {_brief(key)} does not fit: 1 to 128 of a-z, 0-9, '.', - and _,"
            " beginning with a letter or digit, for example 'query.timezone'."
        )
    return key


def line(what: str, text: str, *, required: bool = False) -> str:
    """One line of free text, at most 200 characters, without control characters and outer blanks.

    Control characters would reach terminals; NUL and lone surrogates no database takes.
    """
    text = text.strip()
    if required and not text:
        raise InvalidValue(f"The {what} is empty; give one.")
    if len(text) > MAX_TEXT:
        raise InvalidValue(
            f"The {what} has {len(text)} characters; at most {MAX_TEXT} are kept, so shorten it."
        )
    if not text.isprintable():
        raise InvalidValue(f"The {what} {_brief(text)} holds control characters; use one line of plain text.")
    return text


def days(what: str, value: int) -> int:
    """A whole number of days from 1 to 36,500."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_DAYS:
        raise InvalidValue(f"{what} is {value!r}; expected whole days from 1 to {MAX_DAYS}.")
    return value


def retention(retention_days: int, content_days: int) -> tuple[int, int]:
    """Both periods; content never outlives the span it belongs to."""
    days("retention_days", retention_days)
    days("content_days", content_days)
    if content_days > retention_days:
        raise InvalidValue(
            f"content_days is {content_days} and retention_days {retention_days}: prompts and outputs cannot"
            " outlive their spans. Lower content_days or raise retention_days."
        )
    return retention_days, content_days


def scope(value: Scope | str) -> Scope:
    """A scope by its name."""
    try:
        return Scope(value)
    except ValueError as error:
        known = ", ".join(s.value for s in Scope)
        raise InvalidValue(f"The scope {_brief(str(value))} does not exist; it is one of {known}.") from error


def public_limits(values: Mapping[str, object], before: PublicLimits | None = None) -> PublicLimits:
    """Limits of a public key by name, whole numbers; those not named stay as before."""
    taken: dict[str, int] = {}
    for name, value in values.items():
        if name not in LIMITS:
            raise InvalidValue(f"The limit {_brief(name)} does not exist; it is one of {', '.join(LIMITS)}.")
        least, most = LIMITS[name]
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise InvalidValue(
                f"The limit {name} is {_brief(repr(value))}; expected a whole number from {least:,} to"
                f" {most:,}."
            )
        taken[name] = value
    return replace(before or PublicLimits(), **taken)


def role(value: Role | str) -> Role:
    """A role by its name."""
    try:
        return Role(value)
    except ValueError as error:
        known = ", ".join(r.value for r in Role)
        raise InvalidValue(f"The role {_brief(str(value))} does not exist; it is one of {known}.") from error


def email(text: str) -> str:
    """An e-mail address in lower case. Whether it receives anything is not known."""
    found = text.strip().lower()
    if not EMAIL.fullmatch(found) or not found.isprintable():
        raise InvalidValue(
            f"The e-mail address {_brief(text)} does not fit; expected one such as ann@example.com."
        )
    return found


def json_value(what: str, value: object) -> object:
    """Anything JSON can hold, up to 256 KiB of it."""
    try:
        size = len(to_json(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValue(f"The value of {what} cannot be written as JSON: {error}.") from error
    if size > MAX_JSON:
        raise InvalidValue(f"The value of {what} has {size} bytes as JSON; at most {MAX_JSON} are kept.")
    return value


def rates(value: Mapping[str, object]) -> dict[str, object]:
    """A non-empty JSON object of rates; their meaning is checked by the catalog."""
    if not isinstance(value, Mapping) or not value or not all(isinstance(k, str) for k in value):
        raise InvalidValue(
            f"The rates {_brief(repr(value))} are no JSON object with at least one rate; to take a price"
            " back, withdraw it."
        )
    json_value("rates", dict(value))
    return dict(value)


def _brief(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "…")
