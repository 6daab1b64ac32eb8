"""What a container instance says of itself when it registers: its cluster, size and attributes.

Pure. The agent reads `/etc/ecs/ecs.config`, which user data writes; its capabilities are those of
the ECS-optimised Amazon Linux (aws/amazon-ecs-agent, agent/app/agent_capability.go).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

AGENT_VERSION, DOCKER_VERSION = "1.99.0", "DockerVersion: 25.0.8"
AGENT_HASH = "*4c6a1b2e"
RESERVED_PORTS = frozenset({22, 2375, 2376, 51678, 51679, 51680})
_SETTING = re.compile(
    r"\bECS_([A-Z_]+)=('[^'\n]*'|\"[^\"\n]*\"|[{\[][^\n]*?[}\]](?=['\"\s]|$)|[^\s'\";>]+)"
)
_AGENT = "com.amazonaws.ecs.capability."
_DOCKER_API = range(17, 45)
_CAPABILITIES = (
    *(f"{_AGENT}docker-remote-api.1.{minor}" for minor in _DOCKER_API),
    *(
        f"{_AGENT}logging-driver.{driver}"
        for driver in ("awsfirelens", "awslogs", "fluentd", "gelf", "journald", "json-file", "none")
    ),
    f"{_AGENT}logging-driver.syslog",
    f"{_AGENT}ecr-auth",
    f"{_AGENT}privileged-container",
    f"{_AGENT}selinux",
    f"{_AGENT}task-iam-role",
    f"{_AGENT}task-iam-role-network-host",
    "ecs.capability.aws-appmesh",
    "ecs.capability.container-health-check",
    "ecs.capability.container-ordering",
    "ecs.capability.container-restart-policy",
    "ecs.capability.docker-plugin.local",
    "ecs.capability.ecr-endpoint",
    "ecs.capability.efs",
    "ecs.capability.efsAuth",
    "ecs.capability.env-files.s3",
    "ecs.capability.execute-command",
    "ecs.capability.execution-role-awslogs",
    "ecs.capability.execution-role-ecr-pull",
    "ecs.capability.firelens.fluentbit",
    "ecs.capability.firelens.fluentd",
    "ecs.capability.full-sync",
    "ecs.capability.increased-task-cpu-limit",
    "ecs.capability.logging-driver.awsfirelens.log-driver-buffer-limit",
    "ecs.capability.network.container-port-range",
    "ecs.capability.pid-ipc-namespace-sharing",
    "ecs.capability.private-registry-authentication.secretsmanager",
    "ecs.capability.secrets.asm.bootstrap.log-driver",
    "ecs.capability.secrets.asm.environment-variables",
    "ecs.capability.secrets.ssm.bootstrap.log-driver",
    "ecs.capability.secrets.ssm.environment-variables",
    "ecs.capability.storage.ebs-task-volume-attach",
    "ecs.capability.task-cpu-mem-limit",
    "ecs.capability.task-eni",
)


@dataclass(frozen=True)
class Config:
    """The agent's own, as far as it shows."""

    cluster: str = "default"
    attributes: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    tags_from_instance: bool = False
    reserved_memory: int = 0
    reserved_ports: frozenset[int] = RESERVED_PORTS
    reserved_udp_ports: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Size:
    cpu: int  # units, 1024 a virtual processor
    memory: int  # MiB
    architecture: str = "x86_64"


def config(user_data: str) -> Config | None:
    """None where nothing of it configures an agent."""
    if "ecs.config" not in user_data and "ECS_CLUSTER" not in user_data:
        return None
    given = {name: _bare(value) for name, value in _SETTING.findall(user_data)}
    return Config(
        cluster=given.get("CLUSTER", "default"),
        attributes=_object(given.get("INSTANCE_ATTRIBUTES")),
        tags=_object(given.get("CONTAINER_INSTANCE_TAGS")),
        tags_from_instance=given.get("CONTAINER_INSTANCE_PROPAGATE_TAGS_FROM") == "ec2_instance",
        reserved_memory=_number(given.get("RESERVED_MEMORY", "")),
        reserved_ports=_ports(given.get("RESERVED_PORTS"), RESERVED_PORTS),
        reserved_udp_ports=_ports(given.get("RESERVED_PORTS_UDP"), frozenset()),
    )


def size(described: Mapping[str, Any]) -> Size:
    """Of an instance type, as EC2's DescribeInstanceTypes tells it."""
    architectures = described["ProcessorInfo"]["SupportedArchitectures"]
    return Size(
        cpu=described["VCpuInfo"]["DefaultVCpus"] * 1024,
        memory=described["MemoryInfo"]["SizeInMiB"],
        architecture="arm64" if "arm64" in architectures else "x86_64",
    )


def attributes(machine: Mapping[str, Any], size: Size) -> dict[str, str | None]:
    """Those that ECS gives an instance itself; `machine` is EC2's description of it."""
    told = {
        "ecs.ami-id": machine.get("ImageId"),
        "ecs.availability-zone": machine.get("Placement", {}).get("AvailabilityZone"),
        "ecs.cpu-architecture": size.architecture,
        "ecs.instance-type": machine.get("InstanceType"),
        "ecs.os-family": "LINUX",
        "ecs.os-type": "linux",
        "ecs.subnet-id": machine.get("SubnetId"),
        "ecs.vpc-id": machine.get("VpcId"),
    }
    known: dict[str, str | None] = {name: value for name, value in told.items() if value}
    return known | dict.fromkeys(_CAPABILITIES)


def address(number: int, platform: str) -> str:
    """Where the containers of the instance of that number listen: on Linux each has its own."""
    if platform != "linux":
        return "127.0.0.1"
    return f"127.0.{1 + number // 254}.{1 + number % 254}"


def _bare(value: str) -> str:
    return value[1:-1] if value[0] == value[-1] and value[0] in "'\"" else value


def _object(text: str | None) -> dict[str, str]:
    """Of texts. What an agent cannot read it does without, here as below."""
    read = _json(text)
    return {str(name): str(value) for name, value in read.items()} if isinstance(read, dict) else {}


def _ports(text: str | None, otherwise: frozenset[int]) -> frozenset[int]:
    read = _json(text)
    numbers = isinstance(read, list) and all(isinstance(one, int) for one in read)
    return frozenset(read) if numbers else otherwise


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _json(text: str | None) -> Any:  # noqa: ANN401
    try:
        return json.loads(text or "")
    except ValueError:
        return None
