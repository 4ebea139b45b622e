"""How to ask every route for what belongs to another project.

A new route needs its line here. `{trace}`, `{span}`, `{session}`, `{user}`, `{hash}`, `{price}`, `{entry}`,
`{key}`, `{person}`, `{traces_cursor}`, `{spans_cursor}` are the other project's; `{project}` is the one that
is asked for. Write more asks where a parameter could name something of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

THEIRS = "project:{other}"


@dataclass(frozen=True, slots=True)
class Ask:
    """One way to ask a route. `shows`: the other project's own people see something of theirs there, so that
    it is known to look where there is something to see."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    form: Mapping[str, str] | None = None
    shows: bool = False


def _queries(*texts: str, **more: str) -> tuple[Ask, ...]:
    return tuple(Ask(query={"q": text, **more}, shows=not text) for text in texts)


_FILTERS = ("", THEIRS, "session:{session} or user:{user} or trace_id:{trace}", "{word}", '-"nothing"')
_SELECTS = (
    "SELECT * FROM spans",
    "SELECT * FROM traces",
    "SELECT * FROM content",
    "SELECT * FROM logs",
    "SELECT * FROM metrics",
    "SELECT * FROM scores",
)
_CLEVER = (
    "SELECT * FROM spans WHERE project = '{other}' OR trace_id = '{trace}'",
    "SELECT * FROM sightline.spans",
    "SELECT dictGet('sightline.content_texts', 'body', ('{other}', unhex('{hash}')))",
    "SELECT * FROM system.tables",
    "SELECT name, attributes FROM spans UNION ALL SELECT body, body FROM content",
    "SELECT (SELECT groupArray(name) FROM spans) AS names",
)
_WORDS = {"user": "{other}", "default_format": "JSONEachRow"}

