"""Each page declares what it shows: the template asks for the context's fields, no more and no less."""

from __future__ import annotations

from dataclasses import fields

import pytest
from jinja2 import UndefinedError, meta

from sightline.pages.account import AccountContext
from sightline.pages.api_docs import ApiDocsContext
from sightline.pages.compare import CompareContext
from sightline.pages.entrance import LoginContext, SetPasswordContext
from sightline.pages.environment import ENVIRONMENT, render
from sightline.pages.first import FirstContext
from sightline.pages.keys import KeysContext
from sightline.pages.people import PeopleContext
from sightline.pages.problems import ProblemContext
from sightline.pages.projects import ProjectsContext
from sightline.pages.trace import TraceContext
from sightline.pages.traces import TracesContext

PAGES = {
    "traces.html": TracesContext,
    "trace.html": TraceContext,
    "compare.html": CompareContext,
    "first.html": FirstContext,
    "problem.html": ProblemContext,
    "login.html": LoginContext,
    "set_password.html": SetPasswordContext,
    "account.html": AccountContext,
    "people.html": PeopleContext,
    "keys.html": KeysContext,
    "projects.html": ProjectsContext,
    "api_docs.html": ApiDocsContext,
}
# Set by a page for the frame it stands in.
FRAME = {"theme_name", "page_title"}


def asked_for(name: str, seen: set[str] | None = None) -> set[str]:
    """Names a template and everything it extends or includes takes from outside."""
    seen = set() if seen is None else seen
    if name in seen:
        return set()
    seen.add(name)
    source, _, _ = ENVIRONMENT.loader.get_source(ENVIRONMENT, name)  # type: ignore[union-attr]
    tree = ENVIRONMENT.parse(source)
    names = meta.find_undeclared_variables(tree) - ENVIRONMENT.globals.keys()
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
