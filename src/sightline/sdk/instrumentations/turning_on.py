"""Turns instrumentations on: at once for what is imported, else in the moment in which it is."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping, MutableMapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sightline.sdk.instrumentations.after_import import after_import
from sightline.sdk.instrumentations.choosing import Choice, Taken, Wanted, choose
from sightline.sdk.instrumentations.looking import installed, is_at_least
from sightline.sdk.instrumentations.report import Outcome, Report
from sightline.sdk.instrumentations.switches import CONTENT, WANTS_CONTENT, set_switches
from sightline.sdk.instrumentations.table import Instrumentation, Library
from sightline.sdk.warnings_once import warn_once

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

_lock = threading.RLock()
_outcomes: dict[str, Outcome] = {}
_ours: set[str] = set()
_last = Report(wanted=False)


def turn_on(
    wanted: Wanted,
    provider: TracerProvider | None = None,
    *,
    capture_content: bool = True,
    distributions: Mapping[str, str] | None = None,
    environ: MutableMapping[str, str] | None = None,
) -> Report:
    """Turn on instrumentations of the installed libraries, each once in a process, and say which.

    `wanted`: all or none, names of libraries, or names with the family or package that shall serve each.
    `provider`: where spans go; the program's own by default. Never raises: what fails is one warning, and
    the others go on.
    """
    global _last
    try:
        found = installed(sys.path) if distributions is None else distributions
        with _lock:
            explicit = not isinstance(wanted, bool)
            plan = choose(found, wanted, lambda library: _taken(library, explicit))
            set_switches(
                capture_content,
                plan.choices,
                os.environ if environ is None else environ,
            )
            for choice in plan.choices:
                if _needs(choice):
                    _begin(choice, provider, explicit)
            outcomes = tuple(_outcomes[choice.library.name] for choice in plan.choices)
            _last = Report(outcomes, plan.problems, wanted is not False)
    except Exception as error:  # a border: the program must start
        warn_once("instrument", f"sightline: no instrumentation was turned on ({_reason(error)}).")
        return Report(wanted=False)
    for problem in plan.problems:
        warn_once(f"instrument {problem}", f"sightline.init(instrument=…): {problem}.")
    return _last


def report() -> Report:
    """How things stand now: what waited for its import may have been turned on since `turn_on`."""
    with _lock:
        outcomes = tuple(_outcomes.get(o.library, o) for o in _last.outcomes)
        return Report(outcomes, _last.problems, _last.wanted)


def _needs(choice: Choice) -> bool:
    """Whether there is something to do for a library: not where it was done, or waits."""
    known = _outcomes.get(choice.library.name)
    return known is None or known.state in ("left", "uninstrumented", "failed")


def _begin(choice: Choice, provider: TracerProvider | None, explicit: bool) -> None:
    library = choice.library
    name, version = library.name, choice.version
    if choice.taken:
        _outcomes[name] = Outcome(name, version, "left", why=choice.taken)
    elif choice.native:
        _outcomes[name] = Outcome(name, version, "native", why=choice.why)
        if library.native is not None and library.native.call:
            call = library.native.call
            after_import(library.module, lambda: _call_native(choice, call))
    elif not choice.options:
        _outcomes[name] = Outcome(name, version, "uninstrumented", install=choice.to_install, why=choice.why)
    else:
        _outcomes[name] = Outcome(name, version, "waiting", by=choice.options[0].pip, why=choice.why)
        after_import(library.module, lambda: _instrument(choice, provider, explicit))


def _instrument(choice: Choice, provider: TracerProvider | None, explicit: bool) -> None:
    """Try a library's options in order until one is on. Runs inside the library's import; never raises."""
    try:
        with _lock:
            name = choice.library.name
            if done := _taken(choice.library, explicit):
                _outcomes[name] = Outcome(name, choice.version, "left", why=done[0])
                return
            reasons = []
            for option in choice.options:
                on, reason = _try(option, provider)
                if on:
                    _outcomes[name] = Outcome(name, choice.version, "on", by=option.pip, why=choice.why)
                    return
                reasons.append(f"{option.pip}: {reason}")
            if not _own_instead(choice):
                others = [o.pip for o in choice.library.options if o not in choice.options]
                _failed(choice, "; ".join(reasons), others[0] if others else "")
    except Exception as error:  # a border: the import must go on
        _failed(choice, _reason(error))


def _try(option: Instrumentation, provider: TracerProvider | None) -> tuple[bool, str]:
    """Whether it is on, else why not. Raises what it raised when it was already at work: another one beside
    half of this one would count calls twice."""
    module, _, name = option.entry.partition(":")
    try:
        instrumentor: Any = getattr(import_module(module), name)()
    except Exception as error:  # not installed whole, or beside versions it does not know
        return False, _reason(error)
    _ours.add(option.pip)
    try:
        instrumentor.instrument(
            raise_exception_on_conflict=True, **({} if provider is None else {"tracer_provider": provider})
        )
    except Exception as error:
        if type(error).__name__ == "DependencyConflictError":
            return False, _reason(error)
        raise
    return True, ""


def _own_instead(choice: Choice) -> bool:
    """Where no instrumentation works, the library's own spans serve if it has some; whether it has."""
    native = choice.library.native
    if native is None or not native.off or (native.least and not is_at_least(choice.version, native.least)):
        return False
    for name, value in native.off.items():
        if os.environ.get(name) == value:
            del os.environ[name]
    for name, (yes, _) in native.content.items():
        if os.environ.get(WANTS_CONTENT) != CONTENT[WANTS_CONTENT][1]:
            os.environ.setdefault(name, yes)
    _outcomes[choice.library.name] = Outcome(choice.library.name, choice.version, "native")
    return True


def _call_native(choice: Choice, call: str) -> None:
    """Turn a library's own spans on. Runs inside its import; never raises."""
    try:
        module, _, path = call.partition(":")
        target: Any = import_module(module)
        for part in path.split("."):
            target = getattr(target, part)
        target()
    except Exception as error:  # a border: the import must go on
        _failed(choice, _reason(error))


def _failed(choice: Choice, why: str, other: str = "") -> None:
    """`other`: a package that was not tried, and may know this version."""
    name = choice.library.name
    _outcomes[name] = Outcome(name, choice.version, "failed", why=why)
    attempt = f"try `pip install {other}`, " if other else ""
    warn_once(
        f"instrument {name}",
        f"sightline: {name} {choice.version} is not instrumented ({why.rstrip('.')}). "
        f"Its calls are not seen; {attempt}install another version, or use sightline.llm_call for them.",
    )


def _taken(library: Library, explicit: bool) -> Taken | None:
    """Why a library is the program's own affair: it is instrumented, or (unless `explicit`) about to be."""
    for option in library.options:
        module, _, name = option.entry.partition(":")
        loaded = sys.modules.get(module)
        if loaded is None or option.pip in _ours:
            continue
        instance = getattr(getattr(loaded, name, None), "_instance", None)
        if getattr(instance, "is_instrumented_by_opentelemetry", False):
            return f"instrumented already, by {option.pip}", option
        if not explicit:
            return f"the program has imported {option.pip}", option
    return None


def _reason(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:300]
    except Exception:  # a border: someone's __str__
        return type(error).__name__
