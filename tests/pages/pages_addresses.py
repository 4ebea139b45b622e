"""A sample address for every page: what the tests of access and of hostile text open.

A page that is new needs one line here; tests/pages/test_every_page.py fails until it has it. Words in braces
are those of `Places`; several addresses of one page show its tabs and states.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from urllib.parse import quote

from sightline.api.rights import RIGHTS
from sightline.query.filter.spelling import condition

SAMPLES: Mapping[str, tuple[str, ...]] = {
    "/p/{project}/traces": (
        "/p/{project}/traces",
        "/p/{project}/traces?range=15m&env={environment}",
        "/p/{project}/traces?peek={trace}",
        "/p/empty/traces?range=1h",
    ),
    "/p/{project}/": ("/p/{project}/", "/p/{project}/?range=7d&vs=-1d"),
    "/p/{project}/sessions": ("/p/{project}/sessions",),
    "/p/{project}/sessions/{session_id:path}": ("/p/{project}/sessions/{session}",),
    "/p/{project}/users": ("/p/{project}/users",),
    "/p/{project}/scores": (
        "/p/{project}/scores?range=30d",
        "/p/{project}/scores?range=30d&said=words&by=person",
        "/p/empty/scores?range=1h",
    ),
    "/p/{project}/users/{user_id:path}": ("/p/{project}/users/{user}",),
    "/p/{project}/logs": ("/p/{project}/logs", "/p/{project}/logs?q=error"),
    "/p/{project}/metrics": ("/p/{project}/metrics",),
    "/p/{project}/metrics/{name:path}": ("/p/{project}/metrics/{metric}",),
    "/p/{project}/explore": ("/p/{project}/explore", "/p/{project}/explore?by=model&q={filter}"),
    "/p/{project}/explore/sql": ("/p/{project}/explore/sql",),
    "/p/{project}/compare": ("/p/{project}/compare?a={trace}&b={trace}",),
    "/p/{project}/traces/{trace_id}": (
        "/p/{project}/traces/{trace}",
        "/p/{project}/traces/{trace}?span={span}",
        "/p/{project}/traces/{trace}?span={span}&tab=attributes",
        "/p/{project}/traces/{trace}?span={span}&tab=cost",
        "/p/{project}/traces/{trace}?span={span}&tab=scores",
        "/p/{project}/traces/{trace}?span={span}&tab=raw",
    ),
    "/p/{project}/first": ("/p/{project}/first", "/p/empty/first?with=curl"),
    "/p/{project}/senders": ("/p/{project}/senders", "/p/empty/senders?range=1h"),
    "/p/{project}/go": ("/p/{project}/go", "/p/{project}/go?to={user}", "/p/{project}/go?to=cost%3E"),
    "/settings/me": ("/settings/me",),
    "/settings/people": ("/settings/people",),
    "/settings/keys": ("/settings/keys",),
    "/settings/projects": ("/settings/projects",),
    "/settings/prices": (
        "/settings/prices?project={project}&history=1",
        "/settings/prices?project={project}&find={model}",
    ),
    "/settings/scores": ("/settings/scores?project={project}",),
    "/settings/scrape": ("/settings/scrape?project={project}",),
    "/settings/health": ("/settings/health",),
    "/settings/log": ("/settings/log",),
    "/docs": ("/docs",),
    "/docs/{operation}": ("/docs/list_traces",),
    "/docs/{operation}/try": ("/docs/list_traces/try?q={filter}",),
    "/login": ("/login",),
    "/set-password": ("/set-password?token=none",),
    "/{path:path}": ("/nowhere/at/all",),
}
# What answers GET and is no page of its own.
NO_PAGES: Mapping[str, str] = {
    "/": "leads to a project",
    "/p/{project}": "leads to its first page",
    "/traces/{trace_id}": "leads to the trace",
    "/p/{project}/suggest": "what the filter bar offers",
    "/p/{project}/traces/{trace_id}/record": "bytes as they were received",
    "/settings": "leads to the first settings",
    "/theme": "keeps a cookie and leads back",
    "/static/{name}": "styles, scripts and fonts",
    "/widget.js": "a script for pages of other sites",
    "/login/openid": "leads to the provider",
    "/login/openid/back": "comes from the provider",
}


@dataclass(frozen=True, slots=True)
class Places:
    """What an address may name, as it stands in the store."""

    project: str
    trace: str
    span: str
    session: str
    user: str
    environment: str
    model: str
    metric: str

    @property
    def filter(self) -> str:
        """A filter for the model."""
        return condition("model", self.model)


def addresses(places: Places) -> list[str]:
    """Every sample of a page that is there, filled in."""
    words = {name: quote(value, safe="") for name, value in asdict(places).items()}
    words["filter"] = quote(places.filter, safe="")
    there = [samples for path, samples in SAMPLES.items() if f"GET {path}" in RIGHTS]
    return [sample.format(**words) for samples in there for sample in samples]
