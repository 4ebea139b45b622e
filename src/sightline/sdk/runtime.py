"""What runs in a process after `sightline.init()`: the processor, the inbox and the worker behind it."""

from __future__ import annotations

import atexit
import os
import sys
import uuid
import weakref
from typing import TYPE_CHECKING, Any

from sightline.sdk import fork_lock
from sightline.sdk.configuration import Config
from sightline.sdk.counts import Account, Counts, counts_of
from sightline.sdk.driving import end_abandoned
from sightline.sdk.events import LogEvent as LogEvent
from sightline.sdk.inbox import Inbox, Keep
from sightline.sdk.names import (
    DISTRO_NAME,
    DISTRO_VERSION,
    ENVIRONMENT,
    SENDER,
    SERVICE_NAME,
    SERVICE_VERSION,
)
from sightline.sdk.warnings_once import forget_warnings, warn_once

if TYPE_CHECKING:
    from sightline.sdk.worker import Worker

EXIT_SECONDS = 5.0
"""How long a program that ends waits for its telemetry at most."""


class Runtime:
    """One for each process, made by `init()`. No method raises, and none but `flush` and `shutdown` waits."""

    def __init__(self, config: Config, resource: Any = None) -> None:
        self.config = config
        self._resource = resource
        self.closed = False
        self.started: Any = None
        self.keeps_all = config.sampling.all
        self._begin()
        _runtimes.add(self)

    def _begin(self) -> None:
        """Everything that belongs to this process alone: made at the start, and anew after a fork."""
        from sightline.sdk.assembly import assemble

        self.sender = _sender(self._resource)
        self.account = Account()
        self.pid = os.getpid()
        self.worker: Worker = assemble(
            self.config, self.sender, self._resource, self.account, self._starting, self.shutdown
        )
        self.inbox: Inbox = self.worker.inbox

    def _starting(self) -> None:
        """What the worker needs of this process, before its thread starts."""
        # Its thread could not be started any more while the program ends.
        if ready := getattr(self.config.redaction, "_start_guard", None):
            ready()
        # A child of multiprocessing ends without `atexit`, but runs its own finalizers.
        process, util = sys.modules.get("multiprocessing.process"), sys.modules.get("multiprocessing.util")
        if process is not None and util is not None and process.parent_process() is not None:
            util.Finalize(None, self.shutdown, exitpriority=100)

    def emit(self, record: LogEvent) -> None:
        """Take an event. Never blocks or raises; a full queue drops and counts it."""
        try:
            self.inbox.put(record)
        except Exception as error:  # a border: the program's own values
            warn_once("emit", f"sightline: an event was lost ({type(error).__name__}: {error}).")

    def keep_current_trace(self, reason: str) -> None:
        """Keep the trace that is open here, whatever the ratio says."""
        try:
            from opentelemetry import trace

            context = trace.get_current_span().get_span_context()
            if context.is_valid and not self.keeps_all:
                self.inbox.mark(Keep(context.trace_id, reason))
        except Exception as error:  # a border
            warn_once("keep", f"sightline: a trace was not marked ({type(error).__name__}: {error}).")

    def flush(self, timeout: float = 10.0, account: bool = False) -> bool:
        """Whether all that ended before is acknowledged by the server, or safe on disk, in time.

        Spans of traces that are still open and wait for their sampling decision are not waited for.
        `account`: send the account of this process, too, which may end without another word.
        """
        try:
            end_abandoned()
            return self.worker.flush(timeout, account)
        except Exception as error:  # a border
            warn_once("flush", f"sightline: flush failed ({type(error).__name__}: {error}).")
            return False

    def shutdown(self, timeout: float = EXIT_SECONDS) -> None:
        """Send what there is, within `timeout` seconds, and take nothing more."""
        if self.closed:
            return
        end_abandoned()
        self.closed = True
        if current() is self:
            install(None)
        try:
            self.inbox.closed = True
            self.worker.stop(timeout)
        except Exception as error:  # a border
            warn_once("shutdown", f"sightline: the end was not clean ({type(error).__name__}: {error}).")

    def counts(self) -> Counts:
        """What became of everything that was made in this process."""
        try:
            return counts_of(self.account, self.worker.delivery)
        except Exception as error:  # a border: the worker may be changing what is counted
            warn_once(
                "counts", f"sightline: the counts are those in memory ({type(error).__name__}: {error})."
            )
            return counts_of(self.account, None)

    def after_fork(self) -> None:
        """In the child: another sender, nothing of the parent's, a worker of its own."""
        if not self.closed:
            self.worker.abandon()
            self._begin()


_runtimes: weakref.WeakSet[Runtime] = weakref.WeakSet()
_current: Runtime | None = None


def current() -> Runtime | None:
    """The runtime of this process; None before `init()`, after `shutdown()` and where it is disabled."""
    return _current


def install(runtime: Runtime | None) -> None:
    """Make a runtime the current one."""
    global _current
    _current = runtime


def _before_fork() -> None:
    for runtime in list(_runtimes):
        try:
            runtime.worker.rest()
        except Exception as error:  # a border: the fork must be
            warn_once("rest", f"sightline: a fork beside its thread ({type(error).__name__}: {error}).")
    fork_lock.before()  # only now: a worker that waits for it does not come to rest


def _after_fork_in_parent() -> None:
    fork_lock.in_parent()
    for runtime in list(_runtimes):
        try:
            runtime.worker.go_on()
        except Exception as error:  # a border
            warn_once("go on", f"sightline: sends at the end alone ({type(error).__name__}: {error}).")


def _after_fork_in_child() -> None:
    fork_lock.in_child()
    forget_warnings()
    for runtime in list(_runtimes):
        try:
            runtime.after_fork()
        except Exception as error:  # a border: the child must live
            warn_once("fork", f"sightline: off in this process ({type(error).__name__}: {error}).")


def _at_exit() -> None:
    for runtime in list(_runtimes):
        if runtime.pid == os.getpid():
            runtime.shutdown()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child
    )
atexit.register(_at_exit)


def identity(config: Config, sender: str, version: str) -> dict[str, Any]:
    """Resource attributes that say which program and process this is; only what is known."""
    known = {
        SERVICE_NAME: config.service,
        SERVICE_VERSION: config.release,
        ENVIRONMENT: config.environment,
        SENDER: sender,
        DISTRO_NAME: "sightline",
        DISTRO_VERSION: version,
    }
    return {name: value for name, value in known.items() if value}


def _sender(resource: Any) -> str:
    """A name that no other process has: a UUID, behind the name that the program gives its instance."""
    unique = str(uuid.uuid4())
    given = str(resource.attributes.get(SENDER, "")) if resource is not None else ""
    try:
        uuid.UUID(given)
    except ValueError:
        return f"{given[:200]}:{unique}" if given else unique
    return unique
