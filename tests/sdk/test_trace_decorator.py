"""`@sightline.trace` on functions of every kind."""

from __future__ import annotations

import asyncio
import functools
import inspect
import pickle
import subprocess
import sys
from collections.abc import AsyncIterator, Generator, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry import trace as otel
from tests.sdk.recorded import Recorded, of

import sightline
from sightline.sdk import running

CHAIN = {"openinference.span.kind": "CHAIN"}  # what a function is unless it says otherwise


def test_arguments_result_and_parent(recorded: Recorded) -> None:
    @sightline.trace
    def inner(a: int, /, b: str = "x", *rest: int, key: bool = False, **more: int) -> list[int]:
        return [a, *rest]

    @sightline.trace(name="outer one", kind="agent", attributes={"shop": "DE"})
    def outer() -> str:
        return f"got {inner(1, 'b', 2, 3, key=True, other=4)}"

    assert outer() == "got [1, 2, 3]"
    child, parent = recorded.spans
    assert (child.name, parent.name) == ("inner", "outer one")
    assert child.parent is not None and child.parent.span_id == parent.context.span_id
    assert of(child, "input.value") == {"a": 1, "b": "b", "rest": [2, 3], "key": True, "other": 4}
    assert (child.attributes or {})["input.mime_type"] == "application/json"
    assert of(child, "output.value") == [1, 2, 3]
    assert recorded.said("outer one") == {
        "shop": "DE",
        "openinference.span.kind": "AGENT",
        "output.value": "got [1, 2, 3]",
        "output.mime_type": "text/plain",
    }


def test_what_is_left_out(recorded: Recorded) -> None:
    @sightline.trace(ignore=["password", "rest", "token"])
    def one(name: str, password: str, *rest: str, **more: str) -> str:
        return "secret"

    @sightline.trace(capture_input=False, capture_output=False)
    def two(name: str) -> str:
        return "secret"

    @sightline.trace(capture_output=False)
    def three() -> Iterator[str]:
        yield "secret"

    one("ada", "s3cret", "r1", token="t", other="o")
    two("ada")
    list(three())
    assert of(recorded.one("one"), "input.value") == {"name": "ada", "other": "o"}
    assert recorded.said("two") == CHAIN
    assert recorded.said("three") == CHAIN | {"sightline.items": 1}


def test_content_off_keeps_content_in_the_program(recorded: Recorded, runtime: SimpleNamespace) -> None:
    runtime.config.capture_content = False

    @sightline.trace
    def gen(question: str) -> Iterator[str]:
        yield question

    list(gen("secret"))
    with sightline.span("by hand", input="secret", plan="pro") as span:
        span.output("secret")
    assert recorded.said("gen") == CHAIN | {"sightline.items": 1}
    assert recorded.said("by hand") == {"plan": "pro"}


def test_limits_hold(recorded: Recorded, runtime: SimpleNamespace) -> None:
    runtime.config.max_value_chars = 200

    @sightline.trace
    def echo(text: str) -> str:
        return text

    @sightline.trace
    def many() -> Iterator[str]:
        yield from ["word "] * 1_000

    assert len(echo("x" * 10_000)) == 10_000
    assert sum(map(len, many())) == 5_000
    for name in ("echo", "many"):
        assert len(str(recorded.said(name)["output.value"])) <= 201
    assert recorded.said("many")["sightline.items"] == 1_000


class Shop:
    """Every kind of method, in both orders."""

    name = "shop"

    @sightline.trace
    def method(self, n: int) -> str:
        return f"{self.name} {n}"

    @classmethod
    @sightline.trace
    def below(cls, n: int) -> str:
        return f"{cls.name} {n}"

    @sightline.trace
    @classmethod
    def above(cls, n: int) -> str:
        return f"{cls.name} {n}"

    @staticmethod
    @sightline.trace
    def static_below(n: int) -> int:
        return n

    @sightline.trace
    @staticmethod
    def static_above(n: int) -> int:
        return n

    @sightline.trace
    def numbers(self, n: int) -> Iterator[int]:
        yield from range(n)

    @property
    @sightline.trace
    def size(self) -> int:
        return 3

    @sightline.trace
    async def later(self, n: int) -> int:
        return n


def test_methods(recorded: Recorded) -> None:
    shop = Shop()
    assert shop.method(1) == Shop.below(1) == shop.above(1) == "shop 1"
    assert Shop.static_below(2) == shop.static_above(2) == 2
    assert list(shop.numbers(3)) == [0, 1, 2]
    assert shop.size == 3
    assert asyncio.run(shop.later(4)) == 4
    assert [span.name for span in recorded.spans] == [
        "Shop.method", "Shop.below", "Shop.above", "Shop.static_below", "Shop.static_above", "Shop.numbers",
        "Shop.size", "Shop.later",
    ]  # fmt: skip
    assert {str(of(span, "input.value")) for span in recorded.spans} == {
        "{'n': 1}",
        "{'n': 2}",
        "{'n': 3}",
        "{'n': 4}",
        "None",
    }


