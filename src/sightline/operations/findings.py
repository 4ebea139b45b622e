"""What a check of `sightline doctor` finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How a finding is meant: all well, worth knowing, or to be repaired."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: what is so, and what to do about it (empty when nothing)."""

    name: str
    level: Level
    what: str
    todo: str = ""


def ok(name: str, what: str) -> Finding:
    """All is well."""
    return Finding(name, Level.OK, what)


def warn(name: str, what: str, todo: str) -> Finding:
    """It works, but."""
    return Finding(name, Level.WARN, what, todo)


def fail(name: str, what: str, todo: str) -> Finding:
    """It does not work."""
    return Finding(name, Level.FAIL, what, todo)
