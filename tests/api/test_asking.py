"""Failures of a question as problems: each says what it was and what to do, and nothing is swallowed."""

from __future__ import annotations

import pytest

from sightline.api.asking import problem_of
from sightline.query.buckets import NoBuckets
from sightline.query.filter.errors import FilterError
from sightline.query.listing_order import BadSort
from sightline.query.measures import UnknownMeasure
from sightline.query.question import BadQuestion
from sightline.query.traces import BadCursor
from sightline.store.rows import QueryTimeout, QueryTooLarge, StoreError


@pytest.mark.parametrize(
    ("error", "status", "reason", "word"),
    [
        (FilterError("there is no field x", 3, 1, proposal="y"), 422, "filter", "Did you mean y?"),
        (UnknownMeasure("there is no measure 'x'"), 422, "unknown", "There is no measure"),
        (BadSort("spans cannot be sorted by x"), 422, "unknown", "Spans cannot"),
        (BadQuestion("too many"), 422, "parameters", "Too many."),
        (NoBuckets("no zone"), 422, "parameters", "No zone."),
        (BadCursor("cursor x was not made here"), 422, "parameters", "Cursor x"),
        (QueryTimeout("code 159"), 422, "limit", "a shorter time"),
        (QueryTooLarge("code 241"), 422, "limit", "add a condition"),
        (StoreError("disk on fire at /var/lib"), 503, None, "try again"),
    ],
)
def test_each_failure_says_what_to_do(error: Exception, status: int, reason: str | None, word: str) -> None:
    problem = problem_of(error)
    assert problem is not None
    assert (problem.status, problem.more.get("reason")) == (status, reason)
    assert word in problem.detail and "/var/lib" not in problem.detail and "code" not in problem.detail
    if reason == "filter":
        assert (problem.more["position"], problem.more["length"], problem.more["suggestion"]) == (3, 1, "y")


def test_what_nobody_foresaw_stays_what_it_is() -> None:
    assert problem_of(KeyError("x")) is None
