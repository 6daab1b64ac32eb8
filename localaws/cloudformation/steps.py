"""One resource created, updated or deleted, with the events that tell of it."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, NoReturn

from localaws.cloudformation import dynamic
from localaws.cloudformation.order import Failed
from localaws.cloudformation.resource import Resource
from localaws.cloudformation.run import STABLE_WITHIN_SECONDS, Interrupted, Run, Timeout
from localaws.cloudformation.types import TYPES
from localaws.wire import AwsError

_REPLACING = (
    "Requested update requires the creation of a new physical resource; hence creating one."
)
_EXPRESS = (
    "Resource operation completed using Express Mode. It may continue becoming available in the "
    "background."
)
_NOUNS = {"CREATE": "creation", "UPDATE": "update", "DELETE": "deletion"}
_log = logging.getLogger(__name__)


async def create(run: Run, resource: Resource, *, replaces: Resource | None = None) -> None:
    verb = "UPDATE" if replaces else "CREATE"
    run.record(replaces or resource, f"{verb}_IN_PROGRESS", _REPLACING if replaces else "")
    kind, stack = TYPES[resource.type], run.stack
    failure = await _paused(run, resource, verb)
    if failure is None:
        failure = await _handled(run, resource, lambda it: kind.create(run.world, it))
    if failure is None or (resource.physical_id and not replaces):
        stack.resources[resource.logical_id] = resource
    if failure is not None:
        refuse(run, resource, failure, verb=verb)
    run.record(resource, f"{verb}_IN_PROGRESS", "Resource creation Initiated")
    await _until_stable(run, resource, verb)


async def go_on(run: Run, resource: Resource, *, replaces: Resource | None = None) -> None:
    """With one that was created, but not known to be stable, when everything stopped."""
    run.stack.resources[resource.logical_id] = resource
    waited = run.world.clock.now() - run.stack.states[resource.logical_id].at
    left = STABLE_WITHIN_SECONDS - waited.total_seconds()
    await _until_stable(run, resource, "UPDATE" if replaces else "CREATE", left)


async def update(run: Run, resource: Resource, before: Mapping[str, Any]) -> None:
    run.record(resource, "UPDATE_IN_PROGRESS")
    kind = TYPES[resource.type]
    failure = await _paused(run, resource, "UPDATE")
    if failure is None:
        run.stack.resources[resource.logical_id] = resource  # half done is not as it was
        failure = await _handled(run, resource, lambda it: kind.update(run.world, it, before))
    if failure is not None:
        refuse(run, resource, failure, verb="UPDATE")
    await _until_stable(run, resource, "UPDATE")


async def restore(run: Run, resource: Resource, tried: Mapping[str, Any]) -> bool:
    """An update that failed is taken back at once, and nothing tells of it."""
    kind = TYPES[resource.type]
    failure = await _handled(run, resource, lambda it: kind.update(run.world, it, tried))
    return failure is None


async def delete(run: Run, resource: Resource, *, as_created: bool = False) -> None:
    """`as_created`: by the rollback of what created it. Raises Failed if it still exists."""
    if run.keeps(resource, as_created=as_created):
        run.record(resource, "DELETE_SKIPPED")
        return
    run.record(resource, "DELETE_IN_PROGRESS")
    kind = TYPES[resource.type]
    failure = await _paused(run, resource, "DELETE")
    if failure is None and resource.physical_id:
        failure = await _to_its_end(_attempted(kind.delete(run.world, resource)))
        if failure is None and not run.express:
            failure = await _waited(run, kind.gone(run.world, resource), "deletion")
    if failure is not None and "HandlerErrorCode: NotFound" not in failure:
        refuse(run, resource, failure, verb="DELETE")
    run.record(resource, "DELETE_COMPLETE", _EXPRESS if run.express else "")


def refuse(run: Run, resource: Resource, reason: str, *, verb: str) -> NoReturn:
    run.record(resource, f"{verb}_FAILED", reason)
    raise Failed(why(verb.lower(), [resource.logical_id]))


def why(verb: str, logical_ids: Iterable[str]) -> str:
    return f"The following resource(s) failed to {verb}: [{', '.join(logical_ids)}]. "


async def _paused(run: Run, resource: Resource, verb: str) -> str | None:
    """As long as it takes; why it fails, if a fault or an interruption says so."""
    nothing_there = verb == "DELETE" and not resource.physical_id
    fault = None if nothing_there else run.fault(resource, verb.lower())
    try:
        extra = fault.params.get("seconds", 0.0) if fault else 0.0
        await run.pause(run.world.stack_resource_seconds + extra)
    except Interrupted:
        return f"Resource {_NOUNS[verb]} cancelled"
    if fault and fault.params.get("fails", True):
        return _reason(AwsError("InternalFailure", fault.params.get("reason", "Internal Failure")))
    return None


async def _until_stable(
    run: Run, resource: Resource, verb: str, seconds: float = STABLE_WITHIN_SECONDS
) -> None:
    if not run.express:
        waiting, of = TYPES[resource.type].stabilise(run.world, resource), _NOUNS[verb]
        failure = await _waited(run, waiting, of, seconds)
        if failure is not None:
            refuse(run, resource, failure, verb=verb)
    run.record(resource, f"{verb}_COMPLETE", _EXPRESS if run.express else "")


async def _waited(
    run: Run, work: Awaitable[None], of: str, seconds: float = STABLE_WITHIN_SECONDS
) -> str | None:
    try:
        await run.within(work, seconds)
    except Interrupted:
        return f"Resource {of} cancelled"
    except Timeout:
        return f"Resource {of} did not stabilize in time"
    except AwsError as error:
        return _reason(error)
    return None


async def _handled(
    run: Run, resource: Resource, act: Callable[[Resource], Awaitable[None]]
) -> str | None:
    """The handler's work, with the values of dynamic references; why it failed."""
    given = resource
    try:
        properties = await dynamic.reveal(run.world, resource.properties)
    except AwsError as error:
        return _reason(error)
    if properties is not resource.properties:
        given = dataclasses.replace(resource, properties=properties)
    try:
        return await _to_its_end(_attempted(act(given)))
    finally:
        resource.physical_id, resource.attributes = given.physical_id, given.attributes


