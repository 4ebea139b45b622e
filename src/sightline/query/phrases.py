r"""Phrases: words next to each other, in any case of letters: found in stored texts, marked in shown ones.

A word is a run of letters and digits. Between the words of a phrase, and around it, stands whatever is
neither: spaces, punctuation, line ends. `"refund policy"` is in `Refund-policy.`, not in `refunds policy`.

Stored texts are mostly JSON, so that a line end is `\n` and a letter may be `\u00e9`; both count as what
they mean. Whole words are looked up first, in the form of `searched`, which an index of the engine may hold;
what that cannot tell (the order of words, letters that are escaped) is checked on the texts it leaves.

Scripts that put no spaces between words (Chinese, Japanese, Thai) have no word ends: there a phrase is found
inside of longer runs as well.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

# Characters outside ASCII that separate words: punctuation, symbols, arrows, emoji.
_SEPARATORS = (
    (0x80, 0xBF), (0xD7, 0xD7), (0xF7, 0xF7), (0x2000, 0x2BFF), (0x3000, 0x3004), (0x3008, 0x3020),
    (0xFE00, 0xFE0F), (0xFF00, 0xFF0F), (0xFF1A, 0xFF20), (0x1F000, 0x1FAFF),
)  # fmt: skip
# Blocks of scripts that are written without spaces.
_SPACELESS = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0x2FDF), (0x3005, 0x3007),
    (0x3021, 0x30FF), (0x3100, 0x9FFF), (0xA000, 0xA4CF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF),
    (0xFF66, 0xFF9D), (0x20000, 0x3FFFF),
)  # fmt: skip
# The same where a JSON text escapes them: punctuation; scripts without spaces, and halves of emoji.
_GAP_ESCAPES = "00[0-9ab][0-9a-f]|2[0-9ab][0-9a-f]{2}|30[0-2][0-9a-f]|fe0[0-9a-f]|ff[01][0-9a-f]"
_CUT_ESCAPES = (
    "00[0-9ab][0-9a-f]|10[0-9][0-9a-f]|17[89a-f][0-9a-f]"
    "|(?:0e|2[0-9abef]|[3-9a-d][0-9a-f]|f[9aef])[0-9a-f]{2}"
)


def _re2_class(blocks: Sequence[tuple[int, int]]) -> str:
    return "".join(rf"\x{{{a:X}}}-\x{{{b:X}}}" for a, b in _merged(blocks))


def _merged(blocks: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges in order, neighbours as one."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(blocks):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def _python_class(blocks: Sequence[tuple[int, int]]) -> str:
    return "".join(f"{chr(a)}-{chr(b)}" for a, b in blocks)


# In RE2: what may stand between words, what may stand before one, and what behind.
_NO_LETTER = r"[^\p{L}\p{N}\p{M}]"
_GAP = rf"(?:\\(?:[nrt]|u(?:{_GAP_ESCAPES}))|{_NO_LETTER})"
_BEGIN = rf"(?:^|\\(?:[nrt]|u(?:{_CUT_ESCAPES}))|{_NO_LETTER}|[{_re2_class(_SPACELESS)}])"
# A backslash ends a word unless it escapes a letter.
_END = rf"(?:$|[^\p{{L}}\p{{N}}\p{{M}}\\]|\\+(?:$|[^u\\]|u(?:{_CUT_ESCAPES}))|[{_re2_class(_SPACELESS)}])"
_WILD = "\x00"
_BACKSLASH = "\\"
_MAX_RANGES = 1_000
# Words and pieces of words in one phrase: the engine compiles an expression of them.
MAX_WORDS = 64


def _marks() -> str:
    """Combining marks, which are parts of words in many scripts, as a class of Python's expressions."""
    marks = [n for n in range(0x300, 0xFF00) if unicodedata.category(chr(n))[0] == "M"]
    return _python_class(_merged([(n, n) for n in marks]))


