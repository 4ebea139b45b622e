"""Any object becomes JSON text within limits, without any of its code being run."""

from __future__ import annotations

import enum
import inspect
import io
import json
import math
import sys
import threading
import tracemalloc
import uuid
from collections import Counter, OrderedDict, UserDict, defaultdict, deque, namedtuple
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.sdk.capture import LEAST, cut, json_of, text_and_type, text_of

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=40,
)


@given(PLAIN, st.integers(0, 400))
def test_text_is_json_within_the_limit(value: object, limit: int) -> None:
    text, mime = text_and_type(value, limit)
    assert len(text) <= max(limit, LEAST)
    text.encode()
    if mime == "application/json":
        json.loads(text)


@given(PLAIN)
def test_with_room_nothing_is_left_out(value: object) -> None:
    def expected(value: object) -> object:
        if isinstance(value, bytes):
            return f"<bytes of {len(value)}>"
        if isinstance(value, float) and not math.isfinite(value):
            return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
        if isinstance(value, list | tuple):
            return [expected(item) for item in value]
        if isinstance(value, dict):
            return {str(key): expected(item) for key, item in value.items()}
        if isinstance(value, str):
            return value.encode("utf-8", "replace").decode()
        return value

    assert json.loads(json_of(value, 1_000_000)) == expected(value)


@given(st.text(), st.integers(0, 300))
def test_a_cut_text_says_how_much_is_missing(text: str, limit: int) -> None:
    made = cut(text, limit)
    assert len(made) <= max(limit, LEAST)
    if len(text) <= max(limit, LEAST):
        assert made == text.encode("utf-8", "replace").decode()
    else:
        kept, _, missing = made.rpartition("…[+")
        assert len(kept) + int(missing.removesuffix(" characters]")) == len(text)


class Touchy:
    """Everything that could be called raises, and says that it was."""

    touched: ClassVar[list[str]] = []

    def _raise(self, *args: object) -> Any:
        Touchy.touched.append("called")
        raise RuntimeError("nobody calls me")

    __repr__ = __str__ = __iter__ = __len__ = __bool__ = __hash__ = __getitem__ = __next__ = __format__ = (
        _raise  # type: ignore[assignment]
    )
    __contains__ = __float__ = __int__ = __index__ = __bytes__ = __reduce__ = __dir__ = __enter__ = _raise  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return bool(self._raise())

    def __getattr__(self, name: str) -> object:
        return self._raise()

    def __getattribute__(self, name: str) -> object:
        Touchy.touched.append(name)
        raise RuntimeError("nobody reads me")

    @property
    def __class__(self) -> Any:
        Touchy.touched.append("__class__")
        raise RuntimeError("I am nobody")


class TouchyMeta(type):
    def __getattribute__(cls, name: str) -> Any:
        Touchy.touched.append(f"class.{name}")
        raise RuntimeError("nobody reads my class")

    def __repr__(cls) -> str:
        raise RuntimeError("nobody prints my class")


HOSTILE = (
    "__repr__", "__str__", "__iter__", "__len__", "items", "__getitem__", "__bool__", "__eq__", "__hash__",
    "__format__", "__contains__", "keys", "isoformat", "encode", "isascii",
)  # fmt: skip


def touchy_containers() -> list[object]:
    """Subclasses of plain types whose own methods raise."""
    made: list[object] = [Touchy()]
    for plain, value in (
        (str, "text"), (int, 7), (float, 1.5), (list, [1, 2]), (dict, {"a": 1}), (set, {1}), (tuple, (1,)),
        (frozenset, {1}), (deque, [1]), (OrderedDict, {"a": 1}),
    ):  # fmt: skip
        hostile = dict.fromkeys(HOSTILE, Touchy._raise)
        made.append(type(f"Touchy{plain.__name__}", (plain,), hostile)(value))
    return made


def test_no_code_of_a_class_is_run() -> None:
    values = touchy_containers()
    Touchy.touched.clear()
    for number in range(len(values)):
        for text in (json_of(values[number], 1_000), json_of([values[number]], 1_000)):
            assert "unreadable" not in text
            json.loads(text)
    assert Touchy.touched == []


