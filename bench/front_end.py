"""How long the largest pages take a browser on a slow machine, and what they weigh on the way.

    python bench/front_end.py [--spans 30000] [--slower 4] [--rounds 3]

A server of its own gets a help desk of 2,000 requests and one trace with many spans; Chromium opens pages
with its processor slowed down. Figures are from the start of the navigation, as the browser itself measures
them: `painted` is the largest paint, `usable` the end of the last task of more than 50 ms within 1.5 s after
loading, or the end of loading where none came later. Needs Chromium and the built front end.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from record import ROOT, Record
from running import fresh_server

sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests" / "pages")]

import pages_story as story  # noqa: E402
from pages_browser import Tab, browser, chromium  # noqa: E402

from sightline.settings import StoreSettings  # noqa: E402
from sightline.store import schema  # noqa: E402
from sightline.store.store import Store, embedded_url  # noqa: E402

LARGE = story.trace_id(31_337)
WATCH = """
window.slow = 0; window.largest = 0;
new PerformanceObserver((list) => { for (const one of list.getEntries())
  window.slow = Math.max(window.slow, one.startTime + one.duration);
}).observe({type: 'longtask', buffered: true});
new PerformanceObserver((list) => { for (const one of list.getEntries())
  window.largest = one.startTime; }).observe({type: 'largest-contentful-paint', buffered: true});
"""
MEASURED = """
new Promise((done) => requestAnimationFrame(() => setTimeout(() => {
  const at = performance.getEntriesByType('navigation')[0];
  done({server: at.responseEnd, painted: window.largest, loaded: at.loadEventEnd,
        usable: Math.max(window.slow, at.loadEventEnd), nodes: document.querySelectorAll('*').length});
}, 1500)))
"""


def fill(data: Path, spans: int) -> None:
    """Write the help desk and the large trace into an empty directory."""
    store = Store(embedded_url(data), StoreSettings())
    writer = store.writer()
    try:
        schema.migrate(writer)
        for first in range(0, 2_000, 500):
            told = story.Told()
            for number in range(first, first + 500):
                story.request(told, number, story.NOW - (20 + number * 40) * story.S, failing=number % 7 == 4)
            story.store(told, writer)
        told = story.Told()
        start = story.NOW - 900 * story.S
        told.span(LARGE, 1, None, "research run", "agent", start, 600 * story.S, 0, service="research")
        for number in range(2, spans + 1):
            parent = 1 if number < 202 else 2 + (number - 202) % 200
            begins = start + number * (590 * story.S // spans)
            kind = "llm" if number < 202 else "tool"
            told.span(
                LARGE, number, parent, f"{kind} {number % 12}", kind, begins, 400 * story.MS,
                1 if parent == 1 else 2, status="error" if number % 997 == 0 else "ok",
            )  # fmt: skip
        story.store(told, writer)
    finally:
        writer.close()
        store.close()


def opened(tab: Tab, address: str) -> dict[str, float]:
    """One visit with an empty cache."""
    tab.weights.clear()
    tab.open(address)
    found: dict[str, Any] = tab.run(MEASURED)
    built = tab.weights.get("Script", 0) + tab.weights.get("Stylesheet", 0)
    return {**found, "built": built, "fonts": tab.weights.get("Font", 0), "page": tab.weights["Document"]}


def main() -> None:
    """Fill, serve, visit, record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=30_000)
    parser.add_argument("--slower", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    program = chromium()
    if program is None:
        raise SystemExit("Chromium is needed: apt-get install chromium")
    workload = (
        f"2,000 help desk requests and a trace of {chosen.spans:,} spans; processor {chosen.slower:g}x slower"
    )
    record = Record("front_end", workload)
    day = "range=2026-11-19T14:32Z..2026-11-20T14:33Z"
    pages = {
        "traces": f"/p/default/traces?{day}",
        "trace": f"/p/default/traces/{story.trace_id(4)}",
        "large trace": f"/p/default/traces/{LARGE}",
        "health": "/settings/health",
    }
    with tempfile.TemporaryDirectory() as directory:
        data = Path(directory) / "data"
        data.mkdir()
        fill(data, chosen.spans)
        with fresh_server(directory=data) as server, browser(program) as running:
            for name, path in pages.items():
                visits = []
                for _ in range(chosen.rounds):
                    tab = running.tab()
                    tab.size(1440, 900)
                    tab.call("Network.setCacheDisabled", cacheDisabled=True)
                    tab.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
                    tab.call("Emulation.setCPUThrottlingRate", rate=chosen.slower)
                    visits.append(opened(tab, f"http://127.0.0.1:{server.port}{path}"))
                    tab.call("Emulation.setCPUThrottlingRate", rate=1)
                middle = {key: statistics.median(visit[key] for visit in visits) for key in visits[0]}
                record.figures[f"{name}: usable, ms"] = round(middle["usable"])
                for key in ("server", "painted", "loaded"):
                    record.details[f"{name}: {key}, ms"] = round(middle[key])
                record.details[f"{name}: elements"] = round(middle["nodes"])
                record.details[f"{name}: page, kB"] = round(middle["page"] / 1000, 1)
                record.figures["scripts and styles compressed, kB"] = round(middle["built"] / 1000, 1)
                record.figures["fonts, kB"] = round(middle["fonts"] / 1000, 1)
    record.write()


if __name__ == "__main__":
    main()
