"""Which files are meant, and what stands in them: lines or values of JSON, packed or not."""

from __future__ import annotations

import glob
import gzip
import io
import json
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

ENDINGS = (".jsonl", ".json", ".ndjson", ".otlp", ".log", ".txt")
_ROTATED = re.compile(r"\.[0-9]{1,6}(?:\.gz)?$")
_NOT_DATA = (".lock", ".tmp", ".part")
LONGEST = 64 * 2**20
"""Characters of one value; a longer one is counted as unreadable."""
_PIECE = 2**20
STDIN = "-"


class SourceError(Exception):
    """Nothing can be read there; the message names it and says what was expected."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A place that is no JSON: which file and line (from 1), and why."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Value:
    """A value of JSON and where it began."""

    file: str
    line: int
    value: Any


def files(words: Iterable[str]) -> list[str]:
    """The files that words name: files with those they were rotated into, patterns, folders, `-`.

    Oldest first within a rotated set. Each file once. Raises SourceError for a word that names none.
    """
    found: dict[str, None] = {}
    for word in words:
        if word == STDIN:
            found[STDIN] = None
            continue
        path = Path(word)
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and _data(p))
            if not inside:
                raise SourceError(f"{word}: no file in this folder ends in {', '.join(ENDINGS)}, or in .gz.")
            chosen = inside
        elif path.exists():
            chosen = [path]
        else:
            chosen = [Path(p) for p in sorted(glob.glob(word, recursive=True)) if Path(p).is_file()]  # noqa: PTH207
            if not chosen:
                raise SourceError(f"{word}: there is no such file, and no file fits it as a pattern.")
        for one in chosen:
            found.update(dict.fromkeys(str(p) for p in (*rotated(one), one)))
    return list(found)


def rotated(path: Path) -> list[Path]:
    """What a file was set aside as: `<file>.2`, `<file>.1`, packed or not, oldest first."""
    if _ROTATED.search(path.name):
        return []
    head = f"{path.name}."
    numbered = []
    for other in path.parent.glob(f"{glob.escape(path.name)}.*"):
        number = re.fullmatch(r"([0-9]{1,6})(?:\.gz)?", other.name[len(head) :])
        if number and other.is_file():
            numbered.append((int(number[1]), other))
    return [other for _, other in sorted(numbered, key=lambda pair: -pair[0])]


def _data(path: Path) -> bool:
    name = _ROTATED.sub("", path.name).removesuffix(".gz")
    return name.endswith(ENDINGS) and not path.name.startswith(".") and not path.name.endswith(_NOT_DATA)


def values(name: str) -> Iterator[Value | Unreadable]:
    """The values of a file, in order, with its unreadable places. Raises SourceError."""
    shown = "standard input" if name == STDIN else name
    try:
        if name == STDIN:
            yield from _read(shown, sys.stdin.buffer)
            return
        with Path(name).open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
            plain.seek(0)
            if packed:
                with gzip.open(plain) as file:
                    unpacked, last = _Unpacked(file), 0
                    for one in _read(shown, cast("BinaryIO", unpacked)):
                        last = one.line
                        yield one
                if unpacked.broken:
                    yield Unreadable(shown, last + 1, f"the packed file breaks off: {unpacked.broken}")
            else:
                yield from _read(shown, plain)
    except OSError as error:
        raise SourceError(f"{shown} cannot be read: {error.strerror or error}.") from error


class _Unpacked(io.RawIOBase):
    """A packed file up to where it breaks off: one that is still written has lines before that."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file, self.broken = file, ""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._file.read1(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self.broken = str(error)
            return 0
        buffer[: len(data)] = data
        return len(data)


def _read(shown: str, file: BinaryIO) -> Iterator[Value | Unreadable]:
    buffered = file if isinstance(file, io.BufferedReader) else io.BufferedReader(cast("Any", file), _PIECE)
    begin = buffered.peek(4096)[:4096]
    if begin.startswith((b"PAR1", b"\x28\xb5\x2f\xfd", b"PK\x03\x04")):
        raise SourceError(f"{shown} is no text: JSON is expected, plain or packed with gzip.")
    if begin.startswith((b"\xff\xfe", b"\xfe\xff")):  # as PowerShell writes what a program says
        buffered = _as_utf8(shown, buffered)
        begin = buffered.peek(4096)[:4096]
    text = begin.removeprefix(b"\xef\xbb\xbf").lstrip()
    first, *others = text.split(b"\n")
    spread = text[:1] == b"{" and not _whole(first.strip()) and bool(others)
    if text[:1] == b"[" or (spread and not any(map(_stands_alone, others))):
        yield from _sequence(shown, buffered)
    else:
        yield from _lines(shown, buffered)


