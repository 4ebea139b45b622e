"""Takes the README's pictures from a running demo.

    PYTHONPATH=src:tests/pages python tests/docs/demo_pictures.py http://127.0.0.1:4318 docs/pictures

Needs Chromium. The trace shown is the latest answer of the help desk that failed in its reranker.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path

from pages_browser import browser, chromium

# A help desk's answer with a retrieval, so that the picture has many kinds of spans; failed ones first.
FIND = """
select trace_id, argMaxIf(span_id, start_time, kind = 'llm') as span
from spans
where start_time > now() - interval 6 hour
group by trace_id
having countIf(kind = 'reranker') > 0 and countIf(kind = 'llm') > 1
order by countIf(status = 'error') > 0 desc, min(start_time) desc
limit 1
"""


def asked(address: str, query: str) -> dict[str, str]:
    """The first row of a query's answer."""
    body = json.dumps({"query": query}).encode()
    request = urllib.request.Request(f"{address}/api/v1/sql", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        row: dict[str, str] = json.load(answer)["data"][0]
    return row


def take(address: str, folder: Path) -> list[Path]:
    """The list of traces and one trace; returns the files written."""
    program = chromium()
    if program is None:
        raise SystemExit("Chromium is needed to take pictures: apt-get install chromium")
    found = asked(address, FIND)
    pages = {
        "demo-traces": "/p/default/traces",
        "demo-trace": f"/p/default/traces/{found['trace_id']}?span={found['span']}",
    }
    written = []
    with browser(program) as opened:
        tab = opened.tab()
        tab.size(1440, 900)
        for name, path in pages.items():
            tab.open(address + path)
            written.append(folder / f"{name}.png")
            tab.picture(written[-1])
    return written


if __name__ == "__main__":
    for path in take(sys.argv[1].rstrip("/"), Path(sys.argv[2])):
        print(path)
