"""The same over generated texts: JSON escapes, scripts without spaces, texts in parts and expired ones."""

from __future__ import annotations

import hashlib
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.query.filter_story import HOUR, NOW
from tests.query.said_plainly import BOUNDS, agrees, bounded, chosen

from sightline.query.window import Window
from sightline.settings import StoreSettings
from sightline.store.schema import migrate
from sightline.store.store import Connection, Store, embedded_url

sys.path.insert(0, str(Path(__file__).parents[1] / "pages"))
import pages_story as story

WORDS = ["refund", "policy", "Refund", "Café", "退款", "vu", "x1", "é"]
GAPS = [" ", "-", "\n", ". ", "“", '"', "\\", "😀"]


def _body(random_: random.Random) -> str:
    text = "".join(random_.choice(WORDS) + random_.choice(GAPS) for _ in range(random_.randrange(1, 5)))
    return json.dumps({"q": text}, ensure_ascii=random_.random() < 0.5) if random_.random() < 0.5 else text


def _parted(writer: Connection, project: str, name: str, parts: list[str]) -> str:
    whole = hashlib.sha256(name.encode()).hexdigest()[:32]
    writer.command(
        "INSERT INTO sightline.content (project, hash, body, parts, expires) SELECT {project:String},"
        " toFixedString(unhex({h:String}), 16), '', arrayMap(x -> toFixedString(unhex(x), 16),"
        " {p:Array(String)}), toDate('2099-01-01')",
        {"project": project, "h": whole, "p": parts},
    )
    return whole


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Two projects with texts of a few words, whole and in parts; every seventh text has expired."""
    store = Store(embedded_url(tmp_path_factory.mktemp("said")), StoreSettings())
    writer = store.writer()
    migrate(writer)
    random_ = random.Random(7)
    told = story.Told()
    for number in range(120):
        project = "default" if number % 3 else "other"
        texts = {f: _body(random_) for f in ("input_value", "output_value") if random_.random() < 0.7}
        # Several start at the same moment.
        told.span(
            story.trace_id(number // 4), number, None if number % 4 == 0 else number // 4 * 4,
            random_.choice(["step", "refund step", "odd"]), random_.choice(["llm", "tool"]),
            NOW - number // 2 * story.S, story.S, 0, content=texts, project=project,
            status_message=random_.choice(["", "", "no refund"]),
        )  # fmt: skip
    hashes = sorted(told.texts)
    for number, span in enumerate(told.spans[::5]):
        inner = _parted(writer, span["project"], f"{number}", random_.sample(hashes, 2))
        whole = _parted(writer, span["project"], f"whole {number}", [inner, random_.choice(hashes)])
        span["content"]["input_messages"] = (whole if number % 2 else inner, 10)
    for hash_ in hashes[::7]:
        del told.texts[hash_]
    story.store(told, writer)
    writer.close()
    yield store
    store.close()


_word = st.sampled_from([*WORDS, "refun*", "x2"])
_phrase = st.lists(_word, min_size=1, max_size=3).map(lambda words: f'"{" ".join(words)}"')
_filters = st.one_of(
    _phrase,
    st.tuples(_phrase, _phrase).map(" ".join),
    st.tuples(_phrase, _phrase).map(" or ".join),
    _phrase.map(lambda text: f"llm -{text}"),
    _phrase.map(lambda text: f"input.text:{text}"),
    _phrase.map(lambda text: f"trace:(any {text})"),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_filters, st.sampled_from(BOUNDS), st.sampled_from([1, 3, 50]), st.sampled_from([10, 45, 7_200]))
def test_generated_texts(
    generated: Store, text: str, bounds: tuple[int, int], limit: int, seconds: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        bounded(patch, bounds)
        for project in ("default", "other"):
            window = Window(project, NOW - seconds * story.S, NOW + HOUR)
            agrees(generated, chosen(text, window), limit)
