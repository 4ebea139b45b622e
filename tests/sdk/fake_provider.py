"""A model provider on a port of this machine: OpenAI's chat completions and Anthropic's messages.

What is answered depends on the last message: "fail" is refused, "use the tool" calls one, anything else is
answered. Token counts, cache and reasoning are always the same, so that tests can say what must arrive.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

OPENAI_USAGE = {
    "prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150,
    "prompt_tokens_details": {"cached_tokens": 80}, "completion_tokens_details": {"reasoning_tokens": 10},
}  # fmt: skip
ANTHROPIC_USAGE = {
    "input_tokens": 40, "output_tokens": 30, "cache_read_input_tokens": 60, "cache_creation_input_tokens": 20,
}  # fmt: skip
CHUNKS = ("The ", "answer ", "is ", "forty-", "two.")
ANSWER = "".join(CHUNKS)
PAUSE = 0.02
"""Seconds between two chunks of a stream."""


class FakeProvider:
    """The provider, while `with` lasts. `url` is its address, `requests` what it was asked (path, body)."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        provider = self

        class Handler(_Handler):
            asked = provider.requests

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    asked: list[tuple[str, dict[str, Any]]]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.path, body))
        last = json.dumps(body.get("messages", [{}])[-1])
        tool = "use the tool" in last and bool(body.get("tools"))
        if '"fail' in last or "please fail" in last:
            self._json(
                400, {"error": {"type": "invalid_request_error", "message": "no such thing", "code": "x"}}
            )
        elif self.path.endswith("/chat/completions"):
            stream = bool(body.get("stream"))
            if stream:
                self._stream(f"data: {json.dumps(c)}\n\n" for c in _openai_chunks(body))
            else:
                self._json(200, _openai(body, tool))
        elif self.path.endswith("/messages"):
            if body.get("stream"):
                self._stream(
                    f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in _anthropic_events(body)
                )
            else:
                self._json(200, _anthropic(body, tool))
        else:
            self._json(404, {"error": {"type": "not_found_error", "message": self.path}})

    def _json(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, parts: Iterator[str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        between = threading.Event()
        try:
            for part in [*parts, "data: [DONE]\n\n" if self.path.endswith("completions") else ""]:
                if part:
                    between.wait(PAUSE)
                    data = part.encode()
                    self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        except OSError:  # whoever asked went away
            self.close_connection = True


def _openai(body: dict[str, Any], calls_tool: bool) -> dict[str, Any]:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
    }
    message = {"role": "assistant", "content": ANSWER}
    if calls_tool:
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
    reason = "tool_calls" if calls_tool else "stop"
    choices = [{"index": 0, "message": message, "finish_reason": reason}]
    model = f"{body['model']}-2026"
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
        "choices": choices, "usage": OPENAI_USAGE,
    }  # fmt: skip


def _openai_chunks(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    head = {
        "id": "chatcmpl-2",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": f"{body['model']}-2026",
    }
    yield head | {
        "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]
    }
    for text in CHUNKS:
        yield head | {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
    yield head | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    if (body.get("stream_options") or {}).get("include_usage"):
        yield head | {"choices": [], "usage": OPENAI_USAGE}


def _anthropic(body: dict[str, Any], calls_tool: bool) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": ANSWER}]
    if calls_tool:
        content = [{"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}}]
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": content,
        "stop_reason": "tool_use" if calls_tool else "end_turn", "stop_sequence": None,
        "usage": ANTHROPIC_USAGE,
    }  # fmt: skip


def _anthropic_events(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    empty = _anthropic(body, False) | {
        "content": [],
        "stop_reason": None,
        "usage": ANTHROPIC_USAGE | {"output_tokens": 1},
    }
    yield {"type": "message_start", "message": empty}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    for text in CHUNKS:
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
    yield {"type": "content_block_stop", "index": 0}
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    yield {"type": "message_delta", "delta": end, "usage": ANTHROPIC_USAGE}
    yield {"type": "message_stop"}
