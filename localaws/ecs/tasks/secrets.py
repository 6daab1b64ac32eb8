"""`secrets` of a container definition: references in, values out, never kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from localaws.ecs.needs import World
from localaws.wire import AwsError

ARN_PARTS = 7  # arn:aws:secretsmanager:region:account:secret:name-suffix
# the ECS agent's words, which ECS shows with a capital (Amazon ECS developer guide, "Fetching
# secret data from AWS Secrets Manager"); ResourceInitializationError is what Fargate says
FETCHING = "Fetching secret data from "


class Unresolved(Exception):
    """Its text is the stopped reason of the task."""


async def resolve(world: World, secrets: Sequence[dict[str, str]]) -> dict[str, str]:
    """Values by variable name; each secret is read once however many keys are taken."""
    read: dict[tuple[str, str, str], str] = {}
    return {secret["name"]: await _value(world, secret["valueFrom"], read) for secret in secrets}


async def _value(world: World, reference: str, read: dict[tuple[str, str, str], str]) -> str:
    if not reference.startswith("arn:") or ":ssm:" in reference:
        return await _parameter(world, reference)
    arn, key, stage, version = _split(reference)
    if (arn, stage, version) not in read:
        read[arn, stage, version] = await _secret(world, arn, stage, version)
    text = read[arn, stage, version]
    return _key(world, text, key) if key else text


def _split(reference: str) -> tuple[str, str, str, str]:
    parts = reference.split(":")
    key, stage, version = [*parts[ARN_PARTS:], "", "", ""][:3]
    return ":".join(parts[:ARN_PARTS]), key, stage, version


async def _secret(world: World, arn: str, stage: str, version: str) -> str:
    asked: dict[str, Any] = {"SecretId": arn}
    asked |= {"VersionStage": stage} if stage else {}
    asked |= {"VersionId": version} if version else {}
    try:
        answer = await world.aws.call("secretsmanager", "GetSecretValue", asked)
    except AwsError as error:
        why = f"secret {arn}: {error.code}: {error.message}"
        raise Unresolved(_of_secrets_manager(world, why)) from error
    return str(answer.get("SecretString", ""))


async def _parameter(world: World, reference: str) -> str:
    name = reference.partition(":parameter")[2] or reference
    asked = {"Name": name, "WithDecryption": True}
    try:
        return str((await world.aws.call("ssm", "GetParameter", asked))["Parameter"]["Value"])
    except AwsError as error:
        missing = error.code == "ParameterNotFound"
        why = f"invalid parameters: {name}" if missing else f"{error.code}: {error.message}"
        where = f"{FETCHING}SSM Parameter Store in {world.region}"
        raise Unresolved(f"{where}: {why}") from error


def _key(world: World, text: str, key: str) -> str:
    """The messages name keys, never values."""
    try:
        value = json.loads(text)[key]
    except (ValueError, KeyError, TypeError):
        why = f"retrieved secret from Secrets Manager did not contain json key {key}"
        raise Unresolved(_of_secrets_manager(world, why)) from None
    return value if isinstance(value, str) else json.dumps(value)


def _of_secrets_manager(world: World, why: str) -> str:
    return f"{FETCHING}AWS Secrets Manager in region {world.region}: {why}"
