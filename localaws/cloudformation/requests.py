"""What a call asks for: checked, compared with what is, remembered by its token."""

from __future__ import annotations

import re
from typing import Any

from localaws.cloudformation import bodies, constraints, dynamic, parameters
from localaws.cloudformation.stack import UPDATABLE, Revision, Stack
from localaws.cloudformation.template import Template
from localaws.wire import AwsError
from localaws.world import World

Params = dict[str, Any]

_ONLY_SAID = {"Description", "Metadata", "AWSTemplateFormatVersion"}

ONLY_WHEN_CREATED = {"OnFailure", "TimeoutInMinutes", "EnableTerminationProtection"}
OF_A_DELETION = {"StackName", "ClientRequestToken", "RetainResources", "DeletionMode"}
OF_A_DELETION |= {"DeploymentConfig", "RoleARN"}
OF_A_ROLLBACK = {"StackName", "ClientRequestToken", "ResourcesToSkip", "RoleARN"}
OF_A_ROLLBACK |= {"ForceRollback"}
OF_A_RETURN = {"StackName", "ClientRequestToken", "RoleARN", "DeploymentConfig"}
OF_A_RETURN |= {"RetainExceptOnCreate"}

_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")


def check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise _constraint("stackName", name, "[a-zA-Z][-a-zA-Z0-9]*")


async def revision(world: World, params: Params, previous: Revision | None) -> Revision:
    tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])}
    if previous is not None and "Tags" not in params:
        tags = dict(previous.tags)
    if any(key.lower().startswith("aws:") for key in tags):
        sentence = "aws: prefixed tag key names are not allowed for external use."
        raise AwsError("ValidationError", sentence)
    parsed = await bodies.find(world, params, previous.template if previous else None)
    known = previous.parameters if previous is not None else {}
    settled = parameters.settle(parsed, params.get("Parameters", []), known)
    resolved = await parameters.look_up(world, parsed, settled)
    resolved |= await dynamic.look_up(world, parsed.resources)
    return Revision(parsed, settled, tags, resolved)


def same(one: Revision, other: Revision) -> bool:
    return (
        _doing(one.template) == _doing(other.template)
        and one.parameters == other.parameters
        and one.resolved == other.resolved
        and one.tags == other.tags
    )


def _doing(template: Template) -> dict[str, Any]:
    """Without what is only said: a new description is no update (boto/boto3#1609)."""
    return {k: v for k, v in template.document.items() if k not in _ONLY_SAID}


def check_types(stack: Stack, wanted: Template) -> None:
    changed = sorted(
        name
        for name, declared in wanted.resources.items()
        if name in stack.resources and stack.resources[name].type != declared["Type"]
    )
    if changed:
        sentence = (
            "Update of resource type is not permitted. The new template modifies resource type of "
            f"the following resources: [{', '.join(changed)}]"
        )
        raise AwsError("ValidationError", sentence)


def repeated(stack: Stack, operation: str, params: Params) -> Params | None:
    """The result of the same call with the same token, if there was one."""
    token = params.get("ClientRequestToken", "")
    if token not in stack.calls:
        return None
    earlier, result = stack.calls[token]
    if earlier != _fingerprint(operation, params):
        sentence = f"ClientRequestToken {token} was used for another request."
        raise AwsError("TokenAlreadyExistsException", sentence)
    return result


def remember(stack: Stack, operation: str, params: Params, result: Params) -> Params:
    if params.get("ClientRequestToken"):
        fingerprint = _fingerprint(operation, params)
        stack.calls[params["ClientRequestToken"]] = (fingerprint, result)
    return result


def _fingerprint(operation: str, params: Params) -> str:
    """A stack named by its id or by its name is the same stack."""
    return repr((operation, sorted((k, v) for k, v in params.items() if k != "StackName")))


def check_updatable(stack: Stack) -> None:
    if stack.status == "CREATE_FAILED" and stack.on_failure == "DO_NOTHING":
        raise AwsError(
            "ValidationError",
            "This stack cannot be updated from [CREATE_FAILED] state because it contains "
            "[on-failure: DO_NOTHING]. Please use disable-rollback option instead during stack "
            "creation.",
        )
    if stack.status not in UPDATABLE:
        sentence = f"Stack:{stack.id} is in {stack.status} state and can not be updated."
        raise AwsError("ValidationError", sentence)


def check_deletable(stack: Stack) -> None:
    if stack.protected:
        raise AwsError(
            "ValidationError",
            f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled",
        )
    if stack.busy and stack.status != "CREATE_IN_PROGRESS":
        sentence = f"Stack [{stack.id}] cannot be deleted while in status {stack.status}"
        raise AwsError("ValidationError", sentence)


def check_forced(stack: Stack, params: Params) -> None:
    if params.get("DeletionMode") == "FORCE_DELETE_STACK" and stack.status != "DELETE_FAILED":
        sentence = (
            f"Invalid operation on stack [{stack.id}]. You can activate DeletionMode "
            "FORCE_DELETE_STACK in a delete stack operation only when the stack is in the "
            "DELETE_FAILED state."
        )
        raise AwsError("ValidationError", sentence)


def retained(stack: Stack, names: list[str]) -> list[str]:
    """What a deletion is told to leave behind."""
    if names and stack.status != "DELETE_FAILED":
        sentence = (
            f"Invalid operation on stack [{stack.id}]. When you delete a stack, specify which "
            "resources to retain only when the stack is in the DELETE_FAILED state."
        )
        raise AwsError("ValidationError", sentence)
    return [name for name in names if name in stack.resources]


def skippable(stack: Stack, params: Params) -> set[str]:
    """Of ContinueUpdateRollback: only what could not be taken back may be left as it is."""
    names, forced = params.get("ResourcesToSkip", []), params.get("ForceRollback", False)
    if names and forced:
        sentence = "ForceRollback and ResourcesToSkip are mutually exclusive."
        raise AwsError("ValidationError", sentence)
    stuck = stack.undo.stuck if stack.undo else set()
    for name in names:
        if name not in stuck:
            raise AwsError(
                "ValidationError",
                f"Resource [{name}] cannot be skipped: it is not in UPDATE_FAILED state.",
            )
    return set(stuck) if forced else set(names)


def check_modelled(operation: str, params: Params, names: set[str]) -> None:
    """Only what has an effect here is accepted; what would be dropped is refused by name."""
    constraints.check(operation, params)
    unknown = sorted(params.keys() - names)
    if unknown:
        sentence = f"cloudformation.{operation}: {unknown[0]} is not modelled by the local AWS"
        raise AwsError("UnsupportedOperation", sentence, status=501)


def _constraint(name: str, value: str, pattern: str) -> AwsError:
    return AwsError(
        "ValidationError",
        f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {pattern}",
    )
