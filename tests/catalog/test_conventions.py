from __future__ import annotations

import re
from pathlib import Path

import pytest

from sightline.catalog.conventions import CatalogError, conventions, load
from sightline.catalog.vocabulary import FieldType, Scope

HEAD = 'date = "2026-11-20"\nsource = "a test"\n'
FIELD = '[[field]]\nname = "a.b"\ncolumn = "a_b"\ntype = "str"\nsources = [{}]\n'
PLAIN = Path(__file__).with_name("plain_sources.tsv")


def test_every_plain_attribute_of_the_reference_feeds_its_field() -> None:
    """The list was derived once from the reference of conventions: field, attribute with path, convention."""
    held = {
        (f.name, address(s.scope, s.attribute, s.path), s.convention)
        for f in conventions().fields
        for s in f.sources
    }
    listed = [tuple(line.split("\t")) for line in PLAIN.read_text("utf-8").splitlines()]
    assert len(listed) == 789
    assert [row for row in listed if row not in held] == []


def test_keys_are_written_as_keys() -> None:
    keys = conventions().keys
    assert [key for key in keys if not re.fullmatch(r"[A-Za-z0-9_.:-]+", key)] == []


def test_sources_stand_in_the_order_of_the_reference() -> None:
    order: dict[str, list[tuple[str, str]]] = {}
    for line in PLAIN.read_text("utf-8").splitlines():
        name, attribute, convention = line.split("\t")
        order.setdefault(name, []).append((attribute, convention))
    # An emitter's own reading of a key stands before the general one on purpose.
    moved = {"gen_ai.server.time_to_first_token", "gen_ai.response.finish_reason"}
    # LangSmith's SDK names the operation of a retriever "embeddings" (0.15): its own kind says what it is.
    moved |= {"langsmith.span.kind"}
    for field in conventions().fields:
        held = [(address(s.scope, s.attribute, s.path), s.convention) for s in field.sources]
        positions = [held.index(row) for row in order.get(field.name, []) if row[0] not in moved]
        assert positions == sorted(positions), field.name


def address(scope: Scope, attribute: str, path: tuple[str, ...]) -> str:
    way = "".join(p if p == "[]" else f".{p}" for p in path)
    return ("resource:" if scope is Scope.RESOURCE else "") + attribute + (f"${way}" if path else "")


def test_the_columns_of_the_interface_are_there() -> None:
    columns = {f.column: f.type for f in conventions().fields}
    columns |= {f.first: FieldType.STR for f in conventions().fields if f.first}
    fixed = {
        *(
            "trace_id",
            "span_id",
            "parent_span_id",
            "name",
            "kind",
            "status",
            "start_time",
            "service",
            "provider",
        ),
        *(
            "request_model",
            "response_model",
            "operation",
            "input_tokens",
            "output_tokens",
            "cache_read_tokens",
        ),
        *("cache_write_tokens", "reasoning_tokens", "streaming", "time_to_first_token_ns", "session_id"),
        *("user_id", "tool_name", "finish_reason", "team", "feature", "tags", "release", "environment"),
    }
    assert fixed - columns.keys() == set()
    assert columns["input_tokens"] is FieldType.INT
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", c) for c in columns)


def test_numbered_keys_find_their_family() -> None:
    catalog = conventions()

    def family(key: str) -> str | None:
        found = catalog.family(key)
        return found.column if found else None

    assert family("llm.input_messages.0.message.role") == "indexed_input"
    assert family("gen_ai.prompt.12.content") == "indexed_input"
    assert family("gen_ai.completion.0.tool_calls.1.name") == "indexed_output"
    assert family("retrieval.documents.3.document.score") == "indexed_documents"
    assert family("llm.input_messages.999999999.message.role") == "indexed_input"
    assert family("order.items.0.price") == "indexed_other"
    assert family("gen_ai.prompt.name") is None
    assert family("gen_ai.usage.input_tokens") is None
    assert family("http2.stream") is None


def test_keys_that_may_hold_credentials_are_denied() -> None:
    catalog = conventions()
    assert catalog.denied("ai.request.headers.authorization")
    assert catalog.denied("gen_ai.headers")
    assert not catalog.denied("gen_ai.request.model")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("source = 'x'", "one.toml: `date` is missing"),
        (HEAD + "colour = 1", "one.toml: unknown key 'colour'"),
        (HEAD + FIELD.replace("str", "text").format(""), "field a.b: type 'text' is unknown; one of str"),
        (HEAD + FIELD.replace("a_b", "aB").format(""), "field a.b: column 'aB' is not in snake_case"),
        (HEAD + FIELD.format('{ attribute = "x" }'), "source x: `convention` is missing"),
        (
            HEAD + FIELD.format('{ attribute = "x", convention = "c", transform = "shout" }'),
            "field a.b: source x: transform 'shout' is unknown",
        ),
        (
            HEAD + FIELD.format('{ attribute = "x", convention = "c", scope = "moon" }'),
            "source x: scope 'moon' is unknown",
        ),
        (
            HEAD + FIELD.format('{ attribute = "x", convention = "c", path = "a.b" }'),
            "source x: path 'a.b' is not of the form",
        ),
        (
            HEAD + FIELD.format('{ attribute = "x", convention = "c", transform = "enum:none" }'),
            "field a.b: source x: enum none is unknown",
        ),
        (
            HEAD + FIELD.format('{ attribute = "x", convention = "c", emitter = "nobody" }'),
            "field a.b: source x: emitter nobody is unknown",
        ),
        (HEAD + FIELD.format("") * 2, "field a.b stands twice"),
        (HEAD + FIELD.format("") + FIELD.format("").replace("a.b", "c"), "column a_b belongs to field a.b"),
        (HEAD + '[[extend]]\nname = "nothing"', "extend nothing: there is no field"),
        (HEAD + '[[enum]]\nname = "w"\npatterns = [{ match = "(", value = "x" }]', "enum w: pattern '('"),
        (
            HEAD + '[[emitter]]\nname = "e"\nscopes = []\nmarkers = []\ncache = "maybe"',
            "cache 'maybe' is unknown",
        ),
        ("date = ", "one.toml: not TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "one.toml").write_text(text)
    with pytest.raises(CatalogError, match=re.escape(said)):
        load(tmp_path)
