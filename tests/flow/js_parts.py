"""The JavaScript SDK as its users have it: built, packed, installed beside real packages, and run."""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.flow.shared_places import KEPT, alone, digest_of

from sightline.testing import environment

ROOT = Path(__file__).parents[2]
SDK = ROOT / "sdk-js"
APPS = Path(__file__).parent / "js_apps"


def sdk_build() -> ModuleType:
    """`sdk-js/build.py`, whose Node is used for everything here."""
    spec = importlib.util.spec_from_file_location("sdk_js_build", SDK / "build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*command: str, cwd: Path, env: Mapping[str, str] | None = None, seconds: float = 240) -> str:
    """Run a command to its end; its output. Raises AssertionError when it fails."""
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=seconds, env=environment(env), check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def sources() -> str:
    """A digest of everything that the package and the applications are made of."""
    made = ("node_modules", "dist", "build")
    files = [p for p in SDK.rglob("*") if p.relative_to(SDK).parts[0] not in made]
    ours = [p for p in files if p.is_file() and "__pycache__" not in p.parts]
    return digest_of([*ours, APPS / "package.json", APPS / "package-lock.json"])


class Installed:
    """A folder with the applications, the packages of their lock, and the SDK as it is packed."""

    def __init__(self) -> None:
        build = sdk_build().front_end()
        self.node, self.npm = build.find_node()
        # Several checkouts may share one environment; each has a folder of its own.
        own = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
        self.folder = KEPT / f"sightline-js-apps-{own}"
        with alone(self.folder):
            stamp, mark = self.folder / ".installed", sources()
            if not stamp.exists() or stamp.read_text() != mark:
                self._install(build)
                stamp.write_text(mark)
            for path in APPS.glob("*.*"):
                # Not written anew while tests in another process may run it.
                there = self.folder / path.name
                if not there.exists() or there.read_bytes() != path.read_bytes():
                    shutil.copy(path, there)

    def _install(self, build: ModuleType) -> None:
        build.install(self.node, self.npm)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(APPS / name, self.folder)
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        run(*self.npm, "ci", *quiet, cwd=self.folder)
        tarball = self.pack(self.folder)
        run(*self.npm, "install", "--no-save", "--no-package-lock", *quiet, tarball.name, cwd=self.folder)

    def pack(self, target: Path) -> Path:
        """Build and pack the SDK into a folder; the tarball."""
        pack = ("pack", "--json", "--ignore-scripts", "--pack-destination", str(target))
        with alone(self.folder / "packing"):
            run(self.node, "build.mjs", cwd=SDK)
            said = run(*self.npm, *pack, cwd=SDK)
        packed = json.loads(said)
        # Newer versions of npm answer with an object by name, older ones with a list.
        entry = packed[0] if isinstance(packed, list) else next(iter(packed.values()))
        return target / str(entry["filename"]).replace("@", "").replace("/", "-")

    def run(self, *words: str, env: Mapping[str, str] | None = None) -> str:
        """Run Node in the folder to its end."""
        return run(self.node, *words, cwd=self.folder, env=env, seconds=60)

    @contextmanager
    def serving(self, script: str, env: Mapping[str, str], node: str | None = None) -> Iterator[int]:
        """A program that says its port in its first line; ended with the block."""
        process = subprocess.Popen(
            [node or self.node, script],
            cwd=self.folder,
            env=environment(env) | {"PATH": os.environ.get("PATH", "")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout
        line = process.stdout.readline()
        assert line.strip().isdigit(), line + process.stdout.read()
        try:
            # What it says later must not fill the pipe and stop it.
            reading = threading.Thread(target=process.stdout.read, daemon=True)
            reading.start()
            yield int(line)
        finally:
            process.kill()
            process.wait(10)
            reading.join(10)
            process.stdout.close()


PIECES = ("A span ", "is a piece ", "of work.")
PAUSE = 0.02


class Provider(BaseHTTPRequestHandler):
    """The providers' addresses: OpenAI's chat completions and Anthropic's messages, whole and streamed."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if asked["model"] == "refused":
            self._answer(429, {"error": {"message": "slow down", "type": "rate_limit"}})
            return
        kind = "messages" if self.path.startswith("/v1/messages") else "chat"
        if asked["model"] == "broken":
            self._stream(openai_chunks("broken"), pieces=2)
        elif asked.get("stream"):
            self._stream(anthropic_events() if kind == "messages" else openai_chunks(asked["model"]))
        else:
            self._answer(
                200, anthropic_message() if kind == "messages" else openai_completion(asked["model"])
            )

    def _answer(self, status: int, what: dict[str, Any]) -> None:
        body = json.dumps(what).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, lines: Iterator[str], pieces: int = 1000) -> None:
        """Line by line; with fewer `pieces` than there are, the connection breaks off."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        between = threading.Event()
        for line in itertools.islice(lines, pieces):
            between.wait(PAUSE)
            self.wfile.write(f"{len(line.encode()):x}\r\n{line}\r\n".encode())
            self.wfile.flush()
        if pieces >= 1000:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def openai_completion(model: str) -> dict[str, Any]:
    """An answer of OpenAI's chat completions."""
    message = {"role": "assistant", "content": "".join(PIECES)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": f"{model}-2024-08-06",
        "choices": [choice], "usage": {"prompt_tokens": 12, "completion_tokens": 7, "total_tokens": 19},
    }  # fmt: skip


def openai_chunks(model: str) -> Iterator[str]:
    """The same as a stream."""

    def chunk(choices: list[dict[str, Any]], **more: Any) -> str:
        body = {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": f"{model}-2024-08-06",
        }
        return f"data: {json.dumps(body | {'choices': choices} | more)}\n\n"

    for piece in PIECES:
        yield chunk([{"index": 0, "delta": {"content": piece}, "finish_reason": None}])
    yield chunk([{"index": 0, "delta": {}, "finish_reason": "stop"}])
    yield chunk([], usage={"prompt_tokens": 12, "completion_tokens": 7, "total_tokens": 19})
    yield "data: [DONE]\n\n"


def anthropic_message() -> dict[str, Any]:
    """An answer of Anthropic's messages; eight tokens came from cache, beside the input."""
    cache = {"cache_read_input_tokens": 8, "cache_creation_input_tokens": 0}
    usage = {"input_tokens": 4, "output_tokens": 7} | cache
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5",
        "content": [{"type": "text", "text": "".join(PIECES)}],
        "stop_reason": "end_turn", "stop_sequence": None, "usage": usage,
    }  # fmt: skip


def anthropic_events() -> Iterator[str]:
    """The same as a stream."""

    def event(kind: str, **body: Any) -> str:
        return f"event: {kind}\ndata: {json.dumps({'type': kind} | body)}\n\n"

    whole = anthropic_message()
    begun = whole | {"content": [], "stop_reason": None, "usage": whole["usage"] | {"output_tokens": 1}}
    yield event("message_start", message=begun)
    yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    for piece in PIECES:
        yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
    yield event("content_block_stop", index=0)
    yield event(
        "message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 7}
    )
    yield event("message_stop")


@contextmanager
def http_server(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server of this process on a free port; its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        serving.daemon_threads = True
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{serving.server_port}"
        finally:
            serving.shutdown()
            thread.join()
