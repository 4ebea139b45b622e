"""Each page declares what it shows: the template asks for the context's fields, no more and no less."""

from __future__ import annotations

from dataclasses import fields

import pytest
from jinja2 import UndefinedError, meta, nodes

from sightline.pages.access_log import LogContext
from sightline.pages.account import AccountContext
from sightline.pages.api_docs import ApiDocsContext
from sightline.pages.compare import CompareContext
from sightline.pages.entrance import LoginContext, SetPasswordContext
from sightline.pages.environment import ENVIRONMENT, render
from sightline.pages.explore import ExploreContext
from sightline.pages.first import FirstContext
from sightline.pages.health import HealthContext
from sightline.pages.keys import KeysContext
from sightline.pages.logs import ListPart, LivePart, LogsContext, PanePart
from sightline.pages.metric import MetricContext
from sightline.pages.metrics import MetricsContext
from sightline.pages.overview import AttentionPart, EndsPart, OverviewContext
from sightline.pages.overview_scores import ScoresPart
from sightline.pages.palette import GoContext, PlacesContext
from sightline.pages.people import PeopleContext
from sightline.pages.prices import PricesContext
from sightline.pages.problems import ProblemContext
from sightline.pages.projects import ProjectsContext
from sightline.pages.score_settings import ScoreSettingsContext
from sightline.pages.scores import ScoresContext
from sightline.pages.scrape import ScrapeContext
from sightline.pages.senders import SendersContext
from sightline.pages.session import SessionContext
from sightline.pages.sessions import SessionsContext
from sightline.pages.sql import SqlContext
from sightline.pages.trace import TraceContext
from sightline.pages.traces import TracesContext
from sightline.pages.user import UserContext
from sightline.pages.users import UsersContext

PAGES = {
    "overview.html": OverviewContext,
    "_overview_scores.html": ScoresPart,
    "_attention.html": AttentionPart,
    "_ends.html": EndsPart,
    "explore.html": ExploreContext,
    "sql.html": SqlContext,
    "traces.html": TracesContext,
    "trace.html": TraceContext,
    "compare.html": CompareContext,
    "sessions.html": SessionsContext,
    "session.html": SessionContext,
    "senders.html": SendersContext,
    "scores.html": ScoresContext,
    "users.html": UsersContext,
    "user.html": UserContext,
    "logs.html": LogsContext,
    "metrics.html": MetricsContext,
    "metric.html": MetricContext,
    "_log_list.html": ListPart,
    "_log_live.html": LivePart,
    "_log_record.html": PanePart,
    "first.html": FirstContext,
    "score_settings.html": ScoreSettingsContext,
    "problem.html": ProblemContext,
    "login.html": LoginContext,
    "set_password.html": SetPasswordContext,
    "account.html": AccountContext,
    "people.html": PeopleContext,
    "keys.html": KeysContext,
    "projects.html": ProjectsContext,
    "api_docs.html": ApiDocsContext,
    "prices.html": PricesContext,
    "scrape.html": ScrapeContext,
    "go.html": GoContext,
    "_places.html": PlacesContext,
    "health.html": HealthContext,
    "access_log.html": LogContext,
}
# Set by a page for the frame it stands in.
FRAME = {"theme_name", "page_title"}


def own_names(tree: nodes.Template) -> set[str]:
    """Names a template makes for all of its blocks: macros, its own and those it imports."""
    made = {macro.name for macro in tree.find_all(nodes.Macro)}
    for imported in tree.find_all(nodes.FromImport):
        made |= {name if isinstance(name, str) else name[1] for name in imported.names}
    return made


def asked_for(name: str, seen: set[str] | None = None) -> set[str]:
    """Names a template and everything it extends or includes takes from outside."""
    seen = set() if seen is None else seen
    if name in seen:
        return set()
    seen.add(name)
    source, _, _ = ENVIRONMENT.loader.get_source(ENVIRONMENT, name)  # type: ignore[union-attr]
    tree = ENVIRONMENT.parse(source)
    names = meta.find_undeclared_variables(tree) - ENVIRONMENT.globals.keys() - own_names(tree)
    for other in meta.find_referenced_templates(tree):
        assert other is not None
        names |= asked_for(other, seen)
    return names


@pytest.mark.parametrize("template", PAGES)
def test_declared_and_real_context_agree(template: str) -> None:
    declared = {field.name for field in fields(PAGES[template])}
    assert asked_for(template) - FRAME == declared


def test_every_template_belongs_to_a_page() -> None:
    reached: set[str] = set()
    for page in PAGES:
        asked_for(page, reached)
    assert reached == set(ENVIRONMENT.list_templates())


def test_an_undefined_name_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        ENVIRONMENT.from_string("{{ nobody }}").render()


def test_a_context_is_a_dataclass() -> None:
    with pytest.raises(TypeError, match=r"problem\.html needs a context dataclass, not dict"):
        render("problem.html", {})


def test_foreign_text_is_escaped_and_its_commands_shown() -> None:
    template = ENVIRONMENT.from_string("{{ text }}")
    assert template.render(text="<b>\x1b[1m\u202e") == "&lt;b&gt;␛[1m[U+202E]"
