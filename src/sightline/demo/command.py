"""`sightline demo`: starts a server and fills it, or fills one that runs already.

The server stays in this process; the senders run in a process of their own, as senders do.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sightline.demo.definitions import define
from sightline.demo.feed import Live, Plan, Rest, send_history
from sightline.demo.send import Sender, SendError, wait_ready

Serve = Callable[[str, int, Path], None]
"""Runs a server on host and port with a data directory until it is told to stop. Blocks."""


def fill(url: str, key: str, plan: Plan, *, live: bool, compress: bool, console: Console) -> None:
    """Sends the history with a progress bar, then live traffic until SIGTERM or Ctrl-C. Raises SendError."""
    stop = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        console.print(f"Waiting for {url} …", style="dim")
        wait_ready(url, stop)
        if not stop.is_set() and (left := define(url, key)):
            console.print(left, style="dim", highlight=False, markup=False)
        with Sender(url, key, compress=compress) as sender:
            rest = _fill_history(sender, plan, console, stop)
            if live and not stop.is_set():
                console.print(
                    f"Live: about {plan.rate:g} spans a second to {url}, until Ctrl-C.", highlight=False
                )
                Live(sender, plan, rest).run(time.time_ns, stop, lambda _: None)
    finally:
        signal.signal(signal.SIGTERM, before)


def _fill_history(sender: Sender, plan: Plan, console: Console, stop: threading.Event) -> Rest:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("hours"),
        TextColumn("{task.fields[spans]:,} spans"),
        TimeElapsedColumn(),
    )
    rest, spans, began = Rest([], [], []), 0, time.monotonic()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(f"{plan.days:g} days of history", total=plan.hours + 1, spans=0)
        for sent, rest in send_history(sender, plan):
            spans += sent
            progress.update(task, advance=1, spans=spans)
            if stop.is_set():
                sender.stopped.set()
                return rest
        sender.flush()
    took = time.monotonic() - began
    megabytes = sender.sent.bytes / 1e6
    console.print(
        f"Sent {spans:,} spans with their logs and metrics, {megabytes:,.0f} MB, in {took:.1f} s.",
        highlight=False,
    )
    return rest


def feeder_arguments(
    url: str, key: str, plan: Plan, *, live: bool, compress: bool
) -> tuple[list[str], dict[str, str]]:
    """The command that fills `url` from its own process, and its environment; the key stays out of `ps`."""
    arguments = [
        sys.executable,
        "-m",
        "sightline.demo",
        "--url",
        url,
        "--days",
        str(plan.days),
        "--traces",
        str(plan.traces),
        "--rate",
        str(plan.rate),
        "--seed",
        str(plan.seed),
    ]
    if not live:
        arguments.append("--no-live")
    if compress:
        arguments.append("--gzip")
    environment = dict(os.environ)
    if key:
        environment["SIGHTLINE_DEMO_KEY"] = key
    return arguments, environment


def browser_url(host: str, port: int) -> str:
    """Where a browser on this machine finds the server."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - recognised, not bound
    return f"http://{f'[{name}]' if ':' in name and not name.startswith('[') else name}:{port}"


def refuse_occupied(host: str, port: int) -> None:
    """Raises when somebody listens there already: the feeder must not fill a server that is not ours."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return
    raise click.ClickException(
        f"port {port} on {host} is taken. Choose another with --port, or fill the server that runs there "
        f"with --url {browser_url(host, port)}"
    )


def _served(
    serve: Serve, host: str, port: int, data: Path, arguments: list[str], environment: dict[str, str]
) -> None:
    refuse_occupied(host, port)
    feeder = subprocess.Popen(arguments, env=environment)  # noqa: S603 - our own interpreter and module
    try:
        serve(host, port, data)
    finally:
        feeder.terminate()
        try:
            feeder.wait(5)
        except subprocess.TimeoutExpired:
            feeder.kill()


def demo_command(serve: Serve | None) -> click.Command:
    """The click command. Without `serve` it can only fill a running server, and `--url` is required."""

    @click.command("demo")
    @click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
    @click.option("--port", default=4318, show_default=True, help="Port to listen on.")
    @click.option(
        "--data",
        type=click.Path(path_type=Path),
        default=Path("sightline-demo-data"),
        show_default=True,
        help="Data directory of the server that is started.",
    )
    @click.option("--url", default="", help="Fill the server at this address instead of starting one.")
    @click.option(
        "--key",
        default="",
        envvar="SIGHTLINE_DEMO_KEY",
        help="Ingest key; it decides the project. Not needed on loopback without keys (project default).",
    )
    @click.option(
        "--days", default=7.0, show_default=True, type=click.FloatRange(0.05, 90), help="Days of history."
    )
    @click.option(
        "--traces",
        default=0,
        type=click.IntRange(0),
        help="About how many traces of history; 0: 1,000 a day.",
    )
    @click.option(
        "--rate",
        default=25.0,
        show_default=True,
        type=click.FloatRange(0.1, 5000),
        help="Live spans a second.",
    )
    @click.option("--seed", default=1, show_default=True, help="Same seed and time, same data.")
    @click.option("--no-live", is_flag=True, help="Stop sending after the history.")
    @click.option("--gzip", "compress", is_flag=True, help="Compress requests.")
    def demo(
        host: str,
        port: int,
        data: Path,
        url: str,
        key: str,
        days: float,
        traces: int,
        rate: float,
        seed: int,
        no_live: bool,
        compress: bool,
    ) -> None:
        """Start a server and fill it with a plausible company: history, then live traffic with trouble."""
        plan = Plan(time.time_ns(), seed, days, traces, rate)
        if not url and serve is not None:
            arguments, environment = feeder_arguments(
                browser_url(host, port), key, plan, live=not no_live, compress=compress
            )
            _served(serve, host, port, data, arguments, environment)
            return
        if not url:
            raise click.UsageError(
                "--url is missing: the address of a running server, for example http://127.0.0.1:4318"
            )
        try:
            fill(url, key, plan, live=not no_live, compress=compress, console=Console(stderr=True))
        except SendError as error:
            raise click.ClickException(str(error)) from error
        except KeyboardInterrupt:
            sys.exit(0)

    return demo
