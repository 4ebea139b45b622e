# ruff: noqa: E501 - a table
"""Redaction: recall and precision by kind on the made set, and MB/s of ordinary content.

    python bench/sdk_redaction.py [--presidio]

`--presidio` compares presidio-analyzer's pattern recognisers (no model) in the same process, where it is
installed. A place is found when every letter and digit of it is covered, whatever it was taken for; a false
alarm is a place that touches none of its kind. The set is made by the same people as the patterns: it says that
they do what they are meant to, not what strangers' texts hold.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from bench.record import Record  # noqa: E402
from tests.sdk.redaction_cases import Found, cases, score  # noqa: E402

from sightline import Redaction  # noqa: E402
from sightline.sdk.redaction import Patterns  # noqa: E402
from sightline.sdk.redaction.tokens import merged  # noqa: E402

PRESIDIO = {
    "CREDIT_CARD": "card", "IBAN_CODE": "iban", "EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone",
    "US_SSN": "national_id", "UK_NINO": "national_id", "UK_NHS": "national_id", "ES_NIF": "national_id",
    "ES_NIE": "national_id", "IT_FISCAL_CODE": "national_id", "PL_PESEL": "national_id", "US_ITIN": "national_id",
    "FI_PERSONAL_IDENTITY_CODE": "national_id", "IN_AADHAAR": "national_id", "AU_TFN": "national_id",
    "SE_PERSONNUMMER": "national_id", "DE_TAX_ID": "national_id",
}  # fmt: skip


def contents() -> dict[str, str]:
    """Content as it is sent: the project's own texts, as prompts, messages, code; logs and tables from a seed."""
    dice = random.Random(4)
    prose = "\n".join(p.read_text() for p in sorted((ROOT / "docs" / "guide").glob("*.md"))[:8])
    code = "\n".join(p.read_text() for p in sorted((ROOT / "src" / "sightline" / "digest").glob("*.py"))[:8])
    said = [line for line in prose.split("\n") if line]
    messages = [{"role": "user", "parts": [{"type": "text", "content": line}]} for line in said]
    german = ["Könnten Sie mir bitte die größere Übersicht über alle Verträge für März schicken? "] * 400
    log = "\n".join(
        f"2026-11-26T05:{dice.randrange(60):02}:07.{dice.randrange(10**6):06}Z INFO id={dice.getrandbits(64):016x}"
        f" user={dice.randrange(10**6)} took_ms={dice.randrange(9999)} status=200"
        for _ in range(800)
    )
    table = "\n".join(
        ",".join(str(dice.randrange(10 ** dice.randrange(1, 9))) for _ in range(8)) for _ in range(1500)
    )
    return {
        "prompts (prose)": prose, "messages (JSON)": json.dumps(messages, ensure_ascii=False),
        "messages (JSON, ASCII)": json.dumps(messages), "messages in JSON in JSON": json.dumps({"a": json.dumps(messages)}),
        "German (JSON, ASCII)": json.dumps(german), "code": code, "log lines": log, "table of numbers": table,
    }  # fmt: skip


def speed(redact: Callable[[str], object], text: str) -> float:
    """MB of text a second of the processor, the best of fifteen."""
    best = float("inf")
    for _ in range(15):
        began = time.process_time()
        redact(text)
        best = min(best, time.process_time() - began)
    return round(len(text) / best / 1e6, 1)


def presidio() -> Callable[[str], list[Found]]:
    """Presidio's pattern recognisers without a model for names."""
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

    class Words(NlpEngine):  # type: ignore[misc]
        """Splits at spaces: enough for patterns and the words around them."""

        def load(self) -> None: ...
        def is_loaded(self) -> bool:
            return True

        def process_text(self, text: str, language: str) -> NlpArtifacts:
            found = [(m[0], m.start()) for m in re.finditer(r"\w+|[^\w\s]", text)]
            words = [word for word, _ in found]
            return NlpArtifacts(
                [], words, [at for _, at in found], [w.lower() for w in words], self, language
            )

        def process_batch(self, texts, language, **_):  # type: ignore[no-untyped-def]
            for text in texts:
                yield text, self.process_text(text, language)

        def is_stopword(self, word: str, language: str) -> bool:
            return False

        def is_punct(self, word: str, language: str) -> bool:
            return False

        def get_supported_entities(self) -> list[str]:
            return []

        def get_supported_languages(self) -> list[str]:
            return ["en"]

    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    engine = AnalyzerEngine(registry=registry, nlp_engine=Words(), supported_languages=["en"])

    def find(text: str) -> list[Found]:
        return [
            (r.start, r.end, PRESIDIO[r.entity_type])
            for r in engine.analyze(text, "en", score_threshold=0.4)
            if r.entity_type in PRESIDIO
        ]

    return find


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presidio", action="store_true")
    parser.add_argument("--seed", type=int, default=4)
    options = parser.parse_args()
    made = cases(options.seed)
    record = Record(
        "sdk_redaction",
        f"{len(made)} made texts, seed {options.seed}, {sum(len(c.places) for c in made)} places; MB/s of CPU time",
    )
    patterns = Patterns()

    def ours(text: str) -> list[Found]:
        return [(f.start, f.end, f.kind) for f in merged(patterns.find(text), len(text))]

    finders = {"": ours} | ({"presidio: ": presidio()} if options.presidio else {})
    for name, find in finders.items():
        scores, wrong = score(find, made)
        for kind, one in sorted(scores.items()):
            record.figures[f"{name}{kind}: recall"] = round(one.recall, 4)
            record.figures[f"{name}{kind}: precision"] = round(one.precision, 4)
            record.details[f"{name}{kind}: places, missed, false"] = [
                one.there,
                one.there - one.covered,
                one.wrong,
            ]
        if not name:
            counted: dict[str, int] = {}
            for what, case, _ in wrong:
                counted[f"{what}: {case.group}"] = counted.get(f"{what}: {case.group}", 0) + 1
            record.details["wrong by group"] = counted
    plain, hashing = Redaction(), Redaction(salt="a salt for the bench")
    for label, text in contents().items():
        record.figures[f"{label}, MB/s"] = speed(lambda t: plain.apply("input.value", t), text)
    record.details["prompts (prose), hashing, MB/s"] = speed(
        lambda t: hashing.apply("input.value", t), contents()["prompts (prose)"]
    )
    if options.presidio:
        find = finders["presidio: "]
        record.figures["presidio: prompts (prose), MB/s"] = speed(
            find, contents()["prompts (prose)"][:100_000]
        )
    record.write()


if __name__ == "__main__":
    main()
