"""Who and what for: `sightline.context(user=…, session=…, …)` reaches every span below it.

What it says lies in OpenTelemetry's context, so it follows that into tasks, threads (`sightline.carry`) and
callbacks. What may leave the process also lies in OpenTelemetry's baggage, so every instrumented client
sends it on.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote, unquote

from opentelemetry.context import create_key, get_current
from opentelemetry.context.context import Context

from sightline.sdk import names, running
from sightline.sdk.attribute_values import attribute
from sightline.sdk.levels import BAGGAGE_KEY, Block, enter

F = TypeVar("F", bound=Callable[..., Any])
_KEY: Final = create_key("sightline-context")
_EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})
_CHARS: Final = 2_000
# What of it goes to other services, at most: one value, and all together (8,192 is the bound of the whole
# header).
_BAGGAGE_CHARS: Final = 256
_BAGGAGE_TOTAL: Final = 2_048
# The arguments and the attributes they become.
WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "user": names.USER_ID,
        "session": names.SESSION_ID,
        "team": names.TEAM,
        "feature": names.FEATURE,
        "version": names.VERSION,
        "tags": names.TAGS,
    }
)
_incoming: tuple[object, object, Mapping[str, Any]] = (None, None, _EMPTY)


class _Unsaid:
    """An argument that was not given, which None is not: None removes."""

    def __repr__(self) -> str:
        return "…"


_UNSAID: Any = _Unsaid()


class _Known:
    """What holds in a context: all attributes, and the baggage that was there when they were put together."""

    __slots__ = ("attributes", "baggage")

    def __init__(self, attributes: Mapping[str, Any], baggage: object) -> None:
        self.attributes = attributes
        self.baggage = baggage


class ContextScope(Block):
    """What `sightline.context(…)` gives: for `with`, `async with`, and as a decorator."""

    __slots__ = ("_changes",)

    def __init__(self, changes: Mapping[str, object]) -> None:
        self._changes = changes

    def __enter__(self) -> Self:
        """Add what was said to what holds already."""
        outer = get_current()
        key, known, more = self._made(outer)
        enter(self, outer, key, known, more)
        return self

    def __call__(self, function: F) -> F:
        """As a decorator: all that the function does, also a coroutine or a generator, has this context."""
        from sightline.sdk.driving import in_context

        return in_context(function, self.applied_to)

    def applied_to(self, outer: Context) -> Context:
        """`outer` with what was said in it."""
        key, known, more = self._made(outer)
        return Context({**outer, key: known, **more})

    def _made(self, outer: Context) -> tuple[str, _Known, dict[str, object]]:
        before = attributes_of(outer)
        carried = outer.get(BAGGAGE_KEY)
        try:
            attributes = _changed(before, self._changes)
            baggage = _baggage(carried if isinstance(carried, dict) else {}, attributes, self._changes)
        except Exception as error:  # the border
            running.warn_once(
                f"api.context.{type(error).__name__}",
                f"sightline.context(…): left out ({type(error).__name__}); pass texts, numbers or lists.",
            )
            attributes, baggage = dict(before), carried
        return _KEY, _Known(attributes, baggage), {BAGGAGE_KEY: baggage} if baggage is not carried else {}


def context(
    *,
    user: str | int | None = _UNSAID,
    session: str | int | None = _UNSAID,
    team: str | None = _UNSAID,
    feature: str | None = _UNSAID,
    version: str | None = _UNSAID,
    tags: str | Iterable[str] | None = _UNSAID,
    **attributes: object,
) -> ContextScope:
    """Say for whom and for what the spans below are: for `with`, `async with`, or as a decorator.

    Inner contexts add to outer ones; tags add up; None removes. Reaches the spans of every instrumentation in
    this process, `asyncio` tasks begun inside, threads through `sightline.carry`, other services through W3C
    baggage (those in `init(propagate=…)` alone), other processes through `sightline.inject` and `extract`.

        >>> import sightline
        >>> with sightline.context(user="u-7", session="s-1", tags=["beta"], plan="pro"):
        ...     with sightline.span("answer"):
        ...         pass
        >>> @sightline.context(feature="search")
        ... def search(question: str) -> list[str]:
        ...     return []
        >>> search("refunds")
        []
    """
    said = {
        "user": user, "session": session, "team": team, "feature": feature, "version": version, "tags": tags,
    }  # fmt: skip
    changes: dict[str, object] = {WORDS[word]: value for word, value in said.items() if value is not _UNSAID}
    return ContextScope({**changes, **attributes})


def attributes_of(otel_context: Context | None = None) -> Mapping[str, Any]:
    """What holds in an OpenTelemetry context (None: the current one), as attributes of a span; never changes.

    Also what came in as baggage from another service, as far as `init(propagate=…)` believes it.

        >>> import sightline
        >>> with sightline.context(user="u-7"):
        ...     dict(attributes_of())
        {'user.id': 'u-7'}
    """
    found = get_current() if otel_context is None else otel_context
    known = found.get(_KEY)
    carried = found.get(BAGGAGE_KEY)
    if type(known) is _Known:
        if carried is known.baggage or not carried:
            return known.attributes
        return {**known.attributes, **_believed(carried)}
    return _believed(carried) if carried else _EMPTY


def propagated_names() -> frozenset[str]:
    """The attributes that may leave in baggage; `user` in the list means `user.id`, and so on."""
    return _allowed(running.propagated())


@functools.lru_cache(16)
def _allowed(listed: tuple[str, ...]) -> frozenset[str]:
    return frozenset(WORDS.get(name, name) for name in listed)


def _changed(before: Mapping[str, Any], changes: Mapping[str, object]) -> dict[str, Any]:
    attributes = dict(before)
    for name, value in changes.items():
        if not name:  # OpenTelemetry would say so at each span
            running.warn_once(
                "api.context.name", "sightline.context(…): an attribute without a name is left out."
            )
        elif value is None:
            attributes.pop(name, None)
        elif name == names.TAGS:
            attributes[name] = [*dict.fromkeys([*attributes.get(name, ()), *_tags(value)])]
        else:
            made = attribute(value, _CHARS)
            attributes[name] = str(made) if name in _TEXTS and type(made) in (int, bool, float) else made
    return attributes


_TEXTS: Final = frozenset({names.USER_ID, names.SESSION_ID, names.TEAM, names.FEATURE, names.VERSION})


def _tags(value: object) -> list[str]:
    listed = [value] if not isinstance(value, list | tuple | set | frozenset) else list(value)[:100]
    return [str(attribute(tag, 200)) for tag in listed if tag is not None]


def _baggage(carried: dict[str, object], attributes: Mapping[str, Any], changes: Mapping[str, object]) -> Any:
    """The baggage with those changes that may leave; the same object where there are none."""
    allowed = propagated_names()
    leaving = {
        name: _said(name, attributes.get(name)) for name in changes if name in allowed or name in carried
    }
    if not leaving:
        return carried or None
    made = {**carried}
    for name, text in leaving.items():
        made.pop(name, None)
        if text is None or name not in allowed:
            continue
        total = sum(len(str(made[other])) for other in made if other in allowed)
        if len(text) > _BAGGAGE_CHARS or total + len(text) > _BAGGAGE_TOTAL:
            running.warn_once(
                "api.baggage.size",
                f"sightline.context({name}=…) has {len(text)} characters; baggage carries "
                f"{_BAGGAGE_CHARS} of one and {_BAGGAGE_TOTAL} of all, so it stays in this process. "
                "Use a shorter id for other services.",
            )
            continue
        made[name] = text
    return made


def _said(name: str, value: object) -> str | None:
    """A value as baggage carries it: tags with commas between them, their own commas as %2C."""
    if value is None:
        return None
    if name == names.TAGS and isinstance(value, list):
        return ",".join(quote(tag, safe=" ") for tag in value)
    return str(value)


def _believed(carried: object) -> Mapping[str, Any]:
    """Of baggage, what is on the list and not too long; kept, since spans ask again and again."""
    global _incoming
    listed = running.propagated()
    last_carried, last_listed, last = _incoming
    if carried is last_carried and listed is last_listed:
        return last
    found: dict[str, Any] = {}
    if isinstance(carried, dict):
        for name in _allowed(listed):
            text = carried.get(name)
            if type(text) is str and 0 < len(text) <= _BAGGAGE_CHARS:
                found[name] = [unquote(tag) for tag in text.split(",")] if name == names.TAGS else text
    made = MappingProxyType(found)
    _incoming = (carried, listed, made)
    return made
