"""Pages for what went wrong: no access, nothing there, a failed query, a fault of ours."""

from __future__ import annotations

from dataclasses import dataclass

from sightline.pages.address import Link


@dataclass(frozen=True, slots=True)
class ProblemContext:
    """Everything `problem.html` shows. `command` can be pasted, `reference` quoted to whoever runs this."""

    status: int
    theme: str
    title: str
    sentence: str
    command: str
    actions: tuple[Link, ...]
    reference: str
    here: str


def command_in(message: str) -> tuple[str, str]:
    """A message's sentence and the command it ends with, if there is one."""
    head, mark, command = message.rpartition("sightline keys create")
    if not mark:
        return message, ""
    return head.rstrip(" :;,") + ":", (mark + command).strip()
