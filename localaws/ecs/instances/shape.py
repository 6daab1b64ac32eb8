"""A container instance as the API and its events show it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from localaws.ecs.instances import registration
from localaws.ecs.instances.ledger import Ledger
from localaws.ecs.model import STARTING, Instance, Life, Task
from localaws.ecs.needs import World

Json = dict[str, Any]


def describe(
    ledger: Ledger,
    instance: Instance,
    tasks: Iterable[Task],
    tags: list[dict[str, str]],
    include: Iterable[str] = (),
) -> Json:
    tasks, include = list(tasks), set(include)
    shown = _common(ledger, instance) | {
        "runningTasksCount": sum(one.wanted and one.status is Life.RUNNING for one in tasks),
        "pendingTasksCount": sum(one.status in STARTING for one in tasks),
        "registeredAt": instance.registered_at,
        "attachments": [],
        "tags": tags if "TAGS" in include else [],
    }
    if instance.capacity_provider:
        shown["capacityProviderName"] = instance.capacity_provider
    if instance.status_reason:
        shown["statusReason"] = instance.status_reason
    if "CONTAINER_INSTANCE_HEALTH" in include:
        checks = _health_checks(instance)
        shown["healthStatus"] = {"overallStatus": _overall(instance), "details": checks}
    return shown


def event(world: World, ledger: Ledger, instance: Instance) -> Json:
    """The detail of a Container Instance State Change."""
    return _common(ledger, instance) | {
        "clusterArn": world.arn("ecs", f"cluster/{instance.cluster}"),
        "registeredAt": instance.registered_at,
        "updatedAt": world.clock.now(),
    }


def health_event(world: World, instance: Instance) -> Json:
    """The detail of a Container Instance Health Change."""
    return {
        "clusterArn": world.arn("ecs", f"cluster/{instance.cluster}"),
        "containerInstanceArn": instance.arn,
        "capacityProviderName": instance.capacity_provider,
        "ec2InstanceId": instance.ec2_instance_id,
        "overallStatus": _overall(instance),
        "healthChecks": _health_checks(instance),
    }


def attribute(name: str, value: str | None) -> Json:
    return {"name": name} | ({} if value is None else {"value": value})


def _overall(instance: Instance) -> str:
    return "OK" if instance.impaired is None else "IMPAIRED"


def _health_checks(instance: Instance) -> list[Json]:
    changed = instance.health_changed_at or instance.registered_at
    runtime = {
        "type": "CONTAINER_RUNTIME",
        "status": _overall(instance),
        "lastUpdated": changed,
        "lastStatusChange": changed,
    }
    return [runtime | ({"statusReason": instance.impaired} if instance.impaired else {})]


def _common(ledger: Ledger, instance: Instance) -> Json:
    left = ledger.room(instance)
    tcp, udp = instance.reserved_ports, instance.reserved_udp_ports
    return {
        "containerInstanceArn": instance.arn,
        "ec2InstanceId": instance.ec2_instance_id,
        "version": instance.version,
        "versionInfo": {
            "agentVersion": registration.AGENT_VERSION,
            "agentHash": registration.AGENT_HASH,
            "dockerVersion": registration.DOCKER_VERSION,
        },
        "remainingResources": _resources(left.cpu, left.memory, left.ports, left.udp),
        "registeredResources": _resources(instance.cpu, instance.memory, tcp, udp),
        "status": instance.status,
        "agentConnected": instance.agent_connected,
        "attributes": [attribute(*one) for one in sorted(instance.attributes.items())],
    }


def _resources(cpu: int, memory: int, tcp: Iterable[int], udp: Iterable[int]) -> list[Json]:
    return [
        {"name": "CPU", "type": "INTEGER", "integerValue": cpu},
        {"name": "MEMORY", "type": "INTEGER", "integerValue": memory},
        {"name": "PORTS", "type": "STRINGSET", "stringSetValue": sorted(map(str, tcp))},
        {"name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": sorted(map(str, udp))},
    ]
