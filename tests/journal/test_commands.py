"""The commands, beside a running journal and without one."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span
from tests.journal.parts import QUICK, running, submission, take, take_all

from sightline.journal.commands import journal as commands

pytestmark = pytest.mark.anyio


def request(name: str) -> bytes:
    spans = ScopeSpans(spans=[Span(name=name, trace_id=b"t" * 16, span_id=b"s" * 8)])
    message = ExportTraceServiceRequest(resource_spans=[ResourceSpans(scope_spans=[spans])])
    return bytes(message.SerializeToString())


async def call(data: Path, *arguments: str) -> Result:
    """Run a command in a thread, as another process would run it."""
    return await asyncio.to_thread(CliRunner().invoke, commands, ["--data", str(data), *arguments])


async def rows(data: Path, *arguments: str) -> list[dict[str, Any]]:
    result = await call(data, "ls", "--json", *arguments)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


async def test_all_of_them_beside_a_running_journal(tmp_path: Path) -> None:
    async with running(tmp_path / "journal") as journal:
        await journal.append(submission(3, payload=request("first")))
        await journal.append(submission(4, payload=request("second \x1b[2J")))
        segment = await take(journal)
        assert [(row["state"], row["records"], row["items"]) for row in await rows(tmp_path)] == [
            ("ready", 2, 7)
        ]
        journal.finish(segment)
        assert [row["state"] for row in await rows(tmp_path)] == ["digested"]
        assert await rows(tmp_path, "--state", "ready") == []

        listed = await call(tmp_path, "show", segment.id)
        assert len(listed.output.splitlines()) == 2
        assert "otlp-http" in listed.output
        one = await call(tmp_path, "show", segment.id, "--record", "1")
        content = json.loads(one.output)
        assert content["project"] == "default"
        assert content["payload"]["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"] == "second \x1b[2J"
        assert "\x1b" not in one.output
        raw = await call(tmp_path, "show", segment.id, "--record", "0", "--raw")
        assert raw.stdout_bytes == request("first")

        sound = await call(tmp_path, "verify")
        assert (sound.exit_code, sound.output) == (0, "1 segments with 2 sound requests, 0 damaged places\n")

        dry = await call(tmp_path, "replay", segment.id, "--dry-run")
        assert dry.stdout == f"{segment.id}\n"
        assert [row["state"] for row in await rows(tmp_path)] == ["digested"]
        assert (await call(tmp_path, "replay", segment.id)).exit_code == 0
        assert (await take(journal)).id == segment.id  # found without a restart


async def test_verify_names_the_damaged_record(tmp_path: Path) -> None:
    async with running(tmp_path / "journal") as journal:
        for number in range(3):
            await journal.append(submission(number))
    found = list((tmp_path / "journal/ready").iterdir())
    path = found[0]
    data = path.read_bytes()
    at = data.index(submission(1).payload) if submission(1).payload in data else len(data) - 1
    path.write_bytes(data[:at] + b"?" + data[at + 1 :])
    result = await call(tmp_path, "verify")
    assert result.exit_code == 1
    assert "is damaged, bytes" in result.output
    assert "checksum" in result.output
    assert result.output.endswith("1 damaged places\n")


async def test_quarantine_is_listed_with_its_reason(tmp_path: Path) -> None:
    async with running(tmp_path / "journal", QUICK) as journal:
        await journal.append(submission(1, payload=b"no protobuf"))
        journal.quarantine(await take(journal), "cannot be decoded\x1b[2J")
        listed = await call(tmp_path, "ls")
        assert "cannot be decoded�[2J" in listed.output
        (row,) = await rows(tmp_path)
        assert (row["state"], row["kind"], row["records"]) == ("quarantine", "record", 1)
        one = await call(tmp_path, "show", row["id"], "--record", "0")
        assert json.loads(one.output)["payload_hex"] == b"no protobuf".hex()
        assert await take_all(journal) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "nothing"], "no segment 'nothing'"),
        (["verify", "nothing"], "no segment 'nothing'"),
        (["replay", "nothing"], "no digested segment 'nothing'"),
        (["replay"], "name segments, or a time"),
    ],
)
async def test_mistakes_are_said(tmp_path: Path, arguments: list[str], message: str) -> None:
    async with running(tmp_path / "journal"):
        pass
    result = await call(tmp_path, *arguments)
    assert result.exit_code != 0
    assert message in result.output


async def test_a_directory_without_a_journal_is_said(tmp_path: Path) -> None:
    result = await call(tmp_path, "ls")
    assert result.exit_code == 1
    assert "There is no journal in" in result.output
