"""What RegisterTaskDefinition refuses of one container, in ECS's words. Pure."""

from __future__ import annotations

import re
from typing import Any

from localaws.ecs.refusals import client_error, refuse_unmodelled

Json = dict[str, Any]
NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
LEAST_MEMORY = 6  # MiB
LARGEST_PORT = 65_535
EMPTY_MEANS_NONE = ("mountPoints", "volumesFrom", "systemControls", "links", "resourceRequirements")
MODELLED = {
    "name",
    "image",
    "cpu",
    "memory",
    "memoryReservation",
    "portMappings",
    "essential",
    "restartPolicy",
    "entryPoint",
    "command",
    "environment",
    "environmentFiles",
    "secrets",
    "dependsOn",
    "startTimeout",
    "stopTimeout",
    "workingDirectory",
    "logConfiguration",
    "healthCheck",
    "dockerLabels",
    "hostname",
    "user",
    "ulimits",
    "readonlyRootFilesystem",
    "versionConsistency",
}
MODELLED_IN_MAPPINGS = ("containerPort", "hostPort", "protocol", "name", "appProtocol")
MODELLED_IN_LOGS = ("logDriver", "options")
LOG_DRIVERS = ("awslogs", "json-file")  # the second stays on the instance, where nobody looks
AWSLOGS_NEEDS = ("awslogs-region", "awslogs-group")
AWSLOGS = (
    *AWSLOGS_NEEDS,
    "awslogs-stream-prefix",
    "awslogs-create-group",
    "mode",
    "max-buffer-size",
)
# Amazon ECS API reference, HealthCheck and ContainerRestartPolicy
HEALTH_CHECK_RANGES = {
    "interval": (5, 300),
    "timeout": (2, 120),
    "retries": (1, 10),
    "startPeriod": (0, 300),
}
RESTART_PERIOD = (60, 1800)
MOST_IGNORED_CODES = 50


def check(container: Json, *, network_mode: str, has_task_memory: bool) -> None:
    """Raises AwsError."""
    _check_name_and_image(container)
    refuse_unmodelled("RegisterTaskDefinition", _asked(container), MODELLED)
    _check_memory(container, has_task_memory=has_task_memory)
    _check_ports(container, network_mode)
    _check_seconds(container)
    _check_variables(container)
    _check_logs(container)
    _check_health_check(container)
    _check_restarts(container)


def _asked(container: Json) -> Json:
    return {key: value for key, value in container.items() if value or key not in EMPTY_MEANS_NONE}


def _check_name_and_image(container: Json) -> None:
    if not container.get("name"):
        raise client_error("Container.name should not be null or empty.")
    if not NAME.fullmatch(container["name"]):
        raise client_error("Container.name contains invalid characters.")
    if not container.get("image"):
        raise client_error("Container.image should not be null or empty.")


def _check_memory(container: Json, *, has_task_memory: bool) -> None:
    whose = f"Invalid setting for container '{container['name']}'."
    limits = [container[key] for key in ("memory", "memoryReservation") if key in container]
    if not limits and not has_task_memory:
        raise client_error(
            f"{whose} At least one of 'memory' or 'memoryReservation' must be specified."
        )
    if any(limit < LEAST_MEMORY for limit in limits):
        raise client_error(f"{whose} Memory must be at least {LEAST_MEMORY} MiB.")
    if len(limits) > 1 and limits[0] < limits[1]:
        raise client_error(
            f"{whose} The 'memory' value must be greater than or equal to 'memoryReservation' "
            "value."
        )
    if container.get("cpu", 0) < 0:
        raise _bad("cpu", container)


def _check_ports(container: Json, network_mode: str) -> None:
    for mapping in container.get("portMappings", ()):
        refuse_unmodelled("RegisterTaskDefinition", mapping, MODELLED_IN_MAPPINGS)
        port, host = mapping.get("containerPort"), mapping.get("hostPort", 0)
        if not isinstance(port, int) or not 1 <= port <= LARGEST_PORT:
            raise _bad("containerPort", container)
        if not 0 <= host <= LARGEST_PORT:
            raise _bad("hostPort", container)
        if mapping.get("protocol", "tcp") not in ("tcp", "udp"):
            raise _bad("protocol", container)
        if network_mode == "host" and host not in (0, port):
            raise client_error(
                "When networkMode=host, the host ports and container ports in port mappings must "
                "match."
            )


def _check_seconds(container: Json) -> None:
    for key in ("startTimeout", "stopTimeout"):
        if container.get(key, 0) < 0:
            raise _bad(key, container)


def _check_variables(container: Json) -> None:
    plain = {one.get("name") for one in container.get("environment", ())}
    names = [one["name"] for one in container.get("secrets", ())]
    for name in names:
        if name in plain or names.count(name) > 1:
            raise client_error(
                "The secret name must be unique and not shared with any new or existing "
                f"environment variables set on the container, such as '{name}'."
            )
    for file in container.get("environmentFiles", ()):
        if file["type"] != "s3" or not file["value"].startswith("arn:aws"):
            raise _bad("environmentFiles", container)
        if not file["value"].endswith(".env"):
            raise client_error("Environment files must have the .env file extension.")


def _check_logs(container: Json) -> None:
    logs = container.get("logConfiguration")
    if not logs:
        return
    refuse_unmodelled("RegisterTaskDefinition", logs, MODELLED_IN_LOGS)
    driver, options = logs["logDriver"], logs.get("options", {})
    refuse_unmodelled("RegisterTaskDefinition", {f"logDriver {driver}": 1}, _named(LOG_DRIVERS))
    if driver != "awslogs":
        return
    if missing := [name for name in AWSLOGS_NEEDS if not options.get(name)]:
        raise client_error(f"Log driver awslogs requires options: {', '.join(missing)}")
    refuse_unmodelled("RegisterTaskDefinition", options, AWSLOGS)
    if options.get("mode", "non-blocking") not in ("blocking", "non-blocking"):
        raise _bad("mode", container)


def _named(drivers: tuple[str, ...]) -> list[str]:
    return [f"logDriver {driver}" for driver in drivers]


def _check_health_check(container: Json) -> None:
    check = container.get("healthCheck")
    if not check:
        return
    command = check["command"]
    if not command or command[0] not in ("CMD", "CMD-SHELL") or len(command) < 2:
        raise _bad("healthCheck.command", container)
    for key, (least, most) in HEALTH_CHECK_RANGES.items():
        if key in check and not least <= check[key] <= most:
            raise client_error(
                f"Invalid 'healthCheck.{key}' setting for container '{container['name']}'. "
                f"It must be between {least} and {most}."
            )


def _check_restarts(container: Json) -> None:
    policy = container.get("restartPolicy") or {}
    least, most = RESTART_PERIOD
    if not least <= policy.get("restartAttemptPeriod", most) <= most:
        raise _bad("restartPolicy.restartAttemptPeriod", container)
    if len(policy.get("ignoredExitCodes", ())) > MOST_IGNORED_CODES:
        raise _bad("restartPolicy.ignoredExitCodes", container)


def _bad(what: str, container: Json) -> Exception:
    return client_error(f"Invalid '{what}' setting for container '{container['name']}'.")
