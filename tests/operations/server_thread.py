"""A real HTTP server in a thread, for the commands that talk to one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute


@contextmanager
def serving(routes: list[BaseRoute]) -> Iterator[str]:
    """The address of an app with these routes, until the context ends."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))

        config = uvicorn.Config(Starlette(routes=routes), log_config=None, lifespan="off", access_log=False)
        server = uvicorn.Server(config)
        listener.listen(128)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
