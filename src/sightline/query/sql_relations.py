"""The tables that users of SQL see: their names, their columns, and the SELECT each one stands for.

Which columns there are is read from the store, so the schema files stay the one declaration of them.
Each SELECT keeps to one project with PREWHERE, not WHERE: the engine may evaluate a user's condition
beside a WHERE, on rows of other projects too, and a failing cast or division would then tell about them.
Rows that PREWHERE drops are never seen by another expression.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files

from sightline.catalog.conventions import conventions
from sightline.store.store import DATABASE, Connection

PROJECT_PARAMETER = "sightline_project"
# Stored tables that are shown, with the columns that are ours alone.
STORED: dict[str, frozenset[str]] = {
    "spans": frozenset({"inherited", "retention_days"}),
    "logs": frozenset({"retention_days"}),
    "metrics": frozenset({"retention_days"}),
    "content": frozenset(),
    "scores": frozenset({"retention_days", "version", "deleted", "subject", "trace_key", "standing"}),
}
# Rows with the same key count once, also before the engine has merged them.
_FINAL = frozenset({"content", "scores"})
# Finds content by project and hash. Users' own text can never name it: `dictGet` is on no list.
DICTIONARY = f"{DATABASE}.content_texts"
# Texts are lists of parts, long lists are lists of lists of parts.
_DEPTH = 3
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Column:
    """A column as users see it: name, ClickHouse type, and the expression that reads it from the table.

    `by_name`: only a query that names it means it, `*` does not.
    """

    name: str
    type: str
    expression: str
    by_name: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """A table of the SQL endpoint. `source` is what stands after FROM and keeps to one project.

    `tables` are the stored tables it reads, in full (`database.table`).
    """

    name: str
    columns: tuple[Column, ...]
    source: str
    tables: tuple[str, ...]

    def select(self, canonical: str) -> str:
        """The SELECT behind the name, with the columns that `canonical` may mean.

        Leaving out the others makes analysis of a wide table about 6 ms faster. Texts of content are
        looked up one by one, so `*` does not mean them.
        """
        words = set(_WORD.findall(canonical))
        every = "*" in canonical or bool({"COLUMNS", "NATURAL"} & words)
        wanted = [
            c for c in self.columns
            if (every and not c.by_name) or c.name in words or words.issuperset(c.name.split("."))
        ]  # fmt: skip
        columns = wanted or [c for c in self.columns if c.name == "project"]
        return f"SELECT {', '.join(c.expression for c in columns)} FROM {self.source}"


def quoted(name: str) -> str:
    """A name as an identifier of SQL."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _column(name: str, kind: str) -> Column:
    """Digests are bytes in the store and lower-case hex for users."""
    if kind.startswith("FixedString("):
        return Column(name, "String", f"lower(hex({quoted(name)})) AS {quoted(name)}")
    if kind.startswith("Array(FixedString("):
        return Column(
            name, "Array(String)", f"arrayMap(x -> lower(hex(x)), {quoted(name)}) AS {quoted(name)}"
        )
    return Column(name, kind, quoted(name))


def stored_relation(name: str, columns: Mapping[str, str]) -> Relation:
    """A stored table with its columns (name to ClickHouse type), as users see it."""
    table = f"{DATABASE}.{name}"
    final = " FINAL" if name in _FINAL else ""
    return Relation(
        name=name,
        columns=tuple(_column(n, t) for n, t in columns.items() if n not in STORED[name]),
        source=f"{table}{final} PREWHERE project = {{{PROJECT_PARAMETER}:String}}",
        tables=(table,),
    )


# The conventions' own names for two columns that are called otherwise here.
SECOND_NAMES = (
    Column("tenant_team", "LowCardinality(Nullable(String))", "team AS tenant_team", True),
    Column("cost_total", "Nullable(Float64)", "cost_usd AS cost_total", True),
)


def text_of(key: str, depth: int = _DEPTH) -> str:
    """The text behind a content hash: its body, or what its parts say one after another."""
    known = f"(CAST(project, 'String'), {key})"
    body = f"dictGet('{DICTIONARY}', 'body', {known})"
    if depth == 1:
        return body
    parts = f"dictGet('{DICTIONARY}', 'parts', {known})"
    inner = f"part_{depth}"
    said = f"arrayStringConcat(arrayMap({inner} -> {text_of(inner, depth - 1)}, {parts}))"
    return f"if(empty({parts}), {body}, {said})"


def content_columns() -> tuple[Column, ...]:
    """The canonical fields that are content, as texts: looked up by hash, only where a query names them."""
    found = []
    for field in conventions().span_fields:
        if field.content:
            place = f"indexOf(`content.field`, '{field.column}')"
            text = text_of(f"`content.hash`[{place}]")
            found.append(
                Column(
                    field.column, "Nullable(String)", f"if({place} = 0, NULL, {text}) AS {field.column}", True
                )
            )
    return tuple(found)


def load_relations(connection: Connection) -> dict[str, Relation]:
    """All tables of the SQL endpoint, with the columns that the store has now. Raises StoreError."""
    found: dict[str, Relation] = {}
    for name in STORED:
        rows = connection.query(f"DESCRIBE TABLE {DATABASE}.{name}").rows
        found[name] = stored_relation(name, {str(row[0]): str(row[1]) for row in rows})
    spans = found["spans"]
    found["spans"] = replace(spans, columns=spans.columns + content_columns() + SECOND_NAMES)
    text = files("sightline.query").joinpath("sql/relation_traces.sql").read_text()
    body = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    rows = connection.query(f"DESCRIBE TABLE ({body})", {PROJECT_PARAMETER: "default"}).rows
    found["traces"] = Relation(
        name="traces",
        columns=tuple(Column(str(row[0]), str(row[1]), quoted(str(row[0]))) for row in rows),
        source=f"({body})",
        tables=(f"{DATABASE}.spans",),
    )
    return found
