"""What RegisterTaskDefinition refuses of a whole definition, in ECS's words. Pure."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from localaws.ecs.instances.placement import understood
from localaws.ecs.refusals import client_error, refuse_unmodelled
from localaws.ecs.tasks import container_checks, dependencies, sizes

Json = dict[str, Any]
LARGEST = 65_536  # bytes
MOST_CONTAINERS = 10
MOST_CONSTRAINTS = 10
EMPTY_MEANS_NONE = ("volumes", "inferenceAccelerators")
MODELLED = {
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "containerDefinitions",
    "placementConstraints",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "tags",
    "runtimePlatform",
}
GUIDE = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."


def check(params: Json) -> None:
    """`params` are RegisterTaskDefinition's; raises AwsError."""
    _check_family(params["family"])
    _check_containers(params)
    _check_sizes(params)
    _check_fargate(params)
    refuse_unmodelled("RegisterTaskDefinition", _asked(params), MODELLED)
    _check_platform(params)
    _check_constraints(params.get("placementConstraints", ()))
    _check_length(params)


def _asked(params: Json) -> Json:
    return {key: value for key, value in params.items() if value or key not in EMPTY_MEANS_NONE}


def _check_family(family: str) -> None:
    if not family:
        raise client_error("Family should not be null or empty.")
    if not container_checks.NAME.fullmatch(family):
        raise client_error("Family contains invalid characters.")


def _check_containers(params: Json) -> None:
    containers = params["containerDefinitions"]
    if not containers:
        raise client_error("Container list cannot be empty.")
    if len(containers) > MOST_CONTAINERS:
        raise client_error("Too many containers.")
    for container in containers:
        container_checks.check(
            container,
            network_mode=params.get("networkMode", "bridge"),
            has_task_memory="memory" in params,
        )
    names = [one["name"] for one in containers]
    if len(set(names)) < len(names):
        raise client_error("Container names should be unique in a task definition.")
    if not any(one.get("essential", True) for one in containers):
        raise client_error("At least one container must be essential.")
    if sentence := dependencies.wrong(containers):
        raise client_error(sentence)
    _check_host_ports(containers)
    if not params.get("executionRoleArn") and any(one.get("secrets") for one in containers):
        raise client_error(
            "When you are specifying container secrets, you must also specify a value for "
            "'executionRoleArn'."
        )


def _check_host_ports(containers: list[Json]) -> None:
    fixed = Counter(
        (mapping.get("protocol", "tcp"), mapping["hostPort"])
        for container in containers
        for mapping in container.get("portMappings", ())
        if mapping.get("hostPort")
    )
    for (protocol, port), times in fixed.items():
        if times > 1:
            raise client_error(
                f"{protocol.upper()} host port '{port}' is mapped multiple times in task."
            )


def _check_sizes(params: Json) -> None:
    for key, read, least, most in (
        ("cpu", sizes.cpu, sizes.SMALLEST_CPU, sizes.LARGEST_CPU),
        ("memory", sizes.memory, sizes.SMALLEST_MEMORY, None),
    ):
        if key not in params:
            continue
        whole = read(params[key])
        if whole is None or whole < least or (most and whole > most):
            raise client_error(f"Invalid '{key}' setting for task. {GUIDE}")
        _check_parts(params["containerDefinitions"], key, whole)


def _check_parts(containers: list[Json], key: str, whole: int) -> None:
    for container in containers:
        if container.get(key, 0) > whole:
            raise client_error(
                f"The '{key}' setting for container '{container['name']}' is greater than for "
                "the task."
            )
    part = "memoryReservation" if key == "memory" else key
    if sum(one.get(part, 0) for one in containers) > whole:
        raise client_error(
            f"The sum of all container '{part}' values cannot be greater than the value of the "
            f"task '{key}'."
        )


def _check_fargate(params: Json) -> None:
    """Nothing runs on Fargate here: what AWS would refuse is refused in its words, the rest by
    name."""
    for wanted in params.get("requiresCompatibilities", ()):
        if wanted == "FARGATE":
            _check_fargate_sizes(params)
        one = {f"requiresCompatibilities {wanted}": 1}
        refuse_unmodelled("RegisterTaskDefinition", one, ("requiresCompatibilities EC2",))


def _check_fargate_sizes(params: Json) -> None:
    if params.get("networkMode", "bridge") != "awsvpc":
        raise client_error("Fargate only supports network mode ‘awsvpc’.")  # noqa: RUF001  AWS's own marks
    for key in ("cpu", "memory"):
        if key not in params:
            raise client_error(f"Fargate requires that '{key}' be defined at the task level.")
    cpu, memory = sizes.cpu(params["cpu"]), sizes.memory(params["memory"])
    if not sizes.on_fargate(cpu or 0, memory or 0):
        raise client_error(
            f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See "
            "the Amazon ECS documentation for the valid values."
        )


def _check_platform(params: Json) -> None:
    mode = params.get("networkMode", "bridge")
    modelled = ("networkMode bridge", "networkMode host")
    refuse_unmodelled("RegisterTaskDefinition", {f"networkMode {mode}": 1}, modelled)
    system = params.get("runtimePlatform", {}).get("operatingSystemFamily", "LINUX")
    family = {f"operatingSystemFamily {system}": 1}
    refuse_unmodelled("RegisterTaskDefinition", family, ("operatingSystemFamily LINUX",))


def _check_constraints(constraints: list[Json]) -> None:
    if len(constraints) > MOST_CONSTRAINTS:
        raise client_error("Too many placement constraints.")
    for constraint in constraints:
        expression = constraint.get("expression", "")
        if not understood(expression):
            raise client_error(f"Invalid expression: {expression}")


def _check_length(params: Json) -> None:
    length = len(json.dumps(params, separators=(",", ":")).encode())
    if length > LARGEST:
        raise client_error(f"Actual length: '{length}'. Max allowed length is '{LARGEST}' bytes.")
