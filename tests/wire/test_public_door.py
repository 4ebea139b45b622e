"""Public keys over real sockets: which pages, which signals, how much; who is believed, and what is told."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sightline.control.control import Control
from sightline.control.gate import Gate
from sightline.control.public_use import Reason
from sightline.measures import REQUESTS
from sightline.records.ingest import Signal
from wire.running import Running, run, running
from wire.samples import MemoryJournal, log, logs, metrics, span, traces
from wire.test_grpc import calling, refused, serving

SITE = "https://app.example"
PROTOBUF = {"content-type": "application/x-protobuf", "origin": SITE}
BODY = traces(span()).SerializeToString()


class Clock:
    """Time that moves only when told."""

    ns = 10**18

    def __call__(self) -> int:
        return self.ns


@dataclass
class Door:
    """A gate with a control database of its own."""

    control: Control
    gate: Gate
    clock: Clock

    def key(self, *origins: str, project: str = "default", **limits: int) -> str:
        return self.control.create_key(project, "public", "page", origins=origins or [SITE], limits=limits)[1]

    def refused(self, text: str) -> dict[Reason, int]:
        mine = [use for use in self.gate.public.uses() if use.key_id == text.split("_")[2]]
        return dict(mine[0].refused) if mine else {}


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    clock = Clock()
    control = Control(f"sqlite:///{tmp_path}/control.db", clock=clock)
    control.migrate()
    gate = Gate(control, True, clock)
    yield Door(control, gate, clock)
    gate.close()
    control.close()


Work = Callable[[httpx.AsyncClient, Running], Awaitable[Any]]


def during(door: Door, work: Work, **bounds: Any) -> Any:
    """Run a work against a server with this gate."""

    async def inside() -> Any:
        async with running(gate=door.gate, **bounds) as at, httpx.AsyncClient(base_url=at.url) as client:  # type: ignore[arg-type]
            return await work(client, at)

    return run(inside())


def post(door: Door, path: str, body: bytes = BODY, **headers: str) -> tuple[httpx.Response, MemoryJournal]:
    async def work(client: httpx.AsyncClient, at: Running) -> Any:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.post(path, content=body, headers=PROTOBUF | given), at.journal

    found: tuple[httpx.Response, MemoryJournal] = during(door, work)
    return found


@pytest.mark.parametrize("way", ["bearer", "x-api-key", "address"])
def test_a_page_of_the_site_sends(door: Door, way: str) -> None:
    text = door.key()
    headers = {"bearer": {"authorization": f"Bearer {text}"}, "x-api-key": {"x-api-key": text}}.get(way, {})
    path = f"/v1/traces?key={text}" if way == "address" else "/v1/traces"
    answer, journal = post(door, path, **headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == SITE
    [kept] = journal.submissions
    assert (kept.source, kept.project, kept.items) == ("otlp-public", "default", 1)
    assert door.gate.public.uses()[0].accepted == 1


def test_logs_are_sent_and_metrics_are_not(door: Door) -> None:
    text = door.key()
    answer, journal = post(door, "/v1/logs", logs(log()).SerializeToString(), x_api_key=text)
    assert (answer.status_code, journal.submissions[0].signal) == (200, Signal.LOGS)
    answer, journal = post(door, "/v1/metrics", metrics().SerializeToString(), x_api_key=text)
    assert (answer.status_code, journal.submissions) == (403, [])
    assert door.refused(text) == {Reason.SCOPE: 1}


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://app.example", "https://app.example.evil.example", "null", "*"]
)
def test_a_page_of_another_site_does_not(door: Door, origin: str) -> None:
    text = door.key()
    answer, journal = post(door, f"/v1/traces?key={text}", origin=origin)
    assert (answer.status_code, journal.submissions) == (403, [])
    assert "access-control-allow-origin" not in answer.headers
    assert b"may not send with the key" in answer.content and b"sightline keys change" in answer.content
    assert f"{SITE}'".encode() not in answer.content, "whose key it is, is not told"
    assert door.refused(text) == {Reason.ORIGIN: 1}
    assert door.gate.public.uses()[0].origin == origin


def test_what_is_no_page_does_not(door: Door) -> None:
    text = door.key("*")

    async def work(client: httpx.AsyncClient, at: Running) -> Any:
        return await client.post(f"/v1/traces?key={text}", content=BODY, headers={**PROTOBUF, "origin": ""})

    assert during(door, work).status_code == 403

    async def without(client: httpx.AsyncClient, at: Running) -> Any:
        headers = {"content-type": "application/x-protobuf"}
        return await client.post(f"/v1/traces?key={text}", content=BODY, headers=headers)

    answer = during(door, without)
    assert answer.status_code == 403 and b"names no origin" in answer.content
    assert door.refused(text) == {Reason.ORIGIN: 2}


def test_a_beacon_of_plain_text_is_json(door: Door) -> None:
    text = door.key("https://*.app.example")
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "x"}}]}]}]})

    async def work(client: httpx.AsyncClient, at: Running) -> Any:
        headers = {"content-type": "text/plain;charset=UTF-8", "origin": "https://www.app.example"}
        with_key = await client.post(f"/v1/logs?key={text}", content=body, headers=headers)
        without = await client.post("/v1/logs", content=body, headers=headers | {"x-api-key": text})
        return with_key.status_code, without.status_code, len(at.journal.submissions)

    assert during(door, work) == (200, 415, 1)


@pytest.mark.parametrize("scope", ["ingest", "admin"])
def test_no_other_key_may_stand_in_an_address(door: Door, scope: str) -> None:
    _, text = door.control.create_key("default", scope)
    answer, journal = post(door, f"/v1/traces?key={text}")
    assert (answer.status_code, journal.submissions) == (401, [])
    assert b"Only a public key" in answer.content and text.encode() not in answer.content


def test_the_key_in_the_address_is_the_one_that_counts(door: Door) -> None:
    _, secret = door.control.create_key("default", "admin")
    text = door.key("https://other.example")
    answer, _ = post(door, f"/v1/traces?key={text}", authorization=f"Bearer {secret}")
    assert answer.status_code == 403
    answer, _ = post(door, f"/v1/traces?key={text}", x_api_key=secret)
    assert answer.status_code == 403


def test_revoked_within_two_seconds(door: Door, tmp_path: Path) -> None:
    text = door.key()

    async def work(client: httpx.AsyncClient, at: Running) -> None:
        async def send() -> httpx.Response:
            return await client.post("/v1/traces", content=BODY, headers=PROTOBUF | {"x-api-key": text})

        assert (await send()).status_code == 200
        elsewhere = Control(f"sqlite:///{tmp_path}/control.db")
        elsewhere.revoke_key(text.split("_")[2])
        elsewhere.close()
        door.clock.ns += 2 * 10**9
        answer = await send()
        assert (answer.status_code, "access-control-allow-origin" in answer.headers) == (401, False)
        assert b"was revoked" in answer.content

    during(door, work)
    assert door.refused(text) == {Reason.REVOKED: 1}


def test_it_sends_to_its_own_project(door: Door) -> None:
    door.control.create_project("shop")
    text = door.key(project="shop")
    _, journal = post(door, "/v1/traces?project=default", x_api_key=text, x_project="default")
    assert [kept.project for kept in journal.submissions] == ["shop"]


@pytest.mark.parametrize("packed", [False, True, "bomb"])
def test_what_is_too_large_is_refused_and_counted(door: Door, packed: bool | str) -> None:
    text = door.key(request_bytes=2000)
    body, more = b"\x0a" + b"a" * 2001, {}
    if packed:
        body = gzip.compress(b"\0" * (2**24 if packed == "bomb" else 2001))
        more = {"content_encoding": "gzip"}
    answer, journal = post(door, "/v1/traces", body, x_api_key=text, **more)
    assert (answer.status_code, journal.submissions) == (413, [])
    assert b"over 2,000 bytes" in answer.content
    assert door.refused(text) == {Reason.SIZE: 1}


def test_a_bomb_of_many_layers(door: Door) -> None:
    text = door.key()
    body = zlib.compress(zlib.compress(zlib.compress(b"\0" * 2**24)))
    answer, _ = post(door, "/v1/traces", body, x_api_key=text, content_encoding="deflate, deflate, deflate")
    assert answer.status_code == 415
    body = gzip.compress(gzip.compress(b"\0" * 2**24))
    answer, _ = post(door, "/v1/traces", body, x_api_key=text, content_encoding="gzip, gzip")
    assert answer.status_code == 413


def test_the_rate_of_one_address(door: Door) -> None:
    text = door.key(address_requests=3)

    async def work(client: httpx.AsyncClient, at: Running) -> list[httpx.Response]:
        headers = PROTOBUF | {"x-api-key": text}
        found = [
            await client.post(
                "/v1/traces",
                content=traces(span(i + 1)).SerializeToString(),
                headers=headers | {"x-forwarded-for": f"198.51.100.{i}", "forwarded": f"for=198.51.100.{i}"},
            )
            for i in range(5)
        ]
        door.clock.ns += 20 * 10**9
        return [*found, await client.post("/v1/traces", content=BODY, headers=headers)]

    answers = during(door, work)
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429, 200]
    assert answers[3].headers["retry-after"] == "20"
    assert answers[3].headers["access-control-expose-headers"] == "retry-after"
    assert b"3 requests a minute from one address" in answers[3].content
    assert door.refused(text) == {Reason.ADDRESS: 2}


def test_a_trusted_proxy_says_who_it_heard(door: Door) -> None:
    text = door.key(address_requests=1)

    async def work(client: httpx.AsyncClient, at: Running) -> list[int]:
        found = []
        for forwarded in ("198.51.100.1", "198.51.100.2", "1.2.3.4, 198.51.100.2"):
            headers = PROTOBUF | {"x-api-key": text, "x-forwarded-for": forwarded}
            found.append((await client.post("/v1/traces", content=BODY, headers=headers)).status_code)
        return found

    assert during(door, work, trusted_proxies=("127.0.0.0/8",)) == [200, 200, 429]


def test_items_are_limited_too(door: Door) -> None:
    text = door.key(address_items=10)

    async def work(client: httpx.AsyncClient, at: Running) -> list[tuple[int, bytes]]:
        found = []
        for count in (8, 8, 11):
            body = traces(*(span(i + 1) for i in range(count))).SerializeToString()
            answer = await client.post("/v1/traces", content=body, headers=PROTOBUF | {"x-api-key": text})
            found.append((answer.status_code, answer.content))
        return found

    first, second, third = during(door, work)
    assert (first[0], second[0], third[0]) == (200, 429, 413)
    assert b"10 spans and log records a minute" in second[1]
    assert b"11 items are in one request" in third[1]
    assert door.refused(text) == {Reason.ADDRESS: 1, Reason.SIZE: 1}


def test_a_browser_that_asks_first_is_answered_for_the_sites_of_all_live_keys(door: Door) -> None:
    door.key("https://*.one.example")
    gone = door.key("https://two.example")
    door.control.revoke_key(gone.split("_")[2])

    async def work(client: httpx.AsyncClient, at: Running) -> dict[str, Any]:
        found = {}
        for origin in ("https://a.one.example", "https://two.example", "https://evil.example", "null"):
            for path in ("/v1/logs", "/v1/metrics"):
                asked = {
                    "origin": origin,
                    "access-control-request-method": "POST",
                    "access-control-request-headers": "content-type,x-api-key",
                }
                answer = await client.options(path, headers=asked)
                found[f"{path} {origin}"] = answer.headers.get("access-control-allow-origin")
                if found[f"{path} {origin}"]:
                    assert answer.headers["access-control-allow-methods"] == "POST"
                    assert answer.headers["access-control-allow-headers"] == "content-type,x-api-key"
                    assert answer.headers["vary"] == "origin"
        return found

    answers = during(door, work)
    assert [where for where, allowed in answers.items() if allowed] == ["/v1/logs https://a.one.example"]


def test_a_key_for_every_site_gives_no_credentials(door: Door) -> None:
    door.key("*")

    async def work(client: httpx.AsyncClient, at: Running) -> httpx.Headers:
        return (await client.options("/v1/logs", headers={"origin": "https://x.example"})).headers

    headers = during(door, work)
    assert headers["access-control-allow-origin"] == "https://x.example"
    assert "access-control-allow-credentials" not in headers


def test_the_answer_to_a_browser_does_not_open_another_keys_site(door: Door) -> None:
    door.key("https://one.example")
    text = door.key("https://two.example")
    answer, journal = post(door, f"/v1/traces?key={text}", origin="https://one.example")
    assert (answer.status_code, journal.submissions) == (403, [])


def test_other_keys_are_not_held_to_any_of_it(door: Door) -> None:
    _, text = door.control.create_key("default", "ingest")
    answer, journal = post(door, "/v1/traces", x_api_key=text, origin="https://anywhere.example")
    assert (answer.status_code, journal.submissions[0].source) == (200, "otlp-http")
    assert door.gate.public.uses() == []


def test_grpc_does_not_know_it(door: Door) -> None:
    text = door.key()

    async def work() -> None:
        async with serving(door.gate) as (journal, _, port), calling(port) as call:  # type: ignore[arg-type]
            metadata = (("authorization", f"Bearer {text}"), ("origin", SITE))
            code, details, _ = await refused(call, BODY, metadata=metadata)
            assert code is grpc.StatusCode.PERMISSION_DENIED
            assert "is public: it only sends traces and logs, from pages" in details
            assert journal.submissions == []

    asyncio.run(work())
    assert door.refused(text) == {Reason.SCOPE: 1}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["origin", "x-forwarded-for", "authorization", "x-api-key", "content-encoding"]),
            st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40),
        ),
        max_size=4,
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_headers_open_it_from_elsewhere(door: Door, headers: list[tuple[str, str]]) -> None:
    text = door.key()

    async def work(client: httpx.AsyncClient, at: Running) -> None:
        given = [("content-type", "application/x-protobuf"), *headers]
        answer = await client.post(f"/v1/traces?key={text}", content=BODY, headers=given)
        assert answer.status_code in {400, 403, 415}
        assert at.journal.submissions == []

    during(door, work)


@pytest.mark.parametrize("text", ["made up", "revoked", "known"])
def test_strangers_do_not_fill_what_is_said_of_ones_own_senders(door: Door, text: str) -> None:
    real = door.key()
    if text == "revoked":
        door.control.revoke_key(real.split("_")[2])
    sent = f"sl_p_{'a' * 12}_{'B' * 43}" if text == "made up" else real

    async def work(client: httpx.AsyncClient, at: Running) -> None:
        headers = PROTOBUF | {"x-api-key": sent, "origin": "https://evil.example"}
        counted = REQUESTS.labels("traces", "otlp-public", "denied")
        before = counted._value.get()
        answer = await client.post("/v1/traces", content=BODY, headers=headers)
        assert answer.status_code in {401, 403}
        assert counted._value.get() == before + 1
        assert (at.receiver.last_refusal, at.receiver.last_outcome) == ("", "")

    during(door, work)
