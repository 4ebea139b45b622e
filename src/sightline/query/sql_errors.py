"""What can go wrong with a user's SQL, each as one sentence without the engine's internals."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from sightline.store.rows import QueryTimeout, QueryTooLarge, StoreError

_MAX_MESSAGE = 400
# What the engine appends for its developers: scopes, plan steps, internal column names.
_TAILS = (
    ": In scope",
    ". In scope",
    " In scope",
    ": while ",
    ": While ",
    " while executing ",
    ": (while ",
    " While processing",
    ". Maybe you meant",
    " Note: the query does not",
    ". Stack trace",
    " Expected one of:",
)
_POSITION = re.compile(r"failed at position (\d+)")
_TOKEN = re.compile(r"failed at position \d+ \((.*?)\)(?: \(line|:|$)", re.DOTALL)
_UNKNOWN = re.compile(r"(?:expression|function) (?:or table expression )?identifier [`']([^`']+)[`']")
_UNRESOLVED = re.compile(r"Identifier '([^']+)' cannot be resolved")
_NO_TABLE = re.compile(r"[Tt]able expression identifier ['`]([^'`]+)['`]")
_PATH = re.compile(r"(?<![\w.])/(?:[\w.+-]+/)+[\w.+-]*")
_INTERNAL = re.compile(r"\b__table\d+\.|\bsightline\.(?=\w)")
_CODE_NAME = re.compile(r"\s*\([A-Z][A-Z_]{3,}\)\s*")


class SqlError(Exception):
    """A query that is refused or fails. `position` counts characters from 0, `None` when not known.

    `reason` is one word for programs: `syntax`, `refused`, `unknown`, `failed`, `parameters`.
    """

    def __init__(self, message: str, reason: str, position: int | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.position = position


class SqlTooLong(SqlError):
    """The query ran into its time limit or was cancelled."""


class SqlTooLarge(SqlError):
    """The query ran into its memory limit."""


class SqlBusy(Exception):
    """Too many queries wait already; try again after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: int = 2) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def nearest(name: str, names: Iterable[str]) -> str:
    """` Did you mean "x"?` when a name or a word of it is close, otherwise nothing."""
    by_lower = {n.lower(): n for n in names}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    if not close:
        # `model` for `request_model`: names that end so, of these the shortest.
        last = {n: n.rsplit("_", 1)[-1] for n in by_lower}
        word = difflib.get_close_matches(name.lower(), last.values(), n=1, cutoff=0.75)
        close = sorted((n for n in by_lower if last[n] in word), key=lambda n: (len(n), n))
    return f' Did you mean "{by_lower[close[0]]}"?' if close else ""


def cleaned(text: str) -> str:
    """An engine's message without scopes, plan steps, paths and internal names, as one sentence."""
    for tail in _TAILS:
        text = text.split(tail, 1)[0]
    text = _CODE_NAME.sub(" ", text)
    text = _INTERNAL.sub("", _PATH.sub("…", text))
    text = re.sub(r"\s+", " ", text).strip(" .:")
    text = text if len(text) <= _MAX_MESSAGE else text[: _MAX_MESSAGE - 1] + "…"
    return f"{text}." if text else "The engine refused the query without a reason."


def syntax_error(error: StoreError, query: str) -> SqlError:
    """A parser's refusal of the user's own text, with line and column."""
    text = str(error)
    if "Multi-statements" in text:
        return SqlError("One statement at a time: remove what follows the semicolon.", "refused")
    found = _POSITION.search(text)
    if not found:
        return SqlError(cleaned(text), "syntax")
    # The engine counts bytes from 1.
    before = query.encode()[: max(int(found[1]) - 1, 0)].decode(errors="ignore")
    token = _TOKEN.search(text)
    near = f' near "{token[1][:40]}"' if token and token[1] != "end of query" else " at the end of the query"
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    return SqlError(f"Syntax error in line {line}, column {column}{near}.", "syntax", len(before))


def query_error(
    error: StoreError, tables: Iterable[str], columns: Iterable[str], seconds: float, memory: int
) -> SqlError:
    """The engine's refusal or failure of a checked query. `tables` and `columns` are what users may name."""
    text = str(error)
    if isinstance(error, QueryTimeout):
        return SqlTooLong(
            f"The query ran longer than {seconds:g} s and was stopped."
            " Narrow the time range or read fewer columns.",
            "failed",
        )
    if isinstance(error, QueryTooLarge):
        return SqlTooLarge(
            f"The query needs more than its {memory // 2**20} MiB of memory."
            " Narrow the time range, group by fewer values, or read fewer columns.",
            "failed",
        )
    if found := _NO_TABLE.search(text):
        names = sorted(tables)
        return SqlError(
            f'There is no table "{found[1]}".{nearest(found[1], names)} Tables: {", ".join(names)}.',
            "unknown",
        )
    if found := _UNKNOWN.search(text) or _UNRESOLVED.search(text):
        name = found[1]
        return SqlError(f'There is no column "{name}".{nearest(name.rsplit(".", 1)[-1], columns)}', "unknown")
    return SqlError(cleaned(text), "failed")
