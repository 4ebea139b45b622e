"""Who is behind a request: a key on it, a person signed in, or nobody needed on loopback.

The rule: on loopback, as long as no key was ever made and no person added, everyone is project
`default` with all scopes, because everyone who gets there has an account on this machine. From the
first key or person on, and anywhere else, one has to say who one is: senders and programs with a key,
people with the cookie of their browser session. Telemetry is taken with keys only.

One door stays to be closed in the open case: the browser of that machine's user, which a foreign web
page can make send requests to loopback (`exposure.host_allowed`, `exposure.origin_allowed`). The same
goes for a key in Basic: once typed in, a browser adds it to every request, also to those that a foreign
page makes it send, so there the origin counts too; and for the cookie, for which API and pages ask more
(`sightline.api.rights`).

A public key is readable by everyone who opens the page it stands in. So it opens no door but the one for it:
whoever does not ask `admit_public` refuses it, and what becomes of it is counted (`public`).
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Literal, TypeVar, cast

from sightline.control import keys, tokens
from sightline.control.control import Control
from sightline.control.errors import ControlUnavailable
from sightline.control.exposure import (
    exposure_error,
    host_allowed,
    is_loopback,
    origin_allowed,
    passed_on_by,
)
from sightline.control.presented import keys_in, session_tokens
from sightline.control.public_use import PublicUses, Reason
from sightline.control.uses import UseLog
from sightline.records.access import DEFAULT_PROJECT, ApiKey, Principal, Scope

__all__ = [
    "AccessDenied",
    "Gate",
    "exposure_error",
    "host_allowed",
    "is_loopback",
    "origin_allowed",
    "require",
]

FRESH_NS = 1_000_000_000
"""How long an answer of the database is believed: half of the two seconds promised for a revocation."""
MAX_CACHED = 10_000
_HOW = (
    "Send it as 'Authorization: Bearer KEY' or 'x-api-key: KEY'; make one with:"
    " sightline keys create --project {project} --scope {scope}"
)
_ONLY_SENDS = (
    "The key {key} is public: it only sends traces and logs, from pages of its sites, over HTTP to /v1/traces"
    " and /v1/logs. For anything else make a key of another scope, and keep that one out of pages."
)


_Found = TypeVar("_Found")


class AccessDenied(Exception):
    """The request may not go on. `message` says what to do and holds no secret.

    401: no key, or none that is known; 403: known, but not for this; 429: too much, for now, and
    `retry_after` is the seconds to wait; 503: the key cannot be checked right now, so the sender should try
    again. `sign_in`: a person could sign in instead.
    """

    def __init__(
        self,
        status: Literal[401, 403, 429, 503],
        message: str,
        *,
        sign_in: bool = False,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.sign_in = sign_in
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class _Known:
    found: object
    checked: int


class Gate:
    """Authenticates requests. Safe to call from several threads and from an event loop.

    `clock` gives nanoseconds that only grow. `loopback` says that the server listens on loopback
    alone; `insecure` that it listens elsewhere without keys, knowingly. `hosts` are further names
    under which browsers may reach the open server, `origins` further sites whose pages may send to
    it (`*`: all); such pages may send and never read.

    A browser session that rests for `session_idle` seconds has ended.

    A key's or session's answer is kept for one second, by its hash; what this process itself changes
    counts at once. So a revocation holds everywhere within two seconds. When the database cannot be
    asked, nobody is let in on an old answer.
    """

    def __init__(
        self,
        control: Control,
        loopback: bool,
        clock: Callable[[], int] = time.monotonic_ns,
        *,
        insecure: bool = False,
        bind_host: str = "127.0.0.1",
        hosts: Collection[str] = (),
        origins: Collection[str] = (),
        session_idle: float = 3 * 86400.0,
    ) -> None:
        self._control = control
        self._idle = session_idle
        self._clock = clock
        self._open = loopback or insecure
        # Knowingly open to everyone: the names it is reached by are not known.
        self._guard_hosts = not insecure or bool(hosts)
        self._bind_host = bind_host
        self._hosts = tuple(hosts)
        self._origins = tuple(origins)
        self._uses = UseLog(control.note_use, clock)
        self._seen = UseLog(control.note_seen, clock)
        self._lock = Lock()
        self._cache: OrderedDict[str, _Known] = OrderedDict()
        self._claimed = False
        self._claimed_checked: int | None = None
        self._has_people = False
        self._changes = control.key_changes
        self._public_origins: tuple[int, frozenset[str]] | None = None
        self.public = PublicUses(clock)
        """What public keys did, and were refused."""

    def authenticate(self, headers: Mapping[str, str]) -> Principal:
        """The principal of a sender with these headers (names in any case). Raises AccessDenied only."""
        return self._admit(headers, people=False)

    def admit_public(self, headers: Mapping[str, str]) -> Principal:
        """As `authenticate`, and a public key counts too: the principal then has `terms`, which the caller
        holds it to."""
        return self._admit(headers, people=False, public=True)

    def public_origins(self) -> frozenset[str]:
        """The origins of all live public keys, at most a second old; none while the database does not answer.

        For a browser that asks before it sends, without the key, whether a page may: what it then sends is
        held to its own key's origins.
        """
        self._forget_if_changed()
        now, known = self._clock(), self._public_origins
        if known is not None and 0 <= now - known[0] < FRESH_NS:
            return known[1]
        try:
            found = self._control.public_origins()
        except ControlUnavailable:
            return frozenset()
        self._public_origins = (now, found)
        return found

    def identify(self, headers: Mapping[str, str]) -> Principal:
        """As `authenticate`, for API and pages: the cookie of a person's browser counts too."""
        return self._admit(headers, people=True)

    def close(self) -> None:
        """Wait until the last uses of keys and sessions are written down."""
        self._uses.flush()
        self._seen.flush()

    def _admit(self, headers: Mapping[str, str], people: bool, public: bool = False) -> Principal:
        found = {str(name).lower(): value for name, value in headers.items() if isinstance(value, str)}
        try:
            self._forget_if_changed()
            if self._open and not self._is_claimed():
                return self._without_key(found)
            if people and not any(not by_browser for _, by_browser in keys_in(found)):
                principal = self._with_cookie(found)
                if principal is not None:
                    return principal
            return self._with_key(found, people, public)
        except ControlUnavailable as error:
            raise AccessDenied(503, f"The key cannot be checked now. {error}") from error

    def _with_cookie(self, headers: Mapping[str, str]) -> Principal | None:
        for token in session_tokens(headers):
            found = self._remembered(token, lambda token=token: self._control.find_session(token, self._idle))  # type: ignore[misc]
            if found is None:
                continue
            session, person = found
            origin, host = headers.get("origin"), headers.get("host")
            if not origin_allowed(origin, host, ()):
                raise AccessDenied(403, f"Pages of {_brief(origin)} may not act for someone signed in here.")
            self._seen.note(session.id)
            names = sorted(person.roles)
            first = DEFAULT_PROJECT if person.role_in(DEFAULT_PROJECT) or not names else names[0]
            csrf = tokens.csrf_of(token)
            return Principal(first, frozenset(), None, person, session.id, csrf).within(first)
        return None

    def _without_key(self, headers: Mapping[str, str]) -> Principal:
        host, proxy = headers.get("host"), passed_on_by(headers)
        if self._guard_hosts and not host_allowed(host, self._bind_host, self._hosts, proxy is not None):
            if proxy is not None:
                raise AccessDenied(
                    403,
                    f"This server needs no key on its own machine, but a proxy passed this request on"
                    f" ({proxy}), so it may be from anywhere. Make a key: sightline keys create --project"
                    f" {DEFAULT_PROJECT} --scope admin. Or, where the proxy checks who comes, allow the name"
                    f" it gives, {_brief(host)}, with http.allowed_hosts.",
                )
            raise AccessDenied(
                403,
                f"This server needs no key under its loopback address, but was reached as {_brief(host)}."
                " Use http://127.0.0.1, allow the name with http.allowed_hosts, or make a key: sightline keys"
                f" create --project {DEFAULT_PROJECT} --scope admin",
            )
        return self._from_page(Principal(DEFAULT_PROJECT, frozenset(Scope), None), headers)

    def _from_page(self, principal: Principal, headers: Mapping[str, str]) -> Principal:
        """What is left of a principal that a browser may speak for without its user knowing."""
        host, origin = headers.get("host"), headers.get("origin")
        if origin_allowed(origin, host, ()):
            return principal
        if origin_allowed(origin, host, self._origins):
            left = {Scope.INGEST} if principal.may(Scope.INGEST) else set()
            return Principal(principal.project, frozenset(left), principal.key_id)
        raise AccessDenied(
            403,
            f"Pages of {_brief(origin)} may not use this server. To let them send, add the site to"
            " http.cors_origins.",
        )

    def _with_key(self, headers: Mapping[str, str], people: bool, public: bool) -> Principal:
        presented = list(keys_in(headers))
        revoked: ApiKey | None = None
        for text, by_browser in presented:
            key = self._key(text) if keys.id_of(text) is not None else None
            if key is not None and key.revoked_at is None:
                if key.scope is Scope.PUBLIC and not public:
                    self.public.refused(key.id, Reason.SCOPE, headers.get("origin"))
                    raise AccessDenied(403, _ONLY_SENDS.format(key=key.id))
                self._uses.note(key.id)
                principal = Principal(key.project, frozenset({key.scope}), key.id, terms=key.terms)
                return self._from_page(principal, headers) if by_browser else principal
            revoked = revoked or key
        how = _HOW.format(project=revoked.project if revoked else DEFAULT_PROJECT, scope=_scope(revoked))
        if revoked is not None:
            if revoked.scope is Scope.PUBLIC:
                self.public.refused(revoked.id, Reason.REVOKED, headers.get("origin"))
            raise AccessDenied(
                401, f"The key {revoked.id} was revoked on {revoked.revoked_at:%Y-%m-%d}. {how}"
            )
        if presented:
            raise AccessDenied(401, f"The key given is not known here; keys begin with 'sl_'. {how}")
        raise AccessDenied(401, f"A key is needed. {how}", sign_in=people and self._any_people())

    def _key(self, text: str) -> ApiKey | None:
        return self._remembered(text, lambda: self._control.find_key(text, also_revoked=True))

    def _remembered(self, text: str, look_up: Callable[[], _Found]) -> _Found:
        digest, now = keys.digest(text), self._clock()
        with self._lock:
            known = self._cache.get(digest)
            changes = self._changes
        if known is not None and 0 <= now - known.checked < FRESH_NS:
            return cast(_Found, known.found)
        # The lock is not held while the database answers: one slow answer must not hold up the others.
        found = look_up()
        with self._lock:
            if changes == self._changes:  # otherwise the answer may be from before the change
                self._cache[digest] = _Known(found, now)
                self._cache.move_to_end(digest)
                while len(self._cache) > MAX_CACHED:
                    self._cache.popitem(last=False)
        return found

    def _is_claimed(self) -> bool:
        # Neither keys nor people are ever deleted, so a yes holds for good.
        if self._claimed:
            return True
        now, checked = self._clock(), self._claimed_checked
        if checked is None or not 0 <= now - checked < FRESH_NS:
            self._claimed = self._control.has_keys() or self._any_people()
            self._claimed_checked = now
        return self._claimed

    def _any_people(self) -> bool:
        self._has_people = self._has_people or self._control.has_people()
        return self._has_people

    def _forget_if_changed(self) -> None:
        if self._changes != self._control.key_changes:
            with self._lock:
                self._changes = self._control.key_changes
                self._cache.clear()
                self._claimed_checked = None
                self._public_origins = None


def require(principal: Principal, scope: Scope, project: str | None = None) -> None:
    """Refuse a principal that may not act with `scope`, or not in `project` (None: its own).

    Raises AccessDenied(403) with the command that makes a fitting key. For people `sightline.api.rights`
    asks for a role instead.
    """
    wanted = project or principal.project
    how = f"make a key that may: sightline keys create --project {wanted} --scope {scope.value}"
    if project is not None and project != principal.project:
        # Whether that project exists is nobody's business who has no key for it.
        raise AccessDenied(403, f"This key belongs to project {principal.project!r}. For another, {how}")
    if not principal.may(scope):
        has = ", ".join(sorted(s.value for s in principal.scopes)) or "do nothing from this page"
        raise AccessDenied(403, f"This key may {has}, and {scope.value} is needed; {how}")


def _scope(key: ApiKey | None) -> str:
    scope = (key.scope if key else Scope.INGEST).value
    return f"{scope} --origin https://YOUR-SITE" if scope == Scope.PUBLIC.value else scope


def _brief(text: str | None) -> str:
    return repr((text or "")[:80])
