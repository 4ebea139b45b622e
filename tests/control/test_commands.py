from __future__ import annotations

import json
from collections.abc import Callable

import click
import pytest
from click.testing import CliRunner, Result

from sightline.control.commands import control_commands
from sightline.control.control import Control
from sightline.records.access import Scope

Run = Callable[..., Result]


@pytest.fixture
def run(url: str) -> Run:
    """`sightline` with nothing but these groups, over an empty database."""

    @click.group()
    def cli() -> None:
        pass

    for group in control_commands(lambda: Control(url)):
        cli.add_command(group)
    return lambda *arguments: CliRunner().invoke(cli, arguments, catch_exceptions=False)


def answer(result: Result) -> object:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_first_command_makes_the_database(run: Run) -> None:
    projects = answer(run("projects", "list", "--json"))
    assert [p["name"] for p in projects] == ["default"]  # type: ignore[attr-defined]
    assert run("keys", "list").exit_code == 0


def test_projects_are_made_set_and_listed(run: Run) -> None:
    made = answer(run("projects", "create", "shop", "--retention-days", "10", "--json"))
    assert (made["retention_days"], made["content_days"]) == (10, 10)  # type: ignore[index]
    done = run("projects", "set", "shop", "--content-days", "3")
    assert done.stdout == "Project shop is set: keeps spans 10 days, content 3 days.\n"
    listed = run("projects", "list").stdout
    assert [line.split()[:5] for line in listed.splitlines() if "shop" in line] == [
        ["shop", "10", "d", "3", "d"]
    ]


def test_a_key_is_alone_on_standard_output(run: Run, url: str) -> None:
    made = run("keys", "create", "--scope", "ingest", "--label", "the [red]shop[/red]")
    assert "not shown again" in made.stderr
    text = made.stdout.strip()
    control = Control(url)
    key = control.find_key(text)
    assert key is not None
    assert (key.project, key.scope, key.label) == ("default", Scope.INGEST, "the [red]shop[/red]")
    assert control.audit()[0].actor.startswith("cli")
    control.close()
    listed = run("keys", "list")
    assert key.id in listed.stdout
    assert "the [red]shop[/red]" in listed.stdout, "labels are no markup"
    assert text not in listed.stdout
    assert text.split("_")[3] not in listed.stdout


def test_a_key_for_programs_and_its_end(run: Run, url: str) -> None:
    made = answer(run("keys", "create", "--project", "default", "--scope", "admin", "--json"))
    assert isinstance(made, dict)
    assert made["key"].startswith(f"sl_a_{made['id']}_")
    assert run("keys", "revoke", made["id"]).stdout == f"Key {made['id']} of project default is revoked.\n"
    revoked = answer(run("keys", "revoke", made["id"], "--json"))
    assert isinstance(revoked, dict)
    assert revoked["revoked_at"].endswith("+00:00")
    assert answer(run("keys", "list", "--project", "default", "--json")) == [revoked]
    assert answer(run("keys", "list", "--project", "other", "--json")) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("projects", "create", "Bad Name"), "The project name 'Bad Name' does not fit"),
        (("projects", "create", "default"), "sightline projects set default"),
        (("projects", "set", "defualt", "--content-days", "1"), "Did you mean 'default'?"),
        (("projects", "set", "default"), "Say what to change"),
        (("keys", "create", "--scope", "write"), "'ingest', 'read', 'admin', 'public'"),
        (("keys", "create"), "Missing option '--scope'"),
        (("keys", "create", "--scope", "read", "--project", "nowhere"), "sightline projects create nowhere"),
        (("keys", "revoke", "nothing"), "There is no key 'nothing'"),
    ],
)
def test_what_is_wrong_is_one_sentence(run: Run, arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code != 0
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_a_database_that_cannot_be_opened_is_one_sentence() -> None:
    group = control_commands(lambda: Control("mysql://db/sight"))[0]
    result = CliRunner().invoke(group, ["list"])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: The control database cannot be mysql://")
