"""Texts are stored once, in parts where they are long, and come back byte for byte."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from digest.compare import content, stored
from digest.engine import SECOND, Engine
from digest.otlp import START, span, traces
from sightline.content.texts import texts
from sightline.digest.contents import PART_FROM, SPLIT_FROM, groups, hash_of, parts, pieces
from sightline.digest.staging import quoted
from sightline.query.traces import contents
from sightline.records.ingest import Signal
from sightline.records.trace import ContentRef

WORDS = st.text(max_size=40) | st.sampled_from(
    ["\x01", "{", "}", "[", "]", '},{"', '}, {"', ",\n", '"', "\\", "é", "😀", "\0", "a" * 300]
)
MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": st.text(max_size=400)}),
    max_size=40,
)
TEXTS = (
    st.lists(WORDS, max_size=200).map("".join)
    | MESSAGES.map(lambda m: orjson.dumps(m).decode())
    | MESSAGES.map(lambda m: orjson.dumps(m, option=orjson.OPT_INDENT_2).decode())
    | st.sampled_from(
        [
            "[" * 3000,
            "]" * 3000,
            "x" * SPLIT_FROM,
            "é" * SPLIT_FROM,
            "\x01" * 5000,
            "x" * (SPLIT_FROM - 1),
            "}",
        ]
    )
)


def generated(count: int, number: int) -> list[str]:
    """Texts of all shapes."""
    found: list[str] = []

    @settings(max_examples=count, phases=[Phase.generate], database=None, deadline=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @seed(number)
    @given(TEXTS)
    def collect(text: str) -> None:
        found.append(text)

    collect()
    return found


def test_pieces_and_parts_joined_are_the_text(engine: Engine) -> None:
    found = [t for t in generated(150, 1) if t]
    rows = ", ".join(f"({i}, {quoted(t)})" for i, t in enumerate(found))
    answer = engine.rows(
        f"SELECT n, x, arrayStringConcat(pp) = x AS whole, arrayStringConcat(tt) = x AS parted, {parts('pp')} AS tt,"  # noqa: E501
        f" arrayMap(p -> {hash_of('p')}, tt) AS hashes, arrayFlatten({groups('hashes')}) = hashes AS grouped"
        f" FROM (SELECT n, x, {pieces('x')} AS pp FROM values('n UInt32, x String', {rows}))"
    )
    assert len(answer) == len(found)
    assert [row for row in answer if not (row["whole"] and row["parted"] and row["grouped"])] == []


@pytest.mark.parametrize("number", [2, 3])
def test_texts_come_back_byte_for_byte(engine: Engine, number: int) -> None:
    found = generated(80, number)
    project = engine.fresh()
    made = [
        span(i, i, attributes={"gen_ai.input.messages": t, "output.value": t[::-1]})
        for i, t in enumerate(found, 1)
    ]
    engine.digest(Signal.TRACES, [traces(made)], project)
    rows = stored(engine, project)
    wanted = {h.lower() for row in rows.values() for h in row["hashes"]}
    read = asyncio.run(texts(engine.store, project, sorted(wanted)))
    assert read.keys() == wanted
    for i, text in enumerate(found, 1):
        got = {f: read[h.lower()] for f, h in zip(rows[i]["content.field"], rows[i]["hashes"], strict=True)}
        blank = not text.strip(" \t\r\n\f\v")
        assert got.get("input_messages", got.get("attribute:gen_ai.input.messages")) == (text or None), blank


def history(turn: int) -> list[dict[str, Any]]:
    """The messages an agent resends at a turn."""
    return HISTORY[: 1 + 2 * turn]


def words(dice: random.Random, count: int) -> str:
    """Text that does not compress better than prose does."""
    return " ".join("".join(dice.choices("etaoinshrdlu", k=dice.randint(2, 9))) for _ in range(count))


DICE = random.Random(7)
HISTORY = [{"role": "system", "content": words(DICE, 400)}]
for _turn in range(60):
    HISTORY.append({"role": "user", "content": words(DICE, 60)})
    HISTORY.append({"role": "assistant", "content": words(DICE, 120)})


def test_a_history_sent_with_every_turn_is_stored_once(engine: Engine) -> None:
    project = engine.fresh()
    sent = 0
    for session in range(2):
        for turn in range(1, 51, 25):
            batch = []
            for at in range(turn, turn + 25):
                text = orjson.dumps([{"session": str(session)}, *history(at)]).decode()
                sent += len(text)
                batch.append(
                    span(session + 1, at, attributes={"gen_ai.input.messages": text}, start=START + at)
                )
            engine.digest(Signal.TRACES, [traces(batch)], project)
    kept = engine.scalar(
        "SELECT sum(length(body)) + 16 * sum(length(parts)) FROM sightline.content FINAL WHERE project = {p:String}",  # noqa: E501
        p=project,
    )
    assert sent > 20 * kept, f"{sent} bytes sent, {kept} kept before compression"
    for row in stored(engine, project).values():
        assert row["content"][0][1].startswith('[{"session"')


def test_a_text_is_stored_once_in_a_project_and_apart_in_another(engine: Engine) -> None:
    one, two = engine.fresh(), engine.fresh()
    prompt = "You are kind. " * 300
    for project in (one, one, two):
        engine.digest(
            Signal.TRACES, [traces([span(1, 1, attributes={"gen_ai.system_instructions": prompt})])], project
        )
        engine.restart()
    for project in (one, two):
        engine.digest(
            Signal.TRACES, [traces([span(1, 2, attributes={"gen_ai.system_instructions": prompt})])], project
        )
        assert prompt in content(engine, project).values()
        count = (
            "SELECT count() FROM sightline.content FINAL WHERE project = {p:String} AND length(body) >= 256"
        )
        assert engine.scalar(count, p=project) == 1
    assert len(prompt) >= PART_FROM


def test_an_unknown_hash_and_another_projects_are_not_found(engine: Engine) -> None:
    one, two = engine.fresh(), engine.fresh()
    engine.digest(Signal.TRACES, [traces([span(1, 1, attributes={"input.value": "mine"})])], one)
    ((hash_, text),) = content(engine, one).items()
    assert text == "mine"
    assert asyncio.run(texts(engine.store, two, [hash_.lower()])) == {}
    assert asyncio.run(texts(engine.store, one, [hash_.lower(), "ab" * 16])) == {hash_.lower(): "mine"}


def test_content_is_written_again_when_a_day_has_passed(engine: Engine) -> None:
    project = engine.fresh()
    request = traces([span(1, 1, attributes={"input.value": "kept"})])
    engine.digest(Signal.TRACES, [request], project)
    before = engine.scalar("SELECT max(expires) FROM sightline.content WHERE project = {p:String}", p=project)
    engine.clock.now += 86_400 * SECOND
    engine.digest(Signal.TRACES, [request], project)
    engine.clock.now -= 86_400 * SECOND
    after = engine.scalar("SELECT max(expires) FROM sightline.content WHERE project = {p:String}", p=project)
    assert (after - before).days == 1


def test_the_beginning_of_a_long_list_is_shown(engine: Engine) -> None:
    project = engine.fresh()
    text = orjson.dumps(history(60)).decode()
    engine.digest(Signal.TRACES, [traces([span(1, 1, attributes={"gen_ai.input.messages": text})])], project)
    (row,) = stored(engine, project).values()
    ref = ContentRef("input_messages", row["hashes"][0].lower(), len(text))
    (whole,) = asyncio.run(contents(engine.store, project, [ref]))
    assert (whole.text, whole.truncated) == (text, False)
    (some,) = asyncio.run(contents(engine.store, project, [ref], limit=5000))
    assert (some.text, some.truncated) == (text[:5000], True)
