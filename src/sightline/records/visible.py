"""Foreign text on its way to a reader, on a page or in a terminal: what would act or hide becomes visible."""

from __future__ import annotations

import re

# What has no shape of its own: control characters, what reorders the text around it, spaces of no width, tags
# and fillers that carry words a model reads and a person does not.
_NO_SHAPE = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff"
)
_MARKS = "\u061c\u200e\u200f"
_JOINERS = "\u200c\u200d"
_VARIANTS = "\ufe00-\ufe0f"
_WRITTEN = f"[^\x00-\x7f{_NO_SHAPE}{_MARKS}{_JOINERS}{_VARIANTS}]"
_INVISIBLE = re.compile(
    # The flags of England, Scotland and Wales are spelled in tags.
    "(?P<flag>\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f)"
    f"|(?P<mark>[{_MARKS}])"
    # Between two letters or pictures a joiner shapes them, as in Persian and in families of emoji.
    f"|(?P<joint>(?:(?<={_WRITTEN})|(?<={_WRITTEN}[{_VARIANTS}]))[{_JOINERS}](?={_WRITTEN}))"
    f"|(?P<variant>(?<=[^\\s{_NO_SHAPE}{_MARKS}{_JOINERS}{_VARIANTS}])[{_VARIANTS}])"
    f"|[{_NO_SHAPE}{_JOINERS}{_VARIANTS}]"
)
_RIGHT_TO_LEFT = re.compile("[\u0590-\u061b\u061d-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff]")


def shown(text: str) -> str:
    """Foreign text with what is invisible in it made visible: control characters, reordering, hidden words.

    Newlines and tabs stay, and so does what shapes the letters around it. `\\x1b[31m` becomes `␛[31m`, a
    right-to-left override becomes `[U+202E]`, a space of no width `[U+200B]`.
    """
    if text.isascii() and text.isprintable():
        return text
    marks = bool(_RIGHT_TO_LEFT.search(text))

    def written(found: re.Match[str]) -> str:
        kept = found["flag"] or found["joint"] or found["variant"] or (marks and found["mark"])
        if kept:
            return str(kept)
        code = ord(found[0])
        return chr(0x2400 + code) if code < 0x20 else f"[U+{code:04X}]"

    return _INVISIBLE.sub(written, text)


_SPACES = re.compile(r"\s+")


def one_line(text: str, most: int = 0) -> str:
    """The same on one line, at most so many characters (0: all)."""
    flat = shown(_SPACES.sub(" ", text).strip())
    return flat if not most or len(flat) <= most else flat[: most - 1] + "…"
