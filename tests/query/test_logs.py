from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from tests.query import signal_story as story
from tests.query.signal_story import HOUR, NOW, WINDOW, S

from sightline.query import logs
from sightline.query.filter.errors import FilterError
from sightline.query.filter.vocabulary import LOGS
from sightline.query.log_facets import log_facets
from sightline.query.row_selection import RowSelection, select_rows
from sightline.query.traces import BadCursor
from sightline.query.window import Window
from sightline.records.logs import LogKey, LogLine
from sightline.store.store import Store

T = TypeVar("T")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with story.opened(tmp_path_factory.mktemp("logs")) as found:
        yield found


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def chosen(text: str = "", window: Window = WINDOW, environment: str = "") -> RowSelection:
    return select_rows(LOGS, text, window, NOW, environment)


def found(store: Store, text: str, environment: str = "") -> list[str]:
    page = run(logs.list_logs(store, chosen(text, environment=environment), limit=500))
    return [line.body for line in page.lines]


WORKER, WORD, NOBODY = "cache is slow", "only a word", "nobody said"
TIMED, STARTED = "checkout timed out after 3000 ms", "checkout started"


@pytest.mark.parametrize(
    ("text", "bodies"),
    [
        ("severity:error", [TIMED]),
        ("error", [TIMED]),
        ("severity>=warn -service:\"<b>evil\"", [TIMED, WORKER, WORD]),
        ("severity>warn -level:fatal", [TIMED]),
        ("severity<=debug", ['{"msg":"refund","order":{"id":7}}']),
        ("severity:13", [WORKER, WORD]),
        ("severity:warn..error", [TIMED, WORKER, WORD]),
        ("severity:warning", [WORKER, WORD]),
        ("-has:severity", [NOBODY]),
        ("has:trace", [TIMED, STARTED]),
        (f"trace:{story.TRACE.upper()} span:{story.SPAN}", [TIMED]),
        ("-has:service", [NOBODY]),
        ("event:order.*", ['{"msg":"refund","order":{"id":7}}']),
        ("attr.http.route:/pay attr.retries>2", [TIMED]),
        ("http.route:/pay*", [TIMED, STARTED]),
        ('"timed out"', [TIMED]),
        ("body:checkout -body:\"timed out\"", [STARTED]),
        ("quagga", [""]),
        ("gen_ai.input.messages:quagga", [""]),
        ("has:gen_ai.input.messages", [""]),
        ("-has:body", [""]),
        ("resource.host.name:web-1 service:worker", [WORKER]),
        ("body_type:map", ['{"msg":"refund","order":{"id":7}}']),
        ("secret", []),
        ("service:hidden", []),
    ],
)  # fmt: skip
def test_the_language_of_filters(store: Store, text: str, bodies: list[str]) -> None:
    assert found(store, text) == bodies


def test_an_environment_narrows_beside_the_filter(store: Store) -> None:
    assert len(found(store, "fatal", "staging")) == 1
    assert found(store, "error", "staging") == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tool under llm", "this is about spans and traces; expected a condition on log records"),
        ("trace:(any error)", "this is about spans and traces"),
        ("severity:wran", "Did you mean warn?"),
        ("sevrity:warn", "Did you mean severity?"),
        ("severity>25", "expected one of trace, debug, info, warn, error, fatal, or a number"),
        ("cost>1", "there is no field cost"),
        ("trace.cost>1 (", "expected a condition"),
    ],
)
def test_what_is_wrong_says_so(text: str, says: str) -> None:
    with pytest.raises(FilterError) as told:
        chosen(text)
    assert says in str(told.value)


@pytest.mark.parametrize("oldest", [False, True])
@pytest.mark.parametrize("limit", [1, 3, 7, 50])
def test_pages_have_each_record_once_and_in_order(store: Store, oldest: bool, limit: int) -> None:
    lines: list[LogLine] = []
    cursor = None
    while True:
        page = run(logs.list_logs(store, chosen(), limit=limit, cursor=cursor, oldest=oldest))
        lines += page.lines
        cursor = page.next
        if cursor is None:
            break
    assert len(lines) == len({str(line.key) for line in lines}) == 55
    times = [line.key.time for line in lines]
    assert times == sorted(times, reverse=not oldest)
    assert sum(line.body == "the same again" for line in lines) == 7


