"""Sign-ins that fail lock the account they aim at and the address they come from, longer each time.

An attempt is counted before its password is checked: many at once cannot all slip in before the first
of them has failed. What counts as an account is what was typed, so one that does not exist locks like
one that does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

import sqlalchemy as sa

from sightline.control import tokens
from sightline.control.errors import TooManyAttempts
from sightline.control.schema import LOCKOUTS, PEOPLE
from sightline.control.session import SYSTEM, Session

FORGET = timedelta(days=1)
"""Without another failure, what was counted is forgotten."""


@dataclass(frozen=True, slots=True)
class Limit:
    """From failure number `free` on a pause follows: `first` seconds, doubled each time, at most `most`."""

    free: int
    first: int
    most: int

    def pause(self, failures: int) -> int:
        """Seconds to wait after so many failures."""
        over = failures - self.free
        return 0 if over < 0 else min(self.most, self.first * 2 ** min(over, 20))


ACCOUNT = Limit(free=5, first=15, most=15 * 60)
ADDRESS = Limit(free=30, first=15, most=60 * 60)


def account_subject(email: str) -> str:
    """The name of an account here. Hashed: sometimes a password is typed into the field for the address."""
    return f"account:{tokens.digest(email.strip().lower())}"


def address_subject(address: str) -> str | None:
    """The name of an address; all of an IPv6 network that one customer has (/64) counts as one.

    None for this machine: behind a proxy on it everyone would be the same address.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if found.is_loopback:
        return None
    if isinstance(found, IPv6Address):
        return f"address:{IPv6Address(int(found) >> 64 << 64)}/64"
    return f"address:{found}"


class Lockout(Session):
    """Counts failures in the database, so that all processes count together."""

    def begin_attempt(self, email: str, address: str) -> None:
        """Count an attempt as failed until `attempt_succeeded`. Raises TooManyAttempts while locked."""
        now = self._now()
        with self._writing() as db:
            db.execute(LOCKOUTS.delete().where(LOCKOUTS.c.last_at < now - FORGET))
            # Addresses before accounts, always: then two attempts never wait for each other.
            for subject, limit in _subjects(email, address):
                self._count(db, subject, limit, now, email)

    def attempt_succeeded(self, email: str, address: str) -> None:
        """Take back what `begin_attempt` counted: all of the account, one of the address."""
        with self._writing() as db:
            for subject, limit in _subjects(email, address):
                one = LOCKOUTS.c.subject == subject
                if limit is ACCOUNT:
                    db.execute(LOCKOUTS.delete().where(one))
                else:
                    fewer = LOCKOUTS.update().where(one, LOCKOUTS.c.failures > 0)
                    db.execute(fewer.values(failures=LOCKOUTS.c.failures - 1, until=None))

    def _count(self, db: sa.Connection, subject: str, limit: Limit, now: datetime, email: str) -> None:
        new = self._insert(LOCKOUTS).values(subject=subject, failures=1, last_at=now)
        # The row is held from here on: a second attempt waits for the pause that this one may set.
        counted = new.on_conflict_do_update(
            index_elements=[LOCKOUTS.c.subject],
            set_={"failures": LOCKOUTS.c.failures + 1, "last_at": now},
        ).returning(LOCKOUTS.c.failures, LOCKOUTS.c.until)
        row = db.execute(counted).one()
        if row.until is not None and row.until > now:
            # Leaving undoes the count: waiting attempts do not make the wait longer.
            seconds = int((row.until - now).total_seconds()) + 1
            raise TooManyAttempts(
                f"Too many attempts failed. Wait {_words(seconds)}, then try again; or ask an"
                " administrator for a new link.",
                seconds,
            )
        pause = limit.pause(row.failures)
        if pause:
            until = now + timedelta(seconds=pause)
            db.execute(LOCKOUTS.update().where(LOCKOUTS.c.subject == subject).values(until=until))
            # What strangers type is no account, and must not fill the audit.
            about = subject if limit is ADDRESS else self._known_as(db, email)
            if about is not None:
                detail = {"failures": row.failures, "seconds": pause}
                self._note(db, SYSTEM, "sign_in.locked", None, about, detail)

    def _known_as(self, db: sa.Connection, email: str) -> str | None:
        wanted = email.strip().lower()
        found = sa.select(PEOPLE.c.email).where(PEOPLE.c.email == wanted, PEOPLE.c.removed_at.is_(None))
        return db.execute(found).scalar() if wanted.isprintable() else None


def _subjects(email: str, address: str) -> list[tuple[str, Limit]]:
    from_where = address_subject(address)
    of_address = [(from_where, ADDRESS)] if from_where else []
    return [*of_address, (account_subject(email), ACCOUNT)]


def _words(seconds: int) -> str:
    if seconds < 90:
        return "a minute" if seconds > 45 else f"{seconds} seconds"
    return f"{-(-seconds // 60)} minutes"
