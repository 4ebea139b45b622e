"""A small typed client of the API."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

from sightline.client.records import (
    Count,
    Records,
    Score,
    Series,
    Session,
    Span,
    Table,
    Trace,
    TraceSummary,
    made,
    moment,
)
from sightline.client.transport import Params, Transport

R = TypeVar("R")
API = "/api/v1"
DEFAULT_URL = "http://127.0.0.1:4318"
FORMATS = {".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl", ".otlp": "otlp"}
When = str | int | datetime | None


class Client:
    """A Sightline at `url`; without one, at SIGHTLINE_URL, else on this machine. `key`: SIGHTLINE_KEY.

    `project` matters where no key says it. `since` and `until` are moments (`datetime`, ISO 8601), spans of
    time before now (`-24h`), or nanoseconds. Answers 429 and 503 are asked again as often as `retries`.
    Not shared between threads. Every method raises `ClientError`.
    """

    def __init__(
        self, url: str = "", key: str = "", *, project: str = "", seconds: float = 60.0, retries: int = 5
    ) -> None:
        url = url or os.environ.get("SIGHTLINE_URL", "") or DEFAULT_URL
        self.transport = Transport(
            url, key or os.environ.get("SIGHTLINE_KEY", ""), seconds=seconds, retries=retries
        )
        self.project = project or None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self.transport.close()

    def get(self, path: str, **params: Any) -> Any:
        """GET an operation of the API by its path below /api/v1; its JSON."""
        return self.transport.request("GET", API + path, self._params(params)).json()

    def traces(
        self, q: str = "", since: When = None, until: When = None, *, environment: str = "", sort: str = "",
        page: int = 100,
    ) -> Records[TraceSummary]:  # fmt: skip
        """Traces that match the filter, latest first, or in the order of `sort` (`-cost`, `-duration`, …)."""
        params = {
            "q": q, "since": written(since), "until": written(until), "environment": environment,
            "sort": sort,
        }  # fmt: skip
        return self._listed("/traces", "traces", TraceSummary, {**params, "limit": page})

    def spans(
        self, q: str = "", since: When = None, until: When = None, *, environment: str = "", sort: str = "",
        page: int = 500,
    ) -> Records[Span]:  # fmt: skip
        """Spans that match the filter, latest first, or in the order of `sort`."""
        params = {
            "q": q, "since": written(since), "until": written(until), "environment": environment,
            "sort": sort,
        }  # fmt: skip
        return self._listed("/spans", "spans", Span, {**params, "limit": page})

    def sessions(
        self, q: str = "", since: When = None, until: When = None, *, environment: str = "", page: int = 100
    ) -> Records[Session]:
        """Sessions with spans that match the filter, latest first."""
        params = {"q": q, "since": written(since), "until": written(until), "environment": environment}
        return self._listed("/sessions", "sessions", Session, {**params, "limit": page})

    def scores(
        self, name: str = "", since: When = None, until: When = None, *, trace_id: str = "",
        span_id: str = "", session_id: str = "", target: str = "", source: str = "", page: int = 100,
    ) -> Records[Score]:  # fmt: skip
        """Scores, latest first: of a name, a trace, a span or a session, given by a source; of all time
        unless `since` says otherwise."""
        params = {
            "name": name, "since": written(since), "until": written(until), "trace_id": trace_id,
            "span_id": span_id, "session_id": session_id, "target": target, "source": source,
        }  # fmt: skip
        given = {key: value for key, value in params.items() if value not in ("", None)}
        return self._listed("/scores", "scores", Score, {**given, "limit": page})

    def score(self, name: str, value: float | bool | None = None, **said: Any) -> str:
        """Give a score, and return its id: `score("helpful", True, trace_id=…, source="end_user")`.

        `said` are the fields of the API: `trace_id` (and `span_id`), `session_id` or `response_id`; `label`,
        `comment`, `correction`; `source`, `author`, `method`, `time`; `id`, which replaces the score of that
        id. Needs a key that may ingest.
        """
        body = {"name": name, "value": value, **said}
        given = {key: one for key, one in body.items() if one is not None}
        answer = self.transport.request(
            "POST", f"{API}/scores", self._params({}), json.dumps(given).encode(),
            {"Content-Type": "application/json"},
        ).json()  # fmt: skip
        return str(answer["scores"][0]["id"])

    def take_back(self, score_id: str) -> None:
        """Take a score back. Needs a key that may ingest."""
        path = f"{API}/scores/{quote(score_id, safe='')}"
        self.transport.request("DELETE", path, self._params({}))

    def trace(self, trace_id: str, *, details: bool = True) -> Trace:
        """One trace with all of its spans. `details`: attributes, events, links and contents' hashes too."""
        spans: list[Span] = []
        head: Mapping[str, Any] = {}
        cursor: str | None = None
        while True:
            page = self.get(f"/traces/{quote(trace_id, safe='')}", details=details, limit=2000, cursor=cursor)
            head = head or page
            spans += [made(Span, {"trace_id": page["trace_id"], **span}) for span in page["spans"]]
            cursor = page.get("next")
            if not cursor:
                break
        known = ("trace_id", "start_time", "duration_ns", "cost_usd", "spans", "next")
        began = head.get("start_time")
        return Trace(
            trace_id=head["trace_id"],
            spans=tuple(spans),
            start_time=moment(began) if isinstance(began, str) else None,
            duration_ns=head.get("duration_ns"),
            cost_usd=head.get("cost_usd"),
            more={name: value for name, value in head.items() if name not in known},
        )

    def count(
        self, q: str = "", since: When = None, until: When = None, *, target: str = "spans",
        environment: str = "",
    ) -> Count:  # fmt: skip
        """How many spans or traces (`target`) match, and how many they stand for where they were sampled."""
        document = self.get(
            "/count", q=q, since=written(since), until=written(until), target=target, environment=environment
        )
        return Count(document["count"], document["estimate"], document["margin"])

    def series(
        self,
        measure: str = "count",
        q: str = "",
        *,
        by: Sequence[str] = (),
        since: When = None,
        until: When = None,
        **more: Any,
    ) -> Series:
        """A measure over time, by up to three dimensions."""
        document = self.get(
            "/series",
            measure=measure,
            q=q,
            by=",".join(by),
            since=written(since),
            until=written(until),
            **more,
        )
        rows = document.get("rows") or document.get("series") or ()
        return Series(tuple(rows), {k: v for k, v in document.items() if k not in ("rows", "series")})

    def sql(self, query: str, **parameters: Any) -> Table:
        """One SELECT; `{name:Type}` in it is filled from `parameters`."""
        body = json.dumps({"query": query, "parameters": parameters}).encode()
        answer = self.transport.request(
            "POST", f"{API}/sql", self._params({}), body, {"content-type": "application/json"}
        ).json()
        return Table(
            tuple(answer["columns"]), tuple(answer["types"]), tuple(answer["data"]), bool(answer["truncated"])
        )

    def export(
        self,
        path: str | os.PathLike[str],
        q: str = "",
        since: When = None,
        until: When = None,
        *,
        target: str = "spans",
        format: str = "",  # noqa: A002 - the API's own word
        environment: str = "",
        content: bool = True,
    ) -> int:
        """Write what the filter chooses into a file; how many spans, traces or records there are.

        The format is that of the file's ending (.parquet, .csv, .jsonl, .otlp) when it is not said. The file
        appears under its name when it is whole. Raises Incomplete otherwise.
        """
        place = Path(path)
        chosen = format or FORMATS.get(place.suffix, "")
        if not chosen:
            raise ValueError(f"{place.name}: end the name in one of {', '.join(FORMATS)}, or say the format")
        count, pieces = self.exported(
            q, since, until, target=target, format=chosen, environment=environment, content=content
        )
        part = place.with_name(f".{place.name}.part")
        try:
            with part.open("wb") as file:
                for piece in pieces:
                    file.write(piece)
            part.replace(place)
        finally:
            with suppress(FileNotFoundError):
                part.unlink()
        return count

    def exported(
        self,
        q: str = "",
        since: When = None,
        until: When = None,
        *,
        target: str = "spans",
        format: str = "jsonl",  # noqa: A002
        environment: str = "",
        content: bool = True,
    ) -> tuple[int, Iterator[bytes]]:
        """The same as pieces of the file, as they come, and the count before them."""
        params = {
            "q": q, "since": written(since), "until": written(until), "target": target, "format": format,
            "environment": environment, "content": content,
        }  # fmt: skip
        count, pieces = self.transport.stream(
            f"{API}/export", self._params(params), header="x-sightline-count"
        )
        return int(count), pieces

    def _params(self, params: Mapping[str, Any]) -> Params:
        return {"project": self.project, **params}

    def _listed(self, path: str, name: str, kind: type[R], params: Mapping[str, Any]) -> Records[R]:
        def pages() -> Iterator[Sequence[R]]:
            cursor: str | None = None
            while True:
                document = self.get(path, **params, cursor=cursor)
                yield [made(kind, item) for item in document[name]]
                cursor = document.get("next")
                if not cursor:
                    return

        return Records(pages)


def written(when: When) -> str | int | None:
    """A moment as the API reads it; a `datetime` without a zone is in this machine's."""
    if isinstance(when, datetime):
        return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return when
