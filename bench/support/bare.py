"""The least a web server can do, on the same uvicorn: `python -m bench.support.bare PORT`."""

from __future__ import annotations

import sys

from starlette.types import Receive, Scope, Send

from palatine import ports, web
from palatine.stopping import Stopping

_HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"2")]


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": b"{}"})


async def _live(receive: Receive, send: Send) -> None:
    for phase in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{phase}.complete"})


def main(port: int) -> None:
    stopping = Stopping()
    stopping.on_signals()
    with ports.bind("127.0.0.1", port, "PORT") as listener:
        served = web.Application(application, leave=lambda: None)
        web.serve(served, listener, stopping, ready=lambda: None)


if __name__ == "__main__":
    main(int(sys.argv[1]))