SAMPLES: Mapping[str, tuple[Ask, ...]] = {
    # API
    "POST /api/v1/sql": (
        *(Ask(body={"query": text}, shows=True) for text in _SELECTS),
        *(Ask(body={"query": text}) for text in _CLEVER),
    ),
    "GET /api/v1/traces": (
        *_queries(*_FILTERS),
        Ask(query={"cursor": "{traces_cursor}"}, shows=True),
        Ask(query={"environment": "{environment}", "sort": "-cost"}, shows=True),
    ),
    "GET /api/v1/spans": (*_queries(*_FILTERS), Ask(query={"cursor": "{spans_cursor}"}, shows=True)),
    "GET /api/v1/traces/{trace_id}": (Ask({"trace_id": "{trace}"}, shows=True),),
    "GET /api/v1/count": _queries("project:{other}", "{word}", "trace_id:{trace}"),
    "GET /api/v1/series": (
        *_queries(*_FILTERS, by="model,user,attr.{attribute}"),
        Ask(query={"by": "session", "target": "traces", "vs": "prev"}, shows=True),
    ),
    "GET /api/v1/fields": (Ask(shows=True),),
    "GET /api/v1/facets": _queries(*_FILTERS, names="model,user,session,name,tags,attr.{attribute}"),
    "GET /api/v1/facets/{name:path}": (
        *(Ask({"name": name}, shows=True) for name in ("model", "user", "env", "attr.{attribute}")),
        Ask({"name": "name"}, {"beginning": "{mark}"}, shows=True),
    ),
    "GET /api/v1/suggest": (
        *_queries("model:", "session:{mark}", "{mark}"),
        Ask(query={"q": "user:"}, shows=True),
        Ask(query={"q": "attr."}, shows=True),
    ),
    "GET /api/v1/search": (
        Ask(query={"q": '"{word} please"'}, shows=True),
        *_queries("project:{other}", "trace_id:{trace}"),
    ),
    "GET /api/v1/content/{hash}": (Ask({"hash": "{hash}"}, shows=True),),
    "GET /api/v1/export": tuple(
        Ask(query={"format": form, "target": target, "q": text}, shows=not text)
        for form in ("jsonl", "csv", "otlp")
        for target in ("spans", "traces")
        for text in ("", "trace_id:{trace}")
    ),
    "GET /api/v1/sessions": _queries(*_FILTERS),
    "GET /api/v1/sessions/{session_id:path}": (Ask({"session_id": "{session}"}, shows=True),),
    "GET /api/v1/users": _queries(*_FILTERS),
    "GET /api/v1/logs": (
        Ask(shows=True),
        Ask(query={"q": "trace_id:{trace}"}),
        Ask(query={"trace_id": "{trace}"}),
    ),
    "GET /api/v1/metrics": (Ask(shows=True),),
    "GET /api/v1/metrics/{name:path}": (Ask({"name": "{metric}"}, {"by": "{metrickey}"}),),
    "GET /api/v1/views": (Ask(), Ask(query={"page": "traces"})),
    "POST /api/v1/views": (Ask(body={"name": "mine", "page": "traces", "query": "q=session:{session}"}),),
    "DELETE /api/v1/views/{view_id}": (Ask({"view_id": "{view}"}),),
    "GET /api/v1/scores": (
        Ask(shows=True),
        Ask(query={"trace_id": "{trace}"}),
        Ask(query={"session_id": "{session}"}),
    ),
    "POST /api/v1/scores": (
        # Without a value: what is kept would stand in one's own logs, with the ids one gave oneself.
        Ask(body={"name": "helpful", "trace_id": "{trace}"}),
        Ask(body={"name": "helpful", "session_id": "{session}"}),
        Ask(body={"name": "helpful", "response_id": "{trace}"}),
    ),
    "DELETE /api/v1/scores/{score_id:path}": (Ask({"score_id": "none"}),),
    "GET /api/v1/score-definitions": (Ask(),),
    "PUT /api/v1/score-definitions/{name:path}": (Ask({"name": "helpful"}, body={"data_type": "numeric"}),),
    "GET /api/v1/projects": (Ask(),),
    "POST /api/v1/projects": (Ask(body={"name": "{other}"}),),
    "GET /api/v1/keys": (Ask(shows=True),),
    "POST /api/v1/keys": (Ask(body={"scope": "read"}),),
    "PATCH /api/v1/keys/{key_id}": (Ask({"key_id": "{key}"}, body={"label": "mine"}),),
    "DELETE /api/v1/keys/{key_id}": (Ask({"key_id": "{key}"}),),
    "GET /api/v1/prices": (Ask(query={"history": "true"}, shows=True),),
    "PUT /api/v1/prices": (Ask(body={"prices": []}),),
    "DELETE /api/v1/prices/{version}": (Ask({"version": "{price}"}),),
    "GET /api/v1/senders": (Ask(shows=True),),
    "GET /api/v1/quarantine": (Ask(),),
    "POST /api/v1/quarantine/{entry_id}/requeue": (Ask({"entry_id": "{entry}"}),),
    "POST /api/v1/quarantine/{entry_id}/discard": (Ask({"entry_id": "{entry}"}),),
    "POST /api/v1/backup": (Ask(body={"directory": "/backups/of-others"}),),
    "GET /api/v1/health": (Ask(),),
    "GET /api/v1/scrape": (Ask(),),
    "GET /api/v1/scrape/settings": (Ask(),),
    "PUT /api/v1/scrape/settings": (Ask(body={"labels": ["model"]}),),
    # ClickHouse's protocol
    **{
        f"{method} /clickhouse{end}": tuple(
            Ask(
                query={"query": text, "user": "{other}", "default_format": "JSONEachRow"},
                shows=text in _SELECTS,
            )
            for text in (*_SELECTS, *_CLEVER)
        )
        for method in ("GET", "POST")
        for end in ("", "/")
    },
    # pages
    "GET /": (Ask(),),
    "GET /traces/{trace_id}": (Ask({"trace_id": "{trace}"}),),
    "GET /p/{project}": (Ask(),),
    "GET /p/{project}/": (
        Ask(query={"parts": "all"}, shows=True),
        Ask(query={"parts": "all", "vs": "prev", "env": "{environment}"}),
    ),
    "GET /p/{project}/explore": (
        *_queries(*_FILTERS, by="model,user,attr.{attribute}"),
        Ask(query={"by": "session", "of": "traces", "vs": "prev"}, shows=True),
        Ask(query={"by": "{attribute}", "measure": "{mark}", "q": "{word} ("}),
    ),
    "GET /p/{project}/explore/sql": (
        *(Ask(query={"sql": text}, shows=True) for text in _SELECTS),
        *(Ask(query={"sql": text}) for text in _CLEVER),
        Ask(query={"sql": _SELECTS[0], "format": "csv"}, shows=True),
    ),
    "GET /p/{project}/traces": (
        Ask(shows=True),
        Ask(query={"q": "session:{session}"}),
        Ask(query={"cur": "{trace}", "env": "{environment}"}),
        Ask(query={"cursor": "{traces_cursor}"}),
    ),
    "GET /p/{project}/traces/{trace_id}": (
        Ask({"trace_id": "{trace}"}, shows=True),
        Ask({"trace_id": "{trace}"}, {"span": "{call}", "tab": "messages"}, shows=True),
    ),
    "GET /p/{project}/traces/{trace_id}/record": (Ask({"trace_id": "{trace}"}, {"span": "{call}"}),),
    "GET /p/{project}/first": (Ask(),),
    "GET /p/{project}/compare": (
        Ask(query={"a": "{trace}", "b": "{trace}"}, shows=True),
        Ask(query={"a": "{trace}"}),
    ),
    "GET /p/{project}/senders": (Ask(shows=True),),
    "GET /p/{project}/go": (
        Ask(query={"to": "{trace}"}),
        Ask(query={"to": "{session}"}, shows=True),
        Ask(query={"to": "{user}"}, shows=True),
        Ask(query={"to": "project:{other}"}),
    ),
    "GET /p/{project}/suggest": (
        Ask(query={"q": "user:", "at": "5"}),
        Ask(query={"q": "attr.", "at": "5"}),
        Ask(query={"q": "{mark}"}),
    ),
    "GET /p/{project}/sessions": (Ask(shows=True), *_queries("session:{session}", "project:{other}")),
    "GET /p/{project}/sessions/{session_id:path}": (Ask({"session_id": "{session}"}, shows=True),),
    "GET /p/{project}/users": (Ask(shows=True), *_queries("user:{user}", "project:{other}")),
    "GET /p/{project}/users/{user_id:path}": (Ask({"user_id": "{user}"}, shows=True),),
    "GET /p/{project}/logs": (Ask(shows=True), *_queries("trace_id:{trace}", "project:{other}")),
    "GET /p/{project}/metrics": (Ask(shows=True), *_queries("project:{other}")),
    "GET /p/{project}/metrics/{name:path}": (Ask({"name": "{metric}"}, {"by": "{metrickey}"}, shows=True),),
    "POST /p/{project}/scores-of-several": (Ask(form={"name": "x", "sel": "{trace}"}),),
    "POST /p/{project}/scores-of-several/undo": (Ask(form={"batch": "{trace}", "count": "2"}),),
    "GET /p/{project}/scores": (
        Ask(shows=True),
        *(
            Ask(query={"trace": "{trace}"}),
            Ask(query={"session": "{session}"}),
            Ask(query={"name": "{word}"}),
        ),
    ),
    "POST /p/{project}/scores": (
        Ask(form={"name": "x", "trace_id": "{trace}", "back": "/p/{other}/traces/{trace}"}),
    ),
    "POST /p/{project}/scores/{score_id:path}/take-back": (Ask({"score_id": "{trace}"}, form={}),),
    "POST /p/{project}/scores/{score_id:path}/undo": (Ask({"score_id": "{trace}"}, form={}),),
    "POST /p/{project}/views": (
        Ask(form={"name": "mine", "page": "traces", "query": "q=session:{session}"}),
    ),
    "POST /p/{project}/views/{view}/rename": (Ask({"view": "{view}"}, form={"name": "theirs"}),),
    "POST /p/{project}/views/{view}/share": (Ask({"view": "{view}"}, form={"shared": "yes"}),),
    "POST /p/{project}/views/{view}/delete": (Ask({"view": "{view}"}, form={}),),
    "GET /docs": (Ask(),),
    "GET /docs/{operation}": (Ask({"operation": "list_traces"}), Ask({"operation": "{other}"})),
    "GET /docs/{operation}/try": (Ask({"operation": "one_trace"}, {"trace_id": "{trace}"}),),
    # settings
    "GET /settings": (Ask(),),
    "GET /settings/me": (Ask(),),
    "GET /settings/people": (Ask(query={"project": "{project}", "person": "{person}"}),),
    "POST /settings/people": (
        Ask(form={"email": "new@example.com", "role": "admin", "project": "{project}"}),
    ),
    "POST /settings/people/{person}/role": (
        Ask({"person": "{person}"}, form={"role": "admin", "project": "{project}"}),
    ),
    "POST /settings/people/{person}/link": (Ask({"person": "{person}"}, form={"project": "{project}"}),),
    "POST /settings/people/{person}/sessions": (Ask({"person": "{person}"}, form={}),),
    "POST /settings/people/{person}/server-admin": (Ask({"person": "{person}"}, form={"value": "yes"}),),
    "POST /settings/people/{person}/remove": (Ask({"person": "{person}"}, form={}),),
    "GET /settings/keys": (Ask(query={"project": "{project}"}, shows=True),),
    "POST /settings/keys": (Ask(form={"scope": "read", "project": "{project}"}),),
    "POST /settings/keys/{key}/change": (
        Ask({"key": "{key}"}, form={"project": "{project}", "origins": "https://mine.example"}),
    ),
    "POST /settings/keys/{key}/revoke": (Ask({"key": "{key}"}, form={"project": "{project}"}),),
    "GET /settings/projects": (Ask(query={"project": "{project}"}),),
    "POST /settings/projects": (Ask(form={"name": "{other}"}),),
    "POST /settings/projects/{project}/periods": (Ask(form={"retention": "1", "content": "1"}),),
    "POST /settings/projects/{project}/environment": (
        Ask(form={"environment": "{environment}", "description": "mine"}),
    ),
    "GET /settings/scores": (Ask(query={"project": "{project}"}),),
    "POST /settings/scores": (
        Ask(form={"project": "{project}", "name": "helpful", "data_type": "numeric"}),
        Ask(form={"project": "{other}", "name": "helpful", "data_type": "numeric"}),
    ),
    "POST /settings/scores/archive": (Ask(form={"project": "{other}", "name": "helpful"}),),
    "GET /settings/prices": (Ask(query={"project": "{project}"}, shows=True),),
    "POST /settings/prices": (
        Ask(form={"project": "{project}", "model": "b", "valid_from": "2026-11-01", "rate_input": "1"}),
    ),
    "POST /settings/prices/{version}/withdraw": (Ask({"version": "{price}"}, form={"project": "{project}"}),),
    "GET /settings/scrape": (Ask(query={"project": "{project}"}),),
    "POST /settings/scrape": (Ask(form={"project": "{project}", "kind_llm": "yes", "sets": "9"}),),
    "GET /settings/health": (Ask(query={"project": "{project}"}),),
    "POST /settings/health/quarantine/{entry}/requeue": (
        Ask({"entry": "{entry}"}, form={"project": "{project}"}),
    ),
    "POST /settings/health/quarantine/{entry}/discard": (
        Ask({"entry": "{entry}"}, form={"project": "{project}"}),
    ),
    "GET /settings/log": (Ask(query={"project": "{project}"}),),
    # whatever has no address
    "GET /{path:path}": (Ask({"path": "p/{other}/nothing/{trace}"}),),
    "GET /api": (Ask(),),
    "GET /api/{rest:path}": (Ask({"rest": "v1/nothing/{trace}"}),),
}

