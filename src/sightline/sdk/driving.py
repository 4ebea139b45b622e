"""Runs functions, coroutines and generators in a context of their own.

A generator's body has its context while it runs, and nobody else has it while it waits at a `yield`: what
is begun inside stays inside, so nothing has to be given back in a thread or task that did not take it.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator
from functools import partial, update_wrapper, wraps
from types import MethodType
from typing import Any, Final, Protocol, Self, TypeVar, cast

from opentelemetry.context import get_current
from opentelemetry.context.context import Context

from sightline.sdk import running
from sightline.sdk.levels import Level, prepared, step_in, step_out

F = TypeVar("F", bound=Callable[..., Any])


class Run(Protocol):
    """One run of a generator: its level and context, and who hears what becomes of it."""

    level: Level
    context: Context

    def item(self, value: object) -> None:
        """Something was yielded."""

    def end(self, error: BaseException | None) -> None:
        """It ended: by itself (None), with an exception, closed (`GeneratorExit`), cancelled."""

    def abandon(self) -> None:
        """Nobody holds it any more. Called by a finalizer: must not lock."""


Begin = Callable[[Context], Run]


class _Guard:
    """Lives in a generator's frame. An async generator whose event loop is gone ends in no other way."""

    __slots__ = ("run",)

    def __init__(self, run: Run) -> None:
        self.run: Run | None = run

    def __del__(self) -> None:
        if self.run is not None:
            self.run.abandon()


class _Scope:
    """A run that only has a context."""

    __slots__ = ("context", "level")

    def __init__(self, outer: Context) -> None:
        self.level, self.context = prepared(self, outer)

    def item(self, value: object) -> None:
        """Nothing to note."""

    def end(self, error: BaseException | None) -> None:
        """The level is left for good."""
        self.level.left = True

    def abandon(self) -> None:
        """The same."""
        self.level.left = True


class GeneratorFunction:
    """A generator function whose generators are driven, and which still looks like one to `inspect`.

    It takes its context when it is called, as tasks do, not at the first `next`: a web framework iterates
    an answer when the function that made it has long returned.
    """

    def __init__(
        self, function: Callable[..., Any], begin: Callable[[tuple[Any, ...], dict[str, Any]], Begin]
    ) -> None:
        update_wrapper(self, function)
        self._begin = begin
        self._function = function
        self._drive: Any = drive_async if inspect.isasyncgenfunction(function) else drive
        # `inspect` takes anything with these for a function.
        self.__code__ = function.__code__
        self.__globals__ = function.__globals__  # where names in annotations are looked up
        self.__defaults__ = function.__defaults__
        self.__kwdefaults__ = function.__kwdefaults__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The generator; nothing has run yet."""
        generator = self._function(*args, **kwargs)
        return self._drive(generator, self._begin(args, kwargs), get_current())

    def __get__(self, instance: object, owner: type | None = None) -> Self | MethodType:
        """As a method."""
        return self if instance is None else MethodType(self, instance)

    def __reduce__(self) -> str:
        """Pickled by its name, as functions are."""
        return self._function.__qualname__


def drive(generator: Generator[Any, Any, Any], begin: Begin, outer: Context) -> Generator[Any, Any, Any]:
    """Another generator's items, with its body in a context of its own."""
    run = begin(outer)
    level, inner, guard = run.level, run.context, _Guard(run)
    sent: Any = None
    thrown: BaseException | None = None
    while True:
        before = step_in(inner)
        try:
            item = generator.send(sent) if thrown is None else generator.throw(thrown)
        except StopIteration as stop:
            guard.run = None
            run.end(None)
            return stop.value
        except BaseException as error:
            guard.run = None
            run.end(error)
            raise
        finally:
            inner = step_out(level, inner, before)
            sent = thrown = None
        run.item(item)
        try:
            sent = yield item
        except GeneratorExit as left:
            guard.run = None
            before = step_in(inner)
            try:
                generator.close()
            except BaseException as error:
                run.end(error)
                raise
            else:
                run.end(left)
            finally:
                step_out(level, inner, before)
            raise
        except BaseException as error:
            thrown = error
        finally:
            del item


async def drive_async(
    generator: AsyncGenerator[Any, Any], begin: Begin, outer: Context
) -> AsyncGenerator[Any, Any]:
    """The same for an async generator."""
    run = begin(outer)
    level, inner, guard = run.level, run.context, _Guard(run)
    sent: Any = None
    thrown: BaseException | None = None
    while True:
        before = step_in(inner)
        try:
            item = await (generator.asend(sent) if thrown is None else generator.athrow(thrown))
        except StopAsyncIteration:
            guard.run = None
            run.end(None)
            return
        except BaseException as error:
            guard.run = None
            run.end(error)
            raise
        finally:
            inner = step_out(level, inner, before)
            sent = thrown = None
        run.item(item)
        try:
            sent = yield item
        except GeneratorExit as left:
            guard.run = None
            before = step_in(inner)
            try:
                await generator.aclose()
            except BaseException as error:
                run.end(error)
                raise
            else:
                run.end(left)
            finally:
                step_out(level, inner, before)
            raise
        except BaseException as error:
            thrown = error
        finally:
            del item


def in_context(function: F, context_of: Callable[[Context], Context]) -> F:
    """`function` so that everything it does, whenever it runs, has the context that `context_of` makes."""
    if isinstance(function, classmethod | staticmethod):
        return cast(F, type(function)(in_context(function.__func__, context_of)))

    if issubclass(type(function), type) or not callable(function):
        running.warn_once(
            "api.context.target",
            f"@sightline.context(…) on a {type(function).__name__}: expected a function; left as it is. "
            "Decorate its methods (for a property, put @property above @sightline.context(…)).",
        )
        return function

    def begin(outer: Context) -> Run:
        return _Scope(context_of(outer))

    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        return cast(F, GeneratorFunction(function, lambda args, kwargs: begin))
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def run_later(*args: Any, **kwargs: Any) -> Any:
            run = begin(get_current())
            before = step_in(run.context)
            try:
                return await function(*args, **kwargs)
            finally:
                step_out(run.level, run.context, before)

        return cast(F, run_later)

    @wraps(function)
    def run_now(*args: Any, **kwargs: Any) -> Any:
        run = begin(get_current())
        before = step_in(run.context)
        try:
            return function(*args, **kwargs)
        finally:
            step_out(run.level, run.context, before)

    return cast(F, run_now)


# What finalizers left to be ended by whoever comes by next: they may run inside any lock.
_ABANDONED: Final[deque[Callable[[], object]]] = deque(maxlen=10_000)


def leave_behind(end: Callable[..., object], *arguments: object) -> None:
    """Have something done soon, from a finalizer."""
    _ABANDONED.append(partial(end, *arguments))
    running.ring()


def end_abandoned() -> None:
    """Do what finalizers left behind; called where generators and calls begin, and by the worker."""
    while _ABANDONED:
        try:
            _ABANDONED.popleft()()
        except IndexError:
            return
