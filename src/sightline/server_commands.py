"""The commands that run a server or open its control database in this process."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import click

from sightline.app import CannotStart, serve
from sightline.catalog.own_prices import PriceError
from sightline.control.commands import control_commands
from sightline.control.control import Control
from sightline.control.errors import ControlError
from sightline.demo.command import demo_command as demo_of
from sightline.journal.disk import Disk
from sightline.journal.lock import JournalLockedError
from sightline.operations import logs
from sightline.operations.flags import settings_from, settings_options
from sightline.settings import Settings
from sightline.store.rows import StoreError
from sightline.wire.server import loop_factory


def run_server(settings: Settings) -> None:
    """Run the server in this process; what stops it from starting is one sentence and exit code 1."""
    logs.configure(settings.log)
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(serve(settings))
    except (CannotStart, ControlError, JournalLockedError, PriceError, StoreError, OSError) as error:
        raise click.ClickException(str(error)) from error


@click.command("serve")
@settings_options
def serve_command(**options: Any) -> None:
    """Run the server: OTLP, API and pages on one HTTP port, OTLP/gRPC beside it."""
    run_server(settings_from(options, os.environ, Path.cwd()))


def _demo_server(host: str, port: int, data: Path) -> None:
    options = {"http.host": host, "http.port": str(port), "data": str(data)}
    if "SIGHTLINE_LOG_LEVEL" not in os.environ:
        options["log.level"] = "warning"  # the terminal is the progress bar's
    flat = {key.replace(".", "_"): value for key, value in options.items()}
    run_server(settings_from(flat, os.environ, Path.cwd()))


def _control() -> Control:
    settings = settings_from({}, os.environ, Path.cwd())
    Disk().make_folder(settings.data)
    return Control(settings.control.url or f"sqlite:///{(settings.data / 'control.db').absolute()}")


def _address() -> str:
    http = settings_from({}, os.environ, Path.cwd()).http
    # A server that listens everywhere has a name that only its people know; on this machine it is loopback.
    host = "127.0.0.1" if http.host in {"", "0.0.0.0", "::", "*"} else http.host  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{http.port or 4318}"


demo_command = demo_of(_demo_server)
projects_commands, keys_commands, people_commands = control_commands(_control, _address)
