"""Signing in and out, links, and what keeps others out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pages_parts import Parts
from pages_people import ANN, BASE, BOB, PASSWORD, ZOE, Visitor, inhabited, signed_in

from sightline.control.lockout import ACCOUNT
from sightline.control.presented import PLAIN_COOKIE, SECURE_COOKIE
from sightline.pages.browsers import browser_of
from sightline.store.store import Store

LIST = "/p/default/traces"


@pytest.fixture
def town(store: Store, tmp_path: Path) -> Iterator[Parts]:
    with inhabited(store, tmp_path) as parts:
        yield parts


def test_pages_send_who_is_not_signed_in_to_the_form_and_back(town: Parts) -> None:
    visitor = Visitor(town)
    away = visitor.get(f"{LIST}?range=1h&env=prod")
    assert away.status_code == 302
    assert away.headers["location"] == "/login?next=%2Fp%2Fdefault%2Ftraces%3Frange%3D1h%26env%3Dprod"
    form = visitor.get(away.headers["location"])
    assert form.status_code == 200
    assert f'value="{LIST}?range=1h&amp;env=prod"' in form.text
    entered = visitor.sign_in(ANN, next=f"{LIST}?range=1h&env=prod")
    assert (entered.status_code, entered.headers["location"]) == (303, f"{LIST}?range=1h&env=prod")
    assert visitor.get(LIST).status_code == 200
    assert visitor.get("/login?next=/settings/me").headers["location"] == "/settings/me"


def test_a_part_that_htmx_asks_for_sends_the_whole_window(town: Parts) -> None:
    answer = Visitor(town).get(LIST, headers={"hx-request": "true"})
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"].startswith("/login?next=")


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "\t//evil.example",
        "",
    ],
)
def test_the_way_back_stays_here(town: Parts, following: str) -> None:
    visitor = Visitor(town)
    assert "evil" not in visitor.get("/login", params={"next": following}).text
    assert visitor.sign_in(ANN, next=following).headers["location"] == "/"


def test_the_cookie_is_as_closed_as_it_can_be(town: Parts) -> None:
    plain = Visitor(town).sign_in(ANN).headers["set-cookie"].lower()
    assert plain.startswith(f"{PLAIN_COOKIE}=")
    assert "httponly" in plain and "samesite=lax" in plain and "path=/" in plain and "secure" not in plain
    for visitor, headers in (
        (Visitor(town, "https://sight.example"), {}),
        (Visitor(town, "http://sight.example"), {"sec-fetch-site": "same-origin"}),
        (Visitor(town, "http://sight.example"), {"origin": "https://sight.example"}),
    ):
        answer = visitor.post("/login", headers, email=ANN, password=PASSWORD)
        cookie = answer.headers["set-cookie"].lower()
        assert cookie.startswith(f"{SECURE_COOKIE.lower()}=")
        assert "secure" in cookie and "domain" not in cookie and "path=/" in cookie


def test_wrong_is_said_in_place_and_never_what_was_wrong(town: Parts) -> None:
    said = []
    for email in (ANN, "nobody@example.com"):
        answer = Visitor(town).sign_in(email, "wrong wrong wrong", next=LIST)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
        assert f'value="{email}"' in answer.text and f'value="{LIST}"' in answer.text
        assert "wrong wrong wrong" not in answer.text
        said.append(answer.text.replace(email, ""))
    assert said[0] == said[1]


def test_a_locked_account_says_how_long(town: Parts) -> None:
    visitor = Visitor(town)
    for _ in range(ACCOUNT.free):
        assert visitor.sign_in(ANN, "wrong wrong wrong").status_code == 403
    locked = visitor.sign_in(ANN)
    assert locked.status_code == 429
    assert int(locked.headers["retry-after"]) > 0
    assert "Too many attempts failed. Wait" in locked.text


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}],
)
def test_no_other_site_signs_anyone_in_or_out(town: Parts, headers: dict[str, str]) -> None:
    answer = Visitor(town).post("/login", headers, email=ANN, password=PASSWORD)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    visitor = signed_in(town, ANN)
    assert visitor.post("/logout", headers, csrf=visitor.token()).status_code == 403
    assert visitor.get(LIST).status_code == 200


def test_signing_out_ends_the_session_itself(town: Parts) -> None:
    visitor = signed_in(town, ANN)
    kept = dict(visitor.client.cookies)
    assert visitor.post("/logout", csrf="0" * 64).status_code == 403
    out = visitor.post("/logout", csrf=visitor.token())
    assert (out.status_code, out.headers["location"]) == (303, "/login")
    assert PLAIN_COOKIE not in visitor.client.cookies
    stolen = Visitor(town)
    stolen.client.cookies.update(kept)
    assert stolen.get(LIST).status_code == 302
    assert stolen.post("/logout").status_code == 303, "who is out already stays out"


def test_signing_in_again_makes_a_new_session_and_ends_the_old(town: Parts) -> None:
    visitor = signed_in(town, ANN)
    old = visitor.client.cookies[PLAIN_COOKIE]
    visitor.sign_in(BOB)
    assert visitor.client.cookies[PLAIN_COOKIE] != old
    ann = town.control.person(ANN)
    assert ann is not None
    assert town.control.sessions(ann.id, 1e6) == []


def test_a_link_sets_the_password_and_signs_in(town: Parts) -> None:
    _, token = town.control.make_link(ZOE)
    visitor = Visitor(town)
    assert ZOE in visitor.get(f"/set-password?token={token}").text
    for fields, said in (
        ({"password": "short", "again": "short"}, "at least 12"),
        ({"password": "a good long one", "again": "a good long two"}, "The two passwords differ"),
    ):
        answer = visitor.post("/set-password", token=token, **fields)
        assert answer.status_code == 422
        assert said in answer.text and 'role="alert"' in answer.text
    done = visitor.post("/set-password", token=token, password="a good long one", again="a good long one")
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert visitor.get("/settings/me").status_code == 200
    assert Visitor(town).sign_in(ZOE, "a good long one").status_code == 303
    for answer in (
        visitor.get(f"/set-password?token={token}"),
        visitor.post("/set-password", token=token, password=PASSWORD, again=PASSWORD),
    ):
        assert answer.status_code == 404
        assert "does not work any more" in answer.text


def test_forms_are_read_within_bounds(town: Parts) -> None:
    client = Visitor(town).client
    assert client.post("/login", content=b"x", headers={"content-type": "text/plain"}).status_code == 415
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/login", content=b"a=" + b"b" * 70_000, headers=form).status_code == 413
    assert client.post("/login", content=b"&".join([b"a=b"] * 200), headers=form).status_code == 400
    assert client.post("/login", content=b"email=%ff%00&password=%00", headers=form).status_code == 403
    assert client.post("/login", content=b"email=\xff", headers=form).status_code == 400


def test_without_people_there_is_nobody_to_sign_in(client: object, parts: Parts) -> None:
    assert Visitor(parts, BASE).get("/login?next=/p/default/traces").headers["location"] == LIST


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18 Safari/605.1", "Safari on macOS"),
        ("curl/8.5", "curl"),
        ("x" * 100, "x" * 40),
        ("", "unknown browser"),
    ],
)
def test_browsers_are_named(agent: str, said: str) -> None:
    assert browser_of(agent) == said
