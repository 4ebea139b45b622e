"""Throw broken inputs at the decoders of the wire; any exception but a refusal ends the run with exit code 1.

    python bench/fuzz_decoders.py [--inputs 1000000] [--seed 7] [--seconds 0]

Inputs are valid requests of all three signals with bytes flipped, cut, repeated, moved and spliced, and their
packed and JSON forms treated the same way. Every input goes through the decoder it is for: unpack, validate
(and what was kept through validate again: it must be good), or transcode and validate. A failing input is
written beside its seed into the temporary directory and can be repeated with it.
"""

from __future__ import annotations

import argparse
import gzip
import random
import sys
import tempfile
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import orjson

sys.path[:0] = [str(Path(__file__).parents[1] / "tests")]

from sightline.records.ingest import Signal  # noqa: E402
from sightline.wire.otlp import validate  # noqa: E402
from sightline.wire.otlp_json import transcode  # noqa: E402
from sightline.wire.refusals import BadRequest, TooLarge, Unsupported  # noqa: E402
from sightline.wire.unpack import unpack, zstd  # noqa: E402
from wire.samples import (  # noqa: E402
    NOW,
    as_json,
    attribute,
    gauge,
    log,
    logs,
    metrics,
    random_request,
    span,
    traces,
)

LIMIT = 2**20
SNIPPETS = [
    b"\xff" * 10,
    b"\x00",
    b"\x0a\x00",
    b"\x12\x80\x80\x80\x80\x10",
    b"null",
    b"{}",
    b'"',
    b"[[[[",
    b"1e999",
    b"\\ud800",
]


def seeds(dice: random.Random) -> dict[tuple[str, Signal], list[bytes]]:
    """Valid and random inputs by decoder and signal."""
    rich = span(
        1,
        attributes=[attribute("a"), attribute("b")],
        events=[{"name": "e", "time_unix_nano": NOW}],
        links=[{"trace_id": b"a" * 16, "span_id": b"b" * 8}],
    )
    made = {
        Signal.TRACES: [traces(rich, span(2)), traces(span(3), attributes=[attribute("service.name")])],
        Signal.LOGS: [logs(log(1), log(2, attributes=[attribute("k")]))],
        Signal.METRICS: [metrics(gauge(NOW, NOW), gauge(NOW))],
    }
    found: dict[tuple[str, Signal], list[bytes]] = {}
    for signal, messages in made.items():
        messages = [*messages, *(random_request(signal, dice.getrandbits(32)) for _ in range(30))]
        found["protobuf", signal] = [m.SerializeToString() for m in messages]
        found["json", signal] = [
            orjson.dumps(as_json(m, n % 3 == 1, n % 2 == 1)) for n, m in enumerate(messages)
        ]
    body = found["protobuf", Signal.TRACES][0]
    for name, pack in (("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstd.compress)):
        found[name, Signal.TRACES] = [pack(body), pack(body * 20), pack(b""), pack(b"\0" * 2 * LIMIT)]
    return found


def mutated(data: bytes, dice: random.Random) -> bytes:
    """The input with one to four changes."""
    changed = bytearray(data)
    for _ in range(dice.randrange(1, 5)):
        at = dice.randrange(len(changed) + 1)
        kind = dice.randrange(6)
        if kind == 0 and at < len(changed):
            changed[at] = dice.randrange(256)
        elif kind == 1:
            del changed[at:]
        elif kind == 2:
            del changed[at : at + dice.randrange(1, 9)]
        elif kind == 3:
            changed[at:at] = dice.choice(SNIPPETS)
        elif kind == 4:
            changed[at:at] = changed[at : at + dice.randrange(1, 40)]
        elif at < len(changed):
            changed[at] ^= 1 << dice.randrange(8)
    return bytes(changed)


def check_protobuf(data: bytes, signal: Signal) -> str:
    """Validate, and what is kept once more."""
    checked = validate(data, signal, NOW)
    again = validate(checked.payload, signal, NOW)
    if again.rejected or again.items != checked.items:
        raise AssertionError(f"what was kept is not good: {again.message}")
    return "partial" if checked.message else "whole"


def check_json(data: bytes, signal: Signal) -> str:
    """Transcode, then validate."""
    result = transcode(data, signal)
    validate(result.payload, signal, NOW)
    return "partial" if result.message else "whole"


def check_packed(name: str) -> Callable[[bytes, Signal], str]:
    """Unpack below the limit."""

    def check(data: bytes, signal: Signal) -> str:
        body = unpack(data, name, LIMIT)
        assert len(body) <= LIMIT
        return "whole"

    return check


CHECKS: dict[str, Callable[[bytes, Signal], str]] = {
    "protobuf": check_protobuf,
    "json": check_json,
    **{name: check_packed(name) for name in ("gzip", "deflate", "zstd")},
}


def main() -> int:
    """Run, print the counts, and return the exit code."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--inputs", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--seconds", type=float, default=0, help="stop after this time; 0: only by inputs")
    chosen = options.parse_args()
    dice = random.Random(chosen.seed)
    corpus = list(seeds(dice).items())
    counts: Counter[tuple[str, str]] = Counter()
    start = time.monotonic()
    for number in range(chosen.inputs):
        (decoder, signal), examples = dice.choice(corpus)
        data = mutated(dice.choice(examples), dice)
        try:
            counts[decoder, CHECKS[decoder](data, signal)] += 1
        except (BadRequest, TooLarge, Unsupported) as refusal:
            if not str(refusal):
                raise
            counts[decoder, "refused"] += 1
        except Exception:
            traceback.print_exc()
            kept = (
                Path(tempfile.mkdtemp(prefix="fuzz-"))
                / f"{decoder}-{signal.value}-{chosen.seed}-{number}.bin"
            )
            kept.write_bytes(data)
            print(
                f"input {number} of seed {chosen.seed} broke {decoder} ({signal.value}); it is kept in {kept}"
            )
            return 1
        if chosen.seconds and time.monotonic() - start > chosen.seconds:
            break
    seconds = time.monotonic() - start
    total = sum(counts.values())
    for (decoder, result), count in sorted(counts.items()):
        print(f"{decoder:9} {result:8} {count:>10,}")
    rate = f"{total:,} inputs in {seconds:.1f} s ({total / seconds:,.0f}/s), seed {chosen.seed}"
    print(f"{rate}: none broke a decoder")
    return 0


if __name__ == "__main__":
    sys.exit(main())
