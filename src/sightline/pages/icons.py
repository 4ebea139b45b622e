"""Icons as path data on a 16-pixel grid, drawn with a 1.5-pixel stroke in the current colour.

A page carries each once as a symbol and refers to it, so that a row of a large trace stays small.
"""

from __future__ import annotations


def _ring(x: float, y: float, r: float) -> str:
    return f"M{x - r:g} {y:g}a{r:g} {r:g} 0 10{2 * r:g} 0a{r:g} {r:g} 0 10{-2 * r:g} 0"


_SUN = (
    "M8 1.500v1.600M8 12.900v1.600M1.500 8h1.600M12.900 8h1.600M3.400 3.400l1.100 1.100"
    "M11.500 11.500l1.100 1.100M12.600 3.400l-1.100 1.100M4.500 11.500l-1.100 1.100"
)
ICONS: dict[str, str] = {
    # kinds of spans
    "llm": "M2.500 3h11v8H8l-3 2.500V11H2.500zM5.200 6.200h5.600M5.200 8.300h3.600",
    "embedding": _ring(4, 4, 1.6)
    + _ring(12, 5, 1.6)
    + _ring(7, 12, 1.6)
    + "M5.500 4.300l5 .5M4.600 5.500l2 5M11.200 6.400L7.900 10.700",
    "retriever": _ring(6.8, 6.8, 4) + "M9.800 9.800l3.700 3.700M5 6.800h3.600",
    "reranker": "M2.500 4h8M2.500 8h5.500M2.500 12h3M12 13V5M9.800 7.200L12 5l2.200 2.200",
    "tool": "M13.300 4.200l-2.300 2.300-1.600-.1-.1-1.600 2.300-2.300a3.600 3.600 0 00-4.700 4.400"
    "L2.600 11.200"
    "a1.500 1.500 0 002.200 2.200l4.300-4.300a3.600 3.600 0 004.200-4.900z",
    "agent": _ring(8, 5, 2.6) + "M2.800 13.500c.6-2.900 2.600-4.300 5.200-4.300s4.600 1.400 5.200 4.300",
    "chain": "M2 8h3M11 8h3M5 5h6v6H5z",
    "guardrail": "M8 1.800l5 1.800v4.200c0 3.200-2.100 5.300-5 6.400-2.900-1.100-5-3.200-5-6.400V3.600z"
    "M5.800 8l1.600 1.600 2.900-3.200",
    "prompt": "M3 2.500h10v11H3zM5.500 5.500h5M5.500 8h5M5.500 10.500h2.500",
    "http": _ring(8, 8, 5.8)
    + "M2.200 8h11.600M8 2.200c2 1.700 2.600 3.600 2.600 5.800S10 12.100 8 13.800"
    + "C6 12.100 5.400 10.200 5.400 8S6 3.900 8 2.200",
    "db": "M3 3.900c0-1 2.200-1.900 5-1.900s5 .9 5 1.900-2.200 1.900-5 1.900-5-.9-5-1.900v8.200"
    "c0 1 2.200 1.900 5 1.900"
    "s5-.9 5-1.900V3.900M3 8c0 1 2.200 1.900 5 1.900s5-.9 5-1.900",
    "messaging": "M2.500 4h11v8h-11zM2.500 4.500L8 8.800l5.500-4.300",
    "other": _ring(8, 8, 2.5),
    # the frame
    "menu": "M2.500 4.500h11M2.500 8h11M2.500 11.500h11",
    "find": _ring(6.8, 6.8, 4.2) + "M9.900 9.900l3.600 3.600",
    "chevron": "M4 6l4 4 4-4",
    "search": _ring(6.8, 6.8, 4) + "M9.800 9.800l3.700 3.700",
    "clock": _ring(8, 8, 5.8) + "M8 4.800V8l2.200 1.500",
    "refresh": "M3 8a5 5 0 105-5H4.500M6.500 1L4.300 3l2.200 2",
    "theme": _ring(8, 8, 2.8) + _SUN,
    "overview": "M3 13V8M6.300 13V4M9.700 13V6.500M13 13V2.500",
    "explore": "M2 13h12M2.500 10.500l3.500-4 3 2.500L13.500 4",
    "traces": "M2 3.500h7M4.500 8h6M8 12.500h6",
    "logs": "M2.500 3.500h1M6 3.500h7.500M2.500 8h1M6 8h7.500M2.500 12.500h1M6 12.500h5",
    "metrics": "M2.500 2.500v11h11M4.800 10.500l2.700-3.500 2.300 2 3.200-4.500",
    "sessions": "M2 2.500h8.500v6H6L3.500 10.700V8.500H2zM12.500 5.500H14v6h-1.500v2.200l-2.500-2.200H7",
    "users": _ring(6, 5.4, 2.4) + "M1.500 13.300c.4-2.800 2.100-4.100 4.500-4.100s4.100 1.300 4.500 4.100"
    "M10.200 3.200a2.400 2.400 0 010 4.400M12 9.600c1.400.600 2.200 1.900 2.500 3.700",
    # A star.
    "scores": "M8 2l1.800 3.800 4.200.5-3.100 2.900.8 4.100L8 11.300l-3.700 2 .8-4.100L2 6.300l4.200-.5z",
    "first": "M8 2.500v7M5 6.800l3 3 3-3M2.500 11v2.500h11V11",
    "settings": "M2 4.500h5M11 4.500h3M2 11.500h3M9 11.500h5" + _ring(9, 4.5, 2) + _ring(7, 11.5, 2),
    "person": _ring(8, 5.2, 2.7) + "M2.800 13.800c.5-3 2.500-4.500 5.200-4.500s4.700 1.500 5.200 4.500",
    "out": "M6.500 2.500h-4v11h4M10 5l3 3-3 3M13 8H6",
    "copy": "M5.500 5.500h8v8h-8zM10.500 5.500v-3h-8v8h3",
    "error": "M5.300 1.800h5.400l3.500 3.500v5.400l-3.500 3.500H5.300l-3.500-3.500V5.300zM8 4.800v4M8 11v.4",
    "warning": "M8 2.200L14.300 13.300H1.700zM8 6.500v3.500M8 11.600v.3",
    "check": "M3.500 8.500l3 3 6-7",
    "minus": "M3.500 8h9",
    "cross": "M4 4l8 8M12 4l-8 8",
    "up": "M8 13V3M4 7l4-4 4 4",
    "down": "M8 3v10M4 9l4 4 4-4",
    "missing": _ring(8, 8, 6.2) + "M6.200 6.300a1.900 1.900 0 112.800 1.600c-.7.400-1 .8-1 1.500M8 11.400v.3",
}
# Kinds that share another's picture and colour.
_LIKE = {"workflow": "chain", "task": "chain", "evaluator": "guardrail"}
_COLOURED = frozenset(
    ("llm", "embedding", "retriever", "reranker", "tool", "agent", "chain", "guardrail", "prompt")
)


def icon_of(kind: str) -> str:
    """The icon's name for a span kind; an unknown kind has the quiet dot."""
    kind = _LIKE.get(kind, kind)
    return kind if kind in ICONS else "other"


def colour_of(kind: str) -> str:
    """The suffix of `.f-…` and `.c-…` for a span kind; transport, storage and the rest share one."""
    kind = _LIKE.get(kind, kind)
    return kind if kind in _COLOURED else "http"
