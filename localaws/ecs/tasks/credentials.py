"""What a container is given to act as its task's role."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from localaws.ecs.model import Task
from localaws.ecs.needs import World
from localaws.wire import AwsError

# as aws/amazon-ecs-agent, ecs-agent/tmds/handlers/v1/credentials_handler.go
UNKNOWN = {
    "code": "InvalidIdInRequest",
    "message": "CredentialsV2Request: Credentials not found",
    "HTTPErrorCode": 400,
}


async def of(world: World, task: Task | None) -> dict[str, Any] | None:
    """None: it has no role, or one that nobody may have."""
    if task is None or not task.role:
        return None
    asked = {"RoleArn": task.role, "RoleSessionName": task.id}
    try:
        given = (await world.aws.call("sts", "AssumeRole", asked))["Credentials"]
    except AwsError:
        return None
    return {
        "RoleArn": task.role,
        "AccessKeyId": given["AccessKeyId"],
        "SecretAccessKey": given["SecretAccessKey"],
        "Token": given["SessionToken"],
        "Expiration": f"{given['Expiration'].astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
