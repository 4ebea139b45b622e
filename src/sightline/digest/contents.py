"""The content pass: texts by hash, each stored once per project; long lists as parts, so that history is not
repeated.

A long JSON text (the messages of an agent's turn, say) is cut between the objects of its arrays, small pieces
are gathered up to a boundary that their own hash decides, and the text becomes the list of its parts' hashes.
What was sent before as the beginning of a list has the same parts again. Concatenating the parts gives the
text, byte for byte. Lists of hashes longer than a few are grouped the same way once more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sightline.digest.policy import Policies, by_project
from sightline.digest.staging import SCRATCH
from sightline.digest.target import Target
from sightline.store.store import DATABASE, Connection

# Texts shorter than this are stored whole; a piece at least this long ends a part.
SPLIT_FROM = 4096
PART_FROM = 256
# A shorter piece, and a hash in a list of hashes, ends its group when hash % these is 0.
PIECE_STEP = 4
GROUP_STEP = 8
GROUP_FROM = 24
_HASH = "substring(SHA256({x}), 1, 16)"
# What stands beside `content_texts`, an array of texts of which none is empty.
HASHES = f"arrayMap(x -> toFixedString({_HASH.format(x='x')}, 16), content_texts)"
SIZES = "arrayMap(x -> toUInt32(length(x)), content_texts)"


def hash_of(x: str) -> str:
    """The content hash of a text: the first 16 bytes of its SHA-256."""
    return _HASH.format(x=x)


def pieces(x: str) -> str:
    """Array of a text's pieces: cut between objects of an array and before the last bracket. Joined they are
    the text."""
    marked = (
        f"replaceRegexpAll(substring({x}, 1, length({x}) - 1), '\\\\}}(,\\\\s?\\\\{{\")', '}}\\x01\\\\1')"
    )
    lines = f"replaceAll({marked}, ',\\n', '\\x01,\\n')"
    cut = f"splitByChar('\\x01', concat({lines}, '\\x01', substring({x}, -1)))"
    # A cut behind the last character but one would tear a character of several bytes.
    return f"if(position({x}, '\\x01') = 0 AND ascii(substring({x}, -1)) < 128, {cut}, [{x}])"


def parts(x: str) -> str:
    """Array of a long text's parts: pieces gathered up to a boundary that depends on the piece alone."""
    ends = f"arrayMap(p -> length(p) >= {PART_FROM} OR cityHash64(p) % {PIECE_STEP} = 0, {x})"
    # arrayReverseSplit cuts behind the elements for which the condition holds.
    return f"arrayMap(g -> arrayStringConcat(g), arrayReverseSplit((p, e) -> e, {x}, {ends}))"


def groups(hashes: str) -> str:
    """Array of groups of a list of hashes, cut behind hashes that decide it themselves."""
    ends = f"arrayMap(h -> cityHash64(h) % {GROUP_STEP} = 0, {hashes})"
    return f"arrayReverseSplit((h, e) -> e, {hashes}, {ends})"


def expiry(projects: Sequence[str], policies: Policies, clock: Callable[[], int]) -> tuple[str, str]:
    """The expression for the date on which content received now expires, by project; and today's date
    (UTC)."""
    today = datetime.fromtimestamp(clock() / 1e9, UTC).date().isoformat()
    days = by_project({p: policies(p).content_days for p in projects}, 0)
    return f"toDate('{today}') + {days}", today


# No row meets its copy here, so nothing has to be merged before it is written. Words are indexed as parts are
# merged: here it would cost senders a seventh more processor, and a part that is not indexed is small.
_INSERT: Mapping[str, Any] = {"optimize_on_insert": 0, "materialize_skip_indexes_on_insert": 0}


@dataclass(frozen=True, slots=True)
class Size:
    """How many texts there are, and how many bytes the longest has."""

    texts: int
    longest: int


