"""An app on a free loopback port for as long as a test needs it, on the test's own event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp


@asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[str]:
    """The app, served; its address (`http://127.0.0.1:…`). What still hangs at the end is cancelled."""
    # with its protocol named: asyncio sets TCP_NODELAY only then, without it each answer takes 40 ms
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="websockets-sansio")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup([listener])
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        # Not `server.shutdown()`: that waits a tenth of a second for clients, and ours have gone.
        for door in server.servers:
            door.close()
        for connection in list(server.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        for task in server.server_state.tasks:  # what hangs by the fault script
            task.cancel()
        await asyncio.gather(*server.server_state.tasks, return_exceptions=True)
        listener.close()
