"""The account of a sender: gaps in its numbering and what it reports, over a real store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from tests.digest.engine import NOW, SECOND, Engine, opened
from tests.digest.otlp import key_values, span, traces
from tests.query.sender_story import BEGAN, RESOURCE, reported, sent

from sightline.digest.policy import Policy
from sightline.query.senders import senders, with_losses
from sightline.query.window import Window
from sightline.records.ingest import Signal
from sightline.records.senders import Sender, State


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with opened(tmp_path_factory.mktemp("senders")) as found:
        yield found


def account(engine: Engine, project: str, sender: str = "p-1", since: int = BEGAN - 1) -> Sender:
    found = asyncio.run(senders(engine.store, Window(project, since, NOW + SECOND), NOW))
    return next(one for one in found.senders if one.id == sender)


def verdict(engine: Engine, project: str, sender: str = "p-1") -> tuple[State, str, int]:
    spans = account(engine, project, sender).spans
    assert spans is not None
    return spans.verdict.state, spans.verdict.says, spans.verdict.missing


def test_everything_that_was_acknowledged_is_here(engine: Engine) -> None:
    project = engine.fresh()
    sent(engine, project, "p-1", range(1, 41))
    reported(engine, project, "p-1", {"ended": 100, "sampled_out": 60, "acknowledged": 40}, spool=0)
    found = account(engine, project)
    assert (found.service, found.version, found.sdk, found.spool_bytes) == ("shop", "7", "sightline 1.2", 0)
    assert found.spans and found.spans.stored == 40 and found.spans.report and found.spans.numbers
    assert (found.spans.report.made, found.spans.report.sampled_out, found.spans.numbers.distinct) == (
        100,
        60,
        40,
    )
    assert verdict(engine, project) == (State.COMPLETE, "all 40 acknowledged spans are stored", 0)
    assert found.logs is None and not found.missing


def test_a_gap_is_named_by_its_numbers(engine: Engine) -> None:
    project = engine.fresh()
    sent(engine, project, "p-1", [*range(1, 1201), *range(1511, 1601), 1603])
    reported(engine, project, "p-1", {"ended": 1603, "acknowledged": 1603})
    says = "312 missing: sequence 1,201–1,510, 1,601–1,602"
    assert verdict(engine, project) == (State.MISSING, says, 312)
    found = asyncio.run(senders(engine.store, Window(project, BEGAN - 1, NOW), NOW))
    assert [one.id for one in with_losses(found.senders)] == ["p-1"]


def test_what_the_sender_dropped_is_no_riddle(engine: Engine) -> None:
    project = engine.fresh()
    sent(engine, project, "p-1", [*range(1, 11), *range(21, 31)])
    dropped = {"dropped.spool_full": 10, "dropped.queue_full": 5}
    reported(engine, project, "p-1", {"ended": 35, "acknowledged": 20, **dropped})
    state, says, missing = verdict(engine, project)
    assert (state, missing) == (State.DROPPED, 0)
    assert says == "15 dropped by the sender (spool full 10, queue full 5); 10 missing: sequence 11–20"


def test_what_never_had_a_number_leaves_no_gap(engine: Engine) -> None:
    project = engine.fresh()
    sent(engine, project, "p-1", range(1, 11))
    reported(engine, project, "p-1", {"ended": 17, "acknowledged": 10, "dropped.queue_full": 7})
    says = "all 10 acknowledged spans are stored; 7 dropped by the sender (queue full)"
    assert verdict(engine, project) == (State.DROPPED, says, 0)


def test_what_is_still_in_the_spool_is_not_lost(engine: Engine) -> None:
    project = engine.fresh()
    sent(engine, project, "p-1", [*range(1, 11), *range(41, 51)])
    reported(engine, project, "p-1", {"ended": 50, "acknowledged": 20}, spool=2_100_000)
    says = "30 still in its spool: 2.1 MB; 30 missing: sequence 11–40"
    assert verdict(engine, project) == (State.WAITING, says, 0)


def test_a_spool_that_its_process_left_is_waited_for(engine: Engine) -> None:
    project = engine.fresh()
    sent(engine, project, "p-1", range(1, 11))
    at = NOW - 3600 * SECOND
    reported(engine, project, "p-1", {"ended": 50, "acknowledged": 10}, spool=9_000, at=at)
    state, says, _ = verdict(engine, project)
    assert state is State.WAITING
    assert says == "all 10 acknowledged spans are stored; 40 were still waiting at its last report: 9.0 kB"


def test_what_was_acknowledged_and_never_stored_is_missing(engine: Engine) -> None:
    project = engine.fresh()
    sent(engine, project, "p-1", range(1, 11))
    at = NOW - 120 * SECOND
    reported(engine, project, "p-1", {"ended": 25, "acknowledged": 25}, at=at)
    says = "15 missing: 15 acknowledged and not stored"
    assert verdict(engine, project)[0] is State.MISSING
    assert verdict(engine, project)[2] == 15
    assert "15 acknowledged and not stored" in verdict(engine, project)[1], says


def test_what_was_acknowledged_just_now_is_on_the_way(engine: Engine) -> None:
    project = engine.fresh()
    sent(engine, project, "p-1", range(1, 11))
    reported(engine, project, "p-1", {"ended": 12, "acknowledged": 12}, at=NOW - SECOND)
    state, says, missing = verdict(engine, project)
    assert (state, missing) == (State.WAITING, 0)
    assert says.endswith("on the way")


def test_a_gap_that_was_just_made_may_still_close(engine: Engine) -> None:
    project = engine.fresh()
    sent(engine, project, "p-1", [1, 2, 5], received=NOW - SECOND)
    assert verdict(engine, project)[0] is State.WAITING


def test_a_number_twice_is_a_copy_and_no_loss(engine: Engine) -> None:
    project = engine.fresh()
    sent(engine, project, "p-1", range(1, 11))
    again = [span(500 + n, n, start=BEGAN, attributes={"sightline.sequence": n}) for n in range(1, 4)]
    engine.digest(Signal.TRACES, [traces(again, RESOURCE | {"service.instance.id": "p-1"})], project)
    found = account(engine, project).spans
    assert found and found.numbers and (found.numbers.again, found.numbers.missing) == (3, 0)
    assert found.verdict.state is State.COMPLETE


def test_a_part_of_the_time_does_not_look_like_a_loss(engine: Engine) -> None:
    project = engine.fresh()
    # Numbers go by the end of a span, windows by its start: the edges of a window cut through them.
    made = [
        span(n, n, start=BEGAN + ((n * 7) % 100) * SECOND, attributes={"sightline.sequence": n})
        for n in range(1, 101)
    ]
    engine.digest(Signal.TRACES, [traces(made, RESOURCE | {"service.instance.id": "p-1"})], project)
    found = account(engine, project, since=BEGAN + 50 * SECOND)
    assert found.spans and found.spans.stored == 50
    assert found.spans.verdict.state is State.COMPLETE
    assert found.spans.verdict.says == "none missing from 1 to 100"


def test_what_expired_is_not_missing_but_gaps_behind_it_are(engine: Engine) -> None:
    project = engine.fresh()
    engine.policy = Policy(30, 30)
    try:
        sent(engine, project, "p-1", [*range(301, 321), *range(331, 341)])
        began = NOW - 40 * 86_400 * SECOND
        reported(engine, project, "p-1", {"ended": 340, "acknowledged": 340}, began=began)
    finally:
        engine.policy = Policy(3650, 3650)
    found = account(engine, project).spans
    assert found and found.expired
    assert verdict(engine, project) == (State.MISSING, "10 missing: sequence 321–330", 10)


def test_without_a_report_the_beginning_is_unknown(engine: Engine) -> None:
    project = engine.fresh()
    sent(engine, project, "p-1", range(301, 341))
    state, says, _ = verdict(engine, project)
    assert (state, says) == (State.COMPLETE, "none missing from 301 to 340; whether 1–300 came is unknown")


def test_a_lost_beginning_is_missing(engine: Engine) -> None:
    project = engine.fresh()
    sent(engine, project, "p-1", range(6, 11))
    reported(engine, project, "p-1", {"ended": 10, "acknowledged": 10})
    assert verdict(engine, project) == (State.MISSING, "5 missing: sequence 1–5", 5)


def test_other_sdks_are_shown_with_what_is_known(engine: Engine) -> None:
    project = engine.fresh()
    sent(engine, project, "", [None, None])
    sent(engine, project, "theirs", [None])
    nameless, named = account(engine, project, ""), account(engine, project, "theirs")
    assert nameless.spans and named.spans
    assert (nameless.service, nameless.spans.stored, named.spans.stored) == ("shop", 2, 1)
    assert {one.spans.verdict.state for one in (nameless, named) if one.spans} == {State.UNNUMBERED}


def test_a_sender_of_which_nothing_is_stored_is_known_by_its_report(engine: Engine) -> None:
    project = engine.fresh()
    reported(engine, project, "p-1", {"ended": 50, "sampled_out": 50, "acknowledged": 0})
    assert verdict(engine, project) == (State.COMPLETE, "all left out by sampling", 0)


def test_log_records_have_an_account_of_their_own(engine: Engine) -> None:
    project = engine.fresh()
    request = ExportLogsServiceRequest()
    found = request.resource_logs.add()
    found.resource.attributes.extend(key_values((RESOURCE | {"service.instance.id": "p-1"}).items()))
    records = found.scope_logs.add().log_records
    for n in (1, 2, 4):
        records.add(time_unix_nano=BEGAN + n, attributes=key_values([("sightline.sequence", n)]))
    engine.digest(Signal.LOGS, [request], project, received=NOW - 600 * SECOND)
    reported(engine, project, "p-1", {"ended": 4, "acknowledged": 4}, signal="logs")
    one = account(engine, project)
    assert one.spans is None and one.logs and one.logs.stored == 3
    assert (one.logs.verdict.says, one.missing) == ("1 missing: sequence 3", 1)


def test_accounts_are_of_one_project(engine: Engine) -> None:
    mine, other = engine.fresh(), engine.fresh()
    sent(engine, mine, "p-1", [1, 3])
    sent(engine, other, "p-1", [2])
    assert verdict(engine, other)[1] == "none missing from 2 to 2; whether 1 came is unknown"
    assert verdict(engine, mine) == (State.MISSING, "1 missing: sequence 2", 1)


def test_hostile_numbers_break_nothing(engine: Engine) -> None:
    project = engine.fresh()
    numbers: list[Any] = [1, 2**63 - 1, 0]
    sent(engine, project, "x'; DROP TABLE spans --", numbers)
    state, _, missing = verdict(engine, project, "x'; DROP TABLE spans --")
    assert (state, missing) == (State.MISSING, 2**63 - 3)
