"""`sightline doctor`: is everything in place for Sightline, does it run, and what is to be done."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from sightline.operations import machine_checks, sender_checks, server_checks
from sightline.operations.client import Server, UnreachableError, default_url
from sightline.operations.findings import Finding, Level, fail, warn
from sightline.operations.flags import settings_from, settings_options
from sightline.settings import Settings

_MARKS = {Level.OK: ("ok  ", "green"), Level.WARN: ("warn", "yellow"), Level.FAIL: ("FAIL", "red")}


def examine(settings: Settings, url: str = "", key: str = "", seconds: float = 10.0) -> list[Finding]:
    """Run every check. `url` is the server to ask, by default the one these settings would start.

    `seconds` bounds the wait for a span to become readable. Never raises for what it finds.
    """
    return list(_findings(settings, url, key, seconds))


def _findings(settings: Settings, url: str, key: str, seconds: float) -> Iterator[Finding]:
    yield from machine_checks.versions()
    if not url:  # with another server's address the local directory says nothing about it
        yield from machine_checks.data_directory(settings.data, settings.journal.min_free_disk)
    yield from machine_checks.clock(settings.data)
    try:
        server = Server(url or default_url(settings), key)
    except UnreachableError as error:
        yield fail("address", str(error), "Correct --url or SIGHTLINE_URL.")
        return
    running = _runs(server)
    if url and not running:
        yield fail(
            "http port", f"no Sightline answers at {url}", "Correct --url, or start it: sightline serve."
        )
        return
    yield server_checks.http_port(server, settings.http.host)
    if not url:
        yield server_checks.grpc_port(server.host, settings.grpc.port, key, running=running)
    if running:
        yield from server_checks.server_clock(server)
        yield _ready(server)
        yield server_checks.round_trip(server, seconds)
        yield from sender_checks.senders(server)
    else:
        yield warn("send and read", "not tried: no server runs", "Start it (sightline serve) and ask again.")


def _runs(server: Server) -> bool:
    try:
        return server.is_sightline()
    except UnreachableError:
        return False


def _ready(server: Server) -> Finding:
    try:
        answer = server.request("GET", "/readyz")
    except UnreachableError as error:
        return fail("ready", str(error), "See the server's log.")
    if answer.status == 200:
        return Finding("ready", Level.OK, "the server accepts and answers")
    content = answer.json()
    reasons = content.get("reasons") if isinstance(content, dict) else None
    what = "; ".join(f"{k}: {v}" for k, v in reasons.items()) if isinstance(reasons, dict) else answer.reason
    return fail("ready", f"the server is not ready ({what})", "See the server's log.")


def as_text(findings: list[Finding], *, colors: bool = False) -> str:
    """The findings for people: a line each, what to do below it, and a summary."""
    lines: list[str] = []
    for finding in findings:
        mark, color = _MARKS[finding.level]
        lines.append(f"{click.style(mark, fg=color) if colors else mark}  {finding.name}: {finding.what}")
        if finding.todo:
            lines.append(f"      → {finding.todo}")
    bad = sum(finding.level is Level.FAIL for finding in findings)
    odd = sum(finding.level is Level.WARN for finding in findings)
    lines.append(f"{len(findings)} checks: {bad} failed, {odd} with a warning.")
    return "\n".join(lines)


def as_json(findings: list[Finding]) -> str:
    """The findings for programs: `{"ok": bool, "findings": [{"name", "level", "what", "todo"}]}`."""
    found = [dataclasses.asdict(finding) for finding in findings]
    healthy = all(finding.level is not Level.FAIL for finding in findings)
    return json.dumps({"ok": healthy, "findings": found}, indent=1, ensure_ascii=False)


@click.command("doctor")
@settings_options
@click.option("--url", envvar="SIGHTLINE_URL", default="", help="Check this server instead of the local one.")
@click.option("--key", envvar="SIGHTLINE_KEY", default="", help="An admin key, where keys are configured.")
@click.option("--seconds", type=click.FloatRange(0.1, 300), default=10.0, help="Longest wait to read a span.")
@click.option("--json", "json_", is_flag=True, help="Print JSON for programs.")
@click.pass_context
def doctor_command(
    context: click.Context, /, url: str, key: str, seconds: float, json_: bool, **options: Any
) -> None:
    """Check ports, disk, versions and clock, and whether a span can be sent and read back.

    Exit code 1 when a check fails.
    """
    findings = examine(settings_from(options, os.environ, Path.cwd()), url, key, seconds)
    click.echo(as_json(findings) if json_ else as_text(findings, colors=sys.stdout.isatty()))
    if any(finding.level is Level.FAIL for finding in findings):
        context.exit(1)
