"""The part of control that keeps what a project means by the names of its scores."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from sightline.control.errors import InvalidValue, NotFound
from sightline.control.schema import SCORE_DEFINITIONS
from sightline.control.session import SYSTEM, Session, existing_project
from sightline.records.scores import DataType, Direction, ScoreDefinition

_Word = TypeVar("_Word", DataType, Direction)
MOST_DEFINITIONS = 500
MOST_CATEGORIES, MOST_NAME, MOST_DESCRIPTION = 100, 200, 1000


class StoredScoreDefinitions(Session):
    """Definitions of scores, by project and name. Their changes are in the audit."""

    def score_definitions(self, project: str) -> list[ScoreDefinition]:
        """All definitions of a project, archived ones too, by name."""
        found = sa.select(SCORE_DEFINITIONS).where(SCORE_DEFINITIONS.c.project == project)
        with self._reading() as db:
            rows = [_definition(row._mapping) for row in db.execute(found)]
        return sorted(rows, key=lambda one: (one.name.lower(), one.name))

    def define_score(
        self,
        project: str,
        name: str,
        data_type: str,
        *,
        description: str = "",
        low: float | None = None,
        high: float | None = None,
        direction: str = "",
        categories: Sequence[str] = (),
        archived: bool = False,
        by: str = SYSTEM,
    ) -> ScoreDefinition:
        """Say what a name means, or say it anew. Raises InvalidValue, NotFound."""
        now = self._now()
        fresh = ScoreDefinition(
            project,
            _line("name", name, MOST_NAME, required=True),
            _word(DataType, "data type", data_type),
            _line("description", description, MOST_DESCRIPTION),
            *_limits(low, high),
            _word(Direction, "direction", direction),
            _categories(categories),
            archived,
            now,
            now,
        )
        _fits(fresh)
        values = {field: getattr(fresh, field) for field in fresh.__slots__}
        values |= {"categories": list(fresh.categories)}
        told = {k: v for k, v in values.items() if k not in {"project", "name", "created_at", "updated_at"}}
        with self._writing() as db:
            existing_project(db, project, hold=True)
            before = db.execute(_of(project, fresh.name)).first()
            if before is None:
                there = (
                    sa.select(sa.func.count())
                    .select_from(SCORE_DEFINITIONS)
                    .where(SCORE_DEFINITIONS.c.project == project)
                )
                if db.execute(there).scalar_one() >= MOST_DEFINITIONS:
                    raise InvalidValue(f"Project {project} has {MOST_DEFINITIONS} definitions of scores.")
                db.execute(SCORE_DEFINITIONS.insert().values(**values))
            else:
                del values["created_at"]
                change = SCORE_DEFINITIONS.update().where(
                    SCORE_DEFINITIONS.c.project == project, SCORE_DEFINITIONS.c.name == fresh.name
                )
                db.execute(change.values(**values))
            action = "score.define" if before is None else "score.redefine"
            self._note(db, by, action, project, fresh.name, told)
            row = db.execute(_of(project, fresh.name)).one()
        return _definition(row._mapping)

    def archive_score(
        self, project: str, name: str, archived: bool = True, *, by: str = SYSTEM
    ) -> ScoreDefinition:
        """Stop offering a name, or offer it again; what was scored stays. Raises NotFound."""
        with self._writing() as db:
            row = db.execute(_of(project, name)).first()
            if row is None:
                raise NotFound(f"There is no definition of a score {name[:60]!r} in project {project}.")
            change = SCORE_DEFINITIONS.update().where(
                SCORE_DEFINITIONS.c.project == project, SCORE_DEFINITIONS.c.name == name
            )
            db.execute(change.values(archived=archived, updated_at=self._now()))
            action = "score.archive" if archived else "score.restore"
            self._note(db, by, action, project, name, {})
            row = db.execute(_of(project, name)).one()
        return _definition(row._mapping)


def _of(project: str, name: str) -> sa.Select[Any]:
    return sa.select(SCORE_DEFINITIONS).where(
        SCORE_DEFINITIONS.c.project == project, SCORE_DEFINITIONS.c.name == name
    )


def _line(what: str, text: str, most: int, required: bool = False) -> str:
    text = text.strip()
    if required and not text:
        raise InvalidValue(f"The {what} of a score must not be empty.")
    if len(text) > most:
        raise InvalidValue(f"The {what} of a score has {len(text)} characters; at most {most} are kept.")
    if not text.isprintable():
        raise InvalidValue(f"The {what} of a score holds characters that cannot be shown: {text[:60]!r}.")
    return text


def _word(kind: type[_Word], what: str, text: str) -> _Word:
    try:
        return kind(text)
    except ValueError as error:
        known = ", ".join(word or "none" for word in map(str, kind))
        raise InvalidValue(f"The {what} is {text[:40]!r}; expected one of {known}.") from error


def _limits(low: float | None, high: float | None) -> tuple[float | None, float | None]:
    for name, limit in (("lowest", low), ("highest", high)):
        if limit is not None and not math.isfinite(limit):
            raise InvalidValue(f"The {name} value is {limit}; expected a number.")
    if low is not None and high is not None and low >= high:
        raise InvalidValue(f"The lowest value {low:g} is not below the highest, {high:g}.")
    return low, high


def _categories(given: Sequence[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(_line("category", text, MOST_NAME, required=True) for text in given))
    if len(found) > MOST_CATEGORIES:
        raise InvalidValue(f"{len(found)} categories were given; at most {MOST_CATEGORIES} are kept.")
    return found


def _fits(one: ScoreDefinition) -> None:
    """Limits are of numbers, categories of labels, a direction of both kinds of numbers."""
    if one.data_type is not DataType.NUMERIC and (one.low is not None or one.high is not None):
        raise InvalidValue(f"Only numeric scores have limits, and {one.name} is {one.data_type}.")
    if one.data_type is not DataType.CATEGORICAL and one.categories:
        raise InvalidValue(f"Only categorical scores have categories, and {one.name} is {one.data_type}.")
    if one.direction and one.data_type not in (DataType.NUMERIC, DataType.BOOLEAN):
        raise InvalidValue(f"Only numbers and booleans have a direction, and {one.name} is {one.data_type}.")


def _definition(row: Mapping[Any, Any]) -> ScoreDefinition:
    return ScoreDefinition(
        row["project"],
        row["name"],
        DataType(row["data_type"]),
        row["description"],
        row["low"],
        row["high"],
        Direction(row["direction"]),
        tuple(row["categories"]),
        row["archived"],
        row["created_at"],
        row["updated_at"],
    )
