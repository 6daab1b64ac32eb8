"""One resource created, updated or deleted, with the events that tell of it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, NoReturn

from localaws.cloudformation.resource import Resource
from localaws.cloudformation.stack import Stack
from localaws.cloudformation.types import TYPES
from localaws.wire import AwsError
from localaws.world import World

_REPLACING = (
    "Requested update requires the creation of a new physical resource; hence creating one."
)
_log = logging.getLogger(__name__)


class Failed(Exception):
    """The operation cannot go on; `why` is the stack's reason, the resource's is recorded."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


async def create(
    world: World, stack: Stack, resource: Resource, *, replaces: Resource | None = None
) -> None:
    verb = "UPDATE" if replaces else "CREATE"
    stack.record(replaces or resource, f"{verb}_IN_PROGRESS", _REPLACING if replaces else "")
    await world.clock.sleep(world.stack_resource_seconds)
    failure = await _failure(TYPES[resource.type].create(world, resource))
    if failure is None or (resource.physical_id and not replaces):
        stack.resources[resource.logical_id] = resource
    if failure is not None:
        stack.record(resource, f"{verb}_FAILED", _reason(failure))
        raise Failed(why(verb.lower(), [resource.logical_id]))
    stack.record(resource, f"{verb}_IN_PROGRESS", "Resource creation Initiated")
    stack.record(resource, f"{verb}_COMPLETE")


async def update(world: World, stack: Stack, resource: Resource, before: Mapping[str, Any]) -> None:
    stack.record(resource, "UPDATE_IN_PROGRESS")
    await world.clock.sleep(world.stack_resource_seconds)
    failure = await _failure(TYPES[resource.type].update(world, resource, before))
    if failure is not None:
        refuse(stack, resource, _reason(failure), exists=True)
    stack.resources[resource.logical_id] = resource
    stack.record(resource, "UPDATE_COMPLETE")


async def delete(world: World, stack: Stack, resource: Resource) -> bool:
    """Whether it is out of the stack's hands now."""
    if resource.deletion_policy == "Retain":
        stack.record(resource, "DELETE_SKIPPED")
        return True
    stack.record(resource, "DELETE_IN_PROGRESS")
    await world.clock.sleep(world.stack_resource_seconds)
    if resource.physical_id:
        failure = await _failure(TYPES[resource.type].delete(world, resource))
        if failure is not None and _handler_code(failure) != "NotFound":
            stack.record(resource, "DELETE_FAILED", _reason(failure))
            return False
    stack.record(resource, "DELETE_COMPLETE")
    return True


def refuse(stack: Stack, resource: Resource, reason: str, *, exists: bool) -> NoReturn:
    verb = "UPDATE" if exists else "CREATE"
    stack.record(resource, f"{verb}_FAILED", reason)
    raise Failed(why(verb.lower(), [resource.logical_id]))


def why(verb: str, logical_ids: Iterable[str]) -> str:
    return f"The following resource(s) failed to {verb}: [{', '.join(logical_ids)}]. "


async def _failure(work: Awaitable[None]) -> AwsError | None:
    try:
        await work
    except AwsError as error:
        return error
    except Exception as error:  # a bug of ours must fail the resource, not hang the stack
        _log.exception("a resource handler failed")
        return AwsError("InternalFailure", f"Internal Failure: {error!r}", status=500)
    return None


def _reason(error: AwsError) -> str:
    return (
        f'Resource handler returned message: "{error.message}" '
        f"(RequestToken: {uuid.uuid4()}, HandlerErrorCode: {_handler_code(error)})"
    )


def _handler_code(error: AwsError) -> str:
    """The handler error codes of the resource provider contract."""
    for part, code in _HANDLER_CODES.items():
        if part in error.code:
            return code
    return "GeneralServiceException"


_HANDLER_CODES = {
    "NotFound": "NotFound",
    "Exists": "AlreadyExists",
    "Duplicate": "AlreadyExists",
    "InUse": "ResourceConflict",
    "Throttl": "Throttling",
    "AccessDenied": "AccessDenied",
    "Limit": "ServiceLimitExceeded",
    "TooMany": "ServiceLimitExceeded",
    "Validation": "InvalidRequest",
    "Invalid": "InvalidRequest",
    "InternalFailure": "InternalFailure",
}
