"""A template's properties as an API spells them: `AwsVpcConfiguration` is `awsvpcConfiguration`."""

from __future__ import annotations

from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from localaws.wire import AwsError, models

Value = Any  # a template's JSON


def spelled(service: str, operation: str, given: Value) -> Value:
    """Parameters of the operation; AwsError for a name that it does not have."""
    shape = models.operation(service, operation).input_shape
    return _spelled(given, shape, f"{service}.{operation}")


def _spelled(value: Value, shape: Shape, at: str) -> Value:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        names = {name.lower(): name for name in shape.members}
        found = {}
        for name, member in value.items():
            known = names.get(name.lower())
            if known is None:
                sentence = f"{name} of {at} is not modelled by the local AWS"
                raise AwsError("UnsupportedOperation", sentence, status=501)
            found[known] = _spelled(member, shape.members[known], f"{at}.{known}")
        return found
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_spelled(member, shape.member, at) for member in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {name: _spelled(member, shape.value, at) for name, member in value.items()}
    return value
