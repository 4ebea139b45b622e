"""Takes the pictures of README and guide from a running demo.

    PYTHONPATH=src:tests/pages python tests/docs/demo_pictures.py http://127.0.0.1:4318 docs/pictures

Needs Chromium. The trace shown is the latest answer of the help desk that failed in its
reranker, the session one with several turns.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path
from urllib.parse import quote

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

# A conversation of several turns in which something failed, if there is one.
SESSION = """
select session_id
from traces
where start_time > now() - interval 1 day and session_id is not null
group by session_id
having count() between 3 and 12
order by countIf(errors > 0) > 0 desc, count() desc, max(start_time) desc
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
    """The pages that README and guide show; returns the files written."""
    program = chromium()
    if program is None:
        raise SystemExit("Chromium is needed to take pictures: apt-get install chromium")
    found = asked(address, FIND)
    session = quote(asked(address, SESSION)["session_id"], safe="")
    pages = {
        "demo-overview": "/p/default/?vs=prev",
        "demo-traces": "/p/default/traces?q=feature:support-chat",
        "demo-trace": f"/p/default/traces/{found['trace_id']}?span={found['span']}",
        "demo-session": f"/p/default/sessions/{session}?range=7d",
        "demo-logs": "/p/default/logs",
        "demo-explore": "/p/default/explore?measure=cost&measure2=duration.p95&by=model&range=7d",
    }
    written = []
    with browser(program) as opened:
        tab = opened.tab()
        tab.size(1440, 900)
        for name, path in pages.items():
            tab.open(address + path)
            tab.wait("!document.querySelector('[aria-busy=true]')")  # parts of a page come after it
            written.append(folder / f"{name}.png")
            tab.picture(written[-1])
    return written


if __name__ == "__main__":
    for path in take(sys.argv[1].rstrip("/"), Path(sys.argv[2])):
        print(path)
