"""Lists of sessions and users, one session, one user: as a browser without scripts has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pages_sessions as sessions
import pages_story as story
import pytest
from pages_parts import Parts, serving
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sightline.pages.routes import not_found, routes
from sightline.settings import StoreSettings
from sightline.store import schema
from sightline.store.store import Store, embedded_url

LIST = f"/p/{sessions.PROJECT}/sessions"
USERS = f"/p/{sessions.PROJECT}/users"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    directory: Path = tmp_path_factory.mktemp("sessions")
    found = Store(embedded_url(directory), StoreSettings())
    writer = found.writer()
    schema.migrate(writer)
    told = story.Told()
    sessions.everything(told)
    story.store(told, writer)
    yield found
    writer.close()
    found.close()


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    parts = Parts(store, projects=lambda: ["default", sessions.PROJECT, sessions.OTHER])
    with TestClient(Starlette(routes=[*routes(parts), not_found(parts)]), follow_redirects=False) as found:
        yield found


def got(client: TestClient, path: str, **query: str) -> str:
    answer = client.get(path, params=query or None)
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


def hrefs(page: str) -> list[str]:
    return [unescape(h) for h in re.findall(r'href="([^"]*)"', page)]


def turns(page: str) -> list[str]:
    return re.findall(r'<article class="turn[^"]*" id="t-([0-9a-f]+)"', page)


def test_the_list_shows_what_was_asked_and_answered(client: TestClient) -> None:
    page = got(client, LIST)
    assert sessions.SAID[0][0] in page and sessions.SAID[3][1] in page
    assert "1 of its 4 turns had a failure" in page
    assert f"{LIST}/{sessions.CHAT}" in [urlsplit(h).path for h in hrefs(page)]
    assert 'aria-sort="descending"' in page and "<img src=x" not in page


def test_the_list_can_be_sorted_and_filtered(client: TestClient) -> None:
    page = got(client, LIST, q="user:u_anna", sort="-cost")
    assert sessions.CHAT in page and sessions.LONG not in page
    sorting = [h for h in hrefs(page) if "sort=cost" in h]
    assert sorting and all(parse_qs(urlsplit(h).query)["q"] == ["user:u_anna"] for h in sorting)
    assert "No session in the last 24 hours has a span that matches" in got(client, LIST, q="user:nobody")
    assert "latest first" in got(client, LIST, sort="nonsense")


def test_an_error_of_the_filter_stands_in_place(client: TestClient) -> None:
    for path in (LIST, USERS):
        page = got(client, path, q="usr:x")
        assert 'aria-invalid="true"' in page and "there is no field usr" in page
        assert any(parse_qs(urlsplit(h).query).get("q") == ["user:x"] for h in hrefs(page))


def test_a_session_reads_as_a_conversation(client: TestClient) -> None:
    page = got(client, f"{LIST}/{sessions.CHAT}")
    assert len(turns(page)) == 4 and "<strong>cushioned</strong>" in page
    for question, _ in sessions.SAID:
        # Once as a title at most, once in its own turn; never again in a later one.
        assert page.count(f">{question}<") + page.count(f">{question}\n") <= 2
    assert "3 h later" in page and "release 4.8.0, before 4.7.0" in page
    assert "POST /api/chat: 429 Too Many Requests" in page and "1 tool: look_up" in page
    assert "2 messages sent before, left out" not in page  # the agent's own input has no history
    assert "≥ $0.0012" in page and "unknown" in page
    for trace in turns(page):
        assert f"/p/{sessions.PROJECT}/traces/{trace}" in [urlsplit(h).path for h in hrefs(page)]


def test_the_exact_text_is_what_was_stored(client: TestClient) -> None:
    page = got(client, f"{LIST}/{sessions.CHAT}", exact="1")
    assert "Take **cushioned** shoes" in page and "<strong>cushioned" not in page
    assert "Read as a conversation" in page


def test_hostile_ids_work_in_the_path(store: Store) -> None:
    # On a real server: the test client takes quoted paths apart once more.
    known = ["default", sessions.PROJECT]
    with serving(Parts(store, projects=lambda: known)) as base, httpx.Client(base_url=base) as client:
        for path in (LIST, USERS):
            page = client.get(path).text
            assert "<script>alert" not in page and "<img src=x" not in page and "\u202e" not in page
            links = [h for h in hrefs(page) if urlsplit(h).path.startswith(f"{path}/")]
            found: dict[str, str] = {}
            for href in dict.fromkeys(links):
                answer = client.get(href)
                assert answer.status_code == 200, href
                assert "<script>alert" not in answer.text and "\u202e" not in answer.text
                back = [
                    parse_qs(urlsplit(h).query)["back"][0]
                    for h in hrefs(answer.text)
                    if h.startswith("/theme")
                ]
                assert set(back) == {href}
                for n, name in enumerate(sessions.HOSTILE):
                    if f"question {n}<" in answer.text or f"question {n} " in answer.text:
                        found[name] = href
            assert found.keys() == set(sessions.HOSTILE)
            assert found["a/b?c"] == f"{path}/a%2Fb%3Fc" and found[".."] == f"{path}/?id=.."


def test_a_thousand_turns_are_paged_both_ways(client: TestClient) -> None:
    page = got(client, f"{LIST}/{sessions.LONG}")
    assert "turns 951 to 1,000 of 1,000" in page and "question number 999" in page
    seen = [turns(page)]
    while (older := re.search(r'href="([^"]*)" rel="prev"', page)) is not None:
        page = got(client, unescape(older[1]))
        seen.append(turns(page))
    whole = [trace for window in reversed(seen) for trace in window]
    assert len(whole) == len(set(whole)) == 1000 and all(len(window) == 50 for window in seen)
    assert "question number 0<" in page
    newer = re.search(r'href="([^"]*)" rel="next"', page)
    assert newer and turns(got(client, unescape(newer[1]))) == whole[50:100]


def test_failed_turns_of_a_long_session_are_a_link_away(client: TestClient) -> None:
    page = got(client, f"{LIST}/{sessions.LONG}")
    jumps = [h for h in hrefs(page) if "#t-" in h and "from=" in h]
    assert len(jumps) == 4
    shown = got(client, jumps[1].split("#")[0])
    assert turns(shown)[0] == jumps[1].split("#t-")[1] and "question number 350" in shown


def test_a_session_of_another_project_or_of_none_is_not_found(client: TestClient) -> None:
    answer = client.get(f"/p/{sessions.OTHER}/sessions/{sessions.LONG}")
    assert answer.status_code == 404 and "has no session" in answer.text
    assert client.get(f"{LIST}/nothing").status_code == 404
    assert "SECRET" not in got(client, f"{LIST}/{sessions.CHAT}") + got(client, LIST) + got(client, USERS)
    assert "SECRET question" in got(client, f"/p/{sessions.OTHER}/sessions/{sessions.CHAT}")


def test_users_have_a_row_for_what_is_not_set(client: TestClient) -> None:
    page = got(client, USERS)
    assert "u_anna" in page and "requests that name no user" in page
    unset = [h for h in hrefs(page) if parse_qs(urlsplit(h).query).get("q") == ["-has:user"]]
    assert any(urlsplit(h).path.endswith("/traces") for h in unset)
    mine = [h for h in hrefs(page) if parse_qs(urlsplit(h).query).get("q") == ["user:u_anna"]]
    assert {urlsplit(h).path.rsplit("/", 1)[1] for h in mine} == {"traces", "sessions"}


def test_a_users_page(client: TestClient) -> None:
    page = got(client, f"{USERS}/u_anna")
    assert page.count('class="chart"') == 4 and "Latest requests" in page and "Dearest requests" in page
    assert sessions.SAID[3][0] in page and "25 %" in page
    empty = got(client, f"{USERS}/u_anna", range="15m")
    assert "is of this user" in empty and "Show the last hour" in empty


def test_a_cursor_of_another_list_is_said_to_be_none(client: TestClient) -> None:
    for path in (LIST, USERS):
        answer = client.get(path, params={"cursor": "-zzz"})
        assert answer.status_code == 404 and "cursor" in answer.text