@sightline.trace
def pickled(n: int) -> Iterator[int]:
    yield n


def test_a_function_stays_what_it_was() -> None:
    @sightline.trace
    def sync(a: int, b: str = "x") -> str:
        """Its words."""
        return b

    @sightline.trace
    async def coroutine(a: int) -> int:
        return a

    @sightline.trace
    def generator(a: int) -> Iterator[int]:
        """Its words."""
        yield a

    @sightline.trace
    async def async_generator(a: int) -> AsyncIterator[int]:
        yield a

    assert sync.__doc__ == generator.__doc__ == "Its words."
    assert str(inspect.signature(sync)) == "(a: 'int', b: 'str' = 'x') -> 'str'"
    assert str(inspect.signature(generator)) == "(a: 'int') -> 'Iterator[int]'"
    assert inspect.iscoroutinefunction(coroutine)
    assert inspect.isgeneratorfunction(generator)
    assert inspect.isasyncgenfunction(async_generator)
    assert inspect.isgenerator(generator(1))
    assert inspect.isasyncgen(async_generator(1))
    assert list(pickle.loads(pickle.dumps(pickled))(7)) == [7]


def test_errors_are_written_down_and_go_on_unchanged(recorded: Recorded) -> None:
    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    boom = ValueError("no such order")

    @sightline.trace
    def fails() -> None:
        raise boom

    @sightline.trace
    async def fails_later() -> None:
        raise boom

    @sightline.trace
    def fails_between() -> Iterator[int]:
        yield 1
        raise boom

    @sightline.trace
    def fails_badly() -> None:
        raise Broken("x" * 100_000)

    for run in (fails, lambda: asyncio.run(fails_later()), lambda: list(fails_between())):
        with pytest.raises(ValueError, match="no such order") as caught:
            run()
        assert caught.value is boom
    with pytest.raises(Broken):
        fails_badly()
    for span in recorded.spans[:3]:
        assert (span.attributes or {})["error.type"] == "ValueError"
        assert span.status.status_code is otel.StatusCode.ERROR
        assert span.status.description == "ValueError: no such order"
        [event] = span.events
        assert event.name == "exception"
        assert "no such order" in str((event.attributes or {})["exception.stacktrace"])
    assert of(recorded.one("fails_between"), "output.value") == [1]
    assert str(recorded.said("fails_badly")["error.type"]).endswith("Broken")


def test_exits_are_no_errors(recorded: Recorded) -> None:
    @sightline.trace
    def leaves(code: object) -> None:
        raise SystemExit(code)

    for code in (0, None, 3):
        with pytest.raises(SystemExit):
            leaves(code)
    assert [span.status.is_ok for span in recorded.spans] == [True, True, False]


def test_a_generator_is_one_all_the_way(recorded: Recorded) -> None:
    @sightline.trace
    def talk(first: str) -> Generator[str, str, int]:
        said = yield first
        try:
            said = yield f"heard {said}"
        except KeyError as error:
            said = yield f"caught {error}"
        return len(said)

    @sightline.trace
    def around() -> Generator[str, str, int]:
        return (yield from talk("hello"))

    generator = around()
    assert recorded.spans == []
    assert next(generator) == "hello"
    assert generator.send("you") == "heard you"
    assert generator.throw(KeyError("k")) == "caught 'k'"
    with pytest.raises(StopIteration) as stopped:
        generator.send("four")
    assert stopped.value.value == 4
    inner, outer = recorded.spans
    assert inner.parent is not None and inner.parent.span_id == outer.context.span_id
    assert (inner.attributes or {})["output.value"] == "hello" + "heard you" + "caught 'k'"
    assert (inner.attributes or {})["sightline.items"] == 3
    assert not {"sightline.left_early", "error.type"} & set(inner.attributes or {})


def test_an_async_generator_is_one_all_the_way(recorded: Recorded) -> None:
    @sightline.trace
    async def talk() -> Any:
        said = yield {"n": 1}
        try:
            said = yield {"said": said}
        except KeyError as error:
            yield f"caught {error}"

    async def main() -> None:
        generator = talk()
        assert await anext(generator) == {"n": 1}
        assert await generator.asend("you") == {"said": "you"}
        assert await generator.athrow(KeyError("k")) == "caught 'k'"
        with pytest.raises(StopAsyncIteration):
            await anext(generator)

    asyncio.run(main())
    assert of(recorded.one("talk"), "output.value") == [{"n": 1}, {"said": "you"}, "caught 'k'"]


