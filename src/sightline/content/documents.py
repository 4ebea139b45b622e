"""Documents that were retrieved, ranked, remembered or embedded, from any SDK's list of them. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sightline.content.fields import Fields
from sightline.content.json_text import dumps, parse
from sightline.content.shapes.indexed import nested, numbered
from sightline.records.conversation import Document

MAX_DOCUMENTS = 2_000
_FAMILIES = (
    "retrieval.documents", "output.documents", "input.documents", "reranker.input_documents",
    "reranker.output_documents", "embedding.embeddings",
)  # fmt: skip
_LISTS = ("documents", "matches", "results", "source_nodes", "nodes", "records", "output", "outputs", "data")
_INNER = ("document", "node", "kwargs", "embedding", "record", "chunk")
_CONTENT = (
    "content",
    "page_content",
    "pageContent",
    "text",
    "document",
    "body",
    "chunk",
    "snippet",
    "passage",
)
_IDS = ("id", "id_", "_id", "doc_id", "document_id", "node_id", "record_id")
_SCORES = ("score", "relevance_score", "relevanceScore", "similarity", "distance")


def documents(text: str, source: str) -> tuple[Document, ...] | None:
    """The documents of a stored text; None when it is no list of them."""
    found = parse(text)
    return None if found is None else of_value(found.value, source)


def of_value(value: Any, source: str, *, strict: bool = False) -> tuple[Document, ...] | None:
    """The same of a parsed value. `strict`: every element must have what only documents have."""
    if isinstance(value, dict):
        tree = nested(value)
        families = [(f, found) for f in _FAMILIES if (found := numbered(tree, f))]
        if families:
            made = [d for family, found in families for d in _all(found, family)]
            return tuple(made)
        inner = next((value[k] for k in _LISTS if isinstance(value.get(k), list)), None)
        if inner is None:
            return None
        value = inner
    if not isinstance(value, list) or not value:
        return None
    if strict and not all(isinstance(one, dict) and _surely(one) for one in value):
        return None
    if not all(isinstance(one, dict | str) for one in value):
        return None
    return tuple(_all(value, source))


def _surely(one: Mapping[str, Any]) -> bool:
    if "role" in one:
        return False
    if one.keys() & {"page_content", "pageContent", "node"}:
        return True
    if isinstance(one.get("kwargs"), dict):
        return _surely(one["kwargs"])
    return bool(one.keys() & {"content", "text", "document"}) and bool(
        one.keys() & {*_SCORES, "metadata", "meta"}
    )


def _all(values: Sequence[Any], source: str) -> list[Document]:
    return [_document(one, source) for one in values[:MAX_DOCUMENTS]]


def _document(one: Any, source: str) -> Document:
    if isinstance(one, str):
        found = parse(one) if one[:1] == "{" else None
        if found is None or not isinstance(found.value, dict):
            return Document(one, source=source)
        one = found.value
    if not isinstance(one, dict):
        return Document(one if isinstance(one, str) else dumps(one), source=source)
    fields = Fields(one)
    inner = fields.object(*_INNER)
    at = inner or fields
    if "lc" in fields:  # LangChain: the id is that of the class
        fields.drop("id")
    content = at.text(*_CONTENT) or fields.text(*_CONTENT)
    if not content and (structure := at.take(*_CONTENT)) is not None:
        content = dumps(structure)
    id_ = at.text(*_IDS) or fields.text(*_IDS)
    score = _score(fields) if (found_score := _score(at)) is None else found_score
    name, url = at.text("name", "title"), at.text("url", "uri", "source_url")
    metadata = _metadata(at) | (_metadata(fields) if inner else {})
    vector = at.take("vector", "embedding", "embedding_vector")
    if isinstance(vector, list):
        metadata["vector"] = f"{len(vector)} numbers"
    left = (inner.left() if inner else {}) | fields.left()
    metadata |= {str(k): _as_text(v) for k, v in left.items()}
    return Document(
        content,
        id_,
        score,
        name or metadata.get("title", ""),
        url or metadata.get("url", ""),
        metadata,
        source,
    )


def _score(fields: Fields) -> float | None:
    for key in _SCORES:
        value = fields.peek(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            fields.drop(key)
            return float(value)
    return None


def _metadata(fields: Fields) -> dict[str, str]:
    value = fields.take("metadata", "meta")
    if isinstance(value, str):  # OpenInference: JSON text
        found = parse(value)
        value = found.value if found else {"metadata": value}
    if not isinstance(value, dict):
        return {} if value is None else {"metadata": _as_text(value)}
    return {str(k): _as_text(v) for k, v in value.items() if v is not None}


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else dumps(value)
