"""Targets of a rule, as they are put: what is checked, in AWS's words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from localaws.events import inputs
from localaws.events.model import Json, State
from localaws.events.pages import page
from localaws.events.rules import invalid, modelled, named, too_many
from localaws.wire import AwsError

if TYPE_CHECKING:
    from localaws.world import World

MOST_TARGETS = 5  # of a rule
KINDS = ("sqs", "sns", "logs", "ecs")
_MEMBERS = {
    "Id",
    "Arn",
    "RoleArn",
    "Input",
    "InputPath",
    "InputTransformer",
    "EcsParameters",
    "SqsParameters",
    "DeadLetterConfig",
    "RetryPolicy",
}
_ARN = re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:\d{12}:.+")


def put(world: World, state: State, params: Json) -> Json:
    """One whose id is there already is replaced."""
    rule = named(world, state, params, "Rule")
    for target in params["Targets"]:
        _check(target)
    ids = {target["Id"] for target in params["Targets"]}
    if len(rule.targets.keys() | ids) > MOST_TARGETS:
        raise too_many()
    for target in params["Targets"]:
        rule.targets[target["Id"]] = target
    return {"FailedEntryCount": 0, "FailedEntries": []}


def list_(world: World, state: State, params: Json) -> Json:
    rule = named(world, state, params, "Rule")
    return page("Targets", list(rule.targets.values()), params)


def remove(world: World, state: State, params: Json) -> Json:
    """An id that is not there counts as removed."""
    rule = named(world, state, params, "Rule")
    for target_id in params["Ids"]:
        rule.targets.pop(target_id, None)
    return {"FailedEntryCount": 0, "FailedEntries": []}


def kind(target: Json) -> str:
    """The service that the target belongs to."""
    return str(target["Arn"].split(":")[2])


def is_fifo(target: Json) -> bool:
    return kind(target) == "sqs" and target["Arn"].endswith(".fifo")


def _check(target: Json) -> None:
    modelled(f"Target {target['Id']}", target, _MEMBERS)
    if not _ARN.fullmatch(target["Arn"]):
        reason = "Provided Arn is not in correct format."
        raise invalid(f"Parameter {target['Arn']} is not valid. Reason: {reason}")
    if kind(target) not in KINDS:
        sentence = f"the local AWS delivers events to {', '.join(KINDS)}, not to {target['Arn']}"
        raise AwsError("UnsupportedOperation", sentence, status=501)
    inputs.check(target)
    if is_fifo(target) and "SqsParameters" not in target:
        raise invalid(f"Parameter(s) SqsParameters must be specified for target: {target['Id']}.")
    if kind(target) == "ecs":
        _check_ecs(target)


def _check_ecs(target: Json) -> None:
    if "RoleArn" not in target:
        raise invalid(f"RoleArn is required for target {target['Arn']}.")
    if "EcsParameters" not in target:
        raise invalid(f"Parameter(s) EcsParameters must be specified for target: {target['Id']}.")
