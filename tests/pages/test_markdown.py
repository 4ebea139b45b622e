"""Markdown becomes HTML that can do nothing, and says where its links lead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages_elements import Elements, assert_harmless
from pages_hostile import ALL, CORPUS, MARKDOWN

from sightline.pages.markdown import MAX_MARKDOWN, markdown, plain


def tags(text: str) -> list[str]:
    return [tag for tag, _ in Elements(markdown(text)).found]


@pytest.mark.parametrize("text", [*CORPUS, *MARKDOWN, ALL, "\n\n".join(MARKDOWN)])
def test_hostile_text_does_nothing(text: str) -> None:
    assert_harmless(markdown(text))
    assert_harmless(plain(text))


def test_what_writers_use_is_drawn() -> None:
    assert tags("**a** *b* `c` ~~d~~") == ["p", "strong", "em", "code", "s"]
    assert tags("# Title\n- one\n  1. two") == ["p", "strong", "ul", "li", "ol", "li"]
    assert tags("> said") == ["blockquote", "p"]
    assert "br" in tags("one\ntwo")
    table = markdown("| a | b |\n|:--|--:|\n| 1 | 2 |")
    assert '<div class="tw"><table>' in table and 'class="al-right"' in table and "style" not in table
    assert '<ol start="3">' in markdown("3. three")


def test_code_is_highlighted_in_its_language() -> None:
    drawn = markdown("```python\ndef f(): return 'x'\n```")
    assert '<span class="lang">python</span>' in drawn and '<span class="hk">def</span>' in drawn
    assert "<code>plain &lt;b&gt;</code>" in markdown("```\nplain <b>\n```")


def test_a_link_says_where_it_leads() -> None:
    drawn = markdown("[good.example](https://good.example@evil.example/)")
    assert '<span class="host">evil.example</span>' in drawn
    assert "host" not in markdown("<https://good.example/a>")
    mail = markdown("<a@good.example>")
    assert 'href="mailto:a@good.example"' in mail and 'rel="noopener noreferrer nofollow"' in mail


def test_links_into_these_pages_or_of_other_schemes_stay_text() -> None:
    for text in (
        "[x](/theme?to=dark)",
        "[x](?tab=raw)",
        "[x](#main)",
        "[x](javascript:alert(1))",
        "[x](a.md)",
    ):
        assert "a" not in tags(text) and text in Elements(markdown(text)).text


def test_pictures_are_links() -> None:
    drawn = markdown("![a chart](https://tracker.example/p.png)")
    assert "img" not in [tag for tag, _ in Elements(drawn).found]
    assert "Image: a chart" in drawn and "tracker.example" in drawn


def test_raw_html_is_shown() -> None:
    assert Elements(markdown("<policy>be kind</policy>")).text.strip() == "<policy>be kind</policy>"


def test_commands_hidden_in_entities_are_shown() -> None:
    drawn = Elements(markdown("a &#8238;b &#x200b; \x1b[31m")).text
    assert "[U+202E]" in drawn and "[U+200B]" in drawn and "␛[31m" in drawn


def test_long_texts_stay_text() -> None:
    assert "<strong>" not in markdown("**x** " * MAX_MARKDOWN)


MARKS = st.text(alphabet="ab[]()!<>*_`~#|-:\\\n \"'&;/=.1x", max_size=60)


@given(MARKS | st.text() | st.lists(st.sampled_from([*CORPUS, *MARKDOWN]) | MARKS, max_size=5).map("".join))
def test_any_text_is_harmless_and_keeps_its_words(text: str) -> None:
    assert_harmless(markdown(text))
    assert_harmless(plain(text))


@given(st.lists(st.text("abcdefgh", min_size=1), min_size=1, max_size=8))
def test_words_are_never_lost(words: list[str]) -> None:
    said = " ".join(words)
    for text in (
        said,
        f"# {said}",
        f"- {said}",
        f"> {said}",
        f"```\n{said}\n```",
        f"<b>{said}</b>",
        f"**{said}**",
    ):
        assert said in Elements(markdown(text)).text


def test_a_link_that_leads_nowhere_is_its_words() -> None:
    assert str(markdown("[words]() and \ufeff()")) == "<p>words and U+FEFF</p>\n"
