# ruff: noqa: E501 - the cases are lines of a table
"""Redaction: what is found in which form, rules by field, hashes, JSON stays JSON, own code that fails, time."""

from __future__ import annotations

import doctest
import json
import logging
import re
import threading
import time
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline import Redaction
from sightline.sdk.redaction import DROPPED, FAILED, Found, redaction, tokens
from sightline.sdk.redaction.named_values import secret_name
from sightline.sdk.redaction.patterns import AROUND, WINDOW, Patterns
from sightline.sdk.redaction.tokens import merged
from sightline.sdk.redaction.views import view

PLAIN = Redaction()


@pytest.fixture(autouse=True)
def anew() -> None:
    redaction._warned.clear()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Write to ada@example.org!", "Write to [EMAIL]!"),
        ("ada.lovelace+x@uni-köln.de", "[EMAIL]"),
        ("https://x.org/?mail=ada%40example.org&n=1", "https://x.org/?mail=[EMAIL]&n=1"),
        ("card 4111 1111 1111 1111 12/29 123", "card [CARD] 12/29 123"),
        ("3782-822463-10005", "[CARD]"),
        ("4111 1111 1111 1112", "4111 1111 1111 1112"),
        ("DE89 3704 0044 0532 0130 00, GB29NWBK60161331926819.", "[IBAN], [IBAN]."),
        ("DE88370400440532013000", "DE88370400440532013000"),
        ("+49 (0)30 901820 or (415) 555-2671", "[PHONE] or [PHONE]"),
        ("2026-11-26 05:35:58 1764135358123", "2026-11-26 05:35:58 1764135358123"),
        ("postgres://app:s3cret@db:5432/x", "postgres://app:[SECRET]@db:5432/x"),
        ("postgres://app:${PASSWORD}@db:5432/x", "postgres://app:${PASSWORD}@db:5432/x"),
        ("Authorization: Bearer abcdefghijkl0123456789", "Authorization: Bearer [SECRET]"),
        ("curl -u --api-key q9w8e7r6 --x", "curl -u --api-key [SECRET] --x"),
        ("my password is hunter2!x.", "my password is [SECRET]."),
        ("the password is required", "the password is required"),
        ("api_key = os.environ['KEY']", "api_key = os.environ['KEY']"),
        ("811228-9874 and 529.982.247-25 and 756.9217.0769.85", "[NATIONAL_ID] and [NATIONAL_ID] and [NATIONAL_ID]"),
        ("RSSMRA85T10A562S, 12345678Z, X1234567L, AB 12 34 56 C", ", ".join(["[NATIONAL_ID]"] * 4)),
        ("BSN: 111222333", "BSN: [NATIONAL_ID]"), ("order 111222333", "order 111222333"),
        ("10.1.2.3 and 2001:db8::1", "10.1.2.3 and 2001:db8::1"),
    ],
)  # fmt: skip
def test_what_is_found(text: str, left: str) -> None:
    assert PLAIN.apply("input.value", text) == left


def test_addresses_of_machines_when_asked_for() -> None:
    text = "10.1.2.3, 2001:db8::1, fe80::1ff:fe23:4567:890a; not 127.0.0.1, 1.2.3, 12:30:45, std::b() or 999.1.1.1"
    assert Redaction(kinds=["ip"]).apply("x", text) == (
        "[IP], [IP], [IP]; not 127.0.0.1, 1.2.3, 12:30:45, std::b() or 999.1.1.1"
    )


PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc+/=\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (PEM, "[SECRET]"),
        (json.dumps({"k": PEM}), '{"k": "[SECRET]"}'),
        (r"ada\u0040example.org", "[EMAIL]"),
        (r"4111\u00201111\u002d1111 1111", "[CARD]"),
        (r"\u0034111 1111 1111 1111", "[CARD]"),
        (r"say\n4111 1111\n1111 1111\nthanks", r"say\n[CARD]\nthanks"),
        (r"https:\/\/me:pass1word@host\/x", r"https:\/\/me:[SECRET]@host\/x"),
        ("ａｄａ＠ｅｘａｍｐｌｅ．ｏｒｇ", "[EMAIL]"),
        ("٤١١١ ١١١١ ١١١١ ١١١١", "[CARD]"),
        ("4111\u200b1111\u200b1111\u200b1111", "[CARD]"),
        ('{"password":"ab\\"cd","n":1}', '{"password":"[SECRET]","n":1}'),
        ('{"pin": 3, "cvv": 123, "card": 4111111111111111}', '{"pin": 3, "cvv": "[SECRET]", "card": "[CARD]"}'),
        ('{"headers":{"Authorization":"Bearer x1","Cookie":"a=b"}}', '{"headers":{"Authorization":"Bearer [SECRET]","Cookie":"[SECRET]"}}'),
        ('[4111111111111111,"x"]', '["[CARD]", "x"]'),
    ],
)  # fmt: skip
def test_what_is_hidden_by_escapes(text: str, left: str) -> None:
    assert PLAIN.apply("x", text) == left


def test_json_in_json_stays_both() -> None:
    inner = {"card": 4111111111111111, "mail": "ä@b.de", "password": 'a"b\\c', "lines": "x\n+49 30 901820\ny"}
    text = json.dumps({"arguments": json.dumps({"deep": json.dumps(inner)})})
    left = json.loads(json.loads(json.loads(PLAIN.apply("x", text))["arguments"])["deep"])
    assert left == {"card": "[CARD]", "mail": "[EMAIL]", "password": "[SECRET]", "lines": "x\n[PHONE]\ny"}


values = st.one_of(
    st.sampled_from(["ada@b.de", "4111111111111111", "+49 30 901820", "a\"b\\", "sk-" + "a1" * 20, "\n", "\\", PEM]),
    st.text(max_size=20), st.integers(), st.just(4111111111111111), st.none(), st.booleans(),
)  # fmt: skip
keys = st.one_of(st.sampled_from(["password", "api_key", "n", "a:b", '"', "token"]), st.text(max_size=5))
documents = st.recursive(
    values,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4), inner.map(json.dumps)
    ),
    max_leaves=12,
)


@given(documents, st.booleans())
@settings(max_examples=400, deadline=None)
def test_json_stays_json(document: object, ascii_only: bool) -> None:
    text = json.dumps([document], ensure_ascii=ascii_only)
    left = PLAIN.apply("x", text)
    json.loads(left)
    assert "4111111111111111" not in left
    assert "ada@b.de" not in left


@given(st.text(alphabet=st.sampled_from('\\un"/t040 9a@.+-\u200b\n'), max_size=60))
@settings(deadline=None)
def test_a_view_leads_back_to_what_it_was_read_from(text: str) -> None:
    seen = view(text)
    for at in range(len(seen.text)):
        start, end = seen.place(at, at + 1)
        assert 0 <= start < end <= len(text)
    assert seen.place(0, len(seen.text))[1] == len(text) or not seen.text


def test_rules_of_fields() -> None:
    rules = {"user.id": "hash", "http.*": "drop", "gen_ai.*.messages": "keep", "http.route": "keep"}
    some = Redaction(fields=rules, salt="eight or more")
    assert re.fullmatch(r"\[user_id:[0-9a-f]{8}\]", some.apply("user.id", "ada"))
    assert some.apply("http.request.header.x", "y") == DROPPED
    assert some.rule("http.request.header.x") == "drop"
    assert some.apply("gen_ai.input.messages", "a@b.de") == "a@b.de"
    assert some.apply("http.route", "a@b.de") == "a@b.de"
    assert some.apply("input.value", "a@b.de") != "a@b.de"
    assert some.apply("gen_ai.response.id", "4111111111111111") == "4111111111111111"
    assert some.apply("db.password", "anything") == some.apply("db.password", "anything")
    assert "anything" not in PLAIN.apply("db.password", "anything")
    assert PLAIN.apply("user.id", "ada@b.de") == "[EMAIL]"


def test_equal_values_have_equal_hashes_however_they_are_written() -> None:
    one, other = Redaction(salt="the first salt"), Redaction(salt=b"another salt")
    assert one.apply("a", "4111 1111 1111 1111") == one.apply("b", "4111-1111-1111-1111")
    assert one.apply("a", "Ada@B.de") == one.apply("a", "ada@b.de") != other.apply("a", "ada@b.de")
    assert re.fullmatch(r"\[email:[0-9a-f]{8}\]", one.apply("a", "ada@b.de"))
    assert "first" not in repr(one)


