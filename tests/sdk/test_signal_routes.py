"""Signals with servers of their own: one that is away keeps what is its, and holds up no other."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from tests.sdk.test_delivery import AWAY, TAKEN, Clock, Scripted

from sightline.sdk.batching import Request
from sightline.sdk.counts import Account
from sightline.sdk.delivery import Delivery
from sightline.sdk.routes import Routes
from sightline.sdk.spool import Spool
from sightline.sdk.warnings_once import forget_warnings


def test_each_signal_has_its_server_and_waits_for_no_other(tmp_path: Path) -> None:
    forget_warnings()
    clock, account = Clock(), Account()
    there, away = Scripted(default=TAKEN), Scripted(default=AWAY)
    spools = [Spool(tmp_path / name, uuid4().hex, 2**20, account, clock) for name in ("there", "away")]
    first, second = (
        Delivery(sender, spool, 10**6, account, clock)
        for sender, spool in zip((there, away), spools, strict=True)
    )
    routes = Routes({"traces": first, "metrics": first, "logs": second})
    for number in range(1, 4):
        routes.deliver(Request("logs", b"log", 1, number, number))
        routes.deliver(Request("traces", b"span", 1, number, number))
    routes.report(Request("metrics", b"account", 0), False)
    assert len(there.taken) == 4
    assert (routes.spooled("logs"), routes.spooled("traces")) == (3, 0)
    assert routes.spool_bytes == second.spool_bytes > 0
    assert routes.pause() == second.pause()
    assert first.pause() is None
    assert routes.tend()  # nothing waits in memory
    away.default = TAKEN
    clock.now += 60
    assert routes.tend()
    assert (account.of("logs").acknowledged, account.of("traces").acknowledged) == (3, 3)
    assert routes.pause() is None
    routes.close()


def test_what_waits_in_memory_of_any_server_is_not_safe(tmp_path: Path) -> None:
    forget_warnings()
    clock, account = Clock(), Account()
    first = Delivery(Scripted(default=AWAY), None, 10**6, account, clock)
    second = Delivery(Scripted(default=TAKEN), None, 10**6, account, clock)
    routes = Routes({"traces": first, "logs": second})
    routes.deliver(Request("traces", b"span", 1, 1, 1))
    routes.deliver(Request("logs", b"log", 1, 1, 1))
    assert not routes.tend()
    assert not routes.to_disk()
    routes.abandon()
