"""How ECS says no."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from localaws.wire import AwsError


def client_error(message: str) -> AwsError:
    return AwsError("ClientException", message)


def invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def refuse_unmodelled(operation: str, params: Mapping[str, Any], modelled: Iterable[str]) -> None:
    """Nothing that was asked for is dropped in silence."""
    for name in sorted(params.keys() - set(modelled)):
        message = f"{name} of ecs.{operation} is not modelled by the local AWS"
        raise AwsError("UnsupportedOperation", message, status=501)
