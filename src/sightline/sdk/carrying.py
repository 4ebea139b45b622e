"""Takes the current span and context to threads and processes, where they do not go by themselves."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from concurrent.futures import Executor, Future
from functools import wraps
from typing import Any, Final, ParamSpec, Self, TypeVar, overload
from urllib.parse import quote, unquote_plus

from opentelemetry import baggage, trace
from opentelemetry.context import get_current
from opentelemetry.context.context import Context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from sightline.sdk import running
from sightline.sdk.context import propagated_names
from sightline.sdk.levels import BAGGAGE_KEY, SPAN_KEY, Block, enter, prepared, step_in, step_out

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])
_MAX_BAGGAGE: Final = 8_192
_TRACE: Final = TraceContextTextMapPropagator()
_ELSEWHERE: Final = (
    ("concurrent.futures.process", "ProcessPoolExecutor"),
    ("concurrent.futures.interpreter", "InterpreterPoolExecutor"),  # Python 3.14
)


@overload
def carry(work: Executor) -> CarryingExecutor: ...
@overload
def carry(work: F) -> F: ...
def carry(work: Any) -> Any:
    """A function that runs in the context of now in any thread, or an executor that runs all so.

    >>> import sightline, threading
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> def work(n):
    ...     return sightline.current_span().trace_id
    >>> with sightline.span("batch") as span, ThreadPoolExecutor() as pool:
    ...     ids = set(sightline.carry(pool).map(work, range(3)))
    ...     thread = threading.Thread(target=sightline.carry(work), args=(0,))
    ...     thread.start()
    ...     thread.join()
    >>> ids == {span.trace_id}
    True
    """
    if issubclass(type(work), Executor):
        return CarryingExecutor(work)
    if not callable(work):
        running.warn_once(
            "api.carry",
            f"sightline.carry(a {type(work).__name__}): expected a function or an executor; left as it is.",
        )
        return work
    carried = get_current()
    if inspect.iscoroutinefunction(work):

        @wraps(work)
        async def run_later(*args: Any, **kwargs: Any) -> Any:
            level, inner = prepared(work, carried)
            before = step_in(inner)
            try:
                return await work(*args, **kwargs)
            finally:
                step_out(level, inner, before)

        return run_later

    @wraps(work)
    def run(*args: Any, **kwargs: Any) -> Any:
        level, inner = prepared(work, carried)
        before = step_in(inner)
        try:
            return work(*args, **kwargs)
        finally:
            step_out(level, inner, before)

    return run


class CarryingExecutor(Executor):
    """An executor whose work has the context of whoever submitted it. Made by `carry`.

    With a pool of processes or interpreters the trace and what `init(propagate=…)` names go along; functions
    must be importable there, as always.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def __getattr__(self, name: str) -> Any:
        """What only that executor has, such as `terminate_workers` of a pool of processes (Python 3.14)."""
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        return getattr(self._executor, name)

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """As the executor's own."""
        if _elsewhere(self._executor):
            return self._executor.submit(_run_extracted, inject(), fn, args, kwargs)
        return self._executor.submit(carry(fn), *args, **kwargs)

    def map(
        self,
        fn: Callable[..., R],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
        **more: Any,
    ) -> Iterator[R]:
        """As the executor's own; `more` is what newer Pythons have, such as `buffersize`."""
        work = _Extracting(inject(), fn) if _elsewhere(self._executor) else carry(fn)
        return self._executor.map(work, *iterables, timeout=timeout, chunksize=chunksize, **more)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As the executor's own."""
        self._executor.shutdown(wait=wait, cancel_futures=cancel_futures)


def _elsewhere(executor: Executor) -> bool:
    """Whether it works in other processes or interpreters; their modules are slow to import and are not

    imported for this.
    """
    for module, name in _ELSEWHERE:
        pool = getattr(sys.modules.get(module), name, None)
        if pool is not None and isinstance(executor, pool):
            return True
    return False