def test_own_patterns_and_functions() -> None:
    own = Redaction(
        patterns={"customer": r"C-\d{4}", "room": re.compile(r"room (?P<value>\d+)")},
        functions=[lambda field, text: text.replace("Bond", "[NAME]")],
    )
    assert own.apply("x", "Bond C-1234 room 17 a@b.de") == "[NAME] [CUSTOMER] room [ROOM] [EMAIL]"


class Capitals:
    def find(self, text: str) -> Iterable[Found]:
        return [Found(m.start(), m.end(), "name") for m in re.finditer(r"[A-Z]\w+", text)]


def test_another_detector() -> None:
    assert Redaction(detector=Capitals()).apply("x", "ask Ada, a@b.de") == "ask [NAME], a@b.de"


class Broken:
    def find(self, text: str) -> Iterable[Found]:
        raise RuntimeError(text)


class Stuck:
    def __init__(self) -> None:
        self.release = threading.Event()

    def find(self, text: str) -> Iterable[Found]:
        self.release.wait(30)
        return []


def test_what_fails_is_withheld_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    for broken in (Redaction(detector=Broken()), Redaction(functions=[lambda f, t: 1])):  # type: ignore[arg-type, list-item, return-value]
        with caplog.at_level(logging.WARNING, "sightline"):
            assert broken.apply("x", "secret text") == FAILED
            assert broken.apply("x", "secret text") == FAILED
    [record] = caplog.records
    assert "withheld" in record.getMessage()
    assert "secret text" not in record.getMessage()


