"""What the documents name exists: links, settings, measures, commands; and nothing of anyone's machine."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from tests.docs.blocks import ROOT, anchors, blocks, commands, links, name, pages

from sightline.catalog.conventions import conventions
from sightline.cli import main
from sightline.measures import REGISTRY
from sightline.operations.settings_table import OTHER_VARIABLES, settings_table
from sightline.pages.snippets import snippets
from sightline.query.scrape import ScrapeSettings
from sightline.query.scrape_counters import families
from sightline.sdk.configuration import option_fields, variable

PAGES = pages()
# Variables that commands read by themselves.
VARIABLES = {"SIGHTLINE_DEMO_KEY", "SIGHTLINE_KEY", *OTHER_VARIABLES}
VARIABLES |= {"SIGHTLINE_DISABLED", "SIGHTLINE_URL", *(variable(option.name) for option in option_fields())}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name(page)} links to {link}, which does not exist"
        if anchor:
            assert anchor in anchors(target), f"{name(page)} links to {link}: no such heading"


@pytest.mark.parametrize("folder", ["docs/guide", "docs/formats", "docs/adr"])
def test_every_page_is_in_its_index(folder: str) -> None:
    index = ROOT / folder / "README.md"
    missing = {p.name for p in (ROOT / folder).glob("*.md")} - {"README.md"} - set(links(index))
    assert not missing, f"{folder}/README.md does not name {', '.join(sorted(missing))}"


def test_decisions_are_numbered_without_gaps() -> None:
    found = sorted(p.name[:4] for p in (ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert found == [f"{number:04}" for number in range(1, len(found) + 1)]


def test_every_picture_is_shown() -> None:
    shown = {
        (page.parent / link).resolve() for page in PAGES for link in links(page) if link.endswith(".png")
    }
    assert {ROOT / "docs" / "pictures" / p.name for p in shown} <= set((ROOT / "docs" / "pictures").iterdir())


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_settings_exist(page: Path) -> None:
    text = page.read_text()
    table = settings_table()
    known = {s.key for s in table}
    sections = {key.split(".")[0] for key in known if "." in key}
    named = set(re.findall(rf"`((?:{'|'.join(sections)})\.[a-z_]+)`", text))
    named -= {field.name for field in conventions().fields} | {"control.db"}
    assert named <= known
    assert set(re.findall(r"\bSIGHTLINE_[A-Z_]+[A-Z]", text)) <= {s.variable for s in table} | VARIABLES


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_measures_exist(page: Path) -> None:
    shown = [*REGISTRY.collect(), *families("shop", ScrapeSettings(), {})]
    known = {made for metric in shown for made in (metric.name, metric.name + "_total")}
    assert set(re.findall(r"`(sightline_[a-z_]+)`", page.read_text())) <= known


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The click command that these words call, and the words left."""
    found: click.Command = main
    while isinstance(found, click.Group) and words:
        if words[0] in {"--data", "--url"}:  # an option of the group, with its value
            words = words[2:]
            continue
        assert words[0] in found.commands, f"sightline has no command {words[0]}"
        found, words = found.commands[words[0]], words[1:]
    return found, words


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_and_their_flags_exist(page: Path) -> None:
    told = [c.text for c in commands(page)]
    told += re.findall(r"`(sightline(?: [a-z]+)+(?: --[a-z-]+(?: [^`\s]+)?)*)`", page.read_text())
    for text in told:
        call = re.search(
            r"(?:^|[/ ])sightline ((?:serve|demo|doctor|journal|keys|projects|backup|restore|tail|query"
            r"|export|import|report|completion)\b.*)",
            text,
        )
        if not call:
            continue
        command, words = command_of(call[1].split(" #")[0].split())
        options = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
        for flag in (word.split("=")[0] for word in words if word.startswith("--")):
            assert flag in options | {"--help"}, f"{name(page)}: sightline {call[1]}: there is no {flag}"


def test_every_command_is_in_the_guide() -> None:
    text = "".join(p.read_text() for p in PAGES)
    for command in main.commands:
        assert f"sightline {command}" in text, f"no page mentions sightline {command}"


def test_the_snippets_of_the_readme_are_those_of_the_first_page() -> None:
    """They are run as pasted in tests/pages/test_snippets.py."""
    there = {block.text for block in blocks((ROOT / "README.md").read_text())}
    for snippet in snippets("http://127.0.0.1:4318", ""):
        if snippet.name != "curl":
            assert snippet.text in there, f"README.md shows another snippet for {snippet.name}"


def test_no_page_names_this_machine() -> None:
    for page in PAGES:
        for word in ("/" + "work/", "/" + "shared/", "/home/", "/root/", "pypi" + ".org"):
            assert word not in page.read_text(), f"{name(page)} names {word}"