def test_a_page_goes_on_where_it_ended_while_others_arrive(store: Store) -> None:
    there = chosen("", replace(WINDOW, project="arriving"))
    writer = store.writer()
    mine = [row | {"project": "arriving"} for row in story.logs() if row["project"] == "default"]
    story.write(writer, "logs", mine)
    first = run(logs.list_logs(store, there, limit=20))
    before = run(logs.list_logs(store, there, limit=500, cursor=first.next))
    late = [story.record(n * S, f"late {n}", project="arriving") for n in (1, 2, 110)]
    story.write(writer, "logs", late)
    writer.close()
    after = run(logs.list_logs(store, there, limit=500, cursor=first.next))
    assert [line for line in after.lines if not line.body.startswith("late")] == list(before.lines)
    assert len(after.lines) == len(before.lines) + 1
    assert run(logs.newer(store, there, first.lines[0].key)) == 2


@pytest.mark.parametrize(
    "text", ["", "1-2", "9-00000000000000zz-0", "99999999999999999999-0000000000000000-0"]
)
def test_another_servers_cursor_is_refused(store: Store, text: str) -> None:
    with pytest.raises(BadCursor):
        logs.read_key(text)


def test_counts_by_severity_agree_with_the_list(store: Store) -> None:
    counts = run(logs.log_counts(store, chosen()))
    assert counts.total == 55
    by_name = dict(zip(counts.severities, map(sum, counts.counts), strict=True))
    assert by_name == {"": 1, "debug": 1, "info": 49, "warn": 2, "error": 1, "fatal": 1}
    assert all(len(row) == len(counts.starts) for row in counts.counts)
    narrow = run(logs.log_counts(store, chosen("error")))
    assert (narrow.severities, narrow.total) == (("error",), 1)
    nothing = run(logs.log_counts(store, chosen("nothing-of-this")))
    assert (nothing.severities, nothing.total) == ((), 0)


def test_facets_leave_out_their_own_condition(store: Store) -> None:
    facets = {f.name: f for f in run(log_facets(store, chosen("severity:error service:api"))).facets}
    assert {v.text: v.count for v in facets["severity"].top} == {
        "info": 9, "warn": 1, "error": 1, "debug": 1,
    }  # fmt: skip
    assert [v.text for v in facets["service"].top] == ["api"]
    assert facets["severity"].values == 4
    everything = {f.name: f for f in run(log_facets(store, chosen())).facets}
    texts = {v.text for f in everything.values() for v in f.top}
    assert "" in texts
    assert not any("hidden" in text for text in texts)
    for facet in everything.values():
        for value in facet.top:
            listed = run(logs.list_logs(store, chosen(value.filter), limit=500))
            assert len(listed.lines) == value.count, value.filter


def test_one_record_in_full(store: Store) -> None:
    line = run(logs.list_logs(store, chosen("has:gen_ai.input.messages"))).lines[0]
    record = run(logs.log_record(store, "default", line.key))
    assert record is not None
    assert record.contents[0][0] == "gen_ai.input.messages"
    assert record.contents[0][1].text == story.SAID
    assert record.resource == {"host.name": "web-1"}
    assert run(logs.log_record(store, "other", line.key)) is None
    assert run(logs.log_record(store, "default", replace(line.key, hash=1))) is None


def test_records_that_are_alike_open_one_by_one(store: Store) -> None:
    lines = run(logs.list_logs(store, chosen('"the same again"'))).lines
    assert [line.key.number for line in lines] == list(range(7))
    opened = [run(logs.log_record(store, "default", line.key)) for line in lines]
    assert sorted(record.attributes["n"] for record in opened if record) == list(range(7))
    assert run(logs.log_record(store, "default", replace(lines[0].key, number=7))) is None


def test_around_a_record_is_what_its_service_said(store: Store) -> None:
    line = run(logs.list_logs(store, chosen('"checkout started"'))).lines[0]
    before, after = run(logs.around(store, "default", line, NOW, each=3))
    assert [one.body for one in after] == [TIMED]
    assert WORKER not in [one.body for one in before]
    assert [one.key.time for one in before] == sorted(one.key.time for one in before)
    assert before[-1].body == WORD
    nobody = run(logs.list_logs(store, chosen("-has:service"))).lines[0]
    assert run(logs.around(store, "default", nobody, NOW)) == ((), ())


def test_full_records_are_the_list(store: Store) -> None:
    page = run(logs.list_logs(store, chosen(), limit=10))
    records, following = run(logs.list_records(store, chosen(), limit=10))
    assert [r.line.key for r in records] == [line.key for line in page.lines]
    assert following == page.next
    assert records[0].attributes == {"http.route": "/pay", "retries": 3}


def test_a_key_at_the_end_of_time(store: Store) -> None:
    assert run(logs.log_record(store, "default", LogKey(2**63 - 1, 0))) is None
    assert run(logs.log_record(store, "default", LogKey(0, 0))) is None


def test_nothing_of_another_project(store: Store) -> None:
    window = Window("other", NOW - HOUR, NOW)
    assert [line.body for line in run(logs.list_logs(store, chosen("", window))).lines] == [
        "secret of the other"
    ]