_M = _marks()
_LETTER = rf"(?:[^\W_]|[{_M}])"
_WORDS = re.compile(rf"(?:{_LETTER}|{_WILD})+")
# In Python: the ends of words in a shown text.
_BEGINS = rf"(?<![^\W_{_python_class(_SPACELESS)}])(?<![{_M}])"
_ENDS = rf"(?![^\W_{_python_class(_SPACELESS)}])(?![{_M}])"
_BETWEEN = rf"(?:(?![{_M}])[\W_])+"


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def searched(column: str) -> str:
    """The expression whose words are looked up: the text in small letters, with a space for each separator.

    Letters that a JSON text escapes keep their number, without backslash. The text index of the store, where
    there is one, is defined on exactly this expression.
    """
    cut = rf"\\(?:[nrt]|u(?:{_CUT_ESCAPES}))|[{_re2_class((*_SEPARATORS, *_SPACELESS))}]"
    words = f"replaceRegexpAll(lowerUTF8({column}), {_literal(cut)}, ' ')"
    # In JSON within JSON the backslash is escaped itself.
    for escape in (_BACKSLASH * 2 + "u", _BACKSLASH + "u"):
        words = f"replaceAll({words}, {_literal(escape)}, 'u')"
    return words


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words to find next to each other. `words` hold pieces between wildcards; `plain` is the text as given.

    Without words (only punctuation was given) the text itself is looked for.
    """

    plain: str
    words: tuple[tuple[str, ...], ...]


def read_phrase(segments: Sequence[str]) -> Phrase:
    """The phrase of a text that is given as its pieces between wildcards."""
    text = _WILD.join(s.replace(_WILD, " ") for s in segments)
    words = [tuple(w.lower().split(_WILD)) for w in _WORDS.findall(text)]
    return Phrase("*".join(segments).strip(), tuple(w for w in words if "".join(w)))


def _spaceless(char: str) -> bool:
    return any(a <= ord(char) <= b for a, b in _SPACELESS)


def _in_pieces(char: str) -> bool:
    """Whether a character ends words where texts are searched, raw or escaped (as two halves)."""
    return _spaceless(char) or ord(char) > 0xFFFF


def _forms(char: str) -> tuple[str, ...]:
    """How a character may stand in a JSON text that is ASCII only, in both cases of letters."""
    forms = dict.fromkeys(
        json.dumps(c)[1:-1] for c in (char, char.lower(), char.upper()) if len(c) == 1 and not c.isascii()
    )
    return tuple(forms)


def _re2(piece: str) -> str:
    out = []
    for char in piece:
        escaped = re.escape(char) if char.isascii() else char
        forms = _forms(char)
        # One backslash, or several in JSON within JSON.
        escapes = [form.replace(_BACKSLASH, r"\\+") for form in forms]
        out.append(f"(?:{'|'.join([escaped, *escapes])})" if forms else escaped)
    return "".join(out)


def stored_pattern(phrase: Phrase) -> str:
    """The RE2 expression that finds the phrase in a stored text."""
    letters = r"(?:[\p{L}\p{N}\p{M}]|\\+u[0-9a-f]{4})*"
    words = [letters.join(_re2(piece) for piece in word) for word in phrase.words]
    first, last = phrase.words[0][0][:1], phrase.words[-1][-1][-1:]
    begin = "" if not first or _spaceless(first) else _BEGIN
    end = "" if not last or _spaceless(last) else _END
    return f"(?i){begin}{f'{_GAP}+'.join(words)}{end}"


@dataclass(frozen=True, slots=True)
class Lookup:
    """How a phrase is found by whole words: a text has all of `all_of`, and one of each group in `any_of`.

    `exact`: texts with these words have the phrase, nothing needs to be checked.
    """

    all_of: tuple[str, ...]
    any_of: tuple[tuple[str, ...], ...]
    exact: bool


def lookup(phrase: Phrase) -> Lookup:
    """The words of a phrase that can be looked up as they are."""
    whole = dict.fromkeys(w[0] for w in phrase.words if len(w) == 1 and not any(map(_in_pieces, w[0])))
    groups = []
    for word in whole:
        if not word.isascii():
            escaped = (
                json.dumps(form)[1:-1].replace(_BACKSLASH, "")
                for form in (word, word.capitalize(), word.upper())
            )
            groups.append(tuple(dict.fromkeys([word, *(form.lower() for form in escaped)])))
    exact = len(phrase.words) == len(whole) == 1
    return Lookup(tuple(w for w in whole if w.isascii()), tuple(groups), exact)


@cache
def _shown_pattern(phrase: Phrase) -> re.Pattern[str] | None:
    if not phrase.words:
        return re.compile(re.escape(phrase.plain), re.IGNORECASE) if phrase.plain else None
    # In any case of letters are the words only: for the classes around them that takes 30 ms to compile.
    words = [f"{_LETTER}*".join(f"(?i:{re.escape(p)})" for p in word) for word in phrase.words]
    first, last = phrase.words[0][0][:1], phrase.words[-1][-1][-1:]
    begin = _BEGINS if first and not _spaceless(first) else ""
    end = _ENDS if last and not _spaceless(last) else ""
    return re.compile(begin + _BETWEEN.join(words) + end)


def ranges(text: str, phrases: Sequence[Phrase]) -> tuple[tuple[int, int], ...]:
    """Where the phrases stand in a shown text: begin and end in characters, in order, without overlaps.

    At most 1,000; pure, so that a page marks exactly what was found.
    """
    found: list[tuple[int, int]] = []
    for phrase in phrases:
        pattern = _shown_pattern(phrase)
        for match in pattern.finditer(text) if pattern else ():
            if match.end() > match.start():
                found.append(match.span())
            if len(found) >= _MAX_RANGES:
                break
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(found):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return tuple(merged)