# Routes that hold nothing of any project, each with the reason.
WITHOUT: Mapping[str, str] = {
    "POST /v1/traces": "takes telemetry; test_wire_isolation.py has it",
    "POST /api/public/otel/v1/traces": "is POST /v1/traces under another name",
    "POST /otel/v1/traces": "is POST /v1/traces under another name",
    "POST /api/public/scores": "takes telemetry into the key's project, as POST /v1/logs does",
    "POST /v1/logs": "takes telemetry; test_wire_isolation.py has it",
    "POST /v1/metrics": "takes telemetry; test_wire_isolation.py has it",
    "GET /healthz": "is about the process",
    "GET /readyz": "is about the process",
    "GET /metrics": "is about the process",
    "GET /api/v1/openapi.json": "is the same for everyone",
    "GET /clickhouse/ping": "is the same for everyone",
    "GET /theme": "keeps a cookie",
    "GET /static/{name}": "is the same for everyone",
    "GET /widget.js": "is the same for everyone",
    "GET /login": "is asked by nobody known",
    "POST /login": "is asked by nobody known",
    "GET /login/openid": "is asked by nobody known",
    "GET /login/openid/back": "is asked by nobody known",
    "POST /logout": "ends the session that asks",
    "GET /set-password": "is asked by nobody known",
    "POST /set-password": "is asked by nobody known",
    "POST /settings/me/password": "is about the one who asks",
    "POST /settings/me/sessions": "is about the one who asks",
}
