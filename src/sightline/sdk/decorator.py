"""`@sightline.trace`: a span for each run of a function, coroutine, generator or async generator."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, Protocol, TypeVar, cast, overload

from opentelemetry.context import get_current
from opentelemetry.context.context import Context

from sightline.sdk import names, running
from sightline.sdk.arguments import Parameters
from sightline.sdk.collected import Collected
from sightline.sdk.driving import GeneratorFunction, Run, end_abandoned, leave_behind
from sightline.sdk.errors import COLLECTED
from sightline.sdk.levels import SPAN_KEY, enter, leave, prepared
from sightline.sdk.spans import Kind, Span, start_attributes

F = TypeVar("F", bound=Callable[..., Any])
# What functions of `functools` have beside being called; `wraps` does not take it along.
_OF_CACHES = ("cache_clear", "cache_info", "cache_parameters", "register", "dispatch")


class Recorder(Protocol):
    """Makes the span of one run, and notes its result."""

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Span:
        """The span for these arguments, not started yet."""

    def result(self, span: Span, value: object) -> None:
        """What the function returned."""

    def items_limit(self) -> int:
        """How many characters of what a generator yields are kept."""


class _Calls:
    """Records calls for `@trace`."""

    __slots__ = ("_attributes", "_input", "_name", "_output", "_parameters")

    def __init__(
        self,
        name: str,
        attributes: dict[str, Any],
        parameters: Parameters,
        capture_input: bool,
        capture_output: bool,
    ) -> None:
        self._name, self._attributes, self._parameters = name, attributes, parameters
        self._input, self._output = bool(capture_input), bool(capture_output)

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Span:
        given = (self._parameters.named(args, kwargs) or None) if self._input else None
        return Span(self._name, self._attributes, input=given)

    def result(self, span: Span, value: object) -> None:
        if self._output and value is not None:
            span.output(value)

    def items_limit(self) -> int:
        return running.content_limit() if self._output else 0


@overload
def trace(function: F, /) -> F: ...
@overload
def trace(
    *,
    name: str | None = None,
    kind: Kind | None = "chain",
    capture_input: bool = True,
    capture_output: bool = True,
    ignore: Iterable[str] = (),
    attributes: Mapping[str, object] | None = None,
) -> Callable[[F], F]: ...
def trace(
    function: F | None = None,
    /,
    *,
    name: str | None = None,
    kind: Kind | None = "chain",
    capture_input: bool = True,
    capture_output: bool = True,
    ignore: Iterable[str] = (),
    attributes: Mapping[str, object] | None = None,
) -> F | Callable[[F], F]:
    """A span for each run of the function: sync, async, generator or async generator, method or not.

    Arguments by name and the result are its input and output (`capture_input`, `capture_output`; `ignore`
    names parameters to leave out). `kind`: a `chain`, a step that calls others, unless said. What is raised
    is written down and goes on unchanged. The span of a generator lasts while it is iterated, has what was
    yielded so far as its output, and says so when it was left early.

        >>> import sightline
        >>> @sightline.trace
        ... def answer(question: str, top_k: int = 3) -> str:
        ...     return "42"
        >>> answer("why?")
        '42'
        >>> @sightline.trace(kind="agent", ignore=["api_key"], attributes={"shop.country": "DE"})
        ... async def plan(goal: str, api_key: str) -> list[str]:
        ...     return ["search", "answer"]
    """

    def decorate(target: F) -> F:
        return traced(target, lambda plain: _Calls(
            name or name_of_function(plain),
            start_attributes(kind, attributes or {}),
            Parameters(plain, ignore),
            capture_input,
            capture_output,
        ))  # fmt: skip

    return decorate if function is None else decorate(function)


def name_of_function(function: Callable[..., Any]) -> str:
    """A function's name as its span has it: with its class, without the function it was made in.

    >>> name_of_function(Parameters.named)
    'Parameters.named'
    """
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", None)
    if not isinstance(name, str):
        return type(function).__name__
    return name.rpartition("<locals>.")[2]


def traced(target: F, recorder_of: Callable[[Callable[..., Any]], Recorder]) -> F:
    """`target`, recorded; as it was, with one warning, where it can't be decorated."""
    try:
        if isinstance(target, classmethod | staticmethod):
            return cast(F, type(target)(traced(target.__func__, recorder_of)))
        if isinstance(target, property | type) or not callable(target):
            running.warn_once(
                "api.trace.target",
                f"@sightline.trace on a {type(target).__name__}: expected a function; left as it is. "
                "Decorate its methods (for a property, put @property above @sightline.trace).",
            )
            return target
        recorder = recorder_of(target)
        if inspect.isgeneratorfunction(target) or inspect.isasyncgenfunction(target):
            return cast(F, _of_generator(target, recorder))
        if inspect.iscoroutinefunction(target):
            return cast(F, _of_coroutine(target, recorder))
        return cast(F, _of_function(target, recorder))
    except Exception as error:  # the border: functions are objects, and may be anyone's
        running.warn_once(
            f"api.trace.{type(error).__name__}",
            f"@sightline.trace could not be applied ({type(error).__name__}); the function is left as it is.",
        )
        return target


