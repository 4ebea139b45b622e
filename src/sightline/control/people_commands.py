"""`sightline people`: who may sign in, and what they may do. The way to the first administrator."""

from __future__ import annotations

import json
from collections.abc import Callable

import click

from sightline.control.control import Control
from sightline.control.stored_people import LINK_DAYS
from sightline.control.terminal import AS_JSON, OpenControl, actor, moment, opened, plain, show
from sightline.records.access import DEFAULT_PROJECT
from sightline.records.people import Person, Role

_ROLE = click.Choice([r.value for r in Role])


def people_commands(open_control: OpenControl, address: Callable[[], str]) -> click.Group:
    """The group `people`; `address` is where the server is reached, for the links that are printed."""

    @click.group("people")
    def people() -> None:
        """People: who may sign in to the pages, and what they may do."""

    @people.command("add")
    @click.argument("email")
    @click.option("--name", default="", help="What to call them.")
    @click.option("--project", default=DEFAULT_PROJECT, show_default=True, help="Where the role counts.")
    @click.option("--role", type=_ROLE, help="reader: look; editor: also prices and quarantine; admin: all.")
    @click.option("--server-admin", is_flag=True, help="Admin of every project and of the server.")
    @AS_JSON
    def add(email: str, name: str, project: str, role: str | None, server_admin: bool, as_json: bool) -> None:
        """Add EMAIL and print a link with which they set their password. The first person becomes server
        administrator.
        """
        with opened(open_control) as control:
            first = not control.has_people()
            if role is None and not server_admin and not first:
                raise click.UsageError(
                    "Say what they may do: --role reader, editor or admin, or --server-admin."
                )
            roles = {project: role} if role else {}
            control.add_person(email, name, roles=roles, server_admin=server_admin, by=actor())
            person, link = _link(control, email, address())
        _say_link(as_json, person, link, "is added")

    @people.command("list")
    @click.option("--project", help="Only who has a role there.")
    @AS_JSON
    def list_people(project: str | None, as_json: bool) -> None:
        """List people with their roles."""
        with opened(open_control) as control:
            found = control.people(project)
        show(
            as_json,
            [plain(p) for p in found],
            ["e-mail", "name", "roles", "signs in with", "added", "last seen"],
            [
                [p.email, p.name, _roles(p), _way(p), moment(p.created_at), moment(p.last_seen_at)]
                for p in found
            ],
        )

    @people.command("set-role")
    @click.argument("email")
    @click.argument("role", type=click.Choice([*(r.value for r in Role), "none"]), required=False)
    @click.option("--project", default=DEFAULT_PROJECT, show_default=True, help="Where the role counts.")
    @click.option("--server-admin/--no-server-admin", default=None, help="Admin of every project, or not.")
    @AS_JSON
    def set_role(
        email: str, role: str | None, project: str, server_admin: bool | None, as_json: bool
    ) -> None:
        """Give EMAIL a ROLE in a project (none: take it), or make them server administrator."""
        if role is None and server_admin is None:
            raise click.UsageError("Say what to change: a ROLE, --server-admin or --no-server-admin.")
        with opened(open_control) as control:
            if role is not None:
                person = control.set_role(email, project, None if role == "none" else role, by=actor())
            if server_admin is not None:
                person = control.set_server_admin(email, server_admin, by=actor())
        if as_json:
            click.echo(json.dumps(plain(person)))
        else:
            click.echo(f"{person.email}: {_roles(person)}.")

    @people.command("reset-password")
    @click.argument("email")
    @AS_JSON
    def reset_password(email: str, as_json: bool) -> None:
        """Print a link with which EMAIL sets a new password. The old one holds until it is used."""
        with opened(open_control) as control:
            person, link = _link(control, email, address())
        _say_link(as_json, person, link, "may set a new password")

    @people.command("remove")
    @click.argument("email")
    @AS_JSON
    def remove(email: str, as_json: bool) -> None:
        """Take EMAIL out. A running server signs them out within two seconds."""
        with opened(open_control) as control:
            person = control.remove_person(email, by=actor())
        if as_json:
            click.echo(json.dumps(plain(person)))
        else:
            click.echo(f"{person.email} is removed and signed out everywhere.")

    return people


def _link(control: Control, email: str, address: str) -> tuple[Person, str]:
    person, token = control.make_link(email, by=actor())
    return person, f"{address.rstrip('/')}/set-password?token={token}"


def _say_link(as_json: bool, person: Person, link: str, done: str) -> None:
    if as_json:
        click.echo(json.dumps({**plain(person), "link": link}))
        return
    click.echo(f"{person.email} {done}: {_roles(person)}.", err=True)
    click.echo(f"Give them this link; it works once, for {LINK_DAYS} days, and is not shown again:", err=True)
    click.echo(link)  # alone on standard output, as a key is


def _roles(person: Person) -> str:
    roles = [f"{role} in {project}" for project, role in sorted(person.roles.items())]
    return ", ".join((["server administrator"] if person.server_admin else []) + roles) or "no role yet"


def _way(person: Person) -> str:
    ways = (["OpenID"] if person.external else []) + (["password"] if person.has_password else [])
    return ", ".join(ways) or "link not used yet"
