"""Signing in through a real OpenID provider, and every way in which that must fail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from openid_provider import CLIENT, SECRET, OpenIdProvider, provider
from pages_parts import Parts
from pages_people import BOB, PASSWORD, Visitor, inhabited, signed_in

from sightline.pages import openid
from sightline.pages.openid import Flow, OpenIdError, Provider, fetch_json
from sightline.records.people import Role
from sightline.settings import AuthSettings, Settings
from sightline.store.store import Store

NEW = {"sub": "8", "email": "new@example.com", "email_verified": True, "name": "New"}


@pytest.fixture(scope="module")
def running() -> Iterator[OpenIdProvider]:
    with provider() as found:
        yield found


@pytest.fixture
def idp(running: OpenIdProvider) -> OpenIdProvider:
    fresh = OpenIdProvider(running.issuer)
    fresh.key = running.key
    running.__dict__.update(fresh.__dict__)
    return running


def auth(idp: OpenIdProvider, **more: object) -> AuthSettings:
    given = {"oidc_issuer": idp.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
    return AuthSettings(**{**given, **more})  # type: ignore[arg-type]


@pytest.fixture
def town(store: Store, tmp_path: Path, idp: OpenIdProvider) -> Iterator[Parts]:
    with inhabited(store, tmp_path) as parts:
        parts.settings = Settings(auth=auth(idp))
        yield parts


def away(visitor: Visitor, following: str = "/p/talk/traces") -> str:
    """Where the provider sends the browser back to."""
    page = visitor.get(f"/login?next={following}").text
    link = re.search(r'href="(/login/openid[^"]*)"', page)
    assert link
    begun = visitor.get(link[1].replace("&amp;", "&"))
    assert begun.status_code == 302
    answer = httpx.get(begun.headers["location"], follow_redirects=False)
    back = urlsplit(answer.headers["location"])
    assert back.netloc == "localhost:4318"
    return f"{back.path}?{back.query}"


def refused(visitor: Visitor, back: str, said: str) -> None:
    answer = visitor.get(back)
    assert answer.status_code == 403
    assert re.search(said, answer.text), answer.text
    assert "sightline_session" not in answer.headers.get("set-cookie", "")
    assert visitor.get("/settings/me").status_code == 302


def test_who_was_added_before_comes_in_by_a_verified_address(town: Parts) -> None:
    visitor = Visitor(town)
    entered = visitor.get(away(visitor))
    assert (entered.status_code, entered.headers["location"]) == (303, "/p/talk/traces")
    page = visitor.get("/settings/me").text
    assert BOB in page and "You sign in with OpenID" in page
    assert "sightline_openid" not in visitor.client.cookies
    bob = town.control.person(BOB)
    assert bob is not None
    assert (bob.external, bob.has_password, bob.name) == (True, False, "Bob")
    assert Visitor(town).sign_in(BOB, PASSWORD).status_code == 403, "the provider decides from now on"


def test_the_way_there_carries_pkce_state_and_nonce(town: Parts, idp: OpenIdProvider) -> None:
    begun = Visitor(town).get("/login/openid?next=https://evil.example")
    query = parse_qs(urlsplit(begun.headers["location"]).query)
    assert query["code_challenge_method"] == ["S256"]
    assert len({query["state"][0], query["nonce"][0], query["code_challenge"][0]}) == 3
    cookie = begun.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/login/openid" in cookie
    assert query["state"][0] not in cookie and "evil" not in cookie


def test_a_code_works_once_and_in_its_browser_alone(town: Parts) -> None:
    visitor = Visitor(town)
    back = away(visitor)
    refused(Visitor(town), back, "did not begin in this browser")
    refused(visitor, re.sub("state=.", "state=x", back), "did not begin in this browser")
    visitor = Visitor(town)
    back = away(visitor)
    kept = visitor.client.cookies["sightline_openid"]
    assert visitor.get(back).status_code == 303
    again = Visitor(town)
    again.client.cookies.set("sightline_openid", kept)
    refused(again, back, "answered 400")


def test_a_code_of_another_sign_in_is_of_no_use(town: Parts) -> None:
    one, two = Visitor(town), Visitor(town)
    stolen = re.search("code=([^&]+)", away(one))
    assert stolen
    refused(two, re.sub("code=[^&]+", f"code={stolen[1]}", away(two)), "answered 400")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ({"email_verified": False}, "has not verified"),
        ({"email_verified": None}, "has not verified"),
        ({"email_verified": "true"}, "has not verified"),
        ({"email": None}, "names no e-mail address"),
        ({"sub": ""}, "names no e-mail address"),
        ({"nonce": "another"}, "belongs to another sign-in"),
        ({"iss": "https://evil.example"}, "from another issuer"),
        ({"aud": "another client"}, "for another client"),
        ({"aud": [CLIENT, "another"]}, "for another client"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "for another client"),
        ({"exp": 1}, "too old"),
        ({"exp": None}, "too old"),
        ({"email": "nobody@example.com"}, "nobody@example.com is not known here"),
        ({"email": "not an address"}, "not known here"),
    ],
)
def test_a_token_that_says_something_else(
    town: Parts, idp: OpenIdProvider, spoil: dict[str, object], said: str
) -> None:
    idp.spoil = spoil
    visitor = Visitor(town)
    refused(visitor, away(visitor), said)


def test_a_signature_by_another_key_or_by_the_shared_secret(town: Parts, idp: OpenIdProvider) -> None:
    visitor = Visitor(town)
    back, real = away(visitor), idp.key
    idp.answers["/keys"] = (200, b'{"keys": [%s]}' % httpx.get(f"{idp.issuer}/keys").content[10:-2])
    idp.change_keys()
    refused(visitor, back, "no valid signature")
    idp.key, idp.algorithm = real, "HS256"
    visitor = Visitor(town)
    refused(visitor, away(visitor), "no valid signature")


def test_keys_that_changed_are_fetched_again_but_not_for_ever(idp: OpenIdProvider) -> None:
    moments = [1_000_000.0]
    found = Provider(auth(idp), clock=lambda: moments[0])
    idp.spoil = {"exp": 2_000_000}

    def enter() -> str:
        flow = Flow("s" * 43)
        query = parse_qs(urlsplit(found.address(flow, "http://localhost/back")).query)
        back = idp.go({name: values[0] for name, values in query.items()})
        return found.identity(flow, parse_qs(urlsplit(back).query)["code"][0], "http://localhost/back").email

    assert enter() == BOB
    idp.change_keys()
    with pytest.raises(OpenIdError, match="no valid signature"):
        enter()  # asked a moment ago: whoever sends garbage does not make us ask each time
    moments[0] += openid.AGAIN_SECONDS
    assert enter() == BOB
    assert idp.asked.count("/keys") == 2
    assert idp.asked.count("/.well-known/openid-configuration") == 1


def test_another_account_there_with_the_same_address_does_not_come_in(
    town: Parts, idp: OpenIdProvider
) -> None:
    visitor = Visitor(town)
    assert visitor.get(away(visitor)).status_code == 303
    idp.claims = {**idp.claims, "sub": "another"}
    visitor = Visitor(town)
    refused(visitor, away(visitor), "is not known here")


def test_strangers_come_in_with_the_role_for_them(town: Parts, idp: OpenIdProvider) -> None:
    idp.claims = NEW
    town.settings = Settings(
        auth=auth(idp, oidc_role="reader", oidc_domains=("other.example", "Example.com"))
    )
    visitor = Visitor(town)
    assert visitor.get(away(visitor)).status_code == 303
    new = town.control.person("new@example.com")
    assert new is not None
    assert (new.roles, new.server_admin, new.external) == ({"default": Role.READER}, False, True)
    town.settings = Settings(auth=auth(idp, oidc_role="reader", oidc_domains=("other.example",)))
    visitor = Visitor(town)
    refused(visitor, away(visitor), "may not sign in here")


def test_what_the_provider_refuses_is_said_and_does_nothing(town: Parts) -> None:
    visitor = Visitor(town)
    back = away(visitor)
    state = re.search("state=([^&]+)", back)
    assert state
    path = "/login/openid/back?error=access_denied&error_description=<b>No</b>&state="
    refused(visitor, path + state[1], "did not sign you in: &lt;b&gt;No&lt;/b&gt;")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((500, b"{}"), "answered 500"),
        ((302, b"http://127.0.0.1:1/"), "answered 302"),
        ((200, b"no json"), "cannot be asked"),
        ((200, b"[]"), "does not describe itself"),
        ((200, b'{"issuer": "https://evil.example"}'), "does not describe itself"),
        ((200, b'"' + b"x" * (openid.MOST_BYTES + 1) + b'"'), "too much or too slowly"),
    ],
)
def test_a_provider_that_is_ill(
    town: Parts, idp: OpenIdProvider, answer: tuple[int, bytes], said: str
) -> None:
    idp.answers["/.well-known/openid-configuration"] = answer
    begun = Visitor(town).get("/login/openid")
    assert begun.status_code == 403
    assert said in begun.text


def test_endpoints_without_tls_are_not_asked(idp: OpenIdProvider) -> None:
    about = {"issuer": idp.issuer, "authorization_endpoint": "http://id.example.com/go"}
    found = Provider(auth(idp), fetch=lambda *_: about)
    with pytest.raises(OpenIdError, match="no authorization_endpoint that begins with https"):
        found.address(Flow("s" * 43), "http://localhost/back")
    for address in ("http://id.example.com/x", "file:///etc/passwd", "ftp://id.example.com"):
        with pytest.raises(OpenIdError, match="must be reached by https"):
            fetch_json(address, None, {})
    with pytest.raises(OpenIdError, match="cannot be asked"):
        fetch_json("http://127.0.0.1:1/", None, {})


def test_without_a_provider_there_is_no_such_page(store: Store, tmp_path: Path) -> None:
    with inhabited(store, tmp_path) as parts:
        assert "openid" not in Visitor(parts).get("/login").text
        assert signed_in(parts, BOB).get("/login/openid").status_code == 404
