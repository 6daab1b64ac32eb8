"""What ECS asks of whatever runs containers, whether processes, Docker or a simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class PullFailed(Exception):
    """The image cannot be had; the text is what a Docker daemon would have answered."""


class StartFailed(Exception):
    """The container cannot be started; the text is what a Docker daemon would have answered."""


@dataclass(frozen=True)
class Image:
    digest: str  # of the manifest
    root: Path  # where its layers lie unpacked
    environment: Mapping[str, str] = field(default_factory=dict)
    working_directory: str = "/"
    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()


@dataclass(frozen=True)
class Port:
    container: int
    host: int = 0  # 0: any that is free
    protocol: str = "tcp"


@dataclass(frozen=True)
class Launch:
    id: str  # unique among all containers, past ones included
    image: Image
    address: str  # of the container instance
    environment: Mapping[str, str]
    entrypoint: Sequence[str] | None = None  # None: the image's
    command: Sequence[str] | None = None
    working_directory: str | None = None
    ports: Sequence[Port] = ()
    on_line: Callable[[str], None] = print


class Running(Protocol):
    @property
    def runtime_id(self) -> str: ...

    @property
    def ports(self) -> Sequence[Port]:
        """As asked, the host ports filled in."""
        ...

    async def wait(self) -> int:
        """The exit code; 128+n when signal n ended it. May be awaited by several."""
        ...

    async def signal(self, number: int) -> None:
        """Nothing happens if it has ended already."""
        ...


class Driver(Protocol):
    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Ends every container that still runs."""
        ...

    async def pull(self, reference: str) -> Image: ...

    async def launch(self, launch: Launch) -> Running: ...
