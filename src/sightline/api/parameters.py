"""The parameters that several operations have, and what they say together: whose spans of which time.

Answers tell the window and the filter as they were understood, so that what was asked can be asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sightline.api import shapes
from sightline.api.moments import iso, moment
from sightline.api.operations import Call, Parameter
from sightline.api.problems import Problem
from sightline.query.selection import Selection, Target, select
from sightline.query.window import LATEST, Window

DAY = 86_400 * 10**9
PROJECT = Parameter("project", "Which project, where no key says it; default: default.", shapes.PROJECT_NAME)
CURSOR = Parameter("cursor", "`next` of the page before.", shapes.TEXT)
TRACE_ID = Parameter("trace_id", "Hexadecimal.", shapes.TEXT, "path")
FILTER = Parameter(
    "q", "A filter, such as `kind:llm duration>2s`; empty: everything.", shapes.TEXT, example="kind:llm"
)
SINCE = Parameter(
    "since",
    "From this moment on: ISO 8601, nanoseconds, or before now as `-24h`.",
    shapes.WHEN,
    example="-24h",
)
UNTIL = Parameter("until", "Up to this moment, written in the same ways; default: now.", shapes.WHEN)
ENVIRONMENT = Parameter("environment", "Only of this environment.", shapes.TEXT)
TARGET = Parameter("target", "What is counted.", {**shapes.TARGET, "default": "spans"})
SELECTED = (PROJECT, FILTER, SINCE, UNTIL, ENVIRONMENT)
"""What chooses spans: `selection` reads them."""


def limit(default: int, most: int, what: str = "items on a page") -> Parameter:
    """How many there are at most."""
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": default}
    return Parameter("limit", f"Most {what}.", schema)


def window(call: Call, length: int = DAY) -> Window:
    """The time asked about: `since` to `until`; without `since` the last `length` ns. Raises Problem 422."""
    until = moment(call, "until")
    until = min(max(call.now, 1), LATEST) if until is None else until
    since = moment(call, "since")
    since = max(0, until - length) if since is None else since
    if since >= until:
        raise Problem(422, f"since is {iso(since)}, until is {iso(until)}; since has to be before until.")
    return Window(call.project, since, until)


def target(call: Call, default: Target = Target.SPANS) -> Target:
    """What `target` says. Raises Problem 422."""
    return Target(call.word("target", tuple(Target), default))


def selection(call: Call, target: Target) -> Selection:
    """What the reader chose. Raises FilterError and Problem 422."""
    chosen = window(call)
    return select(call.text("q") or "", chosen, call.now, target, call.text("environment") or "")


def told(selection: Selection) -> dict[str, Any]:
    """What was asked, as it was understood: the beginning of every answer about a selection."""
    return {
        "project": selection.window.project,
        "since": iso(selection.window.since),
        "until": iso(selection.window.until),
        "environment": selection.environment or None,
        "filter": selection.text,
        "target": selection.target.value,
    }


def names(call: Call, name: str, default: Sequence[str] = ()) -> tuple[str, ...]:
    """A parameter that lists names: with commas, or several times. Commas in quotes are part of a name."""
    found = [one.strip() for text in call.texts(name) for one in _divided(text)]
    return tuple(one for one in found if one) or tuple(default)


def _divided(text: str) -> list[str]:
    pieces, quoted = [""], False
    for character in text:
        quoted ^= character == '"'
        if character == "," and not quoted:
            pieces.append("")
        else:
            pieces[-1] += character
    return pieces
