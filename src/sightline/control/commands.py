"""`sightline projects` and `sightline keys`: on the control database itself, with or without a server."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

import click

from sightline.control.control import Control
from sightline.control.origins import ANY
from sightline.control.people_commands import people_commands
from sightline.control.projects import RETENTION_DAYS
from sightline.control.remote import RemoteControl
from sightline.control.terminal import AS_JSON, OpenControl, actor, moment, opened, plain, show
from sightline.records.access import DEFAULT_PROJECT, ApiKey, Project, Scope


def control_commands(
    open_control: OpenControl, address: Callable[[], str] = lambda: "http://127.0.0.1:4318"
) -> list[click.Group]:
    """The groups `projects`, `keys` and `people`. `open_control` and `address` (of the server, for links)
    are called when a command runs, and may read click's current context; the commands bring the database
    to the newest schema and close it.
    """
    there = _there(open_control)
    return [_projects(there), _keys(there), people_commands(open_control, address)]


_REMOTE = "sightline.remote"
_URL = click.option("--url", default="", help="A server that runs somewhere else, over its API.")
_KEY = click.option("--key", envvar="SIGHTLINE_KEY", default="", help="An admin key, for --url.")


def _there(open_control: OpenControl) -> OpenControl:
    """The database of this machine, or the server that `--url` of the group names."""

    def opened_there() -> Control:
        url, key = click.get_current_context().meta.get(_REMOTE, ("", ""))
        # It has what projects and keys ask of control, and nothing else is asked of it.
        return cast("Control", RemoteControl(url, key)) if url else open_control()

    return opened_there


def _remember(url: str, key: str) -> None:
    click.get_current_context().meta[_REMOTE] = (url, key)


# Option of the commands: limit as control names it, and what it says.
_LIMITS = {
    "--requests": ("requests", "Requests a minute in all."),
    "--items": ("items", "Spans and log records a minute in all."),
    "--address-requests": ("address_requests", "Requests a minute from one address."),
    "--address-items": ("address_items", "Spans and log records a minute from one address."),
    "--request-bytes": ("request_bytes", "Bytes of one request, unpacked."),
}


def _public_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What binds a public key, as options."""
    for option, (name, says) in reversed(_LIMITS.items()):
        command = click.option(option, name, type=int, help=f"Public keys: {says}")(command)
    return click.option(
        "--origin",
        "origins",
        multiple=True,
        help="Public keys: a site whose pages may use it, as https://app.example or https://*.example.com;"
        " again for more, '*' for all.",
    )(command)


def _public_values(given: Mapping[str, Any]) -> tuple[tuple[str, ...] | None, dict[str, object]]:
    """Origins, None when none was given, and the limits that were."""
    limits = {name: given[name] for name, _ in _LIMITS.values() if given[name] is not None}
    return given["origins"] or None, limits


def _warn(key: ApiKey) -> None:
    if key.terms and ANY in key.terms.origins:
        click.echo(
            f"Warning: pages of every site may send with key {key.id}. Name your sites with --origin where"
            " you know them.",
            err=True,
        )


def _projects(open_control: OpenControl) -> click.Group:
    @click.group("projects")
    @_URL
    @_KEY
    def projects(url: str, key: str) -> None:
        """Projects: who is kept apart from whom, and how long data is kept."""
        _remember(url, key)

    @projects.command("list")
    @AS_JSON
    def list_projects(as_json: bool) -> None:
        """List all projects."""
        with opened(open_control) as control:
            found = control.projects()
        show(
            as_json,
            [plain(p) for p in found],
            ["project", "spans kept", "content kept", "made"],
            [[p.name, f"{p.retention_days} d", f"{p.content_days} d", moment(p.created_at)] for p in found],
        )

    @projects.command("create")
    @click.argument("name")
    @click.option(
        "--retention-days", type=int, default=RETENTION_DAYS, show_default=True, help="Keep spans this long."
    )
    @click.option(
        "--content-days", type=int, help="Keep prompts and outputs this long.  [default: at most 30]"
    )
    @AS_JSON
    def create(name: str, retention_days: int, content_days: int | None, as_json: bool) -> None:
        """Make a project NAME."""
        with opened(open_control) as control:
            made = control.create_project(name, retention_days, content_days, by=actor())
        _say_project(as_json, made, "made")

    @projects.command("set")
    @click.argument("name")
    @click.option("--retention-days", type=int, help="Keep spans this long.")
    @click.option("--content-days", type=int, help="Keep prompts and outputs this long.")
    @AS_JSON
    def change(name: str, retention_days: int | None, content_days: int | None, as_json: bool) -> None:
        """Change how long the project NAME keeps what it receives from now on."""
        if retention_days is None and content_days is None:
            raise click.UsageError("Say what to change: --retention-days, --content-days or both.")
        with opened(open_control) as control:
            changed = control.update_project(
                name, retention_days=retention_days, content_days=content_days, by=actor()
            )
        _say_project(as_json, changed, "set")

    return projects


