"""The command line: sightline serve, tail, query, export, import, report, demo, doctor, and others.

A command's module is imported when the command is asked for, so that `--help` is fast, and what needs no
server (`report`, `import`) works without its libraries.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from sightline import __version__


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is, and its sentence in the list; a test holds it against the command's own."""

    module: str
    name: str
    says: str


PLACES: dict[str, Place] = {
    "backup": Place(
        "operations.commands", "backup_command",
        "Back up a running Sightline into DIRECTORY, on the server's machine.",
    ),
    "completion": Place(
        "operations.completion_command", "completion_command",
        "Print what makes a SHELL complete commands and options.",
    ),
    "demo": Place(
        "server_commands", "demo_command",
        "Start a server and fill it with a plausible company: history, then live traffic with trouble.",
    ),
    "doctor": Place(
        "operations.doctor", "doctor_command",
        "Check ports, disk, versions and clock, and whether a span can be sent and read back.",
    ),
    "export": Place(
        "operations.ask_commands", "export_command",
        "Write what a FILTER chooses into a file: Parquet, CSV, JSON lines or OTLP.",
    ),
    "import": Place(
        "operations.import_command", "import_command",
        "Send FILES of telemetry to a server, without doubles.",
    ),
    "journal": Place(
        "journal.commands", "journal",
        "Look into the journal, and digest again what it keeps.",
    ),
    "keys": Place(
        "server_commands", "keys_commands",
        "Keys: who may send, read and administer.",
    ),
    "people": Place(
        "server_commands", "people_commands",
        "People: who may sign in to the pages, and what they may do.",
    ),
    "projects": Place(
        "server_commands", "projects_commands",
        "Projects: who is kept apart from whom, and how long data is kept.",
    ),
    "query": Place(
        "operations.ask_commands", "query_command",
        "List what a FILTER chooses, measure it, or run one SELECT of SQL.",
    ),
    "report": Place(
        "report.command", "report_command",
        "Report on FILES of telemetry or logs: requests, errors, latency, tokens, cost.",
    ),
    "restore": Place(
        "operations.commands", "restore_command",
        "Restore the backup in DIRECTORY into an empty data directory.",
    ),
    "serve": Place(
        "server_commands", "serve_command",
        "Run the server: OTLP, API and pages on one HTTP port, OTLP/gRPC beside it.",
    ),
    "tail": Place(
        "operations.tail_command", "tail_command",
        "Show traces, or spans, as they arrive, until Ctrl-C.",
    ),
}  # fmt: skip


class Commands(MutableMapping[str, click.Command]):
    """Commands by name, each imported when it is looked up."""

    def __init__(self) -> None:
        self._made: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._made:
            self._made[name] = _made(name, PLACES[name])
        return self._made[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in PLACES or name in self._made

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*PLACES, *self._made)))

    def __len__(self) -> int:
        return len({*PLACES, *self._made})


def _made(name: str, place: Place) -> click.Command:
    """A command; where the libraries of the server are not installed, one that says so."""
    try:
        found: click.Command = getattr(import_module(f"sightline.{place.module}"), place.name)
    except ModuleNotFoundError as error:
        if (error.name or "sightline").partition(".")[0] == "sightline":
            raise
        return _missing(name, place, error.name or "")
    return found


def _missing(name: str, place: Place, library: str) -> click.Command:
    def say(words: tuple[str, ...]) -> None:
        raise click.ClickException(
            f"sightline {name} needs the server's libraries ({library} is not installed):"
            ' pip install "sightline[server]"'
        )

    return click.Command(
        name,
        callback=say,
        help=place.says,
        params=[click.Argument(["words"], nargs=-1, type=click.UNPROCESSED)],
        context_settings={"ignore_unknown_options": True},
        add_help_option=False,
    )


class Lazy(click.Group):
    """A group that lists its commands without importing them."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.commands = Commands()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list from the table."""
        limit = formatter.width - 6 - max(map(len, PLACES))
        rows = [(name, _short(place.says, limit)) for name, place in sorted(PLACES.items())]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a command's name from the table."""
        found = [
            CompletionItem(n, help=p.says) for n, p in sorted(PLACES.items()) if n.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]


def _short(text: str, limit: int) -> str:
    return text.rstrip(".") if len(text.rstrip(".")) <= limit else text[: limit - 3].rsplit(" ", 1)[0] + "..."


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sightline")
def main() -> None:
    """Sightline: self-hosted observability and monitoring for AI systems."""


if __name__ == "__main__":
    sys.exit(main())
