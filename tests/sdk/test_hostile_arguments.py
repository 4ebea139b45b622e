"""Every public function, given anything at every place: nothing is raised, the program's work is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from tests.sdk.recorded import Recorded

import sightline


class Touchy:
    """Whatever is asked of it raises."""

    def _raise(self, *args: object, **more: object) -> Any:
        raise RuntimeError("nobody touches me")

    __repr__ = __str__ = __iter__ = __len__ = __bool__ = __hash__ = _raise  # type: ignore[assignment]
    __eq__ = __getitem__ = __format__ = _raise  # type: ignore[assignment]
    __getattribute__ = _raise  # type: ignore[assignment]

    @property
    def __class__(self) -> Any:
        raise RuntimeError("nobody asks what I am")


class Cyclic(dict[str, Any]):
    def __init__(self) -> None:
        self["self"] = self


def generator() -> Iterator[int]:
    yield 1


ANYTHING: dict[str, Callable[[], Any]] = {
    "touchy": Touchy,
    "cyclic": Cyclic,
    "bytes": lambda: b"\xff\x00",
    "surrogate": lambda: "\ud800",
    "empty": lambda: "",
    "long": lambda: "x" * 100_000,
    "huge": lambda: 10**400,
    "nan": lambda: float("nan"),
    "lambda": lambda: lambda: 1 / 0,
    "generator": generator,
    "list": lambda: [Touchy(), {Touchy: Touchy()}],
    "class": lambda: Touchy,
    "none": lambda: None,
}


def in_span(anything: Any) -> None:
    with sightline.span(anything, kind=anything, input=anything, a=anything) as span:
        span.set(a=anything).set({"a": anything}).set(anything).input(anything).output(anything)
        span.score(anything, anything)
        sightline.current_span().set(a=anything)
        span.error(anything)


def in_call(anything: Any) -> None:
    with sightline.llm_call(
        *[anything] * 3,
        **dict.fromkeys(("operation", "system", "input", "name"), anything),
        **dict.fromkeys(("temperature", "tools", "stop", "response_format", "stream", "a"), anything),
    ) as call:
        call.messages(anything).messages([anything, {"role": anything, "content": anything}])
        call.response(anything).response(
            text=anything, model=anything, id=anything, finish_reason=anything
        ).response({"choices": [anything, {"message": anything}], "usage": anything})
        call.usage(anything, input=anything, output=anything, cache_read=anything)
        chunks = [anything, {"choices": anything}, {"choices": [anything]}, {"type": anything}]
        assert len(list(call.stream(chunks))) == 4
        call.stream(anything)


def in_rest(anything: Any) -> None:
    with sightline.retrieval(anything, source=anything, top_k=anything, name=anything, a=anything) as found:
        found.documents(anything).documents([anything, (anything, anything), {"id": anything}])
    with sightline.tool("t", arguments=anything, call_id=anything, description=anything, a=anything) as tool:
        tool.result(anything)
    sightline.tool(anything)
    words = ("user", "session", "team", "feature", "version", "tags", "a")
    with (
        sightline.context(**dict.fromkeys(words, anything)),
        sightline.context(tags=[anything]),
        sightline.extract(anything),
        sightline.extract({"baggage": anything}),
    ):
        sightline.inject(anything)
    sightline.carry(anything)


def in_scores(anything: Any) -> None:
    places = ("value", "label", "comment", "correction", "span", "trace_id", "span_id", "session", "source",
              "author", "method", "id", "data_type", "deleted")  # fmt: skip
    for place in places:
        sightline.score("x", **{"value": 1, "trace_id": "1" * 32, place: anything})
        sightline.score(anything, **{place: anything})
    for place in ("value", "comment", "name", "trace_id", "span_id", "session", "user", "correction", "id"):
        sightline.feedback(**{"trace_id": "1" * 32, place: anything})


class TouchyFunction(Touchy):
    def __call__(self, value: Any) -> Any:
        return value


def in_decorators(anything: Any) -> None:
    @sightline.trace(name=anything, kind=anything, attributes={"a": anything})
    def given(value: Any, *more: Any, **named: Any) -> Any:
        return value

    @sightline.trace
    def each(value: Any) -> Iterator[Any]:
        yield value

    @sightline.trace(ignore=anything, attributes=anything, capture_input=anything, capture_output=anything)
    def options(value: Any) -> Any:
        return value

    @sightline.trace(capture_input=anything, capture_output=anything)
    def switches(value: Any) -> Any:
        return value

    @sightline.retrieval(source=anything)
    def look(value: Any) -> Any:
        return [value]

    @sightline.tool(name="t", call_id=anything)
    def tool(value: Any) -> Any:
        return value

    assert given(anything, anything, a=anything) is anything
    [yielded] = list(each(anything))
    assert yielded is anything
    assert options(anything) is anything
    assert switches(anything) is anything
    assert look(anything)[0] is anything
    assert tool(anything) is anything
    sightline.trace(anything)
    assert sightline.trace(TouchyFunction())(anything) is anything


@pytest.mark.parametrize("what", ANYTHING)
@pytest.mark.parametrize(
    "where", [in_span, in_call, in_rest, in_scores, in_decorators], ids=lambda f: f.__name__
)
def test_nothing_is_raised(
    recorded: Recorded, runtime: SimpleNamespace, where: Callable[[Any], None], what: str
) -> None:
    where(ANYTHING[what]())
    for span in recorded.spans:
        assert type(span.name) is str and len(span.name) <= 500
        for value in (span.attributes or {}).values():
            assert isinstance(value, str | bool | int | float | tuple)
