"""Environments are put on a project's list when telemetry first names them.

Nothing is done for single spans: every few seconds one question about what was digested since the last one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

from sightline.control.control import Control
from sightline.control.errors import AlreadyExists, ControlError, ControlUnavailable, InvalidValue, NotFound
from sightline.measures import ENVIRONMENTS_REFUSED
from sightline.store.rows import Limits, StoreError
from sightline.store.store import Store

log = structlog.get_logger(__name__)

MOST = 200
"""Environments of one project that are made by themselves: more are a mistake in what is sent."""
_SECOND = 10**9
_QUESTION = Path(__file__).with_name("environments.sql").read_text()
_LIMITS = Limits(seconds=10.0, memory=512 << 20)
# What a killed process had digested and not looked at, with time to start again.
_BEFORE_START = 600 * _SECOND
# A store that failed for long is not asked about all that time: what still sends is found anyway.
_LONGEST = 3600 * _SECOND
# How far (s) a server's clock may be ahead of or behind this one, for the age of parts.
_CLOCKS_APART = 120
_KNOWN_FOR = 60 * _SECOND
_REMEMBERED = 10_000


class EnvironmentFinder:
    """Puts environments that telemetry names on the lists of control, in a thread of its own.

    `stored` is told of each segment; `look` asks the store and control, every `interval` seconds while there
    is something new. At most `MOST` are made for a project; names that control does not take are left out.
    Both are logged once and counted. Several processes may do this on the same databases.
    """

    def __init__(
        self, store: Store, control: Control, clock: Callable[[], int], interval: float = 5.0
    ) -> None:
        self._store, self._control, self._clock, self._interval = store, control, clock, interval
        self._lock = threading.Lock()
        self._since: int | None = clock() - _BEFORE_START
        """What was digested from this moment (ns) on was not looked at."""
        self._known: dict[str, tuple[int, set[str]]] = {}
        self._refused: set[tuple[str, str]] = set()
        self._told: set[tuple[str, str]] = set()
        self._failing = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="environments", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """End after the look under way, or leave it behind after `timeout` seconds: the next start repeats
        it."""
        self._stop.set()
        self._thread.join(timeout)

    def stored(self, began: int) -> None:
        """A segment whose digest began at this moment (ns) can be queried now."""
        with self._lock:
            self._since = began if self._since is None else min(began, self._since)

    def look(self) -> int:
        """Make what is new; returns how many were made. What fails is tried again at the next look."""
        with self._lock:
            since, self._since = self._since, None
        if since is None:
            return 0
        try:
            made = sum(self._make_new(project, names) for project, names in self._named(since).items())
        except Exception as error:
            self.stored(max(since, self._clock() - _LONGEST))
            if not isinstance(error, StoreError | ControlUnavailable):
                raise
            if not self._failing:
                log.warning("new environments wait", reason=str(error)[:500])
            self._failing = True
            return 0
        self._failing = False
        return made

    def _run(self) -> None:
        while not self._stop.wait(self._interval):
            try:
                self.look()
            except Exception:  # the border of the thread: a list that is late must not end for ever
                log.exception("looking for environments failed")

    def _named(self, since: int) -> dict[str, list[str]]:
        """Names in what was digested since a moment, by project."""
        age = max(0, self._clock() - since) // _SECOND + _CLOCKS_APART
        rows = self._store.query(
            _QUESTION, {"since": since // 1000, "age": age}, limits=_LIMITS, purpose="environments"
        ).rows
        named: dict[str, list[str]] = {}
        for project, name in rows:
            named.setdefault(str(project), []).append(str(name))
        return named

    def _make_new(self, project: str, names: Iterable[str]) -> int:
        """Make those that control does not know; returns how many."""
        known = self._known_of(project)
        made = 0
        for name in names:
            if name.strip() in known or (project, name) in self._refused:
                continue
            if len(known) >= MOST:
                self._refuse(project, name, "limit", f"the project has {len(known)}; at most {MOST} are made")
                continue
            try:
                self._control.create_environment(project, name)
                made += 1
            except AlreadyExists:  # made by somebody else since control was asked
                pass
            except (InvalidValue, NotFound) as error:
                self._refuse(project, name, "project" if isinstance(error, NotFound) else "name", error)
                continue
            known.add(name.strip())
        return made

    def _known_of(self, project: str) -> set[str]:
        """Names that control has, asked again each minute: one that was removed comes back when it sends."""
        asked, known = self._known.get(project, (0, set()))
        now = self._clock()
        if not asked or now - asked >= _KNOWN_FOR:
            known = {environment.name for environment in self._control.environments(project)}
            self._known[project] = (now, known)
            # What was refused for its number may have room now.
            self._refused = {pair for pair in self._refused if pair[0] != project}
        return known

    def _refuse(self, project: str, name: str, reason: str, why: ControlError | str) -> None:
        if len(self._refused) >= _REMEMBERED:
            self._refused.clear()
        self._refused.add((project, name))
        ENVIRONMENTS_REFUSED.labels(reason).inc()
        if (project, reason) not in self._told:
            self._told.add((project, reason))
            log.warning(
                "an environment is not put on its project's list, nor are later ones for the same reason;"
                " their data is stored and can be filtered by name",
                project=project,
                reason=str(why)[:500],
            )
