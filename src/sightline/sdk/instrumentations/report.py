"""What was found, what was turned on, and what to install for the rest, as a record and as words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["on", "waiting", "native", "left", "uninstrumented", "failed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One installed library.

    `state`: `on`; `waiting` for its import, which turns it on; `native`, its own spans; `left` to the
    program, which did it itself; `uninstrumented`, nothing that serves it is installed; `failed`. `by`: the
    instrumentation's package. `install`: a package that would serve it. `why`: a short reason.
    """

    library: str
    version: str
    state: State
    by: str = ""
    install: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All installed libraries, in the order in which they are turned on, and what was not understood.

    >>> report = Report((Outcome("openai", "3.57.0", "uninstrumented", install="some-instrumentation"),))
    >>> print(report)
    sightline found openai 3.57.0
      for openai: pip install some-instrumentation
    """

    outcomes: tuple[Outcome, ...] = ()
    problems: tuple[str, ...] = ()
    wanted: bool = True

    @property
    def found(self) -> tuple[str, ...]:
        """The libraries that are installed, by name."""
        return tuple(o.library for o in self.outcomes)

    @property
    def turned_on(self) -> tuple[str, ...]:
        """Those whose calls are seen, or will be as soon as they are imported."""
        return tuple(o.library for o in self.outcomes if o.state in ("on", "waiting", "native"))

    @property
    def to_install(self) -> tuple[str, ...]:
        """Packages that would serve the rest."""
        return tuple(dict.fromkeys(o.install for o in self.outcomes if o.install))

    @property
    def install_command(self) -> str:
        """The one line that installs them; empty when nothing is missing."""
        return f"pip install {' '.join(self.to_install)}" if self.to_install else ""

    def outcome(self, library: str) -> Outcome | None:
        """What became of one library."""
        return next((o for o in self.outcomes if o.library == library), None)

    def lines(self) -> list[str]:
        """The report as plain lines, without anything that only a terminal understands."""
        if not self.wanted:
            return []
        if not self.outcomes:
            lines = ["sightline found no library that it knows how to instrument"]
        else:
            lines = [f"sightline found {', '.join(f'{o.library} {o.version}' for o in self.outcomes)}"]
            lines += [f"  {line}" for line in self._states()]
            if self.install_command:
                missing = ", ".join(o.library for o in self.outcomes if o.install)
                lines.append(f"  for {missing}: {self.install_command}")
        return lines + [f"  {problem}" for problem in self.problems]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def _states(self) -> list[str]:
        turned = [f"{o.library} ({o.by or o.why})" for o in self.outcomes if o.state in ("on", "waiting")]
        turned += [f"{o.library} (its own spans)" for o in self.outcomes if o.state == "native"]
        lines = [f"turned on: {', '.join(turned)}"] if turned else []
        for state, words in (("left", "left to the program"), ("failed", "not turned on")):
            lines += [f"{words}: {o.library} ({o.why})" for o in self.outcomes if o.state == state]
        lines += [
            f"not turned on: {o.library} ({o.why})"
            for o in self.outcomes
            if o.state == "uninstrumented" and not o.install and o.why
        ]
        return lines
