"""Puts a process's parts together; whatever is heavy is imported in the worker's thread."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sightline import __version__
from sightline.sdk.configuration import Config
from sightline.sdk.counts import Account, counts_of
from sightline.sdk.ended_span import EndedSpan
from sightline.sdk.exporter_settings import Destination, destinations
from sightline.sdk.inbox import Inbox
from sightline.sdk.local_traces import LocalTraces

if TYPE_CHECKING:
    from sightline.sdk.batching import Request
    from sightline.sdk.delivery import Delivery as ToServer
    from sightline.sdk.encoding import Encoder
    from sightline.sdk.spool import Spool
    from sightline.sdk.worker import Delivery, Worker


def assemble(
    config: Config,
    sender: str,
    resource: Any,
    account: Account,
    starting: Callable[[], None],
    ending: Callable[[], None],
) -> Worker:
    """The worker of this process; its thread starts with the first span. `resource`: of the provider.

    `starting` is called before that, `ending` where it must end before the program's other threads do.
    """
    from sightline.sdk.worker import HURRY, Worker

    made: list[Worker] = []
    began = time.time_ns()
    inbox = Inbox(
        config.queue_max_spans, config.queue_max_bytes, min(HURRY, config.queue_max_spans), account,
        lambda: made[0].wake(),
    )  # fmt: skip

    def build() -> tuple[Encoder, Delivery]:
        _import_what_comes_later(config)
        return _encoder(config, sender, resource), _delivery(config, sender, account)

    def report(encoder: Encoder, delivery: Delivery) -> Request:
        from sightline.sdk.account_report import account_report

        found = counts_of(account, delivery)
        return account_report(found, encoder.own_resource(), began, time.time_ns(), __version__)

    traces = LocalTraces(
        config.sampling, _cost_and_tokens,
        max_waiting=config.queue_max_spans, max_bytes=config.queue_max_bytes,
    )  # fmt: skip
    made.append(Worker(inbox, traces, account, build, config.flush_interval, report, starting, ending))
    return made[0]


def _import_what_comes_later(config: Config) -> None:
    """Everything that the worker would import while it works, when a fork could cut the import in two."""
    import sightline.sdk.account_report
    import sightline.sdk.costs  # noqa: F401

    "host".encode("idna")  # a codec, which the first connection would look for
    if config.sampling.costly is not None or config.sampling.rule is not None:
        from sightline.sdk.costs import listed_price

        listed_price("", "none", 0, 0, 0, 0)


def _cost_and_tokens(spans: Sequence[EndedSpan]) -> tuple[float | None, int | None]:
    from sightline.sdk.costs import cost_and_tokens, listed_price

    return cost_and_tokens(spans, listed_price)


def _encoder(config: Config, sender: str, resource: Any) -> Encoder:
    from sightline.sdk.encoding import Encoder
    from sightline.sdk.runtime import identity
    from sightline.sdk.texts import texts_of

    return Encoder(texts_of(config), identity(config, sender, __version__), resource)


def _delivery(config: Config, sender: str, account: Account) -> Delivery:
    if config.file is not None:
        from sightline.sdk.file_mode import FileDelivery

        return FileDelivery(config.file, config.file_max_bytes, config.file_keep, account)
    from sightline.sdk.routes import Routes

    places = destinations(config)
    made = [(_to_server(config, place, sender, account, len(places)), place) for place in places]
    if len(made) == 1:
        return made[0][0]
    return Routes({signal: one for one, place in made for signal in place.addresses})


def _to_server(config: Config, place: Destination, sender: str, account: Account, of: int) -> ToServer:
    """The way to one server; `of` servers share memory and disk."""
    from sightline.sdk.delivery import Delivery as ToServer
    from sightline.sdk.sending import Sender

    headers = dict(place.headers)
    if config.api_key:
        headers["authorization"] = f"Bearer {config.api_key}"
    way = Sender(replace(place, headers=headers), f"sightline-python/{__version__}")
    return ToServer(
        way, _spool(config, place, sender, account, of), config.queue_max_bytes // of, account,
        time.monotonic, config.spool == "always",
    )  # fmt: skip


def _spool(config: Config, place: Destination, sender: str, account: Account, of: int) -> Spool | None:
    if config.spool == "off":
        return None
    from sightline.sdk.spool import Spool, default_root
    from sightline.sdk.spool import place as folder_of

    root = config.spool_dir or default_root(os.environ)
    # Two ways to one server have a folder each: a folder is one delivery's.
    server = place.server if of == 1 else " ".join(sorted(place.addresses.values()))
    folder = folder_of(root, config.service, server, config.api_key)
    return Spool(folder, sender.rpartition(":")[2], config.spool_max_bytes // of, account)
