"""A container's environment: its definition's variables, files and secrets, and its overrides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from localaws.ecs.model import Container, Task
from localaws.ecs.needs import World
from localaws.ecs.tasks import secrets
from localaws.ecs.tasks.secrets import Unresolved as Unresolved
from localaws.wire import AwsError

# as the ECS agent says it (aws/amazon-ecs-agent, taskresource/envFiles)
NO_FILE = "unable to download env file with key {key} from bucket {bucket}, error: "


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
    """An environment file: `NAME=value` lines, and comments. Pure.

    Spaces and quotes are part of what they are in; nothing is set to nothing.
    """
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {name: value for name, _, value in pairs if name and value}


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
        where = NO_FILE.format(bucket=bucket, key=key)
        raise Unresolved(f"{where}{error.code}: {error.message}") from error
    return body.decode() if isinstance(body, bytes) else str(body)


def _pairs(definition: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in definition.get("environment", ())}
