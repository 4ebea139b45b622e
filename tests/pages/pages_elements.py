"""HTML taken apart, to say what is in it."""

from __future__ import annotations

from html.parser import HTMLParser

# What may stand in a drawn message: nothing that runs, loads, submits or styles itself.
HARMLESS = frozenset(
    {
        "a", "b", "blockquote", "br", "code", "details", "div", "em", "hr", "img", "li", "ol", "p", "pre",
        "s", "small", "span", "strong", "summary", "table", "tbody", "td", "th", "thead", "tr", "ul",
    }
)  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "rel", "target", "title", "class"},
    "img": {"class", "src", "width", "height", "alt", "loading"},
    "ol": {"start", "class"},
    "details": {"class", "open"},
}


class Elements(HTMLParser):
    """Every start tag with its attributes, and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(str(text))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def assert_harmless(html: str) -> Elements:
    """Fails when something in the HTML could run, load, submit, style or mislead."""
    elements = Elements(html)
    for tag, attributes in elements.found:
        assert tag in HARMLESS, (tag, html)
        assert attributes.keys() <= ATTRIBUTES.get(tag, {"class", "dir"}), (tag, attributes)
        if tag == "a":
            assert str(attributes["href"]).startswith(("https://", "http://", "mailto:")), attributes
            assert attributes["rel"] == "noopener noreferrer nofollow", attributes
        if tag == "img":
            assert str(attributes["src"]).startswith("data:image/"), attributes
            assert "svg" not in str(attributes["src"])[:20], attributes
    for char in "\u202e\u2066\u200b\x1b\x00\x07\x9b":
        assert char not in html, hex(ord(char))
    return elements
