"""Damaged, torn and hostile segments by the hundred thousand: the reader neither fails nor invents a record.

    python bench/journal_fuzz.py [--inputs 200000] [--seed 1]

Each input is a segment of a few records with random changes: bits flipped, stretches overwritten, removed,
repeated, records of another journal planted in payloads. Every byte must be accounted for once, and every
record found must be one that was written.
"""

from __future__ import annotations

import argparse
import random
import sys
import time

from sightline.journal.format import Record, encode_header, fingerprint_of, read_varint
from sightline.journal.scan import scan
from sightline.records.ingest import Signal, Submission

SEED = 99


def record(source: random.Random, seed: int, payload: bytes) -> bytes:
    """One record as a journal with this seed writes it."""
    item = Submission(
        source.choice(("default", "a", "another-project")),
        source.choice(list(Signal)),
        payload,
        source.getrandbits(62),
        "otlp-http",
        source.getrandbits(20),
    )
    return encode_header(item, fingerprint_of(seed, item.project, item.signal, payload)) + payload


def changed(source: random.Random, data: bytearray) -> bytearray:
    """The segment after one random mishap."""
    start = source.randrange(len(data) + 1)
    end = min(len(data), start + source.choice((1, 2, 5, 20, 100)))
    match source.randrange(6):
        case 0 if start < len(data):
            data[start] ^= 1 << source.randrange(8)
        case 1:
            data[start:end] = source.randbytes(end - start)
        case 2:
            del data[start:end]
        case 3:
            del data[start:]
        case 4:
            data[start:start] = data[source.randrange(len(data) + 1) :][: end - start]
        case _:
            data[start:end] = b"\xff" * (end - start)
    return data


def main() -> None:
    """Run, and say what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    source = random.Random(arguments.seed)
    began, intact, lost = time.perf_counter(), 0, 0
    for number in range(arguments.inputs):
        written = []
        for _ in range(source.randrange(1, 5)):
            payload = source.randbytes(source.choice((0, 3, 40, 200)))
            for _ in range(source.choice((0, 0, 1, 3))):
                payload += record(source, SEED + 1, b"planted")
            written.append(record(source, SEED, payload))
        data = bytearray(b"".join(written))
        for _ in range(source.choice((0, 1, 1, 2, 5))):
            data = changed(source, data)
        position, found = 0, 0
        bodies = {one[read_varint(one, 0, len(one))[1] :] for one in written}
        for part in scan(bytes(data), len(data), SEED):
            if part.start != position or part.end <= part.start:
                sys.exit(f"input {number}: a part from {part.start} to {part.end}, expected from {position}")
            position = part.end
            if isinstance(part, Record):
                found += 1
                body = bytes(data[part.body : part.end])
                if body not in bodies:
                    sys.exit(f"input {number}: a record that nobody wrote, at {part.start}")
        if position != len(data):
            sys.exit(f"input {number}: {len(data) - position} bytes are not accounted for")
        intact += found
        lost += max(0, len(written) - found)
    took = time.perf_counter() - began
    print(f"{arguments.inputs} inputs in {took:.0f} s: {intact} records intact, {lost} lost, none invented")


if __name__ == "__main__":
    main()
