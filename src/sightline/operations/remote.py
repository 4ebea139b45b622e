"""What the commands that ask a running server share: where it is, and its problems as sentences."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from sightline.client import Client, ClientError, Refused, Unreachable
from sightline.operations.client import default_url
from sightline.operations.flags import settings_from
from sightline.records.visible import shown

__all__ = ["KEY", "PROJECT", "URL", "address", "asking", "pointed"]
# Exit codes beside 0: what was asked is wrong; the server cannot be asked.
WRONG, UNABLE = 2, 3


def address() -> str:
    """Where the server of these settings is, from this machine."""
    return default_url(settings_from({}, os.environ, Path.cwd()))


URL = click.option(
    "--url",
    envvar="SIGHTLINE_URL",
    default=address,
    show_default="this machine's",
    help="The running server.",
)
KEY = click.option("--key", envvar="SIGHTLINE_KEY", default="", help="A key, where keys are configured.")
PROJECT = click.option("--project", default="", help="Which project, where no key says it.")


@contextmanager
def asking(url: str, key: str, project: str, text: str = "") -> Iterator[Client]:
    """A client; its errors become a sentence on standard error and an exit code. `text`: the filter or query
    that a problem may point into."""
    try:
        with Client(url, key, project=project) as client:
            yield client
    except BrokenPipeError:
        # Whoever read has enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except Refused as error:
        lines = [pointed(text, error)] if text and error.position is not None else []
        hint = " Give a key that may read with --key or SIGHTLINE_KEY." if error.status in (401, 403) else ""
        click.echo("\n".join((*lines, shown(f"Error: {error.detail or error}{hint}"))), err=True)
        raise SystemExit(
            UNABLE if error.status >= 500 or error.status in (401, 403, 429) else WRONG
        ) from error
    except ClientError as error:
        hint = " Start it, or say where it is with --url." if isinstance(error, Unreachable) else ""
        click.echo(shown(f"Error: {error}{hint}"), err=True)
        raise SystemExit(UNABLE) from error


def pointed(text: str, error: Refused) -> str:
    """The line of the text that is wrong, and a mark under its characters."""
    at = min(error.position or 0, len(text))
    begin = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    before, marked = shown(text[begin:at]), shown(text[at : min(end, at + (error.length or 1))])
    return f"  {before}{shown(text[at:end])}\n  {' ' * len(before)}{'^' * max(1, len(marked))}"
