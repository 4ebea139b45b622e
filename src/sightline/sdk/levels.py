"""Entering and leaving the current OpenTelemetry context without tokens.

A token can be given back only in the thread and task that got it; a generator closed elsewhere, a stream
collected by the garbage collector or a cancelled task gives it back somewhere else, and OpenTelemetry logs
"Failed to detach context". A level knows the context around it instead. It is left by making that one
current again, where the level is still current, and by doing nothing where it is not.
"""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self

from opentelemetry import baggage, trace
from opentelemetry.context import attach, create_key, get_current
from opentelemetry.context.context import Context

_LEVEL: Final = create_key("sightline-level")
# Where OpenTelemetry keeps the span and the baggage, found through its public functions: one copy of the
# context then holds all that changes.
[SPAN_KEY] = trace.set_span_in_context(trace.INVALID_SPAN, Context())
[BAGGAGE_KEY] = baggage.set_baggage("found", "", Context())


class Level:
    """One step into the current context, made by `owner`; `outer` is what was current around it."""

    __slots__ = ("left", "outer", "owner")

    def __init__(self, owner: object, outer: Context) -> None:
        self.owner = owner
        self.outer = outer
        self.left = False


def enter(
    owner: object, outer: Context, key: str, value: object, more: dict[str, object] | None = None
) -> Level:
    """Make `outer` with `key` (and `more`) current, until `leave`."""
    level = Level(owner, outer)
    changed = {**outer, key: value, _LEVEL: level}
    if more is not None:
        changed.update(more)
    attach(Context(changed))
    return level


def leave(level: Level) -> None:
    """Make the context around a level current again, where the level or one inside it is current."""
    level.left = True
    if _inside(get_current(), level):
        attach(still_open(level.outer))


def leave_of(owner: object) -> None:
    """Leave the innermost open level that `owner` made, seen from here; nothing without one."""
    level = get_current().get(_LEVEL)
    while isinstance(level, Level):
        if level.owner is owner and not level.left:
            leave(level)
            return
        level = level.outer.get(_LEVEL)


class Block:
    """What stands behind `with` and `async with`: its `__enter__` enters a level with itself as the owner."""

    __slots__ = ()

    def __enter__(self) -> Self:
        """Make something current; each kind of block has its own."""
        raise NotImplementedError

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Go back to what was current before."""
        leave_of(self)

    async def __aenter__(self) -> Self:
        """As with `with`."""
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """As with `with`."""
        leave_of(self)


def prepared(owner: object, outer: Context) -> tuple[Level, Context]:
    """A level above `outer` that is not current yet: for `step_in` and `step_out`, as often as one likes."""
    level = Level(owner, outer)
    return level, Context({**outer, _LEVEL: level})


def step_in(inner: Context) -> Context:
    """Make `inner` current; what was current before, for `step_out`."""
    before = get_current()
    attach(inner)
    return before


def step_out(level: Level, inner: Context, before: Context) -> Context:
    """Make current what was before; what to step into next time, with all that was begun inside and is open.

    Does nothing where the level is not current: in the thread that collects an abandoned coroutine, say.
    """
    current = get_current()
    if not _inside(current, level):
        return inner
    attach(before)
    return current


def still_open(context: Context) -> Context:
    """The nearest context around that was not left already: levels may end in another order than they began.

    Without this, a thread would go on inside something that ended long ago.
    """
    level = context.get(_LEVEL)
    while isinstance(level, Level) and level.left:
        context = level.outer
        level = context.get(_LEVEL)
    return context


def _inside(context: Context, level: Level) -> bool:
    current = context.get(_LEVEL)
    while current is not level:
        if not isinstance(current, Level):
            return False
        current = current.outer.get(_LEVEL)
    return True
