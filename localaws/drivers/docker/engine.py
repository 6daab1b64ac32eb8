"""The way to the Docker Engine: where it is, and a client of it."""

from __future__ import annotations

import asyncio
import os

import aiohttp
from aiodocker import Docker, DockerError

from localaws.drivers.driver import DriverUnusable

SOCKET = "unix:///var/run/docker.sock"
UNIX = "unix://"
PATIENCE_SECONDS = 20


def address() -> str:
    """Where tools look for it."""
    return os.environ.get("DOCKER_HOST") or SOCKET


class Engine:
    docker: Docker

    def __init__(self, host: str) -> None:
        self._host = host
        self._connector: aiohttp.BaseConnector | None = None

    async def connect(self) -> None:
        """Raises DriverUnusable."""
        try:
            self._open()
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self.docker.version()
        except (OSError, ValueError, aiohttp.ClientError, DockerError) as error:
            await self.close()
            raise DriverUnusable(
                f"No Docker Engine answers at {self._host}; start one, let DOCKER_HOST say where"
                " it is, or use --driver process."
            ) from error

    async def close(self) -> None:
        if hasattr(self, "docker"):
            await self.docker.close()
        if self._connector:
            await self._connector.close()

    def _open(self) -> None:
        """Without a limit of connections: each container has two open for as long as it runs."""
        host = self._host
        if host.startswith(UNIX):
            self._connector = aiohttp.UnixConnector(host.removeprefix(UNIX), limit=0)
            self.docker = Docker("unix://localhost", self._connector)
        elif not os.environ.get("DOCKER_TLS_VERIFY"):
            self._connector = aiohttp.TCPConnector(limit=0)
            self.docker = Docker(host, self._connector)
        else:  # the client's own way knows the certificates
            self.docker = Docker(host)
