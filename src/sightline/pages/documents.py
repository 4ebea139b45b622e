"""Documents of a span as rows: in the order a reranker gave them, with the place each had before. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from sightline.pages.foreign import link
from sightline.pages.markdown import plain
from sightline.pages.pieces import Piece, folded
from sightline.records.conversation import Document

_RANKED, _GIVEN = "reranker_output_documents", "reranker_input_documents"
_SOURCES = {
    _RANKED: "ranked",
    _GIVEN: "given to the reranker",
    "retrieval_documents": "retrieved",
    "memory_records": "remembered",
}


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document: `facts` are its metadata. `rank`: its place, empty where no reranker says one.

    `before` says in words which place it had among those given; `left`: it was given and not kept.
    """

    title: str
    score: str
    source: str
    url: Markup | None
    body: Piece
    facts: tuple[tuple[str, str], ...]
    rank: str = ""
    before: str = ""
    left: bool = False


def document_rows(found: Sequence[Document]) -> tuple[DocumentRow, ...]:
    """The documents as they came; those of a reranker by rank, then what it was given and did not keep.

    Where they come from is told when they come from several places.
    """
    ranked = [one for one in found if _field(one) == _RANKED]
    given = [one for one in found if _field(one) == _GIVEN]
    if not ranked or not given or len(ranked) + len(given) < len(found):
        several = len({one.source for one in found}) > 1
        return tuple(_row(one, _source(one) if several else "") for one in found)
    places: dict[str, int] = {}
    for place, one in enumerate(given, 1):
        for key in _keys(one):
            places.setdefault(key, place)
    rows, kept = [], set()
    for rank, one in enumerate(ranked, 1):
        was = next((places[key] for key in _keys(one) if key in places), None)
        before = "not among those given" if was is None else f"place {was} before"
        if was is not None:
            kept.add(was)
        rows.append(replace(_row(one), rank=str(rank), before="" if was == rank else before))
    rest = [(place, one) for place, one in enumerate(given, 1) if place not in kept]
    rows += [replace(_row(one), before=f"place {place} before", left=True) for place, one in rest]
    return tuple(rows)


def _field(found: Document) -> str:
    return found.source.replace(".", "_")


def _source(found: Document) -> str:
    field = _field(found)
    return _SOURCES.get(field, field.replace("_", " "))


def _keys(found: Document) -> list[str]:
    """What a document is told by: its id, and where one side has none, its text."""
    said = " ".join(found.content.split())
    return [*([f"id {found.id}"] if found.id else []), *([f"text {said}"] if said else [])]


def _row(found: Document, source: str = "") -> DocumentRow:
    title = found.name or found.id or "Document"
    facts = [(key, value) for key, value in found.metadata.items() if value]
    if found.id and found.id != title:
        facts.insert(0, ("id", found.id))
    return DocumentRow(
        title,
        "" if found.score is None else f"{found.score:.4g}",
        source,
        link(found.url) if found.url else None,
        folded(Piece("text", plain(found.content) if found.content else Markup()), found.content, 400),
        tuple(facts),
    )
