"""Serves an ASGI application with uvicorn, under our signals instead of its own."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from palatine.stopping import Stopping
from palatine.trouble import Trouble

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_GRACE_SECONDS = 3  # what clients of a stream are given to leave


@dataclass(frozen=True)
class Application:
    asgi: "ASGIApp"
    leave: Callable[[], None]  # told at once when stopping begins, so that open streams end


def serve(
    application: Application, listener: socket.socket, stopping: Stopping, ready: Callable[[], None]
) -> None:
    """Until stopping is asked for. `ready` is called once requests are answered."""
    config = uvicorn.Config(
        application.asgi,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Server(config, ready)
    stopping.tell(application.leave)
    stopping.tell(lambda: server.leave(stopping))
    try:
        server.run(sockets=[listener])
    except SystemExit:  # uvicorn's way to say that the application refused to start
        raise Trouble("The web server did not start.") from None


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Uvicorn's own would end the process by the signal, before our parts have stopped."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    def leave(self, stopping: Stopping) -> None:
        self.should_exit = True
        self.force_exit = stopping.hurry
