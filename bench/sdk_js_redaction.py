"""Redaction in the JavaScript SDK: what `bench/sdk_redaction.py` measures, on the same texts.

    python bench/sdk_js_redaction.py [--seed 4]

MB/s are of the processor's time in one process of Node, the best of fifteen.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from bench.record import Record  # noqa: E402
from bench.sdk_redaction import contents  # noqa: E402
from tests.sdk.js_detectors import detectors, places  # noqa: E402
from tests.sdk.redaction_cases import cases, score  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=4)
    options = parser.parse_args()
    made = cases(options.seed)
    record = Record("sdk_js_redaction", f"{len(made)} made texts, seed {options.seed}; MB/s of CPU time")
    with tempfile.TemporaryDirectory() as folder:
        ask = detectors(Path(folder))
        found = places(ask, made)
        texts = contents()
        times = ask({"timed": list(texts.values())})["times"]
    scores, _ = score(lambda text: found[text], made)
    for kind, one in sorted(scores.items()):
        record.figures[f"{kind}: recall"] = round(one.recall, 4)
        record.figures[f"{kind}: precision"] = round(one.precision, 4)
    for (label, text), seconds in zip(texts.items(), times, strict=True):
        record.figures[f"{label}, MB/s"] = round(len(text) / seconds / 1e6, 1)
    record.write()


if __name__ == "__main__":
    main()
