"""What the digest changes is noted, and noted again in time."""

from __future__ import annotations

import numpy as np
import pytest

from digest.engine import NOW, SECOND, Engine
from digest.otlp import span, traces
from sightline.digest.changed_hours import ChangedHours, hours_of
from sightline.digest.recent import Span
from sightline.records.ingest import Signal
from sightline.store.hours import AGAIN, HOUR, KEPT_HOURS, PAUSE

THIS = NOW // HOUR


def noted(engine: Engine, project: str) -> dict[int, int]:
    rows = engine.rows(
        "SELECT hour, max(changed_at) AS at FROM sightline.changed_hours WHERE project = {p:String}"
        " GROUP BY hour", p=project,
    )  # fmt: skip
    return {int(row["hour"]): int(row["at"]) for row in rows}


def test_every_hour_of_a_segment_is_noted_after_its_spans_are_there(engine: Engine) -> None:
    project = engine.fresh()
    starts = [NOW, NOW - 5 * HOUR, NOW - 5 * HOUR + SECOND]
    spans = [span(n, n, start=start) for n, start in enumerate(starts, 1)]
    before = engine.clock.now // 1000
    engine.digest(Signal.TRACES, [traces(spans)], project)
    found = noted(engine, project)
    assert set(found) == {THIS, THIS - 5}
    stored = engine.scalar(
        "SELECT toUnixTimestamp64Micro(max(digested_at)) FROM sightline.spans WHERE project = {p:String}",
        p=project,
    )
    assert min(found.values()) >= int(stored) > before


def test_the_hour_of_a_head_that_is_settled_is_noted_too(engine: Engine) -> None:
    project = engine.fresh()
    engine.digest(Signal.TRACES, [traces([span(77, 1, start=NOW - 3 * HOUR)])], project)
    engine.clock.now += 2 * PAUSE * 1000
    late = engine.clock.now // 1000
    engine.digest(Signal.TRACES, [traces([span(77, 2, 1, start=NOW)])], project)
    found = noted(engine, project)
    assert found[THIS - 3] >= late and found[THIS] >= late


def test_a_note_stands_for_what_follows_it_soon(engine: Engine) -> None:
    notes = ChangedHours(engine.reader)
    project = engine.fresh()
    assert notes.note([project], [THIS, THIS - 1], NOW) == 2
    assert notes.note([project], [THIS], NOW + (AGAIN - 1) * 1000) == 0
    assert notes.note([project], [THIS], NOW + AGAIN * 1000) == 1
    assert noted(engine, project) == {THIS: NOW // 1000 + AGAIN, THIS - 1: NOW // 1000}
    # A clock that was put back must not silence anything.
    assert notes.note([project], [THIS], NOW - 5 * SECOND) == 1
    assert AGAIN * 2 <= PAUSE


@pytest.mark.parametrize("starts", [[], [-(2**62), 2**62]])
def test_hours_nobody_adds_up_are_left_out(starts: list[int]) -> None:
    everything = Span(-(2**63), 2**63 - 1)
    found = hours_of(np.array(starts, np.int64), everything, NOW)
    assert found == list(range(THIS - KEPT_HOURS, THIS + 2))
    assert hours_of(np.array(starts, np.int64), None, NOW) == []
