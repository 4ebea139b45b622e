"""Puts a process's parts together; whatever is heavy is imported in the worker's thread."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sightline import __version__
from sightline.sdk.configuration import Config
from sightline.sdk.counts import Account
from sightline.sdk.inbox import Inbox
from sightline.sdk.local_traces import LocalTraces

if TYPE_CHECKING:
    from sightline.sdk.delivery import Delivery
    from sightline.sdk.encoding import Encoder
    from sightline.sdk.worker import Worker


def assemble(config: Config, sender: str, resource: Mapping[str, Any], account: Account) -> Worker:
    """The worker of this process; its thread starts with the first span."""
    from sightline.sdk.worker import HURRY, Worker

    made: list[Worker] = []
    inbox = Inbox(
        config.queue_max_spans, config.queue_max_bytes, min(HURRY, config.queue_max_spans), account,
        lambda: made[0].wake(),
    )  # fmt: skip

    def build() -> tuple[Encoder, Delivery]:
        return _encoder(config, sender, resource), _delivery(config, account)

    made.append(
        Worker(
            inbox, LocalTraces(config.sampling, lambda _: (None, None)), account, build, config.flush_interval
        )
    )
    return made[0]


def _encoder(config: Config, sender: str, resource: Mapping[str, Any]) -> Encoder:
    from sightline.sdk.encoding import Encoder, Texts
    from sightline.sdk.runtime import identity

    redact = getattr(config.redaction, "apply", None)
    texts = Texts(redact, config.max_value_chars, None)
    return Encoder(texts, identity(config, sender, __version__))


def _delivery(config: Config, account: Account) -> Delivery:
    from sightline.sdk.delivery import Delivery
    from sightline.sdk.sending import Sender

    headers = dict(config.headers)
    if config.api_key:
        headers["authorization"] = f"Bearer {config.api_key}"
    sender = Sender(config.endpoint, headers, config.timeout, f"sightline-python/{__version__}")
    return Delivery(sender, None, config.queue_max_bytes, account, time.monotonic)