def test_what_hangs_is_withheld_and_then_left_alone() -> None:
    stuck = Stuck()
    slow = Redaction(detector=stuck, seconds=0.05)
    began = time.monotonic()
    assert {slow.apply("x", "text") for _ in range(50)} == {FAILED}
    assert time.monotonic() - began < 5
    stuck.release.set()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kinds": ["emails"]}, "kind 'emails' is unknown"), ({"salt": "short"}, "at least 8"),
        ({"fields": {"a": "hide"}}, "'hide'; a rule is one of"), ({"fields": {"a": "hash"}}, "needs a salt"),
        ({"patterns": {"x": "("}}, "no regular expression"), ({"seconds": 0}, "above 0"),
        ({"fields": {"a*b*c": "keep"}}, "one \\* is understood"),
    ],
)  # fmt: skip
def test_wrong_options_say_what_is_wrong(options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Redaction(**options)  # type: ignore[arg-type]


def test_a_long_text_is_looked_at_in_windows_and_nothing_is_lost_between_them() -> None:
    value = "ada@example.org 4111 1111 1111 1111 "
    for shift in (0, 3, 17, 30):
        text = ("x" * 61 + " ") * ((WINDOW - 300) // 62) + " " * shift + value * 40 + "y " * WINDOW + value
        left = PLAIN.apply("x", text)
        assert left.count("[EMAIL]") == left.count("[CARD]") == 41
    long_secret = '{"password": "' + "s3cr" * (WINDOW // 2) + '", "n": 1}' + " " * 300 + '{"k": "a@b.de"}'
    assert PLAIN.apply("x", long_secret).replace(" ", "") == '{"password":"[SECRET]","n":1}{"k":"[EMAIL]"}'
    assert AROUND < WINDOW


HOSTILE = [
    "@", "a@", "a@a.", "a@a-", "4111 ", "4 ", "1-", "0 ", "+1 ", "(0", "0/", "sk-", "sk-a", "-_", "a_-", "eyJ", "eyJa.",
    "://", "://a:", "password", 'password"', '"password":', '{"password":"', "key=", "token ", "Bearer ", "\\", "\\u0040",
    '\\"', '\\\\"', "-----BEGIN PRIVATE KEY-----", "DE89", "DE 89 ", "AB12", "AAAAAA11", "1.2.3.", "::", "a:", "%40", "--key ",
    "phone ", "tel 1 ", "ssn 123 ", "2026-11-26 ", "９", "\u200b", "é@é.", "'", "= ", "https://a:b", "secret_key ", "1234567 ",
    "x.y.z@", "aa ", "0123 456 ", "password is ", "--api-key ",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_time_is_linear_in_hostile_text(piece: str) -> None:
    every = Patterns(["email", "phone", "card", "iban", "national_id", "secret", "ip"])

    text = piece * (120_000 // len(piece))
    began = time.process_time()
    merged(every.find(text), len(text))
    # About 25 ns a character where nothing is found; a square of 120,000 steps would take minutes.
    assert time.process_time() - began < 4


@given(st.text(alphabet=st.sampled_from("a1 @.-_:/\\\"'+=(){}[]kseyJDBpw,\n0é"), max_size=400))
@settings(max_examples=300, deadline=None)
def test_anything_is_redacted_without_an_error(text: str) -> None:
    assert PLAIN.apply("x", text) != FAILED


def test_examples_of_the_docstrings() -> None:
    assert doctest.testmod(redaction).failed == 0


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('"apiKey": "abc"', '"apiKey": "[SECRET]"'), ("'db_password': 'pw'", "'db_password': '[SECRET]'"),
        ("Cookie: sid=abc123; theme=dark", "Cookie: [SECRET]"), ("password:\n  hunter22", "password:\n  [SECRET]"),
        ("<password>hunter2x</password>", "<password>[SECRET]</password>"), ("PGPASSWORD=xx99yy psql", "PGPASSWORD=[SECRET] psql"),
        ('{"passwords": ["a1", "b\\"2"]}', '{"passwords": ["[SECRET]", "[SECRET]"]}'),
        ("https://x.org/a?client_secret=abc&grant=1", "https://x.org/a?client_secret=[SECRET]&grant=1"),
        ("curl -u user:passw0rd https://x.org", "curl -u user:[SECRET] https://x.org"),
        ('password is "correct horse"', 'password is "[SECRET]"'), ("cvv: 123, CVC 4567", "cvv: [SECRET], CVC [SECRET]"),
        ("host: example.com\nauthorization: opaque12345", "host: example.com\nauthorization: [SECRET]"),
        ("redis://:abc123@h:6379", "redis://:[SECRET]@h:6379"), ("--password=hunter2 --user x", "--password=[SECRET] --user x"),
        ("auth: Basic dXNlcjpwYXNzd29yZA==", "auth: Basic [SECRET]"), ("card_4111111111111111", "card_[CARD]"),
        ("mailto:ada@example.org?x=1", "mailto:[EMAIL]?x=1"), ("Tel.: 030/901820-12", "Tel.: [PHONE]"), ("call 555-2671", "call [PHONE]"),
        *((same, same) for same in (
            '{"token": "Hello"}', '{"next_page_token":"CAUQAA12345abcde"}', '{"max_tokens": 100, "tokens": 5}', "key: value",
            "def f(password): pass", 'if password == "x":', "password=get_password()", "api_key=self.api_key,", '"password": null',
            '"password": ""', "Authorization: Bearer <token>", "OPENAI_API_KEY=your-key-here", "Bearer token is required",
            "IMEI 356402527036156", "SIRET 777 007 750 01175",
        )),
    ],
)  # fmt: skip
def test_values_by_their_names_and_what_only_looks_like_one(text: str, left: str) -> None:
    assert PLAIN.apply("x", text) == left


def test_leaf_by_leaf_secrets_go_too_and_schemas_stay() -> None:
    document = {
        "password": "p1",
        "n": [4111111111111111],
        "tokens": {"api_key": ["k1", 2, None, True], "max": 5},
    }
    left = tokens.by_leaves(json.dumps(document), PLAIN._leaf, secret_name, tokens.removed)
    assert json.loads(left) == {
        "password": "[SECRET]", "n": ["[CARD]"], "tokens": {"api_key": ["[SECRET]", "[SECRET]", None, True], "max": 5}
    }  # fmt: skip


def test_schemas_of_tools_stay() -> None:
    schema = {
        "properties": {
            "password": {"type": "string", "description": "The password"},
            "api_key": {"type": "string"},
        }
    }
    text = json.dumps({"name": "sign_in", "parameters": schema, "required": ["password", "api_key"]})
    assert PLAIN.apply("gen_ai.tool.definitions", text) == text
