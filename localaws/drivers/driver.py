"""What ECS asks of whatever runs containers, whether processes, Docker or a simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

OnLine = Callable[[str], None]
DID_NOT_END = -1


class DriverUnusable(Exception):
    """What it needs of this machine is not there; the text says what, and what else to do."""


class PullFailed(Exception):
    """The image cannot be had; the text is what a Docker daemon would have answered."""


class StartFailed(Exception):
    """The container cannot be started; the text is what a Docker daemon would have answered."""


class Feature(StrEnum):
    """What only some drivers truly give; a container is started all the same without it."""

    PROGRAMS = "programs"  # what a container is told to run, runs
    FILES = "files"  # a file system of its own
    CPU = "cpu"
    MEMORY = "memory"  # over the limit it is killed, and out_of_memory
    USER = "user"
    ADOPTION = "adoption"  # its containers outlive this process, and are found again


@dataclass(frozen=True)
class Image:
    digest: str  # of the manifest
    root: Path = Path()  # where its layers lie unpacked, if no engine has them
    environment: Mapping[str, str] = field(default_factory=dict)
    working_directory: str = "/"
    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    reference: str = ""  # what it was pulled as


@dataclass(frozen=True)
class Port:
    container: int
    host: int = 0  # 0: any that is free
    protocol: str = "tcp"


@dataclass(frozen=True)
class Ulimit:
    name: str  # as Docker names them: nofile, nproc…
    soft: int
    hard: int


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
    cpu: int = 0  # units, 1024 a core; how much of it when others want it too
    memory: int | None = None  # MiB, the hard limit
    memory_reservation: int | None = None  # MiB
    user: str | None = None  # None: the image's
    hostname: str | None = None
    ulimits: Sequence[Ulimit] = ()
    read_only: bool = False  # its root file system
    labels: Mapping[str, str] = field(default_factory=dict)
    on_line: OnLine = print


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

    @property
    def out_of_memory(self) -> bool:
        """Whether its memory limit killed it: known once it has ended."""
        ...

    async def execute(self, command: Sequence[str], timeout: float) -> int:
        """The exit code of a command run inside it, as container health checks are.

        DID_NOT_END where it is killed after `timeout` seconds, or the container is not there to
        run it: Docker's own health checks say -1 then.
        """
        ...


class Driver(Protocol):
    @property
    def honours(self) -> frozenset[Feature]: ...

    async def start(self) -> None:
        """Raises DriverUnusable."""
        ...

    async def stop(self) -> None:
        """Ends every container that still runs."""
        ...

    async def pull(self, reference: str) -> Image:
        """Raises PullFailed."""
        ...

    async def launch(self, launch: Launch) -> Running:
        """Raises StartFailed."""
        ...

    async def adopt(self, labels: Mapping[str, str], on_line: OnLine) -> Running | None:
        """The container of an earlier run with all these labels, which may have ended since.

        None: there is none, or the driver's containers never outlive it.
        """
        ...

    async def end_unadopted(self) -> None:
        """Ends what is left of earlier runs and was not adopted, and removes it."""
        ...