def test_plain_subclasses_are_read_with_the_plain_methods() -> None:
    expected = ["<test_capture.Touchy>", "text", 7, 1.5, [1, 2], {"a": 1}, [1], [1], [1], [1], {"a": 1}]
    made = [json.loads(json_of(value, 1_000)) for value in touchy_containers()]
    assert made[1:] == expected[1:]
    assert made[0].endswith("Touchy>")


def test_a_hostile_metaclass_is_survived() -> None:
    class Hidden(metaclass=TouchyMeta):
        pass

    Touchy.touched.clear()
    hidden = object.__new__(Hidden)
    assert "Hidden" in json.loads(json_of(hidden, 1_000))
    assert "Hidden" in json.loads(json_of(Hidden, 1_000))
    assert Touchy.touched == []


def test_iterators_are_not_consumed() -> None:
    generator, iterator = (n for n in range(3)), iter([1, 2])
    file, mapped = io.StringIO("line"), map(str, [1])
    text_of([generator, iterator, file, mapped], 1_000)
    assert [list(generator), list(iterator), file.read(), list(mapped)] == [[0, 1, 2], [1, 2], "line", ["1"]]


def test_lazy_objects_are_left_alone() -> None:
    class QuerySet:
        """As Django's: looking at it asks the database."""

        def __iter__(self) -> Any:
            raise AssertionError("the database was asked")

        __len__ = __repr__ = __getitem__ = __iter__

    class Lazy(UserDict[str, int]):
        def __iter__(self) -> Any:
            raise AssertionError("it was loaded")

    assert "QuerySet" in text_of(QuerySet(), 1_000)
    assert "Lazy" in text_of(Lazy(), 1_000)


def test_work_follows_the_limit_and_not_the_object() -> None:
    class Endless(list[int]):
        def __iter__(self) -> Any:
            while True:
                yield 1

    millions = list(range(3_000_000))
    wide = {n: str(n) for n in range(300_000)}
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    long = "x" * 30_000_000
    empty: list[list[int]] = [[]] * 1_000_000
    values = (millions, wide, deep, [long, long], {long: long}, Endless([1]), set(millions[:1000]), empty)
    text_of(millions, 1_000)
    tracemalloc.start()
    try:
        for value in values:
            assert len(text_of(value, 1_000)) <= 1_000
        assert tracemalloc.get_traced_memory()[1] < 300_000
    finally:
        tracemalloc.stop()
        while deep:  # as deep as this, a list would be freed recursively
            deep = deep.pop()


def test_values_are_counted_as_characters_are() -> None:
    made = json.loads(text_of([list(range(100)) for _ in range(1_000)], 10_000_000))
    assert 4_000 < sum(len(row) for row in made[:-1]) < 5_000
    assert made[-1].endswith("more]")


def test_cycles_end() -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    table: dict[str, Any] = {"rows": ring}
    table["self"] = table
    assert json.loads(text_of(table, 1_000)) == {"rows": [1, "<cycle>"], "self": "<cycle>"}
    twice = [1]
    assert text_of([twice, twice], 1_000) == "[[1], [1]]"


def test_what_changes_meanwhile_does_not_break_it() -> None:
    shared: dict[str, int] = {str(n): n for n in range(100)}
    stop = threading.Event()

    def change() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            shared[f"new{n % 500}"] = n
            shared.pop(f"new{(n * 7) % 500}", None)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(300):
            json.loads(text_of(shared, 100_000))
    finally:
        stop.set()
        thread.join()


class Colour(enum.Enum):
    RED = "red"
    DEEP = ("a", 1)


class Number(enum.IntEnum):
    TWO = 2


class Point(NamedTuple):
    x: int
    y: int


@dataclass
class Order:
    id: int
    secret: str = field(repr=False, default="s3cret")
    items: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Slotted:
    a: int = 1


class Model(pydantic.BaseModel):
    name: str
    key: pydantic.SecretStr = pydantic.SecretStr("s3cret")
    hidden: str = pydantic.Field(default="s3cret", repr=False)


