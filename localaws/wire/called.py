"""Which service and operation any request is for, moto's included, by boto3's names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qsl, unquote

from botocore.model import OperationModel

from localaws.wire import models
from localaws.wire.request import Request

_BY_SIGNING_NAME = {  # where it is not boto3's name
    "monitoring": "cloudwatch",
    "elasticloadbalancing": "elb",
    "email": "sesv2",
    "states": "stepfunctions",
    "tagging": "resourcegroupstaggingapi",
}
_CBOR = re.compile(r"/service/[^/]+/operation/(\w+)$")


READS = ("Describe", "List", "Get", "BatchGet")  # begin the names of what changes nothing


@dataclass(frozen=True)
class Called:
    service: str
    operation: str  # empty: it cannot be told

    @property
    def reads(self) -> bool:
        return self.operation.startswith(READS)


def called(request: Request, owner: str | None) -> Called | None:
    """`owner` is the service of ours that it is for; None for what is for no service of AWS."""
    service = owner or _BY_SIGNING_NAME.get(request.signed_for, request.signed_for)
    if not models.known(service):
        return None
    operation = request.target[1] or request.form.get("Action", "") or _in_path(request, service)
    return Called(service, operation)


def _in_path(request: Request, service: str) -> str:
    if found := _CBOR.search(request.path):
        return found[1]
    fitting = [one for one in _routes(service) if one.fits(request)]
    return max(fitting, key=lambda it: it.closeness).operation if fitting else ""


@dataclass(frozen=True)
class _Route:
    operation: str
    method: str
    path: re.Pattern[str]
    query: dict[str, str]  # what must be there, as it is
    names: frozenset[str]  # of the query, which must be there
    headers: frozenset[str]
    length: int

    def fits(self, request: Request) -> bool:
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        return (
            self.method == request.method
            and self.path.fullmatch(unquote(request.path)) is not None
            and self.query.items() <= query.items()
            and self.names <= query.keys()
            and all(map(request.header, self.headers))
        )

    @property
    def closeness(self) -> tuple[int, int, int]:
        """The more it demands the closer it fits; of two alike, the plainer is meant."""
        demanded = len(self.query) + len(self.names) + len(self.headers)
        return demanded, self.length, -len(self.operation)


@cache
def _routes(service: str) -> tuple[_Route, ...]:
    model = models.service(service)
    return tuple(_route(model.operation_model(name)) for name in model.operation_names)


def _route(operation: OperationModel) -> _Route:
    path, _, query = operation.http["requestUri"].partition("?")
    parts = re.split(r"\{(\w+\+?)\}", path)  # every second is a parameter
    pattern = "".join(
        (r".+" if part.endswith("+") else r"[^/]+") if index % 2 else re.escape(part)
        for index, part in enumerate(parts)
    )
    return _Route(
        operation=operation.name,
        method=operation.http["method"],
        path=re.compile(pattern.rstrip("/") + "/?"),
        query=dict(parse_qsl(query, keep_blank_values=True)),
        names=frozenset(_required(operation, "querystring")),
        headers=frozenset(name.lower() for name in _required(operation, "header")),
        length=sum(map(len, parts[::2])),
    )


def _required(operation: OperationModel, location: str) -> Iterator[str]:
    shape = operation.input_shape
    for name in shape.required_members if shape is not None else ():
        written = shape.members[name].serialization
        if written.get("location") == location:
            yield written["name"]
