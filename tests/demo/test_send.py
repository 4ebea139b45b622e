from __future__ import annotations

import threading

import pytest
from tests.demo.receiver import receiver

from sightline.demo.send import Sender, SendError, wait_ready
from sightline.records.ingest import Signal


class Patience:
    """A clock that moves when somebody waits."""

    def __init__(self) -> None:
        self.time, self.waits = 0.0, list[float]()

    def clock(self) -> float:
        return self.time

    def wait(self, delay: float) -> None:
        self.waits.append(delay)
        self.time += delay


def test_requests_arrive_with_their_signal_and_key() -> None:
    with receiver() as got:
        with Sender(got.url, "secret", compress=True) as sender:
            for i in range(20):
                sender.submit(Signal.TRACES if i % 2 else Signal.LOGS, b"%d" % i, 3)
            sender.flush()
            assert sender.sent.requests == 20 and sender.sent.items == 60
        assert sorted(int(body) for _, body in got.bodies) == list(range(20))
        assert {path for path, _ in got.bodies} == {"/v1/traces", "/v1/logs"}
        assert all(h["Authorization"] == "Bearer secret" for h in got.headers)
        assert all(h["Content-Type"] == "application/x-protobuf" for h in got.headers)


def test_waits_as_long_as_told_and_then_goes_on() -> None:
    patience = Patience()
    with (
        receiver((429, "7"), (503, ""), (503, "")) as got,
        Sender(got.url, clock=patience.clock, wait=patience.wait) as sender,
    ):
        sender.send(Signal.TRACES, b"x", 1)
        assert patience.waits == [7.0, 1.0, 2.0]
        assert sender.sent.waits == 3 and got.bodies == [("/v1/traces", b"x")]


def test_a_refusal_is_said_and_stops_the_sender() -> None:
    with (
        receiver((400, "")) as got,
        pytest.raises(SendError, match=r"/v1/metrics answered 400: no"),
        Sender(got.url) as sender,
    ):
        sender.submit(Signal.METRICS, b"x", 1)
        sender.flush()


def test_gives_up_when_nobody_listens() -> None:
    patience = Patience()
    with receiver() as got:
        url = got.url
    with (
        pytest.raises(SendError, match="gave up after 20 s"),
        Sender(url, clock=patience.clock, wait=patience.wait, patience=20) as sender,
    ):
        sender.send(Signal.TRACES, b"x", 1)


def test_a_wrong_address_is_named() -> None:
    with pytest.raises(SendError, match="'localhost:4318' is no http address"):
        Sender("localhost:4318")


def test_waiting_for_a_server_ends() -> None:
    with receiver() as got:
        wait_ready(got.url, threading.Event())
    with pytest.raises(SendError, match="was not ready within 0 s"):
        wait_ready(got.url, threading.Event(), patience=0.05)
    stop = threading.Event()
    stop.set()
    wait_ready(got.url, stop)
