"""The catalog's transform steps as ClickHouse expressions over a text: '' means no answer.

`docs/formats/catalog.md` defines each step; `catalog.reference` reads the same rules in plain Python, and a
property-based test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable

from sightline.catalog.transforms import (
    DATE_SUFFIX,
    HEAVIEST,
    REDACTED,
    SECRET_QUERY,
    THRESHOLD,
    URL_HOST,
)
from sightline.catalog.values import FLOAT_TEXT
from sightline.catalog.vocabulary import Step, Words
from sightline.digest.staging import quoted as quoted  # part of the vocabulary of steps

_NUMBER = f"'^{FLOAT_TEXT.pattern}$'"


def array(items: list[str]) -> str:
    """An array literal of texts."""
    return "[" + ", ".join(quoted(item) for item in items) + "]"


def bound(x: str, make: Callable[[str], str], short: int = 100) -> str:
    """`make(x)`, where a long `x` stands once only: texts that repeat their argument would grow
    exponentially."""
    return make(x) if len(x) <= short else f"(arrayMap(v -> {make('v')}, [{x}]))[1]"


def both(a: str, b: str) -> str:
    """`a AND b`, written so that the engine's optimiser of logical chains (the dearest of its passes) has no
    work."""
    return f"if({a}, {b}, 0)"


def either(a: str, b: str) -> str:
    """`a OR b`, written like `both`."""
    return f"if({a}, 1, {b})"


def trimmed(x: str) -> str:
    """Without blanks at both ends."""
    return f"trimBoth({x})"


def number(x: str) -> str:
    """Nullable(Float64) of a numeric text, NULL for anything else."""

    def finite(v: str) -> str:
        found = f"toFloat64OrNull(trimBoth({v}))"
        return f"if(match(trimBoth({v}), {_NUMBER}), if(isFinite(ifNull({found}, 0)), {found}, NULL), NULL)"

    return bound(x, finite)


def unquoted(x: str) -> str:
    """One layer of JSON string taken off; text that is no JSON string stays."""
    return bound(
        x, lambda v: f"if(startsWith({v}, '\"'), if(isValidJSON({v}), JSONExtractString({v}), {v}), {v})"
    )


def at_path(x: str, path: tuple[str, ...]) -> str:
    """The value at a path of object keys inside JSON text: strings bare, null as ''."""
    keys = ", ".join(quoted(key) for key in path)

    def bare(v: str) -> str:
        return f"if(startsWith({v}, '\"'), JSONExtractString({v}), if({v} = 'null', '', {v}))"

    return bound(f"JSONExtractRaw({x}, {keys})", bare, 0)


def translated(x: str, words: Words) -> str:
    """The canonical word for a word of a dialect."""
    word = trimmed(x)
    other = f"if({word} IN {tuple_of(sorted(words.reject))}, '', {word})" if words.reject else word
    other = other if words.keep else "''"
    for pattern in reversed(words.patterns):
        value = quoted(pattern.value)
        if "\\" in pattern.value:
            value = (
                f"replaceRegexpOne({word}, {quoted(_whole(pattern.match.pattern))}, {quoted(pattern.value)})"
            )
        other = f"if(match({word}, {quoted(pattern.match.pattern)}), {value}, {other})"
    if words.reject and not words.keep:
        other = f"if({word} IN {tuple_of(sorted(words.reject))}, '', {other})"
    if not words.exact:
        return other
    known, meant = zip(*sorted(words.exact.items()), strict=True)
    return f"transform({word}, {array(list(known))}, {array(list(meant))}, {other})"


def translated_each(values: str, words: Words) -> str:
    """The canonical words for a list of words; those that mean nothing are left out."""
    return f"arrayFilter(v -> v != '', arrayMap(v -> {translated('v', words)}, {values}))"


def tuple_of(items: list[str]) -> str:
    """A tuple literal of texts for IN."""
    return "(" + ", ".join(quoted(item) for item in items) + ")"


def _whole(pattern: str) -> str:
    return ("" if pattern.startswith("^") else "^.*?") + pattern + ("" if pattern.endswith("$") else ".*$")


def _scaled(factor: str) -> Callable[[str, str], str]:
    def step(x: str, _argument: str) -> str:
        value = f"round({number(x)} * {factor})"
        return (
            f"if(ifNull({both(f'{value} >= 0', f'{value} < 1e18')}, 0), toString(toUInt64(ifNull({value},"
            " 0))), '')"
        )

    return step


def _inverse(x: str, _argument: str) -> str:
    value = number(x)
    return f"if(ifNull({value} > 0, 0), toString(1 / ifNull({value}, 1)), '')"


def _percent(x: str, _argument: str) -> str:
    value = number(x)
    return f"if(ifNull({value} > 0, 0), toString(ifNull({value}, 1) / 100), '')"


def weighty(value: str) -> str:
    """A number as it is when it can be a weight, else NULL."""
    return f"if(ifNull({both(f'{value} >= 1', f'{value} <= {HEAVIEST}')}, 0), {value}, NULL)"


def _weight(x: str, _argument: str) -> str:
    value = number(x)
    return f"if(ifNull({both(f'{value} >= 1', f'{value} <= {HEAVIEST}')}, 0), {x}, '')"


def _adjusted_count(x: str, _argument: str) -> str:
    digits = f"extract({x}, {quoted(THRESHOLD.pattern)})"
    threshold = f"reinterpretAsUInt64(reverse(unhex(rightPad({digits}, 14, '0'))))"
    whole = "72057594037927936"
    return f"if({digits} = '', '', toString({whole} / toFloat64({whole} - {threshold})))"


def _since_start(x: str, _argument: str) -> str:
    moment = f"parseDateTime64BestEffortOrNull({x}, 9, 'UTC')"
    delta = f"toUnixTimestamp64Nano({moment}) - toInt64(start)"
    return f"if(ifNull({delta} >= 0, 0), toString(ifNull({delta}, 0)), '')"


def _python_repr(x: str, key: str) -> str:
    return f"extract({x}, {quoted(chr(39) + key + chr(39) + ': *([0-9]+)')})"


def _strip_prefix(x: str, prefix: str) -> str:
    return f"if(startsWith({x}, {quoted(prefix)}), substring({x}, {len(prefix.encode()) + 1}), '')"


def _truth(x: str) -> str:
    return (
        f"transform({trimmed(x)}, ['true', 'True', '1', 'false', 'False', '0'], ['1', '1', '1', '0', '0',"
        " '0'], '')"
    )


def _redacted(x: str, _argument: str) -> str:
    without_user = f"replaceRegexpAll({trimmed(x)}, '://[^/?#@]*@', '://')"
    return f"replaceRegexpAll({without_user}, {quoted(SECRET_QUERY.pattern)}, '\\\\1REDACTED')"


def _usage(x: str, side: str) -> str:
    """Tokens of a usage object: a chat shape, a provider's shape with cache apart, or disjoint buckets."""
    return bound(unquoted(unquoted(x)), lambda text: _usage_of(text, side), 0)


