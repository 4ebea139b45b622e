"""Iterators around a provider's stream: they give every chunk on as it is, and measure.

The call's span is current while the provider's code runs, and nowhere else. It ends once: at the end of the
stream, with the error it raised, when it is closed, or when nobody holds it any more.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from contextlib import suppress
from inspect import iscoroutinefunction
from time import perf_counter_ns, time_ns
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

from opentelemetry.context.context import Context

from sightline.sdk.driving import leave_behind
from sightline.sdk.levels import Level, step_in, step_out
from sightline.sdk.stream_reading import StreamReading

T = TypeVar("T")


class StreamOwner(Protocol):
    """Whose stream it is: hears once how it ended."""

    def _stream_ended(self, reading: StreamReading, error: BaseException | None, at: int | None) -> None:
        """Ended by itself (None), with an error, or closed (`GeneratorExit`); `at` in ns since 1970."""

    def _stream_abandoned(self, reading: StreamReading, at: int) -> None:
        """Nobody held it any more; the last chunk came at `at`."""


class _Measured:
    """What both kinds of streams do around each step."""

    def __init__(
        self, inner: Any, reading: StreamReading, owner: StreamOwner, level: Level, context: Context
    ) -> None:
        self._inner = inner
        self._reading = reading
        self._owner = owner
        self._level = level
        self._context = context
        self._iterator: Any = None
        self._open = True
        self._last = time_ns()

    def _got(self, chunk: object, asked: int) -> None:
        now = perf_counter_ns()
        self._last = time_ns()
        self._reading.chunk(chunk, now - asked, now)

    def _over(self, error: BaseException | None) -> None:
        if self._open:
            self._open = False
            self._level.left = True
            self._owner._stream_ended(self._reading, error, None)

    def _in(self) -> Context:
        return step_in(self._context)

    def _out(self, before: Context) -> None:
        self._context = step_out(self._level, self._context, before)

    def __getattr__(self, name: str) -> Any:
        """Everything else is the provider's stream's own."""
        if name == "_inner":
            raise AttributeError(name)
        return getattr(self._inner, name)

    def __del__(self) -> None:
        with suppress(AttributeError):  # not made whole
            if self._open:
                self._open = False
                self._level.left = True
                leave_behind(self._owner._stream_abandoned, self._reading, self._last)


class Stream(_Measured, Generic[T], Iterator[T]):
    """A provider's stream, measured; give it on in its place. Made by `LlmCall.stream`."""

    def __iter__(self) -> Self:
        """Itself."""
        return self

    def __next__(self) -> T:
        """The next chunk, as the provider gave it."""
        before = self._in()
        asked = perf_counter_ns()
        try:
            if self._iterator is None:
                self._iterator = iter(self._inner)
            chunk: T = next(self._iterator)
        except StopIteration:
            self._over(None)
            raise
        except BaseException as error:
            self._over(error)
            raise
        finally:
            self._out(before)
        self._got(chunk, asked)
        return chunk

    def close(self) -> None:
        """Close the provider's stream; the span ends with what came so far."""
        self._leave(GeneratorExit())

    def __enter__(self) -> Self:
        """Enter the provider's stream, if it is one for `with`."""
        if hasattr(_kind(self._inner), "__enter__"):
            before = self._in()
            try:
                self._inner = self._inner.__enter__()
            except BaseException as error:
                self._over(error)
                raise
            finally:
                self._out(before)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave it."""
        if hasattr(_kind(self._inner), "__exit__"):
            before = self._in()
            try:
                self._inner.__exit__(kind, error, trace)
            finally:
                self._out(before)
                self._over(error or GeneratorExit())
        else:
            self._leave(error or GeneratorExit())

    def _leave(self, error: BaseException) -> None:
        before = self._in()
        try:
            _call(self._inner, "close") or _call(self._iterator, "close")
        finally:
            self._out(before)
            self._over(error)


class AsyncStream(_Measured, Generic[T], AsyncIterator[T]):
    """The same for `async for`."""

    def __aiter__(self) -> Self:
        """Itself."""
        return self

    async def __anext__(self) -> T:
        """The next chunk, as the provider gave it."""
        before = self._in()
        asked = perf_counter_ns()
        try:
            if self._iterator is None:
                self._iterator = aiter(self._inner)
            chunk: T = await anext(self._iterator)
        except StopAsyncIteration:
            self._over(None)
            raise
        except BaseException as error:
            self._over(error)
            raise
        finally:
            self._out(before)
        self._got(chunk, asked)
        return chunk

    async def aclose(self) -> None:
        """Close the provider's stream; the span ends with what came so far."""
        await self._leave(GeneratorExit())

    async def close(self) -> None:
        """The same, as OpenAI's stream calls it."""
        await self._leave(GeneratorExit())

    async def __aenter__(self) -> Self:
        """Enter the provider's stream, if it is one for `async with`."""
        if hasattr(_kind(self._inner), "__aenter__"):
            before = self._in()
            try:
                self._inner = await self._inner.__aenter__()
            except BaseException as error:
                self._over(error)
                raise
            finally:
                self._out(before)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave it."""
        if hasattr(_kind(self._inner), "__aexit__"):
            before = self._in()
            try:
                await self._inner.__aexit__(kind, error, trace)
            finally:
                self._out(before)
                self._over(error or GeneratorExit())
        else:
            await self._leave(error or GeneratorExit())

    async def _leave(self, error: BaseException) -> None:
        before = self._in()
        try:
            for of, name in ((self._inner, "aclose"), (self._inner, "close"), (self._iterator, "aclose")):
                if callable(getattr(of, name, None)):
                    done = getattr(of, name)()
                    if hasattr(done, "__await__"):
                        await done
                    break
        finally:
            self._out(before)
            self._over(error)


class EitherStream(Stream[T]):
    """The same for a stream that can be read both ways, as LiteLLM's: the first use decides."""

    _taken: AsyncStream[T] | None = None

    def __aiter__(self) -> AsyncStream[T]:
        """The stream for `async for`, which goes on from here."""
        if self._taken is None:
            self._taken = AsyncStream(self._inner, self._reading, self._owner, self._level, self._context)
            self._open = False
        return self._taken

    async def __anext__(self) -> T:
        """The next chunk, as the provider gave it."""
        return await anext(aiter(self))

    def close(self) -> Any:
        """Close the provider's stream; to be awaited where the provider's is."""
        if self._taken is not None or iscoroutinefunction(getattr(self._inner, "close", None)):
            return aiter(self).close()
        return super().close()

    async def aclose(self) -> None:
        """Close the provider's stream; the span ends with what came so far."""
        await aiter(self).aclose()

    async def __aenter__(self) -> Self:
        """Enter the provider's stream, if it is one for `async with`."""
        await aiter(self).__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave it."""
        await aiter(self).__aexit__(kind, error, trace)


def _call(of: object, name: str) -> bool:
    method: Callable[[], object] | None = getattr(of, name, None)
    if not callable(method):
        return False
    method()
    return True


def measured(
    source: Iterable[T] | AsyncIterable[T],
    reading: StreamReading,
    owner: StreamOwner,
    level: Level,
    context: Context,
) -> Stream[T] | AsyncStream[T]:
    """The measured stream of the same kind."""
    kind = _kind(source)
    if hasattr(kind, "__aiter__") and hasattr(kind, "__iter__"):
        return EitherStream(source, reading, owner, level, context)
    if hasattr(kind, "__aiter__") or (hasattr(kind, "__aenter__") and not hasattr(kind, "__iter__")):
        return AsyncStream(source, reading, owner, level, context)
    return Stream(source, reading, owner, level, context)


def _kind(source: object) -> type:
    """The class of a stream. That of a proxy (wrapt's, which instrumentations use) has the methods of every
    kind, and says in `__class__` what it stands for."""
    try:
        said = source.__class__
    except Exception:  # a border: someone's property
        return type(source)
    return said if isinstance(said, type) else type(source)
