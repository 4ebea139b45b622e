"""Asking for a request: a query ends when its reader leaves, and failures become problems."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from starlette.requests import Request

from sightline.api.leaving import ReaderLeft, while_reading
from sightline.api.problems import Problem, unavailable
from sightline.query.buckets import NoBuckets
from sightline.query.dimensions import NoDimension
from sightline.query.filter.errors import FilterError
from sightline.query.listing_order import BadSort
from sightline.query.measures import UnknownMeasure
from sightline.query.metric_series import NoAggregate
from sightline.query.question import BadQuestion
from sightline.query.traces import BadCursor
from sightline.store.rows import QueryTimeout, QueryTooLarge, StoreError

_T = TypeVar("_T")
_NARROW = "ask for a shorter time (since, until), name an environment, or add a condition to the filter"


async def answered(request: Request, work: Awaitable[_T]) -> _T:
    """What a handler that only reads answers. It is cancelled when the client leaves, and its query killed.

    Raises Problem for every failure that a reader can do something about. The body has been read before.
    """
    try:
        return await while_reading(request, work)
    except ReaderLeft as error:
        raise Problem(400, "The client left before the answer was ready.") from error
    except Exception as error:
        problem = problem_of(error)
        if problem is None:
            raise
        raise problem from error


def problem_of(error: Exception) -> Problem | None:
    """A failure of a question as a problem; None for what nobody foresaw."""
    match error:
        case FilterError():
            return Problem(
                422, _sentence(error), reason="filter", position=error.offset, length=error.length,
                suggestion=error.proposal or None,
            )  # fmt: skip
        case UnknownMeasure() | NoDimension() | NoAggregate() | BadSort():
            return Problem(422, _sentence(error), reason="unknown")
        case BadQuestion() | NoBuckets():
            return Problem(422, _sentence(error), reason="parameters")
        case BadCursor():
            return Problem(422, _sentence(error), reason="parameters")
        case QueryTimeout():
            return Problem(422, f"The question takes longer than is allowed; {_NARROW}.", reason="limit")
        case QueryTooLarge():
            return Problem(422, f"The question needs more memory than is allowed; {_NARROW}.", reason="limit")
        case StoreError():
            return unavailable("The store cannot answer now; try again in a moment.")
        case _:
            return None


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?', '!')) else '.'}"
