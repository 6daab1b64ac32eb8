"""Tags of scalable targets; nothing else of this service has any."""

from __future__ import annotations

from typing import Any

from localaws.scaling import keys
from localaws.scaling.model import State, Target
from localaws.wire import AwsError

MOST = 50


def add(state: State, params: dict[str, Any]) -> dict[str, Any]:
    target = _target(state, params)
    target.tags = checked(target.tags | params["Tags"])
    return {}


def remove(state: State, params: dict[str, Any]) -> dict[str, Any]:
    target = _target(state, params)
    for name in params["TagKeys"]:
        target.tags.pop(name, None)
    return {}


def list_(state: State, params: dict[str, Any]) -> dict[str, Any]:
    return {"Tags": dict(_target(state, params).tags)}


def checked(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > MOST:
        raise AwsError("TooManyTagsException", f"A scalable target has at most {MOST} tags")
    if any(name.startswith("aws:") for name in tags):
        raise keys.invalid("Tag keys starting with 'aws:' are reserved for system use")
    return dict(tags)


def _target(state: State, params: dict[str, Any]) -> Target:
    for target in state.targets.values():
        if target.arn == params["ResourceARN"]:
            return target
    sentence = f"The specified resource doesn't exist: {params['ResourceARN']}"
    raise AwsError("ResourceNotFoundException", sentence)
