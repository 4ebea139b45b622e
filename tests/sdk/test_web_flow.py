"""What a real server makes of a streamed request: its route, who asked, and what the user waited for."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sdk.sdk_process import run

from sightline.testing import ServerProcess

pytestmark = pytest.mark.flow

PROGRAM = """
    import asyncio, threading
    import sightline
    from fastapi import FastAPI
    from fastapi.responses import StreamingResponse
    from starlette.testclient import TestClient

    sightline.init(endpoint={url!r}, service="shop", spool="off", instrument=False)
    app = FastAPI(telemetry={{"tracing": {native}}})
    app.add_middleware(sightline.SightlineMiddleware, identify=lambda request: {{"user": "ada"}})

    async def pause():
        await asyncio.to_thread(threading.Event().wait, 0.05)

    @app.get("/ask/{{topic}}")
    async def ask(topic: str):
        async def pieces():
            with sightline.llm_call(model="gpt-4o", provider="openai") as call:
                await pause()
                call.set({{"gen_ai.response.time_to_first_chunk": 0.02}})
            await pause()
            yield b"data: first\\n\\n"
            await pause()
            yield b"data: last\\n\\n"
        return StreamingResponse(pieces(), media_type="text/event-stream")

    print(TestClient(app).get("/ask/boats").headers["x-trace-id"])
    assert sightline.flush()
"""


@pytest.mark.parametrize("native", [False, True])
def test_the_request_tells_when_its_answer_began(tmp_path: Path, native: bool) -> None:
    with ServerProcess(tmp_path / "data") as server:
        done = run(PROGRAM.format(url=server.url, native=native))
        assert done.returncode == 0, done.stderr
        trace_id = done.stdout.strip()
        [root] = server.wait_for(
            "SELECT name, kind, user_id, http_route, http_status_code AS http_status,"
            " time_to_first_token_ns AS first, trace_first_token_ns AS waited, trace_calls"
            f" FROM spans WHERE trace_id = '{trace_id}' AND is_root",
            lambda rows: rows and rows[0]["trace_calls"] == 1,
        )
        assert (root["name"], root["kind"], root["user_id"]) == ("GET /ask/{topic}", "http", "ada")
        assert root["http_route"] == "/ask/{topic}"
        assert root["http_status"] == 200
        assert root["first"] >= 100_000_000
        assert root["waited"] == root["first"], "not when the model's call began to answer"
        shown = server.get("/api/v1/traces").json()["traces"][0]
        assert shown["time_to_first_token_ns"] == root["first"]