class _Extracting:
    """A function in another process, with a context from this one."""

    def __init__(self, carrier: Mapping[str, str], fn: Callable[..., Any]) -> None:
        self._carrier, self._fn = carrier, fn

    def __call__(self, *args: Any) -> Any:
        return _run_extracted(self._carrier, self._fn, args, {})


def _run_extracted(
    carrier: Mapping[str, str], fn: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> R:
    with extract(carrier):
        return fn(*args, **kwargs)


def inject(carrier: MutableMapping[str, str] | None = None) -> dict[str, str]:
    """The current trace and context as W3C headers (`traceparent`, `tracestate`, `baggage`).

    Written into `carrier`, too, if there is one. Only what `init(propagate=…)` names is in the baggage.

        >>> import sightline
        >>> with sightline.span("enqueue"), sightline.context(session="s 1"):
        ...     headers = sightline.inject()
        >>> headers["baggage"]
        'session.id=s%201'
    """
    made: dict[str, str] = {}
    try:
        _TRACE.inject(made)
        allowed = propagated_names()
        said = {name: value for name, value in baggage.get_all().items() if name in allowed}
        pairs = [f"{quote(name, safe='')}={quote(str(value), safe='')}" for name, value in said.items()]
        text = ",".join(pairs)
        if text and len(text) <= _MAX_BAGGAGE:
            made["baggage"] = text
        if carrier is not None:
            carrier.update(made)
    except Exception as error:  # the border: someone's mapping
        running.warn_once(
            f"api.inject.{type(error).__name__}",
            f"sightline.inject(…) could not write into a {type(carrier).__name__}; pass a dict.",
        )
    return made


def extract(carrier: Mapping[str, Any] | None) -> Extracted:
    """Go on, in a block, with the trace and the context that `inject` wrote elsewhere.

    Names are read whatever their case, values as text or bytes. Of the baggage, only what
    `init(propagate=…)` names is believed; what can't be read is as if it was not there.

        >>> import sightline
        >>> with sightline.span("enqueue") as sent:
        ...     headers = sightline.inject()
        >>> with sightline.extract(headers), sightline.span("work") as done:
        ...     pass
        >>> done.trace_id == sent.trace_id
        True
    """
    return Extracted(carrier)


class Extracted(Block):
    """What `extract` gives: for `with` and `async with`."""

    __slots__ = ("_carrier",)

    def __init__(self, carrier: Mapping[str, Any] | None) -> None:
        self._carrier = carrier

    def __enter__(self) -> Self:
        """Make what came along current."""
        outer = get_current()
        try:
            found = _read(self._carrier)
            span = trace.get_current_span(_TRACE.extract(found, Context()))
            carried = _baggage(found.get("baggage", ""))
        except Exception as error:  # the border: someone's mapping
            running.warn_once(
                f"api.extract.{type(error).__name__}",
                f"sightline.extract(…) could not read a {type(self._carrier).__name__}; pass a dict.",
            )
            span, carried = trace.INVALID_SPAN, {}
        if not span.get_span_context().is_valid:
            span = trace.get_current_span(outer)
        more: dict[str, object] = {BAGGAGE_KEY: {**baggage.get_all(outer), **carried}} if carried else {}
        enter(self, outer, SPAN_KEY, span, more)
        return self


def _read(carrier: Mapping[str, Any] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in ("traceparent", "tracestate", "baggage"):
        for spelled in (name, name.title(), name.upper()):
            value = carrier.get(spelled) if carrier is not None else None
            if isinstance(value, list | tuple) and value:
                value = value[0]
            if isinstance(value, bytes):
                value = value.decode("ascii", "ignore")
            if isinstance(value, str):
                found[name] = value
                break
    return found


def _baggage(header: str) -> dict[str, str]:
    if len(header) > _MAX_BAGGAGE:
        return {}
    allowed = propagated_names()
    made = {}
    for entry in header.split(","):
        name, equals, value = entry.partition(";")[0].partition("=")
        name = unquote_plus(name.strip())
        if equals and name in allowed:
            made[name] = unquote_plus(value.strip())
    return made