def _keys(open_control: OpenControl) -> click.Group:
    @click.group("keys")
    @_URL
    @_KEY
    def keys(url: str, key: str) -> None:
        """Keys: who may send, read and administer."""
        _remember(url, key)

    @keys.command("create")
    @click.option(
        "--project", default=DEFAULT_PROJECT, show_default=True, help="What the key gives access to."
    )
    @click.option(
        "--scope",
        type=click.Choice([s.value for s in Scope]),
        required=True,
        help="ingest: send; read: look; admin: both, and change settings; public: send from pages of"
        " --origin.",
    )
    @click.option("--label", default="", help="What or whom the key is for.")
    @_public_options
    @AS_JSON
    def create(project: str, scope: str, label: str, as_json: bool, **public: Any) -> None:
        """Make a key and print it. It is shown this once; only its hash is kept, except of a public key."""
        origins, limits = _public_values(public)
        with opened(open_control) as control:
            key, text = control.create_key(
                project, scope, label, origins=origins or (), limits=limits, by=actor()
            )
        _warn(key)
        if as_json:
            click.echo(json.dumps({**plain(key), "key": text}))
            return
        once = "It may stand in pages" if key.terms else "Keep it now, it is not shown again"
        click.echo(f"Key {key.id}: {scope}, project {project}. {once}:", err=True)
        click.echo(text)  # alone on standard output, for KEY=$(sightline keys create ...)

    @keys.command("list")
    @click.option("--project", help="Only this project's.")
    @AS_JSON
    def list_keys(project: str | None, as_json: bool) -> None:
        """List keys, without their secrets."""
        with opened(open_control) as control:
            found = control.keys(project)
        show(
            as_json,
            [plain(k) for k in found],
            ["id", "project", "scope", "label", "made", "last used", "revoked"],
            [
                [k.id, k.project, k.scope.value, k.label]
                + [moment(at) for at in (k.created_at, k.last_used_at, k.revoked_at)]
                for k in found
            ],
        )

    @keys.command("change")
    @click.argument("key_id", metavar="ID")
    @click.option("--project", help="The key's project; needed with --url.")
    @click.option("--label", help="What or whom the key is for.")
    @_public_options
    @AS_JSON
    def change(key_id: str, project: str | None, label: str | None, as_json: bool, **public: Any) -> None:
        """Change the sites and limits of the public key ID. --origin replaces all of its sites.

        A running server knows of it within two seconds.
        """
        origins, limits = _public_values(public)
        if label is None and origins is None and not limits:
            raise click.UsageError("Say what to change: --origin, --label, or a limit such as --requests.")
        with opened(open_control) as control:
            key = control.change_public_key(
                key_id, label=label, origins=origins, limits=limits, project=project, by=actor()
            )
        _warn(key)
        if as_json:
            click.echo(json.dumps(plain(key)))
        elif key.terms:
            click.echo(
                f"Key {key.id} of project {key.project} may be used from {', '.join(key.terms.origins)}."
            )

    @keys.command("revoke")
    @click.argument("key_id", metavar="ID")
    @AS_JSON
    def revoke(key_id: str, as_json: bool) -> None:
        """End the key ID for good. A running server refuses it within two seconds."""
        with opened(open_control) as control:
            key = control.revoke_key(key_id, by=actor())
        if as_json:
            click.echo(json.dumps(plain(key)))
        else:
            click.echo(f"Key {key.id} of project {key.project} is revoked.")

    return keys


def _say_project(as_json: bool, project: Project, done: str) -> None:
    if as_json:
        click.echo(json.dumps(plain(project)))
        return
    periods = f"keeps spans {project.retention_days} days, content {project.content_days} days"
    click.echo(f"Project {project.name} is {done}: {periods}.")
