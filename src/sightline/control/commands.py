"""`sightline projects` and `sightline keys`: on the control database itself, with or without a server."""

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
from sightline.control.projects import RETENTION_DAYS
from sightline.records.access import DEFAULT_PROJECT, ApiKey, Project, Scope

OpenControl = Callable[[], Control]
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
_WIDE = 200
"""Columns where the output is no terminal: nothing is cut off in a file."""


def control_commands(open_control: OpenControl) -> list[click.Group]:
    """The groups `projects` and `keys`. `open_control` is called when a command runs, and may read
    click's current context; the commands bring the database to the newest schema and close it.
    """
    return [_projects(open_control), _keys(open_control)]


def _projects(open_control: OpenControl) -> click.Group:
    @click.group("projects")
    def projects() -> None:
        """Projects: who is kept apart from whom, and how long data is kept."""

    @projects.command("list")
    @_AS_JSON
    def list_projects(as_json: bool) -> None:
        """List all projects."""
        with _opened(open_control) as control:
            found = control.projects()
        _show(
            as_json,
            [_plain(p) for p in found],
            ["project", "spans kept", "content kept", "made"],
            [[p.name, f"{p.retention_days} d", f"{p.content_days} d", _moment(p.created_at)] for p in found],
        )

    @projects.command("create")
    @click.argument("name")
    @click.option(
        "--retention-days", type=int, default=RETENTION_DAYS, show_default=True, help="Keep spans this long."
    )
    @click.option(
        "--content-days", type=int, help="Keep prompts and outputs this long.  [default: at most 30]"
    )
    @_AS_JSON
    def create(name: str, retention_days: int, content_days: int | None, as_json: bool) -> None:
        """Make a project NAME."""
        with _opened(open_control) as control:
            made = control.create_project(name, retention_days, content_days, by=_actor())
        _say_project(as_json, made, "made")

    @projects.command("set")
    @click.argument("name")
    @click.option("--retention-days", type=int, help="Keep spans this long.")
    @click.option("--content-days", type=int, help="Keep prompts and outputs this long.")
    @_AS_JSON
    def change(name: str, retention_days: int | None, content_days: int | None, as_json: bool) -> None:
        """Change how long the project NAME keeps what it receives from now on."""
        if retention_days is None and content_days is None:
            raise click.UsageError("Say what to change: --retention-days, --content-days or both.")
        with _opened(open_control) as control:
            changed = control.update_project(
                name, retention_days=retention_days, content_days=content_days, by=_actor()
            )
        _say_project(as_json, changed, "set")

    return projects


def _keys(open_control: OpenControl) -> click.Group:
    @click.group("keys")
    def keys() -> None:
        """Keys: who may send, read and administer."""

    @keys.command("create")
    @click.option(
        "--project", default=DEFAULT_PROJECT, show_default=True, help="What the key gives access to."
    )
    @click.option(
        "--scope",
        type=click.Choice([s.value for s in Scope]),
        required=True,
        help="ingest: send; read: look; admin: both, and change settings.",
    )
    @click.option("--label", default="", help="What or whom the key is for.")
    @_AS_JSON
    def create(project: str, scope: str, label: str, as_json: bool) -> None:
        """Make a key and print it. It is shown this once; only its hash is kept."""
        with _opened(open_control) as control:
            key, text = control.create_key(project, scope, label, by=_actor())
        if as_json:
            click.echo(json.dumps({**_plain(key), "key": text}))
            return
        click.echo(f"Key {key.id}: {scope}, project {project}. Keep it now, it is not shown again:", err=True)
        click.echo(text)  # alone on standard output, for KEY=$(sightline keys create ...)

    @keys.command("list")
    @click.option("--project", help="Only this project's.")
    @_AS_JSON
    def list_keys(project: str | None, as_json: bool) -> None:
        """List keys, without their secrets."""
        with _opened(open_control) as control:
            found = control.keys(project)
        _show(
            as_json,
            [_plain(k) for k in found],
            ["id", "project", "scope", "label", "made", "last used", "revoked"],
            [
                [k.id, k.project, k.scope.value, k.label]
                + [_moment(at) for at in (k.created_at, k.last_used_at, k.revoked_at)]
                for k in found
            ],
        )

    @keys.command("revoke")
    @click.argument("key_id", metavar="ID")
    @_AS_JSON
    def revoke(key_id: str, as_json: bool) -> None:
        """End the key ID for good. A running server refuses it within two seconds."""
        with _opened(open_control) as control:
            key = control.revoke_key(key_id, by=_actor())
        if as_json:
            click.echo(json.dumps(_plain(key)))
        else:
            click.echo(f"Key {key.id} of project {key.project} is revoked.")

    return keys


@contextmanager
def _opened(open_control: OpenControl) -> Iterator[Control]:
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


def _actor() -> str:
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return "cli"  # a container's user need not have a name


def _say_project(as_json: bool, project: Project, done: str) -> None:
    if as_json:
        click.echo(json.dumps(_plain(project)))
        return
    periods = f"keeps spans {project.retention_days} days, content {project.content_days} days"
    click.echo(f"Project {project.name} is {done}: {periods}.")


def _plain(record: Project | ApiKey) -> dict[str, Any]:
    """A record as JSON: moments in ISO 8601, UTC."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(record).items()
    }


def _show(
    as_json: bool, data: Sequence[dict[str, Any]], heads: Sequence[str], lines: Sequence[Sequence[str]]
) -> None:
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


def _moment(at: datetime | None) -> str:
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M}"
