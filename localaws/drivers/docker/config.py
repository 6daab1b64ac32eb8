"""What the engine is told of a container: its API's shape, as the ECS agent fills it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from localaws.drivers.docker.images import name
from localaws.drivers.driver import Launch, Port

MIB = 1 << 20
FEWEST_SHARES = 2  # of Linux; the ECS agent rounds 0 and 1 up to it
LOGS = {"Type": "json-file", "Config": {"max-size": "64m", "max-file": "2"}}


def config(launch: Launch, labels: Mapping[str, str]) -> dict[str, Any]:
    return {
        "Image": name(launch.image.digest),
        "Env": [f"{key}={value}" for key, value in launch.environment.items()],
        "Entrypoint": _words(launch.entrypoint),
        "Cmd": _words(launch.command),
        "WorkingDir": launch.working_directory or "",
        "User": launch.user or "",
        "Hostname": launch.hostname or "",
        "Labels": {**launch.labels, **labels},
        "ExposedPorts": {_named(port): {} for port in launch.ports},
        "HostConfig": {
            "PortBindings": _bindings(launch),
            "CpuShares": max(launch.cpu, FEWEST_SHARES),
            **_memory(launch),
            "Ulimits": [
                {"Name": one.name, "Soft": one.soft, "Hard": one.hard} for one in launch.ulimits
            ],
            "ReadonlyRootfs": launch.read_only,
            "LogConfig": LOGS,
        },
    }


def ports(launch_ports: Sequence[Port], shown: Mapping[str, Any]) -> list[Port]:
    """As asked, with the host ports that the engine shows to have chosen."""
    published = shown["NetworkSettings"]["Ports"] or {}
    return [
        Port(port.container, int(bindings[0]["HostPort"]), port.protocol)
        for port in launch_ports
        if (bindings := published.get(_named(port)))
    ]


def asked(shown: Mapping[str, Any]) -> list[Port]:
    """What ports a container that is there was launched with."""
    bindings = shown["HostConfig"]["PortBindings"] or {}
    return [
        Port(int(number), int(bound[0]["HostPort"] or 0), protocol)
        for named, bound in bindings.items()
        for number, _, protocol in [named.partition("/")]
    ]


def _words(words: Sequence[str] | None) -> list[str] | None:
    return None if words is None else list(words)


def _named(port: Port) -> str:
    return f"{port.container}/{port.protocol}"


def _bindings(launch: Launch) -> dict[str, list[dict[str, str]]]:
    return {
        _named(port): [{"HostIp": launch.address, "HostPort": str(port.host or "")}]
        for port in launch.ports
    }


def _memory(launch: Launch) -> dict[str, int]:
    """Without swap, as instances of the ECS-optimised images have none."""
    limits = dict[str, int]()
    if launch.memory:
        limits |= {"Memory": launch.memory * MIB, "MemorySwap": launch.memory * MIB}
    if launch.memory_reservation:
        limits["MemoryReservation"] = launch.memory_reservation * MIB
    return limits
