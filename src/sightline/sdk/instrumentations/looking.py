"""What is installed, read from the names of the folders that installers leave; nothing is imported."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

_FOLDER = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+)(?:-.*)?\.(?:dist-info|egg-info)$")
_SEPARATORS = re.compile(r"[-_.]+")
_NUMBERS = re.compile(r"\d+(?:\.\d+)*")


def installed(places: Iterable[str]) -> dict[str, str]:
    """Distributions by normalised name with their version, from the folders of `places` (`sys.path`).

    As for imports the first place counts. A place that cannot be read is as if it were empty.
    """
    found: dict[str, str] = {}
    for place in dict.fromkeys(places):
        try:
            names = os.listdir(place or ".")  # noqa: PTH208 - names alone, at a third of the time
        except OSError:
            continue
        for name in names:
            if name.endswith("-info") and (match := _FOLDER.match(name)):
                found.setdefault(normalised(match["name"]), match["version"])
    return found


def normalised(name: str) -> str:
    """A distribution's name as all its spellings are compared.

    >>> normalised("LangChain_Core")
    'langchain-core'
    """
    return _SEPARATORS.sub("-", name).lower()


def is_at_least(version: str, least: str) -> bool:
    """Whether a version is not before another; what follows the numbers (`rc1`, `.post2`) is not looked at.

    >>> is_at_least("1.10.0", "1.9"), is_at_least("0.3.21", "0.3.22"), is_at_least("2.0b1", "2.0")
    (True, False, True)
    """
    return _numbers(version) >= _numbers(least)


def _numbers(version: str) -> list[int]:
    match = _NUMBERS.match(version.removeprefix("v"))
    numbers = [int(part) for part in match[0].split(".")] if match else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return numbers


def version_of(distributions: Mapping[str, str], name: str) -> str | None:
    """The installed version of a distribution; None where it is not installed."""
    return distributions.get(normalised(name))
