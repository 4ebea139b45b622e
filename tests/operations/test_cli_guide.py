"""The commands that ask a server, as the guides have them, against a real one in a process of its own."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import get_completion_class
from tests.docs.blocks import ROOT, commands

from sightline.cli import main
from sightline.testing import (
    Finished,
    ServerProcess,
    environment,
    free_port,
    sightline,
    span,
    traces_request,
    wait_until,
)

TRACE = "0af7651916cd43dd8448eb211c80319c"
GUIDES = [ROOT / "docs" / "guide" / name for name in ("export.md", "cli.md")]
HOSTILE = "\x1b[31mred\u202etxt\n=1+1"


def story() -> bytes:
    """A trace whose tool has a hostile name, whose model call costs something and failed, and its root."""
    root, call = b"\x01" * 8, b"\x02" * 8
    llm = {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": 1200, "gen_ai.usage.output_tokens": 80, "ratio": 1.0, "retries": 2,
        "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"refund policy"}]}]',
        "session.id": "s-1", "data": b"\x00\x01",
    }  # fmt: skip
    begun = time.time_ns() - 5 * 10**9
    tool = {"gen_ai.tool.name": "look", "gen_ai.operation.name": "execute_tool"}
    spans = [
        span(TRACE, "answer", span_id=root, start=begun),
        span(TRACE, "chat gpt-4o", llm, span_id=call, parent_span_id=root, start=begun + 10**6),
        span(TRACE, HOSTILE, tool, parent_span_id=call, start=begun + 2 * 10**6),
    ]
    spans[1].status.code = 2
    spans[1].status.message = "rate limited"
    spans[1].events.add(name="retry", time_unix_nano=begun + 5)
    spans[2].links.add(trace_id=b"\x07" * 16, span_id=b"\x08" * 8)
    return traces_request(spans, "shop").SerializeToString()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("cli") / "data") as running:
        assert running.post("/v1/traces", story()).status == 200
        running.settled()
        yield running


def run(server: ServerProcess, *words: str, folder: Path | None = None, **more: str) -> Finished:
    return subprocess.run(
        [sys.executable, "-m", "sightline.cli", *words], capture_output=True, text=True, timeout=60,
        check=False, cwd=folder, env=environment({"SIGHTLINE_URL": server.url, **more}),
    )  # fmt: skip


def watch(server: ServerProcess, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "sightline.cli", "tail", *words], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment({"SIGHTLINE_URL": server.url}),
    )  # fmt: skip


def watching(process: subprocess.Popen[str]) -> None:
    """Return when it shows what arrives from now on."""
    assert process.stderr is not None
    assert process.stderr.readline().startswith("Watching http")


def interrupted(process: subprocess.Popen[str]) -> tuple[str, str]:
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    return out, errors


def test_every_command_of_the_guides(server: ServerProcess, tmp_path: Path) -> None:
    told = [command.text for page in GUIDES for command in commands(page)]
    assert len(told) > 15
    for text in told:
        words = shlex.split(text)
        if words[:2] == ["sightline", "tail"]:
            process = watch(server, *words[2:])
            watching(process)
            interrupted(process)
        elif words[0] == "curl":
            out, url = words[2], words[3].replace("http://127.0.0.1:4318", "")
            answer = server.get(url)
            assert answer.status == 200, text
            (tmp_path / out).write_bytes(answer.body)
        else:
            assert words[0] == "sightline"
            words = [word.replace("http://127.0.0.1:4318", server.url) for word in words]
            done = run(server, *words[1:], folder=tmp_path)
            assert done.returncode == 0, f"{text}: {done.stdout}{done.stderr}"


def test_tail_shows_what_arrives_and_foreign_text_does_nothing(server: ServerProcess) -> None:
    process = watch(server, "--spans", "--last", "500", "--every", "0.2")
    watching(process)
    assert process.stdout is not None
    shown = [process.stdout.readline() for _ in range(3)]
    assert any("chat gpt-4o" in line and "error" in line and "gpt-4o" in line for line in shown)
    assert (
        server.post("/v1/traces", traces_request([span(name="arrived\x1b[2J")]).SerializeToString()).status
        == 200
    )
    late = process.stdout.readline()
    assert "arrived" in late
    out, _ = interrupted(process)
    everything = "".join([*shown, late, out])
    assert "\x1b" not in everything
    assert "\u202e" not in everything
    assert "[U+202E]" in everything


def test_tail_waits_for_a_server_that_is_away(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server:
        process = watch(server, "--json", "--last", "0", "--every", "0.2")
        watching(process)
        assert server.post("/v1/traces", traces_request([span(name="one")]).SerializeToString()).status == 200
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["name"] == "one"
        server.kill()
        assert "Waiting" in process.stderr.readline()
        server.start()
        assert "again" in process.stderr.readline()
        assert server.post("/v1/traces", traces_request([span(name="two")]).SerializeToString()).status == 200
        assert json.loads(process.stdout.readline())["name"] == "two"
        interrupted(process)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["query", "kind:llm nmae:chat"], 2, "  kind:llm nmae:chat\n           ^^^^\n"),
        (["export", "kind:llm nmae:chat", "-o", "x.csv"], 2, "           ^^^^"),
        (["query", "SELECT nmae FROM spans"], 2, "Did you mean"),
        (["query", "--measure", "nothing"], 2, "nothing"),
        (["export", "-o", "calls.xls"], 2, "--format"),
        (["export", "-o", "/no/such/folder/x.csv"], 2, "cannot be written"),
    ],
)
def test_what_is_wrong_is_said_where_it_is(
    server: ServerProcess, tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    done = run(server, *words, folder=tmp_path)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_nobody_answers() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    for words in (["query"], ["tail"], ["export", "-o", "-", "--format", "csv"]):
        done = sightline(*words, "--url", url)
        assert done.returncode == 3
        assert "--url" in done.stderr


def test_lists_figures_and_sql_in_three_formats(server: ServerProcess) -> None:
    table = run(server, "query", "kind:llm", "--target", "spans").stdout
    assert re.search(r"llm\s+error\s+.*gpt-4o", table)
    [found] = json.loads(run(server, "query", "kind:llm", "--target", "spans", "--format", "json").stdout)
    assert (found["name"], found["status"], found["input_tokens"]) == ("chat gpt-4o", "error", 1200)
    figures = json.loads(
        run(server, "query", "trace:" + TRACE, "--target", "spans", "--measure", "count,tokens", "--by",
            "kind", "--format", "json").stdout
    )  # fmt: skip
    assert {"kind": "llm", "count": 1, "tokens": 1280} in figures
    assert figures[-1] == {"kind": "all", "count": 3, "tokens": 1280}
    said = run(
        server,
        "query",
        f"SELECT name FROM spans WHERE trace_id = '{TRACE}' AND name LIKE '%red%'",
        "--format",
        "csv",
    ).stdout
    [row] = csv.DictReader(io.StringIO(said))
    assert row["name"] == "␛[31mred[U+202E]txt\n=1+1"


def exported(server: ServerProcess, key: str = "", q: str = "") -> dict[str, dict[str, Any]]:
    answer = server.get(f"/api/v1/export?format=jsonl&q={q}", key)
    assert answer.status == 200
    rows = [json.loads(line) for line in answer.body.splitlines()]
    return {row["span_id"]: row for row in rows}


# What is worked out anew.
ANEW = {"project", "received_at", "digested_at", "late_ns", "source"}


@pytest.mark.parametrize("form", ["otlp", "parquet", "otlp.gz"])
def test_what_is_exported_comes_back_as_the_same_data(
    server: ServerProcess, tmp_path: Path, form: str
) -> None:
    first = form.removesuffix(".gz")
    assert (
        run(
            server, "export", f"trace:{TRACE}", "--target", "traces", "-o", f"it.{first}", folder=tmp_path
        ).returncode
        == 0
    )
    path = tmp_path / f"it.{first}"
    if form.endswith(".gz"):
        subprocess.run(["gzip", str(path)], check=True)
        path = tmp_path / f"it.{form}"
    before = exported(server, q=f"trace:{TRACE}")
    assert len(before) == 3
    with ServerProcess(tmp_path / "other") as other:
        for times in range(2):
            done = run(other, "import", str(path), "--json")
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout) == {"requests": 1, "refused": 0, "rejected": 0}
            other.settled()
            after = exported(other)
            assert other.sql("SELECT count() AS n FROM spans") == [{"n": 3}], f"import {times + 1}"
        for span_id, row in before.items():
            left = {k: v for k, v in row.items() if k not in ANEW}
            assert {k: v for k, v in after[span_id].items() if k not in ANEW} == left
        # Also long after the journal has forgotten the bytes: other bytes, the same spans.
        lines = re.sub(rb'"name":"answer"', b'"name": "answer"', server.get(
            f"/api/v1/export?format=otlp&target=traces&q=trace:{TRACE}").body)  # fmt: skip
        (tmp_path / "again.otlp").write_bytes(lines)
        assert run(other, "import", str(tmp_path / "again.otlp")).returncode == 0
        other.settled()
        wait_until(
            lambda: other.sql("SELECT count() AS n FROM spans") == [{"n": 3}], "copies of spans to be removed"
        )


def test_a_line_that_is_wrong_costs_nothing_else(server: ServerProcess, tmp_path: Path) -> None:
    good = traces_request([span(name="kept")])
    body = server.get(f"/api/v1/export?format=otlp&q=trace:{TRACE}").body.strip()
    bad = json.loads(body)
    bad["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["traceId"] = "xyz"
    lines = [
        b"no JSON",
        b"",
        json.dumps({"resourceSpans": 7}).encode(),
        json.dumps(bad).encode(),
        b'{"a": 1}',
        body,
    ]
    (tmp_path / "it.jsonl").write_bytes(b"\n".join(lines))
    (tmp_path / "it.pb").write_bytes(good.SerializeToString())
    (tmp_path / "framed.pb").write_bytes(
        b"".join(len(m).to_bytes(4, "big") + m for m in (good.SerializeToString(), good.SerializeToString()))
    )
    (tmp_path / "no.parquet").write_bytes(b"PAR1 and nothing")
    done = run(server, "import", "it.jsonl", "it.pb", "framed.pb", "no.parquet", folder=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for place in (
        "it.jsonl, line 3: refused",
        "it.jsonl, line 4: 1 were rejected",
        "it.jsonl, line 5: is no OTLP",
    ):
        assert place in done.stderr
    assert "no.parquet: cannot be read as Parquet" in done.stderr
    server.wait_for("SELECT count() AS n FROM spans WHERE name = 'kept'", lambda rows: rows[0]["n"] >= 1)
    later = run(server, "import", "--from-line", "6", "it.jsonl", "--json", folder=tmp_path)
    assert json.loads(later.stdout) == {"requests": 1, "refused": 0, "rejected": 0}


def test_an_import_that_cannot_go_on_says_from_where(tmp_path: Path) -> None:
    (tmp_path / "it.otlp").write_bytes(b'{"resourceSpans":[]}\n{"resourceSpans":[]}\n')
    done = sightline(
        "import", str(tmp_path / "it.otlp"), "--from-line", "2", "--url", f"http://127.0.0.1:{free_port()}"
    )
    assert done.returncode == 2
    assert "--from-line 2" in done.stderr


def test_projects_and_keys_of_a_server_elsewhere(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server:
        there = ("--url", server.url)
        made = sightline("projects", *there, "create", "shop", "--retention-days", "9", "--json")
        assert json.loads(made.stdout)["retention_days"] == 9, made.stderr
        admin = sightline("keys", *there, "create", "--scope", "admin").stdout.strip()
        refused = sightline("keys", *there, "list")
        assert refused.returncode == 1
        assert "Traceback" not in refused.stderr
        there = (*there, "--key", admin)
        names = [p["name"] for p in json.loads(sightline("projects", *there, "list", "--json").stdout)]
        assert names == ["default", "shop"]
        key = json.loads(
            sightline("keys", *there, "create", "--scope", "read", "--label", "grafana", "--json").stdout
        )
        assert server.get("/api/v1/traces", key["key"]).status == 200
        ended = sightline("keys", *there, "revoke", key["id"])
        assert ended.returncode == 0, ended.stderr
        [known] = [
            k for k in json.loads(sightline("keys", *there, "list", "--json").stdout) if k["id"] == key["id"]
        ]
        assert (known["label"], known["scope"]) == ("grafana", "read")
        assert known["revoked_at"]
        assert sightline("projects", *there, "set", "shop", "--retention-days", "5").returncode == 1


def test_one_who_has_read_enough(server: ServerProcess) -> None:
    done = subprocess.run(
        f"{sys.executable} -m sightline.cli query 'SELECT number FROM numbers(9000)' --format csv | head -1",
        shell=True, capture_output=True, text=True, timeout=60, check=False,
        env=environment({"SIGHTLINE_URL": server.url}),
    )  # fmt: skip
    assert done.stdout.strip() == "number"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    done = sightline("completion", shell)
    assert done.returncode == 0
    assert "_SIGHTLINE_COMPLETE" in done.stdout
    kind = get_completion_class(shell)
    assert kind is not None
    complete = kind(main, {}, "sightline", "_SIGHTLINE_COMPLETE")
    assert [item.value for item in complete.get_completions([], "ex")] == ["export"]
    assert "--no-content" in [item.value for item in complete.get_completions(["export"], "--")]
