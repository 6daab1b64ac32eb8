"""A container's environment: its definition's variables, files and secrets, and its overrides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from localaws.ecs.model import Container, Task
from localaws.ecs.needs import World
from localaws.ecs.tasks import secrets
from localaws.ecs.tasks.secrets import Unresolved as Unresolved
from localaws.wire import AwsError

NO_FILE = (
    "ResourceInitializationError: failed to download env files: file download command: non empty "
    "error stream: service call has been retried 1 time(s): "
)


async def of(world: World, task: Task, container: Container) -> dict[str, str]:
    """Raises Unresolved."""
    definition, overriding = container.definition, override(task, container)
    files = overriding.get("environmentFiles") or definition.get("environmentFiles", ())
    return {
        **await _from_files(world, files),
        **_pairs(definition),
        **await secrets.resolve(world, definition.get("secrets", ())),
        **_pairs(overriding),
        "AWS_EXECUTION_ENV": "AWS_ECS_EC2",
    }


def override(task: Task, container: Container) -> dict[str, Any]:
    for one in task.overrides.get("containerOverrides", ()):
        if one.get("name") == container.name:
            return dict(one)
    return {}


def read(text: str) -> dict[str, str]:
    """An environment file: `NAME=value` lines, and comments. Pure."""
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, equals, value in pairs if equals}


async def _from_files(world: World, files: Iterable[dict[str, str]]) -> dict[str, str]:
    """The first value of a variable counts."""
    found: dict[str, str] = {}
    for file in files:
        found = read(await _file(world, file["value"])) | found
    return found


async def _file(world: World, arn: str) -> str:
    bucket, _, key = arn.rpartition(":::")[2].partition("/")
    try:
        body = (await world.aws.call("s3", "GetObject", {"Bucket": bucket, "Key": key}))["Body"]
    except AwsError as error:
        raise Unresolved(f"{NO_FILE}{error.code}: {error.message}") from error
    return body.decode() if isinstance(body, bytes) else str(body)


def _pairs(definition: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in definition.get("environment", ())}
