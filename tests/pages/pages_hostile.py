"""Texts that try to become markup, script, or another text."""

from __future__ import annotations

CORPUS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "<svg/onload=alert(1)>",
    "</textarea><script>alert(1)</script>",
    "</pre></main><iframe src=//evil.example>",
    "javascript:alert(1)",
    "[click](javascript:alert(1))",
    "{{ 7*7 }}{% raw %}${7*7}",
    "&lt;script&gt;&#60;script&#62;",
    '" hx-get="/theme" hx-trigger="load',
    "<a href=data:text/html,<script>alert(1)</script>>x</a>",
    "safe\u202egpj.exe\u2066x",
    "\x1b[31mred\x1b[0m\x07\x00\x9b31m",
    "<style>*{display:none}</style>",
    "<base href=//evil.example>",
    "<!--", "]]>", "\ufeff\u200b", "\U0001f469\u200d\U0001f4bb",
)  # fmt: skip
ALL = " ".join(CORPUS)
