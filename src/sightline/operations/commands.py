"""`sightline backup` and `sightline restore`."""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from typing import Any

import click

from sightline.operations import manifest
from sightline.operations.backup import summary
from sightline.operations.client import Server, UnreachableError, default_url
from sightline.operations.flags import settings_from, settings_options
from sightline.operations.manifest import BackupError

BACKUP_PATH = "/api/v1/backup"
_HOURS = 6 * 3600.0  # A backup of a large store takes its time, and says nothing until it is done.


def _print(verb: str, place: Path, found: dict[str, Any]) -> None:
    rows = ", ".join(f"{count:,} {table}" for table, count in sorted(found["rows"].items()) if count)
    size = f"{found['bytes'] / 2**20:,.1f} MiB in {found['files']:,} files"
    click.echo(f"{verb} {place}: {size}, {rows or 'no rows'}.")


@click.command("backup")
@click.argument("directory", type=click.Path(path_type=Path))
@settings_options
@click.option("--url", envvar="SIGHTLINE_URL", default="", help="The running server.")
@click.option("--key", envvar="SIGHTLINE_KEY", default="", help="An admin key, where keys are configured.")
def backup_command(directory: Path, url: str, key: str, **options: Any) -> None:
    """Back up a running Sightline into DIRECTORY, on the server's machine.

    DIRECTORY has to be new or empty, and outside the data directory.
    """
    settings = settings_from(options, os.environ, Path.cwd())
    address = url or default_url(settings)
    body = json.dumps({"directory": str(directory.absolute())}).encode()
    try:
        answer = Server(address, key).request(
            "POST", BACKUP_PATH, body, {"content-type": "application/json"}, seconds=_HOURS
        )
    except UnreachableError as error:
        raise click.ClickException(
            f"{error} A backup is made by the running server: start it, or say where it is with --url."
        ) from error
    if answer.status != 200:
        hint = " Give an admin key with --key or SIGHTLINE_KEY." if answer.status in {401, 403} else ""
        raise click.ClickException(f"The server refused ({answer.status}): {answer.reason}{hint}")
    _print("Backed up into", directory, answer.json())


@click.command("restore")
@click.argument("directory", type=click.Path(path_type=Path))
@settings_options
@click.option("--verify", is_flag=True, help="Only check the backup; restore nothing.")
def restore_command(directory: Path, verify: bool, **options: Any) -> None:
    """Restore the backup in DIRECTORY into an empty data directory. The server must not run.

    Every checksum is verified before anything is written.
    """
    settings = settings_from(options, os.environ, Path.cwd())
    try:
        if verify:
            stored = manifest.read(directory)
            manifest.verify(stored, directory)
            _print("Verified", directory, summary(stored))
            return
        # Loads the engine, which the other commands need not wait for.
        module = importlib.import_module("sightline.operations.restore")
        stored = module.restore(directory, settings.data, control_url=settings.control.url)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    _print("Restored into", settings.data, summary(stored))
