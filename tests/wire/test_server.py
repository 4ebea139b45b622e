"""The HTTP server's bounds, on real sockets: slow heads, bodies and readers, crowds, taken ports, the end."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sightline.settings import HttpSettings
from sightline.wire.server import CannotListen, HttpServer, listen
from wire.running import run, running

GET = b"GET /hello HTTP/1.1\r\nhost: a\r\n\r\n"


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


async def whole(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def early(request: Request) -> Response:
    return PlainTextResponse("no need", 413)


async def endless(request: Request) -> Response:
    return PlainTextResponse("x" * 50_000_000)


def app(**handlers: Any) -> Starlette:
    usual = {"hello": hello, "whole": whole, "early": early, "endless": endless}
    return Starlette(
        routes=[
            Route(f"/{name}", each, methods=["GET", "POST"]) for name, each in {**usual, **handlers}.items()
        ]
    )


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    """What still comes before the server closes."""
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("begin", [b"", b"GET /hel", b"GET /hello HTTP/1.1\r\nhost: a\r\nx-more: ", b"\r\n"])
def test_a_head_that_does_not_come_is_not_waited_for(begin: bytes) -> None:
    async def work() -> bytes:
        async with running(app(), header_timeout=0.05) as at:
            reader, writer = await at.connect()
            writer.write(begin)
            rest = await until_closed(reader)
            writer.close()
            return rest

    assert run(work()) == b""


def test_a_dripping_head_is_not_waited_for_and_others_are_served_meanwhile() -> None:
    async def work() -> None:
        async with running(app(), header_timeout=0.3) as at, httpx.AsyncClient() as client:
            reader, writer = await at.connect()
            writer.write(b"GET /hello HTTP/1.1\r\nx-drip: ")
            closed = asyncio.create_task(until_closed(reader))
            served = 0
            while not closed.done():
                writer.write(b"a")
                assert (await client.get(f"{at.url}/hello")).text == "hello"
                served += 1
                await asyncio.wait({closed}, timeout=0.02)
            assert served > 1
            writer.close()

    run(work())


def test_a_second_slow_head_on_a_kept_connection_is_not_waited_for_either() -> None:
    async def work() -> None:
        async with running(app(), header_timeout=0.1, keep_alive=60) as at:
            reader, writer = await at.connect()
            writer.write(GET)
            assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
            writer.write(b"GET /he")
            assert await until_closed(reader) == b""
            writer.close()

    run(work())


def test_an_idle_connection_is_closed_after_keep_alive() -> None:
    async def work() -> None:
        async with running(app(), keep_alive=0.05) as at:
            reader, writer = await at.connect()
            writer.write(GET)
            assert (await until_closed(reader)).endswith(b"hello")
            writer.close()

    run(work())


def test_an_endless_head_is_refused() -> None:
    async def work() -> bytes:
        async with running(app()) as at:
            reader, writer = await at.connect()
            writer.write(
                b"GET /hello HTTP/1.1\r\n" + b"x-a: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 1500
            )
            answer = await until_closed(reader)
            writer.close()
            return answer

    answer = run(work())  # the connection may be reset before the answer is read
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")


def test_a_body_that_does_not_end_is_not_waited_for() -> None:
    async def work() -> None:
        async with running(app(), body_timeout=0.02) as at:
            reader, writer = await at.connect()
            writer.write(b"POST /whole HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc")
            assert await until_closed(reader) == b""
            writer.close()

    run(work())


def test_the_rest_of_a_refused_body_is_read_so_that_the_sender_sees_the_answer() -> None:
    async def work() -> None:
        async with running(app()) as at, httpx.AsyncClient() as client:
            answer = await client.post(f"{at.url}/early", content=b"a" * 20_000_000)
            assert (answer.status_code, answer.text) == (413, "no need")
            assert (await client.get(f"{at.url}/hello")).text == "hello"

    run(work())


def test_the_rest_of_a_refused_body_is_not_waited_for_long() -> None:
    async def work() -> None:
        async with running(app(), body_timeout=0.05) as at:
            reader, writer = await at.connect()
            writer.write(b"POST /early HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc")
            assert (await until_closed(reader)).endswith(b"no need")
            writer.close()

    run(work())


def test_a_reader_that_does_not_read_is_cut_off() -> None:
    async def work() -> None:
        async with running(app(), body_timeout=0.1) as at:
            with socket.create_connection(("127.0.0.1", at.server.port)) as sock:
                sock.sendall(GET.replace(b"hello", b"endless"))
                connections = at.server._server.server_state.connections  # type: ignore[union-attr]
                reader, writer = await at.connect()
                writer.write(GET)
                await reader.readuntil(b"hello")
                writer.close()
                while connections:
                    turn = asyncio.get_running_loop().create_future()
                    asyncio.get_running_loop().call_later(0.01, turn.set_result, None)
                    await turn

    run(work())


def test_connections_beyond_the_bound_are_told_so_and_the_others_go_on() -> None:
    async def work() -> None:
        async with running(app(), max_connections=4) as at:
            held = [await at.connect() for _ in range(4)]
            for reader, writer in held:  # a round trip each: the server has counted them
                writer.write(GET)
                await reader.readuntil(b"hello")
            reader, writer = await at.connect()
            writer.write(GET)
            answer = await until_closed(reader)
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"retry-after: 1" in answer
            writer.close()
            for each, other in held:
                other.write(GET)
                await each.readuntil(b"hello")
                other.close()

    run(work())


def test_a_crowd_far_beyond_the_bound_is_cut_off() -> None:
    async def work() -> None:
        async with running(app(), max_connections=2) as at:
            crowd = [await at.connect() for _ in range(12)]
            answers = await asyncio.gather(*[until_closed(reader) for reader, _ in crowd[4:]])
            assert answers == [b""] * 8
            for _, writer in crowd:
                writer.close()

    run(work())


def test_pipelined_requests_are_answered_in_order() -> None:
    async def work() -> None:
        async with running(app(), header_timeout=0.2) as at:
            reader, writer = await at.connect()
            writer.write(GET * 5)
            for _ in range(5):
                await reader.readuntil(b"hello")
            writer.close()

    run(work())


def test_port_0_takes_a_free_port_and_a_taken_one_is_one_clear_sentence() -> None:
    async def work() -> None:
        async with running(app()) as at:
            assert at.server.port > 0
            with pytest.raises(
                CannotListen, match=rf"127\.0\.0\.1:{at.server.port}: the port is in use.*--port"
            ):
                await HttpServer(app(), HttpSettings(port=at.server.port)).start()

    run(work())


@pytest.mark.parametrize(
    ("host", "said"),
    [("192.0.2.1", "does not have that address.*--host"), ("no.such.host.invalid", "host name is not known")],
)
def test_an_address_that_is_not_here(host: str, said: str) -> None:
    with pytest.raises(CannotListen, match=said):
        listen(host, 0)


def test_an_application_that_does_not_start_is_an_error() -> None:
    async def lifespan(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})

    async def work() -> None:
        with pytest.raises(RuntimeError, match="did not start"):
            await HttpServer(lifespan, HttpSettings(port=0)).start()

    run(work())


def test_requests_under_way_are_finished_at_the_end_and_hanging_ones_cut() -> None:
    async def work() -> None:
        begun, go = asyncio.Event(), asyncio.Event()

        async def slow(request: Request) -> Response:
            begun.set()
            await go.wait()
            return PlainTextResponse("done")

        async with running(app(slow=slow)) as at:
            reader, writer = await at.connect()
            writer.write(GET.replace(b"hello", b"slow"))
            await begun.wait()
            stopping = asyncio.create_task(at.server.stop())
            go.set()
            assert (await until_closed(reader)).endswith(b"done")
            await stopping
            writer.close()

        begun.clear()
        go.clear()
        async with running(app(slow=slow)) as at:
            reader, writer = await at.connect()
            writer.write(GET.replace(b"hello", b"slow"))
            await begun.wait()
            await at.server.stop()
            assert b"done" not in await until_closed(reader)
            writer.close()

    run(work())
