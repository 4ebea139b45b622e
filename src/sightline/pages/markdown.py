"""Markdown of prompts and answers as HTML that can do nothing.

Three walls: raw HTML is text to the parser, what it makes is built from a short list of elements, and the
result is cleaned once more. Links are absolute and say where they lead; images are links too.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup

from sightline.pages.code import highlighted
from sightline.pages.foreign import REL, SCHEMES, escaped, host, lines, link, scheme
from sightline.pages.formats import shown

MAX_MARKDOWN = 40_000
_CODE = {"hc", "hs", "hn", "hk", "hf", "hi", "hd"}
_ALLOWED_CLASSES = {
    "p": {"mh"},
    "span": {*_CODE, "host", "lang"},
    "pre": {"code"},
    "th": {"al-left", "al-right", "al-center"},
    "td": {"al-left", "al-right", "al-center"},
    "div": {"tw"},
}
_TAGS = {
    "a", "blockquote", "br", "code", "div", "em", "hr", "li", "ol", "p", "pre", "s", "span", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}


def markdown(text: str) -> Markup:
    """The text as HTML. Longer texts than `MAX_MARKDOWN` stay the text they are."""
    text = lines(text)
    if len(text) > MAX_MARKDOWN:
        return plain(text)
    # Once more behind the parser, which opens entities such as &#8238;.
    made = shown(_PARSER.render(shown(text)))
    return Markup(  # noqa: S704 - cleaned on this very line
        nh3.clean(
            made,
            tags=_TAGS,
            clean_content_tags={"script", "style"},
            attributes=_ATTRIBUTES,
            allowed_classes=_ALLOWED_CLASSES,
            set_tag_attribute_values={"a": {"target": "_blank"}},
            url_schemes=set(SCHEMES),
            link_rel=REL,
            strip_comments=True,
        )
    )


def plain(text: str) -> Markup:
    """The text as it is, with its line breaks."""
    return Markup('<div class="say">{}</div>').format(escaped(lines(text)))


class _Renderer(RendererHTML):
    """What the parser found, as the elements that pages have for it."""

    def heading_open(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: Any) -> str:
        """A heading inside a message is none of the page's."""
        return '<p class="mh"><strong>'

    def heading_close(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: Any) -> str:
        """Its end."""
        return "</strong></p>\n"

    def table_open(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: Any) -> str:
        """A table scrolls sideways by itself."""
        return '<div class="tw"><table>\n'

    def table_close(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: Any) -> str:
        """Its end."""
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: Any) -> str:
        """A cell's alignment is a class."""
        return _cell(tokens[at])

    td_open = th_open

    def link_open(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: Any) -> str:
        """A link, with its whole address as title."""
        address = str(tokens[at].attrGet("href") or "")
        # `[words]()` leads nowhere: its address never came to `validateLink`.
        return Markup('<a href="{}" title="{}">').format(address, shown(address)) if address else ""

    def link_close(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: Any) -> str:
        """Its end, and where it leads unless its words say so."""
        begin = next((i for i in range(at - 1, -1, -1) if tokens[i].type == "link_open"), at)
        address = str(tokens[begin].attrGet("href") or "")
        if not address:
            return ""
        where = host(address)
        said = "".join(token.content for token in tokens[begin:at]).lower()
        told = Markup(' <span class="host">{}</span>').format(where) if where and where not in said else ""
        return f"</a>{told}"

    def image(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: Any) -> str:
        """No picture is fetched: a link says where it is."""
        address = str(tokens[at].attrGet("src") or "")
        return link(address, f"Image: {tokens[at].content or address}")

    def fence(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: Any) -> str:
        """A block of code in its language."""
        token = tokens[at]
        language = (token.info.split() or [""])[0][:30]
        named = Markup('<span class="lang">{}</span>').format(language) if language else Markup()
        return Markup('<pre class="code">{}<code>{}</code></pre>\n').format(
            named, highlighted(token.content.removesuffix("\n"), language)
        )

    def code_block(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: Any) -> str:
        """A block of code by its indentation."""
        return Markup('<pre class="code"><code>{}</code></pre>\n').format(tokens[at].content.rstrip("\n"))


def _cell(token: Token) -> str:
    style = str(token.attrGet("style") or "")
    side = next((side for side in ("left", "right", "center") if style == f"text-align:{side}"), "")
    return f'<{token.tag} class="al-{side}">' if side else f"<{token.tag}>"


def _parser() -> MarkdownIt:
    options: MutableMapping[str, Any] = {
        "html": False,
        "linkify": False,
        "typographer": False,
        "breaks": True,
    }
    parser = MarkdownIt("commonmark", options, renderer_cls=_Renderer)
    parser.enable(["table", "strikethrough"])
    parser.validateLink = lambda url: scheme(url) in SCHEMES  # type: ignore[method-assign]
    return parser


_PARSER = _parser()
