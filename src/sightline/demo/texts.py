"""Sentences of the demo's world, read from `texts.toml`: questions, answers, documents, products, prompts."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

_DATA: dict[str, Any] = tomllib.loads(files("sightline.demo").joinpath("texts.toml").read_text("utf-8"))


def _rows(name: str) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(row.values()) for row in _DATA[name])


DOCUMENTS: tuple[tuple[str, str], ...] = tuple((d["title"], d["text"]) for d in _DATA["documents"])
"""Title and text of the help centre."""
QUESTIONS: tuple[tuple[str, str, int], ...] = _rows("questions")
"""Language, text, and the number of the document that answers."""
SHOP_QUESTIONS: tuple[tuple[str, str], ...] = _rows("shop_questions")
TICKETS: tuple[tuple[str, str, int], ...] = _rows("tickets")
"""Topic, text, urgency."""
PRODUCTS: tuple[tuple[str, str, int], ...] = _rows("products")
"""Number, name, price in USD."""
OPENERS: dict[str, tuple[str, ...]] = {k: tuple(v) for k, v in _DATA["openers"].items()}
PROMPTS: dict[str, str] = _DATA["prompts"]
CLOSERS: tuple[str, ...] = tuple(_DATA["closers"])
FOLLOW_UPS: tuple[str, ...] = tuple(_DATA["follow_ups"])
SHOP_FOLLOW_UPS: tuple[str, ...] = tuple(_DATA["shop_follow_ups"])
TOPICS: tuple[str, ...] = tuple(_DATA["topics"])
FINDINGS: tuple[str, ...] = tuple(_DATA["findings"])
SITES: tuple[str, ...] = tuple(_DATA["sites"])
THOUGHTS: tuple[str, ...] = tuple(_DATA["thoughts"])
MAILS: tuple[str, ...] = tuple(_DATA["mails"])
