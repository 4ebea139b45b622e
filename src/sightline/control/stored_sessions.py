"""The part of control that signs people in: passwords, links used, and the browsers they are in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from sightline.control import names, passwords, tokens
from sightline.control.errors import NotFound, SignInRefused
from sightline.control.lockout import Lockout, account_subject
from sightline.control.schema import LINKS, LOCKOUTS, PEOPLE, SESSIONS
from sightline.control.session import SYSTEM
from sightline.control.stored_people import StoredPeople
from sightline.records.people import BrowserSession, Person

SEEN_INTERVAL = timedelta(minutes=1)
"""`last_seen_at` is at most this much behind."""
_WRONG = "E-mail address and password do not belong together. Check both, or ask an administrator for a link."
_SPENT = "This link was used already, is too old, or was replaced by a newer one. Ask for another."


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sign-in comes from: the address of the connection, and what the browser calls itself."""

    address: str
    agent: str


class StoredSessions(StoredPeople, Lockout):
    """Sessions by the hash of their token."""

    def check_password(self, email: str, password: str, origin: Origin) -> Person:
        """The person with this e-mail and password. Takes as long for one that does not exist.

        Raises SignInRefused, or TooManyAttempts without looking at the password.
        """
        self.begin_attempt(email, origin.address)
        wanted = email.strip().lower()
        stored = None
        if wanted.isprintable():
            found = sa.select(PEOPLE.c.password).where(
                PEOPLE.c.email == wanted, PEOPLE.c.removed_at.is_(None)
            )
            with self._reading() as db:
                stored = db.execute(found).scalar()
        if not self._passwords.matches(password, stored) or stored is None:
            raise SignInRefused(_WRONG)
        person = self.person(wanted)
        if person is None:
            raise SignInRefused(_WRONG)
        self.attempt_succeeded(email, origin.address)
        if self._passwords.outdated(stored):
            fresh = self._passwords.hash(password)
            with self._writing() as db:
                same = sa.and_(PEOPLE.c.id == person.id, PEOPLE.c.password == stored)
                db.execute(PEOPLE.update().where(same).values(password=fresh))
        return person

    def start_session(self, person: Person, origin: Origin, longest: float) -> str:
        """Sign a person in for at most `longest` seconds; the token for the browser's cookie."""
        token, now = tokens.new_token(self._draw), self._now()
        values = {
            "id": tokens.new_id(self._draw),
            "person": person.id,
            "digest": tokens.digest(token),
            "created_at": now,
            "last_seen_at": now,
            "expires_at": now + timedelta(seconds=longest),
            "address": _line(origin.address),
            "agent": _line(origin.agent),
        }
        with self._writing() as db:
            db.execute(SESSIONS.delete().where(SESSIONS.c.expires_at <= now))
            db.execute(SESSIONS.insert().values(**values))
            db.execute(PEOPLE.update().where(PEOPLE.c.id == person.id).values(last_seen_at=now))
            self._note(db, f"person:{person.email}", "session.start", None, str(values["id"]), {})
        return token

    def find_session(self, token: str, idle: float) -> tuple[BrowserSession, Person] | None:
        """Who is signed in with a token, unless it ended, is too old, or rested for `idle` seconds."""
        if not tokens.shaped(token):
            return None
        with self._reading() as db:
            digest = tokens.digest(token)
            row = db.execute(sa.select(SESSIONS).where(SESSIONS.c.digest == digest)).mappings().first()
            if row is None:
                return None
            session, now = _to_session(row), self._now()
            if session.expires_at <= now or session.last_seen_at + timedelta(seconds=idle) <= now:
                return None
            person = self._person(db, PEOPLE.c.id == session.person)
        return None if person is None else (session, person)

    def sessions(self, person_id: str, idle: float) -> list[BrowserSession]:
        """The browsers in which a person is signed in now, the latest first."""
        now = self._now()
        found = sa.select(SESSIONS).where(
            SESSIONS.c.person == person_id,
            SESSIONS.c.expires_at > now,
            SESSIONS.c.last_seen_at > now - timedelta(seconds=idle),
        )
        with self._reading() as db:
            rows = db.execute(found.order_by(SESSIONS.c.last_seen_at.desc(), SESSIONS.c.id)).mappings()
            return [_to_session(row) for row in rows]

    def end_session(self, person: Person, session_id: str, *, by: str = SYSTEM) -> bool:
        """End one session of a person; False when it had ended already."""
        one = sa.and_(SESSIONS.c.person == person.id, SESSIONS.c.id == session_id)
        return session_id.isalnum() and self._end(one, person, by, session_id) == 1

    def end_sessions(self, person: Person, *, but: str = "", by: str = SYSTEM) -> int:
        """End all sessions of a person (but one); how many there were."""
        all_of_them = sa.and_(SESSIONS.c.person == person.id, SESSIONS.c.id != but)
        return self._end(all_of_them, person, by, "all")

    def note_seen(self, session_ids: Iterable[str]) -> None:
        """Set `last_seen_at` of sessions and their people to now."""
        now = self._now()
        these = SESSIONS.c.id.in_(sorted(session_ids))
        with self._writing() as db:
            people = db.execute(sa.select(SESSIONS.c.person).where(these)).scalars().all()
            db.execute(SESSIONS.update().where(these).values(last_seen_at=now))
            seen = PEOPLE.update().where(PEOPLE.c.id.in_(sorted(set(people))))
            db.execute(seen.values(last_seen_at=now))

    def use_link(self, token: str, password: str) -> Person:
        """Set a password with a link, which is then used up. All sessions of that person end."""
        person = self.person_of_link(token)
        if person is None:
            raise NotFound(_SPENT)
        fresh = self._passwords.hash(passwords.acceptable(password, person.email, person.name))
        with self._writing() as db:
            good = sa.and_(LINKS.c.digest == tokens.digest(token), LINKS.c.expires_at > self._now())
            if db.execute(LINKS.delete().where(good)).rowcount == 0:
                raise NotFound(_SPENT)
            self._store_password(db, person, fresh, f"person:{person.email}")
            db.execute(LOCKOUTS.delete().where(LOCKOUTS.c.subject == account_subject(person.email)))
            ended = db.execute(SESSIONS.delete().where(SESSIONS.c.person == person.id)).rowcount
            if ended:
                self._note(db, f"person:{person.email}", "session.end", None, "all", {"ended": ended})
        self._key_changes += 1
        return self._fresh(person)

    def change_password(self, person: Person, password: str, *, keep: str = "") -> None:
        """Set a person's own password; their links and their sessions but `keep` end."""
        fresh = self._passwords.hash(passwords.acceptable(password, person.email, person.name))
        by = f"person:{person.email}"
        with self._writing() as db:
            self._store_password(db, person, fresh, by)
            others = sa.and_(SESSIONS.c.person == person.id, SESSIONS.c.id != keep)
            db.execute(SESSIONS.delete().where(others))
        self._key_changes += 1

    def person_from_provider(self, external_id: str, email: str, name: str) -> Person | None:
        """Who signs in with an OpenID provider that vouches for the e-mail: by the provider's id for them,
        or, the first time, by the address. None where nobody has either.

        That first time a password set before ends, with its links and sessions: whoever set it may have had
        a link, but not that mailbox.
        """
        person = self._one(PEOPLE.c.external_id == external_id)
        if person is not None:
            return person
        person = self.person(email)
        if person is None or person.external:
            return None
        with self._writing() as db:
            change = PEOPLE.update().where(PEOPLE.c.id == person.id, PEOPLE.c.external_id.is_(None))
            named = names.line("name", person.name or name[: names.MAX_TEXT])
            db.execute(change.values(external_id=external_id, password=None, name=named))
            for table in (LINKS, SESSIONS):
                db.execute(table.delete().where(table.c.person == person.id))
            self._note(db, f"person:{person.email}", "person.external", None, person.email, {})
        self._key_changes += 1
        return self._fresh(person)

    def _fresh(self, person: Person) -> Person:
        return self.person_by_id(person.id) or person

    def _store_password(self, db: sa.Connection, person: Person, fresh: str, by: str) -> None:
        db.execute(PEOPLE.update().where(PEOPLE.c.id == person.id).values(password=fresh))
        db.execute(LINKS.delete().where(LINKS.c.person == person.id))
        self._note(db, by, "person.password", None, person.email, {})

    def _end(self, which: sa.ColumnElement[bool], person: Person, by: str, subject: str) -> int:
        with self._writing() as db:
            ended = db.execute(SESSIONS.delete().where(which)).rowcount
            if ended:
                detail = {"person": person.email, "ended": ended}
                self._note(db, by, "session.end", None, subject, detail)
        self._key_changes += 1
        return ended


def _to_session(row: sa.RowMapping) -> BrowserSession:
    moments: tuple[datetime, datetime, datetime] = (row["created_at"], row["last_seen_at"], row["expires_at"])
    return BrowserSession(row["id"], row["person"], *moments, row["address"], row["agent"])


def _line(text: str) -> str:
    """What a stranger says of themselves, as one short line."""
    return "".join(c if c.isprintable() else " " for c in text)[: names.MAX_TEXT]
