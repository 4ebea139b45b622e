# ruff: noqa: E501 - lines of made files
"""`sightline report`: lines, spans and MB a second, and memory, for files of the SDK and for plain logs.

    python bench/sdk_report.py [--lines 200000]

Files are made from a seed in a temporary directory; each report runs in a process of its own, whose peak of
memory is measured.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from bench.record import Record  # noqa: E402

MODELS = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5")
ONE = """
import resource, sys, time
from sightline.report.page import page
from sightline.report.reading import Wanted, read
began = time.process_time()
report = read(sys.argv[1:], Wanted({}))
took = time.process_time() - began
r = report.reading
began = time.process_time()
page(report, 0)
drawn = time.process_time() - began
print(r.spans + r.records, took, drawn, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def plain(path: Path, lines: int) -> None:
    """A log of calls, a line each."""
    dice = random.Random(4)
    with path.open("w") as file:
        for number in range(lines):
            record = {
                "timestamp": 1764100000 + number, "model": dice.choice(MODELS), "latency_ms": dice.lognormvariate(7, 0.6),
                "prompt_tokens": dice.randrange(10, 3000), "completion_tokens": dice.randrange(1, 800),
                "user": f"u{dice.randrange(300)}", "error": "RateLimitError: slow down" if dice.random() < 0.03 else None,
                "messages": [{"role": "user", "content": f"What is {number}?"}], "response": "x" * dice.randrange(400),
            }  # fmt: skip
            file.write(json.dumps(record) + "\n")


def value(key: str, said: object) -> dict[str, object]:
    name = {int: "intValue", float: "doubleValue"}.get(type(said), "stringValue")
    return {"key": key, "value": {name: str(said) if isinstance(said, int) else said}}


def otlp(path: Path, spans: int) -> None:
    """Files as the SDK writes them: twenty requests a line, each a root and a call of a model."""
    dice = random.Random(4)
    messages = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Hello there. " * 20}]}])
    with path.open("w") as file:
        for line in range(spans // 40):
            listed = []
            for _ in range(20):
                trace, root = f"{dice.getrandbits(128):032x}", f"{dice.getrandbits(64):016x}"
                start = (1764100000 + line) * 10**9
                end = start + int(dice.lognormvariate(7, 0.6) * 1e6)
                common = {"traceId": trace, "startTimeUnixNano": str(start), "endTimeUnixNano": str(end)}
                listed.append(common | {"spanId": root, "name": "POST /chat", "attributes": [
                    value("user.id", f"u{dice.randrange(300)}"), value("sightline.feature", "chat"),
                    value("openinference.span.kind", "AGENT")]})  # fmt: skip
                listed.append(common | {"spanId": f"{dice.getrandbits(64):016x}", "parentSpanId": root, "name": "chat", "attributes": [
                    value("gen_ai.operation.name", "chat"), value("gen_ai.provider.name", "openai"),
                    value("gen_ai.request.model", dice.choice(MODELS)), value("gen_ai.usage.input_tokens", dice.randrange(3000)),
                    value("gen_ai.usage.output_tokens", dice.randrange(800)), value("gen_ai.response.time_to_first_chunk", 0.2),
                    value("gen_ai.input.messages", messages), value("gen_ai.output.messages", messages)]})  # fmt: skip
            scopes = [{"scope": {"name": "sightline"}, "spans": listed}]
            file.write(
                json.dumps(
                    {
                        "resourceSpans": [
                            {
                                "resource": {"attributes": [value("service.name", "shop")]},
                                "scopeSpans": scopes,
                            }
                        ]
                    }
                )
                + "\n"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=200_000)
    options = parser.parse_args()
    record = Record("sdk_report", f"{options.lines} lines of a plain log; as many spans of the SDK; CPU time")
    with tempfile.TemporaryDirectory() as folder:
        for name, make in (("plain log", plain), ("files of the SDK", otlp)):
            path = Path(folder) / "calls.jsonl"
            make(path, options.lines)
            done = subprocess.run(
                [sys.executable, "-c", ONE, str(path)], capture_output=True, text=True, check=True,
                env={"PYTHONPATH": str(ROOT / "src")},
            )  # fmt: skip
            count, took, drawn, memory = map(float, done.stdout.split())
            unit = "lines" if name == "plain log" else "spans"
            record.figures[f"{name}: {unit}/s"] = round(count / took)
            record.figures[f"{name}: MB/s"] = round(path.stat().st_size / took / 1e6, 1)
            record.figures[f"{name}: memory, MiB"] = round(memory)
            record.details[f"{name}: bytes a {unit[:-1]}"] = round(path.stat().st_size / count)
            record.details[f"{name}: the page, s"] = round(drawn, 3)
        for name, command in (("--help", ["--help"]), ("report of one line", ["report", "-"])):
            times = []
            for _ in range(5):
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                subprocess.run(
                    [sys.executable, "-m", "sightline.cli", *command], input='{"model":"m","latency_ms":1}\n', text=True,
                    capture_output=True, check=True, env={"PYTHONPATH": str(ROOT / "src")},
                )  # fmt: skip
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
            record.figures[f"sightline {name}, s"] = round(min(times), 3)
    record.write()


if __name__ == "__main__":
    main()
