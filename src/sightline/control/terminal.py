"""What the commands of control share: opening the database, and lists for people or programs."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sightline.control.control import Control
from sightline.control.errors import ControlError
from sightline.records.access import ApiKey, Project
from sightline.records.people import Person

OpenControl = Callable[[], Control]
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
_WIDE = 200
"""Columns where the output is no terminal: nothing is cut off in a file."""


@contextmanager
def opened(open_control: OpenControl) -> Iterator[Control]:
    """An open, migrated control; its errors become one sentence and exit code 1."""
    try:
        control = open_control()
        try:
            control.migrate()
            yield control
        finally:
            control.close()
    except ControlError as error:
        raise click.ClickException(str(error)) from error


def actor() -> str:
    """Who runs the command, as the audit remembers it."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return "cli"  # a container's user need not have a name


def plain(record: Project | ApiKey | Person) -> dict[str, Any]:
    """A record as JSON: moments in ISO 8601, UTC."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(record).items()
    }


def show(
    as_json: bool, data: Sequence[dict[str, Any]], heads: Sequence[str], lines: Sequence[Sequence[str]]
) -> None:
    """A list, as JSON or as a table with these heads."""
    if as_json:
        click.echo(json.dumps(data))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold", no_wrap=head == "id")  # an id is there to be copied
    for line in lines:
        table.add_row(*(Text(cell) for cell in line))  # Text: labels are not to be read as markup
    console = Console()
    (console if console.is_terminal else Console(width=_WIDE)).print(table)


def moment(at: datetime | None) -> str:
    """A moment for a table: to the minute, UTC."""
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M}"
