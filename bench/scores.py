"""What scores cost in questions over a large store: measures by group, facets, chips of users.

    PYTHONPATH=src python bench/scores.py DIRECTORY [--times 5]

DIRECTORY is one of `make_directory.py` (10,000,000 spans) that nothing else has open; it gets scores of four
names the first time: thumbs on every fifth trace, a judge's number on a tenth of the model calls, labels on
every twenty-fifth trace, and a mean on sessions. Figures are, of several, the least processor time of this
process, which holds the engine, in ms, so that other work on the machine counts little, and how long one
waited, which on a busy machine says nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from record import Record

from sightline.query.breakdown import breakdown
from sightline.query.facets import facets
from sightline.query.question import ask
from sightline.query.score_groups import of_users
from sightline.query.scores import score_names
from sightline.query.selection import Selection, Target, count, select
from sightline.query.window import Window
from sightline.settings import StoreSettings
from sightline.store import schema
from sightline.store.store import Store, embedded_url

DAY = 86_400 * 10**9
PARTS = 9
SPANS_OF = "SELECT *, sipHash64(trace_id, span_id) AS h FROM sightline.spans"
# Name, target, what it is made of, its values.
GIVEN = (
    ("helpful", "trace", "trace_head AND sipHash64(trace_id) % 5 = 0", "boolean",
     "toFloat64(h % 100 < 68)", "''", "end_user"),
    ("groundedness", "span", "kind = 'llm' AND h % 10 = 1", "numeric",
     "(h % 1009) / 1009", "''", "evaluator"),
    ("verdict", "trace", "trace_head AND sipHash64(trace_id) % 25 = 3", "categorical", "NULL",
     "['right', 'partly', 'wrong'][1 + h % 3]", "person"),
    ("resolved", "session", "trace_head AND session_id != '' AND sipHash64(session_id) % 4 = 0", "boolean",
     "toFloat64(h % 2)", "''", "end_user"),
)  # fmt: skip


def give(store: Store) -> int:
    """Scores for the spans that are there, in a few parts, unless there are some; how many there are."""
    writer = store.writer(max_memory_usage=4 << 30)
    schema.migrate(writer)
    if not writer.query("SELECT count() FROM sightline.scores").scalar():
        for part in range(PARTS):
            for name, target, condition, kind, value, label, source in GIVEN:
                span = "span_id" if target == "span" else "''"
                trace = "''" if target == "session" else "trace_id"
                session = "assumeNotNull(session_id)" if target == "session" else "''"
                once = "LIMIT 1 BY session_id" if target == "session" else ""
                writer.command(
                    "INSERT INTO sightline.scores (project, id, name, target, trace_id, span_id, session_id,"
                    " data_type, value, label, source, time, received_at, digested_at, version,"
                    " retention_days)"
                    f" SELECT project, concat('{name}', {trace}, {span}, {session}), '{name}', '{target}',"
                    f" {trace}, {span}, {session}, '{kind}', {value}, {label}, '{source}', start_time,"
                    f" start_time, now64(6), 1, 365 FROM ({SPANS_OF}) WHERE {condition}"
                    f" AND intDiv(h, 1000003) % {PARTS} = {part} {once}"
                )
    found = int(writer.query("SELECT count() FROM sightline.scores").scalar() or 0)
    writer.close()
    return found


def took(times: int, asked: Callable[[], Any]) -> tuple[int, int, int]:
    """Milliseconds of several: the least processor time, the shortest wait, and the one in the middle."""
    used, waited = [], []
    for _ in range(times):
        began, at = time.process_time(), time.perf_counter()
        asked()
        used.append(1000 * (time.process_time() - began))
        waited.append(1000 * (time.perf_counter() - at))
    return round(min(used)), round(min(waited)), round(statistics.median(waited))


class Asking:
    """Questions over the last days of a store."""

    def __init__(self, store: Store, until: int) -> None:
        self.store, self.until = store, until
        self.names = asyncio.run(score_names(store, "default"))

    def chosen(self, days: float, target: Target, q: str = "") -> Selection:
        """Everything, or what a filter has, of some days."""
        window = Window("default", self.until - int(days * DAY), self.until)
        return select(q, window, self.until, target)

    def figures(self, days: float, target: Target, measures: list[str], by: list[str], q: str = "") -> Any:
        """Measures by group over time."""
        return asyncio.run(breakdown(self.store, ask(self.chosen(days, target, q), measures, by)))

    def faceted(self, days: float, target: Target, names: list[str]) -> Any:
        """Facets beside a list."""
        return asyncio.run(
            facets(self.store, self.chosen(days, target), self.until, names, scores=self.names)
        )

    def chips(self, days: float) -> Any:
        """What fifty users' traces were rated."""
        users = [f"user-{n}" for n in range(50)]
        chosen = self.chosen(days, Target.TRACES)
        return asyncio.run(of_users(self.store, chosen, users, [one[0] for one in GIVEN]))


