"""How a request finds what it is about, is refused, and is answered by pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from localaws.autoscaling.model import Group, Member, State
from localaws.wire import AwsError

Params = dict[str, Any]


def invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def refuse_unmodelled(operation: str, params: Params, modelled: Iterable[str]) -> None:
    """Nothing that was asked for is dropped in silence."""
    for name in sorted(params.keys() - set(modelled)):
        message = f"{name} of autoscaling.{operation} is not modelled by the local AWS"
        raise AwsError("UnsupportedOperation", message, status=501)


def group(state: State, name: str) -> Group:
    found = state.groups.get(name)
    if found is None:
        raise invalid(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    return found


def standing(state: State, name: str) -> Group:
    """One that is not being deleted."""
    found = group(state, name)
    if found.deleting:
        raise AwsError(
            "ScalingActivityInProgress",
            f"You cannot modify an AutoScalingGroup while it is being deleted: {name}",
        )
    return found


def member(state: State, instance: str) -> tuple[Group, Member]:
    for one in state.groups.values():
        if instance in one.members:
            return one, one.members[instance]
    raise invalid(f"Instance Id not found - No managed instance found for instance ID: {instance}")


def members(of: Group, instances: Iterable[str]) -> list[Member]:
    found = []
    for instance in instances:
        if instance not in of.members:
            raise invalid(f"The instance {instance} is not part of Auto Scaling group {of.name}.")
        found.append(of.members[instance])
    return found


def page(shown: list[Any], params: Params, name: str, most: int, usual: int = 0) -> Params:
    """One page of a listing under `name`; tokens are offsets."""
    size, token = params.get("MaxRecords", usual or most), params.get("NextToken", "0")
    if not token.isdecimal():
        raise AwsError("InvalidNextToken", "The NextToken value is not valid.")
    end = int(token) + min(size, most)
    more = {"NextToken": str(end)} if end < len(shown) else {}
    return {name: shown[int(token) : end], **more}