def _whole(line: bytes) -> bool:
    """Whether a first line can be a line of JSON lines: it ends as an object does, or has no end in sight."""
    return line.endswith(b"}") or len(line) > 4000


def _stands_alone(line: bytes) -> bool:
    """Whether a line is an object: then the first one was cut off, and is not the first of several."""
    if line[:1] != b"{":
        return False
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _as_utf8(shown: str, file: BinaryIO) -> io.BufferedReader:
    """A file of UTF-16 as one of UTF-8. Raises SourceError for a large one."""
    data = file.read(2 * LONGEST)
    if file.read(1):
        raise SourceError(f"{shown} is a large file of UTF-16: write it as UTF-8 first, such as with iconv.")
    return io.BufferedReader(cast("Any", io.BytesIO(data.decode("utf-16", "replace").encode())))


def _lines(shown: str, file: BinaryIO) -> Iterator[Value | Unreadable]:
    number = 0
    while line := file.readline(LONGEST):
        number += 1
        if len(line) == LONGEST and not line.endswith(b"\n"):
            while (rest := file.readline(_PIECE)) and not rest.endswith(b"\n"):
                pass
            yield Unreadable(shown, number, f"it is longer than {LONGEST // 2**20} MB")
            continue
        text = line.strip()
        if not text or text.startswith((b"#", b"\xef\xbb\xbf#")):
            continue
        try:
            yield Value(shown, number, json.loads(text.removeprefix(b"\xef\xbb\xbf")))
            continue
        except (ValueError, RecursionError) as error:
            reason = _why(error)
        # A log often has words before its object: `2026-11-26 INFO {"model": …}`.
        at = text.find(b"{")
        if at > 0 and text.endswith(b"}"):
            try:
                yield Value(shown, number, json.loads(text[at:]))
                continue
            except (ValueError, RecursionError):
                pass
        yield Unreadable(shown, number, reason)


def _sequence(shown: str, file: BinaryIO) -> Iterator[Value | Unreadable]:
    """An array, or objects over several lines, value by value; never more in memory than one of them."""
    decode = json.JSONDecoder().raw_decode
    reader = io.TextIOWrapper(file, "utf-8-sig", errors="replace")
    text, at, line, more = "", 0, 1, True
    indent: str | None = None
    while True:
        while at < len(text) and text[at] in " \t\r\n,[]":
            line += text[at] == "\n"
            at += 1
        if at >= len(text):
            if not more:
                break
            text, at = reader.read(_PIECE), 0
            more = bool(text)
            continue
        if indent is None:
            before = text[text.rfind("\n", 0, at) + 1 : at]
            indent = "" if before.strip() else before
        try:
            value, end = decode(text, at)
            if end == len(text) and more and text[at] not in "{[":
                raise ValueError("a number may go on")
        except (ValueError, RecursionError) as error:
            piece = reader.read(_PIECE) if more and len(text) - at < LONGEST and _unfinished(error) else ""
            if piece:
                text, at = text[at:] + piece, 0
                continue
            yield Unreadable(shown, line, _why(error))
            mark = f"\n{indent}{{"  # the next value begins where one can: at a brace in the same column
            while (begins := text.find(mark, at)) < 0 and more:
                kept = max(at, len(text) - len(mark))
                line += text.count("\n", at, kept)
                piece = reader.read(_PIECE)
                text, at, more = text[kept:] + piece, 0, bool(piece)
            if begins < 0:
                break
            line += text.count("\n", at, begins)
            at, indent = begins, None
            continue
        yield Value(shown, line, value)
        line += text.count("\n", at, end)
        at, indent = end, None
        if at > _PIECE:
            text, at = text[at:], 0
    reader.detach()


def _unfinished(error: Exception) -> bool:
    """Whether more of the file may make a value of what is none yet."""
    if not isinstance(error, json.JSONDecodeError):
        return not isinstance(error, RecursionError)
    return error.msg.startswith("Unterminated string") or error.pos >= len(error.doc) - 10


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "it is no UTF-8"
    return f"it is no JSON: {getattr(error, 'msg', error)}"
