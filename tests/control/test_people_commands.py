from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from sightline.control.commands import control_commands
from sightline.control.control import Control
from sightline.records.people import Role

Run = Callable[..., Result]


@pytest.fixture
def run(url: str) -> Run:
    """`sightline` with these groups alone, over an empty database."""
    cli = click.Group()
    for group in control_commands(lambda: Control(url), lambda: "https://sight.example/"):
        cli.add_command(group)
    return lambda *arguments: CliRunner().invoke(cli, arguments, catch_exceptions=False)


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_first_person_and_their_link(run: Run, url: str) -> None:
    made = run("people", "add", "Ann@example.com", "--name", "Ann [b]")
    assert made.exit_code == 0
    assert "ann@example.com is added: server administrator." in made.stderr
    link = made.stdout.strip()
    assert link.startswith("https://sight.example/set-password?token=")
    control = Control(url)
    person = control.person_of_link(link.split("=")[1])
    assert person is not None
    assert (person.email, person.server_admin) == ("ann@example.com", True)
    assert control.audit()[-1].actor.startswith("cli")
    control.close()
    listed = run("people", "list").stdout
    assert "Ann [b]" in listed
    assert "link not used yet" in listed


def test_people_for_programs(run: Run) -> None:
    run("people", "add", "ann@example.com")
    made = answer(run("people", "add", "bob@example.com", "--role", "editor", "--json"))
    assert made["roles"] == {"default": "editor"}
    assert made["link"].startswith("https://sight.example/")
    run("projects", "create", "shop")
    changed = answer(run("people", "set-role", "bob@example.com", "reader", "--project", "shop", "--json"))
    assert changed["roles"] == {"default": "editor", "shop": "reader"}
    assert run("people", "set-role", "bob@example.com", "none").stdout == "bob@example.com: reader in shop.\n"
    assert [p["email"] for p in answer(run("people", "list", "--project", "shop", "--json"))] == [
        "ann@example.com",
        "bob@example.com",
    ]
    assert answer(run("people", "set-role", "bob@example.com", "--server-admin", "--json"))["server_admin"]
    again = answer(run("people", "reset-password", "bob@example.com", "--json"))
    assert again["link"] != made["link"]
    assert "is removed" in run("people", "remove", "ann@example.com").stdout
    assert [p["email"] for p in answer(run("people", "list", "--json"))] == ["bob@example.com"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "ann", "--server-admin"), "The e-mail address 'ann' does not fit"),
        (("add", "bob@example.com"), "Say what they may do"),
        (("add", "ann@example.com", "--role", "reader"), "is here already"),
        (("add", "bob@example.com", "--role", "owner"), "'reader', 'editor', 'admin'"),
        (("add", "bob@example.com", "--role", "reader", "--project", "no"), "sightline projects create no"),
        (("set-role", "ann@example.com"), "Say what to change"),
        (("set-role", "bob@example.com", "reader"), "There is nobody with the address bob@example.com"),
        (("set-role", "ann@example.com", "--no-server-admin"), "is the last server administrator"),
        (("remove", "ann@example.com"), "is the last server administrator"),
        (("reset-password", "bob@example.com"), "sightline people list"),
    ],
)
def test_what_is_wrong_is_one_sentence(run: Run, arguments: tuple[str, ...], said: str) -> None:
    run("people", "add", "ann@example.com")
    result = run("people", *arguments)
    assert result.exit_code != 0
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_roles_are_in_order() -> None:
    assert [r for r in Role if Role.EDITOR.includes(r)] == [Role.READER, Role.EDITOR]
