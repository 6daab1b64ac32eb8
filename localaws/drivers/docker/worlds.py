"""Whose containers are whose: every local AWS knows its own by its home, on its machine."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path

from aiodocker import Docker
from aiodocker.containers import DockerContainer

HOME, MACHINE = "palatine.localaws.home", "palatine.localaws.machine"


def labels(home: Path) -> dict[str, str]:
    return {HOME: str(home.resolve()), MACHINE: socket.gethostname()}


async def containers(docker: Docker, labels: Mapping[str, str]) -> list[DockerContainer]:
    """Those that have all the labels, ended ones too, the newest first."""
    wanted = [f"{key}={value}" for key, value in labels.items()]
    return await docker.containers.list(all="true", filters=json.dumps({"label": wanted}))


async def orphans(docker: Docker) -> list[DockerContainer]:
    """Of this machine, whose home is no more, and who can never be found again."""
    ours = await containers(docker, {MACHINE: socket.gethostname()})
    return [one for one in ours if not Path(one["Labels"][HOME]).exists()]
