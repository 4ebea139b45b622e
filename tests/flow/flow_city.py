"""The whole application in this process, with projects that must not see each other, and who asks it."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from sightline.app import Services, application, services
from sightline.control.passwords import Passwords
from sightline.control.presented import PLAIN_COOKIE
from sightline.control.stored_sessions import Origin
from sightline.control.tokens import csrf_of
from sightline.records.access import Scope
from sightline.records.ingest import Signal, Submission
from sightline.settings import HttpSettings, JournalSettings, Settings
from sightline.testing import wait_until

S = 10**9
HOST = b"127.0.0.1:4318"
SITE = "https://app.example"
"""Whose pages may use the public keys."""
# Longer than any answer takes: what goes on then is a stream, and its beginning is looked at.
_STREAM_SECONDS = 10.0


@dataclass(frozen=True)
class Said:
    """What a project's telemetry says; each word stands for one place where texts go."""

    mark: str
    line: str = ""
    more: str = ""

    def word(self, place: str) -> str:
        """The project's own word for a place, in one line."""
        return f"{self.mark}{place}{self.line}"

    def text(self, place: str) -> str:
        """What it says at a place where people write and models answer."""
        return f"{self.word(place)}{self.more}"


@dataclass
class Answer:
    """An answer of the application. `whole`: it ended by itself."""

    status: int
    headers: dict[str, str]
    text: str
    whole: bool = True


@dataclass
class City:
    """The application, its parts, and what it takes to ask as somebody."""

    parts: Services
    app: Any
    loop: asyncio.AbstractEventLoop
    people: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def as_key(self, name: str) -> dict[str, str]:
        """The headers of a key."""
        return {"authorization": f"Bearer {self.keys[name]}"}

    def as_person(self, name: str) -> dict[str, str]:
        """The headers of a signed-in browser, with the token that changes need."""
        return {
            "cookie": f"{PLAIN_COOKIE}={self.people[name]}",
            "x-csrf-token": csrf_of(self.people[name]),
        }

    def form_token(self, name: str) -> str:
        """What a person's forms bring."""
        return csrf_of(self.people[name])

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
        body: Any = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request. A stream is left after a while."""
        return self.loop.run_until_complete(self._ask(method, path, headers, query or {}, body, form))

    async def _ask(
        self, method: str, path: str, headers: Mapping[str, str], query: Mapping[str, str], body: Any,
        form: Mapping[str, str] | None,
    ) -> Answer:  # fmt: skip
        sent = b""
        more = {}
        if body is not None:
            sent, more = json.dumps(body).encode(), {"content-type": "application/json"}
        elif form is not None:
            sent = urlencode(dict(form)).encode()
            more = {"content-type": "application/x-www-form-urlencoded"}
        all_headers = {"host": HOST.decode(), "content-length": str(len(sent)), **more, **headers}
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": quote(path).encode(),
            "query_string": urlencode(dict(query)).encode(), "http_version": "1.1", "scheme": "http",
            "headers": [(k.lower().encode(), v.encode()) for k, v in all_headers.items()],
            "client": ("127.0.0.1", 4000), "server": ("127.0.0.1", 4318), "root_path": "", "state": {},
        }  # fmt: skip
        begun: dict[str, Any] = {}
        pieces: list[bytes] = []
        left = asyncio.Event()
        messages = iter([{"type": "http.request", "body": sent, "more_body": False}])

        async def receive() -> Any:
            message = next(messages, None)
            if message is None:
                await left.wait()
                return {"type": "http.disconnect"}
            return message

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                begun.update(message)
            elif message["type"] == "http.response.body":
                pieces.append(message.get("body", b""))

        work = asyncio.ensure_future(self.app(scope, receive, send))
        await asyncio.wait({work}, timeout=_STREAM_SECONDS)
        whole = work.done()
        left.set()
        if not whole:
            work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        told = {k.decode(): v.decode() for k, v in begun.get("headers", [])}
        return Answer(begun.get("status", 0), told, b"".join(pieces).decode("utf-8", "replace"), whole)


@contextmanager
def opened(directory: Path) -> Iterator[City]:
    """A running application without ports."""
    loop = asyncio.new_event_loop()
    settings = Settings(
        data=directory / "data",
        http=HttpSettings(port=4318),
        journal=JournalSettings(segment_age=0.05),
    )
    manager = services(settings)
    parts = loop.run_until_complete(manager.__aenter__())
    parts.control.__dict__["_passwords"] = Passwords(time_cost=1, memory_kib=8)
    try:
        yield City(parts, application(parts), loop)
    finally:
        loop.run_until_complete(manager.__aexit__(None, None, None))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def settle(city: City, project: str) -> None:
    """A project with keys and people of its own: `{project} read`, `{project} reader`, …"""
    control = city.parts.control
    if not control.has_people():
        control.add_person("first@example.com")  # the first one is the server's administrator
    control.create_project(project)
    for scope in Scope:
        origins = [SITE] if scope is Scope.PUBLIC else []
        made = control.create_key(project, scope, f"{project} {scope}", origins=origins)
        city.keys[f"{project} {scope.value}"] = made[1]
    for role in ("reader", "admin"):
        control.add_person(f"{role}@{project}.example", roles={project: role})
        found = next(p for p in control.people() if p.email == f"{role}@{project}.example")
        city.people[f"{project} {role}"] = control.start_session(found, Origin("", ""), 1e6)


def send(city: City, project: str, said: Said, traces: int = 2) -> dict[str, str]:
    """Telemetry of every kind in which every text is the project's own; the ids of the first trace."""
    ids = [secrets.token_hex(16) for _ in range(traces)]
    now = time.time_ns() - 60 * S
    key = city.as_key(f"{project} ingest")
    resource = {"attributes": [_text("service.name", said.word("service")),
                               _text("deployment.environment.name", said.word("environment"))]}  # fmt: skip
    spans = [span for n, id_ in enumerate(ids) for span in _spans(id_, now + n * S, said)]
    score = [
        _text("gen_ai.evaluation.name", said.word("score")),
        _text("gen_ai.evaluation.score.label", said.word("scorelabel")),
        _text("gen_ai.evaluation.explanation", said.text("comment")),
        _text("sightline.score.correction", said.text("correction")),
        _text("sightline.score.author", said.word("author")),
    ]
    bodies = {
        "traces": {"resourceSpans": [{"resource": resource, "scopeSpans": [
            {"scope": {"name": said.word("scope")}, "spans": spans}]}]},
        "logs": {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [{
            "timeUnixNano": str(now), "severityNumber": 17, "severityText": "ERROR",
            "body": {"stringValue": f"{said.text('log')} happened"}, "traceId": ids[0], "spanId": ids[0][:16],
            "attributes": [_text(said.word("logkey"), said.word("logvalue"))]}, {
            "timeUnixNano": str(now), "eventName": "gen_ai.evaluation.result", "traceId": ids[0],
            "spanId": ids[0][:16], "attributes": score}]}]}]},
        "metrics": {"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"metrics": [{
            "name": said.word("metric"), "description": said.word("description"), "unit": "1",
            "sum": {"aggregationTemporality": 2, "isMonotonic": True, "dataPoints": [{
                "timeUnixNano": str(now), "startTimeUnixNano": str(now - S), "asInt": "7",
                "attributes": [_text(said.word("metrickey"), said.word("metricvalue"))]}]}}]}]}]},
    }  # fmt: skip
    for signal, body in bodies.items():
        answer = city.ask("POST", f"/v1/{signal}", key, body=body)
        assert answer.status == 200, answer.text
    return {"trace": ids[0], "span": ids[0][:16], "session": said.word("session"), "user": said.word("user")}


