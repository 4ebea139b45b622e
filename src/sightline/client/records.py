"""What a Client returns: frozen records, alone or as a sequence that reads on as it is walked."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Generic, TypeVar

from sightline.client.errors import MissingLibrary

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """A trace in a list. What is not known is None. `more` has whatever else the server says."""

    trace_id: str
    name: str
    start_time: datetime
    duration_ns: int
    status: str = ""
    service: str | None = None
    spans: int = 0
    errors: int = 0
    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    unknown_cost: int = 0
    unknown_tokens: int = 0
    session_id: str | None = None
    user_id: str | None = None
    environment: str | None = None
    input_preview: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """A span. `attributes` is None where the answer leaves them out."""

    span_id: str
    name: str
    start_time: datetime
    duration_ns: int
    trace_id: str = ""
    parent_span_id: str = ""
    kind: str = ""
    status: str = ""
    status_message: str = ""
    service: str | None = None
    model: str | None = None
    provider: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    attributes: Mapping[str, Any] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Session:
    """A session in a list."""

    session_id: str
    start_time: datetime | None = None
    traces: int = 0
    errors: int = 0
    cost_usd: float | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Score:
    """A score of a span, a trace or a session (`target`). `value` is None where it is a label or a text.

    `outside` says why it does not fit its definition.
    """

    id: str
    name: str
    target: str
    time: datetime
    data_type: str = ""
    value: float | None = None
    label: str | None = None
    comment: str | None = None
    correction: str | None = None
    source: str = ""
    author: str | None = None
    method: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    session_id: str | None = None
    outside: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trace:
    """A whole trace: its sums and its spans in tree order."""

    trace_id: str
    spans: tuple[Span, ...]
    start_time: datetime | None
    duration_ns: int | None
    cost_usd: float | None
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Series:
    """Figures over time as the server says them; `rows` are plain."""

    rows: tuple[Mapping[str, Any], ...]
    more: Mapping[str, Any] = field(default_factory=dict)

    def to_pandas(self) -> Any:
        """A pandas DataFrame. Raises MissingLibrary."""
        return _frame("pandas", list(self.rows))

    def to_polars(self) -> Any:
        """A polars DataFrame. Raises MissingLibrary."""
        return _frame("polars", list(self.rows))


@dataclass(frozen=True, slots=True)
class Count:
    """How many match. `found` are stored, `estimate` is how many these stand for, the same without sampling.

    `margin` is half the width of its 95 % interval, 0 where nothing was left out, None where none is known.
    """

    found: int
    estimate: int
    margin: float | None

    def __int__(self) -> int:
        return self.estimate


@dataclass(frozen=True, slots=True)
class Table:
    """The answer to SQL. `truncated`: the server bounds its answers, and this one has more rows."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    truncated: bool

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def to_pandas(self) -> Any:
        """A pandas DataFrame. Raises MissingLibrary."""
        return _frame("pandas", list(self.rows), self.columns)

    def to_polars(self) -> Any:
        """A polars DataFrame. Raises MissingLibrary."""
        return _frame("polars", list(self.rows), self.columns)


class Records(Generic[R]):
    """Records of a list, page after page as they are walked; each walk asks anew."""

    def __init__(self, pages: Callable[[], Iterator[Sequence[R]]]) -> None:
        self._pages = pages

    def __iter__(self) -> Iterator[R]:
        for page in self._pages():
            yield from page

    def first(self, count: int) -> list[R]:
        """At most so many, without asking for more pages than they take."""
        found: list[R] = []
        if count > 0:
            for record in self:
                found.append(record)
                if len(found) == count:
                    break
        return found

    def to_pandas(self) -> Any:
        """All of them as a pandas DataFrame. Raises MissingLibrary."""
        return _frame("pandas", [_row(record) for record in self])

    def to_polars(self) -> Any:
        """All of them as a polars DataFrame. Raises MissingLibrary."""
        return _frame("polars", [_row(record) for record in self])


def made(kind: type[R], document: Mapping[str, Any]) -> R:
    """A record from an object of JSON: what it has no field for goes to `more`."""
    known = {f.name for f in fields(kind) if f.name != "more"}  # type: ignore[arg-type]
    values = {name: value for name, value in document.items() if name in known}
    for name in ("start_time",):
        if isinstance(values.get(name), str):
            values[name] = moment(values[name])
    rest = {name: value for name, value in document.items() if name not in known}
    make: Callable[..., R] = kind
    return make(**values, more=rest)


def moment(text: str) -> datetime:
    """A moment of the API: to the microsecond, which is what Python's own type holds."""
    whole, _, rest = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{rest[:6].ljust(6, '0')}+00:00")


def _row(record: Any) -> dict[str, Any]:
    return {f.name: getattr(record, f.name) for f in fields(record) if f.name != "more"}


def _frame(library: str, rows: list[Any], columns: Sequence[str] | None = None) -> Any:
    try:
        module = importlib.import_module(library)
    except ImportError as error:
        raise MissingLibrary(f"{library} is not installed; install it with: pip install {library}") from error
    if not rows and columns:
        return module.DataFrame({name: [] for name in columns})
    return module.DataFrame(rows)
