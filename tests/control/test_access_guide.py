"""Every command in the guide works as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sightline.control.commands import control_commands
from sightline.control.control import Control
from sightline.control.projects import CONTENT_DAYS, RETENTION_DAYS

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "access.md"
PUBLIC = GUIDE.with_name("browser-keys.md")


@pytest.mark.parametrize("guide", [GUIDE, PUBLIC], ids=lambda path: path.name)
def test_every_command_of_the_guide_works(url: str, guide: Path) -> None:
    cli = click.Group()
    for group in control_commands(lambda: Control(url)):
        cli.add_command(group)
    blocks = re.findall(r"^```sh\n(.*?)^```", guide.read_text(), re.MULTILINE | re.DOTALL)
    commands = [shlex.split(line) for block in blocks for line in block.splitlines()]
    assert len(commands) >= 4
    last_key = ""
    for program, *arguments in commands:
        assert program == "sightline"
        told = [last_key if a == "KEY_ID" else a for a in arguments]
        result = CliRunner().invoke(cli, told, catch_exceptions=False)
        assert result.exit_code == 0, f"{arguments}: {result.output}"
        if result.stdout.startswith("sl_"):
            last_key = result.stdout.split("_")[2]


def test_the_periods_of_the_guide_are_the_defaults() -> None:
    text = GUIDE.read_text()
    assert f"`--retention-days` ({RETENTION_DAYS})" in text
    assert f"`--content-days` ({CONTENT_DAYS})" in text
