"""The formats an answer of the ClickHouse protocol may have: names, types, how they are streamed."""

from __future__ import annotations

from dataclasses import dataclass

from sightline.query.sql_errors import SqlError, nearest

_BINARY, _TSV, _CSV = (
    "application/octet-stream",
    "text/tab-separated-values; charset=UTF-8",
    "text/csv; charset=UTF-8",
)
_JSON, _LINES = "application/json; charset=UTF-8", "application/x-ndjson; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Format:
    """One format. `rows` is the format whose pieces follow the head; None: the answer is made as a whole.

    `head` says that the answer begins with names (and types), also when it has no rows.
    """

    name: str
    media_type: str
    rows: str | None = None
    head: bool = False


def _with_names(name: str, media_type: str) -> list[Format]:
    return [
        Format(name, media_type, name),
        Format(f"{name}WithNames", media_type, name, head=True),
        Format(f"{name}WithNamesAndTypes", media_type, name, head=True),
    ]


_ALL = [
    Format("Native", _BINARY, "Native"),
    *_with_names("TabSeparated", _TSV),
    *_with_names("CSV", _CSV),
    *_with_names("RowBinary", _BINARY),
    Format("JSONEachRow", _LINES, "JSONEachRow"),
    Format("JSON", _JSON, "JSONEachRow", head=True),
    *(Format(f"{name}{tail}", media_type)
      for name, media_type in (("TabSeparatedRaw", _TSV), ("JSONCompactEachRow", _LINES),
                               ("JSONCompactStringsEachRow", _LINES))
      for tail in ("", "WithNames", "WithNamesAndTypes")),
    Format("JSONStringsEachRow", _LINES),
    Format("JSONEachRowWithProgress", _LINES),
    *(Format(name, _JSON) for name in (
        "JSONStrings", "JSONCompact", "JSONCompactStrings", "JSONColumns", "JSONColumnsWithMetadata",
        "JSONCompactColumns", "JSONObjectEachRow")),
    *(Format(name, _BINARY) for name in ("Parquet", "Arrow", "ArrowStream")),
]  # fmt: skip
FORMATS = {format_.name: format_ for format_ in _ALL}
_ALIASES = {
    name.replace("TabSeparated", short): name
    for name in FORMATS
    if name.startswith("TabSeparated")
    for short in ("TSV",)
} | {name.replace("JSONEachRow", short): name
     for name in ("JSONEachRow", "JSONEachRowWithProgress")
     for short in ("JSONLines", "NDJSON")}  # fmt: skip


def format_named(name: str) -> Format:
    """A format by its name or one of ClickHouse's second names. Raises SqlError."""
    found = FORMATS.get(_ALIASES.get(name, name))
    if found is None:
        raise SqlError(
            f"The format {name[:60]} is not available here.{nearest(name, FORMATS)} Available:"
            f" {', '.join(FORMATS)}.",
            "format",
        )
    return found
