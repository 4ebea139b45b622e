"""Who is behind a request: keys on it, or nobody needed on loopback.

The rule: on loopback, as long as no key was ever made, everyone is project `default` with all
scopes, because everyone who gets there has an account on this machine. From the first key on, and
anywhere else, a key is needed. One door stays to be closed in the open case: the browser of that
machine's user, which a foreign web page can make send requests to loopback (`exposure.host_allowed`,
`exposure.origin_allowed`). The same goes for a key in Basic: once typed in, a browser adds it to
every request, also to those that a foreign page makes it send, so there the origin counts too.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Literal

from sightline.control import keys
from sightline.control.control import Control
from sightline.control.errors import ControlUnavailable
from sightline.control.exposure import (
    exposure_error,
    host_allowed,
    is_loopback,
    origin_allowed,
    passed_on_by,
)
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


class AccessDenied(Exception):
    """The request may not go on. `message` says what to do and holds no secret.

    401: no key, or none that is known; 403: known, but not for this; 503: the key cannot be
    checked right now, so the sender should try again.
    """

    def __init__(self, status: Literal[401, 403, 503], message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class _Known:
    key: ApiKey | None
    checked: int


class Gate:
    """Authenticates requests. Safe to call from several threads and from an event loop.

    `clock` gives nanoseconds that only grow. `loopback` says that the server listens on loopback
    alone; `insecure` that it listens elsewhere without keys, knowingly. `hosts` are further names
    under which browsers may reach the open server, `origins` further sites whose pages may send to
    it (`*`: all); such pages may send and never read.

    A key's answer is kept for one second, by its hash; what this process itself changes counts at
    once. So a revocation holds everywhere within two seconds. When the database cannot be asked,
    nobody is let in on an old answer.
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
    ) -> None:
        self._control = control
        self._clock = clock
        self._open = loopback or insecure
        # Knowingly open to everyone: the names it is reached by are not known.
        self._guard_hosts = not insecure or bool(hosts)
        self._bind_host = bind_host
        self._hosts = tuple(hosts)
        self._origins = tuple(origins)
        self._uses = UseLog(control.note_use, clock)
        self._lock = Lock()
        self._cache: OrderedDict[str, _Known] = OrderedDict()
        self._has_keys = False
        self._has_keys_checked: int | None = None
        self._changes = control.key_changes

    def authenticate(self, headers: Mapping[str, str]) -> Principal:
        """The principal of a request with these headers (names in any case). Raises AccessDenied only."""
        found = {str(name).lower(): value for name, value in headers.items() if isinstance(value, str)}
        try:
            self._forget_if_changed()
            if self._open and not self._any_keys():
                return self._without_key(found)
            return self._with_key(found)
        except ControlUnavailable as error:
            raise AccessDenied(503, f"The key cannot be checked now. {error}") from error

    def close(self) -> None:
        """Wait until the last uses of keys are written down."""
        self._uses.flush()

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

    def _with_key(self, headers: Mapping[str, str]) -> Principal:
        presented = list(_presented(headers))
        revoked: ApiKey | None = None
        for text, by_browser in presented:
            key = self._look_up(text) if keys.id_of(text) is not None else None
            if key is not None and key.revoked_at is None:
                self._uses.note(key.id)
                principal = Principal(key.project, frozenset({key.scope}), key.id)
                return self._from_page(principal, headers) if by_browser else principal
            revoked = revoked or key
        how = _HOW.format(project=revoked.project if revoked else DEFAULT_PROJECT, scope=_scope(revoked))
        if revoked is not None:
            raise AccessDenied(
                401, f"The key {revoked.id} was revoked on {revoked.revoked_at:%Y-%m-%d}. {how}"
            )
        if presented:
            raise AccessDenied(401, f"The key given is not known here; keys begin with 'sl_'. {how}")
        raise AccessDenied(401, f"A key is needed. {how}")

    def _look_up(self, text: str) -> ApiKey | None:
        digest, now = keys.digest(text), self._clock()
        with self._lock:
            known = self._cache.get(digest)
            changes = self._changes
        if known is not None and 0 <= now - known.checked < FRESH_NS:
            return known.key
        # The lock is not held while the database answers: one slow answer must not hold up the others.
        key = self._control.find_key(text, also_revoked=True)
        with self._lock:
            if changes == self._changes:  # otherwise the answer may be from before the change
                self._cache[digest] = _Known(key, now)
                self._cache.move_to_end(digest)
                while len(self._cache) > MAX_CACHED:
                    self._cache.popitem(last=False)
        return key

    def _any_keys(self) -> bool:
        # Keys are never deleted, so a yes holds for good.
        if self._has_keys:
            return True
        now, checked = self._clock(), self._has_keys_checked
        if checked is None or not 0 <= now - checked < FRESH_NS:
            self._has_keys = self._control.has_keys()
            self._has_keys_checked = now
        return self._has_keys

    def _forget_if_changed(self) -> None:
        if self._changes != self._control.key_changes:
            with self._lock:
                self._changes = self._control.key_changes
                self._cache.clear()
                self._has_keys_checked = None


def require(principal: Principal, scope: Scope, project: str | None = None) -> None:
    """Refuse a principal that may not act with `scope`, or not in `project` (None: its own).

    Raises AccessDenied(403) with the command that makes a fitting key.
    """
    wanted = project or principal.project
    how = f"make a key that may: sightline keys create --project {wanted} --scope {scope.value}"
    if project is not None and project != principal.project:
        # Whether that project exists is nobody's business who has no key for it.
        raise AccessDenied(403, f"This key belongs to project {principal.project!r}. For another, {how}")
    if not principal.may(scope):
        has = ", ".join(sorted(s.value for s in principal.scopes)) or "do nothing from this page"
        raise AccessDenied(403, f"This key may {has}, and {scope.value} is needed; {how}")


def _presented(headers: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """Every text that may be meant as a key, in order of precedence; and whether browsers add it unasked."""
    scheme, _, rest = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        yield rest.strip(), False
    elif scheme.lower() == "basic":
        yield from ((half, True) for half in _basic_halves(rest.strip()))
    elif scheme:
        yield scheme, False  # a bare key, as some senders put it
    for name in ("x-api-key", "api-key", "api_key"):
        if name in headers:
            yield headers[name].strip(), False


def _basic_halves(encoded: str) -> list[str]:
    """User and password of Basic; either may be the key, as senders put it on both sides."""
    try:
        decoded = base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return [encoded]
    user, _, password = decoded.partition(":")
    return [half for half in (password, user) if half] or [encoded]


def _scope(key: ApiKey | None) -> str:
    return (key.scope if key else Scope.INGEST).value


def _brief(text: str | None) -> str:
    return repr((text or "")[:80])
