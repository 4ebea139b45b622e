"""The part of control that keeps people, their roles, and the links with which they set a password."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from sightline.control import names, tokens
from sightline.control.errors import AlreadyExists, InvalidValue, NotFound
from sightline.control.schema import LINKS, PEOPLE, ROLES, SESSIONS, VIEWS
from sightline.control.session import SYSTEM, Session, existing_project
from sightline.records.people import Person, Role

LINK_DAYS = 7
"""How long a link that sets a password is good."""
_HERE = PEOPLE.c.removed_at.is_(None)


class StoredPeople(Session):
    """People by their e-mail address."""

    def add_person(
        self,
        email: str,
        name: str = "",
        *,
        roles: Mapping[str, Role | str] | None = None,
        server_admin: bool = False,
        external_id: str | None = None,
        by: str = SYSTEM,
    ) -> Person:
        """Add someone, without a password yet. The first person ever becomes server administrator,
        so that there is one who can let others in. Raises AlreadyExists.
        """
        email, name = names.email(email), names.line("name", name)
        given = {project: names.role(role) for project, role in (roles or {}).items()}
        new = tokens.new_id(self._draw)
        with self._writing() as db:
            # Not whom a provider brings: anybody there could be the first.
            first = external_id is None and db.execute(sa.select(PEOPLE.c.id).limit(1)).first() is None
            values = {
                "id": new,
                "email": email,
                "name": name,
                "external_id": external_id,
                "server_admin": server_admin or first,
                "created_at": self._now(),
            }
            put = self._insert(PEOPLE).values(**values).on_conflict_do_nothing().returning(PEOPLE.c.id)
            if db.execute(put).first() is None:
                raise AlreadyExists(
                    f"{email} is here already. Change what they may do with:"
                    f" sightline people set-role {email}"
                )
            detail = {"name": name, "server_admin": server_admin or first}
            self._note(db, by, "person.add", None, email, detail)
            for project, role in given.items():
                self._put_role(db, new, email, project, role, by)
            person = self._existing(db, email)
        self._key_changes += 1
        return person

    def people(self, project: str | None = None) -> list[Person]:
        """Everyone, or who has a role in a project (server administrators have one in each); by e-mail."""
        with self._reading() as db:
            found = self._people(db, _HERE)
        return [p for p in found if project is None or p.role_in(project) is not None]

    def person(self, email: str) -> Person | None:
        """One person by e-mail address, in any case."""
        return self._one(PEOPLE.c.email == email.strip().lower()) if email.isprintable() else None

    def person_by_id(self, person_id: str) -> Person | None:
        """One person by id."""
        return self._one(PEOPLE.c.id == person_id) if person_id.isalnum() else None

    def has_people(self) -> bool:
        """Whether a person was ever added. Removed ones count, as revoked keys do."""
        with self._reading() as db:
            return db.execute(sa.select(PEOPLE.c.id).limit(1)).first() is not None

    def set_role(self, email: str, project: str, role: Role | str | None, *, by: str = SYSTEM) -> Person:
        """Give a role in a project, or take it (None)."""
        wanted = None if role is None else names.role(role)
        with self._writing() as db:
            person = self._existing(db, email)
            existing_project(db, project)
            if person.roles.get(project) is not wanted:
                self._put_role(db, person.id, person.email, project, wanted, by)
            person = self._existing(db, email)
        self._key_changes += 1
        return person

    def set_server_admin(self, email: str, server_admin: bool, *, by: str = SYSTEM) -> Person:
        """Make someone server administrator, or no longer. The last one stays."""
        with self._writing() as db:
            person = self._existing(db, email)
            if person.server_admin != server_admin:
                if not server_admin:
                    self._keep_one(db, person)
                change = PEOPLE.update().where(PEOPLE.c.id == person.id)
                db.execute(change.values(server_admin=server_admin))
                self._note(db, by, "person.server_admin", None, person.email, {"server_admin": server_admin})
            person = self._existing(db, email)
        self._key_changes += 1
        return person

    def remove_person(self, email: str, *, by: str = SYSTEM) -> Person:
        """Take someone out: roles, password, links and sessions end at once. The last server administrator
        stays.
        """
        with self._writing() as db:
            person = self._existing(db, email)
            if person.server_admin:
                self._keep_one(db, person)
            for table in (ROLES, LINKS, SESSIONS):
                db.execute(table.delete().where(table.c.person == person.id))
            db.execute(VIEWS.delete().where(VIEWS.c.owner == person.id))
            change = PEOPLE.update().where(PEOPLE.c.id == person.id)
            db.execute(change.values(removed_at=self._now(), password=None, server_admin=False))
            self._note(db, by, "person.remove", None, person.email, {})
        self._key_changes += 1
        return person

    def make_link(self, email: str, *, by: str = SYSTEM) -> tuple[Person, str]:
        """The token of a link with which someone sets a password, once, within a week. Earlier links of
        theirs end; a password they have stays until the link is used.
        """
        token, now = tokens.new_token(self._draw), self._now()
        with self._writing() as db:
            person = self._existing(db, email)
            db.execute(LINKS.delete().where(sa.or_(LINKS.c.person == person.id, LINKS.c.expires_at <= now)))
            values = {"digest": tokens.digest(token), "person": person.id, "created_at": now}
            db.execute(LINKS.insert().values(**values, expires_at=now + timedelta(days=LINK_DAYS)))
            self._note(db, by, "person.link", None, person.email, {"days": LINK_DAYS})
        return person, token

    def person_of_link(self, token: str) -> Person | None:
        """Whose password a link would set; None for a link that is unknown, used or too old."""
        if not tokens.shaped(token):
            return None
        good = sa.select(LINKS.c.person).where(
            LINKS.c.digest == tokens.digest(token), LINKS.c.expires_at > self._now()
        )
        return self._one(PEOPLE.c.id == good.scalar_subquery())

    # what the parts of control share

    def _one(self, which: sa.ColumnElement[bool]) -> Person | None:
        with self._reading() as db:
            return self._person(db, which)

    def _person(self, db: sa.Connection, which: sa.ColumnElement[bool]) -> Person | None:
        return next(iter(self._people(db, sa.and_(which, _HERE))), None)

    def _people(self, db: sa.Connection, which: sa.ColumnElement[bool]) -> list[Person]:
        people = list(db.execute(sa.select(PEOPLE).where(which)).mappings())
        roles: dict[str, dict[str, Role]] = defaultdict(dict)
        of_them = ROLES.c.person.in_(sa.select(PEOPLE.c.id).where(which))
        for row in db.execute(sa.select(ROLES).where(of_them).order_by(ROLES.c.project)):
            roles[row.person][row.project] = Role(row.role)
        return sorted((_to_person(row, roles[row["id"]]) for row in people), key=lambda p: p.email)

    def _existing(self, db: sa.Connection, email: str) -> Person:
        wanted = names.email(email)
        # Held, so that of two who change the same person at once the second sees what the first did.
        db.execute(sa.select(PEOPLE.c.id).where(PEOPLE.c.email == wanted, _HERE).with_for_update())
        person = self._person(db, PEOPLE.c.email == wanted)
        if person is None:
            raise NotFound(
                f"There is nobody with the address {wanted}; list people with: sightline people list"
            )
        return person

    def _put_role(
        self, db: sa.Connection, person: str, email: str, project: str, role: Role | None, by: str
    ) -> None:
        existing_project(db, project)
        db.execute(ROLES.delete().where(ROLES.c.person == person, ROLES.c.project == project))
        if role is not None:
            db.execute(ROLES.insert().values(person=person, project=project, role=role.value))
        self._note(db, by, "person.role", project, email, {"role": role.value if role else None})

    def _keep_one(self, db: sa.Connection, person: Person) -> None:
        admins = sa.select(PEOPLE.c.id).where(PEOPLE.c.server_admin, _HERE).with_for_update()
        if len(db.execute(admins).all()) == 1:
            raise InvalidValue(
                f"{person.email} is the last server administrator; make another one first, with:"
                " sightline people add EMAIL --server-admin"
            )


def _to_person(row: Mapping[Any, Any], roles: Mapping[str, Role]) -> Person:
    return Person(
        row["id"],
        row["email"],
        row["name"],
        bool(row["server_admin"]),
        row["password"] is not None,
        row["external_id"] is not None,
        row["created_at"],
        row["last_seen_at"],
        dict(roles),
    )
