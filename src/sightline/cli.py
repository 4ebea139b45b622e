"""The command line: sightline serve, tail, query, export, import, demo, doctor, journal, keys, and others."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import click

from sightline import __version__
from sightline.app import CannotStart, serve
from sightline.catalog.own_prices import PriceError
from sightline.control.commands import control_commands
from sightline.control.control import Control
from sightline.control.errors import ControlError
from sightline.demo.command import demo_command
from sightline.journal.commands import journal
from sightline.journal.disk import Disk
from sightline.journal.lock import JournalLockedError
from sightline.operations import logs
from sightline.operations.ask_commands import export_command, query_command
from sightline.operations.commands import backup_command, restore_command
from sightline.operations.completion_command import completion_command
from sightline.operations.doctor import doctor_command
from sightline.operations.flags import settings_from, settings_options
from sightline.operations.import_command import import_command
from sightline.operations.tail_command import tail_command
from sightline.settings import Settings
from sightline.store.rows import StoreError
from sightline.wire.server import loop_factory


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sightline")
def main() -> None:
    """Sightline: self-hosted observability and monitoring for AI systems."""


def run_server(settings: Settings) -> None:
    """Run the server in this process; what stops it from starting is one sentence and exit code 1."""
    logs.configure(settings.log)
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(serve(settings))
    except (CannotStart, ControlError, JournalLockedError, PriceError, StoreError, OSError) as error:
        raise click.ClickException(str(error)) from error


@main.command("serve")
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


main.add_command(demo_command(_demo_server))
main.add_command(journal)
for command in (
    backup_command, restore_command, doctor_command, tail_command, query_command, export_command,
    import_command, completion_command,
):  # fmt: skip
    main.add_command(command)


def _address() -> str:
    http = settings_from({}, os.environ, Path.cwd()).http
    # A server that listens everywhere has a name that only its people know; on this machine it is loopback.
    host = "127.0.0.1" if http.host in {"", "0.0.0.0", "::", "*"} else http.host  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{http.port or 4318}"


for group in control_commands(_control, _address):
    main.add_command(group)


if __name__ == "__main__":
    sys.exit(main())
