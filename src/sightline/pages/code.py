"""Program code with its kinds of words told apart by classes: no style, no script.

Only languages of the table are read, and never longer than a bound: lexers are regular expressions, and some
take their time over hostile text.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from markupsafe import Markup
from pygments.lexers import get_lexer_by_name
from pygments.token import Token, _TokenType

from sightline.pages.foreign import escaped

MAX_CODE = 10_000
MAX_LINE = 1_000
# What a fence may be called, and the lexer that reads it.
LANGUAGES: Mapping[str, str] = {
    "bash": "bash", "sh": "bash", "shell": "bash", "zsh": "bash", "css": "css", "diff": "diff",
    "patch": "diff", "docker": "docker", "dockerfile": "docker", "go": "go", "golang": "go", "html": "html",
    "ini": "ini", "javascript": "javascript", "js": "javascript", "jsx": "javascript", "json": "json",
    "jsonc": "json", "kotlin": "kotlin", "lua": "lua", "php": "php", "py": "python", "python": "python",
    "python3": "python", "r": "r", "rb": "ruby", "ruby": "ruby", "rs": "rust", "rust": "rust", "sql": "sql",
    "postgresql": "sql", "swift": "swift", "toml": "toml", "ts": "typescript", "tsx": "typescript",
    "typescript": "typescript", "xml": "xml", "svg": "xml", "yaml": "yaml", "yml": "yaml",
    # Their own lexers take seconds over a page of blank lines; this one knows most of their words.
    "c": "javascript", "h": "javascript", "cpp": "javascript", "c++": "javascript", "cs": "javascript",
    "csharp": "javascript", "java": "javascript",
}  # fmt: skip
# The first of these that a token is of gives its class.
_CLASSES: tuple[tuple[_TokenType, str], ...] = (
    (Token.Comment, "hc"),
    (Token.Literal.String, "hs"),
    (Token.Literal.Number, "hn"),
    (Token.Keyword, "hk"),
    (Token.Operator.Word, "hk"),
    (Token.Name.Tag, "hk"),
    (Token.Name.Function, "hf"),
    (Token.Name.Class, "hf"),
    (Token.Generic.Inserted, "hi"),
    (Token.Generic.Deleted, "hd"),
    (Token.Generic.Heading, "hk"),
    (Token.Generic.Subheading, "hk"),
)


def highlighted(code: str, language: str) -> Markup:
    """The code as HTML; merely escaped when the language is not known or the code is long."""
    name = LANGUAGES.get(language.strip().lower())
    if name is None or len(code) > MAX_CODE or max(map(len, code.split("\n"))) > MAX_LINE:
        return escaped(code)
    lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
    pieces = ((_class(kind), words) for kind, words in lexer.get_tokens(code))
    out: list[Markup] = []
    for css, together in groupby(pieces, key=lambda piece: piece[0]):
        words = escaped("".join(said for _, said in together))
        out.append(Markup('<span class="{}">{}</span>').format(css, words) if css else words)
    return Markup("").join(out)


def _class(kind: _TokenType) -> str:
    """The class of a kind of token, by its name or those of the kinds above it."""
    for of, css in _CLASSES:
        if kind[: len(of)] == of:
            return css
    return ""
