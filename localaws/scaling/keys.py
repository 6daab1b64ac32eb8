"""Which resource a request means: the three names that every operation carries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from localaws.scaling.model import Key
from localaws.wire import AwsError

T = TypeVar("T")
ECS = "ecs:service:DesiredCount"
_SERVICE = re.compile(r"service/[^/]+/[^/]+")


def read(params: dict[str, Any]) -> Key:
    """Of a request that must name one resource."""
    namespace, dimension = params["ServiceNamespace"], params["ScalableDimension"]
    if not dimension.startswith(f"{namespace}:"):
        raise _unsupported()
    if dimension != ECS:
        sentence = f"the local AWS scales {ECS}, not {dimension}"
        raise AwsError("UnsupportedOperation", sentence, status=501)
    if not _SERVICE.fullmatch(params["ResourceId"]):
        raise _unsupported()
    return Key(namespace, params["ResourceId"], dimension)


def chosen(things: Iterable[T], params: dict[str, Any], key: Callable[[T], Key]) -> list[T]:
    """Those of a namespace, and of the resources and dimension, where a request names them."""
    namespace, dimension = params["ServiceNamespace"], params.get("ScalableDimension")
    resources = params.get("ResourceIds") or [one for one in [params.get("ResourceId")] if one]
    if dimension and not resources:
        raise invalid("ResourceId must be specified when ScalableDimension is specified.")
    return [
        thing
        for thing in things
        if key(thing).namespace == namespace
        and (not resources or key(thing).resource in resources)
        and (not dimension or key(thing).dimension == dimension)
    ]


def page(shown: list[Any], params: dict[str, Any], name: str, most: int) -> dict[str, Any]:
    """One page of a listing under `name`; tokens are offsets."""
    size, token = params.get("MaxResults", most), params.get("NextToken", "0")
    if not 1 <= size <= most:
        raise invalid(f"MaxResults must be between 1 and {most}.")
    if not token.isdecimal():
        raise AwsError("InvalidNextTokenException", f"The token '{token}' is invalid")
    end = int(token) + size
    more = {"NextToken": str(end)} if end < len(shown) else {}
    return {name: shown[int(token) : end], **more}


def invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def no_target(key: Key) -> AwsError:
    return AwsError("ObjectNotFoundException", f"No scalable target registered for {key}")


def _unsupported() -> AwsError:
    return invalid("Unsupported service namespace, resource type or scalable dimension")
