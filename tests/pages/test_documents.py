from __future__ import annotations

from sightline.pages.documents import DocumentRow, document_rows
from sightline.records.conversation import Document

GIVEN, RANKED = "reranker.input_documents", "reranker_output_documents"


def rows(*found: Document) -> list[tuple[str, str, str, bool]]:
    return [(row.title, row.rank, row.before, row.left) for row in document_rows(found)]


def given(*names: str) -> list[Document]:
    return [Document(f"text of {name}", id=name, source=GIVEN) for name in names]


def test_ranked_documents_say_which_place_they_had() -> None:
    ranked = [
        Document("text of c", id="c", score=0.9, source=RANKED),
        Document("text  of\nb", source=RANKED, name="B"),
        Document("from elsewhere", id="z", source=RANKED),
    ]
    assert rows(*given("a", "b", "c"), *ranked) == [
        ("c", "1", "place 3 before", False),
        # Without an id it is known by its text; the second of both has nothing to tell.
        ("B", "2", "", False),
        ("z", "3", "not among those given", False),
        ("a", "", "place 1 before", True),
    ]


def test_what_no_reranker_ranked_stays_as_it_came() -> None:
    assert rows(*given("b", "a")) == [("b", "", "", False), ("a", "", "", False)]
    mixed = document_rows([*given("a"), Document("x", id="x", source="retrieval_documents")])
    assert [(row.title, row.source, row.rank) for row in mixed] == [
        ("a", "given to the reranker", ""),
        ("x", "retrieved", ""),
    ]
    assert document_rows([]) == ()
    # Nothing is known of these two but that they are documents.
    nameless = rows(Document("", source=GIVEN), Document("", source=RANKED))
    assert nameless == [
        ("Document", "1", "not among those given", False), ("Document", "", "place 1 before", True)
    ]  # fmt: skip


def test_the_same_document_twice_is_matched_to_a_place() -> None:
    [first, second, *left] = document_rows(
        [*given("a", "a"), *[Document("text of a", id="a", source=RANKED)] * 2]
    )
    assert isinstance(first, DocumentRow) and (first.rank, second.rank) == ("1", "2")
    assert [row.left for row in left] == [True]
