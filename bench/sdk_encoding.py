"""What a span costs the SDK's thread until it is bytes, beside OpenTelemetry's own encoder with the same.

    python bench/sdk_encoding.py [--spans 40000] [--rounds 5]

Each span has eight attributes (texts, whole numbers, a number, a truth). Figures are µs of processor time a
span, the fastest of several rounds with the collector off; nothing is compressed or sent.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable
from typing import Any

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from record import Record

from sightline.sdk.batching import Batch, Request
from sightline.sdk.encoding import Encoder
from sightline.sdk.ended_span import EndedSpan, ended_span
from sightline.sdk.otlp_json import json_line
from sightline.sdk.sampling import KEEP_ALL
from sightline.sdk.texts import Texts
from sightline.sdk.worker import BATCH_BYTES

_THEIR_BATCH = 512  # what OpenTelemetry's batch processor exports at once


def made(count: int) -> list[Any]:
    """Ended spans of OpenTelemetry's SDK."""
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("bench", "1")
    spans = []
    for number in range(count):
        span = tracer.start_span("chat gpt-4o-mini", attributes={
            "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.provider.name": "openai", "gen_ai.usage.input_tokens": 420 + number % 100,
            "gen_ai.usage.output_tokens": 60, "input.value": "How do I get my money back? " * 8,
            "gen_ai.request.temperature": 0.2, "gen_ai.request.stream": True,
        })  # fmt: skip
        span.end()
        spans.append(span)
    return spans


def ours(spans: list[EndedSpan], texts: Texts) -> list[Request]:
    """The requests that the worker would make."""
    encoder, batch, requests = Encoder(texts, {}), Batch("traces"), []
    for number, span in enumerate(spans, 1):
        item = encoder.span(span, number, KEEP_ALL)
        batch.add(encoder.resource(span.resource), encoder.scope(span.scope), item, number)
        if batch.bytes >= BATCH_BYTES:
            requests.append(batch.request())
            batch = Batch("traces")
    return [*requests, batch.request()]


def theirs(spans: list[ReadableSpan]) -> list[bytes]:
    """The bodies that OpenTelemetry's exporter would send."""
    return [
        encode_spans(spans[at : at + _THEIR_BATCH]).SerializeToString()
        for at in range(0, len(spans), _THEIR_BATCH)
    ]


def each(work: Callable[[], object], spans: int, rounds: int) -> float:
    """µs of processor time a span, the fastest round."""
    best = float("inf")
    for _ in range(rounds):
        gc.collect()
        gc.disable()
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
        gc.enable()
    return round(best / spans * 1e6, 2)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    record = Record("sdk_encoding", f"{given.spans} spans with eight attributes, encoded in one thread")
    spans = made(given.spans)
    slim = [ended_span(span) for span in spans]
    plain, seen = Texts(None, 10**6, None), Texts(lambda _, text: text, 10**6, None)
    figures, count, rounds = record.figures, given.spans, given.rounds
    figures["opentelemetry's encoder, µs"] = each(lambda: theirs(spans), count, rounds)
    figures["protobuf, µs"] = each(lambda: ours(slim, plain), count, rounds)
    figures["protobuf, each text through a function, µs"] = each(lambda: ours(slim, seen), count, rounds)
    requests = ours(slim, plain)
    figures["the same bytes as lines of JSON, µs more"] = each(
        lambda: [json_line("traces", request.body) for request in requests], count, rounds
    )
    figures["bytes a span"] = round(sum(len(request.body) for request in requests) / count)
    record.write()


if __name__ == "__main__":
    main()