def test_the_body_of_a_generator_has_its_span_and_nobody_else(recorded: Recorded) -> None:
    @sightline.trace
    def body() -> Iterator[int]:
        with sightline.span("inside 1"):
            yield 1
            with sightline.span("inside 2"):
                yield 2
        yield 3

    with sightline.span("caller"):
        for number in body():
            with sightline.span(f"outside {number}"):
                pass
    parents = {
        span.name: next(
            (p.name for p in recorded.spans if span.parent and p.context.span_id == span.parent.span_id), ""
        )
        for span in recorded.spans
    }
    assert parents == {
        "outside 1": "caller",
        "outside 2": "caller",
        "outside 3": "caller",
        "inside 1": "body",
        "inside 2": "inside 1",
        "body": "caller",
        "caller": "",
    }


def test_the_context_of_a_generator_is_that_of_its_call(recorded: Recorded) -> None:
    @sightline.trace
    def answer() -> Iterator[str]:
        with sightline.span("step"):
            yield "42"

    def endpoint() -> Iterator[str]:
        with sightline.context(user="u-7"):
            return answer()

    assert list(endpoint()) == ["42"]
    assert recorded.said("answer")["user.id"] == recorded.said("step")["user.id"] == "u-7"


def test_what_cannot_be_traced_is_left_as_it_is(recorded: Recorded, caplog: pytest.LogCaptureFixture) -> None:
    class Thing:
        pass

    assert sightline.trace(Thing) is Thing
    number: Any = 7
    assert sightline.trace(number) == 7
    [record] = [r for r in caplog.records if r.name == "sightline"]
    assert "expected a function" in record.getMessage()


def test_callables_without_a_name(recorded: Recorded) -> None:
    class Callable:
        def __call__(self, n: int) -> int:
            return n

    assert sightline.trace(Callable())(1) == 1
    assert sightline.trace(functools.partial(lambda a, b: a + b, 1))(2) == 3
    assert sightline.trace(len)("abc") == 3
    assert [span.name for span in recorded.spans] == ["Callable", "partial", "len"]


def test_a_cached_function_keeps_its_cache(recorded: Recorded) -> None:
    @sightline.trace
    @functools.cache
    def square(n: int) -> int:
        return n * n

    assert square(3) == square(3) == 9
    assert square.cache_info().hits == 1
    square.cache_clear()
    assert len(recorded.spans) == 2


def test_a_broken_provider_is_the_programs_last_worry(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def start_span(self, *args: object) -> object:
            raise RuntimeError("no spans today")

    monkeypatch.setattr(running, "tracer", Broken)

    @sightline.trace
    def works(n: int) -> int:
        return n

    for _ in range(3):
        assert works(7) == 7
        with sightline.span("a") as span:
            span.set(a=1).output(2).error(ValueError())
    assert [r.getMessage()[:40] for r in caplog.records if r.name == "sightline"] == [
        "sightline: span failed with RuntimeError"
    ]


def test_the_attributes_of_a_decorator_are_nobodys_to_change() -> None:
    shared = {"a": 1}
    sightline.Span("x", shared).set(b=2)
    assert shared == {"a": 1}


def test_what_a_run_says_is_not_the_next_ones(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the first runs were before there was a provider."""

    @sightline.trace(attributes={"a": 1})
    def items() -> Iterator[int]:
        sightline.current_span().set(b=2)
        yield 1

    with monkeypatch.context() as without:
        without.setattr(otel, "_TRACER_PROVIDER", otel.NoOpTracerProvider())
        next(items())
    list(items())
    said = {"a", "b", "sightline.items", "output.value", "output.mime_type"}
    assert recorded.said("items").keys() == said | CHAIN.keys()


WITHOUT = """
import threading, sightline

@sightline.trace
def works(n):
    yield n

assert list(works(7)) == [7]
with sightline.span("a", kind="agent", input=1) as span, sightline.context(user="u"):
    assert span.trace_id == "0" * 32
    assert span.url is None
    span.set(a=1).output(2)
with sightline.llm_call("m", messages="hi") as call:
    assert list(call.stream(iter("ab"))) == ["a", "b"]
sightline.current_span().set(a=1)
assert sightline.feedback("up", trace_id=span.trace_id) is None
assert threading.active_count() == 1
"""


def test_without_init_or_provider_everything_just_works() -> None:
    made = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT], capture_output=True, text=True, check=False
    )
    assert (made.returncode, made.stdout + made.stderr) == (0, "")
