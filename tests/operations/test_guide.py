"""The guide names only what exists."""

from __future__ import annotations

import re
from pathlib import Path

import click
from click.testing import CliRunner

from sightline.operations.commands import backup_command, restore_command
from sightline.operations.doctor import doctor_command
from sightline.operations.settings_table import OTHER_VARIABLES, settings_table

GUIDES = Path(__file__).parents[2] / "docs" / "guide"
COMMANDS: dict[str, click.Command] = {
    "doctor": doctor_command,
    "backup": backup_command,
    "restore": restore_command,
}


def guides() -> str:
    return (GUIDES / "operations.md").read_text() + (GUIDES / "configuration.md").read_text()


def test_variables_exist() -> None:
    known = {setting.variable for setting in settings_table()} | OTHER_VARIABLES.keys()
    assert set(re.findall(r"\bSIGHTLINE_[A-Z_]+[A-Z]", guides())) <= known


def test_keys_of_settings_exist() -> None:
    known = {setting.key for setting in settings_table()}
    sections = {key.split(".")[0] for key in known if "." in key}
    named = re.findall(rf"`((?:{'|'.join(sections)})\.[a-z_]+)`", guides())
    assert named
    assert set(named) <= known


def test_flags_of_the_commands_exist() -> None:
    for line in re.findall(r"^    sightline (.+)$", (GUIDES / "operations.md").read_text(), re.MULTILINE):
        name, *words = line.split()
        text = CliRunner().invoke(COMMANDS[name], ["--help"]).output
        for flag in (word for word in words if word.startswith("--")):
            assert flag in text, f"sightline {name} has no {flag}"


def test_measures_exist() -> None:
    from sightline.measures import REGISTRY

    known = {name for metric in REGISTRY.collect() for name in (metric.name, metric.name + "_total")}
    assert set(re.findall(r"`(sightline_[a-z_]+)`", guides())) <= known
