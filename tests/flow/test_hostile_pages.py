"""Every page with texts in it that try to become markup: none of them does, whatever route shows them.

The pages are those of the table of rights, asked as `isolation_samples.py` says, of a project in which every
text is hostile. That browsers run nothing either is tested in tests/pages/test_browser.py.
"""

from __future__ import annotations

import html
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from flow_city import Answer, City, Said, opened, quarantined, send, settle, stored
from isolation_samples import SAMPLES, Ask

from sightline.api.rights import RIGHTS

sys.path.insert(0, str(Path(__file__).parents[1] / "pages"))
from pages_elements import Elements
from pages_hostile import ALL, CORPUS, MARKDOWN

pytestmark = pytest.mark.flow
_SHOWN = ("GET /p/", "GET /settings", "GET /docs", "GET /traces", "GET /{")
ROUTES = [route for route in SAMPLES if route in RIGHTS]
PAGES = [route for route in ROUTES if route.startswith(_SHOWN)]
NEVER = frozenset({
    "style", "iframe", "object", "embed", "base", "frame", "applet", "math", "foreignobject", "audio",
    "video",
    "source", "marquee", "mglyph", "annotation-xml",
})  # fmt: skip
ADDRESSES = frozenset({
    "href", "src", "action", "formaction", "xlink:href", "poster", "srcset", "data", "hx-get", "hx-post",
    "hx-put", "hx-delete",
})  # fmt: skip
LEADS = re.compile(r"(?:/(?!/)|#|\?|https?://|mailto:|data:image/(?:png|jpeg|gif|webp);base64,)", re.I)
WRONG = (
    "<script>x</script>", "<p onclick=x>", "<a href=javascript:x>", "<img src=//evil.example/x>",
    "<p style=x>", "<style>", "<iframe>", "<p hx-get=/theme>", "<base href=//x>",
    "<form action=//evil.example>", "<script src=//x></script>", "<meta http-equiv=refresh>",
)  # fmt: skip


@dataclass
class Hostile:
    """The city with a project in which everything is hostile."""

    city: City
    values: dict[str, str]

    def ask(self, route: str, ask: Ask) -> Answer:
        method, path = route.split(" ", 1)
        given = {name: self._filled(text) for name, text in ask.path.items()} | {"project": "charlie"}
        address = re.sub(r"\{(\w+)(?::path)?\}", lambda found: given[found[1]], path)
        query = {name: self._filled(text) for name, text in ask.query.items()}
        return self.city.ask(method, address, self.city.as_person("charlie admin"), query)

    def _filled(self, text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: self.values.get(found[1], found[0]), text)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    with opened(tmp_path_factory.mktemp("hostile")) as city:
        settle(city, "charlie")
        said = Said("", f" {ALL} ", "\n\n".join(MARKDOWN))
        values = send(city, "charlie", said)
        stored(city, "charlie", 6)
        control = city.parts.control
        key = control.create_key("charlie", "read", CORPUS[1])[0]
        price = control.add_price(
            CORPUS[0],
            CORPUS[1],
            date(2026, 1, 1),
            {"input": 1.0},
            project="charlie",
            note=CORPUS[2],
            by=CORPUS[3],
        )
        person = next(p for p in control.people() if p.email == "reader@charlie.example")
        admin = city.as_key("charlie admin")
        details = json.loads(city.ask("GET", f"/api/v1/traces/{values['trace']}", admin).text)
        refs = [ref["hash"] for span in details["spans"] for ref in span["contents"]]
        values |= {
            "other": ALL, "project": "charlie", "hash": refs[0], "call": values["trace"][16:],
            "price": str(price.version), "key": key.id, "person": str(person.id), "mark": "",
            "entry": quarantined(city, "charlie"), "word": ALL, "environment": said.word("environment"),
            "attribute": said.word("key"), "traces_cursor": ALL, "spans_cursor": ALL, "view": "1",
            "metric": said.word("metric"), "metrickey": said.word("metrickey"),
        }  # fmt: skip
        yield Hostile(city, values)


def harmless(answer: Answer) -> Elements:
    """Fails where something in a page could run, load from elsewhere, or style itself."""
    text = answer.text
    elements = Elements(text)
    for tag, attributes in elements.found:
        assert tag not in NEVER, (tag, attributes)
        if tag == "script":
            assert str(attributes.get("src", "")).startswith("/static/"), attributes
        if tag == "link":
            assert str(attributes.get("href", "")).startswith("/static/"), attributes
        if tag == "meta":
            # A list whose counts are late asks for all of itself where there are no scripts.
            late = re.fullmatch(r"0; url=/p/[\w-]+/traces\?[\w%.=&+-]*", str(attributes.get("content", "")))
            assert late or "http-equiv" not in attributes, attributes
        for name, value in attributes.items():
            assert not name.startswith("on") and name not in {"style", "srcdoc"}, (tag, name, value)
            if name in ADDRESSES and value:
                assert LEADS.match(value), (tag, name, value)
                assert not value.startswith("/theme") or tag == "a", (tag, name, value)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "a script of its own text"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy or "default-src 'self'" in policy
    assert "unsafe" not in policy
    return elements


@pytest.mark.parametrize("route", PAGES)
def test_no_text_becomes_markup(hostile: Hostile, route: str) -> None:
    for ask in SAMPLES[route]:
        answer = hostile.ask(route, ask)
        assert 0 < answer.status < 500, answer.text[:2000]
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        harmless(answer)
        for character in "\u202e\u2066\x1b\x00\x07\x9b":
            assert character not in answer.text, hex(ord(character))
        if ask.shows and "/p/" in route:
            assert "<script>alert(1)</script>" in html.unescape(answer.text), "nothing hostile was shown"


@pytest.mark.parametrize("route", [r for r in PAGES if "{project}" in r])
@pytest.mark.parametrize("text", CORPUS[:10])
def test_no_address_becomes_markup(hostile: Hostile, route: str, text: str) -> None:
    names = ("q", "range", "env", "vs", "sort", "cursor", "span", "tab", "view", "cols", "person", text)
    answer = hostile.ask(route, Ask(SAMPLES[route][0].path, dict.fromkeys(names, text)))
    assert 0 < answer.status < 500, answer.text[:2000]
    if answer.headers.get("content-type", "").startswith("text/html"):
        harmless(answer)


@pytest.mark.parametrize("text", WRONG)
def test_what_is_looked_for_would_be_found(text: str) -> None:
    with pytest.raises(AssertionError):
        harmless(Answer(200, {"content-security-policy": "default-src 'none'"}, text))


@pytest.mark.parametrize("route", [r for r in ROUTES if r.startswith("GET /api/v1")])
def test_answers_of_the_api_are_no_pages(hostile: Hostile, route: str) -> None:
    answer = hostile.ask(route, SAMPLES[route][0])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "html" not in answer.headers.get("content-type", "")
