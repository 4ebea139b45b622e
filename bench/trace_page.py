"""The page of a trace of 30,000 spans: from the server over HTTP, and in Chromium.

    python bench/trace_page.py [--traces 5] [--no-browser]

Several such traces are sent, so that each can be opened for the first time once; the second time its tree is
still kept. The browser gives every span its row and scrolls through them, a step each frame; a frame in which
the middle of the list shows no row counts as blank.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import sys
import time
from random import Random
from typing import Any

from night_run import night
from record import ROOT, Record, quantile
from running import Server, fresh_server
from workloads import START

sys.path.insert(0, str(ROOT / "tests" / "pages"))
from pages_browser import Browser, browser, chromium

WINDOWS = 60
SCROLL = """
new Promise(done => {
  const list = document.querySelector('trace-tree');
  const box = list.getBoundingClientRect();
  const x = box.left + 200, y = box.top + box.height / 2;
  const gaps = [];
  let blank = 0, frames = 0, before = performance.now();
  const end = before + SECONDS * 1000;
  const begin = before;
  const step = now => {
    list.scrollTop += STEP;
    frames += 1;
    gaps.push(now - before);
    before = now;
    const at = document.elementFromPoint(x, y);
    if (!at || !at.closest('.wfr, .wfl, .wfg')) blank += 1;
    if (now < end) requestAnimationFrame(step);
    else done({frames, blank, seconds: (now - begin) / 1000, worst: Math.max(...gaps), top: list.scrollTop});
  };
  requestAnimationFrame(step);
})
"""
JUMP = """
new Promise(done => {
  const list = document.querySelector('trace-tree');
  const box = list.getBoundingClientRect();
  const began = performance.now();
  list.scrollTop = PLACE * list.scrollHeight;
  const look = () => {
    const at = document.elementFromPoint(box.left + 200, box.top + box.height / 2);
    if (at && at.closest('.wfr, .wfl')) done(performance.now() - began);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})
"""


def send(server: Server, traces: int) -> tuple[list[str], int]:
    """Send the runs; their ids and how many spans they have in all."""
    ids, spans = [], 0
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    for seed in range(traces):
        trace_id, loads = night(seed, START)
        ids.append(trace_id)
        for load in loads:
            connection.request("POST", "/v1/traces", load.payload, {"content-type": "application/x-protobuf"})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"sending answered {answer.status}: {body[:300]!r}")
            spans += load.items
    connection.close()
    server.wait_stored(spans, 120)
    return ids, spans


def timed(server: Server, path: str, part: str = "") -> tuple[float, int]:
    """Milliseconds until the whole answer is there, and its bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.connect()
    headers = {"hx-request": "true", "hx-target": part} if part else {}
    began = time.perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - began) * 1000
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}")
    return took, len(body)


def on_the_server(server: Server, ids: list[str], record: Record) -> None:
    """First and second answers, and windows of rows."""
    first, again, processor, size = [], [], [], 0
    # What the process does once for all pages is not the trace's time.
    timed(server, f"/p/default/traces/{ids[0]}")
    for trace_id in ids[1:]:
        before = server.cpu()
        took, size = timed(server, f"/p/default/traces/{trace_id}")
        processor.append(server.cpu() - before)
        first.append(took)
        again += [timed(server, f"/p/default/traces/{trace_id}")[0] for _ in range(5)]
    random, windows, bytes_ = Random(1), [], 0
    before = server.cpu()
    for _ in range(WINDOWS):
        start = random.randrange(0, 30_000, 40)
        took, bytes_ = timed(server, f"/p/default/traces/{ids[-1]}?open=all&from={start}", "more-rows")
        windows.append(took)
    record.figures |= {
        "first answer, median, ms": round(statistics.median(first)),
        "first answer, worst, ms": round(max(first)),
        "first answer, processor, median, ms": round(statistics.median(processor) * 1000),
        "the same trace again, median, ms": round(statistics.median(again)),
        "the same trace again, p95, ms": round(quantile(again, 0.95)),
        "a window of 40 rows, median, ms": round(statistics.median(windows)),
        "a window of 40 rows, p95, ms": round(quantile(windows, 0.95)),
    }
    each = (server.cpu() - before) / WINDOWS
    record.figures["a window of 40 rows, processor, ms"] = round(each * 1000)
    record.details |= {
        "every first answer, ms": [round(t) for t in first],
        "page, bytes": size,
        "window, bytes": bytes_,
    }


def in_the_browser(server: Server, ids: list[str], record: Record) -> None:
    """Until the page can be used, and frames while scrolling."""
    program = chromium()
    if program is None:
        record.figures["browser"] = "not measured: no Chromium on this machine"
        return
    with browser(program) as opened:
        usable = [_usable(opened, server, trace_id) for trace_id in ids[1:]]
        tab = opened.tab()
        tab.size(1440, 900)
        tab.open(f"http://127.0.0.1:{server.port}/p/default/traces/{ids[1]}?open=all")
        found: dict[str, dict[str, Any]] = {}
        for name, step in (("reading", 20), ("fast", 120)):
            found[name] = tab.run(SCROLL.replace("SECONDS", "5").replace("STEP", str(step)))
        jumps = [tab.run(JUMP.replace("PLACE", str(place))) for place in (0.5, 0.9, 0.2, 0.7, 0.35)]
        problems = tab.problems
    record.figures |= {
        "usable in Chromium, median, ms": round(statistics.median(usable)),
        "usable in Chromium, worst, ms": round(max(usable)),
    }
    for name, got in found.items():
        rows = round((20 if name == "reading" else 120) * got["frames"] / got["seconds"] / 28)
        record.figures[f"scrolling, {name} ({rows} rows/s), frames/s"] = round(
            got["frames"] / got["seconds"], 1
        )
        record.figures[f"scrolling, {name}, blank frames of all"] = f"{got['blank']} of {got['frames']}"
        record.details[f"scrolling, {name}, longest frame, ms"] = round(got["worst"])
    record.figures["a jump anywhere until rows stand there, worst, ms"] = round(max(jumps))
    record.details["problems in the console"] = json.dumps(problems)


def _usable(opened: Browser, server: Server, trace_id: str) -> float:
    """Milliseconds from the navigation until rows stand there and the scripts have taken hold of them."""
    tab = opened.tab()
    tab.size(1440, 900)
    tab.open(f"http://127.0.0.1:{server.port}/p/default/traces/{trace_id}?open=all")
    tab.wait("document.querySelector('.wfr') && customElements.get('trace-tree')")
    return float(tab.run("performance.getEntriesByType('navigation')[0].loadEventEnd"))


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--traces", type=int, default=5)
    parser.add_argument("--no-browser", action="store_true")
    given = parser.parse_args()
    record = Record("trace_page", "")
    with fresh_server() as server:
        ids, spans = send(server, max(2, given.traces))
        record.workload = f"{len(ids)} traces of {spans // len(ids):,} spans on average (night_run.py)"
        on_the_server(server, ids, record)
        if not given.no_browser:
            in_the_browser(server, ids, record)
        record.figures["peak memory, MB"] = round(server.memory()[1])
    record.write()


if __name__ == "__main__":
    main()
