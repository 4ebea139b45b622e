"""The queue between the program's threads and the worker: bounded, counted, woken once."""

from __future__ import annotations

from tests.sdk.sdk_spans import ended

from sightline.sdk.counts import Account
from sightline.sdk.encoding import Request
from sightline.sdk.events import LogEvent
from sightline.sdk.inbox import Inbox, Keep, RootStarted, size_of


class Woken:
    def __init__(self, **bounds: int) -> None:
        self.times, self.account = 0, Account()
        bounded = {"max_items": 10, "max_bytes": 10**6, "hurry": 5} | bounds
        self.inbox = Inbox(**bounded, account=self.account, wake=self.wake)

    def wake(self) -> None:
        self.times += 1


def test_the_worker_is_woken_for_the_first_item_and_when_many_wait_and_not_for_each() -> None:
    woken = Woken()
    for _ in range(10):
        woken.inbox.put(ended())
    assert woken.times == 2


def test_what_exceeds_the_bound_is_dropped_and_counted_by_signal() -> None:
    woken = Woken()
    for _ in range(12):
        woken.inbox.put(ended())
    woken.inbox.put(LogEvent("x"))
    assert len(woken.inbox) == 10
    assert woken.account.of("traces").dropped == {"queue_full": 2}
    assert woken.account.of("logs").dropped == {"queue_full": 1}


def test_bytes_come_back_as_items_are_taken() -> None:
    woken = Woken(max_bytes=5000)
    big = ended({"text": "x" * 3000}, size=3600)
    for _ in range(3):
        woken.inbox.put(big)
    assert woken.account.of("traces").dropped == {"queue_full": 1}
    assert list(woken.inbox.take(100)) == [big, big]
    assert woken.inbox.bytes == 0


def test_marks_and_requests_are_bounded_too() -> None:
    woken = Woken()
    for n in range(100):
        woken.inbox.mark(RootStarted(n, 0))
        woken.inbox.mark(Keep(n, "rule"))
        woken.inbox.hand_over(Request("metrics", b"", 0))
    assert len(woken.inbox) == 20


def test_after_the_end_everything_is_counted_as_such() -> None:
    woken = Woken()
    woken.inbox.closed = True
    woken.inbox.put(ended())
    woken.inbox.mark(RootStarted(1, 0))
    assert (len(woken.inbox), woken.account.of("traces").dropped) == (0, {"shutdown": 1})


def test_an_event_is_as_large_as_its_texts() -> None:
    assert size_of(LogEvent("x", {"a": "y" * 1000}, "z" * 500)) > 1500
