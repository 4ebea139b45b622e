"""Facets count what a click would list.

Regenerate the statements with `UPDATE_GOLDEN=1 pytest tests/query/test_facets.py`.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from tests.query.filter_story import ATTRIBUTES, NOW, WINDOW

from sightline.query import facets as facets_module
from sightline.query.dimensions import NoDimension
from sightline.query.facets import SHOWN, counting, facet_values, facets, without
from sightline.query.filter.fields import fields
from sightline.query.filter.parser import parse
from sightline.query.filter.spelling import spell
from sightline.query.in_use import attributes_in_use, in_use, using
from sightline.query.selection import Selection, Target, count, select
from sightline.query.window import Window
from sightline.records.facets import Facet, Facets
from sightline.store.store import Store

GOLDEN = Path(__file__).parent / "golden" / "facets"


def found(store: Store, text: str, target: Target = Target.SPANS) -> int:
    return asyncio.run(count(store, select(text, WINDOW, NOW, target)))


def counted(store: Store, text: str, *names: str, target: Target = Target.SPANS, limit: int = 10) -> Facets:
    selection = select(text, WINDOW, NOW, target)
    return asyncio.run(facets(store, selection, NOW, names or SHOWN, limit=limit))


def values(facet: Facet) -> dict[str, int]:
    return {value.text: value.count for value in facet.top}


@pytest.mark.parametrize("target", list(Target))
@pytest.mark.parametrize(
    "text", ["", "llm", "-env:dev user:alice", '"refund"', "kind:llm,tool service:support-chat"]
)
def test_a_facet_counts_what_its_filter_lists(told_store: Store, text: str, target: Target) -> None:
    answer = counted(told_store, text, target=target, limit=100)
    assert [facet.name for facet in answer.facets] == list(SHOWN)
    for facet in answer.facets:
        rest = spell(without(select(text, WINDOW, NOW, target).node, facet.name))
        assert facet.exact and facet.values == len(facet.top)
        for value in facet.top[:3]:
            joint = f"({rest}) {value.filter}" if rest else value.filter
            assert value.count == found(told_store, joint, target), (facet.name, value)


def test_own_conditions_do_not_count(told_store: Store) -> None:
    alone = values(counted(told_store, "", "kind").facets[0])
    assert values(counted(told_store, "kind:llm", "kind").facets[0]) == alone
    assert values(counted(told_store, "-llm", "kind").facets[0]) == alone
    assert set(values(counted(told_store, "kind:llm", "status").facets[0])) == {"ok", "error"}
    # Inside of an alternative a condition is part of what was asked.
    assert set(values(counted(told_store, "(kind:llm or kind:tool)", "kind").facets[0])) == {"llm", "tool"}


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("kind:llm env:prod", "kind", "env:prod"),
        ("span.kind:llm", "kind", ""),
        ("-kind:llm has:kind x", "kind", '"x"'),
        ("app.region:eu attr.squad:a", "attr.app.region", "attr.squad:a"),
        ('attr."a b":x', 'attr."a b"', ""),
        ("a or kind:llm", "kind", '"a" or kind:llm'),
    ],
)
def test_a_filter_without_a_field(text: str, name: str, rest: str) -> None:
    assert spell(without(parse(text), name)) == rest


def test_attributes_lists_and_what_is_not_set(told_store: Store) -> None:
    answer = counted(told_store, "", "attr.squad", "attr.retries", "tags", "attr.app.region")
    squad, retries, tags, region = map(values, answer.facets)
    assert squad == {"search": 1, "": found(told_store, "-has:attr.squad")}
    assert retries["3"] == 1 and tags == {"beta": 1, "eu": 1, "": found(told_store, "-has:tags")}
    assert region["eu-west"] == 12


def test_the_rest_is_told(told_store: Store) -> None:
    facet = counted(told_store, "", "name", limit=3).facets[0]
    assert len(facet.top) == 3 and facet.values > 40
    assert [v.count for v in facet.top] == sorted((v.count for v in facet.top), reverse=True)


def test_values_by_their_beginning(told_store: Store) -> None:
    selection = select("name:rerank", WINDOW, NOW)
    facet = asyncio.run(facet_values(told_store, selection, NOW, "name", "LEVEL 1"))
    assert set(values(facet)) == {"level 1", *(f"level {n}" for n in range(10, 20))}
    assert asyncio.run(facet_values(told_store, selection, NOW, "name", "%")).top == ()
    assert values(asyncio.run(facet_values(told_store, selection, NOW, "tags", "b"))) == {}


def test_too_many_rows_are_counted_from_the_latest(
    told_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facets_module, "MOST_ROWS", dict.fromkeys(Target, 20))
    answer = counted(told_store, "", "kind")
    assert answer.since > WINDOW.since
    assert 20 <= sum(values(answer.facets[0]).values()) < 60
    monkeypatch.setattr(facets_module, "EXACT_ROWS", 1)
    assert not counted(told_store, "", "kind", target=Target.TRACES).facets[0].exact


def test_another_project_is_in_no_facet(told_store: Store) -> None:
    answer = counted(told_store, "", "user", "name", "tags", "attr.squad", "model", limit=500)
    assert not {"mallory", "secret of the other", "hush", "hidden", "secret-model"} & {
        value.text for facet in answer.facets for value in facet.top
    }
    there = asyncio.run(
        facets(told_store, select("", Window("other", WINDOW.since, WINDOW.until), NOW), NOW, ["user"])
    )
    assert "mallory" in values(there.facets[0])


def test_what_cannot_be_counted(told_store: Store) -> None:
    for name in ("cost", "nonsense", "attr.", "duration"):
        with pytest.raises(NoDimension):
            counted(told_store, "", name)


def test_fields_and_attributes_in_use(told_store: Store) -> None:
    answer = asyncio.run(in_use(told_store, select("", WINDOW, NOW)))
    names = {used.name: used.count for used in answer.fields}
    assert answer.spans == found(told_store, "") == names["kind"] and names["tool"] == 12
    assert "reranker.model" not in names
    for used in (*answer.fields, *answer.attributes):
        assert used.count == found(told_store, f"has:{used.name}"), used
    attributes = {used.name for used in answer.attributes}
    assert {"attr.squad", "attr.deep.inside.leaf", 'attr."sp ace"', "attr.app.region"} <= attributes
    assert len(attributes) >= len(ATTRIBUTES)
    assert asyncio.run(attributes_in_use(told_store, select("", WINDOW, NOW))) == answer.attributes
    other = asyncio.run(in_use(told_store, select("user:mallory", WINDOW, NOW)))
    assert (other.spans, other.fields, other.attributes) == (0, (), ())


def statements(selection: Selection) -> str:
    faced = [facets_module._faced(name) for name in ("kind", "env", "attr.squad")]
    tags = [facets_module._faced("tags")]
    made = [counting(selection, faced, 10, False, "", True), counting(selection, tags, 10, False, "be", True)]
    return (
        "\n---\n".join(
            [
                *(statement.text for statement in made),
                using(selection, [f for f in fields() if f.name in ("model", "tags", "cost")]).text,
            ]
        )
        + "\n"
    )


@pytest.mark.parametrize("target", list(Target))
def test_the_statements(target: Target) -> None:
    text = statements(select("llm user:alice", Window("helpdesk", NOW - 86_400 * 10**9, NOW), NOW, target))
    path = GOLDEN / f"{target}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("target", list(Target))
@pytest.mark.parametrize("text", ["", "llm or tool", "error", "-env:dev"])
def test_the_switch_of_environments_narrows_without_being_part_of_the_filter(
    told_store: Store, text: str, target: Target
) -> None:
    chosen = select(text, WINDOW, NOW, target, environment="prod")
    assert chosen.text == select(text, WINDOW, NOW, target).text
    said = f"({text}) env:prod" if text else "env:prod"
    assert asyncio.run(count(told_store, chosen)) == found(told_store, said, target)
    if not asyncio.run(count(told_store, chosen)):
        return  # in the story only the topmost spans name their environment
    answer = asyncio.run(facets(told_store, chosen, NOW, ("env", "kind")))
    assert set(values(answer.facets[0])) == {"prod"}
