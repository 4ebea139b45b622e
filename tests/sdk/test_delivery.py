"""Sent, kept or dropped: every item has exactly one end, and the server's wishes are met."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from uuid import uuid4

import pytest

from sightline.sdk.counts import Account
from sightline.sdk.delivery import Delivery
from sightline.sdk.encoding import Request
from sightline.sdk.packed import compressed
from sightline.sdk.sending import Answer, Fate
from sightline.sdk.spool import Spool
from sightline.sdk.warnings_once import forget_warnings

TAKEN, AWAY = Answer(Fate.TAKEN, status=200), Answer(Fate.LATER, "refused connection")


class Scripted:
    """A sender whose next answers are told; what it was sent is in `sent`."""

    def __init__(self, *answers: Answer, default: Answer = TAKEN) -> None:
        self.answers, self.default = list(answers), default
        self.sent: list[bytes] = []
        self.taken: list[bytes] = []
        self.seconds: list[float | None] = []
        self.limit = 10**9

    def send(self, signal: str, packed: bytes, seconds: float | None = None) -> Answer:
        self.sent.append(packed)
        self.seconds.append(seconds)
        answer = self.answers.pop(0) if self.answers else self.default
        if len(packed) > self.limit:
            answer = Answer(Fate.TOO_LARGE, "413", 413)
        if answer.fate is Fate.TAKEN:
            self.taken.append(packed)
        return answer

    def close(self) -> None:
        """Nothing to close."""


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Case:
    """A delivery with a scripted sender, a clock of its own, and a real spool unless without."""

    def __init__(self, folder: Path | None, *answers: Answer, default: Answer = TAKEN, ahead: bool = False,
                 memory: int = 10**6) -> None:  # fmt: skip
        forget_warnings()
        self.clock, self.account = Clock(), Account()
        self.sender = Scripted(*answers, default=default)
        spool = Spool(folder, uuid4().hex, 2**20, self.account, self.clock) if folder else None
        self.delivery = Delivery(self.sender, spool, memory, self.account, self.clock, ahead)
        self.number = 0

    def deliver(self, deadline: float | None = None, size: int = 10) -> None:
        self.number += 1
        body = f"{self.number}|".encode() + bytes(range(256)) * (size // 256)
        self.delivery.deliver(Request("traces", body, 2, 1, 2), deadline)

    def counts(self) -> tuple[int, int, dict[str, int]]:
        found = self.account.of("traces", self.delivery.spooled("traces"))
        return found.acknowledged, found.spooled, dict(found.dropped)


def test_a_server_that_is_there_gets_it_at_once(tmp_path: Path) -> None:
    case = Case(tmp_path)
    case.deliver()
    assert case.counts() == (2, 0, {})
    assert list(tmp_path.iterdir()) == []


def test_while_it_is_away_everything_is_kept_and_then_sent_as_it_was_oldest_first(tmp_path: Path) -> None:
    case = Case(tmp_path, default=AWAY)
    for _ in range(10):
        case.deliver()
    assert len(case.sender.sent) == 1  # it is not asked ten times
    assert case.counts() == (0, 20, {})
    case.sender.default = TAKEN
    case.clock.now += 60
    assert case.delivery.tend()
    assert case.counts() == (20, 0, {})
    assert case.sender.taken == [compressed(f"{n}|".encode()) for n in range(1, 11)]


def test_pauses_grow_up_to_half_a_minute(tmp_path: Path) -> None:
    case = Case(tmp_path, default=AWAY)
    case.deliver()
    pauses = []
    for _ in range(12):
        pause = case.delivery.pause()
        assert pause is not None
        pauses.append(pause)
        case.clock.now += pause
        case.delivery.tend()
    assert 0.5 <= pauses[0] <= 1.0
    assert all(15 <= pause <= 30 for pause in pauses[7:])
    assert len(case.sender.sent) == 13


def test_a_pause_that_the_server_asked_for_is_kept_even_when_someone_waits(tmp_path: Path) -> None:
    case = Case(tmp_path, Answer(Fate.LATER, status=429, pause=40.0))
    case.deliver()
    case.deliver(case.clock.now + 5)
    assert case.delivery.tend(case.clock.now + 5)
    assert len(case.sender.sent) == 1
    case.clock.now += 40
    case.delivery.tend()
    assert case.counts()[0] == 4


def test_someone_who_waits_has_it_tried_before_the_pause_is_over(tmp_path: Path) -> None:
    case = Case(tmp_path, AWAY)
    case.deliver()
    assert case.delivery.tend(case.clock.now + 5)
    assert case.counts() == (2, 0, {})
    assert case.sender.seconds == [None, 5.0]


def test_without_a_disk_it_waits_in_memory_within_its_bound(tmp_path: Path) -> None:
    case = Case(None, default=AWAY, memory=2000)
    for _ in range(20):
        case.deliver(size=2000)
    acknowledged, _, dropped = case.counts()
    assert acknowledged == 0
    assert 0 < dropped["queue_full"] < 40
    case.sender.default = TAKEN
    case.clock.now += 60
    assert case.delivery.tend()
    assert case.counts()[0] + dropped["queue_full"] == 40


def test_write_ahead_is_on_disk_before_it_is_sent(tmp_path: Path) -> None:
    case = Case(tmp_path, ahead=True)
    case.deliver()
    assert (case.sender.sent, case.counts()) == ([], (0, 2, {}))
    assert case.delivery.tend()
    assert case.counts() == (2, 0, {})


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(Answer(Fate.REFUSED, "400", 400), "refused"), (Answer(Fate.TOO_LARGE, "413", 413), "too_large")],
)
def test_what_the_server_never_takes_is_dropped_counted_and_does_not_block(
    tmp_path: Path, answer: Answer, reason: str
) -> None:
    case = Case(tmp_path, answer)
    case.deliver()
    case.deliver()
    assert case.counts() == (2, 0, {reason: 2})


def test_a_request_that_the_server_dies_of_is_given_up_for_the_others(tmp_path: Path) -> None:
    case = Case(tmp_path, default=Answer(Fate.LATER, "500", 500))
    case.deliver()
    case.deliver()
    for _ in range(4):
        case.clock.now += 60
        case.delivery.tend()
    assert case.counts() == (0, 4, {})
    case.clock.now += 60
    case.sender.answers = [Answer(Fate.LATER, "500", 500)]
    case.sender.default = TAKEN
    case.delivery.tend()
    case.clock.now += 60
    case.delivery.tend()
    assert case.counts() == (2, 0, {"refused": 2})


def test_partial_success_is_counted_on_both_sides(tmp_path: Path) -> None:
    case = Case(tmp_path, Answer(Fate.TAKEN, status=200, rejected=1))
    case.deliver()
    assert case.counts() == (1, 0, {"refused": 1})


def test_a_wrong_key_is_said_once_with_what_to_do_and_asked_again_slowly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    case = Case(tmp_path, default=Answer(Fate.LOCKED_OUT, "the server refuses the key (401)", 401))
    for _ in range(5):
        case.deliver()
    assert len(caplog.records) == 1
    assert "SIGHTLINE_API_KEY" in caplog.records[0].message
    pause = case.delivery.pause()
    assert pause is not None
    assert pause >= 59
    assert case.counts() == (0, 10, {})


def test_what_another_process_left_is_sent_and_counted_as_its_own_affair(tmp_path: Path) -> None:
    left = Case(tmp_path, default=AWAY)
    left.deliver()
    left.delivery.close()
    case = Case(tmp_path)
    assert case.delivery.tend()
    assert len(case.sender.taken) == 1
    assert case.counts() == (0, 0, {})


def test_the_account_is_kept_for_later_only_when_it_is_the_last(tmp_path: Path) -> None:
    case = Case(tmp_path, default=AWAY)
    case.deliver()
    case.delivery.report(Request("metrics", b"1", 0), False)
    case.delivery.report(Request("metrics", b"2", 0), True)
    case.sender.default = TAKEN
    case.clock.now += 60
    case.delivery.tend()
    assert case.sender.taken == [compressed(b"1|"), compressed(b"2")]


@pytest.mark.parametrize("write_ahead", [False, True])
def test_a_request_that_is_too_large_is_halved_until_only_what_is_really_too_large_is_lost(
    tmp_path: Path, write_ahead: bool
) -> None:
    """As behind a proxy with a limit of its own."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from tests.sdk.sdk_spans import RESOURCE, ended

    from sightline.sdk.batching import Batch
    from sightline.sdk.encoding import Encoder
    from sightline.sdk.sampling import KEEP_ALL
    from sightline.sdk.texts import Texts

    encoder, batch = Encoder(Texts(None, 10**6, None), {}), Batch("traces")
    for n in range(1, 41):
        text = random.Random(n).randbytes(20_000 if n == 17 else 200).hex()
        item = encoder.span(ended({"text": text}, name=str(n)), n, KEEP_ALL)
        batch.add(encoder.resource(RESOURCE), encoder.scope(None), item, n)
    case = Case(tmp_path, ahead=write_ahead)
    case.sender.limit = 5000
    case.delivery.deliver(batch.request())
    assert case.delivery.tend()
    assert case.counts() == (39, 0, {"too_large": 1})
    spans = []
    for body in case.sender.taken:
        for part in ExportTraceServiceRequest.FromString(gzip.decompress(body)).resource_spans:
            assert part.resource.attributes[0].value.string_value == "made"
            spans += [s.name for scope in part.scope_spans for s in scope.spans]
    assert sorted(map(int, spans)) == [n for n in range(1, 41) if n != 17]
