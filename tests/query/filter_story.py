"""A store with something for every condition: two projects that say the same, unknown values, a deep tree.

`ATTRIBUTES` are typed and hostile; contents are short, in parts, and in parts of parts; logs belong to spans.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sightline.query.window import Window
from sightline.settings import StoreSettings
from sightline.store import schema
from sightline.store.store import Connection, Store, embedded_url

sys.path.insert(0, str(Path(__file__).parents[1] / "pages"))
import pages_story as story

NOW, S, MS = story.NOW, story.S, story.MS
HOUR = 3_600 * S
# Everything of the story, and nothing else.
WINDOW = Window("default", NOW - 10 * HOUR, NOW + HOUR)
HOSTILE = [
    "we`ird k.e'y",
    'q"uote',
    "sp ace",
    "ba\\ck",
    "e..f",
    ".",
    "a:b",
    "')--",
    "{p0:String}",
    "*",
    "né",
    "x\ty",
]
ATTRIBUTES: dict[str, Any] = {
    "squad": "search", "retries": 3, "ratio": 0.5, "flag": True, "as_text": "42", "huge": 2**60,
    "labels": ["red", "blue"], "deep": {"inside": {"leaf": 7}}, **dict.fromkeys(HOSTILE, "odd"),
}  # fmt: skip
SAID = "Café “déjà vu”\nnew-line C:\\dir"
UNHEARD = "otherwise unheard words"
# What the long content says in its parts: a word of each part is nowhere else.
LONG = ["begin zebra one", "middle yak two", "end xerus three"]


def _parts(connection: Connection, project: str, name: str, texts: list[str]) -> None:
    """A text of parts of parts: the whole names two groups, the groups name the texts."""

    def digest(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    rows: list[tuple[str, str, list[str]]] = [(digest(text), text, []) for text in texts]
    groups = [
        (digest(f"{name} 1"), "", [digest(texts[0]), digest(texts[1])]),
        (digest(f"{name} 2"), "", [digest(texts[2])]),
    ]
    rows += [*groups, (digest(name), "", [hash_ for hash_, _, _ in groups])]
    for hash_, body, parts in rows:
        connection.command(
            "INSERT INTO sightline.content (project, hash, body, parts, expires) SELECT {project:String},"
            " toFixedString(unhex({h:String}), 16), {b:String},"
            " arrayMap(x -> toFixedString(unhex(x), 16), {p:Array(String)}), toDate('2099-01-01')",
            {"project": project, "h": hash_, "b": body, "p": parts},
        )


def long_hash(name: str = "long") -> str:
    """The hash under which the long content is stored."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _logs(connection: Connection, rows: list[tuple[str, str, str, str, int]]) -> None:
    lines = "\n".join(
        json.dumps({"project": p, "trace_id": t, "span_id": s, "body": b, "time": f"{at // S}.000000000"})
        for p, t, s, b, at in rows
    )
    connection.command(
        "INSERT INTO sightline.logs (project, trace_id, span_id, body, time, received_at, retention_days)"
        " SELECT project, trace_id, span_id, body, time, time, 365"
        " FROM format(JSONEachRow, {c:String}, {l:String})",
        {
            "c": "project String, trace_id String, span_id String, body String, time DateTime64(9)",
            "l": lines,
        },
    )


def tell(told: story.Told, project: str) -> None:
    """The help desk's requests, one span with typed attributes, and a deep tree."""
    story.helpdesk(told, 12, project)
    odd = story.trace_id(901)
    told.span(
        odd, 1, None, "odd ones", "other", NOW - 500 * S, 3 * S, 0, project=project, attributes=ATTRIBUTES,
        status_message="Upstream said: quota exceeded", tags=["beta", "eu"], finish_reasons=["stop"],
        session_id="s_odd", user_id="alice", environment="dev", team="red", streaming=False,
        http_status_code=503, params_temperature=0.2, time_per_output_token_s=0.02,
        content={"input_value": json.dumps({"q": SAID}), "tool_arguments": "打开退款页面"},
    )  # fmt: skip
    told.spans[-1]["content"]["output_value"] = (long_hash(), sum(len(text) for text in LONG))
    deep = story.trace_id(902)
    for level in range(40):
        kind = "agent" if level == 0 else "tool" if level % 7 == 0 else "chain"
        told.span(
            deep, level + 1, level or None, f"level {level}", kind, NOW - 600 * S + level * MS, S, level,
            project=project, session_id="s_deep", agent_name="planner" if level == 0 else None,
        )  # fmt: skip


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    """The store with the story in project `default`, and once more, with a secret, in project `other`."""
    store = Store(embedded_url(folder), StoreSettings())
    writer = store.writer()
    schema.migrate(writer)
    told = story.Told()
    tell(told, "default")
    tell(told, "other")
    # A span of its own and one in a trace whose ids both projects have.
    for trace, number, parent in ((story.trace_id(903), 1, None), (story.trace_id(1), 99, 1)):
        told.span(
            trace, number, parent, "secret of the other", "llm", NOW - 300 * S, S, int(parent is not None),
            project="other", user_id="mallory", session_id="s_odd", attributes={"squad": "hidden"},
            tags=["hush"], request_model="secret-model", content={"input_value": UNHEARD},
            usage_source="own", cost_usd=99.0,
        )  # fmt: skip
    story.store(told, writer)
    # The texts of both projects are told together; what only one said stays there.
    writer.command(
        "DELETE FROM sightline.content WHERE project = 'default' AND body = {b:String}", {"b": UNHEARD}
    )
    first = story.trace_id(0)
    for project in ("default", "other"):
        _parts(writer, project, "long", LONG)
        _logs(
            writer,
            [
                (project, first, f"{first[:8]}0000000a", "order lookup took long: retrying", NOW - 20 * S),
                (project, first, "", "no span of its own", NOW - 20 * S),
                *([(project, first, f"{first[:8]}00000001", "whispered", NOW)] if project == "other" else []),
            ],
        )
    try:
        yield store
    finally:
        writer.close()
        store.close()
