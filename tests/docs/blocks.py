"""Reads the documents: their code blocks, the commands in them, their links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Programs whose lines are commands in blocks that name no language, and in indented ones.
PROGRAMS = ("sightline", "curl", "make", "python", "pip", "podman", "npm", "export", "PYTHONPATH=src")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(rf"^    ((?:{'|'.join(PROGRAMS)}) .*)$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """One code block: its language (empty where none is named) and its text."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """One command, with the page it stands on, relative to the root."""

    page: str
    text: str


def pages() -> list[Path]:
    """Every document of the project."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def name(page: Path) -> str:
    """A page's path from the root."""
    return str(page.relative_to(ROOT))


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page."""
    return [Block(language, body) for language, body in _FENCE.findall(text)]


def commands(page: Path) -> Iterator[Command]:
    """Every shell command of a page: lines of `sh` blocks, and lines elsewhere that begin with a program."""
    text = page.read_text()
    for block in blocks(text):
        if block.language in ("sh", "bash"):
            yield from (Command(name(page), line) for line in lines(block.text))
        elif not block.language:
            starts = tuple(f"{program} " for program in PROGRAMS)
            yield from (Command(name(page), line) for line in lines(block.text) if line.startswith(starts))
    yield from (Command(name(page), line) for line in _INDENTED.findall(_FENCE.sub("", text)))


def lines(block: str) -> list[str]:
    """The commands of a block: comments left out, lines that end in a backslash joined."""
    joined = re.sub(r"\\\n\s*", " ", block)
    return [line for line in (raw.strip() for raw in joined.splitlines()) if line and line[0] != "#"]


def links(page: Path) -> list[str]:
    """The targets of a page's links and pictures, as written."""
    text = re.sub(r"`[^`\n]*`", "", _FENCE.sub("", page.read_text()))
    return [target or picture for target, picture in _LINK.findall(text)]


def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as its links spell them."""
    found = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}
