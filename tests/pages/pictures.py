"""Takes the pictures of the docs from a made-up help desk.

    PYTHONPATH=src:tests/pages python tests/pages/pictures.py docs/pictures

Needs Chromium and the built front end.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pages_story as story
from pages_browser import browser, chromium
from pages_parts import Parts, serving

from sightline.settings import StoreSettings
from sightline.store import schema
from sightline.store.store import Store, embedded_url

TRACE = story.trace_id(4)
SPAN = f"{TRACE[:8]}0000000c"
PAGES = {
    "traces": "/p/default/traces",
    "trace": f"/p/default/traces/{TRACE}?span={SPAN}",
    "trace-cost": f"/p/default/traces/{TRACE}?span={SPAN}&tab=cost",
    "first-run": "/p/empty/first",
}
SHAPES = {"light": (1440, 900, False), "dark": (1440, 900, True), "phone": (420, 900, False)}


def take(folder: Path) -> list[Path]:
    """Every page in every shape; returns the files written."""
    program = chromium()
    if program is None:
        raise SystemExit("Chromium is needed to take pictures: apt-get install chromium")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with tempfile.TemporaryDirectory() as directory:
        store = Store(embedded_url(Path(directory)), StoreSettings())
        writer = store.writer()
        schema.migrate(writer)
        told = story.Told()
        story.helpdesk(told, 60)
        story.store(told, writer)
        with serving(Parts(store)) as address, browser(program) as opened:
            for shape, (width, height, dark) in SHAPES.items():
                tab = opened.tab()
                tab.size(width, height, dark=dark)
                for name, path in PAGES.items():
                    tab.open(address + path)
                    written.append(folder / f"{name}-{shape}.png")
                    tab.picture(written[-1])
        writer.close()
        store.close()
    return written


if __name__ == "__main__":
    for path in take(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures")):
        print(path)
