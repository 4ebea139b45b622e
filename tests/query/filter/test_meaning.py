"""Trees to conditions with fields and values, and what is wrong with them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from tests.query.filter_trees import scraps, trees

from sightline.query.filter.errors import FilterError
from sightline.query.filter.fields import Field, fields
from sightline.query.filter.meaning import MAX_LOOKUPS, mean
from sightline.query.filter.nodes import Node, Whole
from sightline.query.filter.parser import parse
from sightline.query.filter.paths import Path
from sightline.query.filter.predicates import (
    AllOf,
    Always,
    Among,
    AnyOf,
    Between,
    Compared,
    Is,
    Known,
    Like,
    Logged,
    Measured,
    Negated,
    Predicate,
    Says,
    Sized,
)

NOW = 1_795_185_140 * 10**9
DAY = 86_400 * 10**9


def meant(text: str) -> Predicate:
    return mean(parse(text), NOW)


def one(text: str) -> tuple[str, object]:
    """The field of a single condition, and its only test."""
    found = meant(text)
    assert isinstance(found, Compared) and isinstance(found.target, Field) and len(found.tests) == 1
    return found.target.names[0], found.tests[0]


@pytest.mark.parametrize(
    ("text", "field", "test"),
    [
        ("model:gpt-4o*", "model", Like(("gpt-4o", ""))),
        ("MODEL:a,b", "model", Among(("a", "b"))),
        ("kind:LLM", "kind", Among(("llm",))),
        ("kind:ret*", "kind", Like(("ret", ""))),
        ("trace:4FE*", "span.trace_id", Like(("4fe", ""))),
        ("cost>0.01", "cost", Between(0.01, None, low_open=True)),
        ("cost<=$2", "cost", Between(None, 2)),
        ("duration>=1m30s", "duration", Between(90 * 10**9, None)),
        ("duration:1s..2s", "duration", Between(10**9, 2 * 10**9)),
        ("ttft:..500ms", "ttft", Between(None, 5 * 10**8)),
        ("input:10k", "tokens.input", Between(10_000, 10_000)),
        ("size>1kb", "size", Between(1_000, None, low_open=True)),
        ("time_per_output_token_s<20ms", "time_per_output_token_s", Between(None, 0.02, high_open=True)),
        ("start>-2h", "start", Between(NOW - 7_200 * 10**9, None, low_open=True)),
        ("root:yes", "root", Is(True)),
        ("tags:a,b", "tags", Among(("a", "b"))),
        ("error:timeout", "error.type", Among(("timeout",))),
        ("gen_ai.nothing:x".replace("gen_ai.nothing", "model.request"), "request_model", Among(("x",))),
    ],
)
def test_conditions(text: str, field: str, test: object) -> None:
    assert one(text) == (field, test)


def test_a_day_is_all_of_it() -> None:
    _, test = one("start:2026-11-19..2026-11-20")
    assert isinstance(test, Between) and isinstance(test.low, int) and isinstance(test.high, int)
    assert test.high - test.low == 2 * DAY - 1
    assert one("start>2026-11-20")[1] == Between(
        NOW // (86_400 * 10**9) * 86_400 * 10**9, None, low_open=True
    )


def test_other_shapes() -> None:
    assert meant("") == Always()
    assert meant("-root:true") == Negated(
        Compared(next(f for f in fields() if f.name == "root"), (Is(True),))
    )
    assert isinstance(meant("has:cost"), Known) and meant("has:text") == Sized(())
    assert meant("arguments>10kb") == Sized(("tool_arguments",), Between(10_000, None, low_open=True))
    assert meant("has:log") == Logged()
    says = meant('"Refund policy"')
    assert isinstance(says, Says) and says.phrase.words == (("refund",), ("policy",)) and says.columns == ()
    assert isinstance(meant("arguments:a,b"), AnyOf)
    for text in ("trace.cost>1", "trace:(cost>1)", "trace:(trace.cost>1)"):
        found = meant(text)
        assert isinstance(found, Measured) and (found.measure.whole, found.measure.name) == (
            Whole.TRACE,
            "cost",
        )
    assert isinstance(meant("errors>0"), Measured) and meant("session:(traces>2)") == meant(
        "session.traces>2"
    )


def test_attributes() -> None:
    assert meant("attr.squad:search") == Compared(Path("attributes", "squad"), (Among(("search",)),))
    assert meant("app.region:eu") == meant("attr.app.region:eu")
    assert meant("resource.host.name:x") == Compared(Path("resource", "host.name"), (Among(("x",)),))
    assert meant("attr.n:5") == Compared(Path("attributes", "n"), (Among(("5",)), Between(5, 5)))
    assert meant('attr.n:"5"') == Compared(Path("attributes", "n"), (Among(("5",)),))
    assert meant("attr.n:1..5") == Compared(Path("attributes", "n"), (Between(1, 5),))
    assert meant("attr.n:a..b") == Compared(Path("attributes", "n"), (Among(("a..b",)),))
    assert meant("attr.n>5") == Compared(Path("attributes", "n"), (Between(5, None, low_open=True),))


def test_attributes_that_became_a_field_are_looked_up_there_too() -> None:
    found = meant("attr.gen_ai.request.model:gpt-4o")
    assert isinstance(found, AnyOf)
    path, field = found.parts
    assert isinstance(path, Compared) and isinstance(field, Compared)
    assert isinstance(field.target, Field) and field.target.name == "model.request"
    tokens = meant("gen_ai.usage.input_tokens>5")
    assert isinstance(tokens, AnyOf) and isinstance(tokens.parts[1], Compared)
    # A value that the field cannot have may still be the attribute's.
    assert isinstance(meant("gen_ai.usage.input_tokens:abc"), Compared)
    assert meant("gen_ai.input.messages:x") == Says(
        meant('"x"').phrase,
        ("input_messages", "indexed_input", "attribute:gen_ai.input.messages"),  # type: ignore[union-attr]
    )


@pytest.mark.parametrize(
    ("text", "offset", "length", "said"),
    [
        ("kind:llm modle:x", 9, 5, "Did you mean model?"),
        ("promo_code:x", 0, 10, "Did you mean attr.promo_code?"),
        ("tokens.imput:5", 0, 12, "Did you mean tokens.input?"),
        ("trace.durtion>1s", 0, 13, "Did you mean trace.duration?"),
        ("kind:lm", 5, 2, "Did you mean llm?"),
        ("status:eror", 7, 4, "Did you mean error?"),
        ("kind:llm,lm", 9, 2, "Did you mean llm?"),
        ("duration>2", 9, 1, "Did you mean 2s?"),
        ("duration:1s..2", 13, 1, "a duration with its unit"),
        ("duration:2s..1s", 9, 6, "the smaller value first"),
        ("duration:..", 9, 2, "at least one side"),
        ("cost>abc", 5, 3, "an amount"),
        ("cost>1*", 5, 2, "an amount"),
        ("input>x", 6, 1, "500 or 10k"),
        ("start>soon", 6, 4, "2026-11-20T14:00Z"),
        ("root:maybe", 5, 5, "true or false"),
        ("model>5", 0, 7, "has no order"),
        ("log>5", 0, 5, "has no order"),
        ("attr.:x", 0, 5, "an attribute has a name"),
        ("attr.x>2s", 7, 2, "a number"),
        ('attr."a.:`Int64`":x', 0, 17, "backtick"),
        ("trace:(model:x)", 7, 5, "Did you mean any model?"),
        ("trace:(traces>1)", 7, 6, "not a measure of a trace"),
        ("https://x.y", 0, 5, "quotes around a text"),
        ('arguments:""', 10, 2, "nothing to look for"),
        ("log:" + "a*" * 70, 4, 140, "more than 64 words"),
    ],
)
def test_errors_point_at_their_character(text: str, offset: int, length: int, said: str) -> None:
    with pytest.raises(FilterError) as found:
        meant(text)
    assert (found.value.offset, found.value.length) == (offset, length), str(found.value)
    assert said in str(found.value)


def test_looking_elsewhere_is_bounded() -> None:
    meant(" ".join(f'"word{n}"' for n in range(MAX_LOOKUPS)))
    for text in (
        " ".join(['"a"'] * 13),
        "under " * 5 + "llm",
        "trace:(" + " and ".join(["any llm"] * 12) + ")",
    ):
        with pytest.raises(FilterError, match="too often"):
            meant(text)


@settings(max_examples=200)
@given(trees())
def test_any_tree_means_something_or_is_an_error(tree: Node) -> None:
    try:
        mean(tree, NOW)
    except FilterError as error:
        assert str(error)


@given(scraps)
def test_errors_stand_within_the_text(text: str) -> None:
    try:
        found = meant(text)
    except FilterError as error:
        assert error.offset >= 0 and error.offset + error.length <= len(text)
    else:
        assert (isinstance(found, Predicate) and not isinstance(found, AllOf)) or len(found.parts) > 1


def test_every_name_belongs_to_one_field() -> None:
    names = [name for field in fields() for name in field.names]
    assert len(names) == len(set(names)) and all(name == name.lower() for name in names)