class ContentPass:
    """Writes the contents of a segment's canonical spans that were not written lately."""

    def __init__(self, connection: Connection, target: Target, worker: int) -> None:
        self._connection = connection
        self._target = target
        self._seen = f"{SCRATCH}.seen_{worker}"
        self._rows = 0
        self._day = ""
        self._create()

    def _create(self) -> None:
        self._connection.command(f"DROP TABLE IF EXISTS {self._seen}")
        self._connection.command(
            f"CREATE TABLE {self._seen} (project String, hash FixedString(16)) ENGINE = Set SETTINGS"
            " persistent = 0"
        )
        self._rows = 0

    def forget(self) -> None:
        """Write everything again: after content was deleted, or a day passed (the expiry moves on)."""
        self._create()

    def sized(self, canonical: str) -> Size:
        """How much content the scratch table `canonical` holds."""
        texts, longest = self._connection.query(
            f"SELECT sum(length(content_sizes)), max(arrayMax(content_sizes)) FROM {canonical}"
        ).rows[0]
        return Size(int(texts), int(longest))

    def write(self, canonical: str, size: Size, expires: str, token: str, day: str) -> None:
        """Store the texts of the scratch table `canonical`.

        `expires` is an expression over its rows, `token` the segment's deduplication token.
        """
        if day != self._day or self._rows > 400_000:
            self.forget()
            self._day = day
        if not size.texts:
            return
        # Copies of a text in one segment meet here, copies in different segments in the table's merges.
        fresh = (
            f"SELECT CAST(project, 'String') AS p, hash, x AS text, {expires} AS expires"
            f" FROM {canonical} ARRAY JOIN content_hashes AS hash, content_texts AS x"
            f" WHERE (p, hash) NOT IN {self._seen} LIMIT 1 BY p, hash"
        )
        rows = f"SELECT p, hash, text AS body, []::Array(FixedString(16)) AS parts, expires FROM ({fresh})"
        if size.longest >= SPLIT_FROM:
            self._connection.command("DROP TEMPORARY TABLE IF EXISTS fresh")
            self._connection.command(f"CREATE TEMPORARY TABLE fresh ENGINE = Memory AS {fresh}")
            rows = self._split()
        columns = ("project", "hash", "body", "parts", "expires")
        self._target.insert_select(f"{DATABASE}.content", columns, rows, f"{token}:content", _INSERT)
        self._connection.command(
            f"INSERT INTO {self._seen} SELECT CAST(project, 'String'), arrayJoin(content_hashes)"
            f" FROM {canonical}"
        )
        self._rows += size.texts

    def _split(self) -> str:
        """Rows of short texts, of parts, of groups of parts, and of the long texts as lists."""
        cut = (
            f"SELECT p, hash, expires, {parts('pieces')} AS texts, arrayMap(x -> {hash_of('x')}, texts) AS"
            " hashes"
            f" FROM (SELECT p, hash, expires, {pieces('text')} AS pieces FROM fresh WHERE length(text) >="
            f" {SPLIT_FROM})"
        )
        self._connection.command("DROP TEMPORARY TABLE IF EXISTS cut")
        self._connection.command(
            "CREATE TEMPORARY TABLE cut ENGINE = Memory AS SELECT *, length(hashes) >= "
            f"{GROUP_FROM} AS deep, if(deep, {groups('hashes')}, []) AS grouped,"
            f" arrayMap(g -> {hash_of('arrayStringConcat(g)')}, grouped) AS heads FROM ({cut})"
        )
        none = "[]::Array(FixedString(16))"
        as_hashes = "arrayMap(h -> toFixedString(h, 16), {x})"
        part = (
            f"SELECT p, toFixedString(h, 16) AS hash, any(x) AS body, {none} AS parts, max(expires) AS"
            " expires"
            # A text of one part is stored whole: as a list it would name itself.
            " FROM cut ARRAY JOIN hashes AS h, texts AS x WHERE length(cut.hashes) > 1 AND (p, hash) NOT IN"
            f" {self._seen} GROUP BY p, h"
        )
        group = (
            "SELECT p, toFixedString(h, 16) AS hash, '' AS body,"
            f" any({as_hashes.format(x='g')}) AS parts, max(expires) AS expires"
            f" FROM cut ARRAY JOIN heads AS h, grouped AS g WHERE (p, hash) NOT IN {self._seen} GROUP BY p, h"
        )
        for rows in (part, group):
            self._connection.command(
                f"CREATE TEMPORARY TABLE IF NOT EXISTS made ENGINE = Memory AS {rows} LIMIT 0"
            )
            self._connection.command(f"INSERT INTO made {rows}")
        whole = (
            "SELECT p, hash, if(length(hashes) = 1, texts[1], '') AS body, multiIf(length(hashes) = 1, [],"
            f" deep, {as_hashes.format(x='heads')}, {as_hashes.format(x='hashes')}) AS parts,"
            " expires FROM cut"
        )
        self._connection.command("DROP TEMPORARY TABLE IF EXISTS rows")
        self._connection.command(
            "CREATE TEMPORARY TABLE rows ENGINE = Memory AS SELECT * FROM made UNION ALL "
            + whole
            + f" UNION ALL SELECT p, hash, text AS body, {none}, expires FROM fresh WHERE length(text) <"
            f" {SPLIT_FROM}"
        )
        self._connection.command(f"INSERT INTO {self._seen} SELECT p, hash FROM made")
        self._connection.command("DROP TEMPORARY TABLE made")
        return "SELECT p, hash, body, parts, expires FROM rows"