async def _to_its_end(work: Coroutine[Any, Any, str | None]) -> str | None:
    """Whoever stops everything waits these milliseconds: it is known what was made."""
    doing = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait([doing])
        raise


async def _attempted(work: Awaitable[None]) -> str | None:
    try:
        await work
    except AwsError as error:
        return _reason(error)
    except Exception as error:  # a bug of ours must fail the resource, not hang the stack
        _log.exception("a resource handler failed")
        return _reason(AwsError("InternalFailure", f"Internal Failure: {error!r}", status=500))
    return None


def _reason(error: AwsError) -> str:
    return (
        f'Resource handler returned message: "{error.message}" '
        f"(RequestToken: {uuid.uuid4()}, HandlerErrorCode: {_handler_code(error)})"
    )


def _handler_code(error: AwsError) -> str:
    """The handler error codes of the resource provider contract."""
    if "not found" in error.message:  # Auto Scaling says it so, under a ValidationError
        return "NotFound"
    for part, code in _HANDLER_CODES.items():
        if part in error.code:
            return code
    return "GeneralServiceException"


_HANDLER_CODES = {
    "NotFound": "NotFound",
    "NonExistent": "NotFound",
    "NoSuch": "NotFound",
    "Exists": "AlreadyExists",
    "Duplicate": "AlreadyExists",
    "InUse": "ResourceConflict",
    "NotStabilized": "NotStabilized",
    "Throttl": "Throttling",
    "AccessDenied": "AccessDenied",
    "Limit": "ServiceLimitExceeded",
    "TooMany": "ServiceLimitExceeded",
    "Validation": "InvalidRequest",
    "Invalid": "InvalidRequest",
    "InternalFailure": "InternalFailure",
}
