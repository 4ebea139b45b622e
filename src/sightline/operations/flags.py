"""Every setting as a click option, so that `sightline serve` has them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from sightline.operations.configuration import ConfigurationError, find_file, load
from sightline.operations.settings_table import Setting, settings_table, shown
from sightline.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])
# Short forms of the flags that everyone uses; `--grpc-port` and `--data` have their names already.
ALIASES: dict[str, tuple[str, ...]] = {"http.host": ("--host",), "http.port": ("--port",)}


def settings_options(command: Command) -> Command:
    """Decorate a click command with `--config` and a flag for every setting, each None when not given."""
    for setting in reversed(settings_table()):
        command = _option(setting)(command)
    return click.option(
        "--config",
        metavar="FILE",
        default=None,
        help="TOML file with settings. Default: SIGHTLINE_CONFIG, then sightline.toml here.",
    )(command)


def _option(setting: Setting) -> Callable[[Command], Command]:
    names = (*ALIASES.get(setting.key, ()), setting.flag)
    default = shown(setting, setting.default) or "empty"
    text = f"{setting.doc} [{default}]".strip()
    if setting.kind is bool:
        return click.option(f"{setting.flag}/--no-{setting.flag[2:]}", setting.flat, default=None, help=text)
    metavar = {"bytes": "SIZE", "seconds": "TIME"}.get(setting.unit) or {
        int: "NUMBER", Path: "PATH", tuple: "A,B,…"
    }.get(setting.kind, "TEXT")  # fmt: skip
    # Texts, not click's types: one parser for flags, variables and files means one kind of error.
    return click.option(*names, setting.flat, metavar=metavar, default=None, help=text)


def settings_from(options: Mapping[str, Any], environ: Mapping[str, str], folder: Path) -> Settings:
    """The settings of a command decorated with `settings_options`, from the keyword arguments it received.

    Raises `click.ClickException` with the configuration's message: exit code 1 and no traceback.
    """
    flags = dict(options)
    try:
        file = find_file(flags.pop("config", None), environ, folder)
        return load(flags, environ, file)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error