class Attrs:
    """What attrs makes of a class, as far as it is read."""

    __attrs_attrs__ = (
        type("A", (), {"name": "a", "repr": True})(),
        type("A", (), {"name": "password", "repr": False})(),
    )

    def __init__(self) -> None:
        self.a, self.password = 1, "s3cret"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Colour.RED, "red"),
        (Colour.DEEP, "Colour.DEEP"),
        (Number.TWO, 2),
        (Point(1, 2), {"x": 1, "y": 2}),
        (namedtuple("Pair", "a b")(1, 2), {"a": 1, "b": 2}),
        (Order(7, items=["a"]), {"id": 7, "items": ["a"]}),
        (Slotted(), {"a": 1}),
        (Attrs(), {"a": 1}),
        (Model(name="x"), {"name": "x", "key": "<pydantic.types.SecretStr>"}),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02T03:04:00+00:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (timedelta(minutes=90), "1:30:00"),
        (pd.Timestamp("2026-01-02"), "2026-01-02T00:00:00"),
        (Decimal("1.50"), "1.50"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Path("/tmp/x"), "/tmp/x"),
        (b"abc", "<bytes of 3>"),
        (memoryview(b"abc"), "<memoryview of 3>"),
        (range(3), "range(0, 3)"),
        (1j, "1j"),
        (len, "<function len>"),
        (int, "<class int>"),
        (float("nan"), "NaN"),
        (-math.inf, "-Infinity"),
        (10**5000, "<int of 16610 bits>"),
        (ValueError("bad", 3), {"type": "ValueError", "args": ["bad", 3]}),
        (Counter("aab"), {"a": 2, "b": 1}),
        (defaultdict(list, a=[1]), {"a": [1]}),
        ({1: "a", None: "b", (1, 2): "c", False: "d"}, {"1": "a", "null": "b", "[1, 2]": "c", "false": "d"}),
        (np.float32(1.5), 1.5),
        (np.int64(7), 7),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.zeros((1000, 768), dtype=np.float32), "<numpy.ndarray float32 (1000, 768)>"),
        (np.array([object()]), "<numpy.ndarray object (1,)>"),
        (pd.Series([1, 2]), "<pandas.Series (2,)>"),
        ("\ud800", "?"),
    ],
    ids=lambda v: type(v).__name__,
)
def test_known_types(value: object, expected: object) -> None:
    assert json.loads(json_of(value, 2_000)) == expected


def test_a_table_is_its_shape_and_columns() -> None:
    frame = pd.DataFrame({"question": ["a"] * 100_000, "answer": ["b"] * 100_000})
    assert json.loads(text_of(frame, 1_000))["columns"] == ["question", "answer"]
    assert json.loads(text_of(frame, 1_000))["shape"] == [100_000, 2]


def test_pictures_and_tensors_are_their_shape() -> None:
    # Neither library is needed: they are known by the module of their class.
    image = type("Image", (), {"__module__": "PIL.Image", "mode": "RGB", "size": (640, 480)})()
    tensor = type("Tensor", (), {"__module__": "torch", "shape": (3, 4), "dtype": "torch.float16"})()
    broken = type("Tensor", (), {"__module__": "torch", "shape": property(lambda self: 1 / 0)})()
    assert json_of(image, 1_000) == '"<PIL.Image.Image RGB (640, 480)>"'
    assert json_of(tensor, 1_000) == '"<torch.Tensor torch.float16 (3, 4)>"'
    assert json_of(broken, 1_000) == '"<unreadable torch.Tensor>"'


def test_a_deep_stack_is_no_reason_to_raise() -> None:
    def deeper(n: int) -> str:
        return text_of({"a": [1, {"b": 2}]}, 1_000) if n == 0 else deeper(n - 1)

    depth = len(inspect.stack())
    for spare in range(1, 40):
        with suppress(RecursionError):  # of the test's own calls, before it came to ours
            json.loads(deeper(sys.getrecursionlimit() - depth - spare))
