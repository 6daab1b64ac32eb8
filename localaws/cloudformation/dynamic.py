"""Dynamic references: `{{resolve:ssm:name}}` and secrets, replaced on their way to a service.

What CloudFormation shows of a resource keeps the reference; only the resource's handler is given
the value.
"""

from __future__ import annotations

import json
import re
from typing import Any

from localaws.wire import AwsError
from localaws.world import World

_REFERENCE = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^}]*)\}\}")


def named(value: object) -> set[str]:
    """The references to SSM's parameters in it, but for secure ones, as they are written."""
    return {found[0] for found in _REFERENCE.finditer(json.dumps(value)) if found[1] == "ssm"}


async def look_up(world: World, value: object) -> dict[str, str]:
    """What they come to now; AwsError for those that are not right, before anything is done."""
    return {text: await _known(world, text) for text in sorted(named(value))}


async def _known(world: World, text: str) -> str:
    name, _, version = text.removeprefix("{{resolve:ssm:").removesuffix("}}").partition(":")
    if version and not version.isdecimal():
        raise _refused(f"Incorrect format is used in the following SSM reference: [{text}]")
    asked = {"Name": f"{name}:{version}" if version else name}
    try:
        found = (await world.aws.call("ssm", "GetParameter", asked))["Parameter"]
    except AwsError as error:
        raise _refused(
            f"Unable to fetch parameters [{asked['Name']}] from parameter store for this account."
        ) from error
    if found["Type"] == "SecureString":
        raise _refused(f"Non-secure ssm prefix was used for secure parameter {name}")
    return str(found["Value"])


def _refused(sentence: str) -> AwsError:
    return AwsError("ValidationError", sentence)


async def reveal(world: World, value: Any) -> Any:  # noqa: ANN401 (a template's JSON)
    """The same object where there is nothing to reveal; AwsError for what cannot be found."""
    if not _REFERENCE.search(json.dumps(value)):
        return value
    return await _reveal(world, value)


async def _reveal(world: World, value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {name: await _reveal(world, member) for name, member in value.items()}
    if isinstance(value, list):
        return [await _reveal(world, member) for member in value]
    if not isinstance(value, str):
        return value
    for found in list(_REFERENCE.finditer(value)):
        value = value.replace(found[0], await _look_up(world, found[1], found[2]))
    return value


async def _look_up(world: World, service: str, reference: str) -> str:
    if service == "secretsmanager":
        return await _secret(world, reference)
    name, _, version = reference.partition(":")
    asked: dict[str, Any] = {"Name": f"{name}:{version}" if version else name}
    if service == "ssm-secure":
        asked |= {"WithDecryption": True}
    return str((await world.aws.call("ssm", "GetParameter", asked))["Parameter"]["Value"])


async def _secret(world: World, reference: str) -> str:
    """`secret-id:SecretString:json-key:version-stage:version-id`; an id may be an ARN."""
    head, found, tail = reference.partition(":SecretString")
    key, stage, version = [*tail.removeprefix(":").split(":"), "", "", ""][:3]
    asked = {"SecretId": head if found else reference}
    asked |= {"VersionStage": stage} if stage else {}
    asked |= {"VersionId": version} if version else {}
    secret = (await world.aws.call("secretsmanager", "GetSecretValue", asked))["SecretString"]
    if not key:
        return str(secret)
    try:
        return str(json.loads(secret)[key])
    except (ValueError, KeyError) as error:
        raise AwsError(
            "ValidationError",
            f"Could not find a value associated with JSONKey in SecretString: {key}",
        ) from error
