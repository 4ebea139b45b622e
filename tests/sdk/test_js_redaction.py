"""Redaction in JavaScript on the made set of Python: the same places, so the same recall and precision."""

from __future__ import annotations

import ast
import json
import random
from pathlib import Path

import pytest
from tests.sdk.js_detectors import Ask, detectors, places
from tests.sdk.redaction_cases import Case, Found, cases, score

from sightline.sdk.redaction import Patterns, Redaction
from sightline.sdk.redaction.tokens import merged


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    return detectors(tmp_path_factory.mktemp("redaction"))


def in_python(text: str) -> list[Found]:
    return [(f.start, f.end, f.kind) for f in merged(Patterns().find(text), len(text))]


@pytest.mark.parametrize("seed", [4, 11])
def test_recall_and_precision_by_kind(ask: Ask, seed: int) -> None:
    made = cases(seed, 1400, 2200)
    found = places(ask, made)
    scores, wrong = score(lambda text: found[text], made)
    assert set(scores) == {"card", "iban", "email", "phone", "national_id", "secret"}
    for kind, one in scores.items():
        worst = [(w, c.text[:120], f) for w, c, f in wrong if f[2] == kind][:5]
        assert one.recall >= 0.99, (kind, one, worst)
        # As in Python: one of thirty numbers of sixteen digits at random is a card by all its rules.
        assert one.precision >= (0.95 if kind in ("phone", "card") else 0.98), (kind, one, worst)


def test_the_same_places_as_in_python(ask: Ask) -> None:
    """On the made set, on what Python's tests try, and on both broken in small ways."""
    dice = random.Random(3)
    here = Path(__file__).parent
    written = [
        node.value
        for name in ("test_redaction.py", "test_redaction_ids.py", "test_privacy.py")
        for node in ast.walk(ast.parse((here / name).read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    base = [*(case.text for case in cases(7, 700, 700)), *written]
    texts = {*base, *(broken(dice, dice.choice(base), dice.choice(base)) for _ in range(4000))}
    made = [Case(text, (), "broken") for text in sorted(texts) if text.isprintable() or "\n" in text]
    found = places(ask, made)
    differ = [
        (case.text[:200], in_python(case.text), found[case.text])
        for case in made
        if found[case.text] != in_python(case.text)
    ]
    assert len(made) > 4000
    assert differ == []


def broken(dice: random.Random, text: str, other: str) -> str:
    """A text with something left out, put in, put behind it, escaped or in other letters."""
    at = dice.randrange(len(text) + 1)
    odd = [
        " ",
        "-",
        ".",
        "/",
        "(",
        "+",
        "0",
        "\n",
        "é",
        "١",
        "\u00a0",
        "\\",
        '"',
        "_",
        "０",
        "\u200b",
        "📞 ",
        "%40",
        "A",
    ]
    match dice.randrange(5):
        case 0:
            return text[:at] + text[at + dice.randrange(1, 4) :]
        case 1:
            return text[:at] + dice.choice(odd) + text[at:]
        case 2:
            return text[:at] + other[:300]
        case 3:
            return json.dumps({"k": json.dumps(text, ensure_ascii=dice.random() < 0.5)}, ensure_ascii=False)
    return text[:at].upper() + text[at:].lower()


def test_the_same_tokens_as_in_python(ask: Ask) -> None:
    """With the same salt a value has the same token in services of both languages."""
    salt = "a salt of one's own"
    fields = [
        [
            "input.value",
            "ada@example.org and ADA@example.org, 4111 1111 1111 1111, +49 30 123 4567, SSN 536-22-1234",
        ],
        [
            "input.value",
            '{"card": 4111111111111111, "api_key": "abc", "iban": "DE89 3704 0044 0532 0130 00"}',
        ],
        ["user.id", "ada"],
        ["http.request.header.authorization", "opaque"],
        ["gen_ai.response.id", "chatcmpl-4111111111111111"],
    ]
    python = Redaction(fields={"user.id": "hash"}, salt=salt)
    asked = {"texts": [], "fields": fields, "redact": [True, {"fields": {"user.id": "hash"}, "salt": salt}]}
    assert ask(asked)["redacted"] == [python.apply(field, text) for field, text in fields]
    plain = Redaction()
    asked = {"texts": [], "fields": [f for f in fields if f[0] != "user.id"], "redact": True}
    assert ask(asked)["redacted"] == [
        plain.apply(field, text) for field, text in fields if field != "user.id"
    ]