def _text(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def _spans(trace_id: str, start: int, said: Said) -> list[dict[str, Any]]:
    def message(role: str, words: str) -> str:
        return json.dumps([{"role": role, "parts": [{"type": "text", "content": words}]}])

    root = {
        "traceId": trace_id, "spanId": trace_id[:16], "name": said.word("name"), "kind": 2,
        "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + S),
        "attributes": [_text("session.id", said.word("session")), _text("user.id", said.word("user")),
                       _text(said.word("key"), said.word("value")), _text("sightline.tags", said.word("tag")),
                       _text("sightline.feature", said.word("feature"))],
        "events": [{"timeUnixNano": str(start), "name": said.word("event"),
                    "attributes": [_text("exception.message", said.text("exception"))]}],
        "status": {"code": 2, "message": said.text("message")},
    }  # fmt: skip
    call = {
        "traceId": trace_id, "spanId": trace_id[16:], "parentSpanId": trace_id[:16],
        "name": f"chat {said.word('model')}", "kind": 3,
        "startTimeUnixNano": str(start + S // 10), "endTimeUnixNano": str(start + S // 2),
        "attributes": [
            _text("gen_ai.operation.name", "chat"), _text("gen_ai.request.model", said.word("model")),
            _text("gen_ai.input.messages", message("user", f"{said.text('question')} please")),
            _text("gen_ai.output.messages", message("assistant", f"{said.text('answer')} indeed")),
            {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "12"}},
            {"key": "gen_ai.usage.output_tokens", "value": {"intValue": "34"}}],
    }  # fmt: skip
    tool = {
        "traceId": trace_id, "spanId": secrets.token_hex(8), "parentSpanId": trace_id[16:],
        "name": f"execute_tool {said.word('tool')}", "kind": 1,
        "startTimeUnixNano": str(start + S // 5), "endTimeUnixNano": str(start + S // 4),
        "attributes": [
            _text("gen_ai.operation.name", "execute_tool"), _text("gen_ai.tool.name", said.word("tool")),
            _text("gen_ai.tool.call.arguments", json.dumps({"q": said.text("argument")})),
            _text("gen_ai.tool.call.result", said.text("result"))],
    }  # fmt: skip
    return [root, call, tool]


def stored(city: City, project: str, spans: int) -> None:
    """Wait until a project's telemetry can be asked for."""

    def counts() -> bool:
        found = []
        for table in ("spans", "logs", "metrics"):
            sql = f"SELECT count() FROM sightline.{table} WHERE project = {{p:String}}"
            found.append(int(city.parts.store.query(sql, {"p": project}).scalar()))
        return found[0] == spans and found[1] > 0 and found[2] > 0

    wait_until(counts, f"the telemetry of {project}")


def quarantined(city: City, project: str) -> str:
    """A request of the project that cannot be digested; the id of its entry."""
    journal = city.parts.journal
    broken = Submission(project, Signal.TRACES, b"\x0a\xff", 1, "otlp-http", 1)
    city.loop.run_until_complete(journal.append(broken))
    [entry] = wait_until(
        lambda: [e for e in journal.quarantined() if e.project == project], "an entry in quarantine"
    )
    return str(entry.id)
