"""What an account has, service by service, as its own APIs list it.

Only what CloudFormation or its services make; what exists without anybody having made it (AWS's
own policies, default groups) is in every inventory and so in no difference of two.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conformance.conftest import Aws

Json = dict[str, Any]
Client = Any  # boto3 makes its classes as it runs


@dataclass(frozen=True)
class Kind:
    """One operation that lists, and what it does not tell of each."""

    service: str
    operation: str
    path: str  # to the list in its answer, by dots; a list on the way is walked
    id: str = ""  # the member that names each; none: the list is of names
    params: Mapping[str, Any] = field(default_factory=dict)
    there: Callable[[Json], bool] = lambda _: True  # some list for a while what is gone
    more: Mapping[str, Callable[[str], Json]] = field(default_factory=dict)  # operations, on a name

    def all(self, client: Client) -> Iterator[tuple[str, Any]]:
        for answer in _answers(client, self.operation, self.params):
            for one in _at(answer, self.path.split(".")):
                if isinstance(one, str) or self.there(one):
                    yield (one[self.id] if self.id else one), one

    def known(self, client: Client, id_: str, one: object) -> Json:
        """All that is told of it."""
        told = {
            operation: list(_answers(client, operation, about(id_)))
            for operation, about in self.more.items()
        }
        return {"": one, **told}


def ids(aws: Aws, kinds: tuple[Kind, ...]) -> set[tuple[str, str]]:
    """By operation and name."""
    return {
        (f"{kind.service} {kind.operation}", id_)
        for kind in kinds
        for id_, _ in kind.all(aws.client(kind.service))
    }


def portraits(aws: Aws, kinds: tuple[Kind, ...], of: set[tuple[str, str]]) -> dict[str, Any]:
    """What each of them is like, less what changes of itself."""
    found = {}
    for kind in kinds:
        client, name = aws.client(kind.service), f"{kind.service} {kind.operation}"
        for id_, one in kind.all(client):
            if (name, id_) in of:
                found[f"{name} {id_}"] = still(kind.known(client, id_, one))
    return found


_MOVING = {
    "ResponseMetadata",
    "deployments",  # a service that was brought back has had one more
    "events",
    "Instances",
    "LatestVersionNumber",  # what was brought back is a version of its own
    "VersionNumber",
    "VersionDescription",
    "Version",
    "DefaultVersionId",
    "storedBytes",
    "LastModifiedTimestamp",
    "CreatedTimestamp",
}


def still(told: Any) -> Any:  # noqa: ANN401 (JSON and dates)
    """Without times, counts of what moves, and the order of lists, which AWS does not promise."""
    if isinstance(told, dict):
        return {
            name: still(one)
            for name, one in told.items()
            if name not in _MOVING and not isinstance(one, datetime)
        }
    if isinstance(told, list):
        return sorted((still(one) for one in told), key=lambda one: json.dumps(one, default=str))
    return told


def _answers(client: Client, operation: str, params: Mapping[str, Any]) -> Iterator[Json]:
    if client.can_paginate(operation):
        yield from client.get_paginator(operation).paginate(**params)
    else:
        yield getattr(client, operation)(**params)


def _at(answer: Any, names: list[str]) -> list[Any]:  # noqa: ANN401 (JSON)
    if isinstance(answer, list):
        return [found for one in answer for found in _at(one, names)]
    if not names:
        return [answer]
    inner = answer.get(names[0], [])
    if isinstance(inner, list) and not names[1:]:
        return list(inner)
    return _at(inner, names[1:])