def _usage_of(text: str, side: str) -> str:
    chat = "prompt_tokens" if side == "input" else "completion_tokens"

    def whole(raw: str) -> str:
        """A count as UInt64, NULL when it is none: an integer, or a text of one."""
        bare = lambda v: f"trimBoth(if(startsWith({v}, '\"'), JSONExtractString({v}), {v}))"  # noqa: E731
        digits = "match({v}, '^[0-9]{{1,18}}([.]0+)?$')"

        def taken(v: str) -> str:
            return f"if({digits.format(v=v)}, toUInt64OrNull(splitByChar('.', {v})[1]), NULL)"

        return bound(bound(raw, bare, 0), taken, 0)

    def count(key: str) -> str:
        return whole(f"JSONExtractRaw({text}, {quoted(key)})")

    cached = ("cache_read_input_tokens", "cache_creation_input_tokens") if side == "input" else ()
    api = " + ".join([count(f"{side}_tokens"), *(f"ifNull({count(k)}, 0)" for k in cached)])
    mine = f"p -> {either(f'p.1 = {quoted(side)}', f'startsWith(p.1, {quoted(side + chr(95))})')}"
    buckets = f"arrayFilter({mine}, JSONExtractKeysAndValuesRaw({text}))"
    known = f"arrayFilter(n -> isNotNull(n), arrayMap(p -> {whole('p.2')}, {buckets}))"
    total = bound(known, lambda v: f"if(empty({v}), NULL, arraySum(n -> ifNull(n, 0), {v}))", 0)
    return f"ifNull(toString(coalesce({count(chat)}, {api}, {total})), '')"


_STEPS: dict[str, Callable[[str, str], str]] = {
    "json2": lambda x, _: unquoted(unquoted(x)),
    "const": lambda x, a: f"if(match({x}, '[^ \\\\t\\\\r\\\\n\\\\f\\\\v]'), {quoted(a)}, '')",
    "const_if_true": lambda x, a: f"if({_truth(x)} = '1', {quoted(a)}, '')",
    "equals": lambda x, a: f"if({trimmed(x)} = {quoted(a)}, 'true', '')",
    "is": lambda x, a: f"if({trimmed(x)} = '', '', if({trimmed(x)} = {quoted(a)}, 'true', 'false'))",
    "above": lambda x, a: f"if(ifNull({number(x)} > {float(a)}, 0), 'true', '')",
    "matches": lambda x, a: f"if(match({trimmed(x)}, {quoted(a)}), 'true', '')",
    "not": lambda x, _: f"transform({_truth(x)}, ['1', '0'], ['false', 'true'], '')",
    "minus_one": lambda x, _: (
        f"if(ifNull({number(x)} >= 1, 0), toString(toInt64(ifNull({number(x)}, 1)) - 1), '')"
    ),
    "inverse": _inverse,
    "percent": _percent,
    "adjusted_count": _adjusted_count,
    "weight": _weight,
    "s_to_ns": _scaled("1e9"),
    "ms_to_ns": _scaled("1e6"),
    "iso_minus_start_ns": _since_start,
    "before_first_dot": lambda x, _: f"splitByChar('.', {trimmed(x)})[1]",
    "strip_prefix": _strip_prefix,
    "strip_python_class_repr": lambda x, _: (
        f"replaceRegexpOne({trimmed(x)}, '^<class \\'([^\\']+)\\'>$', '\\\\1')"
    ),
    "date_suffix": lambda x, _: f"extract({trimmed(x)}, {quoted(DATE_SUFFIX.pattern)})",
    "url_host": lambda x, _: f"lower(extract({trimmed(x)}, {quoted(URL_HOST.pattern)}))",
    "url_redact": _redacted,
    "python_repr": _python_repr,
    "usage": _usage,
    "not_redacted": lambda x, _: f"if({trimmed(x)} IN {tuple_of(sorted(REDACTED))}, '', {x})",
}
REMARKS = {
    "cache_included",
    "cache_excluded",
    "cache_inferred",
    "reasoning_inferred",
    "reasoning_excluded",
}


def apply(x: str, step: Step, words: dict[str, Words]) -> str:
    """The text after one step."""
    if step.name in REMARKS or step.name == "split_comma":
        return x
    if step.name == "enum":
        return bound(x, lambda v: translated(v, words[step.argument]))
    return bound(x, lambda v: _STEPS[step.name](v, step.argument))
