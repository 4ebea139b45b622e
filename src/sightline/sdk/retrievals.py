"""Looking documents up: `sightline.retrieval(…)`, around a block or a function."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any, Final, Self, TypeVar

from opentelemetry.trace import SpanKind

from sightline.sdk import names, running
from sightline.sdk.arguments import Parameters
from sightline.sdk.attribute_values import word
from sightline.sdk.capture import json_of, text_of
from sightline.sdk.decorator import traced
from sightline.sdk.spans import Span, start_attributes, trouble
from sightline.sdk.usage import field

F = TypeVar("F", bound=Callable[..., Any])
_MAX_DOCUMENTS: Final = 1_000
_QUERIES: Final = ("query", "question", "q", "text", "search")
_CONTENTS: Final = ("content", "page_content", "text", "document", "body")


class Retrieval(Span):
    """One look-up. For `with`, `async with`, and as a decorator."""

    __slots__ = ("_query",)

    def __init__(self, name: str, attributes: dict[str, Any], query: object) -> None:
        super().__init__(name, attributes, SpanKind.CLIENT)
        self._query = query

    def documents(self, documents: object) -> Self:
        """What was found, best first: texts, dicts, (document, score) pairs, or objects.

        Kept are `id`, `score`, `content` and `metadata`.

            >>> import sightline
            >>> with sightline.retrieval(query="refunds", source="handbook", top_k=2) as found:
            ...     _ = found.documents([{"id": "d7", "score": 0.92, "content": "Refunds take 14 days."}])
        """
        try:
            limit = running.content_limit()
            if limit and isinstance(documents, list | tuple) and self._otel.is_recording():
                made = [document_of(one) for one in islice(documents, _MAX_DOCUMENTS)]
                self._otel.set_attribute(names.RETRIEVAL_DOCUMENTS, json_of(made, limit))
        except Exception as error:  # the border
            trouble("Retrieval.documents", error)
        return self

    def __call__(self, function: F) -> F:
        """As a decorator: the query is the argument of that name or the first text."""
        return traced(function, lambda plain: _Lookups(self._name, self._attributes, Parameters(plain)))

    def _begun(self, limit: int) -> None:
        if self._query is not None:
            self._otel.set_attribute(names.RETRIEVAL_QUERY, text_of(self._query, limit))
        self._query = None


class _Lookups:
    """Records calls of a decorated function."""

    __slots__ = ("_attributes", "_name", "_parameters")

    def __init__(self, name: str, attributes: dict[str, Any], parameters: Parameters) -> None:
        self._name, self._attributes, self._parameters = name, attributes, parameters

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Span:
        given = self._parameters.named(args, kwargs)
        named = next((given[name] for name in _QUERIES if name in given), None)
        first = next((value for value in given.values() if type(value) is str), None)
        return Retrieval(self._name, self._attributes, named if named is not None else first)

    def result(self, span: Span, value: object) -> None:
        if isinstance(span, Retrieval) and issubclass(type(value), list | tuple):
            span.documents(value)
        else:
            span.output(value)

    def items_limit(self) -> int:
        return running.content_limit()


def document_of(said: object) -> dict[str, Any]:
    """One document as the conventions have it.

    >>> document_of(("Refunds take 14 days.", 0.92))
    {'score': 0.92, 'content': 'Refunds take 14 days.'}
    """
    score = None
    if isinstance(said, tuple) and len(said) == 2 and isinstance(said[1], int | float):
        said, score = said
    if isinstance(said, str):
        made: dict[str, Any] = {"score": score, "content": said}
    else:
        inner = field(said, "node") or said
        content = next((c for name in _CONTENTS if isinstance(c := field(inner, name), str)), None)
        made = {
            "id": next(
                (i for name in ("id", "node_id", "doc_id") if (i := field(inner, name)) is not None), None
            ),
            "score": score if score is not None else field(said, "score"),
            "content": content,
            "metadata": field(inner, "metadata"),
        }
        if content is None and made["id"] is None:
            made["content"] = said
    return {name: value for name, value in made.items() if value is not None}


def retrieval(
    query: object = None,
    *,
    source: str | None = None,
    top_k: int | None = None,
    name: str | None = None,
    **attributes: object,
) -> Retrieval:
    """A look-up of documents, for `with`, `async with`, and as a decorator.

    >>> import sightline
    >>> with sightline.retrieval(query="refunds", source="handbook", top_k=3) as found:
    ...     _ = found.documents(["Refunds take 14 days."])
    >>> @sightline.retrieval(source="handbook")
    ... def search(query: str) -> list[str]:
    ...     return ["Refunds take 14 days."]
    >>> search("refunds")
    ['Refunds take 14 days.']
    """
    made = start_attributes("retriever", attributes)
    made[names.OPERATION] = "retrieval"
    if source is not None:
        made[names.DATA_SOURCE] = word(source)
    if type(top_k) is int:
        made[names.RETRIEVAL_TOP_K] = top_k
    spoken = name if name is not None else f"retrieval {made.get(names.DATA_SOURCE, '')}".strip()
    return Retrieval(spoken, made, query)
