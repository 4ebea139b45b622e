"""The part of control that keeps projects and their environments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from sightline.control import names, rows
from sightline.control.errors import AlreadyExists, NotFound
from sightline.control.schema import ENVIRONMENTS, PROJECTS
from sightline.control.session import SYSTEM, Session, existing_project, find_project
from sightline.records.access import Environment, Project

RETENTION_DAYS = 90
CONTENT_DAYS = 30


class Projects(Session):
    """Projects and environments."""

    def projects(self) -> list[Project]:
        """All projects by name."""
        with self._reading() as db:
            return [
                rows.to_project(r)
                for r in db.execute(sa.select(PROJECTS).order_by(PROJECTS.c.name)).mappings()
            ]

    def project(self, name: str) -> Project | None:
        """One project; None when there is none of this name."""
        with self._reading() as db:
            return find_project(db, name)

    def create_project(
        self,
        name: str,
        retention_days: int = RETENTION_DAYS,
        content_days: int | None = None,
        *,
        by: str = SYSTEM,
    ) -> Project:
        """Make a project. `content_days` None: 30, or `retention_days` where that is shorter.

        Raises AlreadyExists.
        """
        content_days = min(CONTENT_DAYS, retention_days) if content_days is None else content_days
        project = Project(
            names.project_name(name), self._now(), *names.retention(retention_days, content_days)
        )
        with self._writing() as db:
            detail = {"retention_days": project.retention_days, "content_days": project.content_days}
            new = self._insert(PROJECTS).values(name=name, created_at=project.created_at, **detail)
            if db.execute(new.on_conflict_do_nothing().returning(PROJECTS.c.name)).first() is None:
                raise AlreadyExists(
                    f"The project {name!r} exists already; change it with: sightline projects set {name}"
                )
            self._note(db, by, "project.create", name, name, detail)
        return project

    def update_project(
        self,
        name: str,
        *,
        retention_days: int | None = None,
        content_days: int | None = None,
        by: str = SYSTEM,
    ) -> Project:
        """Change what is given, leave the rest."""
        with self._writing() as db:
            old = existing_project(db, name, hold=True)
            new = names.retention(
                old.retention_days if retention_days is None else retention_days,
                old.content_days if content_days is None else content_days,
            )
            if new != (old.retention_days, old.content_days):
                detail = {"retention_days": new[0], "content_days": new[1]}
                db.execute(PROJECTS.update().where(PROJECTS.c.name == name).values(**detail))
                self._note(db, by, "project.update", name, name, detail)
            return Project(name, old.created_at, *new)

    # environments

    def environments(self, project: str) -> list[Environment]:
        """A project's environments by name."""
        found = sa.select(ENVIRONMENTS).where(ENVIRONMENTS.c.project == project).order_by(ENVIRONMENTS.c.name)
        with self._reading() as db:
            return sorted(
                (rows.to_environment(r) for r in db.execute(found).mappings()), key=lambda e: e.name
            )

    def create_environment(
        self, project: str, name: str, description: str = "", *, by: str = SYSTEM
    ) -> Environment:
        """Make an environment. Raises AlreadyExists."""
        name = names.line("environment's name", name, required=True)
        description = names.line("environment's description", description)
        made = Environment(project, name, description, self._now())
        with self._writing() as db:
            existing_project(db, project)
            values = {
                "project": project,
                "name": name,
                "description": description,
                "created_at": made.created_at,
            }
            new = self._insert(ENVIRONMENTS).values(**values).on_conflict_do_nothing()
            if db.execute(new.returning(ENVIRONMENTS.c.name)).first() is None:
                raise AlreadyExists(f"The environment {name!r} of project {project!r} exists already.")
            self._note(db, by, "environment.create", project, name, {"description": description})
        return made

    def update_environment(self, project: str, name: str, description: str, *, by: str = SYSTEM) -> None:
        """Describe an environment anew."""
        description = names.line("environment's description", description)
        change = ENVIRONMENTS.update().values(description=description)
        self._one_environment(change, project, name, by, "environment.update", {"description": description})

    def remove_environment(self, project: str, name: str, *, by: str = SYSTEM) -> None:
        """Take an environment off the list. What it sent stays; it comes back when it sends again."""
        self._one_environment(ENVIRONMENTS.delete(), project, name, by, "environment.remove", {})

    def _one_environment(
        self,
        change: sa.Update | sa.Delete,
        project: str,
        name: str,
        by: str,
        action: str,
        detail: Mapping[str, Any],
    ) -> None:
        one = change.where(ENVIRONMENTS.c.project == project, ENVIRONMENTS.c.name == name)
        with self._writing() as db:
            if db.execute(one).rowcount == 0:
                raise NotFound(f"The project {project!r} has no environment {name!r}.")
            self._note(db, by, action, project, name, detail)