def _of_function(function: Callable[..., Any], recorder: Recorder) -> Callable[..., Any]:
    @wraps(function)
    def traced_call(*args: Any, **kwargs: Any) -> Any:
        span = recorder.begin(args, kwargs)
        outer = get_current()
        span._begin(outer)
        level = enter(span, outer, SPAN_KEY, span.otel)
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            leave(level)
            span._end(error)
            raise
        leave(level)
        recorder.result(span, result)
        span._end()
        return result

    for name in _OF_CACHES:
        if hasattr(function, name):
            setattr(traced_call, name, getattr(function, name))
    return traced_call


def _of_coroutine(function: Callable[..., Any], recorder: Recorder) -> Callable[..., Any]:
    @wraps(function)
    async def traced_call(*args: Any, **kwargs: Any) -> Any:
        span = recorder.begin(args, kwargs)
        outer = get_current()
        span._begin(outer)
        level = enter(span, outer, SPAN_KEY, span.otel)
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            leave(level)
            span._end(error)
            raise
        leave(level)
        recorder.result(span, result)
        span._end()
        return result

    return traced_call


def _of_generator(function: Callable[..., Any], recorder: Recorder) -> GeneratorFunction:
    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[[Context], Run]:
        span = recorder.begin(args, kwargs)
        return lambda outer: _Iteration(span, outer, recorder)

    return GeneratorFunction(function, begin)


class _Iteration:
    """The span of one generator's iteration."""

    __slots__ = ("_items", "_last", "_span", "context", "level")

    def __init__(self, span: Span, outer: Context, recorder: Recorder) -> None:
        end_abandoned()
        running.attend()
        self._span = span
        span._begin(outer)
        self.level, prepared_context = prepared(self, outer)
        self.context = Context({**prepared_context, SPAN_KEY: span.otel})
        self._items = Collected(recorder.items_limit() if span.otel.is_recording() else 0)
        self._last = time.time_ns()

    def item(self, value: object) -> None:
        self._items.add(value)
        self._last = time.time_ns()

    def end(self, error: BaseException | None) -> None:
        self.level.left = True
        self._note()
        self._span._end(error)

    def abandon(self) -> None:
        leave_behind(self._end_abandoned)

    def _end_abandoned(self) -> None:
        self.level.left = True
        self._span.set({names.LEFT_EARLY: COLLECTED})
        self._note()
        self._span._end(at=self._last)

    def _note(self) -> None:
        collected = self._items.text()
        made: dict[str, Any] = {names.ITEMS: self._items.count}
        if collected is not None:
            made[names.OUTPUT_VALUE], made[names.OUTPUT_MIME_TYPE] = collected
        if self._span.otel.is_recording():
            self._span.otel.set_attributes(made)
