"""Operations that take a filter: what they answer, how they refuse, and that figures agree."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.api.api_server import Server, around, is_problem
from tests.query.filter_story import HOUR, NOW, SAID, UNHEARD, long_hash, opened

from sightline.api.moments import iso
from sightline.settings import StoreSettings

ALL = {"since": "-10h", "until": str(NOW + 10**9)}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The story of the filter tests behind the API, at its moment."""
    folder = tmp_path_factory.mktemp("selected")
    settings = StoreSettings(query_seconds=10.0, query_rows=100)
    with opened(folder) as store, around(store, folder, settings, lambda: NOW) as server:
        yield server


def get(server: Server, path: str, **params: str) -> Any:
    answer = server.ask("GET", path, params={**ALL, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_answers_say_what_was_understood(told: Server) -> None:
    body = get(told, "/count", q="root:yes duration > 100ms", environment="prod")
    assert body == {
        "project": "default",
        "since": iso(NOW - 10 * HOUR),
        "until": iso(NOW + 10**9),
        "environment": "prod",
        "filter": "root:yes duration>100ms",
        "target": "spans",
        "count": body["count"],
        "estimate": body["count"],
        "margin": 0,
    }
    assert 0 < body["count"] < get(told, "/count")["count"]


def test_times(told: Server) -> None:
    whole = get(told, "/count")["count"]
    for since in (
        "2026-11-20T04:32:00Z",
        "2026-11-20T04:32:00",
        "2026-11-20T05:32:00+01:00",
        "-600m",
        "-10h",
    ):
        assert get(told, "/count", since=since)["count"] == whole
    body = told.ask("GET", "/count").json()
    assert (body["since"], body["until"]) == (
        iso(NOW - 24 * HOUR),
        iso(NOW),
    )
    problem = is_problem(told.ask("GET", "/count", params={"since": "-1h", "until": "-2h"}), 422)
    assert "since has to be before until" in problem["detail"]
    is_problem(told.ask("GET", "/count", params={"until": "tomorrow"}), 422)


@pytest.mark.parametrize("path", ["/count", "/series", "/facets", "/facets/model", "/search", "/fields"])
def test_a_wrong_filter_says_where(told: Server, path: str) -> None:
    problem = is_problem(told.ask("GET", path, params={"q": "llm modle:gpt-4o"}), 422)
    assert problem["reason"] == "filter"
    assert (problem["position"], problem["length"], problem["suggestion"]) == (4, 5, "model")
    assert problem["detail"].startswith("There is no field modle")


@pytest.mark.parametrize(
    ("path", "params", "reason", "word"),
    [
        ("/count", {"querry": "x"}, "parameters", "'querry'"),
        ("/count", {"target": "sessions"}, "parameters", "spans, traces"),
        ("/series", {"measure": "durations"}, "unknown", "there is no measure".capitalize()),
        ("/series", {"by": "duration"}, "unknown", "group by"),
        ("/series", {"by": "a,b,c,d"}, "parameters", "up to 3"),
        ("/series", {"by": "model", "target": "traces"}, "unknown", "traces cannot"),
        ("/series", {"step": "soon"}, "parameters", "length of time"),
        ("/series", {"step": "1ms"}, "parameters", "buckets"),
        ("/series", {"zone": "Mars/Base"}, "parameters", "Europe/Berlin"),
        ("/series", {"vs": "yesterday"}, "parameters", "prev"),
        ("/series", {"top": "1000"}, "parameters", "top"),
        ("/facets", {"names": ",".join(f"attr.a{n}" for n in range(30))}, "parameters", "at most 24"),
        ("/facets/duration", {}, "unknown", "group by"),
        ("/suggest", {"at": "-1"}, "parameters", "counted from 0"),
        ("/search", {"limit": "0"}, "parameters", "limit"),
    ],
)
def test_refusals(told: Server, path: str, params: dict[str, str], reason: str, word: str) -> None:
    problem = is_problem(told.ask("GET", path, params={**ALL, **params}), 422)
    assert problem["reason"] == reason
    assert word.lower() in problem["detail"].lower()
    assert problem["detail"][0].isupper() or problem["detail"].split()[0] in params
    assert problem["detail"].endswith((".", "?"))


def test_series_agree_with_the_counts_they_open(told: Server) -> None:
    body = get(told, "/series", q="-kind:chain", measure="count,cost,duration.p95", by="kind", top="2")
    assert [m["unit"] for m in body["measures"]] == ["count", "usd", "ns"]
    assert [row["other"] for row in body["rows"]] == [False, False, True]
    for row in [*body["rows"], body["whole"]]:
        figure = row["figures"]["count"]
        assert figure["value"] == sum(figure["points"]) > 0
        assert len(figure["points"]) == len(body["starts"])
        assert get(told, "/count", q=row["filter"])["count"] == figure["value"]
    assert body["groups"] > 2
    assert (
        sum(row["figures"]["count"]["value"] for row in body["rows"])
        == body["whole"]["figures"]["count"]["value"]
    )


def test_unknown_is_null_and_counted(told: Server) -> None:
    body = get(told, "/series", q="kind:chain", measure="ttft.p50,cost,count", by="session,attr.squad")
    assert body["whole"]["figures"]["ttft.p50"]["value"] is None
    assert body["by"] == ["session", "attr.squad"]
    assert all(len(row["values"]) == 2 for row in body["rows"] if not row["other"])


def test_series_beside_an_earlier_time(told: Server) -> None:
    body = get(told, "/series", since="-5m", until="now", vs="prev")
    assert body["earlier"]["until"] == body["since"]
    assert len(body["earlier"]["rows"]) == len(body["rows"])
    earlier = get(told, "/count", since=body["earlier"]["since"], until=body["earlier"]["until"])
    assert body["earlier"]["whole"]["figures"]["count"]["value"] == earlier["count"]
    assert get(told, "/series")["earlier"] is None


def test_facets_and_their_values(told: Server) -> None:
    body = get(told, "/facets", q="kind:llm", names="kind, session,attr.squad,tags", limit="3")
    assert [f["name"] for f in body["facets"]] == ["kind", "session", "attr.squad", "tags"]
    kinds = {v["value"]: v["count"] for v in body["facets"][0]["values"]}
    # Without the filter's own condition.
    assert len(kinds) == 3
    for value in body["facets"][0]["values"]:
        assert get(told, "/count", q=value["filter"])["count"] == value["count"]
    one = get(told, "/facets/user", beginning="AL")
    assert [v["value"] for v in one["values"]] == ["alice"]
    slashed = told.ask("GET", "/facets/attr.deep/inside", params=ALL)
    assert slashed.json()["name"] == "attr.deep/inside"
    traces = get(told, "/facets", names="kind", target="traces")
    assert traces["target"] == "traces"


def test_suggestions(told: Server) -> None:
    found = get(told, "/suggest", q="kind:ll")["suggestions"]
    assert found[0]["text"] == "llm" and found[0]["count"] > 0
    assert (found[0]["offset"], found[0]["length"]) == (5, 2)
    inside = get(told, "/suggest", q="us model:x", at="2")["suggestions"]
    assert inside[0]["text"] == "user:" and inside[0]["length"] == 2


def test_search_marks_what_was_found(told: Server) -> None:
    [hit] = get(told, "/search", q='"déjà vu"')["hits"]
    [place] = hit["places"]
    [[begin, end]] = place["marks"]
    assert place["text"][begin:end] == "déjà vu"
    text = told.ask("GET", f"/content/{place['hash']}").json()["text"]
    assert json.loads(text) == {"q": SAID}
    assert get(told, "/search", q=f'"{UNHEARD}"')["hits"] == []


def test_one_content(told: Server) -> None:
    answer = told.ask("GET", f"/content/{long_hash().upper()}")
    assert answer.json()["text"].startswith("begin zebra one")
    assert answer.json()["truncated"] is False
    assert "immutable" in answer.headers["cache-control"]
    assert told.ask("GET", f"/content/{long_hash()}", params={"limit": "5"}).json()["text"] == "begin"
    is_problem(told.ask("GET", "/content/00112233445566778899aabbccddeeff"), 404)
    is_problem(told.ask("GET", "/content/zz"), 404)


def test_fields_and_a_mark_of_the_body(told: Server) -> None:
    first = told.ask("GET", "/fields", params=ALL)
    body = first.json()
    names = {field["name"]: field for field in body["fields"]}
    assert names["kind"]["words"] and names["model"]["count"] > 0 and names["duration"]["ordered"]
    assert {"trace.cost", "session.traces"} <= {one["name"] for one in body["wholes"]}
    assert "attr.squad" in [one["name"] for one in body["attributes"]]
    assert first.headers["cache-control"] == "private, no-cache"
    tag = first.headers["etag"]
    again = told.ask("GET", "/fields", params=ALL, headers={"If-None-Match": f'"x", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = told.ask("GET", "/fields", params=ALL, headers={"If-None-Match": '"x"'})
    assert other.status_code == 200
    document = told.ask("GET", "/openapi.json")
    tag = document.headers["etag"]
    assert told.ask("GET", "/openapi.json", headers={"If-None-Match": tag}).status_code == 304


def test_a_reader_who_leaves_takes_the_query_along(told: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler is cancelled, and with it what it asked the store."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def endless(*_: Any, **__: Any) -> Any:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    monkeypatch.setattr(told.services.store.__class__, "fetch", endless)

    async def leave() -> list[int]:
        statuses = []
        sent = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> Any:
            if (message := next(sent, None)) is not None:
                return message
            await begun.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        scope = {
            "type": "http", "method": "GET", "path": "/api/v1/count", "raw_path": b"", "query_string": b"",
            "headers": [(b"host", b"127.0.0.1:4318")], "client": ("127.0.0.1", 1), "scheme": "http",
            "server": ("127.0.0.1", 4318), "http_version": "1.1", "root_path": "",
        }  # fmt: skip
        await told.app(scope, receive, send)
        return statuses

    assert told.run(leave()) == [400]
    assert ended.is_set()


@pytest.mark.parametrize(("path", "sort"), [("traces", "-time"), ("traces", "cost"), ("spans", "-duration")])
def test_pages_of_a_list_have_each_match_once(told: Server, path: str, sort: str) -> None:
    asked = {"q": "-kind:chain", "sort": sort, "limit": "3"}
    whole = get(told, "/count", q=asked["q"], target=path)["count"]
    seen: list[Any] = []
    page = get(told, f"/{path}", **asked)
    assert page["sort"] == sort and page["filter"] == asked["q"] and page["target"] == path
    while True:
        seen += page[path]
        if not page["next"]:
            break
        # A cursor is about the time of the first page, whatever is asked later.
        page = get(told, f"/{path}", **asked, since="-1m", cursor=page["next"])
        assert page["since"] == iso(NOW - 10 * HOUR)
    ids = [(line["trace_id"], line.get("span_id")) for line in seen]
    assert len(ids) == len(set(ids)) == whole > 3
    key = {"-time": "start_time", "cost": "cost_usd", "-duration": "duration_ns"}[sort]
    values = [line[key] for line in seen if line[key] is not None]
    assert values == sorted(values, reverse=sort.startswith("-"))


@pytest.mark.parametrize(
    ("params", "word"),
    [({"sort": "-costs"}, "cost"), ({"cursor": "zzz"}, "not made by this server"), ({"sort": "-own"}, "own")],
)
def test_orders_and_cursors_that_are_none(told: Server, params: dict[str, str], word: str) -> None:
    assert word in is_problem(told.ask("GET", "/traces", params=params), 422)["detail"]


def test_a_cursor_of_another_order_is_refused(told: Server) -> None:
    cursor = get(told, "/traces", limit="2")["next"]
    problem = is_problem(told.ask("GET", "/traces", params={"cursor": cursor, "sort": "cost"}), 422)
    assert "sorted by" in problem["detail"]
    is_problem(told.ask("GET", "/spans", params={"cursor": cursor}), 422)