def questions(asking: Asking) -> dict[str, Callable[[float], Any]]:
    """What is asked of each stretch of time."""
    spans, traces = Target.SPANS, Target.TRACES
    fields = ["kind", "model", "env"]
    scored = [*fields, "score.helpful", "score.groundedness"]
    more = ["score.verdict", "score.resolved"]
    return {
        "count of spans": lambda d: asking.figures(d, spans, ["count"], []),
        "count of spans by model": lambda d: asking.figures(d, spans, ["count"], ["model"]),
        "mean of a trace's score over spans": lambda d: asking.figures(d, spans, ["score.helpful"], []),
        "the same by model": lambda d: asking.figures(d, spans, ["score.helpful"], ["model"]),
        "the same with model:gpt-4o*": lambda d: asking.figures(
            d, spans, ["score.helpful"], [], "model:gpt-4o*"
        ),
        "mean, median and count of a span's score by model": lambda d: asking.figures(
            d, spans, [f"score.groundedness{n}" for n in ("", ".p50", ".count")], ["model"]
        ),
        "share of a label by model": lambda d: asking.figures(d, spans, ["score.verdict:wrong"], ["model"]),
        "mean of a score over traces": lambda d: asking.figures(d, traces, ["score.helpful"], []),
        "the same by feature": lambda d: asking.figures(d, traces, ["score.helpful"], ["feature"]),
        "spans with score.groundedness<0.5": lambda d: asyncio.run(
            count(asking.store, asking.chosen(d, spans, "score.groundedness<0.5"))
        ),
        "three facets of spans": lambda d: asking.faceted(d, spans, fields),
        "with two scores": lambda d: asking.faceted(d, spans, scored),
        "with four scores": lambda d: asking.faceted(d, spans, [*scored, *more]),
        "three facets of traces": lambda d: asking.faceted(d, traces, fields),
        "of traces, with two scores": lambda d: asking.faceted(d, traces, scored),
        "of traces, with four scores": lambda d: asking.faceted(d, traces, [*scored, *more]),
        "scores of fifty users": asking.chips,
    }


def main() -> None:
    """Ask."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--days", type=float, nargs="+", default=[1, 7, 25])
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    store = Store(embedded_url(given.directory.absolute()), StoreSettings())
    scores = give(store)
    # Copies of long traces reach a little further than all others.
    spans, until, parts = store.query(
        "SELECT count(), toUnixTimestamp(toStartOfDay(quantileExact(0.995)(start_time), 'UTC')),"
        " (SELECT count() FROM system.parts WHERE active AND database = 'sightline' AND table = 'scores')"
        " FROM sightline.spans"
    ).rows[0]
    record = Record("scores", f"{spans:,} spans, {scores:,} scores of {len(GIVEN)} names in {parts} parts")
    asking = Asking(store, int(until) * 10**9)
    for label, asked in questions(asking).items():
        if given.only and given.only not in label:
            continue
        figures = [took(given.times, partial(asked, days)) for days in given.days]
        print(f"{label:55} {figures}", flush=True)
        for n, what in enumerate(("of CPU", "waited, best", "waited, median")):
            record.figures[f"{label}, ms {what}"] = [figure[n] for figure in figures]
    record.details = {"days": given.days}
    store.close()
    if not given.only:
        record.write()


if __name__ == "__main__":
    main()
