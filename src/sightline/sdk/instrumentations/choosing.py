"""From what is installed and what is wanted to what is turned on, for each library. Pure: imports nothing."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sightline.sdk.instrumentations.looking import is_at_least, version_of
from sightline.sdk.instrumentations.table import FAMILIES, LIBRARIES, Instrumentation, Library

Wanted = bool | Sequence[str] | Mapping[str, str]
"""All, none, these libraries, or these with the family or package that shall serve them."""
Taken = tuple[str, Instrumentation]
"""Why a library is the program's own affair, and what the program has turned on for it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What becomes of an installed library.

    `options`: usable instrumentations, the first to be tried first. `native`: the library's own spans are
    used; False where they must not be, too. `taken`: why it is left to the program.
    `to_install`: a package that would serve it. `why`: what is worth saying about the choice.
    """

    library: Library
    version: str
    options: tuple[Instrumentation, ...] = ()
    taken: str = ""
    to_install: str = ""
    why: str = ""
    native: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """`choices` in the order in which they are turned on; `problems` with what was wanted."""

    choices: tuple[Choice, ...]
    problems: tuple[str, ...] = ()


def choose(
    distributions: Mapping[str, str],
    wanted: Wanted,
    taken: Callable[[Library], Taken | None] = lambda _: None,
    libraries: Sequence[Library] = LIBRARIES,
) -> Plan:
    """What to turn on. `distributions`: installed ones with versions. `taken`: why the program has done it.

    Never two instrumentations on one library. Where a framework's spans are apart (`Instrumentation.apart`),
    the libraries inside it get none, unless one is named for them.
    """
    asked, problems = _asked(wanted, libraries)
    choices: list[Choice] = []
    seen: dict[str, str] = {}
    for library in libraries:
        version = version_of(distributions, library.distribution)
        if version is None:
            if isinstance(wanted, bool) or library.name not in asked:
                continue
            problems.append(f"{library.name} is not installed (package {library.distribution})")
            continue
        if library.name not in asked:
            continue
        choice = _choice(library, version, distributions, asked[library.name], seen.get(library.name))
        done = taken(library)
        first = done[1] if done else choice.options[0] if choice.options else None
        if first is not None and first.apart:
            seen |= dict.fromkeys(library.inside, library.name)
        if done:
            choice = Choice(library, version, taken=done[0])
        choices.append(choice)
    return Plan(tuple(choices), tuple(problems))


def _asked(wanted: Wanted, libraries: Sequence[Library]) -> tuple[dict[str, str], list[str]]:
    """Libraries by name with what shall serve them (empty: the best), and what was not understood."""
    names = {name: library.name for library in libraries for name in (library.name, library.distribution)}
    if isinstance(wanted, bool):
        return {library.name: "" for library in libraries} if wanted else {}, []
    pairs = wanted.items() if isinstance(wanted, Mapping) else [(name, "") for name in wanted]
    asked: dict[str, str] = {}
    problems: list[str] = []
    for name, by in pairs:
        if name not in names:
            close = difflib.get_close_matches(str(name), names, 1)
            hint = (
                f"did you mean {close[0]!r}?"
                if close
                else f"known are {', '.join(x.name for x in libraries)}"
            )
            problems.append(f"there is no library {name!r} to instrument; {hint}")
        elif by and by not in FAMILIES and not any(by == o.pip for x in libraries for o in x.options):
            problems.append(
                f"{name} cannot be instrumented by {by!r}; "
                f"expected one of {', '.join(FAMILIES)}, or a package"
            )
        else:
            asked[names[name]] = by
    return asked, problems


def _choice(
    library: Library,
    version: str,
    distributions: Mapping[str, str],
    by: str,
    framework: str | None,
) -> Choice:
    if framework is not None and not by:
        return Choice(library, version, why=f"its calls are seen through {framework}")
    own = library.native if not by else None
    if own is not None and own.least and not is_at_least(version, own.least):
        own = None
    if own is not None and not own.fallback:
        return Choice(library, version, native=True)
    fitting = [o for o in library.options if by in ("", o.family, o.pip)]
    why = ""
    there = [o for o in fitting if version_of(distributions, o.pip) is not None]
    usable = [o for o in there if _fits(o, version, distributions)]
    if usable:
        # What comes next if the first fails must not be apart where the libraries inside were not chosen so.
        rest = [o for o in usable[1:] if usable[0].apart or not o.apart]
        return Choice(library, version, (usable[0], *rest))
    if own is not None:
        return Choice(library, version, native=True)
    wanted = [o for o in fitting if o not in there and _fits(o, version, distributions)]
    if not wanted and there:
        needs = there[0].needs or library.distribution
        why = f"{there[0].pip} needs {needs} {there[0].least} or later"
    return Choice(library, version, to_install=wanted[0].pip if wanted else "", why=why)


def _fits(option: Instrumentation, version: str, distributions: Mapping[str, str]) -> bool:
    found = version_of(distributions, option.needs) if option.needs else version
    return found is not None and (not option.least or is_at_least(found, option.least))
