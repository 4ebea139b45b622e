"""What operations about log records and metrics have in common: a filter, a time, an environment."""

from __future__ import annotations

import time

from sightline.api import shapes
from sightline.api.operations import Call, Parameter
from sightline.api.problems import Problem
from sightline.api.questions import moment
from sightline.query.filter.errors import FilterError
from sightline.query.filter.vocabulary import Vocabulary
from sightline.query.row_selection import RowSelection, select_rows
from sightline.query.window import LATEST, Window

DAY = 86_400 * 10**9
PROJECT = Parameter("project", "Which project, where no key says it; default: default.", shapes.PROJECT_NAME)
CURSOR = Parameter("cursor", "`next` of the page before.", shapes.TEXT)
WINDOW = (
    Parameter("q", "A filter in the filter language.", shapes.TEXT),
    Parameter("since", "From this time on; a day before `until` without it.", shapes.TIME),
    Parameter("until", "Before this time; now without it.", shapes.TIME),
    Parameter("environment", "Only this environment.", shapes.TEXT),
)


def chosen(call: Call, vocabulary: Vocabulary) -> RowSelection:
    """The rows that a request asks about. Raises Problem 422."""
    now = time.time_ns()
    until = moment(call.text("until"), "until")
    until = now if until is None else until
    since = moment(call.text("since"), "since")
    since = max(0, until - DAY) if since is None else since
    if not 0 <= since < until <= LATEST:
        raise Problem(422, "since is not before until.")
    try:
        window = Window(call.project, since, until)
        return select_rows(vocabulary, call.text("q") or "", window, now, call.text("environment") or "")
    except FilterError as error:
        raise Problem(422, f"q: {error}.", reason="filter", position=error.offset) from error
